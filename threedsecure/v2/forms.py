"""What travels in form fields of the browser: `creq`, `cres` and `threeDSMethodData`, base64url of JSON; and
`threeDSSessionData`."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from threedsecure.v2.codec import MAX_BYTES, decode, decode_base64url, decode_object, encode, encode_base64url
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS, Context, Leg
from threedsecure.v2.validation.checking import check

MAX_SESSION_DATA: Final = 1024
_SESSION_DATA: Final = re.compile(rf"[A-Za-z0-9_-]{{1,{MAX_SESSION_DATA}}}={{0,2}}").fullmatch


def form_value(document: Mapping[str, Any]) -> str:
    """`document` as the value of a form field."""
    return encode_base64url(encode(document))


def decode_creq(value: str, *, versions: Sequence[str] = SUPPORTED_VERSIONS) -> dict[str, Any]:
    """The CReq in a form field `creq`, decoded but not yet checked. Errors: `MessageError` as `decode`, 203 for bad base64url."""
    raw = decode_base64url(value, limit=MAX_BYTES, element="creq")
    return decode(raw, accepts=frozenset({"CReq"}), versions=versions)


def decode_cres(value: str, *, versions: Sequence[str] = SUPPORTED_VERSIONS) -> dict[str, Any]:
    """The CRes - or Erro, which travels in the same field - in a form field `cres`, decoded but not yet checked."""
    raw = decode_base64url(value, limit=MAX_BYTES, element="cres")
    return decode(raw, accepts=frozenset({"CRes", "Erro"}), versions=versions)


def decode_method_data(value: str, *, version: str = SUPPORTED_VERSIONS[-1]) -> dict[str, Any]:
    """The 3DS Method data in a form field `threeDSMethodData`, checked. They carry no version: the widest format stands when the
    transaction is not known yet. Errors: `MessageError`."""
    raw = decode_base64url(value, limit=MAX_BYTES, element="threeDSMethodData")
    data = decode_object(raw)
    check(data, Context(version, leg=Leg.METHOD))
    return data


def check_session_data(value: str) -> None:
    """threeDSSessionData: base64url of at most 1,024 characters, echoed as it came. Errors: `MessageError` 203."""
    if not _SESSION_DATA(value) or len(value) > MAX_SESSION_DATA:
        raise MessageError(ErrorCode.FORMAT_INVALID, "threeDSSessionData")
