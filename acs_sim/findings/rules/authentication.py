"""AReq and ARes: what the gateway asked, and how it took the answer."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from acs_sim.findings.case import ACS, BROWSER, DIRECTORY_SERVER, IDENTIFIERS, THREE_DS_SERVER, Case, Entry
from acs_sim.findings.model import Evidence, Severity, rule
from threedsecure.v2.grammar.context import BRW, SUPPORTED_VERSIONS
from threedsecure.v2.validation.advice import Advice, advise
from threedsecure.v2.validation.checking import Leg, context_of
from threedsecure.v2.validation.expectations import EXPECTATIONS

STORM: Final = 3
"""So many times the same AReq are no retry any more."""
REQUESTS: Final = frozenset({"AReq", "PReq"})
TIMED_OUT_CODE: Final = "402"
PATIENCE: Final = timedelta(seconds=25)
"""How long after the CRes a gateway waits for its RReq at least; then it may give up."""
LIFETIME: Final = timedelta(minutes=10)
"""How long a gateway keeps a payment open whose browser does not come back, at least."""
VERSION_CODE: Final = "102"
LIMIT_CODE: Final = "103"
SERIAL_CODE: Final = "307"
NOT_THE_SENDERS_FAULT: Final = frozenset({VERSION_CODE, LIMIT_CODE, SERIAL_CODE, "402", "403", "404", "405"})
WANTED: Final = frozenset(row.elements[0] for row in EXPECTATIONS if row.missed)
"""What schemes ask for, of all that could help (threedsecure.v2.validation.expectations)."""
_CHANGES_WITH_TIME: Final = frozenset({"purchaseDate"})


def _refusals(case: Case) -> Iterator[Entry]:
    """The directory server's own Erro for what the 3DS Server asked."""
    for erro in case.of("Erro", DIRECTORY_SERVER, THREE_DS_SERVER):
        asked = erro.text("errorMessageType")
        about = asked in REQUESTS or (not asked and case.last_before(case.rreqs, erro) is None)
        if erro.text("errorComponent") == "D" and about:
            yield erro


@rule(
    "request-refused",
    Severity.ERROR,
    "The directory server refused a message of the gateway",
    clause="EMV 3-D Secure, Annex A, error codes 101 to 307",
    mistake="An element that is missing, misspelt or out of format; a body that is not posted as application/json.",
    remedy="Read errorDetail: it names every element. `acs-sim check` holds the message against the tables, offline.",
    convicts="an Erro of the directory server for an AReq or a PReq",
    acquits="codes that do not blame the sender (103, 307, 402 to 405), and an Erro for anything that is not an RReq's answer",
    suspended_by=("AReq", "ARes", "PReq", "PRes", "Erro", "RReq", "RRes"),
)
def request_refused(case: Case) -> Iterator[Evidence]:
    for erro in _refusals(case):
        if erro.text("errorCode") not in NOT_THE_SENDERS_FAULT:
            told = erro.text("errorDetail") or erro.text("errorDescription")
            yield erro.shows("errorCode", f"{erro.text('errorCode')} {told}")


@rule(
    "version-above-range",
    Severity.ERROR,
    "The AReq speaks a version that the card range does not support",
    clause="EMV 3-D Secure, Annex A, error code 102; PRes, cardRangeData",
    mistake="One version for all cards, where the PRes says range by range what the issuer's ACS speaks.",
    remedy="Take the highest version that the 3DS Server, the directory server and the card's range have in common.",
    convicts="Erro 102 for an AReq",
    acquits="Erro 102 for a PReq",
    suspended_by=("AReq", "ARes", "PReq", "PRes", "Erro", "RReq", "RRes"),
)
def version_above_range(case: Case) -> Iterator[Evidence]:
    for erro in _refusals(case):
        areq = case.areq_of(erro)
        if erro.text("errorCode") == VERSION_CODE and areq is not None:
            yield areq.shows("messageVersion", areq.text("messageVersion"), erro.text("errorDetail"))


