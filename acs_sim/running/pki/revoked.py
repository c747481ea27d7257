"""What the authority has revoked: kept in a file beside it, which `acs-sim pki issue` adds to while a simulator runs, and told as a
CRL (RFC 5280, section 5) and by OCSP (RFC 6960)."""

import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256, Hash
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from acs_sim.running.pki.authority import CLOCK_SKEW, LIFETIME, Authority

TOLD_FOR: Final = timedelta(hours=1)
"""How long a peer may keep what it was told."""


class Revoked:
    """Serial numbers of certificates. `path`: where they are kept; None where nothing is."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._numbers: frozenset[int] = frozenset()
        self._read_at = (0, 0)

    def add(self, number: int) -> None:
        """Errors: OSError."""
        if self._path is None:
            self._numbers |= {number}
            return
        line = f"{number:x}\n".encode()
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(file, line)
        finally:
            os.close(file)

    @property
    def numbers(self) -> frozenset[int]:
        """As of now: the file is read again when it has changed."""
        if self._path is None:
            return self._numbers
        try:
            seen = self._path.stat()
            if (seen.st_mtime_ns, seen.st_size) != self._read_at:
                self._numbers = frozenset(int(line, 16) for line in self._path.read_text().split())
                self._read_at = (seen.st_mtime_ns, seen.st_size)
        except FileNotFoundError:
            pass
        return self._numbers

    def crl(self, authority: Authority, now: datetime, lives: timedelta = LIFETIME) -> x509.CertificateRevocationList:
        """Later than every one that lists fewer, also within a second: of two that it was given, OpenSSL believes the later one."""
        since = now - CLOCK_SKEW + min(timedelta(seconds=len(self.numbers)), CLOCK_SKEW / 2)
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(authority.certificate.subject)
            .last_update(since)
            .next_update(now + lives)
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
            )
        )
        for number in sorted(self.numbers):
            entry = x509.RevokedCertificateBuilder().serial_number(number).revocation_date(since)
            builder = builder.add_revoked_certificate(entry.build())
        return builder.sign(authority.key, SHA256())

    def ocsp(self, asked: bytes, authority: Authority, now: datetime) -> bytes:
        """The answer to one question, as DER. Whatever is no question is answered so, as RFC 6960 section 2.3 wants it."""
        try:
            request = ocsp.load_der_ocsp_request(asked)
            is_ours = request.issuer_key_hash == _key_hash(authority, request)
        except (ValueError, x509.UnsupportedGeneralNameType, NotImplementedError):
            wrong = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.MALFORMED_REQUEST)
            return wrong.public_bytes(Encoding.DER)
        status = ocsp.OCSPCertStatus.GOOD if is_ours else ocsp.OCSPCertStatus.UNKNOWN
        revoked_at = None
        if is_ours and request.serial_number in self.numbers:
            status, revoked_at = ocsp.OCSPCertStatus.REVOKED, now - CLOCK_SKEW
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            request.issuer_name_hash,
            request.issuer_key_hash,
            request.serial_number,
            request.hash_algorithm,
            status,
            now - CLOCK_SKEW,
            now + TOLD_FOR,
            revoked_at,
            None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, authority.certificate)
        for extension in request.extensions:
            if isinstance(extension.value, x509.OCSPNonce):
                builder = builder.add_extension(extension.value, critical=False)
        return builder.sign(authority.key, SHA256()).public_bytes(Encoding.DER)


def _key_hash(authority: Authority, request: ocsp.OCSPRequest) -> bytes:
    point = authority.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    digest = Hash(request.hash_algorithm)
    digest.update(point)
    return digest.finalize()
