"""Every way the bank asks, with the real parties and the headless cardholder."""

import pytest

from tests.acs_sim.test_whole_run import act, authenticate, desk, gateway, minted, received, whole  # noqa: F401
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import compose

DECOUPLED = {"threeDSRequestorDecReqInd": "Y", "threeDSRequestorDecMaxTime": "00005"}


@pytest.mark.parametrize(
    ("scenario", "deeds", "trans_status"),
    [
        ("challenge-password", [{"do": "submit", "code": "wrong"}, {"do": "submit", "code": "correct"}], "Y"),
        ("challenge-knowledge", [{"do": "submit", "code": "felix"}], "Y"),
        ("challenge-password-otp", [{"do": "submit", "code": "correct"}] * 2, "Y"),
        ("challenge-single-select", [{"do": "select", "choice": "2"}, {"do": "submit", "code": "correct"}], "Y"),
        ("challenge-multi-select", [{"do": "select", "choice": "wrong"}, {"do": "select"}], "Y"),
        ("challenge-html", [{"do": "select", "choice": "yes"}], "Y"),
        ("challenge-html", [{"do": "select", "choice": "wrong"}], "N"),
        ("challenge-oob", [{"do": "approve"}], "Y"),
        ("challenge-oob", [{"do": "abandon"}, {"do": "decline"}], "N"),
        ("sms-refused", [{"do": "submit", "code": "correct"}], "Y"),
        ("results-twice", [{"do": "submit", "code": "correct"}], "Y"),
    ],
)
async def test_a_method_played_headlessly(whole, desk, gateway, scenario, deeds, trans_status):  # noqa: F811
    card = await minted(desk, scenario)
    ares = await authenticate(whole, gateway, card["pan"])
    for deed in deeds:
        status, outcome, _ = await act(desk, ares, **deed)
        assert status == 200, outcome
    assert (outcome["transStatus"], outcome["notification"]["status"]) == (trans_status, 200)
    assert (await received(gateway.results))["transStatus"] == trans_status


@pytest.mark.parametrize(("deed", "trans_status"), [("approve", "Y"), ("decline", "N")])
async def test_decoupled_played_headlessly(whole, desk, gateway, deed, trans_status):  # noqa: F811
    card = await minted(desk, "decoupled")
    ares = await authenticate(whole, gateway, card["pan"], **DECOUPLED)
    assert ares["transStatus"] == "D"
    status, outcome, _ = await act(desk, ares, do="submit", code="correct")
    assert (status, "approve or decline" in outcome["detail"]) == (409, True)
    status, outcome, _ = await act(desk, ares, do=deed)
    assert status == 200, outcome
    rreq = await received(gateway.results)
    assert (rreq["transStatus"], rreq["authenticationType"]) == (trans_status, "04")


async def test_decoupled_that_nobody_decides_is_told_at_its_deadline(whole, desk, gateway):  # noqa: F811
    card = await minted(desk, "decoupled")
    await authenticate(whole, gateway, card["pan"], **DECOUPLED)
    await desk("POST", "/api/clock", json={"advance": "5m"})
    rreq = await received(gateway.results)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["challengeCancel"]) == ("N", "24", "03")


async def test_a_merchant_trusted_headlessly_is_paid_without_a_challenge(whole, desk, gateway):  # noqa: F811
    card = await minted(desk, "challenge-oob")
    ares = await authenticate(whole, gateway, card["pan"], threeDSRequestorChallengeInd="09")
    status, outcome, _ = await act(desk, ares, do="approve", trust=True)
    assert (status, outcome["transStatus"]) == (200, "Y")
    assert (await received(gateway.results))["whiteListStatus"] == "Y"
    ares = await authenticate(whole, gateway, card["pan"], threeDSRequestorChallengeInd="08")
    assert (ares["transStatus"], ares["whiteListStatus"]) == ("Y", "Y")


async def test_a_device_remembered_headlessly_is_told_the_next_time(whole, desk, gateway):  # noqa: F811
    card, asks = await minted(desk, "challenge-oob", version="2.3.1"), {"threeDSRequestorChallengeInd": ["12"]}
    now = {"version": "2.3.1", "purchaseDate": "20260615120000", **asks}
    ares = await authenticate(whole, gateway, card["pan"], **now)
    status, outcome, _ = await act(desk, ares, do="approve", bind=True)
    assert (status, outcome["transStatus"]) == (200, "Y")
    assert (await received(gateway.results))["deviceBindingStatus"] == "14"
    ares = await authenticate(whole, gateway, card["pan"], **now)
    assert (ares["transStatus"], ares["deviceBindingStatus"]) == ("C", "14")


