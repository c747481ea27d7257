"""Expectations held against messages, and the order of messages."""

import pytest

from acs_sim.scenarios.file.elements import Column
from acs_sim.scenarios.file.matching import MISSING, compare, look_up, meets
from acs_sim.scenarios.file.selecting import compile_expression
from acs_sim.scenarios.playing.conversation import Conversation, Unmet
from acs_sim.scenarios.playing.purchase import areq
from tests.acs_sim.conftest import STARTED_AT

MESSAGE = {"transStatus": "Y", "acsRenderingType": {"acsInterface": "01"}, "list": [{"id": "A"}], "flag": True}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("transStatus", "Y"),
        ("acsRenderingType.acsInterface", "01"),
        ("list[0].id", "A"),
        ("list[1].id", MISSING),
        ("transStatus.inside", MISSING),
        ("nowhere", MISSING),
    ],
)
def test_an_element_is_found_by_its_path(path, found):
    assert look_up(MESSAGE, path) == found


@pytest.mark.parametrize(
    ("wanted", "found", "met"),
    [
        ("Y", "Y", True),
        ("Y", "N", False),
        ("Y", MISSING, False),
        (["Y", "N"], "N", True),
        (["Y", "N"], "U", False),
        (["Y", "<absent>"], MISSING, True),
        ("<present>", "", True),
        ("<present>", MISSING, False),
        ("<absent>", MISSING, True),
        ("<absent>", "Y", False),
        ("/^[0-9]{2}$/", "05", True),
        ("/^[0-9]{2}$/", "5", False),
        ("/x/", MISSING, False),
        (True, True, True),
        (True, "true", False),
        (True, 1, False),
        (None, None, True),
        (None, MISSING, False),
    ],
)
def test_a_value_meets_what_is_wanted_or_not(wanted, found, met):
    assert meets(wanted, found) is met


def test_what_differs_stands_in_the_conversation_as_a_diff():
    conversation = Conversation()
    with pytest.raises(Unmet, match="ARes: transStatus should be N, and is Y"):
        conversation.compare("ARes", compare({"flag": True, "transStatus": "N", "eci": "<present>"}, MESSAGE))
    assert conversation.lines == [
        "  ARes",
        "    flag: true",
        "-   transStatus: N",
        "+   transStatus: Y",
        "-   eci: <present>",
        "+   eci: <absent>",
    ]


def test_messages_in_the_wrong_order_are_shown_as_a_diff():
    conversation = Conversation()
    conversation.in_order(["AReq", "CRes"], ["AReq", "ARes", "CRes"])
    with pytest.raises(Unmet, match="order CRes, RReq"):
        conversation.in_order(["CRes", "RReq"], ["RReq", "CRes"])
    assert conversation.lines[-3:] == ["+   RReq", "    CRes", "-   RReq"]


@pytest.mark.parametrize(
    ("expression", "chosen"),
    [
        ("otp", True),
        ("OTP and wrong", True),
        ("otp and not wrong", False),
        ("sms or wrong", True),
        ("not (sms or wrong)", False),
        ("not sms and not late", True),
    ],
)
def test_an_expression_chooses_by_words(expression, chosen):
    assert compile_expression(expression)("three wrong codes challenge otp") is chosen


@pytest.mark.parametrize(
    ("expression", "words", "chosen"),
    [
        ("D2", "the wrong code D20 challenge.yaml", False),
        ("D2", "the wrong code D2 challenge.yaml", True),
        ("d2 or d20", "the wrong code D20", True),
        ("2", "after 20 seconds", False),
        ("2.1", "version 2.1.0", True),
        ("2.1", "version 12.1.0", False),
        ("E1", "scenario1", False),
        ("code1", "the wrong code10", False),
    ],
)
def test_a_number_is_a_whole_one(expression, words, chosen):
    assert compile_expression(expression)(words.lower()) is chosen


@pytest.mark.parametrize("expression", ["", "and", "a or", "(a", "a b", "a)", "not"])
def test_an_expression_that_cannot_be_read_is_refused(expression):
    with pytest.raises(ValueError, match="-k"):
        compile_expression(expression)


def test_the_last_change_of_a_purchase_wins_and_nothing_takes_away():
    message = areq(
        Column("2.1.0", "02", "01"),
        STARTED_AT,
        {"mcc": "1", "email": None},
        {"mcc": "2", "threeDSRequestor.inner": "x"},
    )
    assert (message["mcc"], message["threeDSRequestor"]) == ("2", {"inner": "x"})
    assert message["purchaseDate"] == "20260615120000"
    assert not {"email", "browserJavascriptEnabled"} & set(message)
