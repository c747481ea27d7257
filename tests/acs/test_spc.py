"""Secure Payment Confirmation over real sockets: the ACS asks in its challenge, or the requestor's page does (ARes S)."""

from datetime import timedelta

import pytest

from acs.settings import Timers
from acs_sim.client.authenticator import answer_of, payment_of, posted
from tests.acs.stage import stage
from tests.acs.test_methods import only_rreq, told
from tests.acs.test_passkeys import OURS, asked, creq, enrolled, passkeys
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

SPC = compose("visa", SCENARIOS["challenge-spc"])
PAYEE = "https://localhost:8400"
ABLE = {"threeDSRequestorSpcSupport": "Y", "payeeOrigin": PAYEE}


async def challenged(acs, version="2.3.1"):
    ares = await acs.ask(SPC, version)
    return ares, await acs.post(ares["acsURL"], {"creq": await creq(acs, ares)})


async def confirming(acs, **changes):
    """The AReq of a requestor whose page can confirm payments, and the ARes S."""
    areq = acs.areq(SPC, "2.3.1", **{**ABLE, **changes})
    ares = (await acs.post_areq(areq))[1]
    assert ares["transStatus"] == "S", ares
    check(ares, Context("2.3.1", leg=Leg.ACS_TO_DS, request=areq))
    return areq, ares


def of_the_page(ares, **bent):
    """What the requestor's page hands the browser, and where it is."""
    data = {**ares["spcTransData"], **bent}
    payment = {
        "total": {"value": data["value"], "currency": data["currency"]},
        "instrument": {"displayName": data["displayName"], "icon": data["icon"]},
        "payeeName": data["payeeName"],
        "payeeOrigin": data["payeeOrigin"],
    }
    (first,) = ares["webAuthnCredList"]
    return {
        "challenge": data["challenge"],
        "rpId": bent.get("rpId", first["rpID"]),
        "credentialIds": [first["credentialIds"]],
        "origin": bent.get("origin", "http://localhost:8400"),
        "payment": payment,
    }


async def second(acs, areq, ares, answer=None, **changes):
    """The AReq that follows, and what answers it."""
    brings = {
        "threeDSRequestorPriorAuthenticationInfo": [{"threeDSReqPriorDsTransId": areq["dsTransID"]}],
        "threeDSRequestorSpcSupport": None,
        "payeeOrigin": None,
    }
    if answer is not None:
        told = {"threeDSReqAuthMethod": "09", "threeDSReqAuthData": answer["assertion"]}
        brings["threeDSRequestorAuthenticationInfo"] = [{**told, "threeDSReqAuthTimestamp": "202606151201"}]
    fresh = acs.areq(SPC, "2.3.1")
    return (await acs.post_areq(acs.areq(SPC, "2.3.1", **{**fresh, **brings, **changes})))[1]


def status(ares):
    return ares["transStatus"], ares.get("authenticationMethod")


async def test_the_acs_asks_in_its_challenge(acs):
    await enrolled(acs, SPC)
    ares, page = await challenged(acs)
    assert status(ares) == ("C", ["14"])
    end = await acs.type(page, posted(answer_of(OURS, await asked(acs, ares))))
    assert end.cres["transStatus"] == "Y"
    rreq = await only_rreq(acs)
    assert (told(rreq), rreq["authenticationMethod"]) == (("Y", None, None, "01"), ["14"])


async def test_earlier_versions_ask_for_the_passkey_alone(acs):
    await enrolled(acs, SPC)
    ares, page = await challenged(acs, "2.2.0")
    assert "payment" not in await asked(acs, ares)
    assert (await acs.type(page, posted(answer_of(OURS, await asked(acs, ares))))).cres["transStatus"] == "Y"


async def test_a_login_confirms_no_payment(acs):
    await enrolled(acs, SPC)
    ares, page = await challenged(acs)
    request = await asked(acs, ares)
    del request["payment"]
    assert (await acs.type(page, posted(answer_of(OURS, request)))).kind == "wrong-passkey"


async def test_the_requestor_asks_and_the_second_areq_is_authenticated(acs):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    assert {name: ares[name] for name in ("acsURL", "authenticationValue") if name in ares} == {}
    data = ares["spcTransData"]
    assert (data["value"], data["currency"], data["payeeOrigin"], data["timeout"]) == ("42.00", "EUR", PAYEE, "180000")
    answer = answer_of(OURS, of_the_page(ares))
    final = await second(acs, areq, ares, answer)
    assert (status(final), "authenticationValue" in final) == (("Y", ["14"]), True)
    assert acs.directory.rreqs == []
    assert status(await second(acs, areq, ares, answer))[0] == "C"  # replayed


@pytest.mark.parametrize(
    "bent",
    [
        {"value": "41.99"},
        {"currency": "USD"},
        {"payeeName": "Somebody else"},
        {"payeeOrigin": "https://evil.example"},
        {"origin": "https://evil.example"},
        {"challenge": "A" * 54},
        {"rpId": "evil.example"},
        {"displayName": "Another card"},
        {"icon": "https://evil.example/icon.png"},
    ],
    ids=lambda bent: next(iter(bent)),
)
async def test_what_is_altered_is_refused_and_the_challenge_is_spent(acs, bent):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    final = await second(acs, areq, ares, answer_of(OURS, of_the_page(ares, **bent)))
    assert status(final) == ("C", ["02"])
    if "challenge" not in bent:
        assert status(await second(acs, areq, ares, answer_of(OURS, of_the_page(ares))))[0] == "C"


