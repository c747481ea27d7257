"""Rules between elements, and between a message and those before it: what breaks each, and what does not."""

from typing import Any

import pytest

from tests.threedsecure.v2.golden import find
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Context, check, context_of, violations
from threedsecure.v2.validation.rules import RULES

pytestmark = pytest.mark.holds("threedsecure/v2/validation/rules.py")

OTHER_ID = "00000000-0000-4000-8000-000000000000"
NOTHING: dict[str, Any] = {}


def broken(
    version: str, name: str, change: dict[str, Any], request: dict[str, Any] | None = None, **more: Any
) -> tuple[str, str] | None:
    """Code and detail of the answer to a golden message with `change`; the AReq of its transaction with `request` changed."""
    golden = find(version, name)
    message = {key: value for key, value in {**golden.message, **change}.items() if value is not ...}
    areq = (
        None
        if golden.request is None
        else {k: v for k, v in {**golden.request, **(request or {})}.items() if v is not ...}
    )
    try:
        check(message, context_of(message, golden.leg, areq, **more))
    except MessageError as error:
        return error.code, error.detail
    return None


EXTENSION = {"name": "x", "id": "A000000999-1", "criticalityIndicator": True, "data": {"a": 1}}
BRIDGING = {**EXTENSION, "id": "A000000802-004"}
SELLER = {"sellerName": "Atelier", "sellerId": "s1"}
SELLS = {
    "merchantList": [{"merchantNameListed": name, "sellerId": seller} for name, seller in (("A", "s1"), ("B", "s2"))]
}
OFFERS_NATIVE_TEXT = {"deviceRenderOptions": {"sdkInterface": "01", "sdkUiType": ["01"]}}
OFFERS_HTML_ONLY = {"deviceRenderOptions": {"sdkInterface": "02", "sdkUiType": ["01", "04", "05"]}}


