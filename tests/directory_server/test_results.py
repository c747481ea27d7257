"""RReq and RRes through the directory server: one result per transaction, whatever is repeated, lost or changed."""

import asyncio
import json
from importlib.resources import files

import pytest

from tests.directory_server import messages
from tests.directory_server.peers import CutOff, OutOfOrder, Scene, Silence, scene
from tests.support.engine import on_both_engines
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = on_both_engines

CHALLENGE = compose("visa", SCENARIOS["challenge-otp"])
MASTERCARD = compose("mastercard", SCENARIOS["challenge-otp"])


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
async def test_a_result_goes_to_the_3ds_server_and_its_acknowledgement_back(ds: Scene, version):
    at_acs, ares = await ds.challenged(CHALLENGE, version)
    answer = await ds.post(messages.rreq(at_acs, ares))
    forwarded = await ds.three_ds_server.next()
    assert forwarded["messageType"] == "RReq"
    assert forwarded["transStatus"] == "Y"
    assert forwarded["authenticationValue"] == messages.PROOF
    assert answer == {
        "messageType": "RRes",
        "messageVersion": version,
        "threeDSServerTransID": at_acs["threeDSServerTransID"],
        "dsTransID": at_acs["dsTransID"],
        "acsTransID": ares["acsTransID"],
        "resultsStatus": "01",
    }
    state = await ds.state(at_acs["threeDSServerTransID"])
    assert (state["state"], state["transStatus"], state["eci"], state["results_status"]) == (
        "completed",
        "Y",
        "05",
        "01",
    )


@pytest.mark.parametrize("follows", [False, True])
async def test_whether_a_result_follows_an_ares_s_is_a_setting(follows):
    async with scene(result_after_spc=follows) as ds:
        golden = json.loads((files("fixtures") / "messages" / "2.3.1" / "ares-brw-pa-spc.json").read_text("utf-8"))
        shown = {name: golden[name] for name in ("spcTransData", "webAuthnCredList")}
        ds.acs.answer = lambda areq: messages.ares(areq, "S", **shown)
        able = {"threeDSRequestorSpcSupport": "Y", "payeeOrigin": "https://shop.example"}
        ares = await ds.post(ds.areq(CHALLENGE, "2.3.1", **able))
        at_acs = await ds.acs.next()
        answer = await ds.post(messages.rreq(at_acs, ares))
    assert answer.get("errorCode", answer["messageType"]) == ("RRes" if follows else "313")


