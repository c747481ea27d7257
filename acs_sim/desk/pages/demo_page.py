"""The split screen: a shop, the phone of the card that is used there, and the messages of that purchase alone."""

from random import SystemRandom
from typing import Any, Final

from aiohttp import web

from acs_sim.client.card_list import card_document
from acs_sim.client.demo import card_of, card_words, demo_name, is_demo
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import Transaction
from acs_sim.desk.pages.console import one_of, page_of
from acs_sim.desk.pages.rendering import render
from acs_sim.desk.transactions.cardholder import decide, entry_for
from acs_sim.desk.transactions.challenges import challenge_of
from acs_sim.desk.transactions.diagram import CLASSIC, LIVE, diagram
from acs_sim.desk.transactions.events import Concerns, Listening, Render
from acs_sim.desk.transactions.list import find_transaction
from acs_sim.desk.transactions.list_v1 import is_classic
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS, V1_VERSION
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.storage.filing import Filing
from threedsecure.storage.ledger import Records
from threedsecure.web.journal import Journal
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_form

SHOPS: Final = {"e-transactions": "e-transactions", "monetico": "Monetico"}
LANGUAGES: Final = {"fr": "Français", "en": "English"}
VERSIONS: Final = {"": "EMV 3DS", V1_VERSION: "1.0.2"}
DEFAULT_SCENARIO: Final = "challenge-otp"
SERIALS: Final = range(100, 1000)
"""Each screen has a card of its own, and with it a phone of its own; American Express has three digits for it."""
STORY: Final = ("Order", "Bank is asked", "Bank answers", "Code on the phone", "Code is typed", "Result", "Shop knows")
BEGINNING: Final = "Payment form"
_CODE_IS_CHECKED: Final = "the ACS does not know this payment yet: it asks for a code once the bank's page is shown"


async def demo(desk: Desk, request: WireRequest) -> WireResponse:
    wish = request.query
    version = one_of(wish.get("version"), VERSIONS, "")
    scenarios, schemes = (V1_SCENARIOS, V1_SCHEMES) if version else (SCENARIOS, tuple(SCHEMES))
    scenario = one_of(wish.get("scenario"), scenarios, DEFAULT_SCENARIO)
    serial = wish.get("demo", "") if is_demo(wish.get("demo", "")) else str(SystemRandom().choice(SERIALS))
    words = card_words(one_of(wish.get("scheme"), schemes, "visa"), scenario, serial[-3:], version)
    card = card_of(words)
    if card is None:
        raise Problem(404, "Not Found", "there is no such card")
    return await page_of(
        desk,
        "demo.html",
        "/demo",
        shops=SHOPS,
        shop=one_of(wish.get("shop"), SHOPS, "e-transactions"),
        schemes={name: SCHEMES[name].name for name in schemes},
        scenarios=list(scenarios),
        versions=VERSIONS,
        version=version,
        card=card_document(card, desk.runtime.clock.now()),
        card_words=words,
        demo=serial,
        language=one_of(wish.get("lang"), LANGUAGES, _preferred_language(request)),
        languages=LANGUAGES,
        parties=_parties(version),
        story=STORY,
    )


async def answer(desk: Desk, request: WireRequest) -> WireResponse:
    """What to type on the bank's page for a `wanted` answer, correct or wrong; null where the banking app was told instead."""
    form = read_form(request)
    wanted = one_of(form.get("wanted"), ("correct", "wrong"), "correct")
    one = await find_transaction(desk, await _newest(desk, form.get("demo", "")))
    path = "/control/3ds1/challenge" if is_classic(one) else "/control/challenge"
    challenge = await challenge_of(desk, path, one.acsTransID, _CODE_IS_CHECKED)
    value = entry_for(challenge, wanted)
    if value is None:
        await _decided(desk, one, challenge, wanted)
    return json_response({"type": value})


def own_purchase(journal: Journal) -> Listening:
    """The messages of the purchases that were begun on the split screen `?demo=`, drawn."""

    def listening(request: web.Request) -> tuple[Concerns, Render]:
        demo, parties = request.query.get("demo", ""), _parties(request.query.get("version", ""))
        own: set[str] = set()

        async def concerns(entry: dict[str, Any]) -> bool:
            if entry["kind"] == BEGINNING:
                own.update(await _purchases(journal, demo))
            return entry["transaction_id"] in own

        def drawn(entry: dict[str, Any]) -> str:
            return render("arrow.html", one=diagram([entry], parties).arrows[0], columns=len(parties))

        return concerns, drawn

    return listening


def _parties(version: str) -> tuple[str, ...]:
    return CLASSIC if version == V1_VERSION else LIVE


async def _purchases(journal: Journal, demo: str) -> list[str]:
    """In the order in which they were begun."""
    if not is_demo(demo):
        return []

    def found(records: Records) -> list[str]:
        filing = Filing(records)
        begun = sorted(records.found_also_by(demo_name(demo)), key=lambda one: one[:3])
        return [filing.of(one) for one in begun]

    return await journal.read(found)


async def _newest(desk: Desk, demo: str) -> str:
    begun = await _purchases(desk.runtime.journal, demo)
    if not begun:
        raise Problem(409, "Conflict", "nothing has been ordered on this screen yet")
    return begun[-1]


async def _decided(desk: Desk, one: Transaction, challenge: dict[str, Any], wanted: str) -> None:
    await decide(desk, one.acsTransID or "", challenge, "approve" if wanted == "correct" else "decline")


def _preferred_language(request: WireRequest) -> str:
    """The shops are French; a visitor whose browser does not ask for French sees them in English."""
    return "fr" if request.headers.get("accept-language", "fr").lower().startswith("fr") else "en"
