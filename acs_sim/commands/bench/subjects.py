"""What is measured: a simulator of one's own, one that runs already, and the bare server beside it."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from acs_sim.commands.bench.challenge import Lane, results_taken
from acs_sim.commands.bench.connection import Connection, request
from acs_sim.commands.bench.load import Journey, JourneyFailed
from acs_sim.commands.bench.process import Server, Usage, python, running
from acs_sim.commands.bench.traffic import PLAIN, authentication_requests, card_number
from acs_sim.commands.simulator import caller_context
from acs_sim.running.stack import with_free_ports
from acs_sim.settings.addresses import Addresses
from acs_sim.settings.settings import Settings
from threedsecure.cards.test_cards import read

APART: Final = (("acs", "phone"), ("ds",))
"""Which parties share a process where directory server and issuer do not."""


class NotOurs(ValueError):
    """An address that is not on this machine: load goes nowhere else."""


@dataclass(slots=True)
class Subject:
    """`server` is None for a simulator that somebody else runs."""

    name: str
    server: Server | None
    settings: Settings
    results_url: str

    def usage(self) -> Usage:
        return Usage(0.0, 0.0) if self.server is None else self.server.usage()

    def lanes(self, flow: str, count: int) -> list[Journey]:
        """So many connections, each with its journey."""
        return [self._challenge(number) for number in range(count)] if flow == "challenge" else self._plain(count)

    def _plain(self, count: int) -> list[Journey]:
        url = self.settings.addresses.ds
        make = authentication_requests(f"{url}/visa/3ds2")
        tls = caller_context(self.settings, "acs-sim bench")
        return [posting(Connection(url, tls), make) for _ in range(count)]

    def _challenge(self, number: int) -> Journey:
        at: Addresses = self.settings.addresses
        tls = caller_context(self.settings, "acs-sim bench")
        pan = card_number("challenge-otp", number + 1)
        card = read(pan)
        if card is None:
            raise ValueError("the grammar does not read its own card")
        elements = {**PLAIN, "acctNumber": pan, "threeDSServerURL": self.results_url}
        make = authentication_requests(f"{at.ds}/visa/3ds2", elements, cards=1)
        return Lane(
            at, make, card.phone, Connection(at.ds, tls), Connection(at.acs, tls), Connection(at.phone, tls)
        ).journey


def posting(connection: Connection, make: Callable[[], bytes]) -> Journey:
    """Post what `make()` gives, and be content with an ARes."""

    async def journey() -> None:
        answer = await connection.exchange(make())
        if answer.status != 200 or b'"ARes"' not in answer.body:
            raise JourneyFailed(f"{answer.status}: {answer.body[:200].decode(errors='replace')}")

    return journey


@asynccontextmanager
async def own_simulator(
    folder: Path, flags: Sequence[str], cores: Sequence[int], *, tls: bool = False, apart: bool = False
) -> AsyncIterator[Subject]:
    """`acs-sim up` with `flags`, in a process and a folder of its own; `apart`: the directory server in one process and the
    issuer in another, which meet over HTTP. Errors: `DidNotStart`."""
    async with AsyncExitStack() as life:
        settings = with_free_ports(Settings(data=str(folder), tls=tls))
        more = (*(("--tls",) if tls else ()), *flags)
        servers = []
        for parties in APART if apart else (("ds",),):
            own = folder / "-".join(parties) if apart else folder
            own.parent.mkdir(parents=True, exist_ok=True)
            only = ("--only", ",".join(parties)) if apart else ()
            servers.append(await life.enter_async_context(_started(settings, own, parties[0], (*only, *more), cores)))
        results_url = await life.enter_async_context(results_taken())
        name = "acs-sim, apart" if apart else "acs-sim"
        pids = tuple(pid for server in servers for pid in server.pids)
        together = Server(pids, max(server.start_seconds for server in servers))
        yield Subject(name, together, settings, results_url)


def _started(
    settings: Settings, folder: Path, party: str, flags: Sequence[str], cores: Sequence[int]
) -> AbstractAsyncContextManager[Server]:
    """One process, ready when `party` is."""
    addresses = [word for name, url in settings.addresses for word in (f"--{name}-url", url)]
    command = python("-m", "acs_sim", "up", "--data", str(folder), *addresses, *flags)
    url = settings.addresses.of(party)
    ready = (url, request("GET", f"{url}/readyz"))
    return running(command, ready, cores=cores, log=folder.with_suffix(".log"), tls=settings.tls)


@asynccontextmanager
async def running_simulator(settings: Settings) -> AsyncIterator[Subject]:
    """The one at `settings`. Errors: `NotOurs`."""
    for _, url in settings.addresses:
        host = urlsplit(url).hostname or ""
        if host != "localhost" and not _is_loopback(host):
            raise NotOurs(f"{url} is not on this machine; a load test is for a simulator of one's own")
    async with results_taken() as results_url:
        yield Subject("running", None, settings, results_url)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
