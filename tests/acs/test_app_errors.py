"""Every row of the error tables of the app channel (app channel, sections 7 and 13), provoked by the second SDK."""

import asyncio
import json
from datetime import timedelta
from random import Random
from uuid import uuid4

import pytest

from tests.acs.app_stage import ALL_TYPES, JOSE, ROOT, areq, begin, post, send
from tests.acs.second_sdk import CBC, GCM, SecondSdk, erro
from tests.acs.stage import stage
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

VERSIONS = ["2.1.0", "2.2.0", "2.3.1"]
IN_EVERY_VERSION = pytest.mark.parametrize("version", VERSIONS)
OTHER = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
CRITICAL = [{"name": "x", "id": "strange", "criticalityIndicator": True, "data": {"value": "1"}}]
BROKEN = {"2.1.0": "06", "2.2.0": "06", "2.3.1": "10"}


def sdk_of(version="2.2.0", enc=CBC):
    return SecondSdk(version, enc, types=ALL_TYPES.get(version, SecondSdk.types))


def changed(text, part, old_to_new=None):
    """The JWE with the last character but one of a part changed."""
    parts = text.split(".")
    at = len(parts[part]) // 2
    parts[part] = parts[part][:at] + ("A" if parts[part][at] != "A" else "B") + parts[part][at + 1 :]
    return ".".join(parts)


def said(answer, code, detail=None):
    assert isinstance(answer, dict), "an Erro travels in clear"
    assert (answer["messageType"], answer["errorComponent"]) == ("Erro", "A")
    assert (answer["errorCode"], answer["errorDetail"] if detail else None) == (code, detail)
    return answer


async def over(acs, sdk, status="U", cancel=None, reason=None):
    """One RReq with this result, and nothing more to be had from this session."""
    assert (await acs.until(sdk.acs_trans_id, "reported"))["transStatus"] == status
    (rreq,) = acs.directory.rreqs
    assert rreq["transStatus"] == status
    assert rreq.get("challengeCancel") == (cancel or BROKEN[sdk.version])
    if reason:
        assert rreq["transStatusReason"] == reason
    check(rreq, Context(sdk.version, "01", leg=Leg.ACS_TO_DS))
    again = await post(acs, sdk, sdk.seal(sdk.creq()))
    assert again["messageType"] == "Erro"
    assert len(acs.directory.rreqs) == 1
    return rreq


WRONG = {
    "another messageType": (lambda s: {"messageType": "RReq"}, "101", None),
    "an unknown version": (lambda s: {"messageVersion": "2.9.0"}, "102", "2.1.0,2.2.0,2.3.1"),
    "no version": (lambda s: {"messageVersion": None}, "201", "messageVersion"),
    "another version": (lambda s: {"messageVersion": "2.1.0" if s.version == "2.2.0" else "2.2.0"}, None, None),
    "no counter": (lambda s: {"sdkCounterStoA": None}, "201", "sdkCounterStoA"),
    "a counter that is no number": (lambda s: {"sdkCounterStoA": "0x1"}, "203", "sdkCounterStoA"),
    "a counter that is a number": (lambda s: {"sdkCounterStoA": s.counter}, "203", "sdkCounterStoA"),
    "the next counter": (lambda s: {"sdkCounterStoA": f"{s.counter + 1:03}"}, "302", "sdkCounterStoA"),
    "another acsTransID": (lambda s: {"acsTransID": OTHER}, "301", "acsTransID"),
    "another sdkTransID": (lambda s: {"sdkTransID": OTHER}, "301", "sdkTransID"),
    "another threeDSServerTransID": (lambda s: {"threeDSServerTransID": OTHER}, "301", "threeDSServerTransID"),
    "no sdkTransID": (lambda s: {"sdkTransID": None}, "201", "sdkTransID"),
    "an identifier that is none": (lambda s: {"threeDSServerTransID": "x"}, "203", "threeDSServerTransID"),
    "a critical extension": (lambda s: {"messageExtension": CRITICAL}, "202", "strange"),
    "an empty entry": (lambda s: {"challengeHTMLDataEntry": ""}, "203", "challengeHTMLDataEntry"),
    "an entry that is too long": (lambda s: {"challengeDataEntry": "1" * 46}, "203", "challengeDataEntry"),
    "a cancel of the ACS": (lambda s: {"challengeCancel": "05"}, "203", "challengeCancel"),
    "a cancel that does not exist": (lambda s: {"challengeCancel": "77"}, None, None),
    "two actions": (lambda s: {"challengeDataEntry": "1", "challengeCancel": "01"}, "203", None),
    "entry and resend": (lambda s: {"challengeDataEntry": "1", "resendChallenge": "Y"}, "203", None),
}


