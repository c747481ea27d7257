"""What a bank asks a cardholder's wallet to confirm, and the presentation that the wallet signs: a compact JWS (ES256).

The shape is that of OID4VP's answer (a key-binding JWT over nonce, audience and transaction data) without what lies around it in
the world: no SD-JWT VC with disclosures, no signed request object. Pure: keys and times are arguments."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

MAX_REQUEST: Final = 4_096
MAX_PRESENTATION: Final = 4_096
REFUSED: Final = "access_denied"
"""What a wallet answers whose holder does not want to."""
_HEADER: Final = b'{"alg":"ES256","typ":"kb+jwt"}'
_CURVE: Final = ec.SECP256R1()
_ECDSA: Final = ec.ECDSA(hashes.SHA256())
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
_HALF: Final = 32


PrivateKey = ec.EllipticCurvePrivateKey


class NotWallets(ValueError):
    """Not a request or a presentation that can be read, or not one of that wallet's; the words say why."""


class Transaction(msgspec.Struct, frozen=True):
    """What is confirmed. `amount`: decimal, with `currency` (ISO 4217, alphabetic); both empty where nothing is paid."""

    transaction_id: str
    payee: str
    amount: str
    currency: str


class Request(msgspec.Struct, frozen=True):
    """`client_id`: the address of the bank that asks, `response_uri`: where its answer goes, `expires_at`: until when."""

    client_id: str
    response_uri: str
    nonce: str
    expires_at: Annotated[datetime, msgspec.Meta(tz=True)]
    transaction_data: Transaction


def written(request: Request) -> str:
    """As a field of an address."""
    return _encoded(msgspec.json.encode(request)).decode()


def read(text: str) -> Request:
    """Errors: `NotWallets`."""
    try:
        return msgspec.json.decode(_decoded(text, MAX_REQUEST), type=Request)
    except msgspec.DecodeError as error:
        raise NotWallets("not a request that can be read") from error


def key_of(secret: bytes) -> PrivateKey:
    """The key of a wallet, from 32 bytes that are its own."""
    return ec.derive_private_key(int.from_bytes(secret) % (_ORDER - 1) + 1, _CURVE)


def jwk_of(key: PrivateKey) -> dict[str, str]:
    """Its public part."""
    point = key.public_key().public_numbers()
    return {
        "kty": "EC",
        "crv": "P-256",
        **{name: _encoded(number.to_bytes(_HALF)).decode() for name, number in (("x", point.x), ("y", point.y))},
    }


def looks_presented(text: str) -> bool:
    """Whether it may be a wallet's answer at all."""
    return text == REFUSED or text.count(".") == 2


def presented(request: Request, key: PrivateKey, now: datetime) -> str:
    """The holder confirms."""
    payload = {
        "nonce": request.nonce,
        "aud": request.client_id,
        "iat": int(now.timestamp()),
        "transaction_data": request.transaction_data,
    }
    covered = _encoded(_HEADER) + b"." + _encoded(msgspec.json.encode(payload))
    r, s = decode_dss_signature(key.sign(covered, _ECDSA))
    return (covered + b"." + _encoded(r.to_bytes(_HALF) + s.to_bytes(_HALF))).decode()


def check(presentation: str, request: Request, jwk: Mapping[str, Any], now: datetime) -> None:
    """Whether the wallet of `jwk` has confirmed `request`, and in time. Errors: `NotWallets`."""
    said = _opened(presentation, jwk)
    wanted = {
        "nonce": request.nonce,
        "aud": request.client_id,
        "transaction_data": msgspec.to_builtins(request.transaction_data),
    }
    for name, value in wanted.items():
        if said.get(name) != value:
            raise NotWallets(f"{name}: another one than was asked for")
    if now >= request.expires_at:
        raise NotWallets("expires_at: came too late")


def _opened(presentation: str, jwk: Mapping[str, Any]) -> dict[str, Any]:
    parts = presentation.split(".", 3) if len(presentation) <= MAX_PRESENTATION else []
    if len(parts) != 3 or not presentation.isascii():
        raise NotWallets("not a JWS in compact serialization")
    if _decoded(parts[0], MAX_PRESENTATION) != _HEADER:
        raise NotWallets("the header is not that of a presentation")
    signature = _decoded(parts[2], MAX_PRESENTATION)
    if len(signature) != 2 * _HALF:
        raise NotWallets("signature: not one of ES256")
    encoded = encode_dss_signature(int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:]))
    try:
        _public(jwk).verify(encoded, f"{parts[0]}.{parts[1]}".encode(), _ECDSA)
    except InvalidSignature as error:
        raise NotWallets("signature: not of this cardholder's wallet") from error
    try:
        return msgspec.json.decode(_decoded(parts[1], MAX_PRESENTATION), type=dict[str, Any])
    except msgspec.DecodeError as error:
        raise NotWallets("the payload is no object") from error


def _public(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """Errors: `NotWallets`."""
    try:
        x, y = (int.from_bytes(_decoded(str(jwk.get(name)), 64)) for name in ("x", "y"))
        return ec.EllipticCurvePublicNumbers(x, y, _CURVE).public_key()
    except ValueError as error:
        raise NotWallets("the wallet has no key of P-256") from error


def _encoded(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")


def _decoded(text: str, limit: int) -> bytes:
    """Errors: `NotWallets`."""
    if len(text) > limit or not text.isascii():
        raise NotWallets("too long, or not base64url")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise NotWallets("not base64url") from error
