"""AReq and ARes through the directory server, over real sockets."""

import asyncio
import re
from datetime import timedelta

import pytest

from directory_server.authentication.rules import Trouble, answered_here, not_enrolled, standing_in
from directory_server.ranges import StandIn
from tests.directory_server import messages
from tests.directory_server.peers import CutOff, OutOfOrder, Scene, Silence, scene
from tests.support.patience import PATIENCE_SECONDS
from threedsecure.cards.authentication_values import emv_authentication_value, verify_emv_authentication_value
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import compose, listed
from threedsecure.v2.validation.checking import Leg, context_of, violations

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
FRICTIONLESS = compose("visa", SCENARIOS["frictionless"])
ACS_DOWN = compose("visa", SCENARIOS["acs-down"])
NOT_ENROLLED = compose("visa", SCENARIOS["not-enrolled"])


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
async def test_an_areq_reaches_the_acs_with_the_elements_of_the_directory_server_and_the_ares_comes_back(
    ds: Scene, version
):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y")
    sent = ds.areq(FRICTIONLESS, version)
    answer = await ds.post(sent)
    received = await ds.acs.next()
    assert received | {"dsTransID": 0, "dsURL": 0, "dsReferenceNumber": 0} == sent | {
        "dsTransID": 0,
        "dsURL": 0,
        "dsReferenceNumber": 0,
    }
    assert UUID.fullmatch(received["dsTransID"])
    assert received["dsURL"] == "http://127.0.0.1:8100/visa/3ds2"
    assert answer["messageType"] == "ARes"
    assert answer["transStatus"] == "Y"
    assert answer["threeDSServerTransID"] == sent["threeDSServerTransID"]
    assert answer["dsTransID"] == received["dsTransID"]


@pytest.mark.parametrize(
    ("scheme", "trans_status", "eci"),
    [
        ("visa", "Y", "05"),
        ("visa", "A", "06"),
        ("visa", "N", "07"),
        ("mastercard", "Y", "02"),
        ("mastercard", "A", "01"),
        ("mastercard", "R", "00"),
        ("amex", "Y", "05"),
        ("cb", "Y", "05"),
        ("jcb", "U", "07"),
        ("discover", "A", "06"),
        ("unionpay", "Y", "05"),
    ],
)
async def test_the_eci_is_the_one_that_the_scheme_gives_to_the_outcome(ds: Scene, scheme, trans_status, eci):
    ds.acs.answer = lambda areq: messages.ares(areq, trans_status)
    answer = await ds.post(ds.areq(compose(scheme, SCENARIOS["frictionless"])), scheme)
    assert (answer["transStatus"], answer["eci"]) == (trans_status, eci)


async def test_a_non_payment_authentication_keeps_the_eci_of_the_acs(ds: Scene):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y", eci="N2")
    answer = await ds.post(ds.areq(FRICTIONLESS, messageCategory="02"))
    assert answer["eci"] == "N2"


async def test_what_a_version_does_not_define_goes_neither_to_the_acs_nor_to_the_3ds_server(ds: Scene):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y", whiteListStatus="Y", whiteListStatusSource="03", ours="x")
    answer = await ds.post(ds.areq(FRICTIONLESS, "2.1.0", browserJavascriptEnabled=True, inventedByUs="1", dsURL="x"))
    received = await ds.acs.next()
    assert not {"browserJavascriptEnabled", "inventedByUs"} & received.keys()
    assert received["dsURL"].startswith("http://127.0.0.1:8100/")
    assert not {"whiteListStatus", "whiteListStatusSource", "ours"} & answer.keys()


async def test_an_unknown_extension_that_is_not_critical_passes_unchanged(ds: Scene):
    extension = {"name": "Exemple", "id": "A000000999-001", "criticalityIndicator": False, "data": {"a": [1, "é"]}}
    await ds.post(ds.areq(FRICTIONLESS, messageExtension=[extension]))
    assert (await ds.acs.next())["messageExtension"] == [extension]


