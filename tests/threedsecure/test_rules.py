"""Matching rules as data: which message they match, and why not."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.paths import MISSING
from threedsecure.rules import RuleError, Seen, choose, meets, missed, nearest, parse

AREQ = {
    "messageType": "AReq",
    "acctNumber": "4000000001000001",
    "purchaseAmount": "4200",
    "merchantName": "Librairie Exemple",
    "acquirerMerchantID": "123456789012345",
    "browserJavaEnabled": False,
    "threeDSRequestorChallengeInd": ["02", "03"],
    "acctInfo": {"chAccAgeInd": "05"},
    "messageExtension": [{"id": "A000-1", "data": {"shoe": {"size": "43"}}}],
}
SEEN = Seen("AReq", AREQ, {"x-run": "nightly-7"})
VEREQ = Seen("VEReq", {"messageType": "VEReq", "pan": "4000000901000001", "Merchant": {"merID": "12345678"}}, {})
THEN = {"scenario": "frictionless"}


def rule(wanted, **more):
    return parse({"if": wanted, "then": THEN, **more})


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({}, True),
        ({"merchantName": "Librairie Exemple"}, True),
        ({"merchantName": "librairie exemple"}, False),
        ({"merchantName": ["Fromagerie", "Librairie Exemple"]}, True),
        ({"merchantName": {"like": "librairie*"}}, True),
        ({"merchantName": {"like": "?ibrairie"}}, False),
        ({"merchantName": {"like": "[L]ibrairie*"}}, False),
        ({"merchantName": {"not": {"like": "libr*"}}}, False),
        ({"merchant": "123456789012345"}, True),
        ({"merchant": {"like": "*Exemple"}}, True),
        ({"merchant": "Fromagerie"}, False),
        ({"amount": 4200}, True),
        ({"amount": "4200"}, True),
        ({"amount": {"at_least": 4200, "less_than": "5000"}}, True),
        ({"amount": {"more_than": 4200}}, False),
        ({"amount": {"at_most": 4199}}, False),
        ({"pan": "4000000001000001"}, True),
        ({"pan": {"like": "40000000010*"}}, True),
        ({"range": {"start": "4000000001000000", "end": "4000000001999999"}}, True),
        ({"range": {"start": "4000000002000000", "end": "4000000002999999"}}, False),
        ({"range": {"start": "400000000100000", "end": "400000000199999"}}, False),
        ({"browserJavaEnabled": False}, True),
        ({"browserJavaEnabled": "false"}, True),
        ({"threeDSRequestorChallengeInd": "03"}, True),
        ({"threeDSRequestorChallengeInd": "04"}, False),
        ({"threeDSRequestorChallengeInd[0]": "02"}, True),
        ({"acctInfo.chAccAgeInd": "05"}, True),
        ({"messageExtension[0].id": "A000-1"}, True),
        ({"messageExtension[0].data.shoe.size": "43"}, True),
        ({"email": "<absent>"}, True),
        ({"email": "<present>"}, False),
        ({"email": {"not": "x"}}, True),
        ({"headers": {"X-Run": {"like": "nightly-*"}}}, True),
        ({"headers": {"X-Run": "<absent>"}}, False),
        ({"headers": {"X-Other": "<absent>"}}, True),
        ({"message": "VEReq"}, False),
    ],
)
def test_a_rule_matches_a_message_or_not(wanted, matches):
    assert (choose([("one", rule(wanted))], SEEN) is not None) is matches


@pytest.mark.parametrize(
    ("wanted", "matches"),
    [
        ({"merchant": "12345678"}, True),
        ({"Merchant.merID": {"like": "1*"}}, True),
        ({"pan": "4000000901000001"}, True),
        ({"Merchant.acqBIN": "<absent>"}, True),
        ({"pan": "4000000001000001"}, False),
    ],
)
def test_a_rule_matches_an_enrolment_request_or_not(wanted, matches):
    assert (choose([("one", rule({"message": "VEReq", **wanted}))], VEREQ) is not None) is matches


def test_what_holds_once_comes_first_then_the_order_in_which_the_rules_were_made():
    rules = [("a", rule({"amount": 1})), ("b", rule({})), ("c", rule({}, once=True)), ("d", rule({}, once=True))]
    assert choose(rules, SEEN)[0] == "c"
    assert choose([each for each in rules if each[0] not in "cd"], SEEN)[0] == "b"
    assert choose(rules[:1], SEEN) is None


def test_the_nearest_misses_say_what_was_wanted_and_what_was_found():
    far = rule({"amount": 1, "merchant": "x", "email": "<present>"})
    near = rule({"amount": {"at_least": 10000}, "merchantName": "Librairie Exemple"}, name="dear books")
    card = rule({"pan": "4000000001010000"})
    (first, dear), (second, other), (third, _) = nearest([("f", far), ("n", near), ("p", card)], SEEN)
    assert (first, second, third) == ("n", "p", "f")
    assert (dear.rule.name, dear.met) == ("dear books", 1)
    assert [(each.what, each.wanted, each.found) for each in dear.missed] == [("amount", "at least 10000", "4200")]
    assert [(each.wanted, each.found) for each in other.missed] == [("400000******0000", "400000******0001")]


def test_what_was_missed_is_told_in_words():
    wanted = {
        "merchant": ["a", {"like": "b*"}],
        "headers": {"X-Other": {"not": "<absent>"}},
        "range": {"start": "4000000002000000", "end": "4000000002999999"},
        "acctInfo": "x",
    }
    assert [(each.what, each.wanted, each.found) for each in missed(rule(wanted), SEEN)] == [
        ("merchant", "a or like b*", "Librairie Exemple or 123456789012345"),
        ("header X-Other", "not <absent>", "<absent>"),
        ("range", "between 400000******0000 and 400000******9999", "400000******0001"),
        ("acctInfo", "x", "something that is no text"),
    ]


@pytest.mark.parametrize(
    ("document", "path", "words"),
    [
        ({"when": {}}, ".when", "'when' means nothing in a rule"),
        ({"if": []}, ".if", "if holds names with values"),
        ({"then": {}}, ".then", "a rule says in then what happens"),
        ({"then": THEN, "name": 5}, ".name", "the name of a rule is a text"),
        ({"then": THEN, "once": "yes"}, ".once", "once is true or false"),
        ({"if": {"message": "ARes"}, "then": THEN}, ".if.message", "a rule matches AReq or VEReq"),
        ({"if": {"merchantNam": "x"}, "then": THEN}, ".if.merchantNam", "did you mean merchantName?"),
        ({"if": {"message": "VEReq", "merID": "x"}, "then": THEN}, ".if.merID", "did you mean Merchant.merID?"),
        ({"if": {"message": "VEReq", "amount": 1}, "then": THEN}, ".if.amount", "a VEReq tells no amount"),
        ({"if": {"message": "VEReq", "headers": {"X-A": "1"}}, "then": THEN}, ".if.headers", "hands headers on"),
        ({"if": {"amount": {"over": 1}}, "then": THEN}, ".if.amount", "there is no comparison 'over'"),
        ({"if": {"amount": {"at_least": "much"}}, "then": THEN}, ".if.amount", "a number of minor units"),
        ({"if": {"amount": {}}, "then": THEN}, ".if.amount", "a comparison is one of"),
        ({"if": {"amount": None}, "then": THEN}, ".if.amount", "this is compared with"),
        ({"if": {"amount": 1.5}, "then": THEN}, ".if.amount", "this is compared with"),
        ({"if": {"merchant": "/Libr/"}, "then": THEN}, ".if.merchant", "rules know no regular expressions"),
        ({"if": {"merchant": "<gone>"}, "then": THEN}, ".if.merchant", "<gone> means nothing"),
        ({"if": {"merchant": {"like": "*" * 9}}, "then": THEN}, ".if.merchant", "like is followed by"),
        ({"if": {"merchant": {"not": {"not": "x"}}}, "then": THEN}, ".if.merchant", "not not is yes"),
        ({"if": {"merchant": []}, "then": THEN}, ".if.merchant", "holds 1 to 50"),
        ({"if": {"merchant": "x" * 1001}, "then": THEN}, ".if.merchant", "longer than 1000"),
        ({"if": {"range": "4000"}, "then": THEN}, ".if.range", "a range has a start and an end"),
        (
            {"if": {"range": {"start": "4000000002000000", "end": "4000000001000000"}}, "then": THEN},
            ".if.range",
            "a range ends where it starts",
        ),
        ({"if": {"headers": "x"}, "then": THEN}, ".if.headers", "headers holds names with values"),
        ({"if": {"headers": {"a b": "x"}}, "then": THEN}, ".if.headers", "'a b' is no name of a header"),
        ({"if": {f"acctInfo[{n}]": "x" for n in range(21)}, "then": THEN}, ".if", "at most 20 conditions"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_refused_with_its_place(document, path, words):
    with pytest.raises(RuleError) as refused:
        parse(document)
    assert (refused.value.path, words in str(refused.value)) == (path, True), str(refused.value)


def test_a_hostile_pattern_holds_nothing_up():
    hostile = rule({"merchantName": {"like": "*a*a*a*a*a*a*a*"}})
    began = time.process_time()
    assert missed(hostile, Seen("AReq", {"merchantName": "a" * 5000 + "b" * 5000}, {})) == ()
    assert missed(rule({"merchantName": {"like": "*a*a*a*a*a*a*ab"}}), Seen("AReq", {"merchantName": "a" * 5000}, {}))
    assert time.process_time() - began < 20, "tried one way after the other it would be years"


WANTED = st.recursive(
    st.text(max_size=5) | st.booleans() | st.integers(0, 10**6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["like", "not", "at_least"]), inner),
    max_leaves=6,
)


@given(WANTED, st.none() | st.text() | st.booleans() | st.lists(st.text(), max_size=2) | st.just(MISSING))
def test_whatever_is_accepted_can_be_held_against_whatever_is_found(wanted, found):
    try:
        made = rule({"merchantName": wanted})
    except RuleError:
        return
    assert meets(made.conditions[0].wanted, found) in (True, False)
    missed(made, Seen("AReq", {"merchantName": found}, {}))
