"""A run: plays side by side where they can be, alone where they cannot.

Every play has its own card, phone and transaction, so plays do not meet. The clock is shared: those that move it are played one
at a time, after all others. With a seed all are played one at a time, each in a simulator that has forgotten the one before.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random, SystemRandom
from typing import Final
from zlib import crc32

import aiohttp

from acs_sim.addresses import Addresses
from acs_sim.scenarios.gateway import Gateway, running_gateway
from acs_sim.scenarios.loading import Play
from acs_sim.scenarios.playing import Outcome, play
from acs_sim.scenarios.simulator import Simulator
from acs_sim.settings import Settings
from acs_sim.stack import running_stack, with_free_ports
from threedsecure.web.clock import Clock

SIDE_BY_SIDE: Final = 8
STARTS_AT: Final = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)

Told = Callable[[Outcome], None]


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
    async with _simulator(at, seed, tls) as simulator, running_gateway() as gateway:
        runner = _Run(simulator, gateway, tell, owns=at is None)
        if seed is None:
            return await runner.side_by_side(plays)
        return [await runner.repeatable(one, seed) for one in plays]


@asynccontextmanager
async def _simulator(at: Addresses | None, seed: int | None, tls: ssl.SSLContext | None) -> AsyncIterator[Simulator]:
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0, ssl=tls or True)) as session:
        if at is not None:
            simulator = Simulator(session, at)
            await simulator.now()  # one that does not answer is told once, and not by every play
            yield simulator
            return
        settings = with_free_ports(Settings(fresh=True, seed=seed, only=("desk", "ds", "acs", "phone")))
        async with running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack:
            yield Simulator(session, stack.addresses)


class _Run:
    def __init__(self, simulator: Simulator, gateway: Gateway, tell: Told, *, owns: bool) -> None:
        self._simulator = simulator
        self._gateway = gateway
        self._tell = tell
        self._owns = owns
        self._places = asyncio.Semaphore(SIDE_BY_SIDE)

    async def side_by_side(self, plays: Sequence[Play]) -> list[Outcome]:
        async with asyncio.TaskGroup() as group:
            tasks = {i: group.create_task(self._beside(one)) for i, one in enumerate(plays) if not one.moves_clock}
        outcomes = {index: task.result() for index, task in tasks.items()}
        for index, one in enumerate(plays):
            if one.moves_clock:
                outcomes[index] = await self._alone(one)
        return [outcomes[index] for index in range(len(plays))]

    async def repeatable(self, one: Play, seed: int) -> Outcome:
        """The same identifiers, codes and instants whenever this play is played with this seed, whatever is played before."""
        own = crc32(f"{seed} {one.name}".encode())
        await self._simulator.begin_again(own)
        if self._owns:
            await self._simulator.move_clock(set=STARTS_AT.isoformat())
        return await self._alone(one, Random(own))  # noqa: S311 - repeatable on purpose

    async def _beside(self, one: Play) -> Outcome:
        async with self._places:
            return await self._played(one, SystemRandom())

    async def _alone(self, one: Play, random: Random | None = None) -> Outcome:
        """A clock that is not ours is put back to where it was."""
        before = None if self._owns or not one.moves_clock else await self._simulator.now()
        outcome = await self._played(one, random or SystemRandom())
        if before is not None:
            await self._simulator.move_clock(set=before.isoformat())
        return outcome

    async def _played(self, one: Play, random: Random) -> Outcome:
        outcome = await play(one, self._simulator, self._gateway, random)
        self._tell(outcome)
        return outcome
