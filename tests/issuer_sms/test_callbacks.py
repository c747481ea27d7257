"""Telling the issuer: receipts and decisions, retried until they are taken."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from issuer_sms import callback_delivery
from issuer_sms.callbacks import BACK_OFF, Callback, CallbackState, Subject, after_attempt
from issuer_sms.settings import PhoneSettings
from tests.issuer_sms.conftest import a_phone
from tests.issuer_sms.peers import an_issuer
from tests.support.engine import on_both_engines
from tests.support.patience import PATIENCE_SECONDS
from tests.support.slow_peers import silent

pytestmark = on_both_engines

NUMBER = "+33639981101"
NOON = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
FRESH = Callback(1, Subject.MESSAGE, "m", None, "http://127.0.0.1/", {}, CallbackState.PENDING, 0, NOON, None)


def test_attempts_are_spaced_and_end():
    callback, waits = FRESH, []
    while callback.due_at is not None:
        now = callback.due_at
        callback = after_attempt(callback, "503", now, taken=False)
        waits.append(callback.due_at and callback.due_at - now)
    assert waits == [*BACK_OFF, None]
    assert (callback.state, callback.attempts, callback.outcome) == (CallbackState.GIVEN_UP, 4, "503")


def test_what_is_taken_is_not_tried_again():
    taken = after_attempt(FRESH, "204", NOON, taken=True)
    assert (taken.state, taken.attempts, taken.due_at) == (CallbackState.TAKEN, 1, None)


async def settled(phone, kind, subject_id):
    """The callback of a text or prompt, once it is no longer pending."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with phone.phone.publisher.subscribed(None) as news:
            while (document := (await phone.get(f"/api/{kind}/{subject_id}")).json["callback"])["state"] == "pending":
                await news.next()
    return document


