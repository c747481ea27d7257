"""RReq and RRes, and what the gateway made of the result."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from acs_sim.findings.case import DIRECTORY_SERVER, FAILURES, THREE_DS_SERVER, Case, Entry
from acs_sim.findings.model import Evidence, Severity, rule
from threedsecure.v2.validation.checking import Leg

LATE_MS: Final = 2000.0
"""Directory servers wait three seconds for an RRes (EMV 3DS: flows, timers)."""
PASSED: Final = frozenset({"Y", "A"})
FAILED: Final = frozenset({"N", "R"})
LEFT_OPEN: Final = frozenset({"U", "I"})
NOT_CHALLENGED: Final = "02"
NEVER_BEGUN: Final = "05"
"""challengeCancel: the ACS took no CReq, whatever became of one that was posted."""
NOT_CONNECTED: Final = "connection failed"
HTTP_ERROR: Final = 400
MONETICO_ACCEPTED: Final = frozenset({"payetest", "paiement"})
PAYBOX_ACCEPTED: Final = "00000"


@dataclass(frozen=True, slots=True)
class Told:
    """What the gateway did with the payment, and the transStatus that it went by where it says so."""

    entry: Entry
    accepted: bool
    trans_status: str


def outcomes(case: Case) -> Iterator[Told]:
    """What `POST /api/transactions/{id}/outcome` was told, or what the reference gateway told its shop."""
    for entry in case.entries:
        match entry.kind:
            case "outcome":
                yield Told(entry, entry.text("outcome") == "accepted", entry.text("transStatus"))
            case "CGI2":
                yield Told(entry, entry.text("code-retour") in MONETICO_ACCEPTED, "")
            case "IPN":
                yield Told(entry, PAYBOX_ACCEPTED in entry.message.values(), "")


def _cres(case: Case, told: Told) -> Entry | None:
    """What the browser had been given by then."""
    cres = case.last_before(case.cres, told.entry)
    return None if cres is None else case.as_sent(cres)


def _results(case: Case, told: Told) -> list[Entry]:
    """The RReqs that may have reached the gateway by then, as they were sent, the last first, up to the one that it answered with
    an RRes: it went by one of these."""
    found = [each for each in case.strays("RReq") if each.number < told.entry.number]
    for rreq in reversed([each for each in case.rreqs if each.number < told.entry.number]):
        if case.taken(rreq):
            return [*found, *case.forms(rreq)]
        after = case.answer_to(rreq)
        refused = after is not None and after.kind in ("Erro", NOT_CONNECTED) and not case.reset(rreq)
        if not case.lost(rreq) and not refused:
            found += case.forms(rreq)
    return found


def possible_results(case: Case) -> list[Entry]:
    """Every ARes and RReq that may have reached the gateway, as it was sent."""
    answers = [case.as_sent(each) for each in case.answers if not case.lost(each)] + [*case.strays("RReq")]
    arrived = [each for each in case.rreqs if case.taken(each) or not case.lost(each)]
    return answers + [form for each in arrived for form in case.forms(each)]


def _explained(case: Case, told: Told) -> list[Entry]:
    """The results, or without any the ARes as it was sent, unless a fault left none that can be read."""
    found = _results(case, told)
    answer = case.last_before(case.answers, told.entry)
    unsure = not any(case.taken(rreq) for rreq in case.rreqs if rreq.number < told.entry.number)
    if answer is not None and (not found or unsure) and not case.lost(answer):
        found.append(case.as_sent(answer))
    return found


def _claims(told: Told, status: str) -> bool:
    """Whether the gateway went by this transStatus, as far as can be seen."""
    if told.trans_status:
        return told.trans_status == status
    return told.accepted == (status in PASSED)


def _is_against(told: Told, status: str) -> bool:
    """Whether no gateway that had read this transStatus would have done that. U leaves the choice to the merchant, and a payment
    that was authenticated may be refused for other reasons."""
    misread = told.trans_status not in ("", status)
    return misread or (told.accepted and status in FAILED)


@rule(
    "result-from-cres",
    Severity.ERROR,
    "The gateway took the result from the CRes instead of the RReq",
    clause="EMV 3-D Secure, browser challenge: the result is the one that the 3DS Server received in the RReq",
    mistake="The CRes that the browser brings to notificationURL is decoded and believed. Whoever sits at the browser can write "
    "it.",
    remedy="Take the result from the RReq alone; the CRes says that the window can be closed. Wait for an RReq that is not there "
    "yet, and refuse when it does not come.",
    convicts="an outcome that follows the CRes, where the RReq as it was sent says otherwise or has not come",
    acquits="an outcome that an RReq explains which may have arrived although its RRes was lost",
)
def result_from_cres(case: Case) -> Iterator[Evidence]:
    if case.challenged is None:
        return
    for told in outcomes(case):
        results, cres = _results(case, told), _cres(case, told)
        rreq = results[0] if results else None
        if cres is None or not _goes_by(told, cres, results):
            continue
        if rreq is None and (told.accepted or told.trans_status):
            yield told.entry.shows("outcome", _words(told), "none before an RReq")
            yield cres.shows("transStatus", cres.text("transStatus"))
        elif rreq is not None and _is_against_all(told, results):
            yield told.entry.shows("outcome", _words(told), f"what goes with transStatus {rreq.text('transStatus')}")
            yield rreq.shows("transStatus", rreq.text("transStatus"))
            yield cres.shows("transStatus", cres.text("transStatus"))


def _goes_by(told: Told, cres: Entry, results: list[Entry]) -> bool:
    """Whether the CRes explains the outcome, and says something else than every RReq."""
    status = cres.text("transStatus")
    return _claims(told, status) and all(rreq.text("transStatus") != status for rreq in results)


def _is_against_all(told: Told, results: list[Entry]) -> bool:
    return all(_is_against(told, result.text("transStatus")) for result in results)


@rule(
    "result-not-followed",
    Severity.ERROR,
    "The gateway did not do what the result says",
    clause="EMV 3-D Secure, Annex A, transStatus: N and R are not to be authorised",
    mistake="A payment goes through although its cardholder was not authenticated, or was rejected by the issuer.",
    remedy="N and R end the payment; U leaves the decision, and the liability, with the merchant.",
    convicts="accepted after N or R, accepted while a challenge was open, or a transStatus that no result had",
    acquits="a refusal, for which a merchant needs no reason; any outcome after U or I; an outcome that one of several results "
    "explains which may have arrived",
)
def result_not_followed(case: Case) -> Iterator[Evidence]:
    for told in outcomes(case):
        explained, cres = _explained(case, told), _cres(case, told)
        if not explained or (
            case.challenged is not None and cres is not None and _goes_by(told, cres, _results(case, told))
        ):
            continue  # nothing to go by; or the rule above
        result = explained[0]
        status = result.text("transStatus")
        if all(_contradicts(told, each.text("transStatus")) for each in explained):
            yield told.entry.shows("outcome", _words(told), f"what goes with transStatus {status}")
            yield result.shows("transStatus", status)


def _contradicts(told: Told, status: str) -> bool:
    if status == "C":
        return told.accepted or told.trans_status in PASSED
    return _is_against(told, status)


@rule(
    "results-unanswered",
    Severity.ERROR,
    "An RReq got no RRes",
    clause="EMV 3-D Secure, RReq/RRes: the 3DS Server answers every RReq with an RRes within 3 seconds",
    mistake="threeDSServerURL cannot be reached from outside, wants a login, or answers with an empty page.",
    remedy="Store the result, then answer with an RRes at once; do the rest behind it.",
    convicts="nothing, or something that is neither RRes nor Erro, answered an RReq",
    acquits="an answer that is still awaited",
    suspended_by=("RReq", "RRes"),
)
def results_unanswered(case: Case) -> Iterator[Evidence]:
    for rreq in case.rreqs:
        after = case.answer_to(rreq)
        if after is None:
            continue
        if after.sender == DIRECTORY_SERVER and after.kind in FAILURES:
            yield rreq.shows("threeDSServerURL", f"{after.kind}: {after.message.get('reason')}", "an RRes")
        elif after.sender == THREE_DS_SERVER and after.kind not in ("RRes", "Erro"):
            begins = after.message.get("begins", after.kind)
            yield after.shows("messageType", f"HTTP {after.status} {begins}", "an RRes")


@rule(
    "results-late",
    Severity.WARNING,
    "The RRes came late",
    clause="EMV 3-D Secure, RReq/RRes: within 3 seconds",
    mistake="The payment is authorised, or mail is sent, before the RReq is answered.",
    remedy="Store the result, then answer with an RRes at once; do the rest behind it.",
    convicts="an RRes that took more than two seconds",
    acquits="one that was slow because the simulator held the RReq or the RRes back",
    suspended_by=("RReq", "RRes"),
)
def results_late(case: Case) -> Iterator[Evidence]:
    for rres in case.rres:
        if rres.took_ms is not None and rres.took_ms > LATE_MS:
            yield rres.shows(None, f"{rres.took_ms:.0f} ms", f"{LATE_MS:.0f} ms at most")


@rule(
    "results-answered-wrongly",
    Severity.ERROR,
    "The RRes is wrong",
    clause="EMV 3-D Secure, Annex B, RRes; Annex A, resultsStatus",
    mistake="Identifiers or version of another transaction, a resultsStatus that does not exist, 02 after a challenge.",
    remedy="Repeat messageVersion and all ids of the RReq; resultsStatus 01 for a result that is taken.",
    convicts="an RRes against the tables, with an id that is not the transaction's, or with 02 although a CReq was posted",
    acquits="02 for a challenge that nobody had begun when the RReq was sent, or that never began as the RReq says (05)",
    suspended_by=("RReq", "RRes"),
)
def results_answered_wrongly(case: Case) -> Iterator[Evidence]:
    for rres in case.rres:
        rreq = case.last_before(case.rreqs, rres)
        yield from (
            rres.shows(element, found, allowed)
            for element, found, allowed in case.faults_of(rres, Leg.THREE_DS_SERVER_TO_DS)
        )
        if rres.text("resultsStatus") != NOT_CHALLENGED or rreq is None or rreq.text("challengeCancel") == NEVER_BEGUN:
            continue
        if case.last_before(case.creqs, rreq):
            yield rres.shows("resultsStatus", "02, although a CReq was posted", "01")


@rule(
    "wrong-result-taken",
    Severity.ERROR,
    "A wrong RReq was acknowledged",
    clause="EMV 3-D Secure, RReq: validation by the 3DS Server",
    mistake="Nothing but transStatus is read, so that the result of another transaction would be taken as well.",
    remedy="Check every element, and all ids against the ARes; answer with an Erro when they do not fit.",
    convicts="an RRes for an RReq that, as it was sent, is against the tables or names another transaction",
    acquits="an RReq whose names stand in another order, or that holds elements that nobody knows; an element that need "
    "not be there, or that a scheme defines, but for eci; an RRes for a second attempt; an RReq with all identifiers of another "
    "transaction",
    suspended_by=("ARes",),
)
def wrong_result_taken(case: Case) -> Iterator[Evidence]:
    for rres in case.rres:
        rreq = case.last_before(case.rreqs, rres)
        if rreq is None or case.answer_to(rreq) is not rres or case.is_anothers(rreq):
            continue  # it was sent once more, and this answers the second attempt; or it was another's, and right there
        for element, found, allowed in case.overlooked(rreq, Leg.DS_TO_THREE_DS_SERVER):
            yield rreq.shows(element, found, allowed)


@rule(
    "wrong-response-taken",
    Severity.ERROR,
    "The gateway went on with a wrong ARes",
    clause="EMV 3-D Secure, ARes: validation by the 3DS Server; Annex A, error codes",
    mistake="Nothing but transStatus and acsURL is read, so that a proof that is missing, or the answer to another AReq, goes "
    "unnoticed.",
    remedy="Check every element, and the ids against the AReq; answer with an Erro and refuse, or go on without 3-D Secure.",
    convicts="a CReq, or a payment accepted as authenticated, after an ARes that, as it was sent, is against the tables or "
    "names another transaction",
    acquits="an ARes that was answered with an Erro, or followed by a right one; one of several AReq with the same id; an element "
    "that need not be there, or that a scheme defines, but for eci",
)
def wrong_response_taken(case: Case) -> Iterator[Evidence]:
    answer = case.answers[-1] if case.answers else None
    if answer is None or case.lost(answer) or len(case.areqs) != 1:
        return
    sent = case.as_sent(answer)
    accepted = any(told.accepted and told.trans_status in ("", *PASSED) for told in outcomes(case)) and not case.rreqs
    if sent.text("messageType") == "ARes" and (
        any(creq.number > answer.number for creq in case.creqs) or (accepted and sent.text("transStatus") in PASSED)
    ):
        for element, found, allowed in case.overlooked(answer, Leg.DS_TO_THREE_DS_SERVER):
            yield sent.shows(element, found, allowed)


@rule(
    "results-acknowledged",
    Severity.GOOD,
    "The RRes came in time",
    clause="EMV 3-D Secure, RReq/RRes",
)
def results_acknowledged(case: Case) -> Iterator[Evidence]:
    for rres in case.rres:
        if rres.took_ms is not None and rres.took_ms <= LATE_MS:
            yield rres.shows(None, f"{rres.took_ms:.0f} ms")


@rule(
    "result-followed",
    Severity.GOOD,
    "The gateway did what the result says",
    clause="EMV 3-D Secure, Annex A, transStatus",
)
def result_followed(case: Case) -> Iterator[Evidence]:
    for told in outcomes(case):
        explained = _explained(case, told)
        status = explained[0].text("transStatus") if explained else ""
        if (
            _claims(told, status)
            if status in PASSED | FAILED
            else status in LEFT_OPEN and not _is_against(told, status)
        ):
            yield told.entry.shows("outcome", _words(told))


def _words(told: Told) -> str:
    return " ".join(filter(None, ("accepted" if told.accepted else "refused", told.trans_status)))
