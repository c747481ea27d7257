"""XML to mappings and back: hand-typed messages, and what hostile or broken XML gets."""

import socket
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.threedsecure.v1.samples import CRREQ, CRRES, ERROR, MAPPINGS, PARES, VEREQ, message, names
from threedsecure.v1.codec import decode, encode
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.grammar.tables import MESSAGES
from threedsecure.v1.validation.checking import violations

WRAPPED = "<ThreeDSecure><Message id='1'>{}</Message></ThreeDSecure>"
SAMPLES = pytest.mark.parametrize("sample", MAPPINGS, ids=names)


def refused(raw: str | bytes, **options) -> MessageError:
    with pytest.raises(MessageError) as caught:
        decode(raw if isinstance(raw, bytes) else raw.encode(), **options)
    return caught.value


@SAMPLES
def test_a_message_typed_by_hand_is_read(sample):
    decoded = decode(sample.encode())
    assert decoded == MAPPINGS[sample]
    assert list(decoded) == list(MAPPINGS[sample])


@SAMPLES
def test_a_mapping_is_written_as_typed_by_hand(sample):
    assert encode(MAPPINGS[sample]).decode() == sample


def test_elements_are_written_in_the_order_of_the_specification_whatever_the_order_of_the_mapping():
    shuffled = dict(reversed(MAPPINGS[VEREQ].items()))
    assert encode(shuffled).decode() == VEREQ


def test_what_is_not_in_the_table_is_written_last():
    assert b"<serialNumber>17</serialNumber><colour>red</colour></CRReq>" in encode(message(CRREQ, colour="red"))


def test_characters_that_xml_cannot_carry_are_replaced():
    sent = encode(message(VEREQ, Browser__userAgent="a\x00b\x1b\ud800c\uffff"))
    assert decode(sent)["Browser"]["userAgent"] == "a?b??c?"


def test_line_breaks_between_elements_are_no_content():
    indented = VEREQ.replace("><", ">\r\n  <").replace("?>\n", "?>\n\n")
    assert decode(indented.encode()) == MAPPINGS[VEREQ]


def test_comments_and_processing_instructions_are_passed_over_without_splitting_a_value():
    commented = VEREQ.replace("4000000000100006", "40000000<!-- a --><?b c?>00100006")
    assert decode(commented.encode())["pan"] == "4000000000100006"


@pytest.mark.parametrize(
    ("encoding", "declared"),
    [
        ("utf-8-sig", "UTF-8"),
        ("utf-16", "UTF-16"),
        ("iso-8859-1", "ISO-8859-1"),
        ("cp1252", "windows-1252"),
        ("utf-8", "utf-8"),
    ],
)
def test_the_encodings_of_real_traffic_are_read(encoding, declared):
    text = VEREQ.replace('"UTF-8"', f'"{declared}"').replace("12345-001", "Café")
    assert decode(text.encode(encoding))["Merchant"]["merID"] == "Café"


@pytest.mark.parametrize("declared", ["UTF-7", "utf-32", "punycode", "rot13", "no-such-thing"])
def test_other_encodings_are_refused(declared):
    error = refused(VEREQ.replace('"UTF-8"', f'"{declared}"'))
    assert (error.code, error.detail) == (ErrorCode.ROOT_ELEMENT_INVALID, f"the encoding {declared} is not accepted")


def test_an_extension_keeps_what_stands_in_it():
    extension = '<Extension id="visa.3ds" critical="false">a<b c="d">e</b>f</Extension>'
    raw = VEREQ.replace("</VEReq>", f"{extension}</VEReq>")
    decoded = decode(raw.encode())
    assert decoded["Extension"] == [{"id": "visa.3ds", "critical": "false", "content": 'a<b c="d">e</b>f'}]
    assert encode(decoded).decode() == raw


@pytest.mark.parametrize("content", ["a < b & c", "<a>", "</content>", "a\x00b"])
def test_content_of_an_extension_that_is_no_xml_is_sent_as_text(content):
    message = {"messageType": "VEReq", "Extension": [{"id": "x", "critical": "false", "content": content}]}
    shown = content.replace("\x00", "?").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    assert f'<Extension id="x" critical="false">{shown}</Extension>' in encode(message).decode()


