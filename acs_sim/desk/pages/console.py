"""The console at `/`: what all pages of the desk have, finding, the clock, namespaces."""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sized
from functools import cache
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

from acs_sim.checking.element_pages import names_of
from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk, Handler
from acs_sim.desk.api.documents import ClockMove, NamespaceWish
from acs_sim.desk.control import namespaces
from acs_sim.desk.control.clock import clock_state, forget_everything, move_everybodys, seed_everybody
from acs_sim.desk.control.faults import in_force
from acs_sim.desk.control.rules import rules_in_force
from acs_sim.desk.documents import library
from acs_sim.desk.pages.rendering import drift, render, shown
from acs_sim.desk.transactions.list import find_transaction
from threedsecure.addresses import at_namespace
from threedsecure.cards.test_cards import read
from threedsecure.storage.errors import DatabaseAway
from threedsecure.v2.messages import MESSAGES
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, page, read_form, see_other

LONGEST_NAME: Final = 64
LONGEST_SEED: Final = 15
BAR: Final = "the bar"
MOVES: Final = {"freeze": ClockMove(freeze=True), "resume": ClockMove(resume=True)}


async def find(desk: Desk, request: WireRequest) -> WireResponse:
    """Anything by its name: an id, a card number, a phone, an element, a message or a document; what is none
    of them is searched in the log."""
    asked = request.query.get("id", "").strip()[:LONGEST_NAME]
    try:
        return see_other(f"/transactions/{quote((await find_transaction(desk, asked)).id, safe='')}")
    except Problem:
        return see_other(await asyncio.to_thread(_elsewhere, desk, asked))


def _elsewhere(desk: Desk, asked: str) -> str:
    bare = re.sub(r"[ \u00a0-]", "", asked)
    if (card := read(bare) if bare.isascii() else None) is not None:
        return f"/cards?scheme={card.scheme}&pan={bare}#builder"
    if re.fullmatch(r"\+[0-9]{6,15}", bare):
        return f"{desk.addresses.phone}/phones/{quote(bare, safe='')}"
    for message in MESSAGES:
        if asked == message or asked in names_of(message):
            return f"/elements/{message}#{quote(asked)}"
    if (told := library.named(asked)) is not None:
        return f"{library.desk_address(told[0])}#{told[1]}"
    return f"/?q={quote(asked)}"


async def move_clock_from_form(desk: Desk, request: WireRequest) -> WireResponse:
    form = read_form(request)
    wish = form.get("move", "")
    clock = desk.runtime.clock
    if seed := form.get("seed", "").strip():
        await seed_everybody(desk, _whole(seed))
    else:
        move = ClockMove(set=f"{form.get('set', '')}Z") if wish == "set" else MOVES.get(wish) or ClockMove(advance=wish)
        await move_everybodys(desk, move)
    if "application/json" in request.headers.get("accept", ""):
        state = clock_state(clock)
        return json_response({"now": state.now, "frozen": state.frozen, "words": drift(state)})
    return see_other(own_address(form.get("back", "")))


async def begin_again(desk: Desk, request: WireRequest) -> WireResponse:
    await forget_everything(desk)
    return see_other(own_address(read_form(request).get("back", "")))


async def show_namespaces(desk: Desk, request: WireRequest) -> WireResponse:
    """Those behind the same ports; within one, which it is and where the others are made."""
    there = [] if desk.runtime.namespaces is None else namespaces.listed(desk).namespaces
    return await page_of(desk, "namespaces.html", "/namespaces", there=there, front=front_of(desk))


async def change_namespaces(desk: Desk, request: WireRequest) -> WireResponse:
    form = read_form(request)
    if (ended := form.get("end")) is not None:
        await namespaces.end(desk, ended)
    else:
        await namespaces.make(desk, form.get("name", "").strip(), NamespaceWish())
    return see_other("/namespaces")


def front_of(desk: Desk) -> str:
    """The address of the desk without a namespace."""
    return (
        desk.addresses.desk
        if desk.namespace is None
        else desk.addresses.desk.removesuffix(at_namespace(desk.namespace))
    )


def own_address(back: str) -> str:
    """An address of the desk itself, else its front page."""
    return back if back.startswith("/") and not back.startswith(("//", "/\\")) else "/"


def answering_pages(handler: Handler) -> Handler:
    """The same handler for people: what goes wrong is told on a page."""

    async def answer(desk: Desk, request: WireRequest) -> WireResponse:
        try:
            return await handler(desk, request)
        except Refused as refusal:
            problem = refusal.problem()
        except Problem as error:
            problem = error
        return await page_of(desk, "error.html", "", problem.status, title=problem.title, detail=problem.detail)

    return answer


async def page_of(desk: Desk, name: str, here: str, status: int = 200, **values: Any) -> WireResponse:
    """A page of the desk with its bar; `here` is the address that the bar marks."""
    others = desk.runtime.namespaces
    beside = {"namespace": desk.namespace, "namespaces": 0 if others is None else len(others.listed())}
    clock = desk.runtime.clock
    bar = {"clock": clock_state(clock), "now": clock.now(), "in_force": await _trouble(desk), **beside}
    bar |= {"next": await _next(desk), "release": _release()}
    return shown(name, status, here=here, at=desk.addresses, **{**bar, **values})


async def bar(desk: Desk, _request: WireRequest) -> WireResponse:
    return page(await drawn_bar(desk, {}))


async def drawn_bar(desk: Desk, _query: Mapping[str, str]) -> str:
    """What of the bar follows: drawn once for all who look, until something crosses or the clock is moved."""
    log, setting = desk.log, desk.runtime.clock.setting
    await log.catch_up(desk.runtime.journal)
    name = f"{BAR} {setting}"
    html = log.drawn.get(name)
    if html is None:
        html = render("bar.html", now=desk.runtime.clock.now(), in_force=await _trouble(desk), next=await _next(desk))
        log.drawn[name] = html
    return html


@cache
def _release() -> str:
    return version("acs-sim")


async def _next(desk: Desk) -> dict[str, Any]:
    """What happens next by itself; nothing where the issuer cannot be asked."""
    try:
        return await desk.parties.call("acs", "/control/next")
    except (Problem, Refused, DatabaseAway):
        return {}


async def _trouble(desk: Desk) -> dict[str, tuple[str, int]]:
    """What is in force and makes messages otherwise than cards say: its page, and how many there are."""
    counted = {
        "fault": ("/faults", await _counted(in_force(desk))),
        "rule": ("/rules", await _counted(rules_in_force(desk))),
    }
    return {name: (page, count) for name, (page, count) in counted.items() if count}


async def _counted(standing: Awaitable[Sized]) -> int:
    """A page is shown also where that cannot be asked."""
    try:
        return len(await standing)
    except (Problem, Refused, DatabaseAway):
        return 0


def _whole(text: str) -> int:
    """Errors: `Problem` 400."""
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_SEED):
        raise Problem(400, "Bad Request", f"seed is a whole number of at most {LONGEST_SEED} digits")
    return int(text)


def one_of(value: str | None, known: Any, default: str) -> str:
    return value if value is not None and value in known else default
