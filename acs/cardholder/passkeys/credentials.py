"""A passkey as the bank knows it, and the registration that makes one (WebAuthn Level 3, section 7.1)."""

import base64
import hmac
import re
import struct
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from msgspec import Struct

CREATE: Final = "webauthn.create"
ES256: Final = -7
RS256: Final = -257
ALGORITHMS: Final = (ES256, RS256)
"""COSE algorithms that are asked for and taken."""
MAX_ID: Final = 1000
"""Characters of a credential id: what webAuthnCredList has room for (EMV 3-D Secure, 2.3.1)."""
MIN_ID: Final = 16
MAX_CLIENT_DATA: Final = 16 * 1024
MAX_ATTESTATION: Final = 8 * 1024
"""Characters of base64url, before anything is decoded."""
_BASE64URL: Final = re.compile("[A-Za-z0-9_-]*")
UNREADABLE: Final = (ValueError, KeyError, TypeError, IndexError, AttributeError, struct.error, RecursionError)
"""What a decoder of CBOR or COSE raises for bytes that are none."""


class Refused(ValueError):
    """What a browser brought is not taken. `about`: which check it failed, a word; the message says what was found."""

    def __init__(self, about: str, found: str) -> None:
        super().__init__(f"{about}: {found}")
        self.about = about
        self.found = found


class Passkey(Struct, frozen=True, omit_defaults=True):
    """A credential of a card. `id`: base64url; `public_key`: COSE_Key in CBOR; `counter`: of its last use, 0 for authenticators
    that do not count; `origin`: of the page that it was made on. The private key never leaves the cardholder's device."""

    id: str
    public_key: bytes
    counter: int
    origin: str
    made_at: datetime


class ClientData(Struct, frozen=True):
    """clientDataJSON: `raw` as it came, and what it says. Browsers add members of their own: it is read, never compared as text."""

    raw: bytes
    said: Mapping[str, Any]


def registered(
    response: Mapping[str, Any], *, challenge: bytes, origin: str, rp_id: str, now: datetime, known: Sequence[Passkey]
) -> Passkey:
    """The passkey that a RegistrationResponseJSON makes. Errors: `Refused`."""
    answer = _member(response, "response", dict)
    client_data = client_data_of(answer)
    check_type_and_challenge(client_data, CREATE, challenge)
    if client_data.said.get("origin") != origin:
        raise Refused("origin", f"{shown(client_data.said.get('origin'))}, not {origin}")
    raw = decoded(answer.get("attestationObject"), MAX_ATTESTATION, "attestationObject")
    identifier, public_key, counter = _attested(raw, rp_id)
    if any(one.id == identifier for one in known):
        raise Refused("credential", "this passkey is registered already")
    return Passkey(identifier, public_key, counter, origin, now)


def _attested(raw: bytes, rp_id: str) -> tuple[str, bytes, int]:
    """The credential id, its public key and its counter. Whose make the authenticator is was not asked (attestation `none`)."""
    from fido2 import cbor
    from fido2.webauthn import AttestationObject

    try:
        data = AttestationObject(raw).auth_data
        credential = data.credential_data
        if credential is None:
            raise Refused("credential", "the registration carries no credential")
        algorithm = credential.public_key.get(3)
        key = cbor.encode(dict(credential.public_key))
        if algorithm not in ALGORITHMS:
            raise Refused("algorithm", f"{algorithm}, not one of {', '.join(map(str, ALGORITHMS))}")
    except Refused:
        raise
    except UNREADABLE as error:
        raise Refused("attestationObject", "cannot be read") from error
    check_party_and_flags(data, rp_id)
    identifier = encoded(credential.credential_id)
    if not MIN_ID <= len(identifier) <= MAX_ID:
        raise Refused("credential", f"an id of {len(identifier)} characters, not {MIN_ID} to {MAX_ID}")
    return identifier, key, int(data.counter)


def client_data_of(answer: Mapping[str, Any]) -> ClientData:
    """Errors: `Refused`."""
    raw = decoded(answer.get("clientDataJSON"), MAX_CLIENT_DATA, "clientDataJSON")
    try:
        said = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Refused("clientDataJSON", "is no JSON") from error
    if not isinstance(said, dict):
        raise Refused("clientDataJSON", "is no object")
    return ClientData(raw, said)


def check_type_and_challenge(client_data: ClientData, kind: str, challenge: bytes) -> None:
    """Errors: `Refused`."""
    if client_data.said.get("type") != kind:
        raise Refused("type", f"{shown(client_data.said.get('type'))}, not {kind}")
    answered = client_data.said.get("challenge")
    if not isinstance(answered, str) or not same(answered, encoded(challenge)):
        raise Refused("challenge", "not the one that was given for this page")


def check_party_and_flags(data: Any, rp_id: str) -> None:
    """`data`: AuthenticatorData of the library. Errors: `Refused`."""
    from fido2.utils import sha256

    if not hmac.compare_digest(bytes(data.rp_id_hash), sha256(rp_id.encode())):
        raise Refused("rpId", f"the hash is not that of {rp_id}")
    if not data.is_user_present() or not data.is_user_verified():
        raise Refused("flags", "the cardholder was not present and verified")


def decoded(text: object, limit: int, name: str) -> bytes:
    """base64url without padding, of at most `limit` characters. Errors: `Refused`."""
    if not isinstance(text, str) or len(text) > limit or not _BASE64URL.fullmatch(text) or len(text) % 4 == 1:
        raise Refused(name, "is no base64url of a fitting length")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def same(found: str, wanted: str) -> bool:
    """In a time that does not depend on where they differ."""
    return hmac.compare_digest(found.encode(errors="replace"), wanted.encode())


def _member(document: Mapping[str, Any], name: str, kind: type[dict[str, Any]]) -> dict[str, Any]:
    value = document.get(name)
    if not isinstance(value, kind):
        raise Refused(name, "is missing")
    return value


def shown(value: object) -> str:
    """What a browser said, cut to what one reads."""
    return repr(value)[:100]
