"""A 3DS Server written by someone else, with the standard library only, authenticates against a simulator in its own process."""

import urllib.parse
import uuid

import pytest

from tests.support.patience import PATIENCE_SECONDS
from tests.support.process import simulator
from tests.support.third_party import answer, from_base64url, get_json, post_form, post_json, three_ds_server


@pytest.fixture(scope="module")
def sim():
    with simulator("--fresh") as running:
        yield running


@pytest.fixture(scope="module")
def server():
    with three_ds_server() as running:
        yield running


@pytest.fixture
def card(sim):
    return post_json(sim.desk + "/api/cards", {"scheme": "visa", "scenario": "challenge-otp"})


def authenticate(sim, server, pan, version="2.2.0", **changes):
    return post_json(sim.directory_server + "/visa/3ds2", server.areq(pan, version, **changes))


def code_sent_to(sim, phone, after=None):
    query = {"wait": "60"} | ({"after": after} if after else {})
    return get_json(f"{sim.phone}/api/phones/{urllib.parse.quote(phone)}/latest?{urllib.parse.urlencode(query)}")


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
def test_the_code_read_on_the_phone_authenticates_the_purchase(sim, server, card, version):
    ares = authenticate(sim, server, card["pan"], version)
    assert (ares["messageType"], ares["transStatus"], ares["acsChallengeMandated"] in "YN") == ("ARes", "C", True)

    page = server.open_challenge(ares, session_data="c2Vzc2lvbg")
    assert {"code", "submit", "resend", "cancel"} <= page.ids
    message = code_sent_to(sim, card["phone"])
    assert "42.00" in message["body"]
    assert "Librairie Exemple" in message["body"]

    over = answer(page, message["code"])
    rreq = server.results.get(timeout=PATIENCE_SECONDS)
    assert over.action == server.url + "/notification"
    cres = from_base64url(over.fields["cres"])
    assert over.fields["threeDSSessionData"] == "c2Vzc2lvbg"
    post_form(over.action, over.fields)
    assert server.notifications.get(timeout=PATIENCE_SECONDS)["cres"] == over.fields["cres"]

    ids = {name: ares[name] for name in ("threeDSServerTransID", "acsTransID", "dsTransID")}
    assert {name: rreq[name] for name in ids} == ids
    assert (rreq["messageType"], rreq["messageVersion"], rreq["transStatus"]) == ("RReq", version, "Y")
    assert (rreq["eci"], len(rreq["authenticationValue"])) == ("05", 28)
    how = (rreq.get("authenticationType"), rreq.get("authenticationMethod"))
    assert how == ((None, ["02"]) if version == "2.3.1" else ("02", None))
    assert (cres["messageType"], cres["transStatus"], cres["acsTransID"]) == ("CRes", "Y", ares["acsTransID"])


def test_three_wrong_codes_end_in_a_refusal_with_reason_19_and_the_count_of_tries(sim, server, card):
    page = server.open_challenge(authenticate(sim, server, card["pan"]))
    right = code_sent_to(sim, card["phone"])["code"]
    wrong = "000000" if right != "000000" else "111111"
    for left in ("2", "1"):
        page = answer(page, wrong)
        assert left in page.message
    over = answer(page, wrong)
    rreq = server.results.get(timeout=PATIENCE_SECONDS)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["interactionCounter"]) == ("N", "19", "03")
    assert "authenticationValue" not in rreq
    assert "bank" in over.message
    assert from_base64url(over.fields["cres"])["transStatus"] == "N"


def test_a_resent_code_replaces_the_old_one_which_is_then_told_to_be_superseded(sim, server, card):
    page = server.open_challenge(authenticate(sim, server, card["pan"]))
    old = code_sent_to(sim, card["phone"])
    page = answer(page, "", "resend")
    new = code_sent_to(sim, card["phone"], after=old["id"])
    assert new["code"] != old["code"]
    page = answer(page, old["code"])
    assert page.message
    answer(page, new["code"])
    assert server.results.get(timeout=PATIENCE_SECONDS)["transStatus"] == "Y"


def test_cancelling_tells_so_in_the_rreq(sim, server, card):
    page = server.open_challenge(authenticate(sim, server, card["pan"]))
    answer(page, "", "cancel")
    rreq = server.results.get(timeout=PATIENCE_SECONDS)
    assert (rreq["transStatus"], rreq["challengeCancel"]) == ("N", "01")


@pytest.mark.parametrize(
    ("scenario", "trans_status", "eci"),
    [
        ("frictionless", "Y", "05"),
        ("frictionless-attempt", "A", "06"),
        ("not-authenticated", "N", "07"),
        ("unavailable", "U", "07"),
        ("rejected", "R", "07"),
    ],
)
def test_without_a_challenge_the_ares_says_it_all(sim, server, scenario, trans_status, eci):
    card = post_json(sim.desk + "/api/cards", {"scheme": "visa", "scenario": scenario})
    ares = authenticate(sim, server, card["pan"])
    assert (ares["transStatus"], ares.get("eci", eci)) == (trans_status, eci)
    assert ("authenticationValue" in ares) == (trans_status in "YA")
    assert ("transStatusReason" in ares) == (trans_status in "NUR")


@pytest.mark.parametrize(("scenario", "code"), [("acs-down", "405"), ("acs-error", None)])
def test_an_issuer_in_trouble_is_told_by_an_erro(sim, server, scenario, code):
    card = post_json(sim.desk + "/api/cards", {"scheme": "visa", "scenario": scenario})
    erro = authenticate(sim, server, card["pan"])
    assert erro["messageType"] == "Erro"
    assert code is None or erro["errorCode"] == code


def test_every_missing_element_is_named_at_once(sim, server, card):
    erro = authenticate(sim, server, card["pan"], merchantName=None, mcc=None, browserUserAgent=None)
    assert (erro["messageType"], erro["errorCode"], erro["errorComponent"]) == ("Erro", "201", "D")
    assert {name.strip() for name in erro["errorDetail"].split(",")} == {"merchantName", "mcc", "browserUserAgent"}


def test_every_ill_formed_element_is_named_at_once(sim, server, card):
    erro = authenticate(sim, server, card["pan"], purchaseAmount="42,00", threeDSCompInd="X")
    assert (erro["errorCode"], erro["errorMessageType"]) == ("203", "AReq")
    assert {name.strip() for name in erro["errorDetail"].split(",")} == {"purchaseAmount", "threeDSCompInd"}


def test_a_card_the_simulator_does_not_know_gets_an_answer_that_says_so_and_names_others(sim, server):
    erro = authenticate(sim, server, "4242424242424242")
    assert erro["messageType"] == "Erro"
    assert "400000" in erro["errorDetail"]
    assert "4242424242424242" not in str(erro)


def test_a_result_for_a_transaction_nobody_knows_is_an_erro_301(sim):
    rreq = {
        "messageType": "RReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": str(uuid.uuid4()),
        "acsTransID": str(uuid.uuid4()),
        "dsTransID": str(uuid.uuid4()),
        "messageCategory": "01",
        "transStatus": "N",
        "transStatusReason": "19",
        "authenticationType": "02",
        "authenticationMethod": "02",
        "interactionCounter": "03",
        "eci": "07",
    }
    erro = post_json(sim.directory_server + "/visa/3ds2", rreq)
    assert (erro["messageType"], erro["errorCode"]) == ("Erro", "301")
