"""What every test may ask for."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, settings

from acs_sim.running import stack
from tests.support import engine
from tests.support.browser import browser, chromium, page
from tests.support.keeping import Keeping
from tests.support.once import compile_pages_once, connect_once, sign_with_keys_made_once
from tests.support.postgresql import Cluster
from tests.support.steady_loop import SteadyLoop

__all__ = ["browser", "chromium", "page"]

# A busy machine is no finding: time is measured where it matters, not by every property.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(scope="session")
def postgresql() -> Cluster:
    """A running PostgreSQL; `postgresql.fresh_database()` gives the address of an empty database."""
    return engine.server()


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"steady": SteadyLoop}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--that-keep", action="store_true", help="only the tests that kept something in the run before")


def pytest_configure(config: pytest.Config) -> None:
    """The one place where the engine that is in force takes the place of the usual one (tests/support/engine.py)."""
    stack.opened = engine.opened
    sign_with_keys_made_once()
    compile_pages_once()
    connect_once()
    if engine.ON_POSTGRESQL:
        engine.server()  # before the run's workers, which find it by the environment
    config.pluginmanager.register(Keeping(config))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a browser carries the marker `browser` without saying so."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