async def test_a_critical_extension_that_is_unknown_is_refused_by_its_id(ds: Scene):
    extension = {"name": "Exemple", "id": "A000000999-001", "criticalityIndicator": True, "data": {"a": 1}}
    answer = await ds.post(ds.areq(FRICTIONLESS, messageExtension=[extension]))
    assert (answer["errorCode"], answer["errorDetail"]) == ("202", "A000000999-001")


async def test_every_listed_card_is_answered_by_its_issuer_or_as_its_digits_say(ds: Scene):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y")
    for card in listed():
        answer = await ds.post(ds.areq(card.pan), card.scheme)
        match card.scenario.name:
            case "not-enrolled":
                assert answer["transStatus"] == "N", card
            case "acs-down":
                assert answer["errorCode"] == "405", card
            case "stand-in-attempt":
                assert answer["transStatus"] == "A", card
            case "stand-in-unavailable":
                assert answer["transStatus"] == "U", card
            case _:
                assert answer["transStatus"] == "Y", card


async def test_a_test_card_outside_every_range_is_answered_n_no_card_record_by_the_directory_server(ds: Scene):
    answer = await ds.post(ds.areq(NOT_ENROLLED))
    assert answer["messageType"] == "ARes"
    assert (answer["transStatus"], answer["transStatusReason"], answer["eci"]) == ("N", "08", "07")
    assert answer["acsReferenceNumber"] == answer["dsReferenceNumber"]
    assert UUID.fullmatch(answer["acsTransID"])
    assert ds.acs.received == []
    assert (await ds.state(answer["dsTransID"]))["state"] == "answered"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_the_proof_that_each_scheme_s_issuers_make_passes_the_directory_server(ds: Scene, scheme):
    pan = compose(scheme, SCENARIOS["frictionless"])

    def proven(areq: messages.Message) -> messages.Message:
        value = emv_authentication_value(
            scheme,
            pan=pan,
            trans_status="Y",
            ds_trans_id=areq["dsTransID"],
            purchase_amount=4200,
            purchase_currency="978",
            purchase_date="20260615120000",
            version="2.2.0",
        )
        return messages.ares(areq, "Y", authenticationValue=value)

    ds.acs.answer = proven
    answer = await ds.post(ds.areq(pan), scheme)
    assert answer["transStatus"] == "Y", answer
    assert len(answer["authenticationValue"]) == 28


@pytest.mark.parametrize("category", ["01", "02"])
@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
@pytest.mark.parametrize("scheme", ["visa", "mastercard"])
@pytest.mark.parametrize("own", ["not enrolled", "attempt", "unavailable"])
def test_an_answer_in_the_issuer_s_place_is_right_by_the_tables(own, scheme, version, category):
    sent = messages.areq(FRICTIONLESS, "http://127.0.0.1/", version, messageCategory=category) | {
        "dsTransID": "11111111-1111-4111-8111-111111111111",
        "dsReferenceNumber": "3DS_LOA_DIS_SIMU_020200_00001",
        "dsURL": "http://127.0.0.1/visa/3ds2",
    }
    acs_trans_id = "22222222-2222-4222-8222-222222222222"
    if own == "not enrolled":
        answer = answered_here(sent, scheme, not_enrolled(), acs_trans_id)
    else:
        answer = standing_in(sent, scheme, StandIn(own), Trouble.UNREACHABLE, acs_trans_id)
    assert answer["transStatus"] == {"not enrolled": "N", "attempt": "A", "unavailable": "U"}[own]
    assert ("authenticationValue" in answer) == (own == "attempt" and category == "01")
    assert violations(answer, context_of(answer, Leg.DS_TO_THREE_DS_SERVER, sent)) == []


async def test_a_number_that_the_simulator_does_not_know_is_told_so_with_the_nearest_cards_masked(ds: Scene):
    answer = await ds.post(ds.areq("4000009000000001"))
    assert (answer["errorCode"], answer["errorComponent"], answer["errorMessageType"]) == ("305", "D", "AReq")
    assert answer["errorDetail"].startswith("acctNumber: the simulator does not know 400000******0001")
    assert "400000******0006 (visa challenge-otp)" in answer["errorDetail"] or "visa " in answer["errorDetail"]
    assert not re.search(r"\d{13}", answer["errorDetail"])
    assert ds.acs.received == []