@rule(
    "comp-ind-mismatch",
    Severity.ERROR,
    "threeDSCompInd does not tell what happened at the 3DS Method URL",
    clause="EMV 3-D Secure, 3DS Method; Annex A, threeDSCompInd",
    mistake="A constant Y or U, whatever the browser did; the 3DS Method under another threeDSServerTransID than the AReq's.",
    remedy="Y after the ACS called back, N when it did not within ten seconds (five in 2.3.1), U only where the card range has no "
    "3DS Method URL.",
    convicts="Y without a visit at the 3DS Method that could call back, U where the card range has one and a browser was there",
    acquits="N after a visit: the callback may have been lost",
)
def comp_ind_mismatch(case: Case) -> Iterator[Evidence]:
    for answer in case.answers:
        areq = case.areq_of(answer)
        if areq is None or areq.text("deviceChannel") != BRW or "threeDSMethodId" in areq.message:
            continue
        told, right = areq.text("threeDSCompInd"), _right_indicators(case, areq, answer)
        if told not in right:
            yield areq.shows("threeDSCompInd", told, " or ".join(right))


def _right_indicators(case: Case, areq: Entry, answer: Entry) -> tuple[str, ...]:
    visits = [visit for visit in case.of("3DS Method", BROWSER, "ACS") if visit.number < areq.number]
    if any(visit.facts.get("callsBack", True) for visit in visits):
        return ("Y", "N")  # the callback may have been lost on its way
    if visits:
        return ("N",)
    return ("N", "U") if answer.facts.get("threeDSMethod", True) else ("U",)


@rule(
    "method-skipped",
    Severity.WARNING,
    "The card range has a 3DS Method URL, and no browser was sent there",
    clause="EMV 3-D Secure, 3DS Method; PRes, threeDSMethodURL",
    mistake="The 3DS Method is left out, or the card range that has it was not looked up.",
    remedy="Post threeDSMethodData to threeDSMethodURL from a hidden iframe before the AReq: issuers challenge less when they know "
    "the device.",
    convicts="U or N where the range has a 3DS Method and no browser came",
    acquits="a gateway whose PRes was broken, in the findings over all transactions",
    suspended_by=("PReq", "PRes"),
)
def method_skipped(case: Case) -> Iterator[Evidence]:
    for answer in case.answers:
        areq = case.areq_of(answer)
        if areq is None or areq.text("deviceChannel") != BRW or "threeDSMethodId" in areq.message:
            continue
        visited = case.of("3DS Method", BROWSER, "ACS")
        if not visited and answer.facts.get("threeDSMethod") and areq.text("threeDSCompInd") in ("U", "N"):
            yield areq.shows("threeDSCompInd", areq.text("threeDSCompInd"), "Y after the 3DS Method")


@rule(
    "trans-id-reused",
    Severity.ERROR,
    "Two different AReq have the same threeDSServerTransID",
    clause="EMV 3-D Secure, Annex A, threeDSServerTransID",
    mistake="The id belongs to the session or the order instead of to one authentication.",
    remedy="A new UUID for every AReq; only the 3DS Method before it has the same.",
    convicts="two AReq that differ under one id",
    acquits="the second AReq of SPC, the same AReq again",
)
def trans_id_reused(case: Case) -> Iterator[Evidence]:
    seen: set[str] = set()
    for areq in case.areqs:
        content = _lasting(areq)
        follows_spc = any(answer.text("transStatus") == "S" for answer in case.answers if answer.number < areq.number)
        if seen and content not in seen and not follows_spc:
            yield areq.shows("threeDSServerTransID", areq.text("threeDSServerTransID"), "one that was never used")
        seen.add(content)


