"""Across transactions: how often a 3DS Server asks for card ranges, and how often for the same purchase."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from acs_sim.findings.case import DIRECTORY_SERVER, THREE_DS_SERVER, Case, Entry
from acs_sim.findings.model import Evidence, Severity, rule
from acs_sim.findings.rules.authentication import LIMIT_CODE

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


@dataclass(frozen=True, slots=True)
class Party:
    """All cases at hand, in the order of their beginnings."""

    cases: Sequence[Case]

    @property
    def preparations(self) -> Iterator[tuple[tuple[str, str], Entry, Entry]]:
        """Every PReq that was answered with a PRes, by scheme and sender."""
        for case in self.cases:
            for pres in case.of("PRes", DIRECTORY_SERVER, THREE_DS_SERVER):
                preq = case.last_before(case.of("PReq", THREE_DS_SERVER, DIRECTORY_SERVER), pres)
                if preq is not None and not case.disturbed("PReq", "PRes"):
                    yield _at(preq), preq, pres

    @property
    def disturbed(self) -> bool:
        """Whether a fault broke a PRes: then nobody knows what a gateway has of the card ranges."""
        return any(case.disturbed("PReq", "PRes") for case in self.cases)


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
    for key, preq, _ in party.preparations:
        if key in before and preq.instant - before[key].instant < BETWEEN_TWO:
            yield preq.shows(None, f"{_minutes(preq.instant - before[key].instant)} after the last", "an hour or more")
        before[key] = preq
    for case in () if party.disturbed else party.cases:
        for erro in case.of("Erro", DIRECTORY_SERVER, THREE_DS_SERVER):
            if erro.text("errorCode") == LIMIT_CODE:
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
    for key, preq, _ in party.preparations:
        if preq.text("serialNum"):
            continue
        apart = preq.instant - before[key].instant if key in before else None
        if apart is not None and BETWEEN_TWO <= apart < BETWEEN_WHOLE_LISTS:
            yield preq.shows("serialNum", f"absent, {_minutes(apart)} after the last", "the serialNum of the last PRes")
        before[key] = preq


@rule(
    "preq-stale",
    Severity.WARNING,
    "Payments go by card ranges that are older than a day",
    clause="EMV 3-D Secure, PReq/PRes: once every 24 hours at least",
    mistake="The card ranges are loaded once, and versions and 3DS Method URLs that change are never noticed.",
    remedy="Refresh them at least once a day, and every minute after a refresh that failed.",
    convicts="an AReq more than a day after the last PReq",
    acquits="a PRes that was broken since",
)
def preq_stale(party: Party) -> Iterator[Evidence]:
    prepared: dict[tuple[str, str], Entry] = {key: preq for key, preq, _ in party.preparations}
    for case in party.cases:
        for areq in case.areqs:
            last = prepared.get(_at(areq))
            if last is not None and not party.disturbed and areq.instant - last.instant > FRESH:
                yield areq.shows(None, f"{_minutes(areq.instant - last.instant)} after the last PReq", "a day at most")


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
    asked: dict[str, list[Entry]] = defaultdict(list)
    for case in party.cases:
        for areq in case.areqs[:1]:
            answered = any(answer.text("transStatus") not in ASKED_AGAIN_AFTER for answer in case.answers)
            if answered or case.disturbed("ARes", "Erro"):
                continue
            recent = asked[_purchase(areq)]
            recent.append(areq)
            within = [each for each in recent if areq.instant - each.instant <= RETRIED_WITHIN]
            if len(within) >= RETRIES:
                yield areq.shows("threeDSServerTransID", f"asked {len(within)} times in a minute", "asked once")


def _purchase(areq: Entry) -> str:
    return repr(sorted((name, str(value)) for name, value in areq.message.items() if name not in _OWN_TO_EACH))


def _minutes(apart: timedelta) -> str:
    return f"{apart.total_seconds() / 60:.0f} min"
