"""What holds of every gateway whatever happens to it: rules over what its browser saw and what it says came of a payment. No fault
suspends them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final

from acs_sim.findings.case import DIRECTORY_SERVER, THREE_DS_SERVER, Case
from acs_sim.findings.model import Evidence, Rule, Severity, rule
from acs_sim.findings.rules.results import FAILED, PASSED, possible_results

BROKEN: Final = frozenset({500, 501, 505})
"""Statuses of a server that did not know what to do; 502, 503 and 504 speak of others."""
OPEN: Final = "open"
ACCEPTED: Final = "accepted"
TRACES: Final = re.compile(
    r"Traceback \(most recent call last\)|^\s+at [\w.$<>]+\([\w. :]+\)|^\s*File \"[^\"]+\", line \d+|"
    r"Exception in thread|goroutine \d+ \[|#\d+ /[\w/.-]+\.php\(\d+\)|panicked at ",
    re.MULTILINE,
)
CLAUSE_PCI: Final = "PCI DSS 3.3 to 3.5: no sensitive authentication data and no whole card number is shown or kept"


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer of the gateway as text. `where`: its address, or what it answered."""

    where: str
    status: int
    text: str


@dataclass(frozen=True, slots=True)
class Observed:
    """One payment. `outcomes`: what the gateway said came of it, each time that this changed; `secrets`: texts by what they are,
    which no answer may hold; `asked`: elements of the AReq as the shop asked for them; `waited`: whether so much time passed that
    every payment is over."""

    case: Case
    outcomes: Sequence[dict[str, Any]] = ()
    shown: Sequence[Shown] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    waited: bool = False

    def tells(self, what: str, found: str, expected: str) -> Evidence:
        at = self.case.entries[-1].at if self.case.entries else ""
        return Evidence(self.case.transaction_id, len(self.case.entries), what, at, None, found, expected)