async def test_a_card_of_another_scheme_is_told_where_to_go(ds: Scene):
    answer = await ds.post(ds.areq(compose("mastercard", SCENARIOS["frictionless"])))
    assert answer["errorCode"] == "305"
    assert "/mastercard/3ds2" in answer["errorDetail"]


async def test_a_version_that_the_card_range_does_not_know_is_refused_with_those_it_knows(ds: Scene):
    only_2_1_0 = compose("visa", SCENARIOS["frictionless"], version="1")
    answer = await ds.post(ds.areq(only_2_1_0, "2.2.0"))
    assert (answer["errorCode"], answer["errorDetail"]) == ("102", "2.1.0")
    assert (await ds.post(ds.areq(only_2_1_0, "2.1.0")))["messageType"] == "ARes"


async def test_an_erro_of_the_acs_is_relayed_under_the_identifiers_of_the_transaction(ds: Scene):
    ds.acs.answer = lambda areq: messages.erro(areq, "305", "A", errorDetail="acctNumber", threeDSServerTransID=None)
    sent = ds.areq(FRICTIONLESS)
    answer = await ds.post(sent)
    assert (answer["messageType"], answer["errorCode"], answer["errorComponent"]) == ("Erro", "305", "A")
    assert answer["threeDSServerTransID"] == sent["threeDSServerTransID"]
    assert answer["dsTransID"] == ds.acs.received[0]["dsTransID"]
    assert (await ds.state(sent["threeDSServerTransID"]))["state"] == "failed"


async def test_an_acs_that_refuses_the_connection_is_405(ds: Scene):
    sent = ds.areq(ACS_DOWN)
    answer = await ds.post(sent)
    assert (answer["errorCode"], answer["errorComponent"], answer["errorMessageType"]) == ("405", "D", "AReq")
    assert answer["dsTransID"]
    assert (await ds.state(sent["threeDSServerTransID"]))["state"] == "failed"
    assert await ds.journal(sent["threeDSServerTransID"]) == [
        ("3DS Server", "Directory Server", "AReq"),
        ("Directory Server", "ACS", "AReq"),
        ("Directory Server", "ACS", "connection failed"),
        ("Directory Server", "3DS Server", "Erro"),
    ]


async def test_an_acs_that_breaks_the_connection_off_is_tried_once_more_and_then_405(ds: Scene):
    ds.acs.answer = lambda _areq: CutOff()
    answer = await ds.post(ds.areq(FRICTIONLESS))
    assert answer["errorCode"] == "405"
    assert len(ds.acs.received) == 2


async def test_an_acs_that_is_silent_is_402():
    silence = Silence()
    async with scene(acs_timeout=0.2) as ds:
        ds.acs.answer = lambda _areq: silence
        sent = ds.areq(FRICTIONLESS)
        answer = await ds.post(sent)
        silence.over.set()
        assert (answer["errorCode"], answer["errorComponent"]) == ("402", "D")
        assert (await ds.state(sent["threeDSServerTransID"]))["state"] == "unanswered"
        assert ("Directory Server", "ACS", "no answer") in await ds.journal(sent["threeDSServerTransID"])


async def test_an_acs_is_silent_by_the_virtual_clock_too(ds: Scene):
    silence = Silence()
    ds.acs.answer = lambda _areq: silence
    sent = ds.areq(FRICTIONLESS)
    asked = asyncio.create_task(ds.post(sent))
    await ds.acs.next()
    ds.runtime.clock.advance(timedelta(seconds=PATIENCE_SECONDS))
    answer = await asked
    silence.over.set()
    assert (answer["errorCode"], answer["errorComponent"]) == ("402", "D")
    assert ("Directory Server", "ACS", "no answer") in await ds.journal(sent["threeDSServerTransID"])


async def test_what_is_on_its_way_when_the_clock_is_moved_still_arrives(ds: Scene):
    silence = Silence(then=lambda areq: messages.ares(areq, "Y"))
    ds.acs.answer = lambda _areq: silence
    asked = asyncio.create_task(ds.post(ds.areq(FRICTIONLESS)))
    await ds.acs.next()
    ds.runtime.clock.advance(timedelta(hours=1))
    silence.over.set()
    assert (await asked)["messageType"] == "ARes"


