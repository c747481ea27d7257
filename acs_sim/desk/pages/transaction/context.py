"""What stands beside a conversation: the card and what it does, its phone and the code, what runs out, the order at the shop."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson
from markupsafe import escape

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import Transaction
from acs_sim.desk.transactions.challenges import challenge_of
from acs_sim.desk.transactions.list import find_transaction
from acs_sim.desk.transactions.list_v1 import is_classic
from threedsecure.cards.scenarios import ALL_SCENARIOS
from threedsecure.errors import PeerTimedOut, PeerUnreachable
from threedsecure.web.wire import Problem, WireRequest, WireResponse

SHOP_SECONDS: Final = 2.0
OK: Final = 200
RUNS_OUT: Final = {"code_expires_at": "Code expires", "ends_at": "Page times out"}


async def banks_page(desk: Desk, request: WireRequest) -> WireResponse:
    """What the cardholder of an open challenge sees, to look at: nothing runs, and nothing can be sent."""
    told = await open_challenge(desk, await find_transaction(desk, request.match["id"]), page=True)
    if not told.get("page"):
        raise Problem(404, "Not Found", "the bank shows no page for it now")
    bank = "{0.scheme}://{0.netloc}".format(urlsplit(desk.addresses.acs))
    loads = f"default-src 'none'; style-src {bank} 'unsafe-inline'; img-src {bank} data:"
    headers = {
        "Content-Security-Policy": f"{loads}; frame-ancestors 'self'; sandbox",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    html = str(told["page"]).replace("<head>", f'<head><base href="{escape(desk.addresses.acs)}/">', 1)
    return WireResponse(200, html.encode(), "text/html; charset=utf-8", headers)


async def open_challenge(desk: Desk, one: Transaction, *, page: bool = False) -> dict[str, Any]:
    """What the ACS tells of it, with the bank's `page` where that is wanted; nothing where it has none."""
    path = "/control/3ds1/challenge" if is_classic(one) else "/control/challenge"
    try:
        return await challenge_of(desk, path, one.acsTransID, "", page=page)
    except (Problem, Refused):
        return {}


async def card_of(desk: Desk, one: Transaction) -> dict[str, Any]:
    """The card's number and its standing, as the ACS knows them; nothing where it does not."""
    if one.acsTransID is None or is_classic(one):
        return {}
    try:
        return await desk.parties.call("acs", "/control/cards/of", {"id": one.acsTransID})
    except (Problem, Refused):
        return {}


async def context_of(desk: Desk, one: Transaction, challenge: Mapping[str, Any]) -> dict[str, Any]:
    """`challenge`: as the ACS tells it, where there is something to do."""
    scenario = scenario_of(desk, one)
    known = ALL_SCENARIOS.get(scenario)
    number = str(challenge.get("phone") or (one.challenge or {}).get("phone") or "")
    return {
        "scenario": scenario,
        "does": known.description if known is not None else "",
        "locked": (await card_of(desk, one)).get("locked", False),
        "phone": number,
        "phone_at": f"{desk.addresses.phone}/phones/{quote(number, safe='')}",
        "code": challenge.get("code"),
        "tries_left": challenge.get("tries_left"),
        "resends_left": challenge.get("resends_left"),
        "runs_out": [(words, at) for name, words in RUNS_OUT.items() if (at := challenge.get(name))],
        "order": await _order(desk, one),
        "shows": challenge.get("state") == "challenging" and (challenge.get("creq") or is_classic(one)),
    }


def scenario_of(desk: Desk, one: Transaction) -> str:
    """What its card does, by its name; empty where nobody knows."""
    line = desk.log.find(one.id)
    return str((one.challenge or {}).get("scenario") or (line.scenario if line is not None else ""))


async def _order(desk: Desk, one: Transaction) -> dict[str, Any]:
    """The order at the reference gateway's shop, if it was one."""
    name = quote(one.id, safe="")
    try:
        answer = await desk.runtime.transport.get(f"{desk.addresses.shop}/api/purchases/{name}", timeout=SHOP_SECONDS)
    except (PeerTimedOut, PeerUnreachable):
        return {}
    if answer.status != OK:
        return {}
    told = orjson.loads(answer.body)
    came_of = told.get("result") or told["state"]
    return {"reference": told["reference"], "came_of": came_of, "at": f"{desk.addresses.shop}/log/{name}"}
