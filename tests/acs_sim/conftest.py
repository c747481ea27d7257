"""A desk in a world of small real parties."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import aiohttp
import pytest

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.world import World
from tests.support.ports import with_free_ports
from threedsecure.web.clock import Clock

STARTED_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def stack(world) -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT), parties=world.parties()) as running:
        yield running


class Caller:
    """Calls the desk as a script would."""

    def __init__(self, session: aiohttp.ClientSession, base: str) -> None:
        self._session = session
        self.base = base

    async def __call__(self, method: str, path: str, **options):
        if isinstance(options.get("data"), str | bytes):
            options.setdefault("headers", {"Content-Type": "application/json"})
        async with self._session.request(method, self.base + path, allow_redirects=False, **options) as answer:
            return answer.status, await answer.json(content_type=None), answer.headers

    async def text(self, method: str, path: str, **options):
        async with self._session.request(method, self.base + path, allow_redirects=False, **options) as answer:
            return answer.status, await answer.text(), answer.headers


@pytest.fixture
async def call(stack) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, stack.addresses.desk)
