"""Holds the signature of a PARes against the roots that a merchant trusts.

Only the shape that 1.0.2 prescribes is believed: one signature beside the one message, with one Reference to that message's own
id. The digest is taken of that element itself, never of whatever else in the document carries the id.
"""

import base64
import hmac
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from lxml import etree
from msgspec import Struct

from threedsecure.errors import ProtocolError
from threedsecure.v1.codec import SIGNATURE, message_element
from threedsecure.v1.parsing import MAX_MESSAGE_BYTES, parse
from threedsecure.v1.signature.signing import C14N, RSA_SHA1, RSA_SHA256, XMLDSIG, canonical, digest

MAX_CERTIFICATES: Final = 8

_ENVELOPED: Final = f"{XMLDSIG}enveloped-signature"
_EXCLUSIVE: Final = "http://www.w3.org/2001/10/xml-exc-c14n#"
# Method name to "exclusive"; the variants that keep comments are the same here, since comments are dropped.
_CANONICALISATIONS: Final[Mapping[str, bool]] = MappingProxyType(
    {C14N: False, f"{C14N}#WithComments": False, _EXCLUSIVE: True, f"{_EXCLUSIVE}WithComments": True}
)
_HASHES: Final[Mapping[str, type[SHA1] | type[SHA256]]] = MappingProxyType(
    {name: a.hash for a in (RSA_SHA1, RSA_SHA256) for name in (a.signature, a.digest)}
)


class SignatureFault(StrEnum):
    """Why a signature is not believed."""

    MISSING = "missing"
    MALFORMED = "malformed"
    ALGORITHM = "algorithm"
    CONTENT_CHANGED = "content-changed"
    VALUE_WRONG = "value-wrong"
    CHAIN_UNTRUSTED = "chain-untrusted"
    CERTIFICATE_NOT_VALID = "certificate-not-valid"


class SignatureInvalid(ProtocolError):
    """The signature is not to be believed; a merchant plug-in then takes the payment as status U and drops cavv and eci."""

    def __init__(self, fault: SignatureFault, detail: str) -> None:
        super().__init__(f"{fault}: {detail}")
        self.fault = fault
        self.detail = detail


class Verified(Struct, frozen=True):
    """A signature that holds: the path of certificates from the signer's to a trusted root, and the signature method."""

    path: tuple[x509.Certificate, ...]
    signature_method: str

    @property
    def signer(self) -> str:
        return self.path[0].subject.rfc4514_string()


def verify(
    xml: bytes,
    *,
    trusted: Collection[x509.Certificate],
    at: datetime,
    allow_sha1: bool = True,
    limit: int = MAX_MESSAGE_BYTES,
) -> Verified:
    """Verify the signature of the PARes in `xml`.

    `trusted`: roots; `at`: the instant for which the certificates must be valid; `allow_sha1`: RSA-SHA1 is what 1.0.2 signs
    with, and what newer policies refuse. Errors: `SignatureInvalid`; `MessageError` for what is no message at all.
    """
    root = parse(xml, limit=limit, keep_processing_instructions=True)
    message = message_element(root)
    signature = _signature_beside(message)
    signed_info = _only(signature, "SignedInfo")
    _check_reference(_only(signed_info, "Reference"), message, allow_sha1)
    certificates = _certificates(signature)
    path = _path(certificates, trusted, allow_sha1)
    method = _check_value(signature, signed_info, path[0] if path else _leaf(certificates), allow_sha1)
    if not path:
        raise SignatureInvalid(SignatureFault.CHAIN_UNTRUSTED, "the certificates do not lead to a trusted root")
    _check_validity(path, at)
    return Verified(path, method)


def carried_roots(xml: bytes, *, limit: int = MAX_MESSAGE_BYTES) -> tuple[x509.Certificate, ...]:
    """The self-issued certificates that a signed PARes brings along. Who verifies under them learns that the signature is whole,
    not that its signer is to be trusted. Errors: `SignatureInvalid`; `MessageError`."""
    signature = _signature_beside(message_element(parse(xml, limit=limit, keep_processing_instructions=True)))
    return tuple(found for found in _certificates(signature) if _issued(found, found, allow_sha1=True))


def _signature_beside(message: "etree._Element") -> "etree._Element":
    found = list(next(message.iterancestors()).iterchildren(SIGNATURE))
    if not found:
        raise SignatureInvalid(SignatureFault.MISSING, "no Signature stands beside the PARes")
    if len(found) > 1:
        raise _malformed("more than one Signature")
    return found[0]


def _check_reference(reference: "etree._Element", message: "etree._Element", allow_sha1: bool) -> None:
    identifier = message.get("id")
    if not identifier or reference.get("URI") != f"#{identifier}":
        raise _malformed(f"the Reference points to {reference.get('URI')}, not to the PARes")
    hash_ = _hash(_only(reference, "DigestMethod"), allow_sha1)
    content = canonical(message, exclusive=_exclusive(reference))
    if not hmac.compare_digest(digest(content, hash_()), _base64(_only(reference, "DigestValue"))):
        raise SignatureInvalid(SignatureFault.CONTENT_CHANGED, "the PARes is not the one that was signed")


def _exclusive(reference: "etree._Element") -> bool:
    """What the Transforms amount to. The enveloped-signature transform takes nothing away here: the signature stands outside."""
    exclusive = False
    for transform in reference.iterfind(f"{{{XMLDSIG}}}Transforms/{{{XMLDSIG}}}Transform"):
        name = transform.get("Algorithm", "")
        if name == _ENVELOPED:
            continue
        if name not in _CANONICALISATIONS or len(transform):
            raise SignatureInvalid(SignatureFault.ALGORITHM, f"the transform {name} is not accepted")
        exclusive = _CANONICALISATIONS[name]
    return exclusive


