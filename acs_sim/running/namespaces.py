"""The namespaces of a simulator that runs: made when somebody asks for one, ended when asked or when nobody uses it any more.

A namespace is a whole simulator of its own (parties, clock, chance, faults, rules, journal), in this process, in memory and behind
the ports of the first one (`threedsecure.web.serving.ways`). Nothing of it is shared, so that there is nothing to be kept
apart."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final

import structlog
from aiohttp import web
from msgspec.structs import replace

from acs_sim.settings.settings import Settings
from threedsecure.addresses import at_namespace
from threedsecure.web.clock import monotonic
from threedsecure.web.journal import Journal
from threedsecure.web.scheduler import Loops
from threedsecure.web.serving.application import OPEN_STREAMS
from threedsecure.web.serving.namespaces import Namespace
from threedsecure.web.serving.ways import WAYS
from threedsecure.web.wire import Problem

log = structlog.get_logger()

MOST: Final = 32
NEEDED: Final = ("desk", "ds", "acs", "phone")
LOOK_EVERY_SECONDS: Final = 5.0
Apps = Mapping[str, web.Application]
"""By the names of their parties."""
Begin = Callable[[Settings, AsyncExitStack], Awaitable[tuple[Journal, Apps]]]
"""Brings a simulator to life for as long as the stack lasts, without opening a port."""


def why_none(settings: Settings) -> str | None:
    """Why a simulator can have no namespaces, in words."""
    if settings.postgresql is not None:
        return "a namespace lives in one process, and several may share a PostgreSQL: start the simulator without it"
    if missing := set(NEEDED) - set(settings.only):
        return (
            f"a namespace needs {', '.join(NEEDED)} in one process, and {', '.join(sorted(missing))} is not in this one"
        )
    return None


def within(settings: Settings, name: str, seed: int | None) -> Settings:
    """What a namespace runs with: in memory, at addresses of its own. Without a `seed` of its own it draws from the simulator's,
    and otherwise than its neighbours, so that their identifiers never meet."""
    if seed is None and settings.seed is not None:
        seed = int.from_bytes(sha256(f"{settings.seed} {name}".encode()).digest()[:7])
    addresses = {f"{party}_url": address + at_namespace(name) for party, address in settings.addresses}
    return replace(settings, fresh=True, database=None, key_file=None, seed=seed, **addresses)


@dataclass
class _One:
    """`end`: set when it is to end; `over`: its life. `heard`: how often something was asked of it when it was looked at last."""

    told: Namespace
    journal: Journal
    apps: Apps
    ways: Mapping[str, web.Application]
    end: asyncio.Event
    over: asyncio.Task[None]
    heard: int = 0
    used: float = field(default_factory=monotonic)

    def look(self) -> None:
        """Whether it was used since it was looked at last."""
        heard = self.journal.noted + sum(app[WAYS].asked[self.told.name] for app in self.ways.values())
        if heard != self.heard or any(app[OPEN_STREAMS] for app in self.apps.values()):
            self.heard, self.used = heard, monotonic()
            self.told = replace(self.told, used_at=datetime.now(UTC))


class Hosted:
    """The namespaces of one simulator. `begin` brings one to life; `look_every`: seconds between two looks for those in no use."""

    def __init__(self, settings: Settings, begin: Begin, *, look_every: float = LOOK_EVERY_SECONDS) -> None:
        self._settings = settings
        self._begin = begin
        self._look_every = look_every
        self._ways: Apps = {}
        self._there: dict[str, _One] = {}
        self._turn = asyncio.Lock()

    @asynccontextmanager
    async def behind(self, apps: Apps, loops: Loops) -> AsyncIterator[None]:
        """Have them behind the ports of `apps` for as long as the context lasts; those that nobody uses any more end meanwhile."""
        self._ways = apps
        try:
            async with loops.kept("namespaces", self._look):
                yield
        finally:
            for name in list(self._there):
                await self.ended(name)

    def listed(self) -> list[Namespace]:
        for one in self._there.values():
            one.look()
        return [one.told for _, one in sorted(self._there.items())]

    async def made(self, name: str, *, seed: int | None, idle_seconds: float) -> tuple[Namespace, bool]:
        if (why := why_none(self._settings)) is not None:
            raise Problem(409, "Conflict", why)
        async with self._turn:
            if (there := self._there.get(name)) is not None:
                there.told = replace(there.told, idle_seconds=idle_seconds)
                there.used = monotonic()
                return there.told, False
            if len(self._there) >= MOST:
                words = f"there are {MOST} namespaces, as many as may be; DELETE /api/namespaces/NAME ends one"
                raise Problem(503, "Service Unavailable", words)
            self._there[name] = one = await self._started(name, within(self._settings, name, seed), idle_seconds)
            return one.told, True

    async def ended(self, name: str) -> bool:
        async with self._turn:
            one = self._there.pop(name, None)
            if one is None:
                return False
            one.end.set()
            await one.over
            return True

    async def _started(self, name: str, settings: Settings, idle_seconds: float) -> _One:
        """Its life is a task of its own: whoever asks for it is gone before it ends."""
        alive, end = asyncio.get_running_loop().create_future(), asyncio.Event()
        over = asyncio.create_task(self._live(name, settings, alive, end), name=f"namespace {name}")
        journal, apps = await alive
        now = datetime.now(UTC)
        told = Namespace(name, dict(settings.addresses), now, now, idle_seconds)
        return _One(told, journal, apps, self._ways, end, over)

    async def _live(
        self, name: str, settings: Settings, alive: "asyncio.Future[tuple[Journal, Apps]]", end: asyncio.Event
    ) -> None:
        async with AsyncExitStack() as life:
            try:
                journal, apps = await self._begin(settings, life)
                for party, app in apps.items():
                    await self._ways[party][WAYS].opened(name, app)
                    life.push_async_callback(self._ways[party][WAYS].closed, name)
            except Exception as error:  # noqa: BLE001 - whoever asked for it is told
                alive.set_exception(error)
                return
            alive.set_result((journal, apps))
            await end.wait()

    async def _look(self) -> None:
        while True:
            await asyncio.sleep(self._look_every)
            for name, one in list(self._there.items()):
                one.look()
                if monotonic() - one.used >= one.told.idle_seconds:
                    log.info("namespace ended", namespace=name, unused_seconds=one.told.idle_seconds)
                    await self.ended(name)
