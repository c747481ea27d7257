"""What apps and their gateways do wrong, over entries typed by hand: what convicts, and the nearest thing that does not."""

from uuid import uuid4

import pytest

from tests.acs_sim.findings.samples import AREQ, REFUSED, entry
from tests.acs_sim.findings.test_rules import ANOTHER, between, rules

TO_ACS, FROM_ACS = ("SDK", "ACS"), ("ACS", "SDK")
SDK_TRANS_ID = "b2385523-a66c-4907-ac3c-91848e8c0067"
NO_BROWSER = dict.fromkeys(name for name in AREQ if name.startswith(("browser", "notification", "threeDSComp")))
IN_APP = {
    **NO_BROWSER,
    "deviceChannel": "01",
    "sdkAppID": "dbd64fcb-c19a-4728-8849-e3d50bfdde39",
    "sdkMaxTimeout": "05",
    "sdkReferenceNumber": "3DS_LOA_SDK_TEST_020200_00042",
    "sdkTransID": SDK_TRANS_ID,
}
SIGNED = {"acsURL": None, "acsSignedContent": "a.b.c", "sdkTransID": SDK_TRANS_ID}
RENDERED = {"acsRenderingType": {"acsInterface": "01", "acsUiTemplate": "04"}}
SCREEN = {"challengeCompletionInd": "N", "acsUiType": "04", "transStatus": None, "sdkTransID": SDK_TRANS_ID}
FINAL = {"challengeCompletionInd": "Y", "sdkTransID": SDK_TRANS_ID}


def areq(**changes):
    return entry("AReq", **{**IN_APP, **changes})


def creq(**changes):
    return entry("CReq", road=TO_ACS, sdkTransID=SDK_TRANS_ID, challengeWindowSize=None, **changes)


def cres(**changes):
    return entry("CRes", road=FROM_ACS, **changes)


def results(**changes):
    ids = {"sdkTransID": SDK_TRANS_ID}
    return entry("RReq", **RENDERED, **ids, **changes), entry("RRes", **ids)


CHALLENGED = (areq(), entry("ARes", **SIGNED, **RENDERED))
NAMED = {"app-challenge-elsewhere", "sdk-max-timeout-short", "app-url-missing", "result-from-cres"}


def named(*entries):
    """Of the rules about apps; what else the entries lack is not at issue."""
    return [name for name in rules(*entries) if name in NAMED]


def test_a_payment_in_an_app_as_it_should_be_is_quiet():
    assert named(*CHALLENGED, creq(), cres(**SCREEN), creq(), *results(), cres(**FINAL), told("accepted")) == []


def told(outcome):
    return entry("outcome", outcome=outcome)


def test_a_challenge_that_a_browser_opens_is_posted_elsewhere():
    assert named(*CHALLENGED, entry("CReq")) == ["app-challenge-elsewhere"]
    assert named(entry("AReq"), entry("ARes"), entry("CReq")) == []


@pytest.mark.parametrize(("minutes", "convicts"), [("04", True), ("01", True), ("05", False), ("99", False)])
def test_five_minutes_are_the_least(minutes, convicts):
    assert named(areq(sdkMaxTimeout=minutes)) == ["sdk-max-timeout-short"] * convicts


@pytest.mark.parametrize(
    ("scheme", "screen", "back", "version", "missed"),
    [
        ("mastercard", "04", None, "2.2.0", True),
        ("mastercard", "06", None, "2.3.1", True),
        ("mastercard", "04", "https://shop.example/back", "2.2.0", False),
        ("mastercard", "01", None, "2.2.0", False),
        ("mastercard", "04", None, "2.1.0", False),
        ("visa", "04", None, "2.2.0", False),
    ],
)
def test_mastercard_wants_the_way_back_from_the_banking_app(scheme, screen, back, version, missed):
    begun = areq(facts={"scheme": scheme}, messageVersion=version)
    asked = cres(**{**SCREEN, "acsUiType": screen}, messageVersion=version)
    found = named(begun, entry("ARes", **SIGNED), creq(threeDSRequestorAppURL=back), asked)
    assert found == ["app-url-missing"] * missed


def test_the_cres_of_an_sdk_decides_nothing():
    over = (*CHALLENGED, creq(), cres(**SCREEN), creq())
    assert named(*over, *results(**REFUSED), cres(**FINAL), told("accepted")) == ["result-from-cres"]
    assert named(*over, *results(**REFUSED), cres(**FINAL), told("refused")) == []
    assert named(*over, *results(), cres(**FINAL), told("accepted")) == []


def test_an_app_that_never_begins_its_challenge_is_told_of():
    never, rres = results(**REFUSED | {"transStatusReason": "14", "challengeCancel": "05", "interactionCounter": "00"})
    assert "challenge-never-begun" in rules(*CHALLENGED, never, rres)


def test_every_payment_has_an_sdk_transaction_of_its_own():
    again = entry("AReq", of=ANOTHER, **IN_APP)
    assert between([areq()], [again]) == ["sdk-trans-id-reused"]
    fresh = entry("AReq", of=ANOTHER, **IN_APP | {"sdkTransID": str(uuid4())})
    assert "sdk-trans-id-reused" not in between([areq(), areq()], [fresh])
