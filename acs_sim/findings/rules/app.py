"""A payment in an app: what the gateway hands on to the SDK, and what it does with what the SDK gave it."""

from collections.abc import Iterator
from typing import Final

from acs_sim.findings.case import ACS, SDK, Case
from acs_sim.findings.model import Evidence, Severity, rule

APP: Final = "01"
LEAST_MINUTES: Final = 5
SHOWS_BANKING_APP: Final = frozenset({"04", "06"})
WANTS_APP_URL: Final = frozenset({"mastercard"})
"""Schemes that want threeDSRequestorAppURL (facts: rules by date, 2024-09-24)."""
OLDEST: Final = "2.1.0"


@rule(
    "app-challenge-elsewhere",
    Severity.ERROR,
    "The challenge of an app was posted to an address that acsSignedContent does not tell",
    clause="EMV 3-D Secure, app challenge: the SDK takes acsURL from acsSignedContent alone",
    mistake="The app opens the acsURL of its browser payments, or one from its configuration, in a web view.",
    remedy="Give acsSignedContent to the SDK as it came, and let it post: it verifies the address first.",
    convicts="a CReq of a browser for a payment whose AReq is an app's",
    acquits="a payment that began in a browser",
    suspended_by=("ARes", "acsSignedContent"),
)
def app_challenge_elsewhere(case: Case) -> Iterator[Evidence]:
    for creq in case.creqs:
        areq = case.last_before(case.areqs, creq)
        if areq is not None and areq.text("deviceChannel") == APP:
            yield creq.shows("acsURL", "the address for browsers", "the one in acsSignedContent")


@rule(
    "sdk-max-timeout-short",
    Severity.ERROR,
    "sdkMaxTimeout is shorter than five minutes",
    clause="EMV 3-D Secure, Annex A, sdkMaxTimeout: minutes, 05 or more; app challenge, time-outs",
    mistake="The time-out of a web request is taken for that of a person with a phone.",
    remedy="05 or more, as two digits, and the same number for doChallenge.",
    convicts="an AReq with less",
)
def sdk_max_timeout_short(case: Case) -> Iterator[Evidence]:
    for areq in case.areqs:
        minutes = areq.text("sdkMaxTimeout")
        if areq.text("deviceChannel") == APP and minutes.isdecimal() and int(minutes) < LEAST_MINUTES:
            yield areq.shows("sdkMaxTimeout", minutes, "05 or more")


@rule(
    "app-url-missing",
    Severity.WARNING,
    "The banking app was asked, and nobody told it the way back to the app",
    clause="Mastercard Identity Check since 2024-09-24: threeDSRequestorAppURL in the app channel",
    mistake="doChallenge is called without threeDSRequestorAppURL: the cardholder approves, and stands in the banking app.",
    remedy="Register an address of the app's own and give it to doChallenge; the SDK then sends it in every CReq (since 2.2.0).",
    convicts="a screen of type 04 or 06 in an app, Mastercard, no CReq with threeDSRequestorAppURL",
    acquits="2.1.0, which has no such element; a challenge that asks no banking app",
    suspended_by=("CReq", "CRes"),
)
def app_url_missing(case: Case) -> Iterator[Evidence]:
    scheme = next((str(areq.facts.get("scheme")) for areq in case.areqs), "")
    asked = next((one for one in case.of("CRes", ACS, SDK) if one.text("acsUiType") in SHOWS_BANKING_APP), None)
    if scheme not in WANTS_APP_URL or asked is None or asked.text("messageVersion") == OLDEST:
        return
    creqs = case.of("CReq", SDK, ACS)
    if creqs and not any(creq.text("threeDSRequestorAppURL") for creq in creqs):
        yield creqs[0].shows("threeDSRequestorAppURL", "", "an address of the app's own")
