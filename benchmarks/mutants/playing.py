"""Plays the mutants of an area: `python -m benchmarks.mutants.playing AREA FOLDER WAY`, in the tree.

A mistake in a function that nobody called before the first test is written into the function that is there, in a child of a
process that has read all tests; the tests that ran its line run. Any other mistake, in a table say, is read anew with all that
is ours, in a child of a process that knows only what is not ours; all tests of the area run."""

import contextlib
import gc
import importlib
import json
import sys
from collections.abc import Iterator, Sequence
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import pytest

from benchmarks.mutants.areas import AREAS
from benchmarks.mutants.forks import Ending, children
from benchmarks.mutants.repeating import ARGUMENTS, Repeating
from benchmarks.mutants.watching import OURS

AT_ONCE = 2
QUICK = 0.05
Codes = list[tuple[CodeType, CodeType]]


class Seen:
    """What was watched."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.tests: list[str] = list(told["tests"])
        self.seconds: dict[str, float] = told["tests"]
        self.lines: dict[str, dict[str, list[int]]] = told["lines"]

    def ran(self, path: str, first: int, last: int) -> set[str]:
        lines = self.lines.get(path, {})
        return {self.tests[one] for row in range(first, last + 1) for one in lines.get(str(row), []) if one >= 0}

    def early(self, path: str, rows: set[int]) -> bool:
        lines = self.lines.get(path, {})
        return any(-1 in lines.get(str(row), []) for row in rows)

    def ordered(self, names: set[str]) -> list[str]:
        """What takes milliseconds first, and what a module's tests share once."""
        files: dict[str, float] = {}
        for name in names:
            files[_file(name)] = files.get(_file(name), 0) + self.seconds[name]
        return sorted(
            names, key=lambda one: (self.seconds[one] > QUICK, files[_file(one)], _file(one), self.seconds[one])
        )


def _file(name: str) -> str:
    return name.split("::")[0]


class InPlace:
    """Plays what can be written into a living function, and leaves the rest."""

    def __init__(self, mutants: Sequence[dict[str, Any]], seen: Seen, folder: Path, ending: Ending) -> None:
        self.mutants, self.seen, self.folder, self.ending = mutants, seen, folder, ending
        self.left: list[dict[str, Any]] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        gc.unfreeze()
        living = _living()
        gc.freeze()
        jobs = []
        for mutant in self.mutants:
            swaps = self._swaps(mutant, living)
            if swaps is None:
                self.left.append(mutant)
            else:
                jobs.append((mutant, swaps, self._seconds(mutant)))
        for mutant, swaps in played(jobs, self.folder, self.ending):
            for function, code in swaps:
                function.__code__ = code
            chosen = self._chosen(mutant)
            items = {item.nodeid: item for item in session.items}
            session.items[:] = [items[name] for name in chosen]
            if not chosen:
                self.ending.end("survived: no test runs it")
            return None
        return True

    def _chosen(self, mutant: dict[str, Any]) -> list[str]:
        return self.seen.ordered(self.seen.ran(mutant["path"], mutant["first"], mutant["last"]))

    def _seconds(self, mutant: dict[str, Any]) -> float:
        return sum(self.seen.seconds[name] for name in self._chosen(mutant))

    def _swaps(
        self, mutant: dict[str, Any], living: dict[tuple[str, str, int], list[FunctionType]]
    ) -> list[tuple[FunctionType, CodeType]] | None:
        path = str(Path.cwd() / mutant["path"])
        was = compile(Path(path).read_text(), path, "exec", dont_inherit=True)
        now = compile(mutant["source"], path, "exec", dont_inherit=True)
        pairs = list(_changed(was, now))
        swaps = []
        for old, new in pairs:
            rows = {row for code in _inside(old) for _, _, row in code.co_lines() if row} - {old.co_firstlineno}
            functions = living.get((path, old.co_qualname, old.co_firstlineno), [])
            if old.co_freevars != new.co_freevars or not rows or self.seen.early(mutant["path"], rows) or not functions:
                return None
            swaps += [(function, new) for function in functions if function.__code__ == old]
        return swaps or None


def _living() -> dict[tuple[str, str, int], list[FunctionType]]:
    found: dict[tuple[str, str, int], list[FunctionType]] = {}
    for one in gc.get_objects():
        if isinstance(one, FunctionType):
            code = one.__code__
            found.setdefault((code.co_filename, code.co_qualname, code.co_firstlineno), []).append(one)
    return found


def _changed(was: CodeType, now: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The outermost functions that differ. Of what differs outside of functions, the module itself."""
    inner = list(zip(_within(was), _within(now), strict=False))
    own = len(_within(was)) != len(_within(now)) or _own(was) != _own(now)
    if own:
        yield was, now
        return
    for old, new in inner:
        if old == new:
            continue
        if old.co_flags & 0x2:  # CO_NEWLOCALS: a function, and no class
            yield old, new
        else:
            yield from _changed(old, new)


def _within(code: CodeType) -> list[CodeType]:
    return [one for one in code.co_consts if isinstance(one, CodeType)]


def _own(code: CodeType) -> tuple[object, ...]:
    consts = [(type(one), one) for one in code.co_consts if not isinstance(one, CodeType)]
    return code.co_code, consts, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars


def _inside(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in _within(code):
        yield from _inside(one)


class Ordered:
    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        places = {name: number for number, name in enumerate(self.seen.ordered(set(self.seen.tests)))}
        items.sort(key=lambda item: places.get(item.nodeid, 0))


def read_anew(area: str, mutants: Sequence[dict[str, Any]], seen: Seen, folder: Path, ending: Ending) -> None:
    for name in json.loads((folder / "known.json").read_text()):
        with contextlib.suppress(Exception):
            importlib.import_module(name)
    gc.freeze()
    everything = sum(seen.seconds.values())
    for mutant, _ in played([(mutant, None, everything) for mutant in mutants], folder, ending):
        _read_instead(str(Path.cwd() / mutant["path"]), mutant["source"])
        status = pytest.main([*ARGUMENTS, *AREAS[area].tests], plugins=[ending, Repeating(), Ordered(seen)])
        ending.end(f"noticed: pytest said {status}")


def _read_instead(path: str, source: str) -> None:
    usual = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        return compile(source, path, "exec", dont_inherit=True) if loader.path == path else usual(loader, name)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]


def played(
    jobs: Sequence[tuple[dict[str, Any], Any, float]], folder: Path, ending: Ending
) -> Iterator[tuple[dict[str, Any], Any]]:
    """Each mutant, in a child that tells what became of it."""
    told = [(folder / f"{mutant['number']}.told", (mutant, how), 20 + 3 * seconds) for mutant, how, seconds in jobs]
    yield from children([one for one in told if not one[0].exists()], AT_ONCE, ending)


def main(area: str, folder: Path, way: str) -> int:
    seen = Seen(json.loads((folder / "watched.json").read_text()))
    mutants = json.loads((folder / "mutants.json").read_text())
    ending = Ending()
    if way == "in-place":
        plugin = InPlace(mutants, seen, folder, ending)
        status = pytest.main([*ARGUMENTS, *AREAS[area].tests], plugins=[plugin, ending, Repeating()])
        known = [name for name in sys.modules if name.split(".")[0] not in (*OURS, "tests", "benchmarks", "__main__")]
        (folder / "known.json").write_text(json.dumps(known))
        (folder / "left.json").write_text(json.dumps(plugin.left))
        return int(status)
    read_anew(area, json.loads((folder / "left.json").read_text()), seen, folder, ending)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), sys.argv[3]))
