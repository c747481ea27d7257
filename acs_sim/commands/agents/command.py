"""`acs-sim mcp`: what it takes."""

from importlib.util import find_spec

import click


@click.command("mcp")
@click.option("--url", metavar="URL", help="Use the simulator whose desk is there instead of starting one in memory.")
def mcp_command(url: str | None) -> None:
    """Serve the simulator as tools for agents, by the Model Context Protocol over standard input and output."""
    if find_spec("mcp") is None:
        raise click.ClickException("the extra `mcp` is not installed: pip install 'acs-sim[mcp]'")
    import asyncio

    from acs_sim.commands.agents.server import serve
    from acs_sim.testing.values import SimulatorUnreachable

    try:
        asyncio.run(serve(url))
    except SimulatorUnreachable as error:
        raise click.ClickException(f"no 3-D Secure simulator: {error}") from error
