"""The whole simulator with its real parties, driven by its control API and a 3DS Server that is a stranger to it."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import quote

import aiohttp
import pytest

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.acs_sim.conftest import Caller
from tests.support.engine import on_both_engines, written
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.third_party import ThreeDSServer
from threedsecure.web.clock import Clock

pytestmark = on_both_engines

STARTED_AT = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)


@pytest.fixture
def gateway():
    server = ThreeDSServer()
    yield server
    server.close()


@pytest.fixture
async def whole(tmp_path) -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(data=str(tmp_path / "data"), seed=1))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as stack:
        yield stack


@pytest.fixture
async def desk(whole) -> AsyncIterator[Caller]:
    async with aiohttp.ClientSession() as session:
        yield Caller(session, whole.addresses.desk)


async def authenticate(whole, gateway, pan, scheme="visa", **changes):
    """Post an AReq and return what the directory server answers."""
    address = f"{whole.addresses.ds}/{scheme}/3ds2"
    async with aiohttp.ClientSession() as session, session.post(address, json=gateway.areq(pan, **changes)) as answer:
        return await answer.json(content_type=None)


async def received(queue):
    return await asyncio.to_thread(queue.get, timeout=PATIENCE_SECONDS)


async def minted(desk, scenario="challenge-otp", **wishes):
    _, card, _ = await desk("POST", "/api/cards", json={"scheme": "visa", "scenario": scenario, **wishes})
    return card


async def act(desk, ares, **deed):
    return await desk("POST", f"/api/transactions/{ares['acsTransID']}/cardholder", json=deed)


async def test_the_right_code_leads_to_an_authenticated_payment_and_every_message_stands_in_order(whole, desk, gateway):
    card = await minted(desk)
    ares = await authenticate(whole, gateway, card["pan"])
    assert ares["transStatus"] == "C"
    _, outcome, _ = await act(desk, ares, do="submit", code="correct")
    assert (outcome["transStatus"], outcome["notification"]["status"]) == ("Y", 200)
    assert (await received(gateway.results))["transStatus"] == "Y"
    assert "cres" in await received(gateway.notifications)
    _, one, _ = await desk("GET", f"/api/transactions/{ares['dsTransID']}")
    assert (one["id"], one["state"], one["transStatus"]) == (ares["threeDSServerTransID"], "completed", "Y")
    _, document, _ = await desk("GET", f"/api/transactions/{ares['acsTransID']}/messages")
    crossed = [(one["from"], one["kind"]) for one in document["messages"]]
    assert crossed == [
        ("3DS Server", "AReq"),
        ("Directory Server", "AReq"),
        ("ACS", "ARes"),
        ("Directory Server", "ARes"),
        ("Browser", "CReq"),
        ("ACS", "SMS"),
        ("Browser", "challenge page"),
        ("ACS", "RReq"),
        ("Directory Server", "RReq"),
        ("3DS Server", "RRes"),
        ("Directory Server", "RRes"),
        ("ACS", "CRes"),
    ]


async def test_three_wrong_codes_end_in_a_refusal_that_says_to_contact_the_bank(whole, desk, gateway):
    ares = await authenticate(whole, gateway, (await minted(desk))["pan"])
    left = []
    for _ in range(3):
        _, outcome, _ = await act(desk, ares, do="submit", code="wrong")
        left.append(outcome["tries_left"])
    assert (left, outcome["transStatus"]) == ([2, 1, 0], "N")
    assert "contact your bank" in outcome["message"]
    rreq = await received(gateway.results)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["interactionCounter"]) == ("N", "19", "03")


async def test_a_minted_card_has_the_tries_the_phone_and_the_language_it_was_asked_for(whole, desk, gateway):
    card = await minted(desk, tries=1, phone="+33612345678", language="fr")
    ares = await authenticate(whole, gateway, card["pan"])
    _, outcome, _ = await act(desk, ares, do="resend")
    assert "nouveau code" in outcome["message"]
    assert "est votre SecureCode" in (await latest(whole, "+33612345678"))["body"]
    _, outcome, _ = await act(desk, ares, do="submit", code="wrong")
    assert (outcome["transStatus"], outcome["tries_left"]) == ("N", 0)


async def latest(whole, number):
    address = f"{whole.addresses.phone}/api/phones/{quote(number, safe='')}/latest?wait=60"
    async with aiohttp.ClientSession() as session, session.get(address) as answer:
        return await answer.json() if answer.status == 200 else None


async def test_an_abandoned_challenge_ends_by_the_clock_alone(whole, desk, gateway):
    ares = await authenticate(whole, gateway, (await minted(desk))["pan"])
    _, outcome, _ = await act(desk, ares, do="abandon")
    assert outcome["transStatus"] is None
    await desk("POST", "/api/clock", json={"advance": "10m"})
    rreq = await received(gateway.results)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["challengeCancel"]) == ("N", "14", "04")
    status, problem, _ = await act(desk, ares, do="submit", code="correct")
    assert (status, "no open challenge" in problem["detail"]) == (409, True)


ANSWERS = {
    "frictionless": "Y",
    "frictionless-attempt": "A",
    "not-authenticated": "N",
    "unavailable": "U",
    "rejected": "R",
    "challenge-otp": "C",
    "challenge-auto-pass": "C",
    "challenge-auto-fail": "C",
    "not-enrolled": "N",
    "method-none": "Y",
    "method-timeout": "Y",
    "acs-error": "Erro",
    "acs-down": "Erro",
    "sms-lost": "C",
}


@pytest.mark.parametrize("scheme", ["visa", "mastercard", "amex", "cb"])
async def test_listed_cards_do_what_the_list_says(whole, desk, gateway, scheme):
    _, document, _ = await desk("GET", f"/api/cards?scheme={scheme}")
    pans = {card["scenario"]: card["pan"] for card in document["cards"] if card["scenario"] in ANSWERS}
    answered = {name: await authenticate(whole, gateway, pan, scheme) for name, pan in pans.items()}
    assert {name: one.get("transStatus", one["messageType"]) for name, one in answered.items()} == ANSWERS


async def test_reset_empties_every_party(whole, desk, gateway):
    card = await minted(desk)
    ares = await authenticate(whole, gateway, card["pan"])
    await act(desk, ares, do="abandon")
    assert await latest(whole, card["phone"]) is not None
    status, outcome, _ = await desk("POST", "/api/reset")
    assert (status, outcome["unreachable"]) == (200, [])
    assert (await desk("GET", "/api/transactions"))[1] == {"transactions": []}
    assert (await desk("GET", f"/api/transactions/{ares['acsTransID']}"))[0] == 404
    async with aiohttp.ClientSession() as session, session.get(f"{whole.addresses.phone}/api/phones") as answer:
        assert (await answer.json())["phones"] == []


async def test_neither_card_numbers_nor_codes_stand_in_files_or_transcripts(whole, desk, gateway, tmp_path, caplog):
    card = await minted(desk)
    ares = await authenticate(whole, gateway, card["pan"])
    await act(desk, ares, do="abandon")
    code = (await latest(whole, card["phone"]))["code"]
    await act(desk, ares, do="submit", code=code)
    _, transcript, _ = await desk("GET", f"/api/transactions/{ares['acsTransID']}/transcript")
    await whole.runtime.journal.flush()
    (tmp_path / "data" / "key").unlink()
    kept = written(tmp_path / "data")
    assert all(table in kept for table in (b"acs_transaction", b"ds_transaction", b"phone_message", b"journal_record"))
    standing_alone = re.compile(
        rb"(?<![0-9a-f.-])" + code.encode() + rb"(?![0-9a-f-])"
    )  # not inside an id or an instant
    for content in [json.dumps(transcript).encode(), caplog.text.encode(), kept]:
        assert card["pan"].encode() not in content
        assert standing_alone.search(content) is None


async def test_the_same_seed_sends_the_same_code(desk, whole, gateway):
    bodies = []
    for _ in range(2):
        await desk("POST", "/api/reset")
        await desk("PUT", "/api/seed", json={"seed": 7})
        card = await minted(desk)
        ares = await authenticate(
            whole, gateway, card["pan"], threeDSServerTransID="8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
        )
        await act(desk, ares, do="abandon")
        bodies.append(
            (
                card,
                {name: ares[name] for name in ("dsTransID", "acsTransID")},
                (await latest(whole, card["phone"]))["id"],
            )
        )
    assert bodies[0] == bodies[1]
