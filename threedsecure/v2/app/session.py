"""The encrypted challenge of an app (CReq and CRes): one key for both directions, and a counter in every message.

SDK and ACS agree on 32 bytes by their ephemeral keys and the SDK's reference number (SDK specification, section 6.2.3). The SDK
chooses the content encryption with its first CReq. A128CBC-HS256 uses all of the key in both directions; A128GCM has a half for
each, and an initialization vector that tells sender and counter. Nothing here is random by itself."""

from enum import Enum
from typing import Final

from threedsecure.v2.app.jose import (
    A128CBC_HS256,
    A128GCM,
    DIRECT,
    Jwe,
    NotDecrypted,
    Random,
    agreed_key,
    check_header,
    compact,
    open_content,
)

__all__ = [
    "A128CBC_HS256",
    "A128GCM",
    "LAST_COUNTER",
    "Sender",
    "agreed_key",
    "counted",
    "open_challenge",
    "seal_challenge",
]

LAST_COUNTER: Final = 255
"""One byte; after it nothing more may be sent."""
WRONG_TAG: Final = "wrong-tag"
WRONG_HALF: Final = "wrong-half"
DEFECTS: Final = (WRONG_TAG, WRONG_HALF)
_CBC_IV_BYTES: Final = 16
_HALF: Final = 16


class Sender(Enum):
    """Who sends: the first byte of its initialization vectors, eleven times, and its half of the key, with A128GCM."""

    SDK = (b"\x00", slice(0, _HALF))
    ACS = (b"\xff", slice(_HALF, None))

    def content_key(self, key: bytes, enc: str) -> bytes:
        return key[self.value[1]] if enc == A128GCM else key

    def iv(self, counter: int) -> bytes:
        return self.value[0] * 11 + counter.to_bytes(1)


def counted(counter: int) -> str:
    """sdkCounterStoA, acsCounterAtoS: three digits."""
    return f"{counter:03}"


def seal_challenge(
    plaintext: bytes,
    key: bytes,
    sender: Sender,
    *,
    enc: str,
    kid: str,
    counter: int,
    random: Random,
    defect: str | None = None,
) -> str:
    """A message as it is posted. `kid`: acsTransID; `counter`: the one in `plaintext`, 0 to 255; `defect`: a name of DEFECTS, for
    one that its receiver has to refuse."""
    header = {"alg": DIRECT, "kid": kid, "enc": enc}
    key = key[_HALF:] + key[:_HALF] if defect == WRONG_HALF else key
    iv = sender.iv(counter) if enc == A128GCM else random(_CBC_IV_BYTES)
    text = compact(header, b"", sender.content_key(key, enc), iv, plaintext)
    return _with_another_tag(text) if defect == WRONG_TAG else text


def _with_another_tag(text: str) -> str:
    """Another first character of the tag."""
    covered, _, tag = text.rpartition(".")
    return f"{covered}.{'B' if tag[0] == 'A' else 'A'}{tag[1:]}"


def open_challenge(jwe: Jwe, key: bytes, sender: Sender) -> bytes:
    """The plaintext of a message from `sender`, under whatever initialization vector it names. Errors: `NotDecrypted`."""
    check_header(jwe.header)
    if jwe.header.get("alg") != DIRECT or jwe.encrypted_key:
        raise NotDecrypted(f"alg is {DIRECT}, with nothing in the second part")
    return open_content(jwe, sender.content_key(key, jwe.header["enc"]))
