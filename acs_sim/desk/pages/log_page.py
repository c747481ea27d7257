"""The front page: the log as it follows, filtered by what stands in the address."""

import asyncio
import re
from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any, Final
from urllib.parse import urlencode

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.log.lines import CHANNELS, Line
from acs_sim.desk.log.verdicts import judge
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.pages.rendering import render
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
    return await page_of(desk, "overview.html", "/", schemes=list(SCHEMES)[:4], **await _shown(desk, request))


async def rows(desk: Desk, request: WireRequest) -> WireResponse:
    """Drawn once for all who look at the same."""
    query = urlencode(sorted(_asked(request).items()))
    await desk.log.catch_up(desk.runtime.journal)
    html = desk.log.drawn.get(query)
    if html is None:
        html = render("rows.html", at=desk.addresses, **await _shown(desk, request))
        desk.log.drawn[query] = html
    return page(html)


def _asked(request: WireRequest) -> dict[str, str]:
    """What is asked for, by the names that mean something here."""
    told = {name: request.query.get(name, "")[:LONGEST].strip() for name in (*FILTERS, "before")}
    return {name: text for name, text in told.items() if text}


async def _shown(desk: Desk, request: WireRequest) -> dict[str, Any]:
    asked, log = _asked(request), desk.log
    await log.catch_up(desk.runtime.journal)
    before = int(asked["before"]) if asked.get("before", "").isdecimal() else None
    wanted = _wanted(asked)
    found = log.newest(wanted, before, PER_PAGE + 1)
    unjudged = _judged_soon(desk, log.newest(wanted, before, MOST_JUDGED) if "findings" in asked else found)
    choices, fixed = log.choices(), {"result": list(RESULTS), "channel": list(CHANNELS.values())}
    kept: dict[str, str] = {name: asked[name] for name in FILTERS if name in asked}
    return {
        "lines": found[:PER_PAGE],
        "older": f"/?{urlencode({**kept, 'before': found[PER_PAGE - 1].number})}" if len(found) > PER_PAGE else "",
        "newest": f"/?{urlencode(kept)}" if before is not None else "",
        "unjudged": unjudged,
        "live": f"/transactions/rows?{urlencode(asked)}",
        "asked": asked,
        "filters": kept,
        "chips": {name: fixed.get(name) or choices[name] for name in CHIPS},
    }


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
