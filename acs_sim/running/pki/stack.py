"""TLS for the parties of one running simulator."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from acs_sim.running.data.data_folder import FolderUnusable
from acs_sim.running.pki.authority import LOCAL_HOSTS, Authority, Issued
from acs_sim.running.pki.connections import client_context, server_context
from acs_sim.running.pki.folder import authority_in, certificate_file
from acs_sim.settings.addresses import TITLES
from acs_sim.settings.names import bank_names, host_of, more_names
from acs_sim.settings.settings import Settings
from threedsecure.web.serving.service import Tls


class StackTls:
    """The authority of a running simulator, and a new certificate for each of its parties at every start."""

    def __init__(self, settings: Settings) -> None:
        """Errors: `FolderUnusable`."""
        self._settings = settings
        self._authority = Authority.create(datetime.now(UTC)) if settings.fresh else authority_in(Path(settings.data))

        self._calling: dict[str, Tls] = {}
        self._issued: dict[str, Issued] = {name: self._certificate_of(name) for name in settings.only}

    def serving(self, party: str, refused: Callable[[str], None]) -> ssl.SSLContext:
        """For the port of a party; `refused` hears why a handshake failed."""
        return server_context(self._issued[party], self._authority, refused)

    def calling(self, party: str) -> Tls:
        """What a party calls others with, made once. Errors: `FolderUnusable`."""
        if party not in self._calling:
            self._calling[party] = self._made(party)
        return self._calling[party]

    def _made(self, party: str) -> Tls:
        also = Path(self._settings.tls_trust) if self._settings.tls_trust is not None else None
        try:
            context = client_context(self._authority, self._issued[party], also)
        except (OSError, ssl.SSLError) as error:
            raise FolderUnusable(f"tls-trust: {also} holds no certificates that can be read: {error}") from error
        return Tls(context, self._authority.certificate_pem)

    def _certificate_of(self, party: str) -> Issued:
        return self._authority.issue(f"acs-sim {TITLES[party]}", self._hosts(party), datetime.now(UTC))

    def _hosts(self, party: str) -> list[str]:
        """Every name and address under which a party is called."""
        settings = self._settings
        banks = bank_names(settings) if party == "acs" else []
        return [*LOCAL_HOSTS, host_of(settings.addresses.of(party)), *banks, *more_names(settings)]


def caller_context(settings: Settings, name: str | None = None) -> ssl.SSLContext:
    """For a command that calls the simulator which runs with `settings`, over TLS. With a `name` the caller shows a certificate of
    its own, which takes the authority's key. Errors: `FolderUnusable`."""
    data = Path(settings.data)
    if not certificate_file(data).exists():
        raise FolderUnusable(f"{certificate_file(data)} is missing: give the --data of the simulator that runs")
    authority = authority_in(data)
    shown = authority.issue(name, LOCAL_HOSTS, datetime.now(UTC)) if name is not None else None
    return client_context(authority, shown)
