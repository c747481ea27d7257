"""A run: plays side by side where they can be, alone where they cannot.

Every play has its own card, phone and transaction, so plays do not meet. The clock is shared: those that move it are played one
at a time, after all others. With a seed, everything that a play meets is drawn from the seed and from what the play is called, so
that it is the same whatever is played beside it.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from random import Random, SystemRandom
from tempfile import TemporaryDirectory
from typing import Any, Final

import aiohttp

from acs_sim.addresses import Addresses
from acs_sim.scenarios.evidence import collect, verdict
from acs_sim.scenarios.gateway import Gateway, running_gateway
from acs_sim.scenarios.loading import Play
from acs_sim.scenarios.playing import Outcome, play, wished_card
from acs_sim.scenarios.restarting import Restarter
from acs_sim.scenarios.simulator import CannotPlay, Simulator
from acs_sim.settings import Settings
from acs_sim.stack import running_stack, with_free_ports
from threedsecure.web.clock import Clock

SIDE_BY_SIDE: Final = 8
PARTIES: Final = ("desk", "ds", "acs", "phone")
STARTS_AT: Final = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

Told = Callable[[Outcome], None]


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
) -> list[Outcome]:
    """All outcomes in the order of `plays`; `tell` hears of each as soon as it is over.

    `at`: a simulator that runs already, called with `tls`; otherwise one is started for the run, in memory, on free ports,
    its clock standing at STARTS_AT. Errors: `CannotStart`, and `CannotPlay` when the simulator does not answer at all."""
    restarts = any(one.restarts for one in plays)
    if at is not None and restarts:
        one = next(one for one in plays if one.restarts)
        raise CannotPlay(
            f"{one.name!r} restarts a party, which only a simulator of the run's own can do: leave out --running"
        )
    async with simulating(at, seed, tls, lasting=restarts) as simulator, running_gateway() as gateway:
        turns = _Turns(simulator, gateway, tell, owns=at is None, seeded=seed is not None)
        return await turns.side_by_side(await _prepared(plays, simulator, seed))


@asynccontextmanager
async def simulating(
    at: Addresses | None, seed: int | None = None, tls: ssl.SSLContext | None = None, *, lasting: bool = False
) -> AsyncIterator[Simulator]:
    """The simulator `at` these addresses, called with `tls`, or one of our own. `lasting`: with its data in files
    for the time of the run, so that its parties can be restarted. Errors: `CannotStart`, `CannotPlay`."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=tls or True)) as session:
        if at is not None:
            simulator = Simulator(session, at)
            await simulator.now()  # one that does not answer is told once, and not by every play
            yield simulator
            return
        restarter = Restarter()
        with TemporaryDirectory(prefix="acs-sim-run-") as folder:
            settings = with_free_ports(Settings(fresh=not lasting, data=folder, seed=seed, only=PARTIES))
            async with running_stack(settings, clock=Clock(frozen_at=STARTS_AT), parties=restarter.parties) as stack:
                yield Simulator(session, stack.addresses, restarter.restart)


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
    def __init__(self, simulator: Simulator, gateway: Gateway, tell: Told, *, owns: bool, seeded: bool) -> None:
        self._simulator = simulator
        self._gateway = gateway
        self._tell = tell
        self._owns = owns
        self._seeded = seeded
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)

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
        outcome = await play(turn.play, self._simulator, box, turn.random, turn.card)
        if outcome.transaction_id is not None:
            await self._keep_evidence(outcome, outcome.transaction_id)
        self._tell(outcome)
        return outcome

    async def _keep_evidence(self, outcome: Outcome, identifier: str) -> None:
        ruled, moved = self._owns and self._seeded, outcome.play.moves_clock
        outcome.transcript = await collect(self._simulator, identifier, ruled=ruled, moved=moved)
        outcome.findings = await verdict(self._simulator, identifier)
        if outcome.transcript is not None and outcome.transcript["card"]["scenario"] is None:
            outcome.transcript["card"]["scenario"] = outcome.card_scenario


def _alone(turn: _Turn) -> bool:
    return turn.play.alone
