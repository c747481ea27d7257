"""What commands have in common: the simulator that they are about, and how what stops them is told."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click


@contextmanager
def told(*errors: type[Exception], by: type[click.ClickException] = click.ClickException) -> Iterator[None]:
    """What stops a command is told in its words, without a trace."""
    try:
        yield
    except errors as error:
        raise by(str(error)) from error


def settings_of(flags: Mapping[str, Any], config: Path | None) -> Any:
    """The settings, and where each came from. Errors: `UsageError` that names the setting."""
    from acs_sim.settings.settings import SettingsError, load

    with told(SettingsError, by=click.UsageError):
        return load(flags, file=config)


def caller_context(settings: Any, name: str | None = None) -> Any:
    """The context for `name`, None without TLS. Errors: `ClickException` where the authority cannot be read."""
    if not settings.tls:
        return None
    from acs_sim.running.data.data_folder import FolderUnusable
    from acs_sim.running.pki.stack import caller_context

    with told(FolderUnusable):
        return caller_context(settings, name)