@IN_EVERY_VERSION
@pytest.mark.parametrize("begun", [False, True], ids=["first", "later"])
@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_creq_ends_the_challenge(acs, name, begun, version):
    changes, code, detail = WRONG[name]
    sdk = await begin(acs, sdk=sdk_of(version))
    if begun:
        await send(acs, sdk)
    answer = await post(acs, sdk, sdk.seal(sdk.creq(**changes(sdk))))
    if code is None:
        assert answer["errorCode"] in ("203", "207")
    else:
        said(answer, code, detail)
    check(answer, Context(version, "01", leg=Leg.FROM_ACS))
    rreq = await over(acs, sdk)
    if version == "2.3.1":
        assert rreq["challengeErrorReporting"]["errorCode"] == answer["errorCode"]


@pytest.mark.parametrize("enc", [CBC, GCM])
@pytest.mark.parametrize("part", [2, 3, 4], ids=["vector", "text", "tag"])
async def test_what_does_not_open_is_302_and_ends_the_challenge(acs, part, enc):
    sdk = await begin(acs, sdk=sdk_of(enc=enc))
    await send(acs, sdk)
    said(await post(acs, sdk, changed(sdk.seal(sdk.creq()), part)), "302")
    await over(acs, sdk)


@pytest.mark.parametrize(
    ("enc", "key"),
    [
        (GCM, lambda k: k[16:]),
        (GCM, lambda k: bytes(16)),
        (CBC, lambda k: k[16:] + k[:16]),
        (CBC, lambda k: bytes(32)),
    ],
    ids=["the other half", "no key", "halves swapped", "no key at all"],
)
async def test_another_key_is_302(acs, enc, key):
    sdk = await begin(acs, sdk=sdk_of(enc=enc))
    said(await post(acs, sdk, sdk.seal(sdk.creq(), key=key(sdk.k))), "302")
    await over(acs, sdk)


async def test_the_encryption_does_not_change_in_the_middle(acs):
    sdk = await begin(acs, sdk=sdk_of(enc=CBC))
    await send(acs, sdk)
    sdk.enc = GCM
    said(await post(acs, sdk, sdk.seal(sdk.creq())), "302")
    await over(acs, sdk)


async def test_a_split_sdk_encrypts_with_gcm(acs):
    split = {"sdkType": "02", "defaultSdkType": None, "splitSdkType": {"sdkVariant": "01"}}
    signed = {"sdkServerSignedContent": "eyJhbGciOiJFUzI1NiJ9.e30.c2ln", "sdkSignatureTimestamp": "20260615120000"}
    sdk = await begin(acs, sdk=sdk_of("2.3.1", CBC), **split, **signed)
    said(await post(acs, sdk, sdk.seal(sdk.creq())), "310")
    await over(acs, sdk)


@pytest.mark.parametrize("plain", [b"", b"null", b"[]", b"{", b"\xff", b'{"messageType":"CReq"'])
async def test_what_is_no_message_inside_is_101(acs, plain):
    sdk = await begin(acs)
    said(await post(acs, sdk, sdk.seal(plain)), "101")
    await over(acs, sdk)


async def test_a_name_that_stands_twice_is_204(acs):
    sdk = await begin(acs)
    twice = json.dumps(sdk.creq())[:-1] + ', "messageType": "CReq"}'
    said(await post(acs, sdk, sdk.seal(twice.encode())), "204", "messageType")
    await over(acs, sdk)


async def test_a_creq_that_is_sent_twice_is_302(acs):
    sdk = await begin(acs)
    text = sdk.seal(sdk.creq())
    sdk.open(await post(acs, sdk, text))
    said(await post(acs, sdk, text), "302", "sdkCounterStoA")
    await over(acs, sdk)


async def test_of_two_creqs_at_once_one_is_taken_and_the_other_ends_it(acs):
    sdk = await begin(acs)
    text = sdk.seal(sdk.creq())
    answers = await asyncio.gather(post(acs, sdk, text), post(acs, sdk, text))
    assert sorted(type(answer).__name__ for answer in answers) == ["dict", "str"]
    assert len(acs.phone.messages) == 1
    await over(acs, sdk)


