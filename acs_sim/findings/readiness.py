"""Whether a gateway is ready to go live: packs of what it has to have shown, held against what crossed the hops.

A criterion is a row. What shows it are payments: by a card that does this, with that end, with that fault. The newest of them
counts, and what the findings say of it; where a row names rules, those alone count, over the newest payments of all."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from acs_sim.findings.case import Case
from acs_sim.findings.model import Severity

MOST_LOOKED_AT: Final = 20
"""Payments that a row with rules is judged by, the newest."""


class Weight(StrEnum):
    """`must`: without it a gateway is not ready; `should`: without it there is a risk; `may`: for those that do it at all."""

    MUST = "must"
    SHOULD = "should"
    MAY = "may"


class Status(StrEnum):
    PASSED = "passed"
    RISK = "risk"
    FAILED = "failed"
    UNSEEN = "not seen"


class Verdict(StrEnum):
    READY = "Ready"
    RISKS = "Ready with risks"
    NOT_READY = "Not ready"


class Criterion(NamedTuple):
    """`passes`: in words. A payment shows it whose card does one of `cards`, that ended with one of `ends` for the `reason`, that
    met the fault `fault`, in the `channel`, of which messages of all `kinds` crossed. `rules`: the findings that count.
    `plays`: the scenarios of `fixtures/scenarios` that show it, as file: name."""

    pack: str
    name: str
    weight: Weight
    passes: str
    cards: tuple[str, ...] = ()
    ends: str = ""
    reason: str = ""
    fault: str = ""
    channel: str = ""
    kinds: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    plays: tuple[str, ...] = ()


MUST, SHOULD, MAY = Weight
PACKS: Final[Mapping[str, str]] = {
    "First connection": "Messages arrive, can be read, and lead on.",
    "Frictionless": "The issuer decides by itself; the ARes is followed.",
    "Challenge": "The cardholder is asked; the RReq is the result.",
    "Failures": "Banks and networks break; the payment ends, and is told so.",
    "Races": "Things come twice, late, and in another order.",
    "Data quality": "What issuers decide by is there, and nothing that must not be.",
    "App": "Payments in an app, for those that have one.",
}
_RIGHT: Final = "no finding convicts the gateway"
_FIRST: Final = ("frictionless: the bank answers by itself",)
_DECIDED: Final = ("decisions: authenticated, attempted, refused",)
CRITERIA: Final = (
    Criterion("First connection", "An AReq is taken", MUST, "the directory server answers it with an ARes", kinds=("ARes",),
              rules=("request-refused", "version-above-range"), plays=_FIRST),
    Criterion("First connection", "The 3DS Method is called", SHOULD, "the browser opens it before the AReq, which says so",
              kinds=("3DS Method",), rules=("comp-ind-mismatch", "method-skipped"), plays=("method: the 3DS Method calls back",)),
    Criterion("Frictionless", "Authenticated", MUST, _RIGHT, cards=("frictionless",), ends="Y",
              plays=_FIRST),
    Criterion("Frictionless", "Not authenticated", MUST, _RIGHT, cards=("not-authenticated",), ends="N",
              plays=_DECIDED),
    Criterion("Frictionless", "Attempted, and could not be performed", SHOULD, _RIGHT,
              cards=("frictionless-attempt", "unavailable"), ends="AU", plays=_DECIDED),
    Criterion("Frictionless", "Rejected by the issuer", SHOULD, _RIGHT, cards=("rejected",), ends="R",
              plays=_DECIDED),
    Criterion("Challenge", "Passed with the right code", MUST, "CReq, RRes and the answer to the CRes are right, " + _RIGHT,
              cards=("challenge-otp",), ends="Y", kinds=("CReq", "RRes"), plays=("challenge: the right code",)),
    Criterion("Challenge", "Failed after three wrong codes", MUST, "the RReq N is taken as the result, " + _RIGHT,
              cards=("challenge-otp",), ends="N", reason="19", kinds=("RRes",), plays=("challenge: three wrong codes",)),
    Criterion("Challenge", "Asked in the banking app", SHOULD, _RIGHT, cards=("challenge-oob",), ends="YN",
              plays=("methods: in the banking app",)),
    Criterion("Challenge", "Left alone until time was up", SHOULD, "the RReq comes without the browser, " + _RIGHT,
              cards=("challenge-otp",), ends="N", reason="14", kinds=("RRes",), plays=("time: the page is left open",)),
    Criterion("Failures", "The bank is silent, or cannot be reached", MUST, "an ARes U or an Erro ends the payment, " + _RIGHT,
              cards=("acs-timeout", "acs-down"),
              plays=("broken-answers: the bank is silent", "errors: the bank cannot be reached")),
    Criterion("Failures", "The bank answers an Erro", MUST, _RIGHT, cards=("acs-error",),
              plays=("errors: the bank answers an error",)),
    Criterion("Failures", "An ARes that lacks something", SHOULD, "it is not gone on with", fault="ARes drop",
              plays=("broken-answers: an element is missing from the ARes",)),
    Criterion("Races", "The RReq comes twice", MUST, "both are answered, the payment is booked once", fault="RReq twice",
              plays=("broken-answers: the result comes twice",)),
    Criterion("Races", "The CRes says the opposite", MUST, "the RReq is followed, and not the CRes",
              cards=("results-contradicting",),
              rules=("result-from-cres", "result-not-followed"), plays=("broken-answers: the CRes says the opposite of the RReq",)),
    Criterion("Races", "The CRes is posted twice", SHOULD, _RIGHT, fault="CRes post twice",
              plays=("faults: the CRes is posted twice",)),
    Criterion("Data quality", "No secret travels in clear", MUST, "no card number and no code where others can read it",
              kinds=("AReq",), rules=("secrets-in-clear",), plays=_FIRST),
    Criterion("Data quality", "Identifiers are new each time", MUST, "no threeDSServerTransID twice", kinds=("AReq",),
              rules=("trans-id-reused", "retry-storm"), plays=_FIRST),
    Criterion("Data quality", "What schemes expect of an AReq", SHOULD, "nothing is missing, nothing is there that nobody reads",
              kinds=("AReq", "ARes"), rules=("elements-missing", "elements-undefined"),
              plays=_FIRST),
    Criterion("Data quality", "The result is followed", SHOULD, "the outcome that the gateway told is that of the RReq or the ARes",
              kinds=("outcome",), rules=("result-from-cres", "result-not-followed")),
    Criterion("App", "A challenge in the app", MAY, _RIGHT, channel="01", ends="YN", kinds=("CReq", "RRes")),
    Criterion("App", "No challenge in the app", MAY, _RIGHT, channel="01", cards=("frictionless",), ends="Y"),
)  # fmt: skip


class Found(NamedTuple):
    """A finding, as far as a verdict goes by it."""

    rule: str
    severity: str
    words: str


@dataclass(frozen=True, slots=True)
class Seen:
    """One payment. `scenario`: what its card does; `problem`: what a play of it found wrong."""

    case: Case
    scenario: str
    found: Sequence[Found] = field(default_factory=tuple)
    problem: str | None = None


class Judged(NamedTuple):
    """`shown_by`: the payments that a criterion was judged by, the newest first; `why`: what is to be said of them."""

    criterion: Criterion
    status: Status
    shown_by: tuple[str, ...]
    why: tuple[str, ...]


class Readiness(NamedTuple):
    verdict: Verdict
    rows: tuple[Judged, ...]

    def packs(self) -> Iterator[tuple[str, str, list[Judged]]]:
        for name, about in PACKS.items():
            yield name, about, [row for row in self.rows if row.criterion.pack == name]


def judge(seen: Sequence[Seen]) -> Readiness:
    """`seen`: the payments of one gateway, oldest first."""
    rows = tuple(_judged(one, seen) for one in CRITERIA)
    if any(_is_missed(row, MUST) for row in rows):
        return Readiness(Verdict.NOT_READY, rows)
    risky = any(row.status is Status.RISK or _is_missed(row, SHOULD) or row.status is Status.FAILED for row in rows)
    return Readiness(Verdict.RISKS if risky else Verdict.READY, rows)


def _is_missed(row: Judged, weight: Weight) -> bool:
    return row.criterion.weight is weight and row.status in (Status.FAILED, Status.UNSEEN)


def _judged(criterion: Criterion, seen: Sequence[Seen]) -> Judged:
    fitting = [one for one in reversed(seen) if _shows(criterion, one)]
    looked_at = fitting[:MOST_LOOKED_AT] if criterion.rules else fitting[:1]
    against = [*_against(criterion, looked_at)]
    names = tuple(one.case.transaction_id for one in looked_at)
    if not fitting:
        return Judged(criterion, Status.UNSEEN, (), ())
    worst = {severity for severity, _ in against}
    status = Status.FAILED if Severity.ERROR in worst else Status.RISK if worst else Status.PASSED
    return Judged(criterion, status, names, tuple(dict.fromkeys(words for _, words in against)))


def _against(criterion: Criterion, looked_at: Sequence[Seen]) -> Iterator[tuple[str, str]]:
    """What is to be said against a gateway: warnings count only where a row asks for them."""
    for one in looked_at:
        if one.problem is not None:
            yield Severity.ERROR, one.problem
        for found in one.found:
            asked = found.rule in criterion.rules if criterion.rules else found.severity == Severity.ERROR
            if asked:
                yield found.severity, found.words


def _shows(criterion: Criterion, one: Seen) -> bool:
    case = one.case
    kinds = {entry.kind for entry in case.entries}
    if not kinds.issuperset(criterion.kinds) or (criterion.cards and one.scenario not in criterion.cards):
        return False
    status, reason = _end(case)
    if (criterion.ends and status not in [*criterion.ends]) or criterion.reason not in ("", reason):
        return False
    if criterion.channel and criterion.channel not in {areq.text("deviceChannel") for areq in case.areqs}:
        return False
    return not criterion.fault or criterion.fault in {f"{f.text('at')} {f.text('do')}" for f in case.of("fault")}


def _end(case: Case) -> tuple[str, str]:
    """The transStatus that came last, and its reason: of the RReq, else of the ARes."""
    told = case.rreqs or case.answers
    return (told[-1].text("transStatus"), told[-1].text("transStatusReason")) if told else ("", "")


def gateway_of(case: Case) -> str:
    """Whose payment it is: where its 3DS Server takes results."""
    url = next((areq.text("threeDSServerURL") for areq in case.areqs), "")
    return "/".join(url.split("/", 3)[:3])


def found_of(document: Mapping[str, Any]) -> Found:
    """From a finding as JSON tells it."""
    return Found(document["rule"], document["severity"], f"{document['title']} ({document['rule']})")


def plays() -> tuple[str, ...]:
    """What shows the criteria, as file: name, each once."""
    return tuple(dict.fromkeys(name for one in CRITERIA for name in one.plays))
