"""Waiting for the next text."""

import asyncio
from datetime import timedelta

from tests.support.engine import on_both_engines

pytestmark = on_both_engines

NUMBER = "+33639981101"


async def test_what_has_arrived_already_is_answered_at_once(phone):
    await phone.text(NUMBER, "code 111111")
    await phone.text(NUMBER, "code 222222")
    assert (await phone.get(f"/api/phones/{NUMBER}/latest?wait=60")).json["code"] == "222222"


async def test_nothing_in_time_is_no_content(phone):
    answer = await phone.get(f"/api/phones/{NUMBER}/latest?wait=0.05")
    assert (answer.status, answer.body) == (204, b"")


async def test_whoever_waits_is_answered_when_the_text_arrives(phone):
    waiting = asyncio.create_task(phone.get(f"/api/phones/{NUMBER}/latest?wait=30"))
    await phone.waited_on(NUMBER)
    await phone.text(NUMBER)
    assert (await waiting).json["code"] == "123456"


async def test_fifty_who_wait_are_all_answered_and_those_of_another_phone_are_not(phone):
    waiting = [asyncio.create_task(phone.get(f"/api/phones/{NUMBER}/latest?wait=30")) for _ in range(50)]
    elsewhere = asyncio.create_task(phone.get("/api/phones/+33639981102/latest?wait=0.5"))
    await phone.waited_on(NUMBER, by=50)
    await phone.text(NUMBER)
    assert {answer.json["code"] for answer in await asyncio.gather(*waiting)} == {"123456"}
    assert (await elsewhere).status == 204


async def test_moving_the_clock_answers_whoever_waits(phone):
    late = "+33639989111"
    await phone.text(late)
    waiting = asyncio.create_task(phone.get(f"/api/phones/{late}/latest?wait=30"))
    await phone.waited_on(late)
    phone.clock.advance(timedelta(minutes=6))
    assert (await waiting).json["delivered_at"] == "2026-06-15T12:06:00.000+00:00"


async def test_after_a_text_only_the_next_one_counts(phone):
    first = await phone.text(NUMBER, "code 111111")
    address = f"/api/phones/{NUMBER}/latest?after={first['id']}"
    assert (await phone.get(address)).status == 204
    waiting = asyncio.create_task(phone.get(address + "&wait=30"))
    await phone.waited_on(NUMBER)
    await phone.text(NUMBER, "code 222222")
    assert (await waiting).json["code"] == "222222"


async def test_after_a_text_that_has_not_arrived_the_next_one_accepted_counts(phone):
    number = "+33639989511"
    held = await phone.text(number, "code 111111")
    assert (await phone.get(f"/api/phones/{number}/latest?after={held['id']}")).status == 204
    await phone.text(number, "code 222222")
    assert (await phone.get(f"/api/phones/{number}/latest?after={held['id']}")).json["code"] == "222222"


async def test_the_text_that_one_waits_after_is_not_the_next_one_when_it_arrives_at_last(phone):
    number = "+33639989511"
    held = await phone.text(number, "code 111111")
    waiting = asyncio.create_task(phone.get(f"/api/phones/{number}/latest?after={held['id']}&wait=30"))
    await phone.waited_on(number)
    phone.clock.advance(timedelta(minutes=1))
    assert (await phone.get(f"/api/phones/{number}/latest")).json["code"] == "111111"
    await phone.text(number, "code 222222")
    phone.clock.advance(timedelta(minutes=1))
    assert (await waiting).json["code"] == "222222"


async def test_whoever_waits_after_a_text_is_answered_even_when_the_phone_was_cleared_meanwhile(phone):
    first = await phone.text(NUMBER, "code 111111")
    waiting = asyncio.create_task(phone.get(f"/api/phones/{NUMBER}/latest?after={first['id']}&wait=30"))
    await phone.waited_on(NUMBER)
    await phone.delete(f"/api/phones/{NUMBER}/messages")
    await phone.text(NUMBER, "code 222222")
    assert (await waiting).json["code"] == "222222"


async def test_a_reference_picks_the_text_of_one_transaction(phone):
    await phone.text(NUMBER, "code 111111", reference="one")
    await phone.text(NUMBER, "code 222222", reference="two")
    assert (await phone.get(f"/api/phones/{NUMBER}/latest?reference=one")).json["code"] == "111111"
    waiting = asyncio.create_task(phone.get(f"/api/phones/{NUMBER}/latest?reference=three&wait=30"))
    await phone.waited_on(NUMBER)
    await phone.text(NUMBER, "code 444444", reference="four")
    await phone.text(NUMBER, "code 333333", reference="three")
    assert (await waiting).json["code"] == "333333"