@pytest.mark.parametrize(
    "early",
    [
        {"challengeDataEntry": "1"},
        {"resendChallenge": "Y"},
        {"oobContinue": True},
        {"challengeHTMLDataEntry": "a=b"},
    ],
)
async def test_a_first_creq_answers_nothing(acs, early):
    sdk = await begin(acs)
    said(await post(acs, sdk, sdk.seal(sdk.creq(**early))), "203", next(iter(early)))
    assert acs.phone.messages == []
    await over(acs, sdk)


async def test_a_button_that_was_not_offered_is_203(acs):
    sdk = await begin(acs, "challenge-password", sdk_of("2.3.1"))
    assert "challengeAddLabel" not in await send(acs, sdk)
    said(await post(acs, sdk, sdk.seal(sdk.creq(challengeAddCode="Y"))), "203", "challengeAddCode")
    await over(acs, sdk)


async def test_what_a_shipping_sdk_says_too_much_is_passed(acs):
    sdk = await begin(acs, "challenge-oob")
    assert (await send(acs, sdk, challengeNoEntry="Y", messageExtensions=[]))["acsUiType"] == "04"
    assert (await send(acs, sdk, challengeNoEntry="Y", oobContinue=True))["acsUiType"] == "04"


async def test_a_requestor_app_url_is_passed_in_2_1_0(acs):
    sdk = await begin(acs, sdk=sdk_of("2.1.0"))
    assert (await send(acs, sdk, threeDSRequestorAppURL="app://back"))["acsUiType"] == "01"


# --- what names no session leaves every session alone ---


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda text: ".".join(text.split(".")[:4]), "302"),
        (lambda text: text + ".AAAA", "302"),
        (lambda text: text.replace(".", ". ", 1), "302"),
        (lambda text: text + "=", "302"),
        (lambda text: "", "302"),
        (lambda text: "é" + text, "302"),
        (lambda text: "W10" + text[text.index(".") :], "302"),
        (lambda text: "x" * 200_000, "101"),
        (lambda text: "A" * 9000 + text[text.index(".") :], "302"),
    ],
    ids=[
        "four parts",
        "six parts",
        "a blank",
        "padding",
        "nothing",
        "no ASCII",
        "no header",
        "too long",
        "long header",
    ],
)
async def test_what_is_no_jwe_leaves_every_session_alone(acs, change, code):
    sdk = await begin(acs)
    said(await post(acs, sdk, change(sdk.seal(sdk.creq())).encode()), code)
    assert acs.directory.rreqs == []
    assert (await send(acs, sdk))["acsUiType"] == "01"


@pytest.mark.parametrize("kid", [None, OTHER, 7, "\0", "x" * 500, "é"])
async def test_a_kid_that_names_no_challenge_is_301(acs, kid):
    sdk = await begin(acs)
    if kid == 7:
        header = {"alg": "dir", "enc": CBC, "kid": 7}
        text = ".".join([_b64(json.dumps(header)), *sdk.seal(sdk.creq()).split(".")[1:]])
    else:
        text = sdk.seal(sdk.creq(), kid=kid)
    said(await post(acs, sdk, text), "301")
    assert (await send(acs, sdk))["acsUiType"] == "01"


def _b64(text):
    from tests.acs.second_sdk import b64

    return b64(text.encode())


async def test_the_code_for_an_unknown_kid_is_a_setting():
    async with stage(unknown_kid="302") as acs:
        sdk = await begin(acs)
        said(await post(acs, sdk, sdk.seal(sdk.creq(), kid=str(uuid4()))), "302")


async def test_a_browsers_challenge_is_not_one_of_an_app(acs):
    sdk = await begin(acs)
    ares = await acs.ask()
    said(await post(acs, sdk, sdk.seal(sdk.creq(), kid=ares["acsTransID"])), "301")
    assert (await acs.open(ares)).status == 200


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
async def test_another_content_type_is_101(acs, content_type):
    sdk = await begin(acs)
    said(await post(acs, sdk, sdk.seal(sdk.creq()), {"Content-Type": content_type or "x/y"}), "101")