@pytest.mark.parametrize(
    ("version", "name", "change", "request_change", "expected"),
    [
        # critical extensions
        ("2.2.0", "areq-brw-pa", {"messageExtension": [EXTENSION]}, NOTHING, ("202", "A000000999-1")),
        ("2.2.0", "areq-brw-pa", {"messageExtension": [BRIDGING, EXTENSION]}, NOTHING, ("202", "A000000999-1")),
        ("2.2.0", "areq-brw-pa", {"messageExtension": [BRIDGING]}, NOTHING, None),
        ("2.2.0", "areq-brw-pa", {"messageExtension": [{**EXTENSION, "criticalityIndicator": False}]}, NOTHING, None),
        # one checkout for several sellers
        (
            "2.3.1",
            "areq-brw-pa",
            {"multiTransaction": SELLS, "sellerInfo": [SELLER, SELLER | {"sellerId": "s2"}]},
            NOTHING,
            None,
        ),
        (
            "2.3.1",
            "areq-brw-pa",
            {"multiTransaction": SELLS, "sellerInfo": [SELLER]},
            NOTHING,
            ("203", "multiTransaction.merchantList[1].sellerId"),
        ),
        (
            "2.3.1",
            "areq-brw-pa",
            {"multiTransaction": SELLS, "sellerInfo": ...},
            NOTHING,
            ("203", "multiTransaction.merchantList[0].sellerId,multiTransaction.merchantList[1].sellerId"),
        ),
        # one version, one set of ids, one category in a transaction
        ("2.2.0", "ares-brw-pa-authenticated", {}, {"messageVersion": "2.1.0"}, ("203", "messageVersion")),
        (
            "2.2.0",
            "ares-brw-pa-authenticated",
            {"threeDSServerTransID": OTHER_ID},
            NOTHING,
            ("301", "threeDSServerTransID"),
        ),
        ("2.2.0", "ares-app-pa-authenticated", {"sdkTransID": OTHER_ID}, NOTHING, ("301", "sdkTransID")),
        (
            "2.2.0",
            "ares-brw-pa-authenticated",
            {"dsTransID": OTHER_ID},
            {"dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"},
            ("301", "dsTransID"),
        ),
        ("2.2.0", "ares-brw-pa-authenticated", {"dsTransID": OTHER_ID}, NOTHING, None),
        ("2.2.0", "rreq-brw-pa-authenticated", {"messageCategory": "02"}, NOTHING, ("203", "messageCategory")),
        # 3RI
        ("2.1.0", "areq-3ri-npa", {"messageCategory": "01"}, NOTHING, ("203", "messageCategory")),
        (
            "2.2.0",
            "ares-3ri-pa-authenticated",
            {"transStatus": "C", "acsChallengeMandated": "N", "authenticationType": "02"},
            NOTHING,
            ("203", "transStatus"),
        ),
        # a status and its source
        ("2.2.0", "areq-brw-pa", {"whiteListStatus": ...}, NOTHING, ("203", "whiteListStatusSource")),
        ("2.2.0", "areq-brw-pa", {"whiteListStatusSource": ...}, NOTHING, ("201", "whiteListStatusSource")),
        ("2.3.1", "ares-brw-pa-authenticated", {"trustListStatus": ...}, NOTHING, ("203", "trustListStatusSource")),
        # transStatus
        ("2.2.0", "ares-brw-pa-challenge", {}, {"threeDSRequestorChallengeInd": "06"}, ("203", "transStatus")),
        ("2.3.1", "ares-brw-pa-challenge", {}, {"threeDSRequestorChallengeInd": ["03", "06"]}, ("203", "transStatus")),
        ("2.2.0", "ares-brw-pa-decoupled", {}, {"threeDSRequestorDecReqInd": "N"}, ("203", "transStatus")),
        ("2.2.0", "ares-brw-pa-decoupled", {}, {"threeDSRequestorDecReqInd": ...}, ("203", "transStatus")),
        ("2.3.1", "ares-brw-pa-decoupled", {}, {"threeDSRequestorDecReqInd": "F"}, ("203", "transStatus")),
        ("2.2.0", "ares-brw-pa-decoupled", {"acsDecConInd": "N"}, NOTHING, ("203", "acsDecConInd")),
        ("2.2.0", "ares-brw-pa-decoupled", {"authenticationType": "02"}, NOTHING, ("203", "authenticationType")),
        ("2.3.1", "ares-brw-pa-decoupled", {"authenticationMethod": ["02"]}, NOTHING, ("203", "authenticationMethod")),
        ("2.2.0", "ares-brw-pa-decoupled", {"cardholderInfo": ...}, NOTHING, ("201", "cardholderInfo")),
        ("2.2.0", "ares-brw-pa-informational", {}, {"threeDSRequestorChallengeInd": "04"}, ("203", "transStatus")),
        ("2.2.0", "ares-brw-pa-informational", {}, {"threeDSRequestorChallengeInd": ...}, ("203", "transStatus")),
        ("2.2.0", "ares-brw-pa-informational", {}, {"threeDSRequestorChallengeInd": "82"}, None),
        ("2.3.1", "ares-brw-pa-spc", {}, {"threeDSRequestorSpcSupport": ...}, ("203", "transStatus")),
        ("2.3.1", "rreq-brw-pa-falls-back", {}, {"threeDSRequestorDecReqInd": "Y"}, ("203", "transStatus")),
        ("2.3.1", "cres-brw", {"transStatus": "D"}, {"threeDSRequestorDecReqInd": "N"}, ("203", "transStatus")),
        ("2.3.1", "cres-brw", {"transStatus": "D"}, NOTHING, None),
        ("2.2.0", "ares-brw-npa-refused", {"transStatus": ...}, NOTHING, ("201", "transStatus")),
        # rendering
        (
            "2.2.0",
            "areq-app-pa",
            {"deviceRenderOptions": {"sdkInterface": "01", "sdkUiType": ["01", "05"]}},
            NOTHING,
            ("203", "deviceRenderOptions.sdkUiType"),
        ),
        (
            "2.2.0",
            "ares-app-pa-challenge",
            {"acsRenderingType": {"acsInterface": "01", "acsUiTemplate": "05"}},
            NOTHING,
            ("203", "acsRenderingType.acsUiTemplate"),
        ),
        ("2.2.0", "ares-app-pa-challenge", {}, OFFERS_HTML_ONLY, ("203", "acsRenderingType.acsInterface")),
        ("2.2.0", "ares-app-pa-challenge", {}, OFFERS_NATIVE_TEXT, ("203", "acsRenderingType.acsUiTemplate")),
        # timeouts
        ("2.2.0", "rreq-brw-pa-timed-out", {"challengeCancel": "01"}, NOTHING, ("203", "challengeCancel")),
        ("2.2.0", "rreq-brw-pa-timed-out", {"challengeCancel": ...}, NOTHING, ("201", "challengeCancel")),
        ("2.2.0", "rreq-brw-pa-timed-out", {"challengeCancel": "05"}, NOTHING, None),
        # one answer at a time
        ("2.2.0", "creq-app-text", {"challengeCancel": "01"}, NOTHING, ("203", "challengeDataEntry,challengeCancel")),
        ("2.2.0", "creq-app-text", {"resendChallenge": "N"}, NOTHING, None),
        ("2.2.0", "creq-app-text", {"resendChallenge": "Y"}, NOTHING, ("203", "challengeDataEntry,resendChallenge")),
        ("2.3.1", "creq-app-text", {"challengeDataEntry": ..., "challengeNoEntry": "Y"}, NOTHING, None),
        (
            "2.3.1",
            "creq-app-text",
            {"challengeDataEntry": ..., "challengeNoEntry": "Y", "resendChallenge": "Y"},
            NOTHING,
            None,
        ),
        (
            "2.3.1",
            "creq-app-text",
            {"challengeNoEntry": "Y", "resendChallenge": "Y"},
            NOTHING,
            ("203", "challengeDataEntry,resendChallenge"),
        ),
        # operation messages
        (
            "2.3.1",
            "oreq",
            {"opSeq": {"seqId": OTHER_ID, "seqNum": "03", "seqTotal": "02"}},
            NOTHING,
            ("203", "opSeq.seqNum"),
        ),
    ],
)
def test_a_broken_rule_is_answered_with_its_code_and_name(
    version: str, name: str, change: dict[str, Any], request_change: dict[str, Any], expected: tuple[str, str] | None
) -> None:
    assert broken(version, name, change, request_change) == expected


