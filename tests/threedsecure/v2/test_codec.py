import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.v2.codec import (
    MAX_BYTES,
    MAX_DEPTH,
    SUPPORTED_VERSIONS,
    decode,
    decode_base64url,
    decode_object,
    encode,
    encode_base64url,
)
from threedsecure.v2.errors import MessageError

AREQ = frozenset({"AReq"})
HEAD = b'"messageType":"AReq","messageVersion":"2.2.0"'

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def refusal(
    raw: bytes, accepts: frozenset[str] = AREQ, versions: tuple[str, ...] = SUPPORTED_VERSIONS
) -> tuple[str, str]:
    with pytest.raises(MessageError) as caught:
        decode(raw, accepts=accepts, versions=versions)
    return caught.value.code, caught.value.detail


@given(st.binary(max_size=200))
def test_no_bytes_make_the_decoder_raise_anything_but_its_own_error(raw: bytes) -> None:
    with pytest.raises(MessageError):
        decode(raw, accepts=AREQ, versions=SUPPORTED_VERSIONS)


@given(st.text(alphabet='{}[]":,0123456789eE+-.\\u \ttrufalsn\n', max_size=80))
def test_nothing_that_looks_like_json_does_either(text: str) -> None:
    with suppress(MessageError):
        decode_object(text.encode())


@given(st.dictionaries(st.text(), json_values, max_size=6), st.sampled_from((None, 1, 4)), st.booleans())
def test_what_was_encoded_is_decoded_the_same_however_it_is_spaced(
    document: dict, indent: int | None, ascii_only: bool
) -> None:
    assert decode_object(encode(document)) == document
    assert decode_object(json.dumps(document, indent=indent, ensure_ascii=ascii_only).encode()) == document


def written_twice(document: dict, spaces: str) -> tuple[bytes, str]:
    name = next(iter(document))
    members = [*document.items(), (name, document[name])]
    written = ("," + spaces).join(f"{json.dumps(key)}{spaces}:{spaces}{json.dumps(value)}" for key, value in members)
    return f"{{{written}}}".encode(), name


@given(st.dictionaries(st.text(), json_values, min_size=1, max_size=6), st.sampled_from(("", " ", "\n", "\t ", "\r\n")))
def test_a_name_that_stands_twice_is_found_whatever_stands_around_it(document: dict, spaces: str) -> None:
    raw, name = written_twice(document, spaces)
    with pytest.raises(MessageError) as caught:
        decode_object(raw)
    assert (caught.value.code, caught.value.detail) == ("204", name)


@pytest.mark.parametrize("spaces", ["", " ", "\n\t"])
def test_names_and_texts_that_differ_by_blanks_alone_stay_apart(spaces: str) -> None:
    document = {"a b": "c d", "ab": "cd", "a": {"b ": '":', "b": " : ,/ \\/"}}
    written = json.dumps(document, indent=spaces or None, separators=("," + spaces, spaces + ":" + spaces))
    assert decode_object(written.encode()) == document
    assert decode_object(written.replace("/", "\\/").encode()) == document


@pytest.mark.parametrize(
    ("members", "detail"),
    [
        (b'"mcc":"1","mcc":"1"', "mcc"),
        (b'"mcc":"1","mcc" : "1","mcc":"1"', "mcc"),
        (b'"acctInfo":{"chAccDate":"1","chAccDate":"2"}', "acctInfo.chAccDate"),
        (b'"messageExtension":[{"id":"1"},{"id":"1","id":"2"}]', "messageExtension[1].id"),
        (b'"a":[[{"b":1,"b":1}]]', "a[0][0].b"),
        (b'"a":"\\":","b":1,"b":2', "b"),
        (b'"a":1,"\\u0061":2', "a"),
        (b'"a":"\\\\\\/","b\\/":1,"b/":1', "b/"),
        (b'"a b": 1, "ab": 2, "a b": 1', "a b"),
        (b'"a": "b \\" : 1", "a": "b \\":1"', "a"),
        (b'"a":1,"a":2,"b":{"c":1,"c":1}', "a,b.c"),
    ],
)
def test_duplicates_are_named_with_their_place(members: bytes, detail: str) -> None:
    assert refusal(b"{" + HEAD + b"," + members + b"}") == ("204", detail)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b"12",
        b'"AReq"',
        b"\xff\xfe",
        b"{" + HEAD + b',"a":NaN}',
        b"{" + HEAD + b',"a":Infinity}',
        b"{" + HEAD + b',"a":1e400}',
        b"{" + HEAD + b',"a":' + b"9" * 400 + b"}",
        b"{" + HEAD + b',"a":' + b"9" * 20 + b"}",
        b"{" + HEAD + b',"a":"\\ud800"}',
        b"{" + HEAD + b',"a":"\xc3\x28"}',
        b"{" + HEAD + b',"a":' + b"[" * 5000 + b"]" * 5000 + b"}",
        b"{" + HEAD + b',"a":' + b'{"a":' * 900 + b"1" + b"}" * 900 + b"}",
        b"{" + HEAD + b',"a":' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
        b"{" + HEAD + b',"a": ' + b"[" * MAX_DEPTH + b"]" * MAX_DEPTH + b"}",
        b"{" + HEAD + b',"a":"' + b"x" * MAX_BYTES + b'"}',
        b'{"messageType":"CReq","messageVersion":"2.2.0"}',
        b'{"messageType":"Areq","messageVersion":"2.2.0"}',
        b'{"messageType":["AReq"],"messageVersion":"2.2.0"}',
        b'{"messageVersion":"2.2.0"}',
        b"{}",
    ],
    ids=lambda raw: raw[:60].decode("latin-1"),
)
def test_what_is_no_message_for_the_receiver_is_answered_101(raw: bytes) -> None:
    assert refusal(raw)[0] == "101"