@rule(
    "retry-storm",
    Severity.ERROR,
    "The same AReq was posted again and again",
    clause="EMV 3-D Secure, AReq/ARes message handling: one retry after a connection that failed",
    mistake="A retry of the HTTP client, or a job that is run again, that does not look at what was answered.",
    remedy="Retry at most once, and only a connection that failed. An ARes or an Erro is an answer.",
    convicts="the same AReq three times",
    acquits="the same AReq twice",
)
def retry_storm(case: Case) -> Iterator[Evidence]:
    posted: Counter[str] = Counter()
    for areq in case.areqs:
        content = _lasting(areq)
        posted[content] += 1
        if posted[content] >= STORM:
            yield areq.shows("threeDSServerTransID", f"posted {posted[content]} times", "posted once")


def _lasting(areq: Entry) -> str:
    return repr(sorted((name, str(value)) for name, value in areq.message.items() if name not in _CHANGES_WITH_TIME))


@rule(
    "erro-for-right-message",
    Severity.ERROR,
    "The gateway answered a right message with an Erro",
    clause="EMV 3-D Secure, Annex A, error codes",
    mistake="A check that is stricter than the specification, or an Erro for the gateway's own trouble.",
    remedy="Accept every value that the tables allow, unknown non-critical extensions, and elements that are not defined.",
    convicts="an Erro for an ARes or RReq that, as it was sent, is right",
    acquits="402 for a result that comes more than thirty seconds after the CRes, or the ACS's Erro in its place, "
    "after the time of a decoupled authentication, or after the directory server's own Erro about it; "
    "an Erro about a result that was taken or about another transaction; a second result that differs; an Erro after a message of "
    "another transaction that came with the identifiers of this one; an object in which nothing is defined",
    suspended_by=("ARes", "RRes"),
)
def erro_for_right_message(case: Case) -> Iterator[Evidence]:
    for erro, about in _complaints(case):
        if case.excusable(about) or case.faults_of(about, Leg.DS_TO_THREE_DS_SERVER):
            continue
        if not case.debatable(about, Leg.DS_TO_THREE_DS_SERVER):
            told = f"{erro.text('errorCode')} {erro.text('errorDetail')}"
            yield erro.shows("errorCode", told, f"no Erro: the {about.kind} is right")


@rule(
    "wrong-message-refused",
    Severity.GOOD,
    "A wrong message was answered with an Erro",
    clause="EMV 3-D Secure, Annex A, error codes",
)
def wrong_message_refused(case: Case) -> Iterator[Evidence]:
    for _, about in _complaints(case):
        for element, found, allowed in case.faults_of(about, Leg.DS_TO_THREE_DS_SERVER)[:1]:
            yield about.shows(element, found, allowed)


def _complaints(case: Case) -> Iterator[tuple[Entry, Entry]]:
    """An Erro of the gateway, and the message that it is about."""
    for erro in case.of("Erro", THREE_DS_SERVER, DIRECTORY_SERVER):
        kind = erro.text("errorMessageType")
        about = case.last_before(case.answers if kind == "ARes" else case.rreqs, erro)
        if about is None or kind not in ("ARes", "RReq", "") or _timed_out(case, about, erro):
            continue
        if (
            not _is_anothers(case, about, erro)
            and not (about.kind == "RReq" and case.taken(about))
            and not _differs(case, about)
            and not any(stray.number < erro.number for stray in case.strays(about.kind))
        ):
            yield erro, about


def _is_anothers(case: Case, about: Entry, erro: Entry) -> bool:
    """Whether the Erro names a transaction that this is not: a fault gave the message the identifiers of another one."""
    known = [about.message, *(areq.message for areq in case.areqs)]
    for name in IDENTIFIERS:
        right = {str(each[name]).lower() for each in known if each.get(name)}
        if right and erro.text(name) and erro.text(name).lower() not in right:
            return True
    return False


def _differs(case: Case, about: Entry) -> bool:
    """Whether another result had come before this one, or this one before in another form."""
    results = [rreq for rreq in case.rreqs if rreq.number <= about.number and about.kind == "RReq"]
    return any(form.message != case.as_sent(about).message for rreq in results for form in case.forms(rreq))


