"""TLS for the parties of one running simulator."""

import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from acs_sim.running.data.data_folder import FolderUnusable
from acs_sim.running.pki.answers import revocation_service
from acs_sim.running.pki.authority import LOCAL_HOSTS, Authority, Issued, Terms
from acs_sim.running.pki.connections import client_context, server_context
from acs_sim.running.pki.folder import authority_in, certificate_file, revoked_in
from acs_sim.running.pki.revoked import Revoked
from acs_sim.running.pki.wrong import issue
from acs_sim.settings.addresses import TITLES
from acs_sim.settings.certificates import PARTY_ROLES, WRONG, wrong_at
from acs_sim.settings.names import bank_names, host_of, more_names
from acs_sim.settings.settings import Settings
from threedsecure.web.serving.service import Service, Tls


class Handshakes(Protocol):
    """Who hears of them at a port."""

    def refused_handshake(self, why: str) -> None: ...

    def accepted_handshake(self, why: str) -> None: ...


class StackTls:
    """The authority of a running simulator, and a new certificate for each of its parties at every start."""

    def __init__(self, settings: Settings) -> None:
        """Errors: `FolderUnusable`."""
        self._settings = settings
        data = Path(settings.data)
        self._authority = Authority.create(datetime.now(UTC)) if settings.fresh else authority_in(data)
        self._revoked = Revoked() if settings.fresh else revoked_in(data)
        self._wrong = wrong_at(settings.tls_wrong, settings.only)
        self._calling: dict[str, Tls] = {}
        self._issued: dict[str, Issued] = {name: self._certificate_of(name) for name in settings.only}

    def serving(self, party: str, told: Handshakes) -> ssl.SSLContext:
        """For the port of a party; `told` hears of handshakes that failed, and of callers that go on where they should not."""
        kind = self._wrong.get(party)
        shown, trusted, revoked = self._issued[party], self._authority, self._revoked
        if kind is None:
            return server_context(shown, trusted, told.refused_handshake, revoked)
        matter = f"the certificate it was shown is {kind}: {WRONG[kind]}"

        def refused(why: str) -> None:
            told.refused_handshake(f"{why} ({matter})")

        def accepted() -> None:
            told.accepted_handshake(f"the caller went on, and should not: {matter}")

        return server_context(shown, trusted, refused, revoked, accepted)

    def calling(self, party: str) -> Tls:
        """What a party calls others with, made once. Errors: `FolderUnusable`."""
        if party not in self._calling:
            self._calling[party] = self._made(party)
        return self._calling[party]

    def revocation(self) -> Service:
        """For peers that ask whether a certificate is revoked."""
        return revocation_service(self._authority, self._revoked)

    def _made(self, party: str) -> Tls:
        also = Path(self._settings.tls_trust) if self._settings.tls_trust is not None else None
        try:
            context = client_context(self._authority, self._issued[party], also, self._revoked)
        except (OSError, ssl.SSLError) as error:
            raise FolderUnusable(f"tls-trust: {also} holds no certificates that can be read: {error}") from error
        return Tls(context, self._authority.certificate_pem)

    def _certificate_of(self, party: str) -> Issued:
        name, role = f"acs-sim {TITLES[party]}", PARTY_ROLES.get(party)
        terms = Terms.of(name, self._hosts(party), datetime.now(UTC), role, self._settings.tls_revocation)
        try:
            return issue(self._authority, terms, self._revoked, self._wrong.get(party))
        except OSError as error:
            raise FolderUnusable(f"{error.filename} cannot be written: {error.strerror}") from error

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