@rule(
    "server-broken",
    Severity.ERROR,
    "The gateway answered HTTP 500",
    clause="RFC 9110, 15.6.1: the server met a condition that it did not expect",
    mistake="A message, a form or an order of events that nobody had thought of ends in an exception.",
    remedy="Expect everything: what cannot be read is an Erro, a page or a status of the family 400.",
    convicts="500, 501 or 505 to a browser, or to the directory server",
    acquits="502, 503 and 504, which speak of others",
)
def server_broken(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        if answer.status in BROKEN:
            yield seen.tells(answer.where, f"HTTP {answer.status}", "an answer")
    for entry in seen.case.between(THREE_DS_SERVER, DIRECTORY_SERVER):
        if entry.status in BROKEN:
            yield entry.shows(None, f"HTTP {entry.status}", "a message")


@rule(
    "trace-shown",
    Severity.ERROR,
    "An answer holds a stack trace",
    clause="OWASP ASVS, error handling: no stack trace reaches a user",
    mistake="The debug page of a framework is on.",
    remedy="Log it, and show a page.",
    convicts="a stack trace of Python, Java, PHP, Go or Rust in an answer",
)
def trace_shown(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        found = TRACES.search(answer.text)
        if found is not None:
            yield seen.tells(answer.where, found[0].strip(), "a page for people")


@rule(
    "secret-shown",
    Severity.ERROR,
    "An answer holds a card number or a code",
    clause=CLAUSE_PCI,
    mistake="A log page, a receipt or a debug field shows what was bought with what; a hidden field carries it.",
    remedy="Show the last four digits at most, and nothing of codes and authentication values.",
    convicts="the whole card number, the security code, a SecureCode or the authentication value in an answer to a browser",
    acquits="the last four digits",
)
def secret_shown(seen: Observed) -> Iterator[Evidence]:
    for answer in seen.shown:
        for what, secret in seen.secrets.items():
            if re.search(rf"(?<![0-9A-Za-z]){re.escape(secret)}(?![0-9A-Za-z])", answer.text):
                yield seen.tells(answer.where, what, "nothing of it")


@rule(
    "outcome-changed",
    Severity.ERROR,
    "A payment that was decided was decided again",
    clause="EMV 3-D Secure, RReq: the result is final; one payment has one result",
    mistake="A late or second message overwrites what the shop was told.",
    remedy="Decide once. The same RReq again gets the same RRes; another one, or one that comes too late, gets an Erro.",
    convicts="refused and then accepted, or the other way round",
    acquits="open, and then either",
)
def outcome_changed(seen: Observed) -> Iterator[Evidence]:
    decided = [told for told in seen.outcomes if told["outcome"] != OPEN]
    for before, after in pairwise(decided):
        if before["outcome"] != after["outcome"]:
            yield seen.tells("outcome", f"{before['outcome']}, then {after['outcome']}", before["outcome"])


@rule(
    "booked-twice",
    Severity.ERROR,
    "One payment was booked twice",
    clause="EMV 3-D Secure, RReq: a result that comes twice is one result",
    mistake="Every RReq, or every CRes, books.",
    remedy="Book when the payment passes from open to accepted, and never else.",
    convicts="more than one outcome of a gateway that tells them itself, or a number of bookings above 1",
)
def booked_twice(seen: Observed) -> Iterator[Evidence]:
    told = [entry for entry in seen.case.of("outcome") if entry.text("outcome") == ACCEPTED]
    if len(told) > 1:
        yield told[-1].shows("outcome", f"accepted {len(told)} times", "once")
    for outcome in seen.outcomes:
        booked = outcome.get("booked")
        if isinstance(booked, int) and booked > 1:
            yield seen.tells("outcome", f"booked {booked} times", "once")
            return


@rule(
    "accepted-without-result",
    Severity.ERROR,
    "A payment was accepted that no result allows",
    clause="EMV 3-D Secure, Annex A, transStatus: Y and A authenticate; N and R are not to be authorised",
    mistake="No answer, an Erro or a message that cannot be read is taken for a yes.",
    remedy="Without an ARes or RReq that says so, nothing was authenticated.",
    convicts="accepted although every ARes and RReq was an Erro, lost, or N or R as it was sent",
    acquits="U and I, which leave it to the merchant; a result that may have arrived",
)
def accepted_without_result(seen: Observed) -> Iterator[Evidence]:
    accepted = any(told["outcome"] == ACCEPTED for told in seen.outcomes)
    statuses = {entry.text("transStatus") for entry in possible_results(seen.case)}
    if accepted and seen.case.areqs and not statuses - FAILED - {"C", "D", "S", ""}:
        yield seen.tells("outcome", "accepted", f"a result that says {' or '.join(sorted(PASSED))}")


@rule(
    "open-for-ever",
    Severity.ERROR,
    "A payment was never decided",
    clause="EMV 3-D Secure, timers: a challenge, and every wait for a message, has an end",
    mistake="Nobody comes back from the bank, and nothing looks after what is still open.",
    remedy="Give every payment an end: half an hour after its beginning it is refused, whatever is missing.",
    convicts="open two hours later, on the clock that the gateway follows",
    acquits="a decoupled authentication whose time is not over; a gateway that follows no clock of ours",
)
def open_for_ever(seen: Observed) -> Iterator[Evidence]:
    if seen.waited and seen.outcomes and seen.outcomes[-1]["outcome"] == OPEN:
        yield seen.tells("outcome", "open", "accepted or refused")


@rule(
    "purchase-changed",
    Severity.ERROR,
    "The AReq is about another amount than the purchase",
    clause="EMV 3-D Secure, Annex A, purchaseAmount, purchaseCurrency, purchaseExponent",
    mistake="Every currency is taken to have two digits behind the point; an amount wraps round, or was a floating-point number.",
    remedy="Carry amounts as whole numbers of the smallest unit, and take the exponent from ISO 4217.",
    convicts="purchaseAmount, purchaseCurrency or purchaseExponent that is not the one asked for",
    acquits="an element that the play itself left out or broke",
)
def purchase_changed(seen: Observed) -> Iterator[Evidence]:
    for areq in seen.case.areqs:
        for name in ("purchaseAmount", "purchaseCurrency", "purchaseExponent"):
            wanted = seen.asked.get(name)
            if isinstance(wanted, str) and name in areq.message and areq.text(name) != wanted:
                yield areq.shows(name, areq.text(name), wanted)


@rule(
    "purchase-ignored",
    Severity.ERROR,
    "A purchase was asked for, and no AReq came",
    clause="EMV 3-D Secure, AReq: the authentication of a payment begins with one",
    mistake="A payment is turned away, or goes through, before anybody asks the bank.",
    remedy="Every card that a range holds is authenticated.",
    convicts="no AReq of the card after the purchase was answered",
    acquits="a purchase that was answered with HTTP 500, which is told as that",
)
def purchase_ignored(_seen: Observed) -> Iterator[Evidence]:
    """Seen by whoever asks."""
    yield from ()


INVARIANTS: Final[tuple[Rule[Observed], ...]] = (
    server_broken,
    trace_shown,
    secret_shown,
    outcome_changed,
    booked_twice,
    accepted_without_result,
    open_for_ever,
    purchase_changed,
    purchase_ignored,
)