async def test_the_authentication_method_stays_at_the_directory_server(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    await ds.post(messages.rreq(at_acs, ares, authenticationMethod="02"))
    assert "authenticationMethod" not in await ds.three_ds_server.next()


async def test_the_eci_of_a_result_is_the_scheme_s(ds: Scene):
    answer = await ds.post(ds.areq(MASTERCARD), "mastercard")
    at_acs = await ds.acs.next()
    await ds.post(messages.rreq(at_acs, answer, "N"), "mastercard")
    forwarded = await ds.three_ds_server.next()
    assert (forwarded["transStatus"], forwarded["transStatusReason"], forwarded["eci"]) == ("N", "19", "00")


async def test_the_hops_of_a_challenge_are_in_the_journal_in_their_order(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    await ds.post(messages.rreq(at_acs, ares))
    assert await ds.journal(at_acs["dsTransID"]) == [
        ("3DS Server", "Directory Server", "AReq"),
        ("Directory Server", "3DS Server", "ARes"),
        ("ACS", "Directory Server", "RReq"),
        ("Directory Server", "3DS Server", "RReq"),
        ("3DS Server", "Directory Server", "RRes"),
        ("Directory Server", "ACS", "RRes"),
    ]


@pytest.mark.parametrize("named", ["another", None])
async def test_an_answer_is_filed_under_what_it_answers_whatever_it_names(ds: Scene, named):
    others, _ = await ds.challenged(CHALLENGE)
    at_acs, ares = await ds.challenged(CHALLENGE)
    another = others["threeDSServerTransID"] if named else None
    ds.three_ds_server.answer = lambda rreq: messages.rres(rreq) | {"threeDSServerTransID": another}
    await ds.post(messages.rreq(at_acs, ares))
    assert ("3DS Server", "Directory Server", "RRes") in await ds.journal(at_acs["threeDSServerTransID"])
    assert [kind for _, _, kind in await ds.journal(others["threeDSServerTransID"])] == ["AReq", "ARes"]


async def test_a_result_that_is_repeated_is_answered_from_the_record(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    result = messages.rreq(at_acs, ares)
    first = await ds.post(result)
    assert await ds.post(dict(reversed(result.items()))) == first
    assert len(ds.three_ds_server.received) == 1


async def test_fifty_repetitions_at_once_reach_the_3ds_server_once(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    result = messages.rreq(at_acs, ares)
    answers = await asyncio.gather(*(ds.post(result) for _ in range(50)))
    assert {answer["messageType"] for answer in answers} == {"RRes"}
    assert len(ds.three_ds_server.received) == 1


async def test_of_fifty_different_results_at_once_exactly_one_stands(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    results = [messages.rreq(at_acs, ares, "Y" if i % 2 else "N", interactionCounter=f"{i:02}") for i in range(50)]
    answers = await asyncio.gather(*(ds.post(result) for result in results))
    [standing] = [i for i, answer in enumerate(answers) if answer["messageType"] == "RRes"]
    [forwarded] = ds.three_ds_server.received
    assert forwarded["interactionCounter"] == f"{standing:02}"
    assert {answer["errorCode"] for answer in answers if answer["messageType"] == "Erro"} == {"305"}
    assert (await ds.state(at_acs["dsTransID"]))["transStatus"] == forwarded["transStatus"]


async def test_another_result_for_a_finished_transaction_is_refused_and_the_3ds_server_is_left_alone(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    await ds.post(messages.rreq(at_acs, ares, "N"))
    answer = await ds.post(messages.rreq(at_acs, ares, "Y"))
    assert (answer["messageType"], answer["errorCode"], answer["errorComponent"]) == ("Erro", "305", "D")
    assert answer["errorMessageType"] == "RReq"
    assert [message["messageType"] for message in ds.three_ds_server.received] == ["RReq"]
    assert (await ds.state(at_acs["dsTransID"]))["transStatus"] == "N"


async def test_a_result_that_no_ares_announced_is_refused(ds: Scene):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y")
    ares = await ds.post(ds.areq(CHALLENGE))
    at_acs = await ds.acs.next()
    answer = await ds.post(messages.rreq(at_acs, ares))
    assert (answer["messageType"], answer["errorCode"]) == ("Erro", "305")
    assert ds.three_ds_server.received == []


@pytest.mark.parametrize("name", ["dsTransID", "threeDSServerTransID", "acsTransID"])
async def test_a_result_under_an_identifier_that_is_not_the_transaction_s_is_301(ds: Scene, name):
    at_acs, ares = await ds.challenged(CHALLENGE)
    other = "00000000-0000-4000-8000-000000000000"
    answer = await ds.post(messages.rreq(at_acs, ares, **{name: other}))
    assert (answer["messageType"], answer["errorCode"], answer["errorDetail"]) == ("Erro", "301", name)
    assert ds.three_ds_server.received == []
    assert (await ds.state(at_acs["threeDSServerTransID"]))["state"] == "challenged"


async def test_a_result_at_another_scheme_s_address_is_301(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    answer = await ds.post(messages.rreq(at_acs, ares), "mastercard")
    assert (answer["errorCode"], answer["errorDetail"]) == ("301", "dsTransID")
    assert ds.three_ds_server.received == []


async def test_identifiers_in_capitals_are_the_same_identifiers(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    result = messages.rreq(at_acs, ares)
    shouted = {name: value.upper() if name.endswith("TransID") else value for name, value in result.items()}
    answer = await ds.post(shouted)
    assert answer["messageType"] == "RRes"
    assert (await ds.three_ds_server.next())["dsTransID"] == at_acs["dsTransID"]


BAD_RESULTS = {
    "missing": ({"transStatus": None, "interactionCounter": None}, "201", "transStatus,interactionCounter"),
    "ill-formed": ({"interactionCounter": "1", "eci": "555"}, "203", "interactionCounter,eci"),
    "another version": ({"messageVersion": "2.1.0"}, "203", "messageVersion"),
    "another category": ({"messageCategory": "02"}, "203", "messageCategory"),
    "no final status": ({"transStatus": "C"}, "203", "transStatus"),
}


@pytest.mark.parametrize("bad", BAD_RESULTS)
async def test_a_result_that_is_wrong_is_refused_to_both_sides_and_a_right_one_still_counts(ds: Scene, bad):
    changes, code, names = BAD_RESULTS[bad]
    at_acs, ares = await ds.challenged(CHALLENGE)
    answer = await ds.post(messages.rreq(at_acs, ares, **changes))
    assert (answer["messageType"], answer["errorCode"], answer["errorComponent"]) == ("Erro", code, "D")
    assert sorted(answer["errorDetail"].split(",")) == sorted(names.split(","))
    told = await ds.three_ds_server.next()
    assert (told["messageType"], told["errorCode"], told["errorDetail"]) == ("Erro", code, answer["errorDetail"])
    assert told["threeDSServerTransID"] == at_acs["threeDSServerTransID"]
    assert (await ds.state(at_acs["dsTransID"]))["state"] == "challenged"
    assert (await ds.post(messages.rreq(at_acs, ares)))["messageType"] == "RRes"


BAD_ACKNOWLEDGEMENTS = {
    "no JSON": (lambda _rreq: b"OK", "101"),
    "another message": (lambda rreq: rreq, "101"),
    "other ids": (lambda rreq: messages.rres(rreq, acsTransID=rreq["dsTransID"]), "301"),
    "another version": (lambda rreq: messages.rres(rreq, messageVersion="2.1.0"), "203"),
    "no status": (lambda rreq: messages.rres(rreq, resultsStatus=None), "201"),
    "a status that does not exist": (lambda rreq: messages.rres(rreq, resultsStatus="09"), "203"),
}


@pytest.mark.parametrize("bad", BAD_ACKNOWLEDGEMENTS)
async def test_an_rres_that_is_wrong_is_refused_to_both_sides_and_the_result_can_be_repeated(ds: Scene, bad):
    bad_answer, code = BAD_ACKNOWLEDGEMENTS[bad]
    good_answer, ds.three_ds_server.answer = ds.three_ds_server.answer, bad_answer
    at_acs, ares = await ds.challenged(CHALLENGE)
    result = messages.rreq(at_acs, ares)
    answer = await ds.post(result)
    assert (answer["messageType"], answer["errorCode"], answer["errorComponent"]) == ("Erro", code, "D")
    await ds.three_ds_server.next()
    assert await ds.three_ds_server.next() == answer
    ds.three_ds_server.answer = good_answer
    refused = await ds.post(messages.rreq(at_acs, ares, "N"))
    assert refused["errorCode"] == "305", "the first result may have been taken"
    assert (await ds.post(result))["messageType"] == "RRes"


async def test_a_3ds_server_that_is_silent_is_402_to_both_sides_and_the_result_can_be_repeated():
    silence = Silence()
    async with scene(results_timeout=0.7) as ds:
        good_answer, ds.three_ds_server.answer = ds.three_ds_server.answer, lambda _rreq: silence
        at_acs, ares = await ds.challenged(CHALLENGE)
        result = messages.rreq(at_acs, ares)
        answer = await ds.post(result)
        silence.over.set()
        assert (answer["errorCode"], answer["errorComponent"], answer["errorMessageType"]) == ("402", "D", "RReq")
        await ds.three_ds_server.next()
        assert await ds.three_ds_server.next() == answer
        assert (await ds.state(at_acs["dsTransID"]))["state"] == "reporting"
        ds.three_ds_server.answer = good_answer
        assert (await ds.post(messages.rreq(at_acs, ares, "N")))["errorCode"] == "305"
        assert (await ds.post(result))["messageType"] == "RRes"


@pytest.mark.parametrize(
    "address",
    ["http://127.0.0.1:1/results", "http://127.0.0.1:99999/", "http://a..b/", "http://nobody.invalid/results"],
)
async def test_a_3ds_server_that_nobody_reaches_is_405_and_any_result_may_follow(ds: Scene, address):
    at_acs, ares = await ds.challenged(CHALLENGE, threeDSServerURL=address)
    answer = await ds.post(messages.rreq(at_acs, ares))
    assert (answer["errorCode"], answer["errorComponent"]) == ("405", "D")
    assert (await ds.state(at_acs["dsTransID"]))["state"] == "undelivered"
    again = await ds.post(messages.rreq(at_acs, ares, "U"))
    assert again["errorCode"] == "405"
    assert ("Directory Server", "3DS Server", "connection failed") in await ds.journal(at_acs["dsTransID"])


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_3ds_server_that_is_out_of_order_is_403_to_the_acs_alone_and_the_result_can_be_repeated(
    ds: Scene, status
):
    good_answer, ds.three_ds_server.answer = ds.three_ds_server.answer, lambda _rreq: OutOfOrder(status)
    at_acs, ares = await ds.challenged(CHALLENGE)
    result = messages.rreq(at_acs, ares)
    answer = await ds.post(result)
    assert (answer["errorCode"], answer["errorComponent"]) == ("403", "D")
    assert answer["acsTransID"] == ares["acsTransID"]
    ds.three_ds_server.answer = good_answer
    assert (await ds.post(result))["messageType"] == "RRes"
    assert [message["messageType"] for message in ds.three_ds_server.received] == ["RReq", "RReq"]


async def test_a_3ds_server_that_does_not_know_the_address_is_101_with_its_status(ds: Scene):
    ds.three_ds_server.answer = lambda _rreq: OutOfOrder(404)
    at_acs, ares = await ds.challenged(CHALLENGE)
    answer = await ds.post(messages.rreq(at_acs, ares))
    assert answer["errorCode"] == "101"
    assert answer["errorDetail"].startswith("HTTP 404")


async def test_a_3ds_server_that_breaks_the_connection_off_may_have_taken_the_result(ds: Scene):
    good_answer, ds.three_ds_server.answer = ds.three_ds_server.answer, lambda _rreq: CutOff()
    at_acs, ares = await ds.challenged(CHALLENGE)
    result = messages.rreq(at_acs, ares)
    assert (await ds.post(result))["errorCode"] == "405"
    assert (await ds.state(at_acs["dsTransID"]))["state"] == "reporting"
    ds.three_ds_server.answer = good_answer
    assert (await ds.post(result))["messageType"] == "RRes"


async def test_an_erro_of_the_3ds_server_is_relayed_and_a_corrected_result_may_follow(ds: Scene):
    good_answer = ds.three_ds_server.answer
    ds.three_ds_server.answer = lambda rreq: messages.erro(rreq, "203", "S", errorDetail="eci")
    at_acs, ares = await ds.challenged(CHALLENGE)
    answer = await ds.post(messages.rreq(at_acs, ares))
    assert (answer["messageType"], answer["errorCode"], answer["errorComponent"]) == ("Erro", "203", "S")
    assert answer["acsTransID"] == ares["acsTransID"]
    ds.three_ds_server.answer = good_answer
    assert (await ds.post(messages.rreq(at_acs, ares, "N")))["messageType"] == "RRes"


async def test_a_result_of_an_acs_whose_ares_came_too_late_is_forwarded():
    silence = Silence()
    async with scene(acs_timeout=0.2) as ds:
        ds.acs.answer = lambda _areq: silence
        await ds.post(ds.areq(CHALLENGE))
        silence.over.set()
        at_acs = await ds.acs.next()
        ds.three_ds_server.answer = lambda rreq: messages.rres(rreq, resultsStatus="03")
        late = messages.rreq(at_acs, {"acsTransID": "11111111-1111-4111-8111-111111111111"}, "U", challengeCancel="05")
        answer = await ds.post(late | {"transStatusReason": "14"})
        assert (answer["messageType"], answer["resultsStatus"]) == ("RRes", "03")
        assert (await ds.state("11111111-1111-4111-8111-111111111111"))["state"] == "completed"


async def test_a_result_that_overtakes_its_ares_stands(ds: Scene):
    silence = Silence()
    ds.acs.answer = lambda _areq: silence
    asking = asyncio.create_task(ds.post(ds.areq(CHALLENGE)))
    at_acs = await ds.acs.next()
    answer = await ds.post(messages.rreq(at_acs, {"acsTransID": "11111111-1111-4111-8111-111111111111"}))
    assert answer["messageType"] == "RRes"
    silence.over.set()
    await asking
    state = await ds.state(at_acs["dsTransID"])
    assert (state["state"], state["transStatus"]) == ("completed", "Y")


async def test_the_acknowledgement_is_kept_when_the_acs_gave_up_waiting(ds: Scene):
    silence = Silence(then=messages.rres)
    ds.three_ds_server.answer = lambda _rreq: silence
    at_acs, ares = await ds.challenged(CHALLENGE)
    result = messages.rreq(at_acs, ares)
    gave_up = asyncio.create_task(ds.post(result))
    await ds.three_ds_server.next()
    gave_up.cancel()
    repeated = asyncio.create_task(ds.post(result))
    silence.over.set()
    assert (await repeated)["messageType"] == "RRes"
    assert len(ds.three_ds_server.received) == 1


async def test_an_erro_about_an_answer_of_ours_is_taken_without_an_answer_and_changes_nothing(ds: Scene):
    at_acs, ares = await ds.challenged(CHALLENGE)
    for component, sender in (("S", "3DS Server"), ("A", "ACS")):
        assert await ds.post(messages.erro(ares, "203", component)) == {}
        assert (sender, "Directory Server", "Erro") in await ds.journal(at_acs["dsTransID"])
    assert (await ds.state(at_acs["dsTransID"]))["state"] == "challenged"


async def test_a_finished_transaction_is_remembered_after_a_restart(tmp_path):
    async with scene(data=tmp_path) as ds:
        at_acs, ares = await ds.challenged(CHALLENGE)
        result = messages.rreq(at_acs, ares)
        first = await ds.post(result)
        assert first["messageType"] == "RRes"
    async with scene(data=tmp_path) as ds:
        assert await ds.post(result) == first
        assert ds.three_ds_server.received == []
        assert (await ds.post(result | {"transStatus": "N", "transStatusReason": "19"}))["messageType"] == "Erro"
