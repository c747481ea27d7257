"""The numbers of other systems: each is paid with, and does what its vendor's page says."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest

from acs_sim.client import aliases
from acs_sim.client.parties import Parties
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.control.cards import unlisted
from acs_sim.running.stack import CannotStart, Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import Caller
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.third_party import ThreeDSServer, three_ds_server
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import read
from threedsecure.web.clock import Clock

TOGETHER = ("stripe", "adyen", "checkout", "lyra", "braintree", "cardinal", "mastercard-gateway")
ANSWERS = {
    "adyen": {"enrolled": "C", "frictionless": "Y", "challenge-only": "C"},
    "braintree": {
        "no-challenge-successful": "Y",
        "no-challenge-failed": "N",
        "no-challenge-attempt": "A",
        "no-challenge-unavailable": "U",
    },
    "cardinal": {
        "2.1": "Y",
        "2.2": "N",
        "2.3": "A",
        "2.4": "U",
        "2.5": "R",
        "2.6": "N",
        "2.7": "Erro 403",
        "2.8": "Erro 402",
        "2.9": "C",
        "2.10": "C",
        "2.11": "C",
        "2.12": "C",
        "2.14": "Y",
    },
    "checkout": {
        "frictionless": "Y",
        "frictionless-not-authenticated": "N",
        "frictionless-rejected": "R",
        "not-enrolled": "N",
        "challenge": "C",
        "challenge-attempted": "C",
        "challenge-not-authenticated": "C",
        "challenge-rejected": "C",
        "no-3ds": "N",
    },
    "lyra": {"challenge": "C", "challenge-no-method": "C", "frictionless": "Y", "rejected": "R", "refused": "C"},
    "mastercard-gateway": {
        "challenge": "C",
        "challenge-no-method": "C",
        "frictionless": "Y",
        "frictionless-no-method": "Y",
        "attempted": "A",
        "rejected-04": "R 04",
        "rejected": "R",
        "unavailable": "U 01",
        "not-authenticated": "N 04",
        "error": "Erro 403",
        "no-answer": "Erro 405",
    },
    "stripe": {
        "required": "C",
        "required-declined": "C",
        "required-error": "Erro 403",
        "supported": "Y",
        "supported-error": "Erro 403",
        "unenrolled": "N",
        "not-supported": "N",
        "frictionless": "Y",
        "always": "C",
        "unless-set-up": "C",
        "already-set-up": "C",
        "insufficient-funds": "C",
        "out-of-band": "C",
        "one-time-passcode": "C",
        "single-select": "C",
        "multi-select": "C",
    },
    "worldpay": {"challenge-identified": "C", "authorised": "Y"},
}
"""transStatus, with the reason where the vendor says one, or the code of the Erro."""
ENDINGS = [
    ("adyen", "enrolled", "password", "Y"),
    ("adyen", "challenge-only", "password", "Y"),
    ("cardinal", "2.10", "1234", "N"),
    ("cardinal", "2.11", "1234", "U"),
    ("checkout", "challenge", "Checkout1!", "Y"),
    ("checkout", "challenge-attempted", "Checkout1!", "A"),
    ("checkout", "challenge-not-authenticated", "Checkout1!", "N"),
    ("checkout", "challenge-rejected", "Checkout1!", "R"),
    ("mastercard-gateway", "challenge", "R", "R"),
    ("mastercard-gateway", "challenge-no-method", "U", "U"),
    ("stripe", "required", "Y", "Y"),
    ("stripe", "required", "N", "N"),
]
"""What is typed or pressed, and the transStatus of the RReq."""
NO_METHOD = [
    ("adyen", "challenge-only"),
    ("lyra", "challenge-no-method"),
    ("mastercard-gateway", "challenge-no-method"),
    ("mastercard-gateway", "frictionless-no-method"),
    ("mastercard-gateway", "attempted"),
    ("mastercard-gateway", "rejected-04"),
    ("mastercard-gateway", "unavailable"),
    ("mastercard-gateway", "not-authenticated"),
    ("mastercard-gateway", "error"),
]
"""Whose table says that there is no 3DS Method; the others have one, or say nothing of it."""
BY_NAME = {
    "3DS_V2_FRICTIONLESS_IDENTIFIED": ("Y", None),
    "3ds2-frictionless-identified": ("Y", None),
    "3DS_V2_CHALLENGE_IDENTIFIED": ("C", "Y"),
    "3ds2-challenge-identified": ("C", "Y"),
    "3DS_V2_CHALLENGE_UNKNOWN_IDENTITY": ("C", "N"),
    "Bob Smith": ("C", "Y"),
}


@asynccontextmanager
async def knowing(*packs: str) -> AsyncIterator[Stack]:
    clock = Clock(frozen_at=datetime(2026, 6, 15, 12, 0, tzinfo=UTC))
    async with running_stack(with_free_ports(Settings(fresh=True, seed=1, aliases=packs)), clock=clock) as stack:
        yield stack


@pytest.fixture(scope="module")
def gateway():
    with three_ds_server() as server:
        yield server


@pytest.fixture(scope="module")
async def together() -> AsyncIterator[Stack]:
    async with knowing(*TOGETHER) as stack:
        yield stack


@pytest.fixture(scope="module")
async def worldpay() -> AsyncIterator[Stack]:
    async with knowing("worldpay") as stack:
        yield stack


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


def numbers(pack: str) -> list[tuple[str, str, str]]:
    """Number, scheme, alias."""
    return [(pan, scheme, alias.name) for pan, scheme, alias in aliases.packs()[pack].numbers]


async def pay(stack: Stack, session: aiohttp.ClientSession, scheme: str, areq: dict) -> dict:
    async with session.post(f"{stack.addresses.ds}/{scheme}/3ds2", json=areq) as answer:
        return await answer.json(content_type=None)


def told(answer: dict, expected: str) -> str:
    if answer["messageType"] == "Erro":
        return f"Erro {answer['errorCode']}"
    reason = f" {answer['transStatusReason']}" if " " in expected else ""
    return answer["transStatus"] + reason


async def result(stack: Stack, session: aiohttp.ClientSession, gateway: ThreeDSServer, ares: dict, typed: str) -> str:
    """The transStatus of the RReq, after the cardholder has typed or pressed that."""
    desk, name = Caller(session, stack.addresses.desk), ares["threeDSServerTransID"]
    wish = {"do": "submit", "code": typed}
    status, document, _ = await desk("POST", f"/api/transactions/{name}/cardholder", json=wish)
    assert status == 200, document
    while True:
        rreq = await asyncio.to_thread(gateway.results.get, timeout=PATIENCE_SECONDS)
        if rreq["threeDSServerTransID"] == name:
            return rreq["transStatus"]


def test_the_tables_know_every_alias_that_has_a_number():
    known = {pack: {alias.name for alias in found.alias if alias.cards} for pack, found in aliases.packs().items()}
    assert {pack: names for pack, names in known.items() if names} == {pack: {*rows} for pack, rows in ANSWERS.items()}
    assert {name for alias in aliases.packs()["worldpay"].alias for name in alias.cardholders} == {*BY_NAME} - {
        "Bob Smith"
    }


@pytest.mark.parametrize("pack", ANSWERS)
async def test_every_number_of_a_pack_is_answered_as_its_vendor_says(together, worldpay, gateway, session, pack):
    stack = worldpay if pack == "worldpay" else together
    rows = numbers(pack)
    paying = [asyncio.create_task(pay(stack, session, scheme, gateway.areq(pan))) for pan, scheme, _ in rows]
    while (await asyncio.wait(paying, timeout=0.2))[1]:  # an ACS that is silent is given up by the virtual clock
        stack.clock.advance(timedelta(seconds=11))
    expected = {pan: ANSWERS[pack][alias] for pan, _, alias in rows}
    answers = {pan: told(task.result(), expected[pan]) for (pan, _, _), task in zip(rows, paying, strict=True)}
    assert answers == expected


async def test_the_range_of_a_number_has_a_3ds_method_where_its_vendor_says_so(together, session):
    desk, without = Caller(session, together.addresses.desk), set()
    for scheme in SCHEMES:
        _, document, _ = await desk("GET", f"/api/ranges?scheme={scheme}")
        without |= {
            one["start"] for one in document["ranges"] if one["start"] == one["end"] and not one["three_ds_method_url"]
        }
    expected = {pan for pack, alias in NO_METHOD for pan, _, name in numbers(pack) if name == alias}
    assert without == expected


@pytest.mark.parametrize(("pack", "alias", "typed", "status"), ENDINGS)
async def test_a_challenge_ends_as_its_vendor_says(together, gateway, session, pack, alias, typed, status):
    pan, scheme, _ = next(row for row in numbers(pack) if row[2] == alias)
    ares = await pay(together, session, scheme, gateway.areq(pan))
    assert await result(together, session, gateway, ares, typed) == status


async def test_another_word_than_the_vendors_is_wrong(together, gateway, session):
    ares = await pay(together, session, "visa", gateway.areq("4010061700000021"))
    desk = Caller(session, together.addresses.desk)
    path = f"/api/transactions/{ares['threeDSServerTransID']}/cardholder"
    _, document, _ = await desk("POST", path, json={"do": "submit", "code": "imaginaire"})
    assert document["tries_left"] == 2


@pytest.mark.parametrize("name", BY_NAME)
async def test_the_name_of_the_cardholder_chooses(worldpay, gateway, session, name):
    first, last = BY_NAME[name]
    ares = await pay(worldpay, session, "visa", gateway.areq("4444333322221111", cardholderName=name))
    assert ares["transStatus"] == first
    if last is not None:
        assert await result(worldpay, session, gateway, ares, "") == last


async def test_a_name_means_nothing_with_a_card_of_ours(worldpay, gateway, session):
    areq = gateway.areq("4000000000000002", cardholderName="3DS_V2_CHALLENGE_UNKNOWN_IDENTITY")
    assert (await pay(worldpay, session, "visa", areq))["transStatus"] == "Y"


async def test_a_rule_comes_before_a_vendors_card_which_keeps_its_scheme(together, gateway, session):
    pan = "5500005555555559"
    desk = Caller(session, together.addresses.desk)
    _, rule, _ = await desk("POST", "/api/rules", json={"if": {"pan": pan}, "then": {"scenario": "frictionless"}})
    try:
        ares = await pay(together, session, "mastercard", gateway.areq(pan))
        other = await pay(together, session, "visa", gateway.areq("4000000000002925"))
    finally:
        await desk("DELETE", f"/api/rules/{rule['id']}")
    assert (ares["transStatus"], ares["eci"]) == ("Y", "02")
    assert other["transStatus"] == "N"


async def test_the_desk_knows_a_vendors_card_and_mints_no_card_under_its_number(together, session):
    desk = Caller(session, together.addresses.desk)
    status, card, _ = await desk("GET", "/api/cards/4000008400001280")
    assert (status, card["scheme"], card["scenario"]) == (200, "visa", "acs-error")
    others = aliases.other_cards(TOGETHER)
    own = Desk(together.runtime, together.addresses, Parties(together.runtime.transport, together.addresses))
    knowing = replace(own, other_cards=others)
    asked_for = {"scheme": "visa", "scenario": SCENARIOS["frictionless"], "version": None}
    all_cards, offered = ({card.pan for card in unlisted(each, **asked_for)} for each in (own, knowing))
    assert all_cards - offered == all_cards & others.by_number.keys() != set()


async def test_an_alias_is_minted_with_its_password(together, gateway, session):
    desk = Caller(session, together.addresses.desk)
    _, card, _ = await desk("POST", "/api/cards", json={"scheme": "visa", "scenario": "checkout/challenge"})
    ares = await pay(together, session, "visa", gateway.areq(card["pan"]))
    assert await result(together, session, gateway, ares, "Checkout1!") == "Y"


@pytest.mark.parametrize("pan", ["4000000000002537", "4242424242424242"])
async def test_without_its_pack_a_number_means_what_it_meant(gateway, session, pan):
    async with knowing() as stack:
        answer = await pay(stack, session, "visa", gateway.areq(pan))
    assert told(answer, "") == ("Y" if read(pan) else "Erro 305")


@pytest.mark.parametrize(
    ("packs", "said"),
    [
        (("adyen", "worldpay"), "worldpay and adyen mean different things by the card"),
        (("outcome-codes",), "outcome-codes prints no card numbers"),
        (("strype",), "there is no pack 'strype'"),
    ],
)
async def test_packs_that_cannot_be_known_are_refused_by_name(packs, said):
    with pytest.raises(CannotStart, match=f"aliases: {said}"):
        async with knowing(*packs):
            pass
