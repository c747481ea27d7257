"""Ports for what a test starts, that nobody else takes between the choice and the start.

A port that the system gives away is any client's again as soon as it is closed. So every test process claims a block of its own,
below those, by listening on the first port of the block for as long as it lives.
"""

import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import msgspec

from acs_sim.settings.addresses import PORT_OFFSETS
from acs_sim.settings.settings import Settings

HOST = "127.0.0.1"
FIRST, LAST, BLOCK = 11_000, 32_000, 500  # above those that Chromium refuses to open
BASES = 99
GIVEN_AWAY = Path("/proc/sys/net/ipv4/ip_local_port_range")


def free_port() -> int:
    """A port that nobody uses, nor will."""
    return free_port_base()


def free_port_base() -> int:
    """A base for `acs-sim up`: the five ports that follow from it are free."""
    for base in islice(_bases(), BASES):
        if all(_is_free(base + offset) for offset in PORT_OFFSETS.values()):
            return base
    raise RuntimeError("no five free ports are left to this test process")


def with_free_ports(settings: Settings) -> Settings:
    """The same settings on free ports."""
    base = free_port_base()
    addresses = {
        f"{party}_url": f"{settings.scheme}://{settings.host}:{base + offset}" for party, offset in PORT_OFFSETS.items()
    }
    return msgspec.structs.replace(settings, **addresses)


@cache
def _bases() -> Iterator[int]:
    first = _claimed().getsockname()[1]
    return cycle(range(first + 1, first + 1 + BASES))


@cache
def _claimed() -> socket.socket:
    for first in range(FIRST, _end(), BLOCK):
        try:
            return socket.create_server((HOST, first))
        except OSError:
            continue
    raise RuntimeError("every block of ports is taken: too many test processes run here")


def _end() -> int:
    given_away = int(GIVEN_AWAY.read_text().split()[0]) if GIVEN_AWAY.exists() else LAST
    return (min(given_away, LAST) if given_away > FIRST + 8 * BLOCK else LAST) - BLOCK + 1


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as servers do
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
