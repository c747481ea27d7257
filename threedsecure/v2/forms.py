"""Messages that travel in form fields of the browser, `creq` and `cres`: base64url of JSON."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from threedsecure.v2.codec import MAX_BYTES, decode, decode_base64url, encode, encode_base64url
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS

MAX_CREQ_BYTES: Final = 100 * 1024
"""One whose messageExtension is as long as it may be."""


def form_value(document: Mapping[str, Any]) -> str:
    """`document` as the value of a form field."""
    return encode_base64url(encode(document))


def decode_creq(value: str, *, versions: Sequence[str] = SUPPORTED_VERSIONS) -> dict[str, Any]:
    """The CReq in a form field `creq`, decoded but not yet checked. Errors: `MessageError` as `decode`, 203 for bad base64url."""
    raw = decode_base64url(value, limit=MAX_CREQ_BYTES, element="creq")
    return decode(raw, accepts=frozenset({"CReq"}), versions=versions)


def decode_cres(value: str, *, versions: Sequence[str] = SUPPORTED_VERSIONS) -> dict[str, Any]:
    """The CRes - or Erro, which travels in the same field - in a form field `cres`, decoded but not yet checked."""
    raw = decode_base64url(value, limit=MAX_BYTES, element="cres")
    return decode(raw, accepts=frozenset({"CRes", "Erro"}), versions=versions)
