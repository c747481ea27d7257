"""Messages from files, held against the specification of their generation: what is wrong, and what could be better."""

import binascii
import re
from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl

from cryptography.x509 import Certificate
from msgspec import Struct
from msgspec.structs import replace

from acs_sim.checking import app_channel
from acs_sim.checking.signatures import signature_verdict
from threedsecure.cards.schemes import SCHEMES, networks
from threedsecure.redaction import redact_card_numbers
from threedsecure.v1 import codec as v1_codec
from threedsecure.v1 import envelope as v1_envelope
from threedsecure.v1 import errors as v1_errors
from threedsecure.v1.grammar import tables as v1_tables
from threedsecure.v1.validation import checking as v1_checking
from threedsecure.v2.codec import MAX_BYTES, MAX_CARD_RANGE_BYTES, SUPPORTED_VERSIONS, decode_base64url, load
from threedsecure.v2.errors import ErrorCode, MessageError, Stage, Violation
from threedsecure.v2.messages import MESSAGES, METHOD_DATA
from threedsecure.v2.validation.advice import Advice, advise
from threedsecure.v2.validation.checking import Context, Leg, context_of, refusal, violations
from threedsecure.v2.validation.dated import check_dated

FORM_FIELDS: Final = ("creq", "cres", "threeDSMethodData", "PaReq", "PaRes")
_MARKS: Final = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"), (b"\xef\xbb\xbf", "utf-8"), (b"", "latin-1"))
"""How a file begins that says in which encoding it is; XML may be in any of them, JSON in none."""
_DECODE_CLAUSE: Final = "the message itself"
_DATED_CLAUSE: Final = "docs/rules-by-date.md"


class CheckedError(Struct, frozen=True):
    """One error of a message of either generation: the element, what was found, what is allowed, and where the specification says
    so. The words carry no card number."""

    code: str
    element: str
    found: str
    allowed: str
    clause: str


class Answer(Struct, frozen=True, rename={"code": "errorCode", "detail": "errorDetail"}):
    """The code and detail that a receiver would answer."""

    code: str
    detail: str


class Checked(
    Struct, frozen=True, rename={"source": "file", "message_type": "messageType", "version": "messageVersion"}
):
    """What is wrong with a message, and what could be better. `answer` is null for a right one; `place` says in words where it
    travels: which column of the tables it was held against."""

    source: str
    message_type: str | None
    version: str | None
    place: str
    answer: Answer | None
    errors: tuple[CheckedError, ...]
    advice: tuple[Advice, ...] = ()


@dataclass(frozen=True, slots=True)
class _Read:
    """One file as far as it could be read: a JSON document with the names that stand twice in it, or XML, or
    what is signed or encrypted in compact serialization, or why it is none of them."""

    source: str
    document: dict[str, Any] | None = None
    repeated: tuple[str, ...] = ()
    xml: bytes | None = None
    compact: str | None = None
    failure: tuple[str, str] | None = None


def known_types() -> list[str]:
    """The message types of both generations."""
    return [*MESSAGES, *v1_tables.MESSAGES]


def check_all(
    files: Sequence[tuple[str, bytes]],
    message_type: str | None = None,
    roots: Sequence[Certificate] = (),
    day: str | None = None,
) -> list[Checked]:
    """Examine `(name, content)` files. `message_type`: what to read them as, whatever they say. AReq and ARes are the context of
    the other messages with the same threeDSServerTransID. `roots`: under which a PARes has to be signed; without any, the root that
    it carries is taken for good. `day` (ISO 8601): whose rules with a date are held against, too."""
    read = [_read(source, raw) for source, raw in files]
    return [_check_one(each, message_type, _transaction(each, read), roots, day) for each in read]


# Reading.


def _read(source: str, raw: bytes) -> _Read:
    if len(raw) <= MAX_BYTES and app_channel.is_compact(raw):
        return _Read(source, compact=raw.decode())
    try:
        content = _unwrapped(raw)
        if _is_xml(content):
            return _Read(source, xml=content)
        document, repeated = load(content, MAX_CARD_RANGE_BYTES)
    except (MessageError, v1_errors.MessageError) as error:
        return _Read(source, failure=(error.code, error.detail))
    return _Read(source, document, tuple(repeated))


def _is_xml(content: bytes) -> bool:
    mark, encoding = next(each for each in _MARKS if content.startswith(each[0]))
    return content[len(mark) :].decode(encoding, "ignore").lstrip().startswith("<")


def _unwrapped(content: bytes) -> bytes:
    """The JSON or XML in the value of a form field, or in a whole form, by the decoder of whoever receives it; anything else as it
    is. What ends a line at the end of a file is not the value's."""
    if content.lstrip()[:1] in (b"{", b"[", b"<", b""):
        return content
    name, value = _field(content.decode("latin-1").rstrip("\r\n"))
    if re.fullmatch(r"[A-Za-z0-9+/=_\s-]+", value) is None:
        return content
    plain = _base64(value)
    if plain.lstrip()[:1] == b"{":
        return decode_base64url(value, limit=MAX_BYTES, element=name)
    return v1_envelope.unpack(value) if plain[:1] == b"x" else content


