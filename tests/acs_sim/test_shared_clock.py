"""One clock for several processes: a desk that moves it, parties elsewhere that follow, and a process that comes late."""

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import free_port_base, with_free_ports
from tests.support.process import start
from tests.support.third_party import get_json, post_json, three_ds_server

JSON = {"Content-Type": "application/json"}


async def post(address, body):
    async with (
        aiohttp.ClientSession() as session,
        session.post(address + "/control/clock", data=body, headers=JSON) as answer,
    ):
        return answer.status, await answer.json(content_type=None)


async def test_a_process_tells_how_its_clock_stands_and_follows_another(stack):
    assert await post(stack.addresses.acs, b"") == (200, {"ahead_seconds": 0, "frozen_at": "2026-06-15T12:00:00Z"})
    assert (await post(stack.addresses.ds, b'{"frozen_at":"2026-01-01T01:00:00+01:00"}'))[0] == 200
    assert stack.clock.now().isoformat() == "2026-01-01T00:00:00+00:00"
    await post(stack.addresses.ds, b'{"ahead_seconds":600}')
    assert (stack.clock.frozen, stack.clock.setting.ahead.total_seconds()) == (False, 600)


@pytest.mark.parametrize(
    "body", [b"x", b"[]", b'{"frozen_at":"2026-01-01T00:00:00"}', b'{"ahead_seconds":1e300}', b'{"by":1}', b"\xff"]
)
async def test_a_clock_follows_only_what_makes_sense(stack, body):
    before = stack.clock.setting
    status, problem = await post(stack.addresses.acs, body)
    assert (status, problem["title"], stack.clock.setting) == (400, "Bad Request", before)


async def test_a_process_that_comes_late_shows_the_time_of_those_that_run(world):
    first = with_free_ports(Settings(fresh=True, only=("desk", "ds")))
    named = {f"{name}_url": url for name, url in first.addresses}
    async with running_stack(first, parties=world.parties()) as desk:
        post_to = f"{desk.addresses.desk}/api/clock"
        async with aiohttp.ClientSession() as session, session.post(post_to, json={"advance": "3h"}) as answer:
            assert answer.status == 200
        late = Settings(fresh=True, only=("acs", "phone", "shop"), **named)
        async with running_stack(late, parties=world.parties()) as others:
            assert others.clock.setting == desk.clock.setting
            async with aiohttp.ClientSession() as session, session.post(post_to, json={"freeze": True}) as answer:
                assert answer.status == 200
            assert others.clock.now() == desk.clock.now()


def test_the_desks_clock_ends_a_challenge_in_an_acs_of_another_process(tmp_path):
    base = free_port_base()
    both = ("--data", str(tmp_path), "--port-base", str(base))
    desk = start(*both, "--only", "desk,ds,phone", base=base)
    try:
        acs = start(*both, "--only", "acs", base=base)
        try:
            with three_ds_server() as server:
                card = post_json(desk.desk + "/api/cards", {"scheme": "visa", "scenario": "challenge-otp"})
                server.open_challenge(post_json(desk.directory_server + "/visa/3ds2", server.areq(card["pan"])))
                post_json(desk.desk + "/api/clock", {"advance": "10m"})
                rreq = server.results.get(timeout=PATIENCE_SECONDS)
                assert (rreq["transStatusReason"], rreq["challengeCancel"]) == ("14", "04")
            acs.kill()
            acs = start(*both, "--only", "acs", base=base)
            ahead = post_json(acs.acs + "/control/clock", {})["ahead_seconds"]
            assert ahead == get_json(desk.desk + "/api/clock")["ahead_seconds"] == 600
        finally:
            acs.kill()
    finally:
        desk.kill()
