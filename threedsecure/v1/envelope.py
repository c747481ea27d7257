"""How PAReq and PARes travel through the browser: XML, a zlib stream (RFC 1950), base64, in a form field."""

import base64
import zlib
from typing import Final

from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.parsing import MAX_MESSAGE_BYTES

MAX_FIELD_CHARACTERS: Final = 64 * 1024
"""The longest form value read. Published ones have about 500 characters (PaReq) and 5,000 (PaRes)."""

_GZIP: Final = b"\x1f\x8b"


def pack(xml: bytes) -> str:
    """The value of a PaReq or PaRes field."""
    return base64.b64encode(zlib.compress(xml)).decode()


def unpack(field: str, *, limit: int = MAX_MESSAGE_BYTES) -> bytes:
    """The XML in a PaReq or PaRes field, with or without line breaks; `limit` bounds it, in bytes, before it is inflated.

    Errors: `MessageError` 5, whose detail says which layer is broken.
    """
    if len(field) > MAX_FIELD_CHARACTERS:
        raise _broken(f"the value is longer than {MAX_FIELD_CHARACTERS} characters")
    return _inflated(_decoded(field), limit)


def _decoded(field: str) -> bytes:
    text = "".join(line.strip() for line in field.splitlines())
    if " " in text:
        raise _broken("a space stands where base64 has a +: the form value was not URL-encoded")
    if not text:
        raise _broken("the value is empty")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise _broken("the value is not base64, or it was cut off") from error


def _inflated(packed: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj()
    try:
        # One byte more than allowed is inflated at most, whatever the stream promises.
        xml = stream.decompress(packed, limit + 1)
    except zlib.error as error:
        kind = "a gzip file" if packed.startswith(_GZIP) else "raw deflate or something else"
        raise _broken(f"the value does not hold a zlib stream (RFC 1950) but {kind}") from error
    if len(xml) > limit:
        raise _broken(f"the message inflates to more than {limit} bytes")
    if not stream.eof:
        raise _broken("the zlib stream was cut off")
    if stream.unused_data:
        raise _broken("something follows the zlib stream")
    return xml


def _broken(detail: str) -> MessageError:
    return MessageError(ErrorCode.FORMAT_INVALID, detail)
