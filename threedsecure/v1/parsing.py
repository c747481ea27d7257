"""XML from a stranger: bounded, without document type, entities or network."""

import codecs
import re
from typing import Final

from lxml import etree

from threedsecure.v1.errors import ErrorCode, MessageError

MAX_MESSAGE_BYTES: Final = 64 * 1024
"""Enough for every message but a long list of card ranges; a PARes with three certificates has about 4,000 bytes."""

_DECLARATION: Final = re.compile(r"""<\?xml\s[^>]*?\?>""")
_ENCODING: Final = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_ENCODINGS: Final = frozenset({"utf-8", "ascii", "iso8859-1", "iso8859-15", "cp1252"})
_BYTE_ORDER_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def parse(
    raw: bytes, *, limit: int = MAX_MESSAGE_BYTES, keep_processing_instructions: bool = False
) -> "etree._Element":
    """The root element of `raw`, without comments. Errors: `MessageError` 1 for what is no XML, 5 for what is too long."""
    if len(raw) > limit:
        raise MessageError(ErrorCode.FORMAT_INVALID, f"the message is longer than {limit} bytes")
    text = _decoded(raw).lstrip()
    if "<!DOCTYPE" in text:
        raise MessageError(ErrorCode.ROOT_ELEMENT_INVALID, "a document type declaration is not accepted")
    # The declaration names the encoding that the bytes had; what is parsed is UTF-8.
    body = _DECLARATION.sub("", text, count=1) if text.startswith("<?xml") else text
    try:
        return etree.fromstring(body.encode(), _parser(keep_processing_instructions))
    except (etree.XMLSyntaxError, UnicodeEncodeError) as error:
        raise MessageError(ErrorCode.ROOT_ELEMENT_INVALID, f"the message is not XML: {_reason(error)}") from error


def _parser(keep_processing_instructions: bool) -> "etree.XMLParser":
    """By itself lxml loads no DTD, fetches nothing over the network and bounds its trees."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        remove_comments=True,
        remove_pis=not keep_processing_instructions,
    )


def _decoded(raw: bytes) -> str:
    encoding = _encoding(raw)
    try:
        return raw.decode(encoding)
    except UnicodeDecodeError as error:
        raise MessageError(ErrorCode.ROOT_ELEMENT_INVALID, f"the message is not encoded in {encoding}") from error


def _encoding(raw: bytes) -> str:
    for mark, encoding in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return encoding
    declared = _ENCODING.match(raw.lstrip())
    if declared is None:
        return "utf-8"
    name = declared[1].decode()
    try:
        encoding = codecs.lookup(name).name
    except LookupError:
        encoding = ""
    if encoding not in _ENCODINGS:
        raise MessageError(ErrorCode.ROOT_ELEMENT_INVALID, f"the encoding {name} is not accepted")
    return encoding


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else "it is empty"