def test_after_a_decoupled_challenge_the_result_says_so() -> None:
    response = find("2.2.0", "ares-brw-pa-decoupled").message
    assert broken("2.2.0", "rreq-brw-pa-after-decoupled", {}, response=response) is None
    changed = broken("2.2.0", "rreq-brw-pa-after-decoupled", {"authenticationType": "02"}, response=response)
    assert changed == ("203", "authenticationType")


def test_the_acs_transaction_id_is_that_of_the_response() -> None:
    response = find("2.2.0", "ares-brw-pa-challenge").message
    assert broken("2.2.0", "creq-brw", {}, response=response) is None
    assert broken("2.2.0", "creq-brw", {"acsTransID": OTHER_ID}, response=response) == ("301", "acsTransID")


def test_what_depends_on_a_request_that_is_not_known_is_not_judged() -> None:
    for name in ("ares-brw-pa-decoupled", "ares-brw-pa-informational", "ares-brw-pa-spc", "rreq-brw-pa-falls-back"):
        golden = find("2.3.1", name)
        assert violations(golden.message, context_of(golden.message, golden.leg)) == []


RANGE = {"startRange": "", "endRange": "", "acsStartProtocolVersion": "2.1.0", "acsEndProtocolVersion": "2.2.0"}


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("4000000000000000", "4000000000000000", None),
        ("4000000000000001", "4000000000000000", ("203", "cardRangeData[0].endRange")),
        ("400000000000000", "4000000000000000", ("203", "cardRangeData[0].endRange")),
    ],
)
def test_a_card_range_runs_upwards(start: str, end: str, expected: tuple[str, str] | None) -> None:
    changed = {"cardRangeData": [{**RANGE, "startRange": start, "endRange": end}]}
    assert broken("2.2.0", "pres", changed) == expected


def ranges(*bounds: tuple[str, str], action: str = "A") -> dict[str, Any]:
    entry = find("2.3.1", "pres").message["cardRangeData"][0]
    return {"cardRangeData": [{**entry, "actionInd": action, "ranges": [{"start": s, "end": e}]} for s, e in bounds]}


def test_ranges_that_overlap_have_a_code_of_their_own_since_231() -> None:
    first, second = ("4000000000000000", "4000000000000009"), ("4000000000000009", "4000000000000020")
    assert broken("2.3.1", "pres", ranges(first, second)) == ("205", "cardRangeData[1].ranges[0].end")
    assert broken("2.3.1", "pres", ranges(first, ("4000000000000010", "4000000000000020"))) is None
    assert broken("2.3.1", "pres", ranges(first, second, action="D")) is None


def test_every_rule_says_in_words_what_it_holds() -> None:
    for rule in RULES:
        assert rule.words.endswith(".")
        assert rule.triggers
        assert rule.messages


def test_a_rule_on_an_invalid_element_adds_no_second_violation() -> None:
    golden = find("2.2.0", "ares-brw-pa-decoupled")
    message = {**golden.message, "acsDecConInd": "X", "transStatus": "D"}
    assert [each.element for each in violations(message, golden.context(message))] == ["acsDecConInd"]


def test_a_context_without_any_message_is_possible() -> None:
    assert Context("2.2.0").request is None
