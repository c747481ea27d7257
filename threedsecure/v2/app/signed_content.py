"""acsSignedContent: what the ACS tells the SDK behind the back of whoever carries it - both ephemeral keys and where to post the
challenge - as a compact JWS with the signer's certificates (SDK specification, section 6.2.2.2)."""

from base64 import b64decode, b64encode, urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding
from msgspec import Struct

RS256: Final = "RS256"
"""Not allowed; here to be refused."""
ES256: Final = "ES256"
PS256: Final = "PS256"
MAX_CONTENT: Final = 16_000
"""Characters; the bound of 2.3.1."""
MAX_CERTIFICATES: Final = 5
_SHA256: Final = hashes.SHA256()
_ECDSA: Final = ec.ECDSA(_SHA256)
_PSS: Final = PSS(MGF1(_SHA256), 32)
_HALF: Final = 32

SigningKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class NotTrusted(ValueError):
    """The content is not one that the ACS of a known scheme signed; the words say why."""


class ContentSigner(Struct, frozen=True):
    """A signing key and the JWS header with its certificates, encoded once for all signatures."""

    key: SigningKey
    protected: bytes
    padding: PSS | PKCS1v15 = _PSS

    @classmethod
    def of(
        cls, key: SigningKey, certificates: Sequence[x509.Certificate], *, alg: str | None = None
    ) -> "ContentSigner":
        """`certificates`: the signer's first, without the root. `alg`: another name than the key's, for a header that lies."""
        chain = [b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in certificates]
        own = ES256 if isinstance(key, ec.EllipticCurvePrivateKey) else PS256
        padding = PKCS1v15() if alg == RS256 else _PSS
        return cls(key, _encoded(orjson.dumps({"alg": alg or own, "x5c": chain})), padding)

    def sign(self, payload: Mapping[str, Any]) -> str:
        """The JWS of a payload (`payload_of`)."""
        return self.sign_bytes(orjson.dumps(payload))

    def sign_bytes(self, payload: bytes) -> str:
        """The JWS of anything."""
        covered = self.protected + b"." + _encoded(payload)
        if isinstance(self.key, rsa.RSAPrivateKey):
            signature = self.key.sign(covered, self.padding, _SHA256)
        else:
            r, s = decode_dss_signature(self.key.sign(covered, _ECDSA))
            signature = r.to_bytes(_HALF) + s.to_bytes(_HALF)
        return (covered + b"." + _encoded(signature)).decode()


class SignedContent(Struct, frozen=True):
    """What was signed. Keys are JWKs as they stood."""

    acs_ephem_pub_key: Mapping[str, Any]
    sdk_ephem_pub_key: Mapping[str, Any]
    acs_url: str


def payload_of(
    acs_ephem_pub_key: Mapping[str, str], sdk_ephem_pub_key: Mapping[str, str], acs_url: str
) -> dict[str, Any]:
    """Keys as JWKs."""
    return {"acsEphemPubKey": acs_ephem_pub_key, "sdkEphemPubKey": sdk_ephem_pub_key, "acsURL": acs_url}


def read_signed_content(compact: str, roots: Sequence[x509.Certificate], at: datetime) -> SignedContent:
    """The content of an acsSignedContent. Errors: `NotTrusted`."""
    return _content(read_payload(compact, roots, at))


def read_payload(compact: str, roots: Sequence[x509.Certificate], at: datetime) -> dict[str, Any]:
    """What a compact JWS says, once signature and chain are found to be right at that time. As in the SDKs no certificate is asked
    about revocation, and a key that the header carries otherwise (`jwk`) counts for nothing. Errors: `NotTrusted`."""
    parts = compact.split(".", 3) if len(compact) <= MAX_CONTENT else []
    if len(parts) != 3:
        raise NotTrusted("not a JWS in compact serialization")
    header = _object(_decoded(parts[0]), "the JWS header")
    certificates = _certificates(header.get("x5c"))
    _check_path(certificates, roots, at)
    _check_signature(header.get("alg"), certificates[0], f"{parts[0]}.{parts[1]}".encode(), _decoded(parts[2]))
    return _object(_decoded(parts[1]), "the payload")


def _content(payload: Mapping[str, Any]) -> SignedContent:
    keys = [payload.get(name) for name in ("acsEphemPubKey", "sdkEphemPubKey")]
    acs_url = payload.get("acsURL")
    if not (isinstance(keys[0], dict) and isinstance(keys[1], dict) and isinstance(acs_url, str)):
        raise NotTrusted("the payload lacks acsEphemPubKey, sdkEphemPubKey or acsURL")
    return SignedContent(keys[0], keys[1], acs_url)


def _check_signature(alg: object, certificate: x509.Certificate, covered: bytes, signature: bytes) -> None:
    key = certificate.public_key()
    try:
        if alg == ES256 and isinstance(key, ec.EllipticCurvePublicKey) and len(signature) == 2 * _HALF:
            r, s = int.from_bytes(signature[:_HALF]), int.from_bytes(signature[_HALF:])
            key.verify(encode_dss_signature(r, s), covered, _ECDSA)
        elif alg == PS256 and isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, covered, _PSS, _SHA256)
        else:
            raise NotTrusted(f"alg is {ES256} or {PS256}, with a key and a signature of that kind")
    except InvalidSignature as error:
        raise NotTrusted("the signature is not that of the certificate's key") from error


def _certificates(x5c: object) -> list[x509.Certificate]:
    if not isinstance(x5c, list) or not 1 <= len(x5c) <= MAX_CERTIFICATES:
        raise NotTrusted(f"x5c holds 1 to {MAX_CERTIFICATES} certificates")
    try:
        return [x509.load_der_x509_certificate(b64decode(text, validate=True)) for text in x5c]
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise NotTrusted("a certificate cannot be read") from error


def _check_path(certificates: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], at: datetime) -> None:
    """From the signer's certificate over those that came along to a root that is known."""
    path = [certificates[0]]
    while path[-1] not in roots:
        issuers = [one for one in (*roots, *certificates) if one not in path and _issued(one, path[-1], len(path) - 1)]
        if not issuers:
            raise NotTrusted("no path leads from the signer's certificate to a known root")
        path.append(issuers[0])
    for certificate in path:
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            raise NotTrusted(f"{certificate.subject.rfc4514_string()} is not valid at {at:%Y-%m-%d}")


def _issued(issuer: x509.Certificate, certificate: x509.Certificate, below: int) -> bool:
    """`below`: how many authorities stand between this issuer and the signer."""
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return constraints.ca and (constraints.path_length is None or below <= constraints.path_length)


def _object(raw: bytes, what: str) -> dict[str, Any]:
    try:
        document = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise NotTrusted(f"{what} is not JSON") from error
    if not isinstance(document, dict):
        raise NotTrusted(f"{what} is not an object")
    return document


def _decoded(text: str) -> bytes:
    if "=" in text or "+" in text or "/" in text:
        raise NotTrusted("a part of the JWS is not base64url")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise NotTrusted("a part of the JWS is not base64url") from error


def _encoded(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