def test_a_message_without_an_id_is_sent_without_one():
    assert b'<Message id="7"><VEReq' in encode({"messageType": "VEReq", "messageId": 7})
    assert b"<Message><VEReq" in encode({"messageType": "VEReq"})
    assert b"<Message><VEReq" in encode({"messageType": "VEReq", "messageId": None})


def test_an_element_that_stands_twice_becomes_a_list_for_the_check_to_find():
    raw = VEREQ.replace("<pan>", "<pan>4000000000100014</pan><pan>")
    assert decode(raw.encode())["pan"] == ["4000000000100014", "4000000000100006"]


def test_an_element_cannot_pass_for_what_stands_around_the_message():
    decoded = decode(VEREQ.replace("<pan>", "<messageType>PARes</messageType><pan>").encode())
    assert decoded["messageType"] == "VEReq"
    assert [violation.element for violation in violations(decoded)] == ["element.messageType"]


def test_a_list_of_card_ranges_may_be_long_where_the_caller_says_so():
    one = CRRES[CRRES.index("<CR>") : CRRES.index("</CR>") + 5]
    raw = CRRES.replace(one, one * 2_000, 1).encode()
    assert refused(raw).code is ErrorCode.FORMAT_INVALID
    assert len(decode(raw, limit=1 << 20)["CR"]) == 2_001


# --- what is no message --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "code", "detail"),
    [
        ("", "1", "not XML"),
        ("hello", "1", "not XML"),
        ("<ThreeDSecure>", "1", "not XML"),
        (b"\xff\xfe\xff", "1", "utf-16"),
        (b"<a>\xe9</a>", "1", "utf-8"),
        ("<ThreeDSecure>\x00</ThreeDSecure>", "1", "not XML"),
        ("<html/>", "1", "html"),
        ("<x:ThreeDSecure xmlns:x='urn:x'/>", "1", "{urn:x}ThreeDSecure"),
        ("<ThreeDSecure/>", "3", "Message"),
        ("<ThreeDSecure><Message id='1'/></ThreeDSecure>", "2", "0 messages"),
        (WRAPPED.format("<VEReq/><VEReq/>"), "2", "2 messages"),
        ("<ThreeDSecure><Message id='1'/><Message id='2'/></ThreeDSecure>", "2", "more than one"),
        (WRAPPED.format("<PATransReq/>"), "2", "PATransReq"),
        (WRAPPED.format("<VEReq/>").replace(" id='1'", ""), "3", "Message.id"),
        (WRAPPED.format("<VEReq/>"), "3", "version"),
        (WRAPPED.format("<VEReq><version/></VEReq>"), "3", "version"),
        (WRAPPED.format("<VEReq><version>1.0.0</version></VEReq>"), "6", "version"),
        (WRAPPED.format("<VEReq><version>0.7</version></VEReq>"), "6", "version"),
        (WRAPPED.format("<VEReq><version>1.0.3</version></VEReq>"), "5", "version"),
        (WRAPPED.format("<VEReq><version>2.1.0</version></VEReq>"), "5", "version"),
        ("<ThreeDSecure>" + " " * 70_000 + "</ThreeDSecure>", "5", "longer than 65536 bytes"),
    ],
)
def test_what_is_no_message_is_refused_with_its_code(raw, code, detail):
    error = refused(raw)
    assert error.code == code
    assert detail in error.detail


def test_a_message_that_has_no_business_here_is_not_defined():
    error = refused(PARES, accepts={"VEReq", "CRReq", "Error"})
    assert (error.code, error.detail, error.message) == ("2", "PARes", {"messageId": "pareq-1"})


def test_an_error_about_a_version_knows_which_message_it_was():
    error = refused(WRAPPED.format("<VEReq><version>1.0.0</version></VEReq>"))
    assert error.message == {"messageType": "VEReq", "messageId": "1"}


# --- hostile XML ---------------------------------------------------------------------------------------------------------

