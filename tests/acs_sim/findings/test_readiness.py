"""Whether a gateway is ready: a verdict over rows, each shown by payments that crossed."""

import pytest

from acs_sim.findings.case import Case
from acs_sim.findings.readiness import CRITERIA, PACKS, Found, Seen, Status, Verdict, Weight, gateway_of, judge, plays
from acs_sim.running.home import HOME
from acs_sim.scenarios.file.loading import load

CONVICTED = Found("results-unanswered", "error", "An RReq got no RRes")


def shows(criterion, number=0, **more):
    """A payment that shows it."""
    name = f"payment {number}"

    def entry(kind, sender="3DS Server", receiver="Directory Server", **message):
        return {"at": "2026-06-15T12:00:00+00:00", "from": sender, "to": receiver, "kind": kind, "message": message} | {
            "transaction_id": name
        }

    end = {"transStatus": criterion.ends[:1], "transStatusReason": criterion.reason}
    at, _, do = criterion.fault.rpartition(" ")
    entries = [
        entry("AReq", deviceChannel=criterion.channel or "02", threeDSServerURL="https://gateway.example/results"),
        *(entry(kind) for kind in criterion.kinds),
        *([entry("fault", "ACS", "", at=at, do=do)] if at else ()),
        entry("RReq", "Directory Server", "3DS Server", **end),
    ]
    return Seen(Case(entries), (criterion.cards or ("",))[0], **more)


def everything(**more):
    return [shows(one, number, **more) for number, one in enumerate(CRITERIA)]


def row(readiness, name):
    return next(one for one in readiness.rows if one.criterion.name == name)


def test_a_gateway_that_showed_all_is_ready():
    assert judge(everything()).verdict is Verdict.READY


def test_a_gateway_that_nothing_is_known_of_is_not():
    readiness = judge([])
    assert readiness.verdict is Verdict.NOT_READY
    assert {one.status for one in readiness.rows} == {Status.UNSEEN}


@pytest.mark.parametrize("criterion", CRITERIA, ids=[one.name for one in CRITERIA])
def test_a_criterion_is_shown_by_its_payment_and_missed_without_it(criterion):
    assert row(judge([shows(criterion)]), criterion.name).status is Status.PASSED
    readiness = judge([one for one in everything() if row(judge([one]), criterion.name).status is Status.UNSEEN])
    wanted = {Weight.MUST: Verdict.NOT_READY, Weight.SHOULD: Verdict.RISKS, Weight.MAY: Verdict.READY}
    assert row(readiness, criterion.name).status is Status.UNSEEN
    if criterion.kinds != ("AReq",) and criterion.kinds != ("ARes",):  # without these all others are missed, too
        assert readiness.verdict in (wanted[criterion.weight], Verdict.NOT_READY, Verdict.RISKS)


def test_the_newest_payment_counts():
    passed, failed = shows(CRITERIA[2], 1), shows(CRITERIA[2], 2, found=[CONVICTED])
    assert row(judge([failed, passed]), CRITERIA[2].name).status is Status.PASSED
    judged = row(judge([passed, failed]), CRITERIA[2].name)
    assert (judged.status, judged.why, judged.shown_by) == (Status.FAILED, (CONVICTED.words,), ("payment 2",))


def test_a_warning_is_a_risk_where_a_row_asks_for_it_and_nowhere_else():
    skipped = Found("method-skipped", "warning", "no browser was sent there")
    readiness = judge(everything(found=[skipped]))
    assert row(readiness, "The 3DS Method is called").status is Status.RISK
    assert row(readiness, "Authenticated").status is Status.PASSED
    assert readiness.verdict is Verdict.RISKS


def test_what_a_play_found_wrong_fails_what_it_shows():
    readiness = judge(everything(problem="the result is Y, not N"))
    assert readiness.verdict is Verdict.NOT_READY
    assert row(readiness, "Authenticated").why == ("the result is Y, not N",)


def test_a_gateway_goes_by_where_it_takes_results():
    assert gateway_of(shows(CRITERIA[0]).case) == "https://gateway.example"


def test_every_play_of_the_table_is_a_scenario_of_the_library_and_every_pack_has_rows():
    known = {f"{one.file.stem}: {one.scenario.name}" for one in load([HOME / "fixtures" / "scenarios"])}
    assert set(plays()) <= known
    assert list(PACKS) == list(dict.fromkeys(one.pack for one in CRITERIA))
