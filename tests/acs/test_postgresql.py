"""The same on PostgreSQL, where several processes share the rows."""

import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from tests.acs.stage import base64url, stage
from tests.support.simulator import runtime
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

PAN = compose("visa", SCENARIOS["challenge-otp"], serial="77")
FRICTIONLESS = compose("visa", SCENARIOS["frictionless"], serial="78")


async def test_a_challenge_raced_through_two_processes_has_three_tries_and_one_result(postgresql):
    address = postgresql.fresh_database()
    async with AsyncExitStack() as stack:
        acs, other = [
            await stack.enter_async_context(
                stage(shared=await stack.enter_async_context(runtime(postgresql=address, seed=seed)))
            )
            for seed in (1, 2)
        ]
        ares = await acs.ask()
        page = await acs.open(ares)
        first, elsewhere = page.form.action, page.form.action.replace(acs.url, other.url)
        rounds = 0
        while "cres" not in page.form.fields:
            fields = {**page.form.fields, "challengeValue": acs.phone.wrong_code}
            shown = await asyncio.gather(*(acs.post(url, fields) for url in (first, elsewhere) * 20))
            assert {each.status for each in shown} == {200}
            page = shown[0]
            rounds += 1
        assert rounds == 3
        kept = await acs.until(ares["acsTransID"], "reported")
        assert (kept["transStatus"], kept["transStatusReason"], kept["interactionCounter"]) == ("N", "19", 3)
        assert len(set(acs.directory.bodies)) == 1


async def test_two_processes_never_send_the_same_code(postgresql):
    address = postgresql.fresh_database()
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(
                stage(shared=await stack.enter_async_context(runtime(postgresql=address, seed=seed)))
            )
            for seed in (1, 2)
        ]
        shown = await asyncio.gather(*(acs.challenge() for acs in both * 15))
        assert {each.status for each in shown} == {200}
        codes = [message["body"][:6] for acs in both for message in acs.phone.messages]
        assert len(codes) == 30
        assert len(set(codes)) >= 29


async def test_what_one_process_keeps_of_a_card_the_other_goes_by_at_once(postgresql):
    address = postgresql.fresh_database()
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(
                stage(shared=await stack.enter_async_context(runtime(postgresql=address, seed=seed)))
            )
            for seed in (1, 2)
        ]
        assert (await there.ask(PAN))["transStatus"] == "C"
        assert (await here.control("cards", {"pan": PAN, "scenario": "rejected"}))[0] == 201
        assert (await there.ask(PAN))["transStatus"] == "R"
        for acs, other in ((here, there), (there, here)):
            name = str(uuid4())
            assert (await other.ask(threeDSServerTransID=name, threeDSCompInd="Y"))["transStatus"] == "C"
            data = {"threeDSServerTransID": name, "threeDSMethodNotificationURL": "http://127.0.0.1:8400/done"}
            await acs.post(acs.url + "/3ds2/method", {"threeDSMethodData": base64url(data)})
            ares = await other.ask(threeDSServerTransID=name, threeDSCompInd="Y")
            assert (await other.transaction(ares["acsTransID"]))["methodSeen"] is True


async def test_what_was_final_at_its_ares_in_one_process_the_other_tells(postgresql):
    address = postgresql.fresh_database()
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(
                stage(shared=await stack.enter_async_context(runtime(postgresql=address, seed=seed)))
            )
            for seed in (1, 2)
        ]
        ares = await here.ask(FRICTIONLESS)
        assert ares["transStatus"] == "Y"
        assert (await there.transaction(ares["acsTransID"]))["transStatus"] == "Y"


async def test_a_rule_that_one_process_takes_or_drops_is_followed_or_not_by_the_other_at_once(postgresql):
    address = postgresql.fresh_database()
    async with AsyncExitStack() as stack:
        here, there = [
            await stack.enter_async_context(
                stage(shared=await stack.enter_async_context(runtime(postgresql=address, seed=seed)))
            )
            for seed in (1, 2)
        ]
        statuses = [(await there.ask())["transStatus"]]
        for path, body in (("rules", {"then": {"scenario": "rejected"}}), ("rules/remove", {})):
            assert (await here.control(path, body))[0] in (200, 201)
            statuses.append((await there.ask())["transStatus"])
        assert statuses == ["C", "R", "C"]
