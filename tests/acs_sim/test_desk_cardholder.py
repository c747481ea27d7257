"""The headless cardholder plays a person's part over the pages that a person would see."""

import base64
import json

import pytest

from tests.acs_sim.world import ACS_ID, CODE, DS_ID, SERVER_ID, row

ADDRESS = f"/api/transactions/{SERVER_ID}/cardholder"


def decoded(text):
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


async def test_the_right_code_ends_it_and_the_result_is_posted_to_the_shop(call, world):
    status, outcome, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "correct"})
    assert (status, outcome["state"], outcome["transStatus"]) == (200, "over", "Y")
    assert world.entries == [("submit", CODE)]
    assert outcome["notification"]["url"] == world.notification_url
    assert outcome["notification"]["status"] == 303
    assert decoded(outcome["notification"]["fields"]["cres"])["transStatus"] == "Y"
    assert world.delivered == [outcome["notification"]["fields"]]


async def test_the_challenge_is_opened_with_the_creq_that_a_gateway_would_post(call, world):
    await call("POST", ADDRESS, json={"do": "abandon"})
    assert decoded(world.creq) == {
        "messageType": "CReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": SERVER_ID,
        "acsTransID": ACS_ID,
        "challengeWindowSize": "05",
    }


async def test_a_challenge_that_a_browser_opened_is_shown_again_with_the_same_creq(call, world):
    world.session_data = "c2Vzc2lvbg"
    world.creq = base64.urlsafe_b64encode(b'{"messageType":"CReq","challengeWindowSize":"02"}').decode()
    before = world.creq
    await call("POST", ADDRESS, json={"do": "submit", "code": "wrong"})
    assert (world.creq, world.session_data) == (before, "c2Vzc2lvbg")


async def test_a_gateways_own_creq_and_session_data_are_posted_as_they_are(call, world):
    creq = base64.urlsafe_b64encode(b'{"messageType":"CReq","challengeWindowSize":"03"}').decode()
    await call("POST", ADDRESS, json={"do": "abandon", "creq": creq, "threeDSSessionData": "c2Vzc2lvbg"})
    assert (world.creq, world.session_data) == (creq, "c2Vzc2lvbg")


async def test_a_wrong_code_is_never_the_right_one_and_leaves_the_page_open(call, world):
    status, outcome, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "wrong"})
    assert (status, outcome["state"], outcome["tries_left"]) == (200, "open", 2)
    assert outcome["message"] == "That is not the code. Tries left: 2."
    assert outcome["transStatus"] is outcome["notification"] is None
    assert world.entries[0][1] != CODE
    assert len(world.entries[0][1]) == 6


async def test_three_wrong_codes_end_it(call, world):
    for _ in range(3):
        _, outcome, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "000000"})
    assert (outcome["transStatus"], outcome["tries_left"], len(world.delivered)) == ("N", 0, 1)


async def test_the_result_can_be_kept_from_the_shop(call, world):
    _, outcome, _ = await call("POST", ADDRESS, json={"do": "cancel", "deliver": False})
    assert (outcome["transStatus"], outcome["notification"]["status"], world.delivered) == ("N", None, [])


async def test_abandoning_opens_the_page_and_presses_nothing(call, world):
    _, outcome, _ = await call("POST", ADDRESS, json={"do": "abandon"})
    assert (outcome["state"], outcome["message"], world.entries) == ("open", "Enter the code.", [])


async def test_a_page_that_posts_itself_is_waited_for(call, world):
    world.sends_itself = True
    _, outcome, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "wrong"})
    assert (outcome["transStatus"], world.entries) == ("Y", [("submit", None)])


async def test_a_button_that_the_page_does_not_have_is_named_with_what_the_page_says(call):
    status, problem, headers = await call("POST", ADDRESS, json={"do": "resend"})
    assert (status, headers["Content-Type"]) == (409, "application/problem+json")
    assert "no button #resend" in problem["detail"]
    assert "Enter the code." in problem["detail"]


@pytest.mark.parametrize("deed", ["approve", "decline", "select"])
async def test_deeds_of_other_challenges_are_refused_as_such(call, world, deed):
    status, problem, _ = await call("POST", ADDRESS, json={"do": deed})
    assert (status, deed in problem["detail"], world.creq) == (409, True, None)


@pytest.mark.parametrize(
    ("wish", "named"),
    [
        ({}, "do"),
        ({"do": "dance"}, "$.do"),
        ({"do": "submit"}, "code"),
        ({"do": "cancel", "code": "123456"}, "code"),
        ({"do": "submit", "code": "1" * 65}, "$.code"),
        ({"do": "submit", "code": 123456}, "$.code"),
    ],
)
async def test_a_wish_that_makes_no_sense_names_what_is_wrong(call, world, wish, named):
    status, problem, _ = await call("POST", ADDRESS, json=wish)
    assert (status, named in problem["detail"], world.creq) == (400, True, None)


@pytest.mark.parametrize("answered", [row(acsTransID=None, transStatus="N"), row(acsTransID=DS_ID, transStatus="Y")])
async def test_a_transaction_without_a_challenge_says_how_it_was_answered(call, world, answered):
    world.rows = [answered]
    status, problem, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "correct"})
    assert (status, f"transStatus {answered['transStatus']}" in problem["detail"]) == (409, True)


async def test_a_challenge_that_is_over_is_not_opened_again(call, world):
    await call("POST", ADDRESS, json={"do": "cancel"})
    world.creq = None
    status, problem, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "correct"})
    assert (status, "transStatus N" in problem["detail"]) == (409, True)
    assert (world.creq, len(world.delivered)) == (None, 1)


async def test_a_shop_that_cannot_be_reached_is_told_and_changes_nothing(call, world):
    world.notification_url = "http://127.0.0.1:1/notification"
    status, problem, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "correct"})
    assert (status, "127.0.0.1:1" in problem["detail"], world.trans_status) == (409, True, "Y")


async def test_a_page_that_posts_to_no_web_address_is_not_followed(call, world):
    world.notification_url = "file:///etc/passwd"
    status, problem, _ = await call("POST", ADDRESS, json={"do": "submit", "code": "correct"})
    assert (status, "no web address" in problem["detail"]) == (409, True)
