"""One transaction: its sequence, the message that is selected, what can be done with it and taken away from it; and two of them
compared."""

from typing import Any, Final

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import CardholderAct, CardWish, ClockMove, Transaction
from acs_sim.desk.control.cards import mint
from acs_sim.desk.control.clock import move_everybodys
from acs_sim.desk.control.findings import judged
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.pages.picture import svg_file
from acs_sim.desk.pages.rendering import STATIC, facts, identifiers, render, shown
from acs_sim.desk.transactions.cardholder import decide, pay, played
from acs_sim.desk.transactions.challenges import challenge_of
from acs_sim.desk.transactions.diagram import diagram
from acs_sim.desk.transactions.list import addresses_of, find_transaction, transcript_of
from acs_sim.desk.transactions.list_v1 import is_classic
from acs_sim.desk.transactions.message import VIEWS, look_at
from acs_sim.desk.transactions.sequence import mermaid
from acs_sim.transcripts.difference import aligned, differences
from acs_sim.transcripts.scenario import as_scenario
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

DEEDS: Final[dict[str, tuple[str, CardholderAct]]] = {
    "right": ("Right code", CardholderAct(do="submit", code="correct")),
    "wrong": ("Wrong code", CardholderAct(do="submit", code="wrong")),
    "resend": ("Send a new code", CardholderAct(do="resend")),
    "cancel": ("Cancel", CardholderAct(do="cancel")),
}
DECISIONS: Final = {"approve": "Approve", "decline": "Decline"}
CODE_IS_OVER: Final = ClockMove(advance="301s")
YAML: Final = "application/yaml; charset=utf-8"
HTML_FILE: Final = "text/html; charset=utf-8"
PICTURES: Final = {"svg": ("image/svg+xml", svg_file), "mmd": ("text/plain; charset=utf-8", mermaid)}
SEALED: Final = ("MAC", "PBX_HMAC", "PBX_TIME", "url_retour_ok", "url_retour_err")
"""What a shop's form has of its own each time."""
WAITING: Final = frozenset({"enrolled", "creq-awaited", "challenging", "decoupled"})
"""States of the ACS in which there is something to do."""
TWO: Final = 2
AMOUNT: Final = 4200


async def transaction(desk: Desk, request: WireRequest) -> WireResponse:
    return await page_of(desk, "transaction.html", "", **await _shown(desk, request))


async def conversation(desk: Desk, request: WireRequest) -> WireResponse:
    return shown("conversation.html", **await _shown(desk, request))


async def act(desk: Desk, request: WireRequest) -> WireResponse:
    """What a button of the page does. Errors: `Problem`, told on a page."""
    identifier, deed = request.match["id"], read_form(request).get("do", "")
    if deed == "again":
        return see_other(await _again(desk, await find_transaction(desk, identifier)))
    if deed == "expire":
        await move_everybodys(desk, CODE_IS_OVER)
    elif deed in DECISIONS:
        one = await find_transaction(desk, identifier)
        await decide(desk, one.acsTransID or "", await _open_challenge(desk, one), deed)
    elif deed in DEEDS:
        await played(desk, identifier, DEEDS[deed][1])
    else:
        raise Problem(400, "Bad Request", f"do is one of {', '.join((*DEEDS, *DECISIONS, 'expire', 'again'))}")
    return see_other(f"/transactions/{identifier}")


async def scenario_file(desk: Desk, request: WireRequest) -> WireResponse:
    one = await find_transaction(desk, request.match["id"])
    text = as_scenario(await transcript_of(desk, one), _scenario(desk, one))
    return _file(text, YAML, f"scenario-{one.id}.yaml")


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
    html = render("report.html", style=(STATIC / "desk.css").read_text("utf-8"), now=desk.runtime.clock.now(), **shown)
    return _file(html, HTML_FILE, f"report-{shown['one'].id}.html")


async def compare(desk: Desk, request: WireRequest) -> WireResponse:
    """`?id=…&id=…`: two transactions beside one another, without what differs from run to run."""
    names = [name.strip() for key, name in request.query.items() if key == "id" and name.strip()]
    if len(names) != TWO:
        return await page_of(desk, "compare.html", "", names=names, pair=None, rows=[])
    first, second = [await find_transaction(desk, name) for name in names]
    before, after = await transcript_of(desk, first), await transcript_of(desk, second)
    changes = differences(before, after, ignored=SEALED)
    rows = list(aligned(before, after, changes))
    beside = [change for change in changes if change.before is None and change.after is None]
    return await page_of(desk, "compare.html", "", names=names, pair=(first, second), rows=[*beside, *rows])


async def _shown(desk: Desk, request: WireRequest) -> dict[str, Any]:
    one = await find_transaction(desk, request.match["id"])
    entries = await desk.runtime.journal.entries_of(one.id)
    asked = request.query.get("m", "")
    number = min(int(asked[:6]), len(entries)) if asked.isdecimal() and int(asked[:6]) else len(entries)
    view = request.query.get("view", "")
    found = await judged(entries)
    return {
        "one": one,
        "facts": facts(one),
        "identifiers": identifiers(one),
        "picture": diagram(entries),
        "found": found,
        "base": f"/transactions/{request.match['id']}",
        "message": await look_at(entries, number, addresses_of(desk)) if entries else None,
        "asked": asked if asked.isdecimal() else "",
        "view": view if view in VIEWS else "decoded",
        "views": VIEWS,
        "of_message": [(each, one) for one in found for each in one.evidence if each.number == number],
        "deeds": await _deeds(desk, one),
    }


async def _deeds(desk: Desk, one: Transaction) -> dict[str, str]:
    """What a cardholder could do now, by the words of the buttons."""
    if (one.challenge or {}).get("state") not in WAITING:
        return {}
    if (await _open_challenge(desk, one)).get("prompt"):
        return dict(DECISIONS)
    return {name: words for name, (words, _) in DEEDS.items()} | {"expire": "Let it expire"}


async def _open_challenge(desk: Desk, one: Transaction) -> dict[str, Any]:
    """What the ACS tells of it; nothing where it has none."""
    path = "/control/3ds1/challenge" if is_classic(one) else "/control/challenge"
    try:
        return await challenge_of(desk, path, one.acsTransID, "")
    except (Problem, Refused):
        return {}


def _scenario(desk: Desk, one: Transaction) -> str:
    line = desk.log.find(one.id)
    told = (one.challenge or {}).get("scenario") or (line.scenario if line is not None else "")
    return str(told) or "challenge-otp"


async def _again(desk: Desk, one: Transaction) -> str:
    """The address of another payment at the reference gateway, with a fresh card that does the same."""
    await desk.log.catch_up(desk.runtime.journal)
    card = await mint(desk, CardWish(one.scheme or "visa", _scenario(desk, one)))
    amount = int(one.amount) if one.amount and one.amount.isdecimal() else AMOUNT
    return f"/transactions/{await pay(desk, card, amount)}"


def _file(text: str, media: str, name: str) -> WireResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Content-Security-Policy": "sandbox"}
    return WireResponse(200, text.encode(), media, headers)
