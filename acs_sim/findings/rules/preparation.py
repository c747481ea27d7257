"""Across transactions: how often a 3DS Server asks for card ranges, and how often for the same purchase."""

from collections import defaultdict, deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from acs_sim.findings.case import DIRECTORY_SERVER, THREE_DS_SERVER, Case, Entry
from acs_sim.findings.model import LONGEST_SHOWN, Evidence, Severity, rule
from acs_sim.findings.rules.authentication import LIMIT_CODE, SERIAL_CODE

BETWEEN_TWO: Final = timedelta(hours=1)
BETWEEN_WHOLE_LISTS: Final = timedelta(hours=12)
FRESH: Final = timedelta(hours=24)
RETRIES: Final = 3
RETRIED_WITHIN: Final = timedelta(minutes=1)
ASKED_AGAIN_AFTER: Final = frozenset({"N", "R", "U", ""})
"""transStatus of an answer that some gateways do not take for one; empty for an Erro."""
_OWN_TO_EACH: Final = frozenset(
    {"threeDSServerTransID", "purchaseDate", "threeDSCompInd", "sdkTransID", "messageVersion"}
)
_LOOKED_AT: Final = ("threeDSServerRefNumber", "sdkTransID", "serialNum", "errorCode", "errorDetail")


@dataclass(frozen=True, slots=True)
class Trace:
    """What one transaction leaves to the rules between transactions: its messages with the elements that they look at.

    `preparations`: each PReq that was answered with a PRes; `too_often`: each Erro that says so; `unknown`: each PReq whose
    serialNum nobody knew, as an Erro said that no fault spoilt; `purchase`: the same for two AReq that ask for the same;
    `is_refused`: whether no answer ended the purchase, and no fault explains that; `is_disturbed`: whether
    a fault broke a PReq or PRes."""

    preparations: tuple[Entry, ...]
    too_often: tuple[Entry, ...]
    unknown: tuple[Entry, ...]
    areqs: tuple[Entry, ...]
    purchase: bytes
    is_refused: bool
    is_disturbed: bool

    @classmethod
    def of(cls, case: Case) -> "Trace":
        is_disturbed = bool(case.disturbed("PReq", "PRes"))
        answered = any(answer.text("transStatus") not in ASKED_AGAIN_AFTER for answer in case.answers)
        return cls(
            () if is_disturbed else tuple(map(_looked_at, _prepared(case))),
            tuple(_looked_at(erro) for erro in _erros(case) if erro.text("errorCode") == LIMIT_CODE),
            () if is_disturbed or case.disturbed("Erro") else tuple(map(_looked_at, _of_unknown_serials(case))),
            tuple(map(_looked_at, case.areqs)),
            _purchase(case.areqs[0]) if case.areqs else b"",
            not answered and not case.disturbed("ARes", "Erro"),
            is_disturbed,
        )


def _prepared(case: Case) -> Iterator[Entry]:
    for pres in case.of("PRes", DIRECTORY_SERVER, THREE_DS_SERVER):
        preq = case.last_before(case.of("PReq", THREE_DS_SERVER, DIRECTORY_SERVER), pres)
        if preq is not None:
            yield preq


def _of_unknown_serials(case: Case) -> Iterator[Entry]:
    for erro in _erros(case):
        preq = case.last_before(case.of("PReq", THREE_DS_SERVER, DIRECTORY_SERVER), erro)
        if preq is not None and erro.text("errorCode") == SERIAL_CODE:
            yield preq


def _erros(case: Case) -> tuple[Entry, ...]:
    return case.of("Erro", DIRECTORY_SERVER, THREE_DS_SERVER)


def _looked_at(entry: Entry) -> Entry:
    message = {name: entry.text(name)[:LONGEST_SHOWN] for name in _LOOKED_AT if name in entry.message}
    return replace(entry, message=message, facts={"scheme": str(entry.facts.get("scheme", ""))})


def _purchase(areq: Entry) -> bytes:
    asked = repr(sorted((name, str(value)) for name, value in areq.message.items() if name not in _OWN_TO_EACH))
    return sha256(asked.encode("utf-8", "surrogatepass")).digest()


@dataclass(frozen=True, slots=True)
class Party:
    """All transactions at hand, in the order of their beginnings."""

    traces: Sequence[Trace]

    @property
    def preparations(self) -> Iterator[tuple[tuple[str, str], Entry]]:
        """Every PReq that was answered with a PRes, by scheme and sender."""
        return ((_at(preq), preq) for trace in self.traces for preq in trace.preparations)

    @property
    def disturbed(self) -> bool:
        """Whether a fault broke one of them: then nobody knows what a gateway has of the card ranges."""
        return any(trace.is_disturbed for trace in self.traces)


def _at(entry: Entry) -> tuple[str, str]:
    return str(entry.facts.get("scheme", "")), entry.text("threeDSServerRefNumber")


