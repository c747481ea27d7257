"""The tests of an area, watched: which branches they take, which test ran which line, and which lines ran before the first test.

A process of its own: `python -m benchmarks.mutants.watching AREA FILE`, in the tree that is to be watched."""

import functools
import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage
import pytest

from benchmarks.mutants.areas import AREAS
from benchmarks.mutants.repeating import ARGUMENTS, Repeating

OURS = ("threedsecure", "acs", "directory_server", "issuer_sms", "acs_sim")
BEFORE, MODULE, OWN, AFTER = "", "module", "own", "after"


class Watching:
    """Tells coverage what is going on, and makes every test compute what an earlier one left in a cache."""

    def __init__(self, measured: coverage.Coverage) -> None:
        self.measured = measured
        self.seconds: dict[str, float] = {}
        self.failed: list[str] = []
        self.caches: list[Any] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self) -> None:
        gc.unfreeze()
        self.caches = [
            one
            for one in gc.get_objects()
            if isinstance(one, functools._lru_cache_wrapper) and (one.__module__ or "").split(".")[0] in OURS
        ]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for cache in self.caches:
            cache.cache_clear()
        began = time.process_time()
        self.measured.switch_context(f"{OWN}|{item.nodeid}")
        try:
            return (yield)
        finally:
            self.measured.switch_context(AFTER)
            self.seconds[item.nodeid] = time.process_time() - began

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_fixture_setup(self, fixturedef: Any, request: Any) -> Iterator[None]:
        """What is made for a module is made for each of its tests."""
        item = request._pyfuncitem
        if fixturedef.scope != "function":
            self.measured.switch_context(f"{MODULE}|{item.nodeid}")
        try:
            return (yield)
        finally:
            self.measured.switch_context(f"{OWN}|{item.nodeid}")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self.failed.append(report.nodeid)


def main(area: str, written: Path) -> int:
    tree, files = Path.cwd(), AREAS[area].files(Path.cwd())
    measured = coverage.Coverage(
        branch=True, include=[str(tree / one) for one in files], config_file=False, data_file=None
    )
    watching = Watching(measured)
    measured.start()
    status = pytest.main([*ARGUMENTS, *AREAS[area].tests], plugins=[watching, Repeating()])
    measured.stop()
    if status:
        print(f"{area}: its tests fail before anything is changed", *watching.failed, sep="\n", file=sys.stderr)
        return 1
    names = {name: number for number, name in enumerate(watching.seconds)}
    told = {
        "tests": watching.seconds,
        "lines": {one: _lines(measured, str(tree / one), names) for one in files},
        "branches": _branches(measured, tree),
    }
    written.write_text(json.dumps(told))
    return 0


def _lines(measured: coverage.Coverage, path: str, names: dict[str, int]) -> dict[int, list[int]]:
    """For each line the tests that ran it; -1 stands for what ran before them all."""
    modules = defaultdict(list)
    for name, number in names.items():
        modules[name.split("::")[0]].append(number)
    found: dict[int, list[int]] = {}
    for line, contexts in measured.get_data().contexts_by_lineno(path).items():
        numbers: set[int] = set()
        for context in contexts:
            kind, _, name = context.partition("|")
            numbers.update(
                {
                    BEFORE: lambda: [-1],
                    OWN: lambda name=name: [names[name]],
                    MODULE: lambda name=name: modules[name.split("::")[0]],
                    AFTER: list,
                }[kind]()
            )
        found[line] = sorted(numbers)
    return found


def _branches(measured: coverage.Coverage, tree: Path) -> dict[str, Any]:
    written = tree.parent / "branches.json"
    measured.json_report(outfile=str(written))
    report = json.loads(written.read_text())
    missed = {
        str(Path(path).relative_to(tree) if Path(path).is_absolute() else path): one["missing_branches"]
        for path, one in report["files"].items()
        if one["missing_branches"]
    }
    totals = report["totals"]
    return {
        "all": totals["num_branches"],
        "taken": totals["covered_branches"],
        "missed": missed,
        "statements": totals["num_statements"],
        "run": totals["covered_lines"],
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2])))
