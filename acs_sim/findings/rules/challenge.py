"""The browser's way to the bank and back: CReq, challenge window, notificationURL."""

from collections.abc import Iterator
from typing import Final

from acs_sim.findings.case import ACS, BROWSER, THREE_DS_SERVER, Case
from acs_sim.findings.model import Evidence, Severity, rule
from threedsecure.v2.validation.checking import Leg

TOO_LATE: Final = frozenset({"402", "315"})
"""What the ACS answers a cardholder who comes back when all is over."""
NEVER_BEGUN: Final = "05"
NOT_CHALLENGED: Final = frozenset({"02", "03"})
"""resultsStatus of a gateway that knows why no CReq came."""
MISSES_SOMETHING: Final = frozenset({400, 403, 409, 422})
"""How a gateway may answer a form that lacks something."""


@rule(
    "creq-wrong",
    Severity.ERROR,
    "The CReq is wrong",
    clause="EMV 3-D Secure, Annex B, CReq; browser challenge",
    mistake="acsTransID or threeDSServerTransID of another transaction, another messageVersion, a window size that does not exist, "
    "threeDSSessionData that is no base64url or too long.",
    remedy="Take both ids, the version and acsURL from the ARes of this payment, and keep threeDSSessionData to 1024 characters of "
    "base64url.",
)
def creq_wrong(case: Case) -> Iterator[Evidence]:
    for creq in case.creqs:
        for element, found, allowed in case.faults_of(creq, Leg.TO_ACS):
            yield creq.shows(element, found, allowed)
    if case.disturbed("CRes page", "CRes post", "Erro"):
        return
    for erro in case.of("Erro", ACS, BROWSER):
        over = erro.text("errorCode") in TOO_LATE or case.last_before(case.cres, erro) is not None
        if erro.text("errorMessageType") == "CReq" and not over:
            yield erro.shows("errorCode", f"{erro.text('errorCode')} {erro.text('errorDetail')}")


@rule(
    "challenge-reused",
    Severity.ERROR,
    "A challenge that was over was opened again",
    clause="EMV 3-D Secure, browser challenge; Annex A, error code 315",
    mistake="The page with the challenge iframe is kept for another try, or shown again by a reload after the CRes.",
    remedy="Close the window when notificationURL is called. Another try is another AReq.",
)
def challenge_reused(case: Case) -> Iterator[Evidence]:
    for creq in case.creqs:
        if any(cres.number < creq.number for cres in case.cres):
            yield creq.shows("acsTransID", creq.text("acsTransID"), "no CReq after the CRes")


@rule(
    "notification-unanswered",
    Severity.ERROR,
    "notificationURL does not answer",
    clause="EMV 3-D Secure, browser challenge: CRes to notificationURL",
    mistake="An address that only the server knows, a route that takes GET alone, a session cookie or CSRF token that a "
    "cross-site POST does not bring.",
    remedy="Take a form post with cres and threeDSSessionData from anywhere, without cookies, and answer with a page.",
)
def notification_unanswered(case: Case) -> Iterator[Evidence]:
    if case.disturbed("CRes page", "CRes post", "Erro"):
        return
    for failed in case.of("CRes not taken", BROWSER, THREE_DS_SERVER):
        if failed.status in MISSES_SOMETHING and "threeDSSessionData" not in failed.message.get("fields", ()):
            continue  # the headless cardholder opened the challenge without the gateway's form, which may hold it
        found = failed.message.get("reason") or f"HTTP {failed.status}"
        yield failed.shows("notificationURL", found, "a page under HTTP 200, or a redirect")


@rule(
    "challenge-never-begun",
    Severity.WARNING,
    "A challenge was asked for, and no CReq came",
    clause="EMV 3-D Secure, browser challenge: CReq within 30 seconds; Annex A, resultsStatus",
    mistake="The form goes to another address than acsURL, the frame is blocked, or the field is not named creq. Where the shop "
    "does without the challenge on purpose, the RRes does not say so.",
    remedy="Post creq to acsURL at once. A gateway that does without answers the RReq with resultsStatus 02.",
)
def challenge_never_begun(case: Case) -> Iterator[Evidence]:
    if case.creqs or case.challenged is None:
        return
    for rres in case.rres:
        rreq = case.last_before(case.rreqs, rres)
        never = rreq is not None and rreq.text("challengeCancel") == NEVER_BEGUN
        if never and rres.text("resultsStatus") not in NOT_CHALLENGED:
            yield case.challenged.shows("acsURL", "no CReq within 30 seconds", "a CReq, or resultsStatus 02")
            return


@rule(
    "cres-never-fetched",
    Severity.WARNING,
    "The challenge was passed, and the browser did not come back for the CRes",
    clause="EMV 3-D Secure, browser challenge: CRes to notificationURL",
    mistake="The window is closed, or the page is left, as soon as the RReq is there; the buyer stands in front of nothing.",
    remedy="Leave the window open until notificationURL is called.",
)
def cres_never_fetched(case: Case) -> Iterator[Evidence]:
    for rres in case.rres:
        rreq = case.last_before(case.rreqs, rres)
        if rreq is not None and rreq.text("transStatus") == "Y" and case.creqs and not case.cres:
            yield rreq.shows("transStatus", "Y, and no CRes", "a CRes to notificationURL")
            return
