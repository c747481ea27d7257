"""The states of a purchase: what follows what, and that no order of events leads anywhere else."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_sim.gateway.records import states as steps
from acs_sim.gateway.records.purchase import Card, Outcome, PaymentRequest, Purchase

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
WAIT = timedelta(seconds=30)
ID = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
ARES = {"transStatus": "C", "dsTransID": "d", "acsTransID": "a", "acsURL": "https://acs.example/c"}
CARD = Card(
    sealed="sealed",
    masked="400000******0001",
    first_six="400000",
    last_four="0001",
    print="F" * 40,
    expiry="2912",
    networks=("visa",),
    acquirer_answer="00",
)
REQUEST = PaymentRequest(
    manner="e-transactions",
    merchant_name="La Théière Bleue",
    merchant_id="1",
    reference="TB1",
    amount=4200,
    currency="978",
    language="fr",
    challenge_indicator="01",
    email="",
    accepted_url="",
    refused_url="",
    cancelled_url="",
    answer_url=None,
    fields={"PBX_RETOUR": "e:E", "texte-libre": "", "montant": "42.00EUR", "ThreeDSecureChallenge": "no_preference"},
)


def purchase(**changes):
    return Purchase(
        **{
            "id": ID,
            "token": "t",
            "request": REQUEST,
            "channel": "browser",
            "created_at": NOW,
            "deadline_at": NOW + WAIT,
            **changes,
        }
    )


def give_card(found, method_url=None):
    return steps.give_card(
        found,
        CARD,
        scheme="visa",
        enrolled=True,
        version="2.2.0",
        method_url=method_url,
        device={},
        window="05",
        at=NOW,
        method_wait=WAIT,
    )


def asked(method_url=None):
    return steps.ask(give_card(purchase(), method_url), NOW, WAIT)


def challenged():
    return steps.record_ares(asked(), ARES, NOW, WAIT, WAIT)


MOVES = {
    "card": give_card,
    "not enrolled": lambda p: steps.not_enrolled(p, CARD, "in no card range", NOW),
    "method": lambda p: steps.method_done(p, NOW),
    "ask": lambda p: steps.ask(p, NOW, WAIT),
    "challenge": lambda p: steps.record_ares(p, ARES, NOW, WAIT, WAIT),
    "frictionless": lambda p: steps.record_ares(p, {**ARES, "transStatus": "Y"}, NOW, WAIT, WAIT),
    "cres": lambda p: steps.record_cres(p, "Y", NOW, WAIT),
    "results": lambda p: steps.record_results(p, {"transStatus": "N"}, NOW),
    "fail": lambda p: steps.fail(p, "no-result", NOW, "no news"),
    "expire": lambda p: steps.expire(p, NOW),
    "settle": lambda p: steps.settle(p, Outcome(result="error", reason="x", at=NOW), None),
}


@given(st.lists(st.sampled_from(sorted(MOVES)), max_size=25))
def test_whatever_happens_in_whatever_order_a_result_stands_once_it_is_there(names):
    found, decided = purchase(), None
    for name in names:
        try:
            found = MOVES[name](found)
        except steps.WrongStep:
            continue
        if found.state in ("result", "settled"):
            decided = decided or (found.authentication, found.failure)
            assert (found.authentication, found.failure) == decided
        assert (found.state == "settled") == (found.outcome is not None)
        assert (found.deadline_at is None) == (found.state in ("result", "settled"))


@pytest.mark.parametrize("state", ["page", "method", "asking", "challenge", "returned"])
def test_every_state_that_waits_has_an_end(state):
    assert steps.TRANSITIONS[state, "expired"] == "result"
    assert steps.expire(purchase(state=state), NOW).failure == steps.EXPIRED_REASONS[state]


@pytest.mark.parametrize(
    ("method_url", "done", "comp_ind"),
    [(None, False, "U"), ("https://acs.example/m", True, "Y"), ("https://acs.example/m", False, "N")],
)
def test_the_completion_indicator_tells_what_the_method_did(method_url, done, comp_ind):
    found = give_card(purchase(), method_url)
    found = steps.method_done(found, NOW) if done else found
    assert steps.ask(found, NOW, WAIT).comp_ind == comp_ind


def test_a_method_notification_without_a_method_claims_nothing():
    assert steps.ask(steps.method_done(give_card(purchase()), NOW), NOW, WAIT).comp_ind == "U"


def test_a_second_areq_cannot_be_begun():
    with pytest.raises(steps.WrongStep):
        steps.ask(asked(), NOW, WAIT)


def test_settling_forgets_the_card_number():
    found = MOVES["settle"](steps.record_results(challenged(), {"transStatus": "N"}, NOW))
    assert found.card.sealed is None
    assert found.card.masked == CARD.masked


@pytest.mark.parametrize(
    ("results", "cres", "mismatch"),
    [
        ("Y", "Y", False),
        ("Y", "N", True),
        ("N", "N", False),
        ("N", "Y", True),
        ("A", "Y", False),
        ("A", "N", False),
        ("U", "Y", True),
        ("R", "N", False),
    ],
)
@pytest.mark.parametrize("cres_first", [True, False])
def test_a_contradiction_is_noted_whichever_comes_first_and_the_rreq_decides(results, cres, mismatch, cres_first):
    bring = [
        lambda p: steps.record_cres(p, cres, NOW, WAIT),
        lambda p: steps.record_results(p, {"transStatus": results}, NOW),
    ]
    found = challenged()
    for move in bring if cres_first else reversed(bring):
        found = move(found)
    assert any("mismatch" in entry.text for entry in found.log) == mismatch
    assert found.authentication.trans_status == results


def test_the_log_is_bounded():
    found = purchase()
    for _ in range(steps.MAX_LOG_ENTRIES + 50):
        found = steps.note(found, NOW, "again")
    assert len(found.log) == steps.MAX_LOG_ENTRIES
