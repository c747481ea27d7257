"""The order of validation, what is named, and that nothing makes the checker fall over."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.threedsecure.v2.golden import find
from threedsecure.v2.errors import ErrorCode, MessageError, Stage, Violation
from threedsecure.v2.messages import METHOD_DATA
from threedsecure.v2.validation.checking import Context, Leg, check, code_of, context_of, defined, read, violations
from threedsecure.v2.validation.plans import MOST_FAULTS


def areq(**changes: Any) -> dict[str, Any]:
    message = {**find("2.2.0", "areq-brw-pa").message, **changes}
    return {name: value for name, value in message.items() if value is not ...}


def refusal(message: dict[str, Any], leg: Leg = Leg.THREE_DS_SERVER_TO_DS) -> MessageError:
    with pytest.raises(MessageError) as caught:
        check(message, context_of(message, leg))
    return caught.value


UNKNOWN_CRITICAL = {"name": "x", "id": "A000000999-9", "criticalityIndicator": True, "data": {"a": 1}}


def test_seven_faults_of_three_kinds_are_all_named() -> None:
    message = areq(
        mcc=...,
        purchaseDate="",
        acctNumber=...,
        browserTZ=5,
        acctInfo={"chAccAgeInd": "42"},
        merchantCountryCode="999",
        whiteListStatus=...,
    )
    found = {(each.code, each.element) for each in violations(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))}
    assert found == {
        ("201", "mcc"),
        ("201", "purchaseDate"),
        ("201", "acctNumber"),
        ("203", "browserTZ"),
        ("203", "acctInfo.chAccAgeInd"),
        ("304", "merchantCountryCode"),
        ("203", "whiteListStatusSource"),
    }


def test_formats_come_before_extensions_before_presence_before_rules() -> None:
    faults = {"whiteListStatus": ...}
    assert refusal(areq(**faults)).detail == "whiteListStatusSource"
    faults["mcc"] = ...
    assert (refusal(areq(**faults)).code, refusal(areq(**faults)).detail) == ("201", "mcc")
    faults["messageExtension"] = [UNKNOWN_CRITICAL]
    assert (refusal(areq(**faults)).code, refusal(areq(**faults)).detail) == ("202", "A000000999-9")
    faults["browserTZ"] = "x"
    assert (refusal(areq(**faults)).code, refusal(areq(**faults)).detail) == ("203", "browserTZ")


def test_the_error_carries_the_violations_of_all_stages_in_their_order() -> None:
    error = refusal(areq(mcc=..., browserTZ="x", messageExtension=[UNKNOWN_CRITICAL], whiteListStatus=...))
    assert [each.stage for each in error.violations] == [Stage.FORMAT, Stage.EXTENSION, Stage.PRESENCE, Stage.RULE]
    assert error.message is not None


def test_all_names_of_the_stage_are_in_the_detail() -> None:
    error = refusal(areq(mcc=..., acctNumber=None, purchaseDate=[], homePhone={"cc": "33"}))
    assert error.code == "201"
    assert set(error.detail.split(",")) == {"mcc", "acctNumber", "purchaseDate", "homePhone.subscriber"}


def test_one_kind_of_format_error_keeps_its_code_and_a_mixture_is_203() -> None:
    assert refusal(areq(merchantCountryCode="999")).code == "304"
    assert (
        refusal(areq(merchantCountryCode="999", purchaseCurrency="963")).detail
        == "merchantCountryCode,purchaseCurrency"
    )
    mixed = refusal(areq(merchantCountryCode="999", browserTZ="x"))
    assert (mixed.code, set(mixed.detail.split(","))) == ("203", {"merchantCountryCode", "browserTZ"})


def test_a_reserved_value_has_its_own_code_since_231() -> None:
    message = {**find("2.3.1", "areq-brw-pa").message, "acctType": "42"}
    assert refusal(message).code == ErrorCode.RESERVED_VALUE_USED
    assert refusal(areq(acctType="42")).code == ErrorCode.FORMAT_INVALID
    assert violations(areq(acctType="85"), context_of(areq(), Leg.THREE_DS_SERVER_TO_DS)) == []


def test_a_violation_tells_what_was_found_what_is_allowed_and_where_that_is_said() -> None:
    (found,) = violations(areq(browserTZ=5), context_of(areq(), Leg.THREE_DS_SERVER_TO_DS))
    assert (found.found, found.allowed) == ("5", "1 to 5 characters, minutes from UTC with an optional sign")
    assert found.clause == "EMV 3-D Secure 2.2.0, Annex A, browserTZ"
    (missing,) = violations(areq(threeDSRequestorDecMaxTime=...), context_of(areq(), Leg.THREE_DS_SERVER_TO_DS))
    assert missing.found == "absent"
    assert missing.allowed == "required when threeDSRequestorDecReqInd is Y (2.3.1: Y, F or B)"
    assert missing.clause == "EMV 3-D Secure 2.2.0, Annex B, AReq"


@pytest.mark.parametrize(
    ("changes", "secret"),
    [
        ({"acctNumber": "4000000001000001x"}, "4000000001000001"),
        ({"threeDSRequestorAuthenticationInfo": {"threeDSReqAuthData": ["hunter2"]}}, "hunter2"),
        ({"acctID": "card 4000000001000001 \x01"}, "4000000001000001"),
    ],
)
def test_a_violation_gives_no_card_number_and_no_secret_away(changes: dict[str, Any], secret: str) -> None:
    error = refusal(areq(**changes))
    assert error.violations
    assert all(secret not in each.found for each in error.violations)


def test_what_is_long_is_shown_cut() -> None:
    (found,) = violations(areq(acctID="x" * 5000), context_of(areq(), Leg.THREE_DS_SERVER_TO_DS))
    assert len(found.found) < 90
    assert found.found.endswith("(5000 characters)")


def test_what_a_version_does_not_define_is_neither_checked_nor_forwarded() -> None:
    message = {**find("2.1.0", "areq-brw-pa").message, "whiteListStatus": 17, "nonsense": {"a": 1}}
    context = context_of(message, Leg.THREE_DS_SERVER_TO_DS)
    check(message, context)
    assert set(message) - set(defined(message, context)) == {"whiteListStatus", "nonsense"}


def test_what_an_object_does_not_define_is_not_forwarded_either() -> None:
    message = areq(homePhone={"cc": "33", "subscriber": "639980000", "extension": "12"})
    context = context_of(message, Leg.THREE_DS_SERVER_TO_DS)
    check(message, context)
    assert defined(message, context)["homePhone"] == {"cc": "33", "subscriber": "639980000"}


def test_items_of_an_array_lose_what_is_not_defined_and_the_message_itself_loses_nothing() -> None:
    info = {"threeDSReqAuthMethod": "02", "nonsense": "1"}
    message = {**find("2.3.1", "areq-brw-pa").message, "threeDSRequestorAuthenticationInfo": [info]}
    kept = defined(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))
    assert kept["threeDSRequestorAuthenticationInfo"] == [{"threeDSReqAuthMethod": "02"}]
    assert message["threeDSRequestorAuthenticationInfo"] == [{"threeDSReqAuthMethod": "02", "nonsense": "1"}]


def test_a_copy_of_a_message_that_is_defined_throughout_can_be_changed() -> None:
    message = areq()
    kept = defined(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))
    kept["dsTransID"] = "d"
    assert "dsTransID" not in message


def test_contexts_of_messages_with_a_category_of_no_known_length_are_not_kept() -> None:
    message = areq(messageCategory="8" * 1000)
    context = context_of(message, Leg.THREE_DS_SERVER_TO_DS)
    assert context.message_category == message["messageCategory"]
    assert context_of(message, Leg.THREE_DS_SERVER_TO_DS) is not context
    assert context_of(areq(), Leg.DS_TO_ACS) is context_of(areq(), Leg.DS_TO_ACS)


def test_an_unknown_extension_is_forwarded_unchanged() -> None:
    extension = {"name": "x", "id": "A000000999-9", "criticalityIndicator": False, "data": {"any": [{"thing": None}]}}
    message = areq(messageExtension=[extension])
    assert defined(message, context_of(message, Leg.DS_TO_ACS))["messageExtension"] == [extension]


def test_each_leg_has_its_own_elements() -> None:
    sent = find("2.2.0", "areq-app-pa").message
    forwarded = {
        **sent,
        **{name: find("2.2.0", "areq-app-pa-from-ds").message[name] for name in ("dsTransID", "dsURL")},
    }
    to_ds = defined(forwarded, context_of(forwarded, Leg.THREE_DS_SERVER_TO_DS))
    to_acs = defined(forwarded, context_of(forwarded, Leg.DS_TO_ACS))
    assert "sdkEncData" in to_ds
    assert "sdkEncData" not in to_acs
    assert "dsTransID" not in to_ds
    assert "dsTransID" in to_acs
    assert refusal(forwarded, Leg.DS_TO_ACS).detail == "dsReferenceNumber"


def test_an_array_of_231_may_not_repeat_an_entry() -> None:
    message = {**find("2.3.1", "areq-brw-pa").message, "acceptLanguage": ["fr", "en", "fr"]}
    error = refusal(message)
    assert (error.code, error.detail) == ("204", "acceptLanguage[2]")


def test_extensions_are_bounded_one_by_one_and_together() -> None:
    def extensions(count: int, size: int) -> list[dict[str, Any]]:
        one = {"name": "x", "id": "A000000999-9", "criticalityIndicator": False, "data": {"a": "x" * size}}
        return [one] * count

    assert refusal(areq(messageExtension=extensions(1, 8060))).detail == "messageExtension[0].data"
    assert refusal(areq(messageExtension=extensions(11, 10))).detail == "messageExtension"
    check(areq(messageExtension=extensions(10, 8000)), context_of(areq(), Leg.THREE_DS_SERVER_TO_DS))
    full = {**find("2.3.1", "areq-brw-pa").message, "messageExtension": extensions(15, 8000)}
    assert refusal(full).detail == "messageExtension"


# The context.


@pytest.mark.parametrize(
    ("changes", "channel", "category"),
    [
        ({"messageCategory": "x"}, "02", "01"),
        ({"messageCategory": ...}, "02", "01"),
        ({"messageCategory": "02"}, "02", "02"),
        ({"messageCategory": "80"}, "02", "80"),
        ({"messageCategory": "00"}, "02", "01"),
        ({"deviceChannel": ...}, "02", "01"),
        ({"deviceChannel": ["01"]}, "02", "01"),
        ({"deviceChannel": ..., "sdkTransID": "x"}, "01", "01"),
        ({"deviceChannel": ..., "browserUserAgent": ..., "threeRIInd": "01"}, "03", "01"),
    ],
)
def test_channel_and_category_are_guessed_where_they_are_wrong(
    changes: dict[str, Any], channel: str, category: str
) -> None:
    context = context_of(areq(**changes), Leg.THREE_DS_SERVER_TO_DS)
    assert (context.device_channel, context.message_category) == (channel, category)


def test_an_ill_formed_category_does_not_hide_a_missing_merchant_code() -> None:
    message = areq(messageCategory="x", mcc=...)
    found = {each.element for each in violations(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))}
    assert found == {"messageCategory", "mcc"}


def test_messages_without_channel_take_it_from_the_request() -> None:
    request = find("2.2.0", "areq-3ri-npa").message
    context = context_of(find("2.2.0", "rreq-3ri-npa-after-decoupled").message, Leg.ACS_TO_DS, request)
    assert (context.device_channel, context.message_category, context.version) == ("03", "02", "2.2.0")


@pytest.mark.parametrize("message_type", ["XReq", "", None, 5, ["AReq"], METHOD_DATA])
def test_a_message_of_no_known_type_is_101(message_type: Any) -> None:
    with pytest.raises(MessageError) as caught:
        violations({"messageType": message_type, "messageVersion": "2.2.0"}, Context("2.2.0"))
    assert caught.value.code == "101"


def test_operation_messages_do_not_exist_before_231() -> None:
    with pytest.raises(MessageError) as caught:
        check({**find("2.3.1", "oreq").message, "messageVersion": "2.2.0"}, Context("2.2.0"))
    assert caught.value.code == "101"


# Nothing makes the checker fall over.

# A larger number than these is no integer any more where JSON is read.
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False)
    | st.text(max_size=5)
    | st.sampled_from(("01", "Y", "42", "a\nb")),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("id", "cc", "x", "")), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(max_examples=200)
@given(st.dictionaries(st.sampled_from(sorted(find("2.3.1", "areq-brw-pa").message)), anything))
def test_no_content_makes_the_checker_fall_over(message: dict[str, Any]) -> None:
    message["messageType"] = "AReq"
    for leg in (Leg.THREE_DS_SERVER_TO_DS, Leg.DS_TO_ACS):
        context = context_of(message, leg, request=message, response=message)
        with pytest.raises(MessageError):
            check(message, context)
        defined(message, context)


@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
def test_a_flood_of_faults_is_answered_and_not_all_told(version: str) -> None:
    message = {**find(version, "pres").message, "cardRangeData": [{"actionInd": "x"}] * 50_000}
    error = refusal(message, Leg.DS_TO_THREE_DS_SERVER)
    assert error.code == "203"
    assert len(error.violations) == MOST_FAULTS


def test_a_long_list_of_repetitions_is_found_without_comparing_each_with_each() -> None:
    message = find("2.3.1", "pres").message
    entry = message["cardRangeData"][0]
    versions = [{**entry["acsProtocolVersions"][0], "acsInfoInd": ["01", "02"] * 50_000}]
    error = refusal(
        {**message, "cardRangeData": [{**entry, "acsProtocolVersions": versions}]}, Leg.DS_TO_THREE_DS_SERVER
    )
    assert error.code == "204"


@pytest.mark.parametrize("kind", ["creq-app-text", "cres-app-text"])
def test_a_challenge_of_a_3ri_request_is_checked_as_what_it_is(kind: str) -> None:
    golden = find("2.2.0", kind)
    context = replace(golden.context(), device_channel="03")
    assert violations(golden.message, context) == violations(golden.message, replace(context, device_channel="02"))


def test_what_was_read_is_told_with_what_it_was_held_against() -> None:
    golden = find("2.2.0", "ares-brw-pa-authenticated")
    held = read(golden.message, Leg.ACS_TO_DS, golden.request)
    assert held.context == golden.context()
    assert held.whole in (True, False)
    with pytest.raises(MessageError, match="301"):
        read(
            golden.message | {"threeDSServerTransID": "00000000-0000-4000-8000-000000000000"},
            Leg.ACS_TO_DS,
            golden.request,
        )


def test_where_one_code_is_among_others_the_answer_is_203() -> None:
    first, second = (Violation(code, "mcc", "", "", "") for code in ("304", "207"))
    assert (code_of([first]), code_of([first, first]), code_of([first, second])) == ("304", "304", "203")


def test_an_item_that_is_wrong_is_told_with_its_place_also_where_others_may_repeat() -> None:
    message = {**find("2.2.0", "areq-app-pa").message}
    message["deviceRenderOptions"] = {"sdkInterface": "03", "sdkUiType": ["01", "01", "9"]}
    (found,) = violations(message, context_of(message, Leg.THREE_DS_SERVER_TO_DS))
    assert (found.element, found.code) == ("deviceRenderOptions.sdkUiType[2]", "203")