async def test_an_acs_that_is_out_of_order_is_403_and_is_told_nothing(ds: Scene):
    ds.acs.answer = lambda _areq: OutOfOrder(503)
    answer = await ds.post(ds.areq(FRICTIONLESS))
    assert (answer["errorCode"], answer["errorComponent"]) == ("403", "D")
    assert "503" in answer["errorDetail"]
    assert len(ds.acs.received) == 1
    hops = await ds.journal(answer["dsTransID"])
    assert ("ACS", "Directory Server", "message") in hops


BAD_ANSWERS = {
    "no JSON": (lambda _areq: b"<html>", "101", None),
    "another message": (lambda areq: messages.rres(areq | {"acsTransID": areq["dsTransID"]}), "101", None),
    "other ids": (
        lambda areq: messages.ares(areq, threeDSServerTransID=areq["dsTransID"]),
        "301",
        "threeDSServerTransID",
    ),
    "another version": (lambda areq: messages.ares(areq, messageVersion="2.1.0"), "203", "messageVersion"),
    "elements missing": (
        lambda areq: messages.ares(areq, "C", acsURL=None, acsTransID=None),
        "201",
        "acsTransID,acsURL",
    ),
    "ill-formed": (lambda areq: messages.ares(areq, acsTransID="1"), "203", "acsTransID"),
    "status out of context": (lambda areq: messages.ares(areq, "I", transStatusReason=None), "203", "transStatus"),
}


@pytest.mark.parametrize("bad", BAD_ANSWERS)
async def test_an_ares_that_is_wrong_is_refused_to_both_sides_with_every_name(ds: Scene, bad):
    answer_of_acs, code, names = BAD_ANSWERS[bad]
    ds.acs.answer = answer_of_acs
    sent = ds.areq(FRICTIONLESS)
    answer = await ds.post(sent)
    await ds.acs.next()
    told = await ds.acs.next()
    assert (answer["messageType"], answer["errorCode"], answer["errorComponent"]) == ("Erro", code, "D")
    if names is not None:
        assert sorted(answer["errorDetail"].split(",")) == sorted(names.split(","))
        assert answer["errorMessageType"] == "ARes"
    assert told == answer
    assert answer["threeDSServerTransID"] == sent["threeDSServerTransID"]
    assert (await ds.state(sent["threeDSServerTransID"]))["state"] == "failed"


async def test_an_erro_of_the_acs_that_is_itself_wrong_is_not_answered_with_one(ds: Scene):
    ds.acs.answer = lambda areq: messages.erro(areq, "305", "A", errorDescription=None)
    answer = await ds.post(ds.areq(FRICTIONLESS))
    assert (answer["errorCode"], answer["errorComponent"], answer["errorMessageType"]) == ("201", "D", "Erro")
    assert [message["messageType"] for message in ds.acs.received] == ["AReq"]


@pytest.mark.parametrize("trouble", ["down", "silent", "garbage", "erro"])
@pytest.mark.parametrize("scheme", ["visa", "mastercard"])
async def test_a_range_that_stands_in_with_an_attempt_answers_a_with_its_own_value(trouble, scheme):
    silence = Silence()
    troubles = {
        "silent": lambda _a: silence,
        "garbage": lambda _a: b"{",
        "erro": lambda a: messages.erro(a, "403", "A"),
    }
    async with scene(stand_in="attempt", acs_timeout=0.2) as ds:
        ds.acs.answer = troubles.get(trouble, ds.acs.answer)
        pan = compose(scheme, SCENARIOS["acs-down" if trouble == "down" else "frictionless"])
        sent = ds.areq(pan)
        answer = await ds.post(sent, scheme)
        silence.over.set()
        assert (answer["messageType"], answer["transStatus"]) == ("ARes", "A"), answer
        assert answer["eci"] == {"visa": "06", "mastercard": "01"}[scheme]
        assert verify_emv_authentication_value(
            scheme,
            answer["authenticationValue"],
            pan=pan,
            trans_status="A",
            ds_trans_id=answer["dsTransID"],
            purchase_amount=4200,
            purchase_currency="978",
            purchase_date="20260615120000",
            version="2.2.0",
            method="98",
        )
        assert (await ds.state(sent["threeDSServerTransID"]))["state"] == "answered"


