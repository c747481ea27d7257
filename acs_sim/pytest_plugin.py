"""The pytest plugin. It is loaded in every test run of an environment that has acs-sim, so it imports nothing until it is asked."""

from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from acs_sim.testing import ThreeDS
    from acs_sim.testing.aio import AsyncThreeDS

RUNNING: "pytest.StashKey[ThreeDS]" = pytest.StashKey()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("acs-sim", "3-D Secure simulator")
    group.addoption(
        "--threeds-url",
        metavar="URL",
        help="Use the simulator whose desk is at URL (http://localhost:8000) instead of starting one.",
    )
    group.addoption(
        "--threeds-namespace",
        metavar="NAME",
        help="With --threeds-url, have cards, clock, faults and messages there to oneself; each worker of xdist has its own.",
    )
    parser.addini(
        "threeds_aliases",
        "Packs of card numbers of other systems that a simulator that is started knows, such as stripe.",
        "args",
    )


@pytest.fixture(scope="session")
def threeds(request: pytest.FixtureRequest) -> "Iterator[ThreeDS]":
    """A 3-D Secure simulator: directory server, ACS and phone, in memory on free ports, in a process of its own for the whole
    session."""
    from acs_sim.testing import SimulatorRefused, SimulatorUnreachable
    from acs_sim.testing.session import simulator

    try:
        url, aliases = request.config.getoption("--threeds-url"), request.config.getini("threeds_aliases")
        with simulator(url, _namespace(request.config), aliases) as running:
            request.config.stash[RUNNING] = running
            yield running
            del request.config.stash[RUNNING]
    except (SimulatorRefused, SimulatorUnreachable) as error:
        pytest.fail(f"no 3-D Secure simulator: {error}", pytrace=False)


def _namespace(config: pytest.Config) -> str | None:
    """That of this process: `suite-gw0` for the first worker of `suite`."""
    named: str | None = config.getoption("--threeds-namespace")
    worker: str | None = getattr(config, "workerinput", {}).get("workerid")
    if named is not None and config.getoption("--threeds-url") is None:
        raise pytest.UsageError("--threeds-namespace is of a simulator that runs: give its --threeds-url, too")
    return named if named is None or worker is None else f"{named}-{worker}"


@pytest.fixture(scope="session")
def async_threeds(threeds: "ThreeDS") -> "AsyncThreeDS":
    """The same simulator for coroutines."""
    return threeds.aio


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """A test that moved the clock leaves it at the wall clock for the next one, and what it had go wrong goes wrong no more."""
    try:
        return (yield)
    finally:
        running = item.config.stash.get(RUNNING, None)
        if running is not None:
            running.clock.put_back()
            running.faults.put_back()
