"""The RReq is the result: what is taken, what is refused, and that the CRes decides nothing."""

import asyncio
import json

import pytest

from tests.acs_sim.gateway.scheme import ACS_TRANS_ID, DS_TRANS_ID, to_base64url
from tests.acs_sim.gateway.test_purchases import outcome
from tests.support.engine import on_both_engines, on_sqlite_alone

pytestmark = on_both_engines

OTHER = "11111111-2222-4333-8444-555555555555"


async def challenged(world, **changes):
    world.scheme.ares = {"transStatus": "C"}
    return await world.purchase(**changes)


async def ended(world, purchase):
    return await world.json("GET", f"/api/purchases/{purchase['id']}?wait=30")


async def seen(world, purchase):
    return await world.json("GET", f"/api/purchases/{purchase['id']}")


async def come_back(world, purchase, cres):
    """The browser posts what the ACS gave it; returns the page that follows."""
    text = cres if isinstance(cres, str) else to_base64url(cres)
    fields = {"cres": text, "threeDSSessionData": purchase["threeDSSessionData"]}
    return await world.post("/3ds2/notification", fields)


def said(purchase, words):
    return any(words in entry["text"] for entry in purchase["log"])


async def post_raw(world, body):
    async with world.session.post(world.url + "/3ds2/results", data=body) as answer:
        assert answer.status == 200
        text = await answer.read()
        return json.loads(text) if text else None


# --- RReq ---


async def test_the_rres_acknowledges_the_rreq_by_its_three_identifiers(world):
    purchase = await challenged(world)
    assert await world.scheme.post_results("Y") == {
        "messageType": "RRes",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": purchase["id"],
        "acsTransID": ACS_TRANS_ID,
        "dsTransID": DS_TRANS_ID,
        "resultsStatus": "01",
    }


async def test_a_challenge_that_was_never_begun_is_acknowledged_as_such(world):
    purchase = await challenged(world)
    rres = await world.scheme.post_results("N", transStatusReason="14", challengeCancel="05")
    assert rres["resultsStatus"] == "02"
    assert (await ended(world, purchase))["reason"] == "challenge-timed-out"


async def test_the_same_rreq_again_gets_the_same_rres_and_changes_nothing(world):
    purchase = await challenged(world)
    first = await world.scheme.post_results("Y")
    await ended(world, purchase)
    again = await asyncio.gather(*(world.scheme.post_results("Y") for _ in range(5)))
    assert again == [first] * 5
    final = await seen(world, purchase)
    assert sum("RReq" in entry["text"] for entry in final["log"]) == 1
    assert final["result"] == "accepted"


async def test_a_second_different_rreq_is_refused_and_the_first_stands(world):
    purchase = await challenged(world)
    await world.scheme.post_results("N")
    erro = await world.scheme.post_results("Y")
    assert (erro["messageType"], erro["errorCode"], erro["errorComponent"]) == ("Erro", "305", "S")
    assert (await ended(world, purchase))["result"] == "refused"


async def test_an_rreq_for_a_transaction_that_was_not_challenged_is_refused(world):
    purchase = await world.purchase()
    erro = await world.scheme.post_results("N")
    assert erro["errorCode"] == "305"
    assert (await seen(world, purchase))["result"] == "accepted"


@pytest.mark.parametrize(
    ("change", "code", "detail"),
    [
        ({"threeDSServerTransID": OTHER}, "301", "threeDSServerTransID"),
        ({"acsTransID": OTHER}, "301", "acsTransID"),
        ({"dsTransID": OTHER, "acsTransID": OTHER}, "301", "acsTransID,dsTransID"),
        ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
        ({"messageVersion": "9.9.9"}, "102", ""),
        ({"messageType": "CRes"}, "101", ""),
        ({"transStatus": None}, "201", "transStatus"),
        ({"transStatus": "C"}, "203", "transStatus"),
        ({"authenticationValue": None}, "201", "authenticationValue"),
        ({"dsTransID": "x", "eci": "123"}, "203", "dsTransID"),
    ],
)
async def test_an_rreq_that_is_wrong_is_answered_by_an_erro_and_the_purchase_goes_on_waiting(
    world, change, code, detail
):
    purchase = await challenged(world)
    erro = await world.scheme.post_results("Y", **change)
    assert (erro["messageType"], erro["errorCode"]) == ("Erro", code)
    assert detail in erro["errorDetail"]
    assert (await seen(world, purchase))["state"] == "challenge"
    assert (await world.scheme.post_results("Y"))["messageType"] == "RRes"
    assert (await ended(world, purchase))["result"] == "accepted"


