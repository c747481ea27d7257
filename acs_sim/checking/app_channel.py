"""What travels signed or encrypted in the app channel, from a file: acsSignedContent (JWS), sdkEncData and challenges (JWE)."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Final

from cryptography.x509 import Certificate, load_pem_x509_certificate
from msgspec import Struct

from directory_server.authentication.device_information import keys
from threedsecure.cards.schemes import SCHEMES
from threedsecure.v2.app.jose import DIRECT, NotDecrypted, decrypt, parse
from threedsecure.v2.app.signed_content import NotTrusted, read_signed_content
from threedsecure.v2.codec import decode_object
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.advice import Advice

_COMPACT: Final = re.compile(rb"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){2}(?:(?:\.[A-Za-z0-9_-]*){2})?\s*").fullmatch
_PARTS_OF_A_JWS: Final = 3
SIGNED: Final = "acsSignedContent"
ENCRYPTED: Final = "sdkEncData"
CHALLENGE: Final = "encrypted CReq or CRes"


class Verdict(Struct, frozen=True):
    """`kind`: what it is; `invalid`: why it is not to be believed, None when it is; what could be better."""

    kind: str
    invalid: str | None = None
    advice: tuple[Advice, ...] = ()


def is_compact(content: bytes) -> bool:
    """Whether this is a JWS or a JWE in compact serialization."""
    return _COMPACT(content) is not None


def verdict(text: str, roots: Sequence[Certificate]) -> Verdict:
    """As a strict SDK or the directory server reads it. `roots`: trusted in the place of the published test root."""
    text = text.strip()
    return _signed(text, roots) if len(text.split(".")) == _PARTS_OF_A_JWS else _encrypted(text)


def _signed(text: str, roots: Sequence[Certificate]) -> Verdict:
    try:
        content = read_signed_content(text, roots or (_published_root(),), datetime.now(UTC))
    except NotTrusted as error:
        return Verdict(SIGNED, str(error))
    if content.acs_url.lower().startswith("https:"):
        return Verdict(SIGNED)
    return Verdict(SIGNED, None, (Advice("acsURL", "it is no https address, which SDKs in production want"),))


def _encrypted(text: str) -> Verdict:
    try:
        header = parse(text).header
    except NotDecrypted as error:
        return Verdict(CHALLENGE, str(error))
    if header.get("alg") == DIRECT and "epk" not in header:
        return Verdict(CHALLENGE, None, (Advice("JWE", "only who has the key of its session can open it"),))
    return _device_data(text)


def _device_data(text: str) -> Verdict:
    """Under the published keys; an elliptic one is derived for a scheme, which the text does not tell."""
    why = ""
    for scheme in SCHEMES.values():
        try:
            decode_object(decrypt(text, keys(), scheme.directory_server_id))
        except NotDecrypted as error:
            why = str(error)
        except MessageError as error:
            return Verdict(ENCRYPTED, f"the device data: {error.detail}")
        else:
            return Verdict(ENCRYPTED)
    return Verdict(ENCRYPTED, f"{why}, under the published keys")


def _published_root() -> Certificate:
    return load_pem_x509_certificate((files("fixtures") / "keys" / "directory-server-root.pem").read_bytes())
