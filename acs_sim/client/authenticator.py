"""An authenticator in software: the cardholder's device for scenarios and scripts that have no browser.

As a small security key does, it keeps nothing: the credential id carries what the private key is made of, under a secret of the
authenticator's own."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote

import orjson
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec import Struct

from threedsecure.v2.codec import encode_base64url

NONCE_BYTES: Final = 16
COSE_ES256: Final = {1: 2, 3: -7, -1: 1}
"""COSE_Key of a point on P-256, without its coordinates."""
PRESENT_AND_VERIFIED: Final = 0x05
ATTESTED: Final = 0x40
NOBODYS_SIGNATURE: Final = "MAYCAQECAQE"
"""ECDSA in DER, of two ones."""
LOGIN: Final = "webauthn.get"
PAYMENT: Final = "payment.get"
_ORDER: Final = int("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", 16)
_HALF: Final = 32


class Authenticator(Struct, frozen=True):
    """`secret(*parts)`: 32 bytes that belong to them; `counter`: what it says of how often it was used, 0 for one that does not
    count."""

    secret: Callable[..., bytes]
    counter: int = 0

    def made(self, options: Mapping[str, Any], origin: str, nonce: bytes) -> dict[str, Any]:
        """RegistrationResponseJSON for PublicKeyCredentialCreationOptionsJSON. `nonce`: 16 bytes that no other credential has."""
        from fido2 import cbor

        identifier = nonce + self._mark(nonce)
        point = self._key(identifier).public_key().public_numbers()
        cose = {**COSE_ES256, -2: point.x.to_bytes(_HALF), -3: point.y.to_bytes(_HALF)}
        attested = bytes(16) + len(identifier).to_bytes(2) + identifier + cbor.encode(cose)
        data = self._data(options["rp"]["id"], PRESENT_AND_VERIFIED | ATTESTED) + attested
        response = {
            "clientDataJSON": encode_base64url(_client_data("webauthn.create", options["challenge"], origin, {})),
            "attestationObject": encode_base64url(cbor.encode({"fmt": "none", "attStmt": {}, "authData": data})),
        }
        return {"id": encode_base64url(identifier), "type": "public-key", "response": response}

    def knows(self, identifier: bytes) -> bool:
        """Whether a credential is one of its own."""
        nonce = identifier[:NONCE_BYTES]
        return hmac.compare_digest(identifier, nonce + self._mark(nonce))

    def asserted(
        self, identifier: bytes, *, rp_id: str, challenge: str, origin: str, payment: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """AuthenticationResponseJSON. `challenge`: base64url; `payment`: what stands in clientDataJSON of a payment that is
        confirmed, None for a login."""
        more: dict[str, Any] = {} if payment is None else {"payment": payment}
        client_data = _client_data(LOGIN if payment is None else PAYMENT, challenge, origin, more)
        data = self._data(rp_id, PRESENT_AND_VERIFIED)
        signature = self._key(identifier).sign(data + _sha256(client_data), ec.ECDSA(SHA256()))
        response = {
            "authenticatorData": encode_base64url(data),
            "clientDataJSON": encode_base64url(client_data),
            "signature": encode_base64url(signature),
        }
        return {"id": encode_base64url(identifier), "type": "public-key", "response": response}

    def _data(self, rp_id: str, flags: int) -> bytes:
        return _sha256(rp_id.encode()) + flags.to_bytes(1) + self.counter.to_bytes(4)

    def _mark(self, nonce: bytes) -> bytes:
        return self.secret("passkey of ours", nonce.hex())[:NONCE_BYTES]

    def _key(self, identifier: bytes) -> ec.EllipticCurvePrivateKey:
        number = int.from_bytes(self.secret("key of a passkey", identifier.hex())) % (_ORDER - 1) + 1
        return ec.derive_private_key(number, ec.SECP256R1())


def answer_of(authenticator: Authenticator, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What the browser would post to the bank: `{"assertion": …}`, or the error that there is no passkey here. `asked`: what the
    ACS tells of a challenge (`passkey` of `/control/challenge`)."""
    names = [_bytes(text) for text in asked["credentialIds"]]
    ours = next((name for name in names if authenticator.knows(name)), None)
    if ours is None:
        return {"error": "NotAllowedError", "message": "no passkey of this card is in this authenticator"}
    given = {name: asked[name] for name in ("challenge", "origin")}
    payment = payment_of(asked, asked["origin"]) if "payment" in asked else None
    return {"assertion": authenticator.asserted(ours, rp_id=asked["rpId"], payment=payment, **given)}


def spoilt(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The same with a signature that nobody made; an error stays one."""
    if "assertion" not in answer:
        return dict(answer)
    assertion = answer["assertion"]
    return {"assertion": {**assertion, "response": {**assertion["response"], "signature": NOBODYS_SIGNATURE}}}


def payment_of(asked: Mapping[str, Any], top_origin: str) -> dict[str, Any]:
    """The member `payment` of clientDataJSON, as a browser writes it (Secure Payment Confirmation, CollectedClientPaymentData)."""
    return {"rpId": asked["rpId"], "topOrigin": top_origin, **asked["payment"]}


def posted(answer: Mapping[str, Any]) -> str:
    return orjson.dumps(answer).decode()


def _client_data(kind: str, challenge: str, origin: str, more: Mapping[str, Any]) -> bytes:
    return orjson.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False, **more})


def _sha256(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# The wallet on the phone, which signs by itself.


def wallet_of(challenge: Mapping[str, Any], decision: str) -> tuple[str, dict[str, str]]:
    """Where the phone takes it, and what is posted there. `challenge`: as the ACS tells it to the desk."""
    return f"/api/phones/{quote(challenge['phone'], safe='')}/wallet", {
        "request": challenge["wallet"],
        "decision": decision,
    }


def answered(told: Mapping[str, Any]) -> str:
    """What goes back to the bank: a presentation, or why there is none."""
    return str(told.get("response") or told.get("error") or "")


def altered(presentation: str) -> str:
    """Signed by nobody."""
    head, dot, signature = presentation.rpartition(".")
    return head + dot + signature[::-1]
