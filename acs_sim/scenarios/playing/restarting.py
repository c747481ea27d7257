"""Parties that can stop and start again while the simulator goes on, for scenarios that ask what survives it.

A party's address stays; whoever calls while it is down is answered 503. Its data have to be in files."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from acs_sim.running.parties import PARTIES, Build
from acs_sim.settings.settings import Settings
from threedsecure.web.serving.service import Route, Runtime, Service
from threedsecure.web.straight import soon
from threedsecure.web.wire import Problem, WireRequest, WireResponse

RESTARTABLE: Final = ("acs", "ds", "phone")


class Restartable:
    """One party. `build` is used as a party's own."""

    def __init__(self, build: Build) -> None:
        self._build = build
        self._again: Callable[[], Service] | None = None
        self._service: Service | None = None
        self._life = AsyncExitStack()

    def build(self, runtime: Runtime, settings: Settings) -> Service:
        self._again = partial(self._build, runtime, settings)
        self._service = service = self._again()
        routes = [self._standing_in(index, route) for index, route in enumerate(service.routes)]
        return replace(service, routes=routes, lifespan=self._lifespan, ready=self._ready)

    async def restart(self) -> None:
        """Stop as at the end of the process, and start from what was written."""
        if self._again is None:
            raise RuntimeError("a party that was never built cannot be restarted")
        self._service = None
        await self._life.aclose()
        service = self._again()
        await self._life.enter_async_context(service.lifespan())
        self._service = service

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        async with self._life:
            if self._service is not None:
                await self._life.enter_async_context(self._service.lifespan())
            yield

    def _ready(self) -> bool:
        return self._service is not None and self._service.ready()

    def _standing_in(self, index: int, route: Route) -> Route:
        """The same route, to whichever service there is now: every one has the same routes in the same order."""

        async def handler(request: WireRequest) -> WireResponse:
            if self._service is None:
                raise Problem(503, "Service Unavailable", "the party is being restarted")
            return await soon(self._service.routes[index].handler(request))

        return replace(route, handler=handler)


class Restarter:
    """The parties of a simulator, and what restarts them."""

    def __init__(self) -> None:
        self._parties = {name: Restartable(PARTIES[name]) for name in RESTARTABLE}
        self.parties: dict[str, Build] = {
            name: self._parties[name].build if name in self._parties else build for name, build in PARTIES.items()
        }

    async def restart(self, party: str) -> None:
        await self._parties[party].restart()