BILLION_LAUGHS = (
    "<?xml version='1.0'?><!DOCTYPE ThreeDSecure [<!ENTITY a 'ha'>"
    + "".join(f"<!ENTITY {chr(98 + i)} '{f'&{chr(97 + i)};' * 10}'>" for i in range(9))
    + "]>"
    + WRAPPED.format("<VEReq><version>1.0.2</version><pan>&j;</pan></VEReq>")
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_an_entity_bomb_is_refused_before_anything_is_expanded(encoding):
    error = refused(BILLION_LAUGHS.encode(encoding))
    assert (error.code, error.detail) == ("1", "a document type declaration is not accepted")


def test_an_external_entity_is_neither_read_nor_fetched(tmp_path: Path):
    (tmp_path / "secret").write_text("4000000000100006")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.setblocking(False)
        addresses = ((tmp_path / "secret").as_uri(), f"http://127.0.0.1:{listening.getsockname()[1]}/x.dtd")
        for address in addresses:
            for declaration in (f"[<!ENTITY x SYSTEM '{address}'>]", f"SYSTEM '{address}'"):
                body = "<VEReq><version>1.0.2</version><pan>&x;</pan></VEReq>"
                error = refused(f"<!DOCTYPE ThreeDSecure {declaration}>" + WRAPPED.format(body))
                assert error.code == "1"
                assert "4000" not in error.detail
        with pytest.raises(BlockingIOError):
            listening.accept()


def test_an_entity_that_nobody_declared_is_no_xml():
    assert refused(WRAPPED.format("<VEReq><version>1.0.2</version><pan>&x;</pan></VEReq>")).code == "1"


@pytest.mark.parametrize("depth", [100, 5_000])
def test_deep_nesting_ends_in_an_error_of_ours(depth):
    raw = WRAPPED.format("<VEReq><version>1.0.2</version>" + "<a>" * depth + "</a>" * depth + "</VEReq>")
    if depth > 256:
        assert refused(raw).code == "1"
    else:
        assert [violation.element for violation in violations(decode(raw.encode()))][-1] == "a"


def test_an_instruction_to_include_another_document_is_not_followed(tmp_path: Path):
    (tmp_path / "x").write_text("<pan>4000000000100006</pan>")
    include = f"<xi:include xmlns:xi='http://www.w3.org/2001/XInclude' href='{(tmp_path / 'x').as_uri()}'/>"
    decoded = decode(WRAPPED.format(f"<VEReq><version>1.0.2</version>{include}</VEReq>").encode())
    assert "pan" not in decoded


# --- properties ----------------------------------------------------------------------------------------------------------

TEXTS = st.text(max_size=30)
NAMES = st.sampled_from(
    ["VEReq", "version", "pan", "Merchant", "acqBIN", "Extension", "Message", "CR", "xid", "x:y", "a b"]
)


@st.composite
def documents(draw, depth: int = 0) -> str:
    name = draw(NAMES)
    inner = draw(st.lists(documents(depth + 1), max_size=3)) if depth < 4 else []
    return f"<{name} id='{draw(st.text('a1&<', max_size=3))}'>{''.join(inner)}{draw(TEXTS)}</{name}>"


@given(st.one_of(st.binary(max_size=300), documents().map(lambda text: text.encode(errors="replace"))))
def test_bytes_are_read_or_refused_with_an_error_of_ours(raw):
    with suppress(MessageError):
        assert decode(raw)["messageType"] in MESSAGES


@given(st.sampled_from(list(MAPPINGS)), documents())
def test_a_message_with_something_strange_inside_is_read_or_refused(sample, strange):
    end = f"</{MAPPINGS[sample]['messageType']}>"
    with suppress(MessageError):
        violations(decode(sample.replace(end, strange + end).encode(errors="replace")))


@given(st.sampled_from(list(MAPPINGS)), st.data())
def test_a_message_cut_or_changed_anywhere_is_read_or_refused(sample, data):
    raw = bytearray(sample.encode())
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position : data.draw(st.integers(position, len(raw)))] = data.draw(st.binary(max_size=4))
    with suppress(MessageError):
        violations(decode(bytes(raw)))


# XML itself turns a carriage return into a line feed, and an empty element carries no text to tell from none.
VALUES = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), min_size=1, max_size=20
)


@given(name=VALUES, description=VALUES)
def test_any_text_comes_back_as_it_was_sent(name, description):
    sent = {**MAPPINGS[ERROR], "errorMessage": name, "errorDetail": description}
    assert decode(encode(sent)) == sent
