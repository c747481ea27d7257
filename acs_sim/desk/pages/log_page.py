"""The front page: the log as it follows, filtered by what stands in the address."""

import asyncio
import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlencode

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.log.lines import CHANNELS, Line, Log
from acs_sim.desk.log.verdicts import judge
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.pages.rendering import render
from acs_sim.findings.engine import is_told
from acs_sim.findings.model import Severity
from threedsecure.cards.card_numbers import mask
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.wire import WireRequest, WireResponse, page

PER_PAGE: Final = 50
MOST_JUDGED: Final = 200
"""Lines that are looked at for findings when only those with findings are wanted."""
RESULTS: Final = ("Y", "N", "A", "U", "R", "C", "D", "I", "refused")
CHIPS: Final = ("result", "reason", "scheme", "version", "channel", "scenario")
FILTERS: Final = ("q", *CHIPS, "findings", "faults")
_VALUE_OF: Final = {name: attrgetter(name) for name in ("scheme", "version", "channel", "scenario")} | {
    name: attrgetter(f"outcome.{name}") for name in ("result", "reason")
}
LONGEST: Final = 100
_CARD_NUMBER: Final = re.compile("[0-9]{13,19}")


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    return await page_of(desk, "overview.html", "/", schemes=list(SCHEMES)[:4], **await _shown(desk, request.query))


async def rows(desk: Desk, request: WireRequest) -> WireResponse:
    return page(await drawn(desk, request.query))


async def drawn(desk: Desk, query: Mapping[str, str]) -> str:
    """Drawn once for all who look at the same."""
    name = urlencode(sorted(_asked(query).items()))
    await desk.log.catch_up(desk.runtime.journal)
    html = desk.log.drawn.get(name)
    if html is None:
        html = render("rows.html", at=desk.addresses, **await _shown(desk, query))
        desk.log.drawn[name] = html
    return html


def _asked(query: Mapping[str, str]) -> dict[str, str]:
    """What is asked for, by the names that mean something here."""
    told = {name: query.get(name, "")[:LONGEST].strip() for name in (*FILTERS, "before")}
    return {name: text for name, text in told.items() if text}


async def _shown(desk: Desk, query: Mapping[str, str]) -> dict[str, Any]:
    asked, log = _asked(query), desk.log
    await log.catch_up(desk.runtime.journal)
    before = int(asked["before"]) if asked.get("before", "").isdecimal() else None
    wanted = _wanted(asked)
    found = log.newest(wanted, before, PER_PAGE + 1)
    unjudged = _judged_soon(desk, log.newest(wanted, before, MOST_JUDGED) if "findings" in asked else found)
    choices, fixed = log.choices(), {"result": list(RESULTS), "channel": list(CHANNELS.values())}
    kept: dict[str, str] = {name: asked[name] for name in FILTERS if name in asked}
    return {
        "first": _first(log, found) if not kept and before is None else None,
        "lines": found[:PER_PAGE],
        "older": f"/?{urlencode({**kept, 'before': found[PER_PAGE - 1].number})}" if len(found) > PER_PAGE else "",
        "newest": f"/?{urlencode(kept)}" if before is not None else "",
        "unjudged": unjudged,
        "live": f"/transactions/rows?{urlencode(asked)}",
        "asked": asked,
        "filters": kept,
        "chips": {name: fixed.get(name) or choices[name] for name in CHIPS},
    }


def _first(log: Log, found: list[Line]) -> dict[str, Any] | None:
    """The first exchange of all while it is the only one, with what is to be mended: for whoever waited for it."""
    if len(found) != 1 or (found[0].verdict is None and found[0].outcome.result != "refused"):
        return None
    (line,) = found
    kind = next((kind for kind in ("AReq", "VEReq") if kind in line.kinds), "")
    told = line.verdict.findings if line.verdict is not None and line.outcome.result != "refused" else ()
    wrong = [one for one in told if is_told(one.severity, Severity.WARNING) and one.rule.name not in log.muted]
    return {"line": line, "kind": kind, "wrong": wrong} if kind else None


def _wanted(asked: Mapping[str, str]) -> Callable[[Line], bool]:
    """Whether every filter and every word of the search leaves a line."""
    same = [(value_of, asked[name]) for name, value_of in _VALUE_OF.items() if name in asked]
    words = _words(asked.get("q", ""))

    def wanted(line: Line) -> bool:
        for value_of, value in same:
            if value_of(line) != value:
                return False
        if ("faults" in asked and not line.faults) or ("findings" in asked and line.is_judged and not line.findings):
            return False
        text = line.text if words else ""
        return all(word in text for word in words)

    return wanted


def _words(query: str) -> tuple[str, ...]:
    """A card number is looked for as it is shown."""
    return tuple(mask(word) if _CARD_NUMBER.fullmatch(word) else word for word in query.lower().split())


def _judged_soon(desk: Desk, lines: list[Line]) -> int:
    """How many are not judged yet; that is done beside the page, which is drawn again when it is."""
    unjudged = [line for line in lines if not line.is_judged]
    if unjudged and (desk.log.judging is None or desk.log.judging.done()):
        desk.log.judging = asyncio.create_task(
            judge(desk.log, desk.runtime.journal, unjudged), name="findings of the log"
        )
    return len(unjudged)