def _check_value(
    signature: "etree._Element", signed_info: "etree._Element", certificate: x509.Certificate, allow_sha1: bool
) -> str:
    canonicalisation = _only(signed_info, "CanonicalizationMethod")
    name = canonicalisation.get("Algorithm", "")
    if name not in _CANONICALISATIONS or len(canonicalisation):
        raise SignatureInvalid(SignatureFault.ALGORITHM, f"the canonicalisation {name} is not accepted")
    method = _only(signed_info, "SignatureMethod")
    hash_ = _hash(method, allow_sha1)
    key = certificate.public_key()
    if not isinstance(key, RSAPublicKey):
        raise SignatureInvalid(SignatureFault.ALGORITHM, "the signer's key is not an RSA key")
    content = canonical(signed_info, exclusive=_CANONICALISATIONS[name])
    try:
        key.verify(_base64(_only(signature, "SignatureValue")), content, PKCS1v15(), hash_())
    except InvalidSignature as error:
        raise SignatureInvalid(
            SignatureFault.VALUE_WRONG, "the signature is not that of the certificate's key"
        ) from error
    return method.get("Algorithm", "")


def _hash(method: "etree._Element", allow_sha1: bool) -> type[SHA1] | type[SHA256]:
    name = method.get("Algorithm", "")
    hash_ = _HASHES.get(name)
    is_digest = method.tag == f"{{{XMLDSIG}}}DigestMethod"
    if hash_ is None or is_digest != (name in (RSA_SHA1.digest, RSA_SHA256.digest)):
        raise SignatureInvalid(SignatureFault.ALGORITHM, f"the algorithm {name} is not accepted")
    if hash_ is SHA1 and not allow_sha1:
        raise SignatureInvalid(SignatureFault.ALGORITHM, "SHA-1 is not allowed")
    return hash_


# --- certificates --------------------------------------------------------------------------------------------------------


def _certificates(signature: "etree._Element") -> list[x509.Certificate]:
    elements = signature.findall(f"{{{XMLDSIG}}}KeyInfo/{{{XMLDSIG}}}X509Data/{{{XMLDSIG}}}X509Certificate")
    if not 1 <= len(elements) <= MAX_CERTIFICATES:
        raise _malformed(f"{len(elements)} certificates, where 1 to {MAX_CERTIFICATES} are expected")
    return [_certificate(element) for element in elements]


def _certificate(element: "etree._Element") -> x509.Certificate:
    try:
        certificate = x509.load_der_x509_certificate(_base64(element))
        # Read lazily by the library, and so perhaps never until it is too late to refuse them.
        _ = certificate.subject, certificate.issuer, certificate.public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise _malformed("a certificate cannot be read") from error
    return certificate


def _leaf(certificates: Sequence[x509.Certificate]) -> x509.Certificate:
    """The signer's own certificate: the first that issued none of the others."""
    for candidate in certificates:
        if not any(other is not candidate and other.issuer == candidate.subject for other in certificates):
            return candidate
    return certificates[0]


def _path(
    certificates: Sequence[x509.Certificate], trusted: Collection[x509.Certificate], allow_sha1: bool
) -> tuple[x509.Certificate, ...]:
    """From the signer's certificate to a trusted root, or nothing where no such path exists."""
    path = [_leaf(certificates)]
    while path[-1] not in trusted:
        candidates = [
            c for c in (*trusted, *certificates) if c not in path and _issued(c, path[-1], allow_sha1=allow_sha1)
        ]
        if not candidates:
            return ()
        path.append(candidates[0])
    return tuple(path)


def _issued(issuer: x509.Certificate, certificate: x509.Certificate, *, allow_sha1: bool) -> bool:
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        if allow_sha1 and signed_with_sha1(certificate):
            _check_issued_with_sha1(issuer, certificate)
        else:
            certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
        return False
    return constraints.ca


def signed_with_sha1(certificate: x509.Certificate) -> bool:
    """Whether the issuer signed with SHA-1, as all of 1.0.2's did and none may any more. A root's own signature proves nothing."""
    return isinstance(certificate.signature_hash_algorithm, SHA1)


def _check_issued_with_sha1(issuer: x509.Certificate, certificate: x509.Certificate) -> None:
    """What the library does for every other hash. Errors: ValueError, InvalidSignature."""
    key = issuer.public_key()
    if certificate.issuer != issuer.subject or not isinstance(key, RSAPublicKey):
        raise ValueError("another issuer")
    key.verify(certificate.signature, certificate.tbs_certificate_bytes, PKCS1v15(), SHA1())  # noqa: S303


def _check_validity(path: Sequence[x509.Certificate], at: datetime) -> None:
    for certificate in path:
        if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
            name = certificate.subject.rfc4514_string()
            span = f"{certificate.not_valid_before_utc:%Y-%m-%d} to {certificate.not_valid_after_utc:%Y-%m-%d}"
            raise SignatureInvalid(SignatureFault.CERTIFICATE_NOT_VALID, f"{name} is valid from {span}")


# --- reading -------------------------------------------------------------------------------------------------------------


def _only(parent: "etree._Element", name: str) -> "etree._Element":
    found = parent.findall(f"{{{XMLDSIG}}}{name}")
    if len(found) != 1:
        raise _malformed(f"{len(found)} {name} where one is expected")
    return found[0]


def _base64(element: "etree._Element") -> bytes:
    try:
        return base64.b64decode("".join((element.text or "").split()), validate=True)
    except ValueError as error:
        raise _malformed(f"{etree.QName(element).localname} is not base64") from error


def _malformed(detail: str) -> SignatureInvalid:
    return SignatureInvalid(SignatureFault.MALFORMED, detail)
