"""The message tables, the rules inside a message and those between messages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.threedsecure.v1.samples import (
    ACCOUNT,
    CRREQ,
    CRRES,
    CRRES_REFUSED,
    ERROR,
    MAPPINGS,
    PAREQ,
    PARES,
    REQUESTER,
    VEREQ,
    VERES,
    VERES_REFUSED,
    XID,
    message,
    names,
)
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.grammar.tables import MESSAGES, VERSIONS
from threedsecure.v1.validation.checking import check, violations
from threedsecure.v1.validation.rules import check_answer, exponent_of, invalid, mismatches

pytestmark = pytest.mark.holds("threedsecure/v1/grammar/tables.py", "threedsecure/v1/validation/rules.py")

SAMPLES = pytest.mark.parametrize("sample", MAPPINGS, ids=names)
CARD_RANGE = {"begin": "4000000000000000", "end": "4000000999999999", "action": "A"}


def test_what_was_found_is_told_up_to_256_characters():
    assert len(invalid("pan", "x" * 300, "digits").found) == 256


def found(checked, **options) -> set[tuple[str, str]]:
    return {(str(violation.code), violation.element) for violation in violations(checked, **options)}


@SAMPLES
def test_a_message_typed_by_hand_breaks_nothing_even_when_sent(sample):
    check(MAPPINGS[sample])
    check(MAPPINGS[sample], sent=True)


@SAMPLES
def test_a_message_of_1_0_1_is_held_against_its_own_rows(sample):
    changes = {"version": "1.0.1"}
    if sample == PARES:
        changes |= {"TX__cavvAlgorithm": "1", "pan": "4000000000100006"}
    if sample == CRRES_REFUSED:
        changes |= {"IReq": None, "serialNumber": "0"}
    check(message(sample, **changes), sent=True)


# --- what must be there --------------------------------------------------------------------------------------------------

REQUIRED = [
    (sample, path)
    for sample, paths in {
        CRREQ: ["Message.id", "version", "Merchant", "Merchant.acqBIN", "Merchant.merID"],
        CRRES: ["version", "CR[0].begin", "CR[0].end", "CR[0].action", "serialNumber"],
        CRRES_REFUSED: ["IReq.iReqCode"],
        VEREQ: ["version", "pan", "Merchant", "Merchant.acqBIN", "Merchant.merID"],
        VERES: ["version", "CH", "CH.enrolled", "CH.acctID", "url", "protocol"],
        PAREQ: [
            "version",
            *(f"Merchant.{name}" for name in ("acqBIN", "merID", "name", "country", "url")),
            *(f"Purchase.{name}" for name in ("xid", "date", "amount", "purchAmount", "currency", "exponent")),
            *(
                "Purchase.Recur.frequency",
                "Purchase.Recur.endRecur",
                "CH.acctID",
                "CH.expiry",
                "CH",
                "Purchase",
                "Merchant",
            ),
        ],
        PARES: [
            *("id", "version", "Merchant.acqBIN", "Merchant.merID", "pan", "TX", "Merchant", "Purchase"),
            *(f"Purchase.{name}" for name in ("xid", "date", "purchAmount", "currency", "exponent")),
            *(f"TX.{name}" for name in ("time", "status", "cavv", "eci", "cavvAlgorithm")),
        ],
        ERROR: ["version", "errorCode", "errorMessage", "errorDetail"],
    }.items()
    for path in paths
]


def without(value, path: list[str]):
    name, _, index = path[0].partition("[")
    if index:
        items = list(value[name])
        items[int(index[:-1])] = without(items[int(index[:-1])], path[1:])
        return {**value, name: items}
    if len(path) > 1:
        return {**value, name: without(value[name], path[1:])}
    return {other: kept for other, kept in value.items() if other != name}


@pytest.mark.parametrize(("sample", "path"), REQUIRED, ids=lambda value: value if len(value) < 40 else names(value))
def test_a_required_element_that_is_missing_is_named(sample, path):
    lacking = without(MAPPINGS[sample], ["messageId"] if path == "Message.id" else path.split("."))
    with pytest.raises(MessageError) as caught:
        check(lacking)
    assert caught.value.code is ErrorCode.REQUIRED_ELEMENT_MISSING
    assert path in caught.value.detail.split(", ")
    assert caught.value.message is lacking


OPTIONAL = {
    CRREQ: ["serialNumber", "Merchant.password"],
    VEREQ: ["Browser", "Browser.deviceCategory", "Browser.accept", "Browser.userAgent"],
    PAREQ: ["Purchase.desc", "Purchase.Recur"],
    VERES_REFUSED: ["IReq", "IReq.iReqDetail", "IReq.vendorCode"],
}


@pytest.mark.parametrize(("sample", "path"), [(s, p) for s, paths in OPTIONAL.items() for p in paths])
def test_an_optional_element_may_be_missing(sample, path):
    check(without(MAPPINGS[sample], path.split(".")), sent=True)


def test_an_empty_optional_element_counts_as_absent_and_an_empty_required_one_as_missing():
    assert found(message(PAREQ, Purchase__desc="")) == set()
    assert found(message(PAREQ, Purchase__xid="")) == {("3", "Purchase.xid")}
    assert found(message(PAREQ, Purchase__desc=""), sent=True) == {("5", "Purchase.desc")}


def test_all_that_is_missing_is_named_at_once_before_what_is_wrong():
    broken = message(PAREQ, Purchase__xid=None, Merchant__name=None, Purchase__currency="EUR")
    with pytest.raises(MessageError) as caught:
        check(broken)
    assert (caught.value.code, caught.value.detail) == ("3", "Merchant.name, Purchase.xid")
    assert {violation.element for violation in caught.value.violations} > {"Purchase.currency"}


# --- what values look like -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sample", "element", "values"),
    [
        (VEREQ, "pan", ["123456789012", "1" * 20, "4000 0000 0010 0006", "٤" * 16]),
        (VEREQ, "Merchant__acqBIN", ["1" * 12, "4111x"]),
        (VEREQ, "Merchant__merID", ["x" * 25]),
        (VEREQ, "Merchant__password", ["1234567", "123456789"]),
        (VEREQ, "Browser__deviceCategory", ["-1", "x", "100"]),
        (VERES, "CH__enrolled", ["y", "A", "YES"]),
        (VERES, "CH__acctID", ["x" * 29]),
        (
            VERES,
            "url",
            ["acs.example/pareq", "javascript:alert(1)", "ftp://a.example", "http://", "https://[x", "http://a b"],
        ),
        (VERES, "protocol", [["threedsecure"], ["SET"], ["ThreeDSecure", "x"]]),
        (PAREQ, "Merchant__name", ["x" * 26]),
        (PAREQ, "Merchant__country", ["FR", "25", "2500"]),
        (PAREQ, "Merchant__url", ["shop.example", "https://" + "a" * 250 + ".example"]),
        (PAREQ, "Purchase__xid", ["MTIzNDU2Nzg5MDEyMzQ1Njc4OTAx", "MTIzNDU2Nzg5MA==", "x", "é" * 28, "A" * 10_000]),
        (PAREQ, "Purchase__date", ["2026-06-15 12:00:00", "20260631 12:00:00", "20260615 24:00:00", "20260615"]),
        (PAREQ, "Purchase__amount", ["x" * 21]),
        (PAREQ, "Purchase__purchAmount", ["1.00", "-1", "1" * 13]),
        (PAREQ, "Purchase__currency", ["EUR", "97"]),
        (PAREQ, "Purchase__exponent", ["-2", "22"]),
        (PAREQ, "Purchase__desc", ["x" * 126]),
        (
            PAREQ,
            "Purchase__Recur",
            [{"frequency": "1000", "endRecur": "20271231"}, {"frequency": "28", "endRecur": "271231"}],
        ),
        (PAREQ, "CH__expiry", ["3013", "12/30", "123"]),
        (PARES, "TX__status", ["y", "C", "R"]),
        (PARES, "TX__eci", ["5", "005"]),
        (PARES, "TX__cavv", ["AAAA"]),
        (PARES, "TX__cavvAlgorithm", ["x", "123"]),
        (CRREQ, "serialNumber", ["1" * 21, "x"]),
        (ERROR, "errorCode", ["100", "x"]),
        (VERES_REFUSED, "IReq__iReqCode", ["550", "x"]),
    ],
)
def test_a_value_of_the_wrong_shape_is_named(sample, element, values):
    path = element.replace("__", ".")
    for value in values:
        wrong = violations(message(sample, **{element: value}))
        assert {violation.code for violation in wrong} == {ErrorCode.FORMAT_INVALID}, value
        assert all(violation.element.startswith(path) for violation in wrong), (value, wrong)
        assert all(len(violation.found) <= 256 and violation.allowed for violation in wrong)


@pytest.mark.parametrize("install", ["0", "1", "001", "-2", "1000", "x"])
def test_installments_are_an_integer_above_one(install):
    assert found(message(PAREQ, Purchase__Recur=None, Purchase__install=install)) == {("5", "Purchase.install")}
    assert found(message(PAREQ, Purchase__Recur=None, Purchase__install="12"), sent=True) == set()


def test_what_real_traffic_breaks_is_accepted_and_not_sent():
    broken = {"messageId": "x" * 44, "Purchase__xid": XID[:10] + "\r\n" + XID[10:]}
    assert found(message(PAREQ, **broken)) == set()
    assert found(message(PAREQ, **broken), sent=True) == {("5", "Message.id"), ("5", "Purchase.xid")}
    assert found(message(PAREQ, messageId="x" * 65)) == {("5", "Message.id")}


def test_an_irecode_outside_the_list_is_accepted_and_not_sent():
    unknown = message(VERES_REFUSED, IReq__iReqCode="59")
    assert (found(unknown), found(unknown, sent=True)) == (set(), {("5", "IReq.iReqCode")})


@pytest.mark.parametrize(
    ("sample", "element", "value"),
    [(VEREQ, "Browser__deviceCategory", "2"), (PARES, "TX__status", "A"), (PARES, "TX__cavvAlgorithm", "2")],
)
def test_what_came_with_1_0_2_is_wrong_in_1_0_1(sample, element, value):
    changed = {element: value, "version": "1.0.1"}
    changed = {**({"TX__cavvAlgorithm": "0"} if sample == PARES else {}), **changed}
    assert found(message(sample, **changed)) == {("5", element.replace("__", "."))}
    assert found(message(sample, **{element: value})) == set()


# --- structure -----------------------------------------------------------------------------------------------------------


def test_an_element_that_nobody_defined_is_not_recognised():
    assert found(message(VEREQ, colour="red", Merchant__colour="red")) == {("4", "colour"), ("4", "Merchant.colour")}


def test_an_element_out_of_order_is_named():
    swapped = {"messageType": "VEReq", "messageId": "1", "version": "1.0.2", "Merchant": REQUESTER, "pan": "4" * 16}
    assert found(swapped) == {("5", "pan")}
    swapped = message(VEREQ, Merchant={"merID": "1", "acqBIN": "2"})
    assert found(swapped) == {("5", "Merchant.acqBIN")}


@pytest.mark.parametrize(("element", "value"), [("pan", ["4" * 16, "4" * 16]), ("pan", {}), ("Merchant", "x")])
def test_an_element_twice_or_of_the_wrong_kind_is_named(element, value):
    assert found(message(VEREQ, **{element: value})) == {("5", element)}


@pytest.mark.parametrize("critical", ["true", "false", "yes", None])
def test_only_a_critical_extension_must_be_understood(critical):
    extension = {"id": "visa.3ds", "critical": critical, "content": "x"}
    extension = {name: value for name, value in extension.items() if value is not None}
    expected = {
        "true": {("4", "Extension[0]")},
        "false": set(),
        "yes": {("5", "Extension[0].critical")},
        None: {("3", "Extension[0].critical")},
    }[critical]
    assert found(message(VEREQ, Extension=[extension])) == expected
    if critical == "true":
        assert found(message(VEREQ, Extension=[extension]), extensions={"visa.3ds"}) == set()


# --- rules inside a message ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        (message(VERES, IReq={"iReqCode": "50"}), {("5", "IReq")}),
        (message(VERES, protocol=["SET"]), {("5", "protocol")}),
        (message(PAREQ, Purchase__install="3"), {("5", "Purchase.install")}),
        (message(PARES, IReq={"iReqCode": "55"}), {("5", "IReq")}),
        (message(PARES, TX__status="N"), {("5", "TX.cavv"), ("5", "pan")}),
        (message(PARES, TX__status="U", TX__cavv=None), {("5", "pan")}),
        (message(PARES, TX__status="U", TX__cavv=None, pan="0" * 16, IReq={"iReqCode": "55"}), set()),
        (message(PARES, TX__cavv=None, TX__eci=None), {("3", "TX.cavv"), ("3", "TX.eci")}),
        (message(PARES, Purchase__exponent="0"), {("5", "Purchase.exponent")}),
        (message(PARES, Purchase__currency="392", Purchase__exponent="0"), set()),
        (message(PARES, Purchase__currency="000"), set()),
        (message(CRRES, IReq={"iReqCode": "57"}), {("5", "IReq"), ("5", "serialNumber")}),
        (message(CRRES_REFUSED, version="1.0.1"), {("5", "serialNumber")}),
        (message(CRRES, CR=[{**CARD_RANGE, "end": "3999999999999999"}]), {("5", "CR[0].end")}),
        (message(CRRES, CR=[CARD_RANGE, {**CARD_RANGE, "end": "400000099999999"}]), {("5", "CR[1].end")}),
    ],
)
def test_elements_that_contradict_each_other_are_named(checked, expected):
    assert found(checked) == expected


@pytest.mark.parametrize(
    ("checked", "expected"),
    [
        (message(VERES, CH={"enrolled": "N", "acctID": ACCOUNT}), {"CH.acctID", "url", "protocol"}),
        (message(PARES, pan="4000000000100006"), {"pan"}),
        (message(PARES, pan="0000000000010006"), {"pan"}),
        (message(PARES, pan="0000000000000006"), set()),
        (
            message(PARES, pan="0" * 16, TX={"time": "20260615 12:00:00", "status": "N"}, IReq={"iReqCode": "55"}),
            {"IReq"},
        ),
    ],
)
def test_what_others_may_send_and_the_simulator_does_not(checked, expected):
    if checked["messageType"] == "VERes":
        assert found(checked) == set()
    assert {element for _, element in found(checked, sent=True)} == expected


@pytest.mark.parametrize(
    ("currency", "exponent"), [("978", "2"), ("392", "0"), ("048", "3"), ("000", None), ("xxx", None), ("960", None)]
)
def test_exponents_are_those_of_iso_4217(currency, exponent):
    assert exponent_of(currency) == exponent


# --- rules between messages ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("answer", "request_"), [(CRRES, CRREQ), (VERES, VEREQ), (PARES, PAREQ)])
def test_an_answer_that_repeats_its_request_is_accepted(answer, request_):
    check_answer(MAPPINGS[answer], MAPPINGS[request_], pan="4000000000100006")


@pytest.mark.parametrize(
    ("element", "value"),
    [
        ("messageId", "other"),
        ("Merchant__acqBIN", "411112"),
        ("Merchant__merID", "other"),
        ("Purchase__xid", "QUJDREVGR0hJSktMTU5PUFFSU1Q="),
        ("Purchase__date", "20260615 12:00:01"),
        ("Purchase__purchAmount", "12346"),
        ("Purchase__currency", "840"),
        ("Purchase__exponent", "3"),
        ("pan", "0000000000000014"),
        ("pan", "000000000000006"),
    ],
)
def test_a_pares_that_differs_from_its_pareq_is_an_error_5_naming_the_element(element, value):
    with pytest.raises(MessageError) as caught:
        check_answer(message(PARES, **{element: value}), MAPPINGS[PAREQ], pan="4000000000100006")
    expected = "Message.id" if element == "messageId" else element.replace("__", ".")
    assert (caught.value.code, caught.value.detail) == ("5", expected)


def test_the_last_four_digits_are_not_compared_without_a_proof():
    refused = message(PARES, pan="0" * 16, TX={"time": "20260615 12:00:00", "status": "N"})
    assert mismatches(refused, MAPPINGS[PAREQ], pan="4000000000100006") == []


# --- properties ----------------------------------------------------------------------------------------------------------

VALUES = st.recursive(
    st.text(max_size=8),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["acqBIN", "begin", "enrolled", "status", "critical", "id", "x"]), inner, max_size=4
        ),
    ),
    max_leaves=8,
)


@given(
    st.sampled_from(sorted(MESSAGES)),
    st.one_of(st.sampled_from(VERSIONS), st.text(max_size=5)),
    st.dictionaries(
        st.sampled_from(
            ["pan", "CH", "CR", "TX", "Merchant", "Purchase", "IReq", "Extension", "protocol", "url", "id", "x"]
        ),
        VALUES,
        max_size=6,
    ),
    st.booleans(),
)
def test_any_mapping_is_checked_without_a_crash(kind, version, body, sent):
    for violation in violations({"messageType": kind, "messageId": "1", "version": version, **body}, sent=sent):
        assert violation.element
