"""`threeds.aio`: everything for coroutines. They may run on any asyncio loop, or on several.

`acs_sim.testing.sync` is written from this package by `python -m tests.support.twins`: without `async` and `await`, and under names
without `Async`.
"""

from acs_sim.testing.aio.authenticator import AsyncAuthenticator
from acs_sim.testing.aio.faults import AsyncFaults
from acs_sim.testing.aio.pages import complete_challenge
from acs_sim.testing.aio.simulator import AsyncApp, AsyncCard, AsyncClock, AsyncPhone, AsyncThreeDS, AsyncTransaction

__all__ = [
    "AsyncApp",
    "AsyncAuthenticator",
    "AsyncCard",
    "AsyncClock",
    "AsyncFaults",
    "AsyncPhone",
    "AsyncThreeDS",
    "AsyncTransaction",
    "complete_challenge",
]
