"""Two ways to load a server: as fast as it answers, or at a fixed rate whatever it answers.

At a fixed rate each journey has the instant at which it is due; its latency counts from there, also when the server was so slow
that the journey began late. Nothing that the server delays is left out of the figures (no coordinated omission)."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field

Journey = Callable[[], Awaitable[None]]
"""One whole use of the server. Errors: `OSError` and `JourneyFailed`, which are counted."""

MOST_ERRORS_KEPT = 5


class JourneyFailed(Exception):
    """The server answered something else than was due."""


@dataclass(slots=True)
class Samples:
    """`seconds`: how long the load lasted; `latencies`: of each journey that came to its end, in seconds."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    failed: int = 0
    errors: list[str] = field(default_factory=list)

    def failure(self, error: Exception) -> None:
        self.failed += 1
        if len(self.errors) < MOST_ERRORS_KEPT:
            self.errors.append(str(error))


async def saturate(lanes: Sequence[Journey], seconds: float, most: int | None = None) -> Samples:
    """Each lane begins its next journey when the one before is over. Ends after `seconds`, or after `most` journeys."""
    samples, began = Samples(), time.perf_counter()
    end, left = began + seconds, most if most is not None else -1

    async def drive(journey: Journey) -> None:
        nonlocal left
        while left and (now := time.perf_counter()) < end:
            left -= 1
            await _timed(journey, now, samples)

    await asyncio.gather(*map(drive, lanes))
    samples.seconds = time.perf_counter() - began
    return samples


async def at_rate(lanes: Sequence[Journey], rate: float, seconds: float) -> Samples:
    """`rate` journeys a second begin, evenly spaced, for as long as a lane is free; those that have to wait for one are late."""
    samples, began = Samples(), time.perf_counter()
    free, waiting = deque(lanes), deque[float]()
    under_way: set[asyncio.Task[None]] = set()

    async def drive(journey: Journey) -> None:
        while waiting:
            await _timed(journey, waiting.popleft(), samples)
        free.append(journey)

    for number in range(int(rate * seconds)):
        due = began + number / rate
        if (early := due - time.perf_counter()) > 0:
            await asyncio.sleep(early)
        waiting.append(due)
        if free:
            task = asyncio.create_task(drive(free.popleft()))
            under_way.add(task)
            task.add_done_callback(under_way.discard)
    await asyncio.gather(*under_way)
    samples.seconds = time.perf_counter() - began
    return samples


async def _timed(journey: Journey, due: float, samples: Samples) -> None:
    try:
        await journey()
    except (OSError, JourneyFailed) as error:
        samples.failure(error)
    else:
        samples.latencies.append(time.perf_counter() - due)
