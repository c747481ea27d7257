"""What holds of every payment whatever happens to it: one purchase, one result, one end. No fault suspends these rules."""

from collections.abc import Iterator
from itertools import pairwise

from acs_sim.findings.model import Evidence, Severity, rule
from acs_sim.findings.observed import ACCEPTED, OPEN, Observed
from acs_sim.findings.rules.results import FAILED, PASSED, possible_results


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


@rule(
    "purchase-doubled",
    Severity.ERROR,
    "One purchase was authenticated twice",
    clause="EMV 3-D Secure, AReq: one authentication for one payment",
    mistake="A second click, a second tab or a page that is loaded again sends another AReq, and the buyer two codes.",
    remedy="Begin once for each order; whoever comes again sees where it stands.",
    convicts="more transactions of the card than purchases that were asked for, each of them with an ARes",
    acquits="another try after an Erro, or after an answer that did not come",
)
def purchase_doubled(seen: Observed) -> Iterator[Evidence]:
    if seen.case.answers and not seen.case.disturbed("ARes", "AReq", "Erro"):
        for _ in seen.more[:1]:
            yield seen.tells("AReq", f"{1 + len(seen.more)} transactions", "one")
