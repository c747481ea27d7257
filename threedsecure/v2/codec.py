"""Bytes to message and back: bounded, and exact about names that stand twice."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping, Sequence
from json import loads
from typing import Any, Final

import orjson

from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS

__all__ = ["SUPPORTED_VERSIONS", "decode", "decode_base64url", "decode_object", "encode", "encode_base64url"]

MAX_BYTES: Final = 1 << 19
MAX_CARD_RANGE_BYTES: Final = 1 << 26  # PRes: 200,000 ranges
MAX_DEPTH: Final = 24
_MAX_INTEGER_DIGITS: Final = 19
_VERSION: Final = re.compile(r"(?=.{5,8}\Z)[0-9]+\.[0-9]+\.[0-9]+").fullmatch
_BLANKS: Final = b" \t\r\n"


def decode(raw: bytes, *, accepts: frozenset[str], versions: Sequence[str]) -> dict[str, Any]:
    """The message in `raw`: a JSON object of a type in `accepts` and a version in `versions`, no name twice.

    An Erro passes in any version. Errors: `MessageError` 101 (not a message for this receiver), 102 (version), 201 or 203
    (messageVersion missing or ill-formed), 204 (duplicates)."""
    limit = MAX_CARD_RANGE_BYTES if "PRes" in accepts else MAX_BYTES
    message, repeated = load(raw, limit)
    admit(message, len(raw), accepts=accepts, versions=versions)
    if repeated:
        raise MessageError(ErrorCode.DUPLICATE_ELEMENT, ",".join(repeated), message=message)
    return message


def admit(message: Mapping[str, Any], size: int, *, accepts: frozenset[str], versions: Sequence[str]) -> None:
    """What `decode` looks at once a message of `size` bytes is read: whether its type and version are for this receiver."""
    message_type = message.get("messageType")
    if not isinstance(message_type, str) or message_type not in accepts:
        allowed = ", ".join(sorted(accepts))
        raise _invalid(f"messageType is not one that this component receives ({allowed})", message)
    if size > MAX_BYTES and message_type != "PRes":
        raise _invalid(f"the message is longer than {MAX_BYTES} bytes")
    if message_type != "Erro":
        _check_version(message, versions)


def decode_object(raw: bytes, *, limit: int = MAX_BYTES) -> dict[str, Any]:
    """A JSON object that is no message, such as 3DS Method data. Errors: `MessageError` 101, 204."""
    document, repeated = load(raw, limit)
    if repeated:
        raise MessageError(ErrorCode.DUPLICATE_ELEMENT, ",".join(repeated), message=document)
    return document


def encode(message: Mapping[str, Any]) -> bytes:
    """`message` as compact JSON in UTF-8."""
    return orjson.dumps(message)


def encode_base64url(raw: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*={0,2}").fullmatch


def decode_base64url(text: str, *, limit: int, element: str = "base64url") -> bytes:
    """The bytes of a base64url `text`, with or without padding, at most `limit` of them.

    Errors: `MessageError` 203 that names `element`."""
    if len(text) > (limit + 2) // 3 * 4 or not _BASE64URL(text):
        raise MessageError(ErrorCode.FORMAT_INVALID, element)
    try:
        raw = urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except binascii.Error as error:
        raise MessageError(ErrorCode.FORMAT_INVALID, element) from error
    if len(raw) > limit:
        raise MessageError(ErrorCode.FORMAT_INVALID, element)
    return raw


def _invalid(detail: str, message: Mapping[str, Any] | None = None) -> MessageError:
    return MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, detail, message=message)


def _check_version(message: Mapping[str, Any], versions: Sequence[str]) -> None:
    version = message.get("messageVersion")
    if version in versions:
        return
    if version is None or version in ("", {}, []):
        raise MessageError(ErrorCode.REQUIRED_ELEMENT_MISSING, "messageVersion", message=message)
    if not isinstance(version, str) or not _VERSION(version):
        raise MessageError(ErrorCode.FORMAT_INVALID, "messageVersion", message=message)
    raise MessageError(ErrorCode.VERSION_NOT_SUPPORTED, ",".join(versions), message=message)


def load(raw: bytes, limit: int) -> tuple[dict[str, Any], list[str]]:
    """The object in `raw`, and the paths of names that stand in it more than once.

    orjson refuses what a JSON text may not hold (NaN, infinities, lone surrogates, bad UTF-8) and nesting beyond 1,024; it keeps
    the last of equal names, so a second look is needed unless writing the result gives the same bytes."""
    if len(raw) > limit:
        raise _invalid(f"the message is longer than {limit} bytes")
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise _invalid("the message is not valid JSON") from error
    if type(document) is not dict:
        raise _invalid("the message is not a JSON object")
    if raw.count(b"{") + raw.count(b"[") <= MAX_DEPTH and _says_the_same(orjson.dumps(document), raw):
        return document, []
    return document, _repeated_names(raw, document)


def _says_the_same(written: bytes, raw: bytes) -> bool:
    """Whether both are equal but for blanks. A blank inside a text goes with the others, which moves no quote, bracket or comma: as
    many members stand in the one as in the other. What a backslash escapes can be written otherwise: left to the closer look."""
    return written == raw or (b"\\" not in raw and raw.translate(None, _BLANKS) == written.translate(None, _BLANKS))


def _repeated_names(raw: bytes, document: dict[str, Any]) -> list[str]:
    """Exact, and cheap for whoever writes blanks: without them every name is followed by `":`, so that count is never below the
    number of names written; where it equals the number of names read, none was lost."""
    names = _Names(document)
    if not names.inexact and raw.translate(None, _BLANKS).count(b'":') == names.count:
        return []
    marked = loads(raw, object_pairs_hook=_Pairs, parse_int=_bounded_integer)
    return list(dict.fromkeys(_paths(marked, "")))


class _Names:
    """How many names stand in a document, and whether a number in it may have lost digits: orjson reads integers beyond 64 bits as
    floats. Errors: `MessageError` 101 for one nested too deep."""

    def __init__(self, document: dict[str, Any]) -> None:
        self.count = 0
        self.inexact = False
        self._walk(document, MAX_DEPTH)

    def _walk(self, value: dict[str, Any] | list[Any], depth: int) -> None:
        if depth == 0:
            raise _invalid(f"the message is nested more than {MAX_DEPTH} deep")
        items: Iterable[Any] = value
        if type(value) is dict:
            self.count += len(value)
            items = value.values()
        for item in items:
            kind = type(item)
            if kind is dict or kind is list:
                self._walk(item, depth - 1)
            elif kind is float:
                self.inexact = True


class _Pairs(list[tuple[str, Any]]):
    """The members of an object, in order, none lost."""


def _bounded_integer(digits: str) -> int:
    if len(digits.lstrip("-")) > _MAX_INTEGER_DIGITS:
        raise _invalid("the message holds a number of more than 19 digits")
    return int(digits)


def _paths(value: Any, prefix: str) -> Iterator[str]:
    if isinstance(value, _Pairs):
        seen: set[str] = set()
        for name, item in value:
            if name in seen:
                yield prefix + name
            seen.add(name)
            yield from _paths(item, f"{prefix}{name}.")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _paths(item, f"{prefix.removesuffix('.')}[{index}].")