@rule(
    "preq-too-eager",
    Severity.ERROR,
    "A PReq came within an hour of the one before it",
    clause="EMV 3-D Secure, PReq/PRes: once an hour at most; Annex A, error code 103",
    mistake="The card ranges are asked for with every payment or every start, or every node of a cluster asks for itself.",
    remedy="Keep the ranges where all nodes find them, with their serial number, and refresh them once or twice a day.",
    convicts="two answered PReq within an hour, or Erro 103",
    acquits="another try after a PRes that was broken",
)
def preq_too_eager(party: Party) -> Iterator[Evidence]:
    before: dict[tuple[str, str], Entry] = {}
    for key, preq in party.preparations:
        if key in before and preq.instant - before[key].instant < BETWEEN_TWO:
            yield preq.shows(None, f"{_minutes(preq.instant - before[key].instant)} after the last", "an hour or more")
        before[key] = preq
    for trace in () if party.disturbed else party.traces:
        for erro in trace.too_often:
            yield erro.shows("errorCode", f"{LIMIT_CODE} {erro.text('errorDetail')}")


@rule(
    "preq-whole-list",
    Severity.WARNING,
    "The whole list of card ranges was asked for twice within twelve hours",
    clause="EMV 3-D Secure, PReq/PRes: serialNum",
    mistake="serialNum of the last PRes is not kept, so that every refresh is a download of all ranges.",
    remedy="Send the serialNum of the last PRes; the answer holds what has changed.",
    convicts="two PReq without serialNum, an hour to twelve apart",
    acquits="another try after a PRes that was broken",
)
def preq_whole_list(party: Party) -> Iterator[Evidence]:
    before: dict[tuple[str, str], Entry] = {}
    for key, preq in party.preparations:
        if preq.text("serialNum"):
            continue
        apart = preq.instant - before[key].instant if key in before else None
        if apart is not None and BETWEEN_TWO <= apart < BETWEEN_WHOLE_LISTS:
            yield preq.shows("serialNum", f"absent, {_minutes(apart)} after the last", "the serialNum of the last PRes")
        before[key] = preq


@rule(
    "preq-serial-kept",
    Severity.ERROR,
    "A serialNum that the directory server does not know was sent again",
    clause="EMV 3-D Secure, PReq/PRes: serialNum; Annex A, error code 307",
    mistake="Erro 307 is taken for a failure that passes, so that the card ranges are never refreshed again.",
    remedy="Give the serialNum up, and ask for the whole list without one.",
    convicts="two PReq with the same serialNum, each answered with Erro 307",
    acquits="one Erro 307, or one that a fault spoilt: a directory server may forget what it gave out",
)
def preq_serial_kept(party: Party) -> Iterator[Evidence]:
    refused: set[tuple[str, str, str]] = set()
    for preq in (each for trace in party.traces for each in trace.unknown):
        serial = preq.text("serialNum")
        if (*_at(preq), serial) in refused:
            yield preq.shows("serialNum", serial, "none, for the whole list")
        refused.add((*_at(preq), serial))


@rule(
    "preq-stale",
    Severity.WARNING,
    "Payments go by card ranges that are older than a day",
    clause="EMV 3-D Secure, PReq/PRes: once every 24 hours at least",
    mistake="The card ranges are loaded once, and versions and 3DS Method URLs that change are never noticed.",
    remedy="Refresh them at least once a day, and every minute after a refresh that failed.",
    convicts="an AReq more than a day after the last PReq that was answered with a PRes",
    acquits="a PRes that was broken since",
)
def preq_stale(party: Party) -> Iterator[Evidence]:
    prepared: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for key, preq in party.preparations:
        prepared[key].append(preq.instant)
    for trace in () if party.disturbed else party.traces:
        for areq in trace.areqs:
            before = [each for each in prepared[_at(areq)] if each <= areq.instant]
            if before and (old := areq.instant - max(before)) > FRESH:
                yield areq.shows(None, f"{_minutes(old)} after the last PReq that got a PRes", "a day at most")


@rule(
    "purchase-retried",
    Severity.WARNING,
    "The same purchase was asked for again and again",
    clause="Scheme programme guides: no further AReq for a purchase that was answered",
    mistake="N, R, U or an Erro is taken for a passing trouble, and a new AReq is posted for the same purchase.",
    remedy="Take the answer: N and R end the payment, U and an Erro leave it to the merchant to go on without 3-D Secure.",
    convicts="three AReq for the same purchase within a minute of answers N, R, U or Erro",
    acquits="answers that a fault broke",
)
def purchase_retried(party: Party) -> Iterator[Evidence]:
    asked: dict[bytes, deque[datetime]] = defaultdict(deque)
    for trace in party.traces:
        for areq in trace.areqs[:1] if trace.is_refused else ():
            recent, now = asked[trace.purchase], areq.instant
            recent.append(now)
            while now - recent[0] > RETRIED_WITHIN:
                recent.popleft()
            if len(recent) >= RETRIES:
                yield areq.shows("threeDSServerTransID", f"asked {len(recent)} times in a minute", "asked once")


def _minutes(apart: timedelta) -> str:
    return f"{apart.total_seconds() / 60:.0f} min"
