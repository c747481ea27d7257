"""What commands have in common: the simulator that they are about, and how what stops them is told."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

NO_SIMULATOR: Final = 2
"""The exit status of every command that finds no simulator where it looks for one."""
HINT: Final = "`acs-sim up` starts one; --url, --port-base and --namespace say where one runs"


class NoSimulator(click.ClickException):
    exit_code = NO_SIMULATOR


@contextmanager
def told(*errors: type[Exception], by: type[click.ClickException] = click.ClickException) -> Iterator[None]:
    """What stops a command is told in its words, without a trace."""
    try:
        yield
    except errors as error:
        raise by(str(error)) from error


@contextmanager
def reached(refused: type[click.ClickException] = NoSimulator) -> Iterator[None]:
    """Whoever does not answer is told as such, with what can be done; whoever refuses is told in its words, as `refused`.
    Errors: `NoSimulator`."""
    from acs_sim.client.asking import NoAnswer

    try:
        yield
    except NoAnswer as error:
        raise (NoSimulator(f"{error}\n{HINT}") if error.silent else refused(str(error))) from error


@dataclass(frozen=True)
class Where:
    """Where the simulator is that a command is about, as it was typed. `namespace`: the one there that it is about."""

    config: Path | None = None
    url: str | None = None
    port_base: int | None = None
    namespace: str | None = None

    @property
    def is_said(self) -> bool:
        """Whether the command line itself tells."""
        return (self.url, self.port_base, self.namespace) != (None, None, None)

    def found(self, name: str | None = None, *, plays: bool = False) -> tuple[Any, Any]:
        """The addresses of its parties, and the context to call them with, None without TLS; `name`: of the certificate to show.
        `plays`: it is to be there, and a namespace that is not there is made. Errors: `NoSimulator`."""
        settings, _ = settings_of({"port_base": self.port_base}, self.config)
        tls = caller_context(settings, name)
        if self.url is None and self.namespace is None and not plays:
            return settings.addresses, tls
        with reached():
            return self._told((self.url or settings.addresses.desk).rstrip("/"), tls, made=plays), tls

    def _told(self, desk: str, tls: Any, *, made: bool) -> Any:
        from acs_sim.client.asking import ask, put
        from acs_sim.settings.addresses import Addresses
        from threedsecure.addresses import at_namespace

        whose = f"the desk at {desk}"
        if self.namespace is None:
            return Addresses(**ask(f"{desk}/api/addresses", whose, 10, tls))
        if made:
            return Addresses(**put(f"{desk}/api/namespaces/{self.namespace}", {}, whose, 10, tls)["addresses"])
        return Addresses(**ask(f"{desk}{at_namespace(self.namespace)}/api/addresses", whose, 10, tls))


def about_a_simulator(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--url`, `--port-base`, `--namespace` and `--config`, given to `command` as `where`."""

    @click.option("--url", metavar="URL", help="The desk of the simulator.  [default: what the settings say]")
    @click.option("--port-base", type=int, help="The port of its desk on this machine.  [default: 8000]")
    @click.option("--namespace", metavar="NAME", help="The namespace there that this is about.")
    @click.option("--config", type=click.Path(path_type=Path), help="Settings file, to find the simulator that runs.")
    @wraps(command)
    def with_where(
        *args: Any, url: str | None, port_base: int | None, namespace: str | None, config: Path | None, **more: Any
    ) -> Any:
        return command(*args, where=Where(config, url, port_base, _name(namespace)), **more)

    return with_where


def _name(namespace: str | None) -> str | None:
    """Errors: `UsageError`."""
    import re

    from threedsecure.addresses import NAMESPACE_NAME

    if namespace is not None and not re.fullmatch(NAMESPACE_NAME, namespace):
        raise click.UsageError("--namespace: up to 32 of a-z, 0-9 and -, and neither begins nor ends with -")
    return namespace


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