@on_sqlite_alone
@pytest.mark.parametrize(
    "body", [b"", b"not json", b"[]", b"null", b"\xff\xfe", b'{"messageType":"RReq"', b"[" * 50_000, b"x" * 200_000]
)
async def test_what_is_no_message_gets_an_erro_and_never_a_500(world, body):
    erro = await post_raw(world, body)
    assert (erro["messageType"], erro["errorComponent"]) == ("Erro", "S")
    assert erro["errorCode"] in ("101", "203")


async def test_an_rreq_that_comes_after_the_gateway_gave_up_is_too_late(world):
    purchase = await challenged(world)
    world.advance(hours=1)
    assert (await ended(world, purchase))["reason"] == "no-result"
    erro = await world.scheme.post_results("Y")
    assert erro["errorCode"] == "402"
    assert (await seen(world, purchase))["result"] == "error"


async def test_an_erro_in_place_of_the_rreq_ends_the_purchase_in_an_error_and_is_not_answered_by_one(world):
    purchase = await challenged(world)
    erro = {
        "messageType": "Erro",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": purchase["id"],
        "errorCode": "203",
        "errorComponent": "D",
        "errorDescription": "wrong",
        "errorDetail": "eci",
        "errorMessageType": "RReq",
    }
    assert await post_raw(world, json.dumps(erro)) is None
    final = await ended(world, purchase)
    assert (final["result"], final["reason"]) == ("error", "erro-received")
    assert said(final, "Erro 203")
    assert await post_raw(world, json.dumps({**erro, "threeDSServerTransID": OTHER})) is None


async def test_the_result_is_in_the_database_before_the_rres_is_sent(world):
    purchase = await challenged(world)
    await world.scheme.post_results("Y")
    assert (await seen(world, purchase))["authentication"]["trans_status"] == "Y"


# --- CRes ---


async def test_a_cres_that_says_y_against_an_rreq_that_says_n_does_not_pay(world):
    purchase = await challenged(world)
    await world.scheme.post_results("N")
    await come_back(world, purchase, world.scheme.final_cres("Y"))
    final = await ended(world, purchase)
    assert (final["result"], final["authentication"]["source"]) == ("refused", "RReq")
    assert said(final, "mismatch: the CRes says Y, the RReq says N")
    page = await world.get(f"/log/{purchase['id']}")
    assert "mismatch" in page.source


async def test_a_cres_that_says_n_against_an_rreq_that_says_y_does_not_refuse(world):
    purchase = await challenged(world)
    await come_back(world, purchase, world.scheme.final_cres("N"))
    await world.scheme.post_results("Y")
    final = await ended(world, purchase)
    assert final["result"] == "accepted"
    assert said(final, "mismatch")


async def test_a_cres_that_agrees_is_no_mismatch(world):
    purchase = await challenged(world)
    await world.scheme.post_results("Y")
    await come_back(world, purchase, world.scheme.final_cres("Y"))
    assert not said(await ended(world, purchase), "mismatch")


async def test_a_cres_without_an_rreq_pays_nothing_and_waits_for_a_bounded_time(world):
    purchase = await challenged(world)
    returning = await come_back(world, purchase, world.scheme.final_cres("Y"))
    waiting = await world.get(returning.forms["to-payment"]["action"])
    assert "waiting" in waiting.attributes
    world.advance(seconds=30)
    page = await world.get(returning.forms["to-payment"]["action"])
    assert outcome(page) == ("error", "no-result")
    assert (await seen(world, purchase))["state"] == "settled"


