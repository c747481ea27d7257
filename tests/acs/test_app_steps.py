"""The edges of a challenge in an app, called as functions: what the SDK offers, what it sends, and what is written for it."""

import pytest
from msgspec.structs import replace

from acs.cardholder.challenge import Action
from acs.cards.plays import Defer
from acs.v2.challenge.app import screens, steps
from acs.v2.challenge.app.rendering import in_the_app
from acs.v2.challenge.app.steps import AppRequest, submission
from acs.v2.records import App
from tests.acs.test_lifecycle import PURCHASE, asked, opened
from threedsecure.cards.plays import Ask, Method, Settle
from threedsecure.v2.errors import MessageError

APP = App(
    sdk_reference_number="SDK",
    x="A" * 43,
    y="A" * 43,
    offered_interface="03",
    offered_types=("01", "02", "03", "04", "05"),
    split=False,
    limited=False,
)


def drawn(method, *, limited=False, interface="03", types=APP.offered_types):
    app = replace(APP, limited=limited, offered_interface=interface, offered_types=types)
    decision, purchase = in_the_app(Ask(method), replace(PURCHASE, device_channel="01", app=app))
    return decision, (purchase.app.interface, purchase.app.template)


@pytest.mark.parametrize("method", [Method.PASSWORD, Method.KNOWLEDGE])
def test_what_never_changes_is_not_typed_into_a_client_that_passes_it_on(method):
    assert drawn(method, limited=True)[0] == Settle("U", "03")
    assert drawn(method)[0] == Ask(method)


def test_a_code_may_be_typed_into_a_limited_client():
    assert drawn(Method.SMS_CODE, limited=True) == (Ask(Method.SMS_CODE), ("01", "01"))


@pytest.mark.parametrize(
    ("method", "interface", "types", "found"),
    [
        (Method.SMS_CODE, "03", APP.offered_types, ("01", "01")),
        (Method.SMS_CODE, "02", ("05",), ("02", "05")),
        (Method.SMS_CODE, "01", ("02",), None),
        (Method.HTML_PAGE, "03", APP.offered_types, ("02", "05")),
        (Method.SINGLE_SELECT, "01", ("02",), None),
        (Method.SINGLE_SELECT, "01", ("01", "02"), ("01", "02")),
    ],
)
def test_a_question_is_drawn_as_the_sdk_offers(method, interface, types, found):
    decision, shown = drawn(method, interface=interface, types=types)
    assert decision == (Settle("U", "03") if found is None else Ask(method))
    assert shown == (found or ("", ""))


def test_what_asks_nothing_in_the_app_is_left_as_it_is():
    for decision in (Settle("Y"), Defer(3)):
        purchase = replace(PURCHASE, app=APP)
        assert in_the_app(decision, purchase) == (decision, purchase)
    assert in_the_app(Ask(Method.PASSWORD), PURCHASE) == (Ask(Method.PASSWORD), PURCHASE)


def posted(**elements):
    message = {"messageType": "CReq", "sdkCounterStoA": "001"} | elements
    return submission(opened(), AppRequest(message, "A128GCM", "mark"))


@pytest.mark.parametrize(
    ("elements", "action", "value"),
    [
        ({"challengeDataEntry": "314159"}, Action.SUBMIT, "314159"),
        ({}, Action.SUBMIT, ""),
        ({"challengeCancel": "01"}, Action.CANCEL, ""),
        ({"resendChallenge": "Y"}, Action.RESEND, ""),
        ({"resendChallenge": "N"}, Action.SUBMIT, ""),
        ({"challengeHTMLDataEntry": "challengeValue=1&challengeValue=2"}, Action.SUBMIT, "1,2"),
        ({"challengeHTMLDataEntry": "?challengeValue=314159&action=submit"}, Action.SUBMIT, "314159"),
        ({"challengeHTMLDataEntry": "action=resend"}, Action.RESEND, ""),
        ({"challengeHTMLDataEntry": "action=cancel&challengeValue="}, Action.CANCEL, ""),
    ],
)
def test_what_the_cardholder_did_is_read_from_the_elements(elements, action, value):
    found = posted(**elements)
    assert (found.action, found.value, found.page, found.mark) == (action, value, 1, "mark")


@pytest.mark.parametrize(
    ("elements", "detail"),
    [
        ({"challengeCancel": "08"}, "challengeCancel"),
        ({"challengeAddCode": "Y"}, "challengeAddCode"),
        ({"challengeHTMLDataEntry": "&".join(["a=1"] * 1_000)}, "challengeHTMLDataEntry"),
    ],
)
def test_what_nobody_offered_is_refused(elements, detail):
    with pytest.raises(MessageError) as caught:
        posted(**elements)
    assert (caught.value.code, caught.value.detail) == ("203", detail)


@pytest.mark.parametrize(
    ("element", "box"),
    [
        ("whitelistingDataEntry", "trusts"),
        ("trustListDataEntry", "trusts"),
        ("deviceBindingDataEntry", "binds"),
    ],
)
def test_a_switch_is_on_where_it_says_so(element, box):
    assert getattr(posted(**{element: "Y"}), box) is True
    assert getattr(posted(**{element: "N"}), box) is False
    assert getattr(posted(), box) is False


def test_who_is_not_challenged_posts_nothing():
    with pytest.raises(MessageError, match="not challenged"):
        submission(asked(), AppRequest({}, "A128GCM", "mark"))


def test_a_challenge_of_a_browser_has_no_screen_of_an_app():
    with pytest.raises(ValueError, match="not one of an app"):
        screens._app(opened())


def test_a_label_that_is_too_long_ends_in_three_points():
    assert screens._label("x" * screens.MAX_LABEL) == "x" * screens.MAX_LABEL
    assert screens._label("x" * (screens.MAX_LABEL + 1)) == "x" * (screens.MAX_LABEL - 1) + "…"


def test_the_first_creq_answers_nothing():
    for name in ("challengeDataEntry", "resendChallenge", "challengeAddCode"):
        with pytest.raises(MessageError, match=name):
            steps._check_first({name: "1"})
    steps._check_first({"messageType": "CReq"})
