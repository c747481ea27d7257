"""3-D Secure 1.0.2: what can be seen of an MPI."""

from collections.abc import Iterator
from typing import Final

from acs_sim.findings.case import BROWSER, DIRECTORY_SERVER, MPI, Case
from acs_sim.findings.model import Evidence, Severity, rule

SENDERS_FAULT: Final = frozenset({"1", "2", "3", "4", "5", "6"})


@rule(
    "classic-request-refused",
    Severity.ERROR,
    "Directory server or ACS refused a 1.0.2 message of the MPI",
    clause="3-D Secure 1.0.2, Error and IReq codes",
    mistake="An element that is missing or out of format, an acquirer that the directory server does not know, a PAReq "
    "for an acctID that no VERes gave.",
    remedy="Read errorDetail or iReqDetail: they name the element.",
    convicts="an Error 1 to 6 or an iReqCode for a VEReq or PAReq",
    acquits="an Error that a fault put there",
    suspended_by=("VERes", "PARes", "VEReq", "CRReq", "CRRes", "Error", "PAReq"),
)
def classic_request_refused(case: Case) -> Iterator[Evidence]:
    for error in case.of("Error"):
        if error.receiver in (MPI, BROWSER) and error.text("errorCode") in SENDERS_FAULT:
            told = error.text("errorDetail") or error.text("errorDescription")
            yield error.shows("errorCode", f"{error.text('errorCode')} {told}")
    for answer in (*case.of("VERes", DIRECTORY_SERVER, MPI), *case.of("PARes", receiver=BROWSER)):
        refusal = answer.message.get("IReq")
        if isinstance(refusal, dict) and refusal.get("iReqCode"):
            yield answer.shows("iReqCode", f"{refusal['iReqCode']} {refusal.get('iReqDetail') or ''}".strip())


@rule(
    "pareq-reused",
    Severity.ERROR,
    "A PAReq was posted again after its PARes",
    clause="3-D Secure 1.0.2, PAReq/PARes: one PAReq for each VERes",
    mistake="The page with the PaReq form is kept for another try.",
    remedy="Another try begins with another VEReq.",
    convicts="a PAReq after the PARes",
    acquits="a page of the bank that was broken, and loaded again",
    suspended_by=("PARes page", "PARes", "PAReq"),
)
def pareq_reused(case: Case) -> Iterator[Evidence]:
    ended = case.of("PARes", receiver=BROWSER)
    for pareq in case.of("PAReq", BROWSER):
        if any(pares.number < pareq.number for pares in ended):
            yield pareq.shows("acctID", pareq.text("acctID"), "no PAReq after the PARes")
