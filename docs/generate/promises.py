"""`docs/promises.md`: the list that the simulation holds, and what it has seen of it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.simulation.bugs import BUGS
from tests.simulation.promises import PROMISES

FIGURES: Final = Path(__file__).parents[2] / "tests" / "simulation" / "figures.json"
_HEAD: Final = """# What the simulator promises

Written by `make docs` from `tests/simulation/promises.py`. Whatever happens to it, these hold. They are held by a simulation of
the simulator, in the manner of FoundationDB's: all parties in one process, on an event loop whose time is virtual and whose order
is drawn from a seed; a network that delays, loses, breaks off and repeats, between the parties too; the real SQLite on a disk that
is full, read-only, locked, slow or broken for a while; a process that is killed, also in the middle of a commit, and started again
on what is there. Cardholders, gateways and shops that are drawn too pay, guess, double-click, come back and go away, in EMV 3-D
Secure and in 1.0.2.
"""
_REPEAT: Final = """One seed is one story, always the same. `make test` plays a fixed set of seeds; `make simulate
SECONDS=3600` plays new ones on all processors. What breaks a promise is shrunk to a short story, which is told like a
scenario file, and played again by `python -m tests.simulation --story FILE`; a seed as it was drawn by `--seed NUMBER`.
"""


def page() -> str:
    """The whole page."""
    return f"{_HEAD}\n{_table()}\n\n## How it is repeated\n\n{_REPEAT}\n## Figures\n\n{_figures()}\n\n{_bugs()}\n"


def _table() -> str:
    rows = (f"| `{promise.name}` | {promise.words} | {promise.how} |" for promise in PROMISES)
    return "\n".join(("| promise | what | against what it is held |", "|---|---|---|", *rows))


def _figures() -> str:
    told: dict[str, Any] = json.loads(FIGURES.read_text("utf-8"))
    return "\n".join(_rows(told))


def _rows(told: dict[str, Any]) -> Iterator[str]:
    yield "| seeds | authentications | crashes | faults of disk, network, shops | virtual days | seconds | that broke one |"
    yield "|---|---|---|---|---|---|---|"
    days = told["virtual_seconds"] / 86_400
    yield (
        f"| {told['seeds']:,} | {told['authentications']:,} | {told['crashes']:,} | {told['faults']:,} | {days:,.0f} "
        f"| {told['seconds']:,.0f} | {told['broken']} |"
    )


def _bugs() -> str:
    """What was found stays in `tests/simulation/stories`."""
    named = "; ".join(BUGS)
    return f"Mistakes that are planted on purpose, each of which is found within a thousand seeds (a test says so): {named}."
