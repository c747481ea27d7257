"""A run: plays side by side where they can be, alone where they cannot.

Every play has its own card, phone and transaction, so plays do not meet. The clock is shared: those that move it are played one
at a time, after all others. With a seed, everything that a play meets is drawn from the seed and from what the play is called, so
that it is the same whatever is played beside it.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from random import Random, SystemRandom
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp
import msgspec

from acs_sim.running.stack import CannotStart, Stack, running_stack, with_free_ports
from acs_sim.scenarios.file.loading import Play
from acs_sim.scenarios.playing.cardholders import Cardholders, cardholders
from acs_sim.scenarios.playing.gateway import Gateway, running_gateway
from acs_sim.scenarios.playing.play import Outcome, play, wished_card
from acs_sim.scenarios.playing.restarting import Restarter
from acs_sim.scenarios.reports.evidence import collect, conviction, verdict
from acs_sim.scenarios.simulator import CannotPlay, Restart, Simulator
from acs_sim.settings.addresses import Addresses
from acs_sim.settings.settings import Settings
from threedsecure.web.clock import Clock

SIDE_BY_SIDE: Final = 8
PARTIES: Final = ("desk", "ds", "acs", "phone")
STARTS_AT: Final = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

CHROMIUM_SIDE_BY_SIDE: Final = 3
STARTS: Final = 3

Told = Callable[[Outcome], None]


@dataclass(frozen=True)
class Means:
    """Who plays besides the run itself. `against`: the address at which a gateway takes purchases, instead of the run's own;
    `serving`: whose addresses a simulator of the run's own then takes. `browser`: the cardholder has a real Chromium. `restart`:
    stops and starts a party of a simulator that runs already. `convict`: what that gateway does against the book fails the play."""

    against: str | None = None
    serving: Settings | None = None
    browser: bool = False
    restart: Restart | None = None
    convict: bool = False


@dataclass(frozen=True)
class _Turn:
    """A play with what belongs to it alone. `card`: minted beforehand, where the order of minting matters."""

    play: Play
    key: str
    random: Random
    card: dict[str, Any] | None = None


async def run(
    plays: Sequence[Play],
    tell: Told,
    *,
    seed: int | None = None,
    at: Addresses | None = None,
    tls: ssl.SSLContext | None = None,
    means: Means = Means(),
) -> list[Outcome]:
    """All outcomes in the order of `plays`; `tell` hears of each as soon as it is over.

    `at`: a simulator that runs already, called with `tls`; otherwise one is started for the run, in memory, on free ports,
    its clock standing at STARTS_AT. Errors: `CannotStart`, and `CannotPlay` when the simulator does not answer at all."""
    restarts = any(one.restarts for one in plays)
    if at is not None and restarts and means.restart is None and means.against is None:
        one = next(one for one in plays if one.restarts)
        raise CannotPlay(
            f"{one.name!r} restarts a party, which only a simulator of the run's own can do: leave out --running"
        )
    shop = any(one.buys for one in plays)
    async with (
        simulating(
            at, seed, tls, lasting=restarts, serving=means.serving, restart=means.restart, shop=shop
        ) as simulator,
        running_gateway() as gateway,
        cardholders(means.browser, means.against, simulator, tls) as people,
    ):
        ruled = at is None and seed is not None and means.against is None
        turns = _Turns(simulator, gateway, people, tell, ruled=ruled, convict=means.convict)
        return await turns.side_by_side(await _prepared(plays, simulator, seed))


@asynccontextmanager
async def simulating(
    at: Addresses | None,
    seed: int | None = None,
    tls: ssl.SSLContext | None = None,
    *,
    lasting: bool = False,
    serving: Settings | None = None,
    restart: Restart | None = None,
    shop: bool = False,
) -> AsyncIterator[Simulator]:
    """The simulator `at` these addresses, called with `tls` and restarted by `restart`, or one of our own. `lasting`: with its data
    in files for the time of the run, so that its parties can be restarted. `serving`: at the addresses of these settings and on the
    wall clock, so that another one's gateway finds it as always. `shop`: with the reference gateway.
    Errors: `CannotStart`, `CannotPlay`."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=tls or True)) as session:
        if at is not None:
            simulator = Simulator(session, at, restart)
            await simulator.now()  # one that does not answer is told once, and not by every play
            yield simulator
            return
        only = (*PARTIES, "shop") if shop else PARTIES
        with TemporaryDirectory(prefix="acs-sim-run-") as folder:
            async with AsyncExitStack() as life:
                stack, restarter = await _started(life, serving, fresh=not lasting, data=folder, seed=seed, only=only)
                yield Simulator(session, stack.addresses, restarter.restart)


