"""The banking app."""

import asyncio
from datetime import timedelta

import pytest

from tests.support.engine import on_both_engines

pytestmark = on_both_engines

NUMBER = "+33639981101"
QUESTION = {"to": NUMBER, "title": "Approve 42,00 EUR?", "body": "BOUTIQUE", "reference": "acs-trans-1"}


async def shown(phone, **more):
    answer = await phone.post("/api/prompts", {**QUESTION, **more})
    assert answer.status == 201, answer.body
    return answer.json


async def test_a_prompt_is_pending_until_it_is_decided(phone):
    prompt = await shown(phone)
    assert prompt == {
        "id": prompt["id"],
        "to": NUMBER,
        "title": "Approve 42,00 EUR?",
        "body": "BOUTIQUE",
        "reference": "acs-trans-1",
        "state": "pending",
        "created_at": "2026-06-15T12:00:00.000+00:00",
        "expires_at": None,
        "decided_at": None,
        "callback": None,
    }
    assert (await phone.get(f"/api/phones/{NUMBER}/prompts")).json == {"prompts": [prompt]}
    phone.clock.advance(timedelta(seconds=30))
    decided = await phone.post(f"/api/prompts/{prompt['id']}", {"decision": "approve"})
    assert (decided.status, decided.json["state"]) == (200, "approved")
    assert decided.json["decided_at"] == "2026-06-15T12:00:30.000+00:00"
    assert (await phone.get(f"/api/prompts/{prompt['id']}")).json == decided.json
    assert (await phone.get(f"/api/phones/{NUMBER}/prompts?state=pending")).json == {"prompts": []}


async def test_the_same_decision_twice_is_one_and_another_is_refused(phone):
    prompt = await shown(phone)
    first = await phone.post(f"/api/prompts/{prompt['id']}", {"decision": "decline"})
    phone.clock.advance(timedelta(seconds=1))
    again = await phone.post(f"/api/prompts/{prompt['id']}", {"decision": "decline"})
    assert (again.status, again.json) == (200, first.json)
    other = await phone.post(f"/api/prompts/{prompt['id']}", {"decision": "approve"})
    assert (other.status, other.json["detail"]) == (409, "the prompt is declined")


async def test_of_many_who_decide_at_once_one_wins(phone):
    prompt = await shown(phone)
    decisions = ["approve", "decline"] * 20
    answers = await asyncio.gather(
        *(phone.post(f"/api/prompts/{prompt['id']}", {"decision": decision}) for decision in decisions)
    )
    won = {answer.json["state"] for answer in answers if answer.status == 200}
    assert len(won) == 1
    assert sorted(answer.status for answer in answers) == [200] * 20 + [409] * 20


async def test_a_prompt_expires_on_the_simulators_clock(phone):
    prompt = await shown(phone, expires_at="2026-06-15T12:05:00Z")
    assert prompt["expires_at"] == "2026-06-15T12:05:00.000+00:00"
    phone.clock.advance(timedelta(minutes=5))
    assert (await phone.get(f"/api/prompts/{prompt['id']}")).json["state"] == "expired"
    late = await phone.post(f"/api/prompts/{prompt['id']}", {"decision": "approve"})
    assert (late.status, late.json["detail"]) == (409, "the prompt is expired")


async def test_whoever_waits_for_a_prompt_is_answered_when_it_is_shown(phone):
    assert (await phone.get(f"/api/phones/{NUMBER}/prompts?wait=0.05")).json == {"prompts": []}
    waiting = asyncio.create_task(phone.get(f"/api/phones/{NUMBER}/prompts?state=pending&wait=30"))
    await phone.waited_on(NUMBER)
    prompt = await shown(phone)
    assert (await waiting).json == {"prompts": [prompt]}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"to": "12"}, "to: a phone number"),
        ({"title": ""}, "$.title"),
        ({"title": "a" * 81}, "$.title"),
        ({"title": "a\x1b[2J"}, "title holds control characters"),
        ({"body": "a" * 1001}, "$.body"),
        ({"callback": "file:///etc/passwd"}, "callback"),
        ({"expires_at": "2026-06-15T12:05:00"}, "$.expires_at"),
        ({"expires_at": "tomorrow"}, "$.expires_at"),
        ({"expires_at": "2026-06-15T12:00:00Z"}, "expires_at has passed"),
        ({"decision": "approve"}, "decision"),
    ],
)
async def test_what_is_wrong_with_a_prompt_is_named(phone, change, named):
    answer = await phone.post("/api/prompts", {**QUESTION, **change})
    assert answer.status == 400
    assert named in answer.json["detail"]


@pytest.mark.parametrize("body", [{}, {"decision": "maybe"}, {"decision": None}, {"decision": "approve", "code": "1"}])
async def test_only_approve_and_decline_are_decisions(phone, body):
    prompt = await shown(phone)
    assert (await phone.post(f"/api/prompts/{prompt['id']}", body)).status == 400
    assert (await phone.get(f"/api/prompts/{prompt['id']}")).json["state"] == "pending"


async def test_an_unknown_prompt_is_not_found(phone):
    assert (await phone.post("/api/prompts/nothing", {"decision": "approve"})).status == 404
