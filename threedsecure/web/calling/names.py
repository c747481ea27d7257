"""What a simulator is called, so that it answers to its own names alone, and never calls its own controls for somebody else."""

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Final

from yarl import URL

from threedsecure.addresses import split_namespace
from threedsecure.secrets.remembering import remembering

CONTROLS: Final = ("/api/", "/control/")
LOOPBACK: Final = "localhost"
MOST_KNOWN: Final = 1_000
_HOST: Final = re.compile(r"(?:\[([0-9a-f:.]{2,45})\]|([a-z0-9._-]{1,253}?)\.?)(?::[0-9]{0,5})?")


class Names:
    """The host names of one simulator, beside those of the loopback.

    A page of another site can have its own name lead to this machine (DNS rebinding): its requests come with that name."""

    def __init__(
        self,
        hosts: Iterable[str] = (),
        *,
        any_address: bool = False,
        ports: Iterable[int] = (),
        control_ports: Iterable[int] = (),
    ) -> None:
        """`any_address`: it listens on all addresses of the machine, any of which may stand in an address. `ports`: where its
        parties are; at `control_ports` there is nothing but what controls it."""
        self._hosts = frozenset({LOOPBACK, *(host.lower() for host in hosts)})
        self._any_address = any_address
        self._control_ports = frozenset(control_ports)
        self._ports = frozenset(ports) | self._control_ports
        self._known: set[str] = set()

    def answer_to(self, host: str) -> bool:
        """Whether a request for `host` is meant for this simulator: the value of a Host header (RFC 9110, 7.2), with any port,
        which others may have mapped."""
        if host in self._known:
            return True
        name = _name(host)
        if name not in self._hosts and not self._is_own_address(name):
            return False
        if len(self._known) < MOST_KNOWN:
            self._known.add(host)
        return True

    def is_control(self, address: str) -> bool:
        """Whether `address` leads to what controls this simulator. Every other spelling of it is refused by `answer_to` there."""
        try:
            url = URL(address)
            host, port, (_, path) = url.host_subcomponent or "", url.port, split_namespace(url.path)
        except ValueError:
            return False
        if port not in self._ports or not (port in self._control_ports or path.startswith(CONTROLS)):
            return False
        name = _name(host)
        return name in self._hosts or (self._is_own_address(name) and _is_of_this_machine(name))

    def _is_own_address(self, name: str) -> bool:
        """An address is nobody's name: it leads nowhere else."""
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return self._any_address or address.is_loopback


def _name(host: str) -> str:
    """A host without its port; nothing where it is none."""
    found = _HOST.fullmatch(host.lower())
    return "" if found is None else found[1] or found[2]


@remembering(256)
def _is_of_this_machine(address: str) -> bool:
    """What can be listened on is one of its own."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as own:
            own.bind((address, 0))
    except OSError:
        return False
    return True
