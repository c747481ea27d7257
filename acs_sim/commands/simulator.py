"""The simulator that a command is about: its settings, and how it is called where its addresses are https."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click


def settings_of(flags: Mapping[str, Any], config: Path | None) -> Any:
    """The settings, and where each came from. Errors: `UsageError` that names the setting."""
    from acs_sim.settings.settings import SettingsError, load

    try:
        return load(flags, file=config)
    except SettingsError as error:
        raise click.UsageError(str(error)) from error


def caller_context(settings: Any, name: str | None = None) -> Any:
    """The context for `name`, None without TLS. Errors: `ClickException` where the authority cannot be read."""
    from acs_sim.running.data.data_folder import FolderUnusable
    from acs_sim.running.pki.stack import caller_context

    try:
        return caller_context(settings, name)
    except FolderUnusable as error:
        raise click.ClickException(str(error)) from error
