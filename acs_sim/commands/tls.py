"""How a command calls a simulator whose addresses are https."""

from typing import Any

import click


def caller_context(settings: Any, name: str | None = None) -> Any:
    """The context for `name`, None without TLS. Errors: `ClickException` where the authority cannot be read."""
    from acs_sim.running.data.data_folder import FolderUnusable
    from acs_sim.running.pki.stack import caller_context

    try:
        return caller_context(settings, name)
    except FolderUnusable as error:
        raise click.ClickException(str(error)) from error
