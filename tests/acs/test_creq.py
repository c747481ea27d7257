"""`POST /3ds2/challenge` with what is not the CReq of an open challenge (errors, section 2)."""

import pytest

from tests.acs.stage import base64url, from_base64url, stage
from tests.acs.test_areq import card
from threedsecure.v2.validation.checking import Context, Leg, check

UNKNOWN = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"


def erro(shown):
    assert shown.form.action == "http://127.0.0.1:8400/3ds2/notification"
    message = from_base64url(shown.form.fields["cres"])
    assert (message["messageType"], message["errorComponent"]) == ("Erro", "A")
    check(message, Context(message["messageVersion"], leg=Leg.FROM_ACS))
    return message


@pytest.mark.parametrize(
    ("changes", "code", "detail"),
    [
        ({"challengeWindowSize": "06"}, "203", "challengeWindowSize"),
        ({"challengeWindowSize": None}, "201", "challengeWindowSize"),
        ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
        ({"messageVersion": "2.9.0"}, "102", "2.1.0,2.2.0,2.3.1"),
        ({"messageType": "RReq"}, "101", None),
        ({"threeDSServerTransID": UNKNOWN}, "301", "threeDSServerTransID"),
        ({"threeDSServerTransID": None}, "201", "threeDSServerTransID"),
        (
            {
                "messageExtension": [
                    {"name": "x", "id": "strange", "criticalityIndicator": True, "data": {"value": "1"}}
                ]
            },
            "202",
            "strange",
        ),
    ],
)
@pytest.mark.parametrize("begun", [False, True], ids=["at the start", "in the middle"])
async def test_a_wrong_creq_ends_the_challenge_with_an_erro_and_an_rreq(acs, begun, changes, code, detail):
    ares = await acs.ask()
    page = await acs.open(ares) if begun else None
    shown = await acs.open(ares, "c2Vzc2lvbg", **changes)
    message = erro(shown)
    assert message["errorCode"] == code
    if detail:
        assert message["errorDetail"] == detail
    assert (message["acsTransID"], message["dsTransID"]) == (ares["acsTransID"], ares["dsTransID"])
    assert message["messageVersion"] == "2.2.0"
    (rreq,) = acs.directory.rreqs
    check(rreq, Context("2.2.0", leg=Leg.ACS_TO_DS))
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["challengeCancel"]) == ("U", "07", "06")
    if page is None:
        assert shown.form.fields["threeDSSessionData"] == "c2Vzc2lvbg"
    else:
        assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "N"
    assert (await acs.until(ares["acsTransID"], "reported"))["transStatus"] == "U"


async def test_another_creq_for_the_same_challenge_is_305(acs):
    ares = await acs.ask()
    await acs.open(ares)
    message = erro(await acs.open(ares, challengeWindowSize="01"))
    assert (message["errorCode"], message["errorMessageType"]) == ("305", "CReq")
    assert acs.directory.rreqs[0]["challengeCancel"] == "06"


async def test_a_creq_for_a_transaction_without_a_challenge_is_305_and_changes_nothing(acs):
    ares = await acs.ask(card("frictionless"))
    assert erro(await acs.open(ares))["errorCode"] == "305"
    assert acs.directory.bodies == []
    assert (await acs.transaction(ares["acsTransID"]))["transStatus"] == "Y"


async def test_a_creq_after_the_end_is_305_and_the_result_stands(acs):
    ares = await acs.ask()
    await acs.type(await acs.open(ares), acs.phone.code)
    assert erro(await acs.open(ares))["errorCode"] == "305"
    assert len(acs.directory.bodies) == 1
    assert (await acs.transaction(ares["acsTransID"]))["transStatus"] == "Y"


async def test_a_creq_of_no_known_transaction_is_told_on_a_page(acs):
    ares = {"messageVersion": "2.2.0", "threeDSServerTransID": UNKNOWN, "acsTransID": UNKNOWN}
    shown = await acs.open(ares)
    assert shown.status == 404
    assert "301" in shown.text
    assert not shown.form.action


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "creq"),
        ({"creq": ""}, "101"),
        ({"creq": "%%%"}, "203"),
        ({"creq": base64url(b"\xff")}, "101"),
        ({"creq": base64url(b"null")}, "101"),
        ({"creq": base64url({"messageType": "CReq", "messageVersion": "2.2.0", "acsTransID": 7})}, "203"),
        ({"creq": base64url({"messageType": "CReq", "messageVersion": "2.2.0", "acsTransID": "\0é"})}, "203"),
        ({"cres": "x"}, "creq"),
    ],
)
async def test_what_is_no_creq_is_told_on_a_page(acs, fields, words):
    shown = await acs.post(acs.url + "/3ds2/challenge", fields)
    assert shown.status == 400
    assert words in shown.text
    assert not shown.form.action


@pytest.mark.parametrize("session_data", ["not base64url!", "A" * 1025, "é"])
async def test_session_data_that_is_not_base64url_is_203(acs, session_data):
    ares = await acs.ask()
    message = erro(await acs.open(ares, session_data))
    assert (message["errorCode"], message["errorDetail"]) == ("203", "threeDSSessionData")


async def test_the_longest_session_data_comes_back(acs):
    ares = await acs.ask()
    page = await acs.open(ares, "A" * 1024)
    assert (await acs.type(page, acs.phone.code)).form.fields["threeDSSessionData"] == "A" * 1024


async def test_the_field_of_an_erro_is_a_setting():
    async with stage(erro_field="erro") as acs:
        ares = await acs.ask(card("frictionless"))
        shown = await acs.open(ares)
        assert from_base64url(shown.form.fields["erro"])["errorCode"] == "305"
        assert "cres" not in shown.form.fields