def _timed_out(case: Case, about: Entry, erro: Entry) -> bool:
    """Whether the gateway says that a result came after the end of the time that it had given for it."""
    if about.kind != "RReq" or erro.text("errorCode") != TIMED_OUT_CODE:
        return False
    decoupled = any(answer.text("transStatus") == "D" for answer in case.answers)
    returned = case.last_before((*case.cres, *case.of("Erro", ACS, BROWSER)), about)
    waited = returned is not None and about.instant - returned.instant >= PATIENCE
    given_up = any(
        each.number < about.number and each.text("errorMessageType") == "RReq"
        for each in case.of("Erro", DIRECTORY_SERVER, THREE_DS_SERVER)
    )
    return decoupled or waited or given_up or any(about.instant - answer.instant >= LIFETIME for answer in case.answers)


def _advised(case: Case) -> Iterator[tuple[Entry, Advice]]:
    for areq in case.areqs:
        if areq.message.get("messageVersion") in SUPPORTED_VERSIONS:
            context = context_of(areq.message, Leg.THREE_DS_SERVER_TO_DS)
            yield from ((areq, advice) for advice in advise("AReq", areq.message, context))


@rule(
    "elements-missing",
    Severity.WARNING,
    "The AReq lacks what schemes expect",
    clause="EMV 3-D Secure, Annex A, elements required unless law or availability forbids; scheme programme guides",
    mistake="Name, e-mail address or billing address are collected by the shop and never handed to the 3DS Server.",
    remedy="Send them where the buyer gave them: payments without them are challenged more often.",
    convicts="no browserIP, cardholderName, email, billAddrLine1 or cardExpiryDate",
)
def elements_missing(case: Case) -> Iterator[Evidence]:
    for areq, advice in _advised(case):
        if advice.element in WANTED and not advice.since and "not defined" not in advice.words:
            yield areq.shows(advice.element, advice.words)


@rule(
    "dated-rules",
    Severity.ADVICE,
    "A scheme wants more of this AReq from a day on",
    clause="docs/rules-by-date.md, with the source of each rule",
    mistake="An integration that was right when it was written, and is not any more when the day comes.",
    remedy="Send what the rule wants before its day; `acs-sim up --rules-as-of DATE` refuses what lacks it as of any day.",
    convicts="an element that a rule with a date wants, or a value that it ends",
    acquits="what the version, channel and category of the AReq do not define",
)
def dated_rules(case: Case) -> Iterator[Evidence]:
    for areq, advice in _advised(case):
        if advice.since:
            yield areq.shows(advice.element, advice.words)


@rule(
    "elements-undefined",
    Severity.WARNING,
    "The AReq has elements that nobody reads",
    clause="EMV 3-D Secure, Annex B, AReq",
    mistake="A misspelt name, or one of another version: it is dropped without a word, and what it says is lost.",
    remedy="Correct the name, or send it in the version that has it.",
    convicts="an element that is not defined for the version, channel and category",
)
def elements_undefined(case: Case) -> Iterator[Evidence]:
    for areq, advice in _advised(case):
        if advice.words.startswith("not defined"):
            yield areq.shows(advice.element, advice.words)


@rule(
    "buyer-data-complete",
    Severity.GOOD,
    "The AReq has all that schemes expect of buyer and browser",
    clause="EMV 3-D Secure, Annex A",
)
def buyer_data_complete(case: Case) -> Iterator[Evidence]:
    lacking = {areq.number for areq, advice in _advised(case) if advice.element in WANTED and not advice.since}
    for answer in case.answers:
        areq = case.areq_of(answer)
        if areq is not None and areq.number not in lacking:
            yield areq.shows()


@rule(
    "method-completed",
    Severity.GOOD,
    "The 3DS Method ran before the AReq, and threeDSCompInd says so",
    clause="EMV 3-D Secure, 3DS Method",
)
def method_completed(case: Case) -> Iterator[Evidence]:
    for visit in case.of("3DS Method", BROWSER, "ACS"):
        areq = next((areq for areq in case.areqs if areq.number > visit.number), None)
        if areq is not None and areq.text("threeDSCompInd") == "Y" and visit.facts.get("callsBack", True):
            yield visit.shows()
            return
