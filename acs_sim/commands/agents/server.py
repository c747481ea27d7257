"""The server of `acs-sim mcp`: which tools there are, and how their errors are told."""

from collections.abc import Awaitable, Callable
from functools import wraps
from importlib.metadata import version
from typing import Final, ParamSpec, TypeVar

from mcp.server.mcpserver import MCPServer
from mcp.server.mcpserver.exceptions import ToolError

from acs_sim.commands.agents.tools import Tools
from acs_sim.testing.session import calls_to
from acs_sim.testing.values import NotInTime, SimulatorRefused, SimulatorUnreachable

Given = ParamSpec("Given")
Told = TypeVar("Told")

INSTRUCTIONS: Final = """\
A 3-D Secure simulator: a card scheme's directory server, an issuer's ACS and the cardholder's phone. Mint a card for what is to
happen, pay with it (by `pay`, or by the gateway under test, which posts its AReq where `addresses` says), answer the challenge in
the cardholder's place, and read the findings: what the gateway did against the specification, with clause and evidence. Ids of
transactions may be any that the transaction has. Amounts are in minor units, expiry dates YYMM."""


async def serve(url: str | None, namespace: str | None = None) -> None:
    """Until standard input ends. Errors: `SimulatorRefused`, `SimulatorUnreachable`."""
    async with calls_to(url, namespace) as calls:
        await _server(Tools(calls)).run_stdio_async()


def _server(tools: Tools) -> MCPServer:
    server = MCPServer("acs-sim", instructions=INSTRUCTIONS, version=version("acs-sim"), log_level="WARNING")
    for tool in tools.all():
        server.add_tool(_telling(tool))
    return server


def _telling(tool: Callable[Given, Awaitable[Told]]) -> Callable[Given, Awaitable[Told]]:
    """What cannot be done is told in the simulator's words; a bug is not."""

    @wraps(tool)
    async def told(*positional: Given.args, **named: Given.kwargs) -> Told:
        try:
            return await tool(*positional, **named)
        except (NotInTime, SimulatorRefused, SimulatorUnreachable) as error:
            raise ToolError(str(error)) from error

    return told