async def test_json_that_is_no_erro_is_101(acs):
    sdk = await begin(acs)
    said(await post(acs, sdk, json.dumps(sdk.creq()), {"Content-Type": "application/json"}), "101")
    assert (await send(acs, sdk))["acsUiType"] == "01"


# --- time ---


@IN_EVERY_VERSION
async def test_no_first_creq_in_30_seconds_ends_it(acs, version):
    sdk = await begin(acs, sdk=sdk_of(version))
    acs.runtime.clock.advance(timedelta(seconds=31))
    await acs.until(sdk.acs_trans_id, "reported")
    said(await post(acs, sdk, sdk.seal(sdk.creq())), "315" if version == "2.3.1" else "402")
    await over(acs, sdk, "N", "05", "14")


@IN_EVERY_VERSION
async def test_ten_minutes_between_ends_it(acs, version):
    sdk = await begin(acs, sdk=sdk_of(version))
    await send(acs, sdk)
    acs.runtime.clock.advance(timedelta(minutes=10, seconds=1))
    said(await post(acs, sdk, sdk.seal(sdk.creq(challengeDataEntry="1"))), "315" if version == "2.3.1" else "402")
    await over(acs, sdk, "N", "04", "14")


@IN_EVERY_VERSION
@pytest.mark.parametrize("begun", [False, True])
async def test_the_sdks_erro_402_is_its_time_out(acs, version, begun):
    sdk = await begin(acs, sdk=sdk_of(version))
    if begun:
        await send(acs, sdk)
    assert (
        await post(acs, sdk, json.dumps(erro(sdk.version, sdk.creq(), "402")), {"Content-Type": "application/json"})
        is None
    )
    await over(acs, sdk, "N", "08", "14")


@IN_EVERY_VERSION
async def test_a_creq_that_says_the_sdk_timed_out_is_taken_as_well(acs, version):
    sdk = await begin(acs, sdk=sdk_of(version))
    await send(acs, sdk)
    assert (await send(acs, sdk, challengeCancel="08"))["transStatus"] == "N"
    await over(acs, sdk, "N", "08", "14")


@IN_EVERY_VERSION
@pytest.mark.parametrize("code", ["101", "102", "201", "202", "203", "301", "302"])
async def test_an_erro_of_the_sdk_ends_it(acs, version, code):
    sdk = await begin(acs, sdk=sdk_of(version))
    await send(acs, sdk)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert await post(acs, sdk, json.dumps(erro(sdk.version, sdk.creq(), code)), headers) is None
    rreq = await over(acs, sdk, "U", "09" if version == "2.3.1" else "06")
    if version == "2.3.1":
        assert rreq["challengeErrorReporting"]["errorCode"] == code


async def test_an_erro_after_the_end_changes_nothing(acs):
    sdk = await begin(acs)
    await send(acs, sdk)
    await send(acs, sdk, challengeDataEntry=acs.phone.code)
    assert (
        await post(acs, sdk, json.dumps(erro(sdk.version, sdk.creq(), "302")), {"Content-Type": "application/json"})
        is None
    )
    assert (await acs.transaction(sdk.acs_trans_id))["transStatus"] == "Y"
    assert len(acs.directory.rreqs) == 1


async def test_an_erro_does_not_end_a_browsers_challenge(acs):
    sdk = await begin(acs)
    ares = await acs.ask()
    wrong = erro(sdk.version, sdk.creq(), "302") | {"acsTransID": ares["acsTransID"]}
    assert await post(acs, sdk, json.dumps(wrong), {"Content-Type": "application/json"}) is None
    assert (await acs.open(ares)).status == 200
    assert acs.directory.rreqs == []


@IN_EVERY_VERSION
async def test_a_creq_after_the_final_cres_is_refused_and_the_result_stands(acs, version):
    sdk = await begin(acs, sdk=sdk_of(version))
    await send(acs, sdk)
    await send(acs, sdk, challengeDataEntry=acs.phone.code)
    said(await post(acs, sdk, sdk.seal(sdk.creq())), "315" if version == "2.3.1" else "305")
    assert (await acs.transaction(sdk.acs_trans_id))["transStatus"] == "Y"
    assert len(acs.directory.rreqs) == 1


