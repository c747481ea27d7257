"""Each condition, on messages that make it hold and messages that do not."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.conditions import Condition
from threedsecure.v2.grammar.context import Context, Leg
from threedsecure.v2.messages import MESSAGES

PAYMENT = Context("2.2.0")
NON_PAYMENT = Context("2.2.0", message_category="02")
V210, V231 = Context("2.1.0"), Context("2.3.1")
APP = Context("2.2.0", device_channel="01")


def since(version: str, **more: Any) -> Context:
    return Context(version, **more)


CASES: list[tuple[Condition, dict[str, Any], Context, bool]] = [
    (c.added_by_directory_server, {}, since("2.2.0", leg=Leg.DS_TO_ACS), True),
    (c.added_by_directory_server, {}, PAYMENT, False),
    (c.browser_runs_javascript, {"browserJavascriptEnabled": True}, PAYMENT, True),
    (c.browser_runs_javascript, {"browserJavascriptEnabled": False}, PAYMENT, False),
    (c.browser_runs_javascript, {"browserJavascriptEnabled": "true"}, PAYMENT, False),
    (c.browser_runs_javascript, {}, PAYMENT, False),
    (c.decoupled_requested, {"threeDSRequestorDecReqInd": "Y"}, PAYMENT, True),
    (c.decoupled_requested, {"threeDSRequestorDecReqInd": "F"}, V231, True),
    (c.decoupled_requested, {"threeDSRequestorDecReqInd": "B"}, V231, True),
    (c.decoupled_requested, {"threeDSRequestorDecReqInd": "N"}, PAYMENT, False),
    (c.follows_earlier_transaction, {"threeRIInd": "19"}, V231, True),
    (c.follows_earlier_transaction, {"spcIncompInd": "01"}, V231, True),
    (
        c.follows_earlier_transaction,
        {"threeDSRequestorAuthenticationInfo": [{"threeDSReqAuthMethod": "09"}]},
        V231,
        True,
    ),
    (
        c.follows_earlier_transaction,
        {"threeDSRequestorAuthenticationInfo": [{"threeDSReqAuthMethod": "02"}]},
        V231,
        False,
    ),
    (c.follows_earlier_transaction, {"threeDSRequestorAuthenticationInfo": "09"}, V231, False),
    (c.pays_with_token, {"payTokenInd": True}, PAYMENT, True),
    (c.pays_with_token, {"payTokenInd": "true"}, PAYMENT, False),
    (c.pays_in_instalments, {"threeDSRequestorAuthenticationInd": "03"}, V210, True),
    (c.pays_in_instalments, {"threeDSRequestorAuthenticationInd": "02"}, V210, False),
    (c.pays_in_instalments, {"threeRIInd": "02"}, PAYMENT, True),
    (c.pays_in_instalments, {"threeRIInd": "02"}, V210, False),
    (c.purchase_expected, {"threeDSRequestorAuthenticationInd": "02"}, V210, True),
    (c.purchase_expected, {"threeDSRequestorAuthenticationInd": "07"}, PAYMENT, False),
    (c.purchase_expected, {"threeDSRequestorAuthenticationInd": "07"}, V231, True),
    (c.purchase_expected, {"threeRIInd": "01"}, V210, False),
    (c.purchase_expected, {"threeRIInd": "11"}, PAYMENT, True),
    (c.purchase_expected, {"threeRIInd": "15"}, PAYMENT, False),
    (c.purchase_expected, {"threeRIInd": "15"}, V231, True),
    (c.recurring, {"threeDSRequestorAuthenticationInd": "02"}, V231, True),
    (c.recurring, {"threeRIInd": "01"}, V231, True),
    (c.recurring, {"threeDSRequestorAuthenticationInd": "01"}, V231, False),
    (c.recurring_with_end, {"threeDSRequestorAuthenticationInd": "02"}, PAYMENT, True),
    (c.recurring_with_end, {"threeDSRequestorAuthenticationInd": "02"}, V231, False),
    (c.recurring_at_fixed_frequency, {"threeDSRequestorAuthenticationInd": "03"}, V210, True),
    (c.recurring_at_fixed_frequency, {"threeDSRequestorAuthenticationInd": "03"}, V231, False),
    (c.recurring_at_fixed_frequency, {"recurringInd": {"frequencyInd": "01"}}, V231, True),
    (c.fixed_frequency, {"recurringInd": {"frequencyInd": "02"}}, V231, False),
    (c.recurring_with_fixed_amount, {"threeRIInd": "01", "recurringInd": {"amountInd": "01"}}, V231, True),
    (c.recurring_with_fixed_amount, {"threeRIInd": "05", "recurringInd": {"amountInd": "01"}}, V231, False),
    (c.recurring_with_fixed_amount, {"threeRIInd": "01", "recurringInd": {"amountInd": "02"}}, V231, False),
    (c.challenged, {"transStatus": "C"}, V210, True),
    (c.challenged, {"transStatus": "D"}, V210, False),
    (c.challenged, {"transStatus": "D"}, PAYMENT, True),
    (c.challenged, {"transStatus": "Y"}, PAYMENT, False),
    (c.proof_expected, {"transStatus": "A"}, PAYMENT, True),
    (c.proof_expected, {"transStatus": "Y"}, NON_PAYMENT, False),
    (c.proof_expected, {"transStatus": "N"}, PAYMENT, False),
    (c.reason_expected, {"transStatus": "R"}, PAYMENT, True),
    (c.reason_expected, {"transStatus": "U"}, NON_PAYMENT, False),
    (c.reason_expected, {"transStatus": "Y"}, PAYMENT, False),
    (c.not_decoupled, {}, PAYMENT, True),
    (c.not_decoupled, {"authenticationType": "04"}, PAYMENT, False),
    (c.not_decoupled, {"challengeCancel": "03"}, PAYMENT, False),
    (c.not_decoupled, {"authenticationMethod": ["12"]}, V231, False),
    (c.not_decoupled, {}, since("2.2.0", request={"threeDSRequestorDecReqInd": "Y"}), False),
    (c.not_decoupled, {}, since("2.3.1", request={"threeDSRequestorDecReqInd": "F"}), True),
    (c.not_decoupled, {}, since("2.2.0", response={"acsDecConInd": "Y"}), False),
    (c.not_decoupled, {"authenticationType": "04"}, since("2.2.0", response={"acsDecConInd": "N"}), True),
    (c.challenge_timed_out, {"transStatusReason": "14"}, PAYMENT, True),
    (c.challenge_timed_out, {"transStatusReason": "01"}, PAYMENT, False),
    (c.final, {}, PAYMENT, True),
    (c.final, {"challengeCompletionInd": "N"}, APP, False),
    (c.final, {"challengeCompletionInd": "Y"}, APP, True),
    (c.not_final, {"challengeCompletionInd": "N"}, APP, True),
    (c.not_final, {}, APP, False),
    (c.shows_words, {"acsUiType": "01"}, APP, True),
    (c.shows_words, {"acsUiType": "07"}, V231, True),
    (c.shows_words, {"acsUiType": "05"}, APP, False),
    (c.shows_label, {"acsUiType": "01"}, APP, True),
    (c.shows_label, {"acsUiType": "01"}, V231, False),
    (c.shows_label, {"acsUiType": "02"}, V231, True),
    (c.shows_label, {"acsUiType": "04"}, APP, False),
    (c.continues_out_of_band, {"acsUiType": "04", "oobAppLabel": "Open"}, APP, True),
    (c.continues_out_of_band, {"acsUiType": "04", "oobAppLabel": "Open"}, V231, False),
    (c.continues_out_of_band, {"acsUiType": "04"}, V231, True),
    (c.opens_app, {"acsUiType": "04", "oobAppURL": "a:b"}, APP, True),
    (c.opens_app, {"acsUiType": "04"}, APP, False),
    (c.payee_unnamed, {}, V231, True),
    (c.payee_unnamed, {"payeeName": "x"}, V231, False),
    (c.sent_by_three_ds_server, {}, V231, True),
    (c.sent_by_acs, {}, since("2.3.1", leg=Leg.ACS_TO_DS), True),
    (c.sent_by_acs, {}, V231, False),
    (c.present("a"), {"a": "x"}, PAYMENT, True),
    (c.present("a"), {"a": ""}, PAYMENT, False),
    (c.present("a"), {"a": []}, PAYMENT, False),
    (c.present("a"), {}, PAYMENT, False),
    (c.equal("a", "1", "2"), {"a": "2"}, PAYMENT, True),
    (c.equal("a", "1", "2"), {"a": 2}, PAYMENT, False),
]


@pytest.mark.parametrize(
    ("condition", "found", "context", "expected"), CASES, ids=lambda value: getattr(value, "name", None)
)
def test_a_condition_holds_exactly_when_the_specification_says_so(
    condition: Condition, found: dict[str, Any], context: Context, expected: bool
) -> None:
    assert condition.holds(found, context) is expected


def in_force() -> set[Condition]:
    return {row.when for rows in MESSAGES.values() for row in rows if row.when is not None}


def test_every_enforced_condition_of_the_tables_is_among_the_cases() -> None:
    named = {condition.name for condition, *_ in CASES}
    general = ("_present", "_is_")
    wanted = {each.name for each in in_force() if each.enforced and not any(part in each.name for part in general)}
    assert wanted - named == set()


def test_every_condition_says_in_words_when_it_holds_and_where_that_is_said() -> None:
    for condition in in_force():
        assert condition.words
        assert condition.clause


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(("", "01", "Y", "C")),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(("amountInd", "x")), inner, max_size=2),
    max_leaves=4,
)
READ = [
    "browserJavascriptEnabled", "threeDSRequestorDecReqInd", "threeRIInd", "threeDSRequestorAuthenticationInfo", "payTokenInd",
    "threeDSRequestorAuthenticationInd", "recurringInd", "transStatus", "authenticationType", "challengeCancel", "acsUiType",
    "authenticationMethod", "transStatusReason", "challengeCompletionInd", "oobAppLabel", "payeeName", "sdkType",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(READ), anything), st.sampled_from(("2.1.0", "2.2.0", "2.3.1")))
def test_a_condition_is_defined_whatever_it_reads(found: dict[str, Any], version: str) -> None:
    context = Context(version, request=found, response=found)
    for condition in in_force():
        assert condition.holds(found, context) in (True, False)