async def attempted(phone, kind, subject_id, attempts):
    """Return once so many attempts have been written down."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        with phone.phone.publisher.subscribed(None) as news:
            while (await phone.get(f"/api/{kind}/{subject_id}")).json["callback"]["attempts"] < attempts:
                await news.next()


async def test_a_delivery_is_told_without_the_words(phone):
    async with an_issuer() as issuer:
        text = await phone.text(NUMBER, reference="acs-trans-1", callback=issuer.address)
        [receipt] = await issuer.hears(1)
        assert receipt == {
            "id": text["id"],
            "to": NUMBER,
            "from": "BANQUE",
            "reference": "acs-trans-1",
            "state": "delivered",
            "failure": None,
            "queued_at": "2026-06-15T12:00:00.000+00:00",
            "sent_at": "2026-06-15T12:00:00.000+00:00",
            "delivered_at": "2026-06-15T12:00:00.000+00:00",
            "failed_at": None,
        }
        assert await settled(phone, "messages", text["id"]) == {"state": "taken", "attempts": 1, "outcome": "204"}


async def test_a_refusal_is_told_and_a_late_delivery_when_it_happens(phone):
    async with an_issuer() as issuer:
        await phone.text("+33639989311", callback=issuer.address)
        assert [receipt["state"] for receipt in await issuer.hears(1)] == ["failed"]
        await phone.text("+33639989111", callback=issuer.address)
        phone.clock.advance(timedelta(minutes=6))
        assert (await issuer.hears(2))[1]["delivered_at"] == "2026-06-15T12:06:00.000+00:00"


async def test_a_doubled_text_has_one_receipt_and_a_lost_one_has_none(phone):
    async with an_issuer() as issuer:
        await phone.text("+33639989011", callback=issuer.address)
        doubled = await phone.text("+33639989211", callback=issuer.address)
        await phone.text(NUMBER, callback=issuer.address)
        heard = await issuer.hears(2)
        assert [receipt["to"] for receipt in heard] == ["+33639989211", NUMBER]
        assert heard[0]["id"] == doubled["id"]


async def test_an_address_that_fails_is_tried_again_on_the_simulators_clock(phone):
    async with an_issuer(503, 302) as issuer:
        text = await phone.text(NUMBER, reference="acs-trans-1", callback=issuer.address)
        for attempt, pause in enumerate(BACK_OFF[:2], start=1):
            await issuer.hears(attempt)
            await attempted(phone, "messages", text["id"], attempt)
            phone.clock.advance(pause)
        await issuer.hears(3)
        assert await settled(phone, "messages", text["id"]) == {"state": "taken", "attempts": 3, "outcome": "204"}
        entries = await phone.shared.journal.entries_of("acs-trans-1")
        assert [(e["kind"], e.get("status")) for e in entries] == [
            ("SMS", 201),
            ("delivery receipt not taken", 503),
            ("delivery receipt not taken", 302),
            ("delivery receipt", 204),
        ]


async def test_an_address_where_nobody_listens_is_given_up_and_says_why(phone):
    text = await phone.text(NUMBER, callback="http://127.0.0.1:1/told")
    for attempt, pause in enumerate(BACK_OFF, start=1):
        await attempted(phone, "messages", text["id"], attempt)
        phone.clock.advance(pause)
    given_up = await settled(phone, "messages", text["id"])
    assert (given_up["state"], given_up["attempts"]) == ("given-up", 4)
    assert "no connection" in given_up["outcome"]


async def test_an_address_that_does_not_answer_holds_nobody_up():
    async with an_issuer() as issuer, a_phone(settings=PhoneSettings(callback_timeout=0.2)) as phone:
        held = await phone.text(NUMBER, callback=issuer.silent_address)
        await phone.text(NUMBER, callback=issuer.address)
        await issuer.hears(1)
        await attempted(phone, "messages", held["id"], 1)
        told = (await phone.get(f"/api/messages/{held['id']}")).json["callback"]
        assert told == {"state": "pending", "attempts": 1, "outcome": "no answer within 0.2 seconds"}


async def test_more_callbacks_than_can_be_under_way_are_all_told(phone):
    async with an_issuer() as issuer:
        await asyncio.gather(*(phone.text(NUMBER, reference=f"r{n}", callback=issuer.address) for n in range(60)))
        heard = await issuer.hears(60)
        assert sorted(receipt["reference"] for receipt in heard) == sorted(f"r{n}" for n in range(60))


@pytest.mark.parametrize(("decision", "state"), [("approve", "approved"), ("decline", "declined")])
async def test_a_decision_is_told(phone, decision, state):
    async with an_issuer() as issuer:
        prompt = await phone.post(
            "/api/prompts", {"to": NUMBER, "title": "Approve?", "reference": "acs-trans-1", "callback": issuer.address}
        )
        await phone.post(f"/api/prompts/{prompt.json['id']}", {"decision": decision})
        assert await issuer.hears(1) == [
            {
                "id": prompt.json["id"],
                "to": NUMBER,
                "reference": "acs-trans-1",
                "decision": decision,
                "state": state,
                "decided_at": "2026-06-15T12:00:00.000+00:00",
            }
        ]
        assert (await settled(phone, "prompts", prompt.json["id"]))["state"] == "taken"
        entries = await phone.shared.journal.entries_of("acs-trans-1")
        assert [(e["from"], e["to"], e["kind"]) for e in entries] == [("Phone", "ACS", "prompt decision")]


async def test_an_address_that_says_nothing_keeps_no_other_one_waiting(monkeypatch):
    monkeypatch.setattr(callback_delivery, "PLACES", 2)
    async with (
        silent() as bad,
        an_issuer() as issuer,
        a_phone(settings=PhoneSettings(callback_timeout=3600.0)) as phone,
    ):
        for _ in range(5):
            await phone.text(NUMBER, callback=f"{bad.url}/told")
        await bad.called(2)
        for _ in range(3):
            await phone.text(NUMBER, callback=issuer.address)
        await issuer.hears(3)
        assert len(bad.bodies) == 2


async def test_what_an_address_that_does_not_answer_was_not_told_is_told_when_it_is_back(monkeypatch):
    monkeypatch.setattr(callback_delivery, "PLACES", 1)
    async with an_issuer() as issuer, a_phone(settings=PhoneSettings(callback_timeout=0.05)) as phone:
        texts = [await phone.text(NUMBER, callback=issuer.silent_address) for _ in range(4)]
        await attempted(phone, "messages", texts[0]["id"], 1)
        issuer.leaving.set()
        for text in texts:
            while (await phone.get(f"/api/messages/{text['id']}")).json["callback"]["state"] == "pending":
                phone.clock.advance(timedelta(seconds=1))
