"""What every test may ask for."""

import asyncio
import atexit
import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import HealthCheck, settings

from acs_sim.running import stack
from acs_sim.running.process.loop import spare_the_collector
from tests.support import engine
from tests.support.browser import browser, chromium, page, paying_browser
from tests.support.once import compile_pages_once, connect_once, sign_with_keys_made_once
from tests.support.order import dealt, engine_of
from tests.support.postgresql import Cluster
from tests.support.steady_loop import SteadyLoop

__all__ = ["browser", "chromium", "page", "paying_browser"]

SYSTEM = Path(__file__).parent / "system"
# A busy machine is no finding: time is measured where it matters, not by every property.
settings.register_profile("tests", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("tests")


@pytest.fixture(scope="session")
def postgresql() -> Cluster:
    """A running PostgreSQL; `postgresql.fresh_database()` gives the address of an empty database."""
    return engine.server()


@pytest.fixture(name="engine", params=engine.ENGINES, scope="module")
def engine_in_force(request: pytest.FixtureRequest) -> Iterator[str]:
    """Where the test keeps what it keeps; every test that asks for it runs once on each."""
    with engine.in_force(request.param):
        yield request.param


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"steady": SteadyLoop}


def pytest_configure(config: pytest.Config) -> None:
    """The one place where the engine that is in force takes the place of the usual one (tests/support/engine.py)."""
    stack.opened = engine.opened
    if hasattr(config, "workerinput"):
        atexit.register(os._exit, 0)  # after all else: freeing a run's objects one by one would take seconds
    gc.disable()  # nearly all that comes until the tests are collected is there to the end
    sign_with_keys_made_once()
    compile_pages_once()
    connect_once()
    if config.getoption("numprocesses", None) and "not slow" not in config.getoption("markexpr"):
        engine.server()  # one for all workers, which find it by the environment


def pytest_runtest_teardown() -> None:
    """A command that was run in the test's own process has said how much is logged."""
    if structlog.is_configured():
        structlog.reset_defaults()


@pytest.hookimpl(trylast=True)
def pytest_collection_finish() -> None:
    """Thousands of tests are there to the end: the collector looks at what comes later, and as often as where users run it."""
    spare_the_collector()


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> Iterator[None]:
    """A test that asks for a browser or a PostgreSQL, or is one of the whole system, carries the marker `browser` or `slow` without
    saying so. The tests are taken in the order of tests/support/order.py."""
    for item in items:
        asks = set(getattr(item, "fixturenames", ()))
        if "chromium" in asks:
            item.add_marker(pytest.mark.browser)
        if asks & {"chromium", "postgresql"} or engine_of(item) == "postgresql" or item.path.parent == SYSTEM:
            item.add_marker(pytest.mark.slow)
    yield
    items[:] = dealt(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