@pytest.mark.parametrize(
    "changes",
    [
        {"purchaseAmount": "4300"},
        {"merchantName": "Somebody else"},
        {"acctNumber": compose("visa", SCENARIOS["challenge-spc"], serial="4")},
        {
            "threeDSRequestorPriorAuthenticationInfo": [
                {"threeDSReqPriorDsTransId": "0" * 8 + "-0000-4000-8000-" + "0" * 12}
            ]
        },
    ],
    ids=lambda changes: next(iter(changes)),
)
async def test_another_payment_than_the_one_that_was_confirmed_is_not(acs, changes):
    await enrolled(acs, SPC)
    await enrolled(acs, compose("visa", SCENARIOS["challenge-spc"], serial="4"))
    areq, ares = await confirming(acs)
    assert status(await second(acs, areq, ares, answer_of(OURS, of_the_page(ares)), **changes)) == ("C", ["02"])


@pytest.mark.parametrize("incomplete", ["01", "02", "03"])
async def test_a_confirmation_that_did_not_complete_is_challenged(acs, incomplete):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    final = await second(acs, areq, ares, spcIncompInd=incomplete, **ABLE)
    assert status(final) == ("C", ["02"])
    page = await acs.open(final)
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    assert (await only_rreq(acs))["authenticationMethod"] == ["02"]


@pytest.mark.parametrize(
    "data", [{}, "{}", "[]", "x" * 40_000, {"id": 1, "response": {"clientDataJSON": "e30"}}, {"response": 7}]
)
async def test_what_is_no_assertion_is_challenged(acs, data):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    final = await second(acs, areq, ares, {"assertion": data} if data else {"assertion": {"a": 1}})
    assert status(final) == ("C", ["02"])


async def test_the_second_areq_comes_within_ten_minutes(acs):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    acs.runtime.clock.advance(timedelta(minutes=10))
    assert status(await second(acs, areq, ares, answer_of(OURS, of_the_page(ares))))[0] == "C"
    first = await acs.transaction(ares["acsTransID"])
    assert (first["state"], first["transStatus"]) == ("spc-over", "S")


async def test_how_long_the_browser_asks_and_the_second_areq_may_take_are_settings():
    timers = Timers(second_areq=timedelta(minutes=1))
    async with stage(passkey_timeout=timedelta(seconds=60), timers=timers) as acs:
        await enrolled(acs, SPC)
        areq, ares = await confirming(acs)
        assert ares["spcTransData"]["timeout"] == "60000"
        acs.runtime.clock.advance(timedelta(minutes=1))
        assert status(await second(acs, areq, ares, answer_of(OURS, of_the_page(ares)))) == ("C", ["02"])


async def test_a_second_areq_is_taken_under_the_same_three_ds_server_trans_id_too(acs):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    kept = {"threeDSServerTransID": areq["threeDSServerTransID"]}
    assert status(await second(acs, areq, ares, answer_of(OURS, of_the_page(ares)), **kept)) == ("Y", ["14"])


async def test_a_second_areq_that_repeats_what_the_page_can_is_read_as_one_that_does_not(acs):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    assert status(await second(acs, areq, ares, answer_of(OURS, of_the_page(ares)), **ABLE)) == ("Y", ["14"])


@pytest.mark.parametrize(
    "changes", [{"threeDSRequestorSpcSupport": None, "payeeOrigin": None}, {"messageVersion": "2.2.0"}]
)
async def test_only_a_requestor_that_can_is_answered_s(acs, changes):
    await enrolled(acs, SPC)
    version = changes.get("messageVersion", "2.3.1")
    assert (await acs.ask(SPC, version, **{**ABLE, **changes}))["transStatus"] == "C"


async def test_a_card_without_a_passkey_is_never_answered_s(acs):
    assert status(await acs.ask(SPC, "2.3.1", **ABLE)) == ("C", ["02"])


async def test_the_counter_is_kept_and_the_check_that_failed_is_told(acs):
    await enrolled(acs, SPC)
    areq, ares = await confirming(acs)
    await second(acs, areq, ares, answer_of(OURS, of_the_page(ares, value="1.00")))
    noted = [entry["message"] for entry in await acs.runtime.journal.newest(100, "passkey")]
    assert (noted[-1]["accepted"], noted[-1]["words"]) == (False, "amount: '1.00', not '42.00'")
    assert len((await passkeys(acs, SPC))["passkeys"]) == 1


def test_the_payment_is_written_as_browsers_write_it():
    asked_for = {"rpId": "bank.example", "payment": {"total": {"value": "1.00", "currency": "EUR"}}}
    assert payment_of(asked_for, "https://shop.example") == {
        "rpId": "bank.example",
        "topOrigin": "https://shop.example",
        "total": {"value": "1.00", "currency": "EUR"},
    }
