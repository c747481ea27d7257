"""The directory server between its peers, for every test that asks for `ds`."""

from collections.abc import AsyncIterator

import pytest

from tests.directory_server.peers import Scene, scene


@pytest.fixture
async def ds() -> AsyncIterator[Scene]:
    async with scene() as built:
        yield built
