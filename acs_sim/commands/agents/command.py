"""`acs-sim mcp`: what it takes."""

from importlib.util import find_spec

import click

from acs_sim.commands.simulator import HINT, NoSimulator


@click.command("mcp")
@click.option("--url", metavar="URL", help="Use the simulator whose desk is there instead of starting one in memory.")
@click.option("--port-base", type=int, help="The port of its desk on this machine, instead of --url.")
@click.option(
    "--namespace", metavar="NAME", help="With --url, have cards, clock, faults and messages there to oneself."
)
def mcp_command(url: str | None, port_base: int | None, namespace: str | None) -> None:
    """Serve the simulator as tools for agents, by the Model Context Protocol over standard input and output."""
    url = url or (None if port_base is None else f"http://127.0.0.1:{port_base}")
    if namespace is not None and url is None:
        raise click.UsageError("--namespace is of a simulator that runs: give its --url, too")
    if find_spec("mcp") is None:
        raise click.ClickException("the extra `mcp` is not installed: pip install 'acs-sim[mcp]'")
    import asyncio

    from acs_sim.commands.agents.server import serve
    from acs_sim.testing.values import SimulatorRefused, SimulatorUnreachable

    try:
        asyncio.run(serve(url, namespace))
    except (SimulatorRefused, SimulatorUnreachable) as error:
        raise NoSimulator(f"no 3-D Secure simulator: {error}\n{HINT}") from error