async def test_a_challenge_goes_on_decoupled_and_the_requestor_comes_back_without_the_cardholder(whole, desk, gateway):  # noqa: F811
    card = await minted(desk, "decoupled-fallback", version="2.3.1")
    falls_back = DECOUPLED | {"threeDSRequestorDecReqInd": "F"}
    now = {"version": "2.3.1", "purchaseDate": "20260615120000"}
    ares = await authenticate(whole, gateway, card["pan"], **now, **falls_back)
    assert ares["transStatus"] == "C"
    status, outcome, _ = await act(desk, ares, do="submit", code="correct")
    assert (status, outcome["transStatus"], outcome["notification"]["status"]) == (200, "D", 200)
    rreq = await received(gateway.results)
    assert (rreq["transStatus"], rreq["transStatusReason"]) == ("D", "30")
    _, one, _ = await desk("GET", f"/api/transactions/{ares['acsTransID']}")
    assert (one["state"], one["transStatus"]) == ("completed", "D")

    in_person = [name for name in gateway.areq(card["pan"]) if name.startswith("browser")]
    again = dict.fromkeys([*in_person, "notificationURL", "threeDSCompInd", "acceptLanguage"])
    prior = {"threeDSReqPriorRef": ares["acsTransID"], "threeDSReqPriorDsTransId": ares["dsTransID"]}
    again |= {"deviceChannel": "03", "threeRIInd": "19", "threeDSRequestorPriorAuthenticationInfo": [prior]}
    ares = await authenticate(whole, gateway, card["pan"], **now, **DECOUPLED, **again)
    assert ares.get("transStatus") == "D", ares
    status, outcome, _ = await act(desk, ares, do="approve")
    assert status == 200, outcome
    rreq = await received(gateway.results)
    assert (rreq["transStatus"], rreq["authenticationMethod"]) == ("Y", ["12"])


async def test_a_locked_card_is_unlocked_at_the_desk(whole, desk, gateway):  # noqa: F811
    card = await minted(desk, "challenge-html")
    for _ in range(5):
        ares = await authenticate(whole, gateway, card["pan"])
        await act(desk, ares, do="select", choice="no")
    ares = await authenticate(whole, gateway, card["pan"])
    assert (ares["transStatus"], ares["transStatusReason"]) == ("N", "12")
    status, standing, _ = await desk("POST", f"/api/cards/{card['pan']}/unlock")
    assert (status, standing["locked"]) == (200, False)
    assert (await authenticate(whole, gateway, card["pan"]))["transStatus"] == "C"
    status, problem, _ = await desk("POST", "/api/cards/4111111111111111/unlock")
    assert (status, "does not know" in problem["detail"]) == (404, True)


@pytest.mark.parametrize(
    ("scenario", "deed", "named"),
    [
        ("challenge-otp", {"do": "approve"}, "sms-code"),
        ("challenge-oob", {"do": "select"}, "out-of-band"),
        ("challenge-multi-select", {"do": "select", "choice": "9"}, "no choice"),
        ("challenge-password", {"do": "submit", "code": "x", "trust": True}, "#trust"),
    ],
)
async def test_a_deed_that_does_not_suit_the_challenge_is_told_so(whole, desk, gateway, scenario, deed, named):  # noqa: F811
    ares = await authenticate(whole, gateway, (await minted(desk, scenario))["pan"])
    status, problem, _ = await act(desk, ares, **deed)
    assert (status, named in problem["detail"]) == (409, True), problem


SURFACE = (
    *(f"challenge-{name}" for name in ("otp", "oob", "single-select", "multi-select", "html", "password")),
    *("challenge-auto-pass", "challenge-auto-fail", "sms-lost", "sms-late", "sms-twice", "sms-refused"),
)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_every_challenge_of_the_surface_exists_for_every_scheme(whole, gateway, scheme):  # noqa: F811
    for scenario in SURFACE:
        ares = await authenticate(whole, gateway, compose(scheme, SCENARIOS[scenario]), scheme)
        assert ares["transStatus"] == "C", (scenario, ares)
    ares = await authenticate(whole, gateway, compose(scheme, SCENARIOS["decoupled"]), scheme, **DECOUPLED)
    assert ares["transStatus"] == "D", ares
