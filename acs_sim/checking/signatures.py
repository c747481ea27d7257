"""The signature of a PARes, held against roots that are trusted or, without any, against the root that the message carries."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

from cryptography.x509 import Certificate, load_pem_x509_certificates

from threedsecure.v1.signature.verification import SignatureInvalid, carried_roots, signed_with_sha1, verify
from threedsecure.v2.validation.advice import Advice

_SHA1: Final = "the certificate of {} is signed with SHA-1, which archives of 1.0.2 hold and receivers of today refuse"
DATE_TIME: Final = "%Y%m%d %H:%M:%S"


def read_roots(pem: bytes) -> tuple[Certificate, ...]:
    """Errors: ValueError for what holds no certificate in PEM."""
    return tuple(load_pem_x509_certificates(pem))


def signature_verdict(
    xml: bytes, pares: dict[str, Any], roots: Sequence[Certificate]
) -> tuple[str | None, tuple[Advice, ...]]:
    """Why the signature is not to be believed, None when it is; and what could be better. The certificates must have been valid
    when the PARes was made, so that archives can be read. `pares` has passed the tables."""
    at = datetime.strptime(pares["TX"]["time"], DATE_TIME).replace(tzinfo=UTC)
    try:
        verified = verify(xml, trusted=roots or carried_roots(xml), at=at)
    except SignatureInvalid as invalid:
        return str(invalid), ()
    weak = [one.subject.rfc4514_string() for one in verified.path if signed_with_sha1(one)]
    return None, tuple(Advice("Signature", _SHA1.format(name)) for name in weak)