def _field(text: str) -> tuple[str, str]:
    """The name of the form's field and its value; a value alone is as good as a creq."""
    fields = dict(parse_qsl(text)) if text.partition("=")[0] in FORM_FIELDS else {}
    return next(((name, fields[name]) for name in FORM_FIELDS if name in fields), (FORM_FIELDS[0], text))


def _base64(value: str) -> bytes:
    """What a value most likely holds, however it is written: enough to know which decoder it is meant for."""
    characters = "".join(value.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return b64decode(characters + "=" * (-len(characters) % 4), validate=True)
    except binascii.Error:
        return b""


# Holding against the tables.


def _transaction(one: _Read, all_read: Sequence[_Read]) -> dict[str, Mapping[str, Any]]:
    """The AReq and ARes among the files that came before `one` in its transaction, by messageType."""
    transaction = _id(one)
    if one.document is None or one.document.get("messageType") == "AReq":
        return {}
    found: dict[str, Mapping[str, Any]] = {}
    for other in all_read:
        kind = other.document.get("messageType") if other.document else None
        if (
            other is not one
            and other.document
            and transaction
            and _id(other) == transaction
            and kind in ("AReq", "ARes")
        ):
            found.setdefault(kind, other.document)
    return found


def _id(read: _Read) -> Any:
    return read.document.get("threeDSServerTransID") if read.document else None


def _check_one(
    read: _Read,
    message_type: str | None,
    transaction: Mapping[str, Mapping[str, Any]],
    roots: Sequence[Certificate],
    day: str | None,
) -> Checked:
    if read.xml is not None:
        return _check_v1(read.source, read.xml, message_type, roots)
    if read.compact is not None:
        return _check_compact(read.source, read.compact, roots)
    if read.document is None:
        code, detail = read.failure or (ErrorCode.MESSAGE_RECEIVED_INVALID, "nothing to read")
        fault = CheckedError(str(code), "", redact_card_numbers(detail), "a message in JSON or XML", _DECODE_CLAUSE)
        return Checked(read.source, None, None, "", Answer(fault.code, fault.found), (fault,))
    return _check_emv(read, message_type, transaction, day)


def _check_emv(
    read: _Read, message_type: str | None, transaction: Mapping[str, Mapping[str, Any]], day: str | None
) -> Checked:
    document = read.document or {}
    kind = message_type or (METHOD_DATA if _looks_like_method_data(document) else document.get("messageType"))
    version = document.get("messageVersion")
    if not isinstance(kind, str) or kind not in MESSAGES:
        fault = _decoding(ErrorCode.MESSAGE_RECEIVED_INVALID, "messageType", kind, f"one of {', '.join(MESSAGES)}")
        return _checked(read.source, None, version, "", [fault], [])
    leg = _leg(kind, document)
    context = context_of(document, leg, transaction.get("AReq"), transaction.get("ARes"))
    found = [*_before_tables(read, kind, version), *_in_tables(kind, document, context)]
    if day is not None and kind == "AReq":
        found += _in_force(document, context, day)
    found.sort(key=lambda each: each.stage)
    return _checked(read.source, kind, version, _place(context), found, advise(kind, document, context))


def _looks_like_method_data(document: Mapping[str, Any]) -> bool:
    return "messageType" not in document and "threeDSMethodNotificationURL" in document


def _decoding(code: str, element: str, found: Any, allowed: str) -> Violation:
    words = "absent" if found is None else redact_card_numbers(str(found))[:60]
    return Violation(code, element, words, allowed, _DECODE_CLAUSE, Stage.DECODE)


def _before_tables(read: _Read, kind: str, version: Any) -> list[Violation]:
    """What the decoder of a receiver would have said."""
    document = read.document or {}
    found = [_decoding(ErrorCode.DUPLICATE_ELEMENT, name, "more than once", "once") for name in read.repeated]
    if kind not in (METHOD_DATA, document.get("messageType")):
        wrong = document.get("messageType")
        found.append(
            _decoding(ErrorCode.MESSAGE_RECEIVED_INVALID, "messageType", wrong, f"{kind}, as which it was read")
        )
    well_formed = isinstance(version, str) and re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", version) is not None
    if kind not in (METHOD_DATA, "Erro") and well_formed and version not in SUPPORTED_VERSIONS:
        allowed = ", ".join(SUPPORTED_VERSIONS)
        found.append(_decoding(ErrorCode.VERSION_NOT_SUPPORTED, "messageVersion", version, allowed))
    return found


def _in_tables(kind: str, document: Mapping[str, Any], context: Context) -> list[Violation]:
    message = document if kind == METHOD_DATA else {**document, "messageType": kind}
    try:
        return violations(message, context)
    except MessageError as error:  # an OReq before 2.3.1
        allowed = f"a message that exists in {context.version}"
        return [_decoding(error.code, "messageType", kind, allowed)]


def _in_force(document: Mapping[str, Any], context: Context, day: str) -> list[Violation]:
    """What the scheme's directory server would refuse on that day, beside the specification."""
    scheme = next(iter(networks(str(document.get("acctNumber")))), "")
    try:
        check_dated(document, context, scheme, day)
    except MessageError as error:
        ended = error.code == ErrorCode.VERSION_NOT_SUPPORTED
        names, found = (["messageVersion"], context.version) if ended else (error.detail.split(","), "absent")
        allowed = f"what {SCHEMES[scheme].name} wants on {day}"
        return [Violation(error.code, name, found, allowed, _DATED_CLAUSE, Stage.RULE) for name in names]
    return []


def _leg(kind: str, document: Mapping[str, Any]) -> Leg:
    """Where a message travels that does not say so: an AReq with a dsURL has passed the DS."""
    match kind:
        case "AReq" if "dsURL" in document or "dsTransID" in document:
            return Leg.DS_TO_ACS
        case "ORes" if "acsTransID" in document or "acsReferenceNumber" in document:
            return Leg.ACS_TO_DS
        case _:
            return _LEGS[kind]


_LEGS: Final = {
    "AReq": Leg.THREE_DS_SERVER_TO_DS,
    "ARes": Leg.ACS_TO_DS,
    "CReq": Leg.TO_ACS,
    "CRes": Leg.FROM_ACS,
    "RReq": Leg.ACS_TO_DS,
    "RRes": Leg.THREE_DS_SERVER_TO_DS,
    "PReq": Leg.THREE_DS_SERVER_TO_DS,
    "PRes": Leg.DS_TO_THREE_DS_SERVER,
    "OReq": Leg.DS_TO_THREE_DS_SERVER,
    "ORes": Leg.THREE_DS_SERVER_TO_DS,
    "Erro": Leg.DS_TO_THREE_DS_SERVER,
    METHOD_DATA: Leg.METHOD,
}
_CHANNELS: Final = {"01": "app", "02": "browser", "03": "3RI"}


def _place(context: Context) -> str:
    category = "payment" if context.message_category == "01" else "non-payment"
    return f"{context.leg}, {_CHANNELS.get(context.device_channel, 'browser')}, {category}"


def _checked(
    source: str, kind: str | None, version: Any, place: str, found: Sequence[Violation], advice: Sequence[Advice]
) -> Checked:
    answer = refusal(found, {}) if found else None
    return Checked(
        source,
        kind,
        version if isinstance(version, str) else None,
        place,
        Answer(str(answer.code), answer.detail) if answer else None,
        tuple(CheckedError(str(each.code), each.element, each.found, each.allowed, each.clause) for each in found),
        tuple(advice),
    )


# The app channel.


def _check_compact(source: str, text: str, roots: Sequence[Certificate]) -> Checked:
    """Nobody answers what is signed badly: the SDK of the app breaks off."""
    found = app_channel.verdict(text, roots)
    if found.invalid is None:
        return Checked(source, found.kind, None, "app", None, (), found.advice)
    clause = "SDK specification, section 6.2"
    fault = CheckedError("302", found.kind, found.invalid, "one that can be opened and believed", clause)
    return Checked(source, found.kind, None, "app", Answer("302", found.invalid), (fault,))


# 3-D Secure 1.0.2.


def _check_v1(source: str, xml: bytes, message_type: str | None, roots: Sequence[Certificate]) -> Checked:
    accepts = {message_type} if message_type else set(v1_tables.MESSAGES)
    try:
        message = v1_codec.decode(xml, accepts=accepts)
        v1_checking.check(message)
    except v1_errors.MessageError as error:
        answer = Answer(str(error.code), redact_card_numbers(error.detail))
        return _classic(source, error.message or {}, answer, _classic_faults(error))
    if message["messageType"] != "PARes":
        return _classic(source, message, None, ())
    faults, advice = _signature(xml, message, roots)
    return replace(_classic(source, message, None, faults), advice=advice)


def _signature(
    xml: bytes, message: dict[str, Any], roots: Sequence[Certificate]
) -> tuple[tuple[CheckedError, ...], tuple[Advice, ...]]:
    """A merchant plug-in does not answer a bad signature: it takes the payment for status U."""
    invalid, advice = signature_verdict(xml, message, roots)
    if invalid is None:
        return (), advice
    clause = "3-D Secure 1.0.2, XML signature"
    return (CheckedError("signature", "Signature", invalid, "a signature that holds", clause),), ()


def _classic(
    source: str, message: Mapping[str, Any], answer: Answer | None, faults: tuple[CheckedError, ...]
) -> Checked:
    kind, version = message.get("messageType"), message.get("version")
    return Checked(source, kind, version if isinstance(version, str) else None, "3-D Secure 1.0.2", answer, faults)


def _classic_faults(error: v1_errors.MessageError) -> tuple[CheckedError, ...]:
    clause = "3-D Secure 1.0.2, message tables"
    if not error.violations:
        return (CheckedError(str(error.code), "", redact_card_numbers(error.detail), error.description, clause),)
    return tuple(
        CheckedError(str(each.code), each.element, redact_card_numbers(str(each.found)), each.allowed, clause)
        for each in error.violations
    )
