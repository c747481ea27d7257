"""Who signs a PARes: a root, an issuing authority and a signer, as the schemes had them, and two signers not to be believed.

Keys come from `cryptography`; time and serial numbers are handed in.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID
from msgspec import Struct

RSA_BITS: Final = 2048
_YEAR: Final = timedelta(days=365)


class Signer(Struct, frozen=True):
    """A key and its certificates: the signer's own, the issuing authority's, the root's."""

    key: rsa.RSAPrivateKey
    certificates: tuple[x509.Certificate, ...]

    @property
    def root(self) -> x509.Certificate:
        return self.certificates[-1]

    def to_pem(self) -> str:
        """The key, unencrypted, and the certificates: to be sealed before it is stored."""
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key.decode() + "".join(c.public_bytes(Encoding.PEM).decode() for c in self.certificates)

    @classmethod
    def from_pem(cls, pem: str) -> "Signer":
        """Errors: ValueError for what `to_pem` did not write. What it did write was sealed: to prove again that the key's primes
        are prime would only cost time."""
        key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
        if not isinstance(key, rsa.RSAPrivateKey):
            raise ValueError("the signer's key is not an RSA key")  # noqa: TRY004 - the text is wrong, not its type
        return cls(key, tuple(x509.load_pem_x509_certificates(pem.encode())))


class SigningKeys(Struct, frozen=True):
    """`good` is issued under the root that merchants trust; `expired` is the same key in a certificate that has run out;
    `stray` has a chain with the same names under a root that nobody trusts."""

    good: Signer
    expired: Signer
    stray: Signer

    @property
    def root(self) -> x509.Certificate:
        """What a merchant plug-in is to trust."""
        return self.good.root

    def to_pems(self) -> dict[str, str]:
        return {"good": self.good.to_pem(), "expired": self.expired.to_pem(), "stray": self.stray.to_pem()}

    @classmethod
    def from_pems(cls, pems: dict[str, str]) -> "SigningKeys":
        """Errors: KeyError, ValueError for what `to_pems` did not write."""
        return cls(*(Signer.from_pem(pems[name]) for name in ("good", "expired", "stray")))


def create(now: datetime, random_bytes: Callable[[int], bytes], *, organisation: str = "acs-sim") -> SigningKeys:
    """New keys and certificates; takes about a quarter of a second.

    They are valid from years before `now` to years after it, so that a merchant's real clock and a moved virtual one agree.
    """
    issue = _Authority(organisation, random_bytes)
    root, intermediate, key, stray_root, stray_intermediate, stray_key = (_new_key() for _ in range(6))
    root_certificate = issue.root(root, now)
    issuing_certificate = issue.intermediate(intermediate, root, now)
    chain = (issuing_certificate, root_certificate)
    good = issue.signer(key, intermediate, now - 2 * _YEAR, now + 5 * _YEAR)
    expired = issue.signer(key, intermediate, now - 10 * _YEAR, now - 9 * _YEAR)
    stray = (
        issue.signer(stray_key, stray_intermediate, now - 2 * _YEAR, now + 5 * _YEAR),
        issue.intermediate(stray_intermediate, stray_root, now),
        issue.root(stray_root, now),
    )
    return SigningKeys(Signer(key, (good, *chain)), Signer(key, (expired, *chain)), Signer(stray_key, stray))


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, RSA_BITS)


class _Authority(Struct, frozen=True):
    organisation: str
    random_bytes: Callable[[int], bytes]

    def root(self, key: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
        return self._certificate(_ROOT, key, _ROOT, key, now - 11 * _YEAR, now + 20 * _YEAR, path_length=1)

    def intermediate(self, key: rsa.RSAPrivateKey, root: rsa.RSAPrivateKey, now: datetime) -> x509.Certificate:
        return self._certificate(_ISSUING, key, _ROOT, root, now - 11 * _YEAR, now + 10 * _YEAR, path_length=0)

    def signer(
        self, key: rsa.RSAPrivateKey, issuer: rsa.RSAPrivateKey, not_before: datetime, not_after: datetime
    ) -> x509.Certificate:
        return self._certificate(_SIGNER, key, _ISSUING, issuer, not_before, not_after)

    def _certificate(
        self,
        subject: str,
        key: rsa.RSAPrivateKey,
        issuer: str,
        issuer_key: rsa.RSAPrivateKey,
        not_before: datetime,
        not_after: datetime,
        *,
        path_length: int | None = None,
    ) -> x509.Certificate:
        authority = path_length is not None
        return (
            x509.CertificateBuilder()
            .subject_name(self._name(subject))
            .issuer_name(self._name(issuer))
            .public_key(key.public_key())
            .serial_number(int.from_bytes(b"\x01" + self.random_bytes(15)))
            .not_valid_before(not_before)
            .not_valid_after(not_after)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=path_length), critical=True)
            .add_extension(_key_usage(authority=authority), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
            .sign(issuer_key, SHA256())
        )

    def _name(self, common_name: str) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, self.organisation),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )


_ROOT: Final = "3-D Secure Test Root CA"
_ISSUING: Final = "3-D Secure Test Issuing CA"
_SIGNER: Final = "3-D Secure Test ACS Signing"


def _key_usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
