"""Which tests keep something, found out while they run on SQLite: on PostgreSQL, `--that-keep` runs those again and no others.

Nobody lists them. Whoever asks tests/support/engine.py for a place to keep something in is noted: the test, or the fixture that
several tests share, and then all of these. A test that names its engine itself has run on both in the first run already.
"""

from collections.abc import Iterator
from typing import Any, Final

import pytest

from tests.support import engine

NOTES: Final = "engine/keep-nothing"
_KEEPS: Final = "keeps something"


class Keeping:
    """A pytest plugin, in the process that controls a run and in its workers."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._shared: list[tuple[str, str]] = []
        self._asked = 0
        self._ran: set[str] = set()
        self._keep: set[str] = set()

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        if not self._config.getoption("that_keep"):
            return
        nothing = set(self._config.cache.get(NOTES, []))
        self._config.hook.pytest_deselected(items=[item for item in items if item.nodeid in nothing])
        items[:] = [item for item in items if item.nodeid not in nothing]

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        before = engine.asked()
        try:
            return (yield)
        finally:
            if engine.asked() > before and fixturedef.scope != "function":
                self._shared.append((fixturedef.argname, fixturedef.baseid))

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logstart(self) -> None:
        self._asked = engine.asked()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item) -> None:
        if (engine.asked() > self._asked or self._shares(item)) and (_KEEPS, True) not in item.user_properties:
            item.user_properties.append((_KEEPS, True))

    def _shares(self, item: pytest.Item) -> bool:
        names = getattr(item, "fixturenames", ())
        return any(name in names and item.nodeid.startswith(place) for name, place in self._shared)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self._ran.add(report.nodeid)
        if any(name == _KEEPS for name, _ in report.user_properties):
            self._keep.add(report.nodeid)

    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        if self._config.getoption("that_keep") and exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            session.exitstatus = pytest.ExitCode.OK
        elsewhere = hasattr(self._config, "workerinput") or engine.ON_POSTGRESQL or not hasattr(self._config, "cache")
        if self._ran and not elsewhere:
            self._config.cache.set(NOTES, sorted(self._ran - self._keep))
