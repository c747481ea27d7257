"""The console at `/`: transactions and their conversations, the cards, the clock, the split screen."""

from typing import Any, Final
from urllib.parse import quote

from acs_sim.client.card_list import listed_cards
from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk, Handler
from acs_sim.desk.api.documents import CardWish, ClockMove, Transaction
from acs_sim.desk.control.cards import find_card, mint
from acs_sim.desk.control.clock import clock_state, move_everybodys
from acs_sim.desk.control.findings import judged
from acs_sim.desk.pages.rendering import drift, facts, identifiers, render, shown
from acs_sim.desk.transactions.diagram import diagram
from acs_sim.desk.transactions.list import entries_of, find_transaction, newest_transactions
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.wire import HTML, Problem, WireRequest, WireResponse, json_response, read_form, see_other

OVERVIEW_LIMIT: Final = 50
MOVES: Final = {"freeze": ClockMove(freeze=True), "resume": ClockMove(resume=True)}
GRAMMAR: Final = (
    (
        "4000000",
        "prefix",
        "the scheme: 4000000 Visa, 5200000 Mastercard, 3400000 American Express, 4000002 Cartes Bancaires on Visa, 3530110 JCB, "
        "6011000 Discover, 6200000 UnionPay; published for tests, never issued",
    ),
    (
        "0",
        "versions",
        "which versions the card range knows: 0 for all, 1 for 2.1.0 alone, 2 for 2.2.0 alone, 3 for 2.3.1 alone, "
        "8 for a card outside every range",
    ),
    (
        "0",
        "issuer",
        "0 a 3DS Method that answers, 1 no 3DS Method, 2 one that never calls back, 3 an ACS that refuses "
        "the connection, 4 and 5 the same with an answer (A, U) of the scheme in its place",
    ),
    ("10", "scenario", "what happens: the list above"),
    ("0000", "serial", "yours to choose (three digits for American Express); 0000 is the card of the list"),
    ("1", "check", "the Luhn digit"),
)


async def overview(desk: Desk, _request: WireRequest) -> WireResponse:
    return page_of(desk, "overview.html", "/", schemes=list(SCHEMES)[:4], **await _newest(desk))


async def rows(desk: Desk, _request: WireRequest) -> WireResponse:
    return _fragment(render("rows.html", **await _newest(desk)))


async def transaction(desk: Desk, request: WireRequest) -> WireResponse:
    return page_of(desk, "transaction.html", "", **await _conversation(desk, request.match["id"]))


async def conversation(desk: Desk, request: WireRequest) -> WireResponse:
    return _fragment(render("conversation.html", **await _conversation(desk, request.match["id"])))


async def find(desk: Desk, request: WireRequest) -> WireResponse:
    found = await find_transaction(desk, request.query.get("id", "").strip())
    return see_other(f"/transactions/{quote(found.id, safe='')}")


async def cards(desk: Desk, request: WireRequest) -> WireResponse:
    scheme = one_of(request.query.get("scheme"), SCHEMES, "visa")
    pan = request.query.get("minted")
    return page_of(
        desk,
        "cards.html",
        "/cards",
        schemes=SCHEMES,
        chosen=scheme,
        cards=listed_cards(scheme=scheme, now=desk.runtime.clock.now()),
        minted=await find_card(desk, pan) if pan else None,
        grammar=[{"digits": digits, "name": name, "meaning": meaning} for digits, name, meaning in GRAMMAR],
    )


async def mint_from_form(desk: Desk, request: WireRequest) -> WireResponse:
    form = read_form(request)
    card = await mint(desk, CardWish(form.get("scheme", ""), form.get("scenario", "")))
    return see_other(f"/cards?scheme={card.scheme}&minted={card.pan}")


async def move_clock_from_form(desk: Desk, request: WireRequest) -> WireResponse:
    form = read_form(request)
    wish = form.get("move", "")
    clock = desk.runtime.clock
    await move_everybodys(desk, MOVES.get(wish) or ClockMove(advance=wish))
    if "application/json" in request.headers.get("accept", ""):
        state = clock_state(clock)
        return json_response({"now": state.now, "frozen": state.frozen, "words": drift(state)})
    back = form.get("back", "")
    return see_other(back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/")


def answering_pages(handler: Handler) -> Handler:
    """The same handler for people: what goes wrong is told on a page."""

    async def answer(desk: Desk, request: WireRequest) -> WireResponse:
        try:
            return await handler(desk, request)
        except Refused as refusal:
            problem = refusal.problem()
        except Problem as error:
            problem = error
        return page_of(desk, "error.html", "", problem.status, title=problem.title, detail=problem.detail)

    return answer


async def _newest(desk: Desk) -> dict[str, Any]:
    try:
        found = await newest_transactions(desk, {"limit": OVERVIEW_LIMIT})
    except (Problem, Refused) as error:
        return {"transactions": [], "problem": str(error)}
    return {"transactions": found, "problem": None}


async def _conversation(desk: Desk, identifier: str) -> dict[str, Any]:
    one: Transaction = await find_transaction(desk, identifier)
    entries = await entries_of(desk, one)
    return {
        "one": one,
        "facts": facts(one),
        "identifiers": identifiers(one),
        "picture": diagram(entries),
        "found": await judged(entries),
    }


def page_of(desk: Desk, name: str, here: str, status: int = 200, **values: Any) -> WireResponse:
    """A page of the desk with its bar; `here` is the address that the bar marks."""
    return shown(name, status, here=here, at=desk.addresses, clock=clock_state(desk.runtime.clock), **values)


def _fragment(html: str) -> WireResponse:
    return WireResponse(200, html.encode(), HTML, {"Cache-Control": "no-store"})


def one_of(value: str | None, known: Any, default: str) -> str:
    return value if value is not None and value in known else default
