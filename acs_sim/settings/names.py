"""The host names that a simulator answers to, from its settings."""

from typing import Final
from urllib.parse import urlsplit

from acs_sim.settings.addresses import PORT_OFFSETS
from acs_sim.settings.settings import Settings
from threedsecure.web.calling.names import Names

EVERY_ADDRESS: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound
CONTROL_PARTIES: Final = frozenset({"desk", "phone"})
"""Nobody's protocol has an address there."""


def names_of(settings: Settings) -> Names:
    """Those of the configured addresses, of the banks, what it listens on, and what `allow-host` adds."""
    configured = [host_of(address) for _, address in settings.addresses]
    configured += [host_of(settings.tls_revocation)] if settings.tls_revocation is not None else []
    return Names(
        [*configured, *bank_names(settings), *more_names(settings)],
        any_address=settings.host in EVERY_ADDRESS,
        ports=map(settings.port, PORT_OFFSETS),
        control_ports=map(settings.port, CONTROL_PARTIES),
    )


def more_names(settings: Settings) -> list[str]:
    """Beside those of the configured addresses."""
    return [*settings.allow_host, *({settings.host} - EVERY_ADDRESS)]


def host_of(address: str) -> str:
    return urlsplit(address).hostname or ""


def framing(settings: Settings) -> str:
    """Who may show the demonstration's pages in a frame: themselves and the desk, as a Content-Security-Policy source list."""
    parts = urlsplit(settings.addresses.desk)
    names = {parts.hostname or "", "localhost", "127.0.0.1", *more_names(settings)}
    written = sorted("*" if ":" in name else name for name in names)  # a source list has no words for an IPv6 address
    return " ".join(["'self'", *(f"{parts.scheme}://{name}:{settings.port('desk')}" for name in written)])


def bank_names(settings: Settings) -> list[str]:
    """One by one: browsers do not accept every domain behind a wildcard of a certificate."""
    if settings.bank_domain is None:
        return []
    from acs.banks import BANKS

    return [f"{bank.key}.{settings.bank_domain}" for bank in BANKS]