def test_nesting_below_the_limit_is_accepted() -> None:
    deep = b"[" * (MAX_DEPTH - 2) + b"]" * (MAX_DEPTH - 2)
    assert "a" in decode(b"{" + HEAD + b',"a": ' + deep + b"}", accepts=AREQ, versions=SUPPORTED_VERSIONS)


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775807", "1.5", "-0.25", "1e3"])
def test_ordinary_numbers_are_kept(number: str) -> None:
    assert decode_object(f'{{"a": {number}}}'.encode()) == {"a": json.loads(number)}


def test_a_version_that_is_not_spoken_is_answered_with_those_that_are() -> None:
    raw = b'{"messageType":"AReq","messageVersion":"2.0.1"}'
    assert refusal(raw, versions=("2.1.0", "2.2.0")) == ("102", "2.1.0,2.2.0")


@pytest.mark.parametrize("version", ["null", '""', "{}", "[]"])
def test_an_empty_version_is_missing(version: str) -> None:
    assert refusal(f'{{"messageType":"AReq","messageVersion":{version}}}'.encode()) == ("201", "messageVersion")


def test_no_version_is_missing() -> None:
    assert refusal(b'{"messageType":"AReq"}') == ("201", "messageVersion")


@pytest.mark.parametrize("version", ["2.2", "2", '["2.2.0"]', "2.2.0", '"v2.2.0"', '"2.2.000000"', "true"])
def test_an_ill_formed_version_is_a_format_error(version: str) -> None:
    written = version if version[0] in '["t' else f'"{version}."'
    assert refusal(f'{{"messageType":"AReq","messageVersion":{written}}}'.encode()) == ("203", "messageVersion")


def test_an_error_message_is_read_in_any_version() -> None:
    raw = b'{"messageType":"Erro","messageVersion":"2.9.9","errorCode":"911"}'
    assert decode(raw, accepts=frozenset({"Erro"}), versions=("2.1.0",))["errorCode"] == "911"


def test_only_card_ranges_may_be_long() -> None:
    accepts = frozenset({"ARes", "PRes"})
    padding = "x" * MAX_BYTES
    for kind, code in (("PRes", None), ("ARes", "101")):
        raw = encode({"messageType": kind, "messageVersion": "2.2.0", "serialNum": padding})
        if code is None:
            assert decode(raw, accepts=accepts, versions=SUPPORTED_VERSIONS)["serialNum"] == padding
        else:
            assert refusal(raw, accepts=accepts)[0] == code


def test_the_error_carries_what_could_be_decoded() -> None:
    with pytest.raises(MessageError) as caught:
        decode(b'{"messageType":"AReq","messageVersion":"1.0.2","dsTransID":"x"}', accepts=AREQ, versions=("2.1.0",))
    assert caught.value.message == {"messageType": "AReq", "messageVersion": "1.0.2", "dsTransID": "x"}


@given(st.binary(max_size=100))
def test_base64url_comes_back_with_and_without_padding(raw: bytes) -> None:
    text = encode_base64url(raw)
    assert "=" not in text
    assert decode_base64url(text, limit=100) == raw
    assert decode_base64url(text + "=" * (-len(text) % 4), limit=100) == raw


@pytest.mark.parametrize("text", ["a", "a+b=", "a/bc", "a b c", "YQ==\n", "YQ===", "Y=Q=", "é"])
def test_what_is_not_base64url_is_a_format_error_of_its_field(text: str) -> None:
    with pytest.raises(MessageError) as caught:
        decode_base64url(text, limit=100, element="creq")
    assert (caught.value.code, caught.value.detail) == ("203", "creq")


def test_base64url_is_bounded() -> None:
    assert len(decode_base64url(encode_base64url(b"x" * 100), limit=100)) == 100
    with pytest.raises(MessageError):
        decode_base64url(encode_base64url(b"x" * 101), limit=100)
    with pytest.raises(MessageError):
        decode_base64url("A" * 1_000_000, limit=100)
