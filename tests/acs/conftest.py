from collections.abc import AsyncIterator

import pytest

from tests.acs.stage import Stage, stage


@pytest.fixture
async def acs() -> AsyncIterator[Stage]:
    async with stage() as running:
        yield running
