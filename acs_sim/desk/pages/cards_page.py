"""The cards: what there is by what it is for, a number built or read digit by digit, a fresh card with every option, a payment."""

from collections.abc import Mapping
from itertools import groupby
from typing import Any, Final

import msgspec

from acs_sim.client.card_list import listed_cards
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import CardWish
from acs_sim.desk.card_words import INTENTS, answer, digits, intent, version_digits
from acs_sim.desk.control.cards import find_card, mint
from acs_sim.desk.pages.console import one_of, page_of
from acs_sim.desk.transactions.cardholder import pay
from threedsecure.cards.scenarios import (
    ALL_SCENARIOS,
    ISSUER_SETUPS,
    SCENARIOS,
    V1_SCENARIOS,
    V1_VERSION,
    VERSIONS,
    Scenario,
)
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES, compose, read
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

PAID: Final = 4200
PROTOCOLS: Final = {"": "EMV 3DS", V1_VERSION: "1.0.2"}
USUAL: Final = "challenge-otp"
LANGUAGES: Final = ("de", "en", "es", "fr", "it", "nl", "pt")
STATUSES: Final = ("Y", "N", "U", "A", "R", "I")
LONGEST_SEARCH: Final = 100
SERIALS_BUT: Final = 12
"""Digits of a number that are no serial."""


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    asked = request.query
    version = one_of(asked.get("version"), PROTOCOLS, "")
    scheme = one_of(asked.get("scheme"), V1_SCHEMES if version else SCHEMES, "visa")
    query, minted = asked.get("q", "").strip()[:LONGEST_SEARCH], asked.get("minted")
    now = desk.runtime.clock.now()
    scenarios = V1_SCENARIOS if version else SCENARIOS
    cards = [
        {**card, "answer": answer(scenarios[card["scenario"]]), "intent": intent(scenarios[card["scenario"]])}
        for card in listed_cards(scheme=scheme, version=version or None, now=now)
    ]
    cards.sort(key=lambda card: list(INTENTS).index(card["intent"]))
    return await page_of(
        desk,
        "cards.html",
        "/cards",
        schemes={name: SCHEMES[name].name for name in (V1_SCHEMES if version else SCHEMES)},
        scheme=scheme,
        version=version,
        protocols=PROTOCOLS,
        groups=[(INTENTS[name], list(found)) for name, found in groupby(cards, key=lambda card: card["intent"])],
        query=query,
        shown=[card["pan"] for card in cards if _has(card, query)],
        minted=await find_card(desk, minted) if minted else None,
        built=_built(asked, scheme),
        **_choices(),
    )


async def change(desk: Desk, request: WireRequest) -> WireResponse:
    """A fresh card with what was filled in, or a payment with a card."""
    form = read_form(request)
    if pan := form.get("pay"):
        card = await find_card(desk, pan)
        return see_other(f"/transactions/{await pay(desk, card, PAID)}")
    card = await mint(desk, _wish(form))
    return see_other(f"/cards?scheme={card.scheme}&minted={card.pan}")


def _wish(form: Mapping[str, str]) -> CardWish:
    """Errors: `Problem` 400 that names the field."""
    given: dict[str, Any] = {"scheme": "", "scenario": ""} | {name: text for name, text in form.items() if text.strip()}
    try:
        given["faults"] = msgspec.json.decode(given.get("faults", "[]"))
        return msgspec.convert(given, CardWish, strict=False)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise Problem(400, "Bad Request", f"{error}") from error


def _built(asked: Mapping[str, str], scheme: str) -> dict[str, Any]:
    """The number that the builder shows: one that was typed, or one of the digits that were chosen."""
    typed = "".join(part for part in asked.get("pan", "") if part.isdigit())
    scenario = ALL_SCENARIOS[one_of(asked.get("scenario"), ALL_SCENARIOS, USUAL)]
    pan = typed or _composed(asked, scheme, scenario)
    card = read(pan) if pan.isascii() else None
    return {
        "pan": pan,
        "typed": typed,
        "parts": [] if card is None else digits(card),
        "card": card,
        "answer": "" if card is None else answer(card.scenario),
        "scheme": scheme if card is None else card.scheme,
        "scenario": scenario.name if card is None else card.scenario.name,
        "digit": pan[7:8],
        "setup": pan[8:9],
        "serial": pan[11:-1] if card is not None else "",
    }


def _composed(asked: Mapping[str, str], scheme: str, scenario: Scenario) -> str:
    digit, setup = asked.get("digit", ""), asked.get("setup", "")
    serial, room = asked.get("serial", ""), SCHEMES[scheme].pan_lengths[0] - SERIALS_BUT
    return compose(
        scheme,
        scenario,
        serial=serial if serial.isascii() and serial.isdigit() and len(serial) <= room else "0",
        version=digit if digit in version_digits() else None,
        setup=setup if setup in ISSUER_SETUPS else None,
    )


def _choices() -> dict[str, Any]:
    """What can be chosen, with the words for it."""
    names = {
        "scenarios": ALL_SCENARIOS,
        "languages": LANGUAGES,
        "statuses": STATUSES,
        "versions": [versions[0] for versions in VERSIONS.values() if len(versions) == 1],
    }
    return {"digits": version_digits(), "setups": ISSUER_SETUPS} | {
        name: {one: one for one in choices} for name, choices in names.items()
    }


def _has(card: Mapping[str, Any], query: str) -> bool:
    text = " ".join((card["pan"], card["scenario"], card["description"], card["phone"], card["answer"])).lower()
    return all(word in text for word in query.lower().split())