@pytest.mark.parametrize(
    ("scheme", "version", "reason"),
    [("visa", "2.1.0", "80"), ("visa", "2.2.0", "80"), ("mastercard", "2.1.0", "14"), ("mastercard", "2.2.0", "22")],
)
async def test_a_range_that_stands_in_with_unavailable_answers_u_with_the_scheme_s_reason(scheme, version, reason):
    async with scene(stand_in="unavailable") as ds:
        answer = await ds.post(ds.areq(compose(scheme, SCENARIOS["acs-down"]), version), scheme)
        assert (answer["transStatus"], answer["transStatusReason"]) == ("U", reason)
        assert "authenticationValue" not in answer


async def test_a_transaction_is_written_down_before_the_acs_hears_of_it(ds: Scene):
    silence = Silence()
    ds.acs.answer = lambda _areq: silence
    asking = asyncio.create_task(ds.post(ds.areq(FRICTIONLESS)))
    at_acs = await ds.acs.next()
    assert (await ds.state(at_acs["dsTransID"]))["state"] == "received"
    silence.over.set()
    await asking


async def test_two_transactions_never_share_a_ds_trans_id_even_when_the_seed_repeats(ds: Scene):
    ds.runtime.randomness.seed(7)
    first, _ = await ds.challenged(FRICTIONLESS)
    ds.runtime.randomness.seed(7)
    second, _ = await ds.challenged(FRICTIONLESS)
    assert first["dsTransID"] != second["dsTransID"]


async def test_a_frictionless_exchange_is_in_the_journal_once_per_hop_that_is_ours(ds: Scene):
    sent = ds.areq(FRICTIONLESS)
    await ds.post(sent)
    assert await ds.journal(sent["threeDSServerTransID"]) == [
        ("3DS Server", "Directory Server", "AReq"),
        ("Directory Server", "3DS Server", "ARes"),
    ]


@pytest.mark.parametrize(
    ("version", "purchased", "code"),
    [
        ("2.3.1", "20260615113000", None),
        ("2.3.1", "20260615123000", None),
        ("2.3.1", "20260615112959", "203"),
        ("2.3.1", "20260615123001", "203"),
        ("2.2.0", "20200101000000", None),
    ],
)
async def test_in_2_3_1_a_purchase_is_made_within_half_an_hour_of_the_clock(ds: Scene, version, purchased, code):
    answer = await ds.post(ds.areq(FRICTIONLESS, version, purchaseDate=purchased))
    assert (answer.get("errorCode"), answer.get("errorDetail")) == (code, code and "purchaseDate")


@pytest.mark.parametrize(
    ("scenario", "told"), [("stand-in-attempt", ("A", None, "06")), ("stand-in-unavailable", ("U", "80", "07"))]
)
@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
async def test_a_card_says_how_the_scheme_stands_in_for_its_issuer(ds: Scene, scenario, told, version):
    answer = await ds.post(ds.areq(compose("visa", SCENARIOS[scenario]), version))
    assert (answer["transStatus"], answer.get("transStatusReason"), answer["eci"]) == told


@pytest.mark.parametrize(("digit", "version"), [("1", "2.1.0"), ("2", "2.2.0"), ("3", "2.3.1")])
async def test_a_card_that_knows_one_version_is_answered_in_it_and_in_no_other(ds: Scene, digit, version):
    pan = compose("visa", SCENARIOS["frictionless"], version=digit)
    assert (await ds.post(ds.areq(pan, version)))["messageType"] == "ARes"
    for other in {"2.1.0", "2.2.0", "2.3.1"} - {version}:
        answer = await ds.post(ds.areq(pan, other))
        assert (answer["errorCode"], answer["errorDetail"]) == ("102", version)