async def test_an_rreq_that_follows_its_cres_within_that_time_decides(world):
    purchase = await challenged(world)
    returning = await come_back(world, purchase, world.scheme.final_cres("Y"))
    world.advance(seconds=29)
    waiting = asyncio.create_task(world.get(returning.forms["to-payment"]["action"]))
    await world.scheme.post_results("Y")
    assert outcome(await waiting) == ("accepted", "authenticated")


@pytest.mark.parametrize("field", ["cres", "erro"])
async def test_an_erro_may_come_in_place_of_the_cres_in_either_field(world, field):
    purchase = await challenged(world)
    erro = to_base64url(
        {
            "messageType": "Erro",
            "messageVersion": "2.2.0",
            "threeDSServerTransID": purchase["id"],
            "errorCode": "305",
            "errorComponent": "A",
            "errorDescription": "no",
            "errorDetail": "no",
        }
    )
    await world.post("/3ds2/notification", {field: erro, "threeDSSessionData": purchase["threeDSSessionData"]})
    await world.scheme.post_results("U", transStatusReason="22", challengeCancel="06")
    final = await ended(world, purchase)
    assert said(final, "Erro 305 from component A")
    assert (final["result"], final["reason"]) == ("refused", "challenge-unavailable")


async def test_a_cres_with_padding_is_read(world):
    purchase = await challenged(world)
    await world.scheme.post_results("Y")
    text = to_base64url(world.scheme.final_cres("Y"))
    await come_back(world, purchase, text + "=" * (-len(text) % 4))
    assert said(await ended(world, purchase), "CRes Y")


@pytest.mark.parametrize(
    "cres", ["", "%%%", "e30", to_base64url([1]), to_base64url({"messageType": "CRes"}), "A" * 60_000]
)
async def test_a_cres_that_cannot_be_read_moves_nothing_but_the_waiting(world, cres):
    purchase = await challenged(world)
    returning = await come_back(world, purchase, cres)
    assert "to-payment" in returning.forms
    await world.scheme.post_results("Y")
    final = await ended(world, purchase)
    assert final["result"] == "accepted"
    assert said(final, "a CRes was refused")


async def test_a_cres_of_another_transaction_is_refused_and_moves_nothing(world):
    purchase = await challenged(world)
    cres = {**world.scheme.final_cres("Y"), "threeDSServerTransID": OTHER}
    fields = {"cres": to_base64url(cres), "threeDSSessionData": purchase["threeDSSessionData"]}
    await world.post("/3ds2/notification", fields, 403)
    assert (await seen(world, purchase))["state"] == "challenge"


@pytest.mark.parametrize("session", ["", "x", "é", "{other}", "{forged}"])
async def test_a_cres_from_a_browser_that_was_not_sent_is_refused(world, session):
    purchase, other = await challenged(world), await challenged(world)
    forged = to_base64url("x")[:-1] + purchase["threeDSSessionData"][10:]
    session = session.format(other=other["threeDSSessionData"], forged=forged)
    world.scheme.received.pop()
    fields = {"cres": to_base64url(world.scheme.final_cres("Y")), "threeDSSessionData": session}
    await world.post("/3ds2/notification", fields, 403)
    assert (await seen(world, purchase))["state"] == "challenge"


async def test_a_cres_posted_twice_and_differently_is_noted_and_the_first_counts(world):
    purchase = await challenged(world)
    await come_back(world, purchase, world.scheme.final_cres("N"))
    await come_back(world, purchase, world.scheme.final_cres("Y"))
    assert said(await seen(world, purchase), "a second, different CRes (Y) was ignored")


async def test_a_body_that_is_no_form_is_refused(world):
    async with world.session.post(world.url + "/3ds2/notification", json={}) as answer:
        assert answer.status == 415


@pytest.mark.parametrize("named", [None, [], {}, 7, "", "a\0b", "é"])
@pytest.mark.parametrize("kind", ["RReq", "Erro"])
async def test_a_message_that_names_no_transaction_breaks_nothing(world, kind, named):
    message = {"messageType": kind, "messageVersion": "2.2.0"} | (
        {} if named is None else {"threeDSServerTransID": named}
    )
    answer = await post_raw(world, json.dumps(message).encode())
    assert (answer and answer["errorCode"]) == ("301" if kind == "RReq" else None)
