"""The list of checks that an assertion passes: a login (WebAuthn Level 3, section 7.2) or a payment that is confirmed (Secure
Payment Confirmation, verifying an authentication assertion)."""

from collections.abc import Mapping
from typing import Any, Final, cast
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from acs.cardholder.passkeys.credentials import (
    MAX_ID,
    UNREADABLE,
    ClientData,
    Passkey,
    Refused,
    check_party_and_flags,
    check_type_and_challenge,
    client_data_of,
    decoded,
    same,
    shown,
)

GET: Final = "webauthn.get"
PAYMENT_GET: Final = "payment.get"
MAX_AUTHENTICATOR_DATA: Final = 2048
MAX_SIGNATURE: Final = 2048
"""Characters of base64url."""


class Payment(Struct, frozen=True, omit_defaults=True):
    """What the browser shows and the authenticator signs. `value`: a decimal amount, `currency`: alphabetic (ISO 4217);
    `payee_name`, `payee_origin`: empty where they were not given; `display_name`, `icon`: the card, as it is shown."""

    value: str
    currency: str
    payee_name: str
    payee_origin: str
    display_name: str
    icon: str


class Expected(Struct, frozen=True):
    """What an assertion has to say. `origins`: of the pages that may ask; where `anywhere_on_top`, any page may stand around them.
    `passkeys`: those of the card."""

    challenge: bytes
    rp_id: str
    origins: tuple[str, ...]
    passkeys: tuple[Passkey, ...]
    payment: Payment | None = None
    anywhere_on_top: bool = True


def verified(assertion: Mapping[str, Any], expected: Expected) -> Passkey:
    """The passkey that was used, with its new counter, for an AuthenticationResponseJSON. Errors: `Refused`, which names the first
    check that failed."""
    passkey = _passkey(assertion, expected)
    answer = assertion.get("response")
    if not isinstance(answer, dict):
        raise Refused("response", "is missing")
    client_data = client_data_of(answer)
    check_type_and_challenge(client_data, GET if expected.payment is None else PAYMENT_GET, expected.challenge)
    if client_data.said.get("origin") not in expected.origins:
        raise Refused("origin", f"{shown(client_data.said.get('origin'))}, not {' or '.join(expected.origins)}")
    if expected.payment is not None:
        _check_payment(client_data, expected, expected.payment)
    return replace(passkey, counter=_counted(answer, client_data, passkey, expected.rp_id))


def _passkey(assertion: Mapping[str, Any], expected: Expected) -> Passkey:
    """The one of the card's that has the assertion's id."""
    identifier = assertion.get("id")
    if not isinstance(identifier, str) or len(identifier) > MAX_ID:
        raise Refused("credential", "the assertion names none")
    for passkey in expected.passkeys:
        if same(identifier, passkey.id):
            return passkey
    raise Refused("credential", "not one of this card")


def _check_payment(client_data: ClientData, expected: Expected, payment: Payment) -> None:
    said = client_data.said.get("payment")
    if not isinstance(said, dict):
        raise Refused("payment", "is missing")
    _agree("rpId", said.get("rpId"), expected.rp_id)
    on_top = said.get("topOrigin")
    if not _is_origin(on_top) or not (expected.anywhere_on_top or on_top in expected.origins):
        raise Refused("topOrigin", f"{shown(on_top)}, not {' or '.join(expected.origins)}")
    total, instrument = (_object(said, name) for name in ("total", "instrument"))
    _agree("amount", total.get("value"), payment.value)
    _agree("currency", total.get("currency"), payment.currency)
    _agree("payeeName", said.get("payeeName") or "", payment.payee_name)
    _agree("payeeOrigin", said.get("payeeOrigin") or "", payment.payee_origin)
    _agree("displayName", instrument.get("displayName"), payment.display_name)
    _agree("icon", instrument.get("icon"), payment.icon)


def _counted(answer: Mapping[str, Any], client_data: ClientData, passkey: Passkey, rp_id: str) -> int:
    """The new counter, once party, flags and signature hold."""
    from fido2.utils import sha256
    from fido2.webauthn import AuthenticatorData

    raw = decoded(answer.get("authenticatorData"), MAX_AUTHENTICATOR_DATA, "authenticatorData")
    signature = decoded(answer.get("signature"), MAX_SIGNATURE, "signature")
    try:
        data = AuthenticatorData(raw)
    except UNREADABLE as error:
        raise Refused("authenticatorData", "cannot be read") from error
    check_party_and_flags(data, rp_id)
    _check_signature(passkey, raw + sha256(client_data.raw), signature)
    counter = int(data.counter)
    if (counter or passkey.counter) and counter <= passkey.counter:
        raise Refused("counter", f"{counter}, after {passkey.counter}: the passkey may have been copied")
    return counter


def _check_signature(passkey: Passkey, signed: bytes, signature: bytes) -> None:
    from cryptography.exceptions import InvalidSignature
    from fido2 import cbor
    from fido2.cose import CoseKey

    try:
        key = cast(Mapping[int, Any], cbor.decode(passkey.public_key))
        CoseKey.parse(key).verify(signed, signature)
    except (InvalidSignature, *UNREADABLE) as error:
        raise Refused("signature", "is not the passkey's") from error


def _agree(about: str, found: object, wanted: str) -> None:
    if not isinstance(found, str) or not same(found, wanted):
        raise Refused(about, f"{shown(found)}, not {shown(wanted)}")


def _object(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _is_origin(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc) and not parts.path
