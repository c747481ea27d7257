"""One transaction: its sequence, the message that is selected, what can be done with it and taken away from it."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import Transaction
from acs_sim.desk.control.findings import judged
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.pages.picture import svg_file
from acs_sim.desk.pages.rendering import STATIC, facts, identifiers, render, shown
from acs_sim.desk.pages.transaction.context import context_of, open_challenge, scenario_of
from acs_sim.desk.pages.transaction.deeds import AGAIN, DEFAULT_SCENARIO, OUTCOMES, WAITING, offered
from acs_sim.desk.transactions.diagram import diagram
from acs_sim.desk.transactions.list import addresses_of, find_transaction, transcript_of
from acs_sim.desk.transactions.message import VIEWS, look_at
from acs_sim.desk.transactions.sequence import mermaid
from acs_sim.transcripts.scenario import as_scenario
from threedsecure.web.wire import Problem, WireRequest, WireResponse

YAML: Final = "application/yaml; charset=utf-8"
HTML_FILE: Final = "text/html; charset=utf-8"
PICTURES: Final = {"svg": ("image/svg+xml", svg_file), "mmd": ("text/plain; charset=utf-8", mermaid)}


async def transaction(desk: Desk, request: WireRequest) -> WireResponse:
    return await page_of(desk, "transaction.html", "", **await _shown(desk, request))


async def conversation(desk: Desk, request: WireRequest) -> WireResponse:
    return shown("conversation.html", **await _shown(desk, request))


async def scenario_file(desk: Desk, request: WireRequest) -> WireResponse:
    one = await find_transaction(desk, request.match["id"])
    return _file(await scenario_text(desk, one), YAML, f"scenario-{one.id}.yaml")


async def scenario_text(desk: Desk, one: Transaction) -> str:
    """A scenario file that plays it again."""
    await desk.log.catch_up(desk.runtime.journal)
    return as_scenario(await transcript_of(desk, one), scenario_of(desk, one) or DEFAULT_SCENARIO)


async def picture(desk: Desk, request: WireRequest) -> WireResponse:
    """The sequence as a picture, or as text that others draw."""
    one = await find_transaction(desk, request.match["id"])
    entries, form = await desk.runtime.journal.entries_of(one.id), request.match["form"]
    if form not in PICTURES:
        raise Problem(404, "Not Found", f"there is sequence.{' and sequence.'.join(PICTURES)}")
    media, drawn = PICTURES[form]
    return _file(drawn(entries), media, f"sequence-{one.id}.{form}")


async def report(desk: Desk, request: WireRequest) -> WireResponse:
    """All there is to say in one file that opens anywhere."""
    shown = await _shown(desk, request)
    html = render("report.html", style=(STATIC / "desk.css").read_text("utf-8"), alone=True, **shown)
    return _file(html, HTML_FILE, f"report-{shown['one'].id}.html")


async def _shown(desk: Desk, request: WireRequest) -> dict[str, Any]:
    one = await find_transaction(desk, request.match["id"])
    entries = await desk.runtime.journal.entries_of(one.id)
    asked = request.query.get("m", "")
    number = min(int(asked[:6]), len(entries)) if asked.isdecimal() and int(asked[:6]) else _first_shown(one, entries)
    view = request.query.get("view", "")
    found, state = await judged(desk, entries), (one.challenge or {}).get("state")
    challenge = await open_challenge(desk, one) if state in WAITING else {}
    return {
        "one": one,
        "now": desk.runtime.clock.now(),
        "facts": facts(one),
        "identifiers": identifiers(one),
        "picture": diagram(entries),
        "found": found,
        "base": f"/transactions/{request.match['id']}",
        "message": await look_at(entries, number, addresses_of(desk)) if entries else None,
        "asked": asked if asked.isdecimal() else "",
        "view": view if view in VIEWS else "decoded",
        "views": VIEWS,
        "of_message": [
            (each, named) for each in found if (named := [one for one in each.evidence if one.number == number])
        ],
        "deeds": offered(challenge, state),
        "context": await context_of(desk, one, challenge),
        "pinned": Counter(number for each in found for number in {one.number for one in each.evidence}),
        "again": AGAIN,
        "outcomes": OUTCOMES,
    }


def _first_shown(one: Transaction, entries: Sequence[Mapping[str, Any]]) -> int:
    """The newest message, and of what was refused the one that was."""
    refused = one.refusal.refused if one.refusal is not None else ""
    kinds = [entry["kind"] for entry in entries]
    return kinds.index(refused) + 1 if refused in kinds else len(entries)


def _file(text: str, media: str, name: str) -> WireResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return WireResponse(200, text.encode(), media, headers)