async def test_an_app_that_is_not_challenged_has_no_challenge(acs):
    from tests.acs.app_stage import areq
    from threedsecure.cards.scenarios import SCENARIOS
    from threedsecure.cards.test_cards import compose

    sdk = await begin(acs)
    other = SecondSdk()
    _, ares = await acs.post_areq(areq(acs, other, compose("visa", SCENARIOS["frictionless"])))
    assert ares["transStatus"] == "Y"
    said(await post(acs, sdk, sdk.seal(sdk.creq(), kid=ares["acsTransID"])), "305")


# --- the directory server does not take the result ---


async def test_an_erro_in_the_place_of_the_rres_is_told_as_403(acs):
    acs.directory.answer = lambda rreq: (200, {**erro_of(rreq), "errorCode": "301"})
    sdk = await begin(acs)
    await send(acs, sdk)
    said(await post(acs, sdk, sdk.seal(sdk.creq(challengeDataEntry=acs.phone.code))), "403")


async def test_no_rres_is_told_as_402():
    async with stage(results_timeout=0.2) as acs:
        acs.directory.hold = asyncio.Event()
        sdk = await begin(acs)
        await send(acs, sdk)
        said(await post(acs, sdk, sdk.seal(sdk.creq(challengeDataEntry=acs.phone.code))), "402")


@pytest.mark.parametrize("scenario", ["results-never", "results-late"])
async def test_scenarios_that_hold_the_result_back_end_as_the_cardholder_ends_them(acs, scenario):
    sdk = await begin(acs, scenario)
    await send(acs, sdk)
    assert (await send(acs, sdk, challengeDataEntry=acs.phone.code))["transStatus"] == "Y"


def erro_of(rreq):
    ids = {name: rreq[name] for name in ("threeDSServerTransID", "acsTransID", "dsTransID")}
    return {
        "messageType": "Erro",
        "messageVersion": rreq["messageVersion"],
        "errorComponent": "D",
        "errorDescription": "no",
        "errorDetail": "no",
        "errorMessageType": "RReq",
        **ids,
    }


# --- whatever is posted ---


def hostile(sdk, draw):
    """Bodies that begin as a right one, cut, doubled, flipped, padded and filled with something else; by a seed."""
    while True:
        body = bytearray(sdk.seal(sdk.creq(), kid=draw.choice([OTHER, "x", "\0"])).encode())
        for _ in range(draw.randrange(1, 6)):
            at = draw.randrange(len(body) + 1)
            match draw.randrange(5):
                case 0:
                    del body[at : at + draw.randrange(1, 40)]
                case 1:
                    body[at:at] = body[: draw.randrange(1, 60)]
                case 2:
                    body[at:at] = draw.choice([b".", b"..", b"=", b"\xff", b"{", b"[" * 2000, b"A" * 5000])
                case 3:
                    body[at : at + 1] = bytes([draw.randrange(256)])
                case 4:
                    body = bytearray(draw.randbytes(draw.randrange(1, 400)))
        yield bytes(body)


async def test_no_body_makes_the_endpoint_fail_or_touches_another_challenge(acs):
    sdk, draw = await begin(acs), Random(15)
    kinds = [JOSE, {"Content-Type": "application/json"}]
    for number, body in zip(range(600), hostile(sdk, draw), strict=False):
        answer = await post(acs, sdk, body, kinds[number % 7 == 0])
        assert answer["messageType"] == "Erro", body
        assert answer["errorCode"] in ("101", "301", "302"), (body, answer)
    assert acs.directory.rreqs == []
    assert (await send(acs, sdk))["acsUiType"] == "01"


@pytest.mark.parametrize(
    ("scheme", "scenario", "given", "refused"),
    [
        ("mastercard", "challenge-oob", {}, True),
        ("mastercard", "challenge-oob", {"threeDSRequestorAppURL": "https://shop.example/app"}, False),
        ("mastercard", "challenge-otp", {}, False),
        ("visa", "challenge-oob", {}, False),
    ],
)
async def test_a_rule_in_force_wants_the_way_back_from_the_banking_app(scheme, scenario, given, refused):
    async with stage(rules_as_of="2024-09-24") as acs:
        sdk = sdk_of("2.2.0")
        _, ares = await acs.post_areq(areq(acs, sdk, compose(scheme, SCENARIOS[scenario])))
        sdk.begin(ares, ROOT)
        answer = await post(acs, sdk, sdk.seal(sdk.creq(**given)))
    assert isinstance(answer, dict) == refused
    if refused:
        assert (answer["errorCode"], answer["errorDetail"]) == ("201", "threeDSRequestorAppURL")
