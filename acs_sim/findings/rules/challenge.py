"""The browser's way to the bank and back: CReq, challenge window, notificationURL."""

from collections.abc import Iterator
from typing import Final

from acs_sim.findings.case import ACS, BROWSER, THREE_DS_SERVER, Case, Entry
from acs_sim.findings.model import Evidence, Severity, rule
from threedsecure.v2.validation.checking import Leg

TOO_LATE: Final = frozenset({"402", "315"})
"""What the ACS answers a cardholder who comes back when all is over."""
NEVER_BEGUN: Final = "05"
NOT_CHALLENGED: Final = frozenset({"02", "03"})
"""resultsStatus of a gateway that knows why no CReq came."""
MISSES_SOMETHING: Final = frozenset({400, 403, 409, 422})
"""How a gateway may answer a form that lacks something."""
CONFIRMED: Final = "09"
"""threeDSReqAuthMethod: SPC authentication."""
NOT_PERMITTED: Final = "not permitted"
ALLOW: Final = 'allow="payment *; publickey-credentials-get *"'
"""What browsers want of every frame around a page that asks for a passkey."""


@rule(
    "creq-wrong",
    Severity.ERROR,
    "The CReq is wrong",
    clause="EMV 3-D Secure, Annex B, CReq; browser challenge",
    mistake="acsTransID or threeDSServerTransID of another transaction, another messageVersion, a window size that does not exist, "
    "threeDSSessionData that is no base64url or too long.",
    remedy="Take both ids, the version and acsURL from the ARes of this payment, and keep threeDSSessionData to 1024 characters of "
    "base64url.",
    convicts="a CReq against the tables or with ids that are not the ARes's; an Erro of the ACS for a CReq",
    acquits="402, 315 and whatever comes after the CRes: the cardholder came back",
    suspended_by=("AReq", "ARes", "CReq post", "CRes page", "CRes post", "Erro"),
)
def creq_wrong(case: Case) -> Iterator[Evidence]:
    for creq in case.creqs:
        for element, found, allowed in case.faults_of(creq, Leg.TO_ACS):
            yield creq.shows(element, found, allowed)
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
    convicts="a CReq after the CRes",
    acquits="a page of the bank that was broken, and loaded again",
    suspended_by=("CReq post", "challenge page", "CRes page", "CRes post"),
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
    convicts="notificationURL answered an error, or not at all",
    acquits="400, 403, 409 and 422 where the form lacked what the gateway put into it",
    suspended_by=("AReq", "CRes page", "CRes post", "Erro"),
)
def notification_unanswered(case: Case) -> Iterator[Evidence]:
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
    convicts="challengeCancel 05, answered as if nothing were missing",
    acquits="resultsStatus 02 or 03",
    suspended_by=("AReq", "ARes", "CReq post", "Erro", "RReq"),
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
    "frame-without-permission",
    Severity.WARNING,
    "The bank's page must not ask for a passkey in its frame",
    clause="W3C Permissions Policy; Web Authentication, publickey-credentials-get; Secure Payment Confirmation, payment; EMV 3-D "
    "Secure 2.3.1, SPC within a challenge",
    mistake="The iframe of the challenge, or a frame around it, has no allow attribute, so the browser refuses what the cardholder "
    "could do at once, and the bank has to send a code.",
    remedy=f"Write {ALLOW} on the iframe of the challenge, and on every frame around it. Without the stars it holds "
    "for the frame's src alone, and a challenge that a form opens in the frame has none.",
    convicts="the browser told the bank that the frame may not ask",
    acquits="a browser that cannot, a cardholder who does not want to",
)
def frame_without_permission(case: Case) -> Iterator[Evidence]:
    for asked in case.of("passkey", BROWSER, ACS):
        if asked.text("outcome") == NOT_PERMITTED:
            yield asked.shows("iframe", asked.text("words"), ALLOW)


@rule(
    "confirmation-refused",
    Severity.ERROR,
    "The second AReq brings no confirmation of this payment",
    clause="EMV 3-D Secure 2.3.1, SPC; Secure Payment Confirmation, verifying an authentication assertion",
    mistake="The page hands the browser other values than spcTransData (an amount of its own, another payee, a challenge that was "
    "decoded twice), the second AReq names another payment, or the assertion is sent again.",
    remedy="Hand the browser spcTransData and webAuthnCredList as they came, send what it returns as it is, once, and name the "
    "dsTransID of the first AReq in threeDSReqPriorDsTransId.",
    convicts="an assertion in threeDSReqAuthData that the ACS refuses",
    acquits="spcIncompInd, an assertion that the bank's own page brought",
    suspended_by=("AReq", "ARes"),
)
def confirmation_refused(case: Case) -> Iterator[Evidence]:
    for brought in case.of("passkey", BROWSER, ACS):
        areq = case.last_before(case.areqs, brought)
        if brought.message.get("accepted") is False and areq is not None and _brings_an_assertion(areq):
            yield areq.shows("threeDSReqAuthData", brought.text("words"), "what the ARes S had the browser show")


def _brings_an_assertion(areq: Entry) -> bool:
    infos = areq.message.get("threeDSRequestorAuthenticationInfo")
    told = [one.get("threeDSReqAuthMethod") for one in infos or () if isinstance(one, dict)]
    return CONFIRMED in told


@rule(
    "cres-never-fetched",
    Severity.WARNING,
    "The challenge was passed, and the browser did not come back for the CRes",
    clause="EMV 3-D Secure, browser challenge: CRes to notificationURL",
    mistake="The window is closed, or the page is left, as soon as the RReq is there; the buyer stands in front of nothing.",
    remedy="Leave the window open until notificationURL is called.",
    convicts="a passed challenge without a CRes",
    acquits="a challenge that nobody opened",
    suspended_by=("AReq", "CReq post", "challenge page", "CRes page", "CRes post", "RReq"),
)
def cres_never_fetched(case: Case) -> Iterator[Evidence]:
    for rres in case.rres:
        rreq = case.last_before(case.rreqs, rres)
        if rreq is not None and rreq.text("transStatus") == "Y" and case.creqs and not case.cres:
            yield rreq.shows("transStatus", "Y, and no CRes", "a CRes to notificationURL")
            return