async def _started(life: AsyncExitStack, serving: Settings | None, **changes: Any) -> tuple[Stack, Restarter]:
    """A free port may be taken by somebody else before we come to it: then others are tried. Errors: `CannotStart`."""
    clock = Clock(frozen_at=None if serving is not None else STARTS_AT)
    for again in range(STARTS, 0, -1):
        settings, restarter = serving or with_free_ports(Settings()), Restarter()
        running = running_stack(msgspec.structs.replace(settings, **changes), clock=clock, parties=restarter.parties)
        try:
            return await life.enter_async_context(running), restarter
        except CannotStart:
            if serving is not None or again == 1:
                raise
    raise AssertionError


async def _prepared(plays: Sequence[Play], simulator: Simulator, seed: int | None) -> list[_Turn]:
    """With a seed, cards are minted one after the other, each from a seed of its own."""
    keys = _keys(plays)
    if seed is None:
        return [_Turn(one, key, SystemRandom()) for one, key in zip(plays, keys, strict=True)]
    await simulator.forget()
    turns: list[_Turn] = []
    for one, key in zip(plays, keys, strict=True):
        own = int.from_bytes(sha256(f"{seed} {key}".encode()).digest()[:7])
        await simulator.seed(own)
        turns.append(_Turn(one, key, Random(own), await _minted(one, simulator)))  # noqa: S311 - repeatable on purpose
    await simulator.seed(seed)
    return turns


async def _minted(one: Play, simulator: Simulator) -> dict[str, Any] | None:
    try:
        return await wished_card(one, simulator)
    except CannotPlay:
        return None  # the play will meet it again, and tell it


def _keys(plays: Sequence[Play]) -> list[str]:
    """What tells a play from all others, the same in every run: its file and name, and its number among its like."""
    seen: Counter[str] = Counter()
    keys = []
    for one in plays:
        called = f"{one.file.stem} {one.name}"
        seen[called] += 1
        keys.append(f"{called} {seen[called]}")
    return keys


class _Turns:
    def __init__(
        self, simulator: Simulator, gateway: Gateway, people: Cardholders, tell: Told, *, ruled: bool, convict: bool
    ) -> None:
        """`ruled`: the seed, the clock and the gateway are ours. `convict`: as in `Means`."""
        self._simulator = simulator
        self._gateway = gateway
        self._people = people
        self._tell = tell
        self._ruled = ruled
        self._convict = convict
        self._places = asyncio.Semaphore(CHROMIUM_SIDE_BY_SIDE if people.use_chromium else SIDE_BY_SIDE)

    async def side_by_side(self, turns: Sequence[_Turn]) -> list[Outcome]:
        async with asyncio.TaskGroup() as group:
            beside = {i: group.create_task(self._beside(turn)) for i, turn in enumerate(turns) if not _alone(turn)}
        outcomes = {index: task.result() for index, task in beside.items()}
        for index, turn in enumerate(turns):
            if _alone(turn):
                outcomes[index] = await self._after_the_others(turn)
        return [outcomes[index] for index in range(len(turns))]

    async def _beside(self, turn: _Turn) -> Outcome:
        async with self._places:
            return await self._played(turn)

    async def _after_the_others(self, turn: _Turn) -> Outcome:
        """The clock stands where it stood before, so that the next one begins there."""
        before = await self._simulator.now()
        outcome = await self._played(turn)
        await self._simulator.move_clock(set=before.isoformat())
        return outcome

    async def _played(self, turn: _Turn) -> Outcome:
        box = self._gateway.mailbox(sha256(turn.key.encode()).hexdigest()[:12])
        async with self._people.one_for(turn.play) as (company, shots):
            outcome = await play(turn.play, self._simulator, box, turn.random, turn.card, company)
            outcome.shots = shots
        if outcome.transaction_id is not None:
            await self._keep_evidence(outcome, outcome.transaction_id)
        self._tell(outcome)
        return outcome

    async def _keep_evidence(self, outcome: Outcome, identifier: str) -> None:
        moved = outcome.play.moves_clock
        outcome.transcript = await collect(self._simulator, identifier, ruled=self._ruled, moved=moved)
        if self._people.another_drives and outcome.excuses is not None:
            outcome.findings = await verdict(self._simulator, identifier, outcome.excuses)
            if self._convict and outcome.passed:
                outcome.problem = conviction(outcome.findings)
        if outcome.transcript is not None and outcome.transcript["card"]["scenario"] is None:
            outcome.transcript["card"]["scenario"] = outcome.card_scenario


def _alone(turn: _Turn) -> bool:
    return turn.play.alone
