"""Certificates for TLS: an authority, and what it issues. Keys come from `cryptography`; the time is handed in.

Names, extensions and lifetimes follow RFC 5280 section 4.2 and what browsers accept (CA/Browser Forum Baseline Requirements
sections 6.3.2 and 7.1.2.7): a name stands in subjectAltName, and a certificate lives 397 days at most."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFETIME: Final = timedelta(days=3650)
LIFETIME: Final = timedelta(days=397)
CLOCK_SKEW: Final = timedelta(hours=1)
"""How far the clock of a machine that has just been told of a certificate may be behind."""
LOCAL_HOSTS: Final = ("localhost", "*.localhost", "127.0.0.1", "::1")
MAX_COMMON_NAME: Final = 64


@dataclass(frozen=True, slots=True)
class Issued:
    """A key, its certificate, and the authority's certificate that vouches for it."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate
    authority: x509.Certificate

    @property
    def chain_pem(self) -> bytes:
        """The certificate first, then the authority's."""
        return b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, self.authority))

    def key_pem(self, password: bytes | None = None) -> bytes:
        """PKCS #8, in clear without a `password`."""
        return _key_pem(self.key, password)

    def pkcs12(self, name: str, password: bytes) -> bytes:
        """Key and chain in the one file that Java's key stores read (RFC 7292)."""
        encryption = BestAvailableEncryption(password)
        return pkcs12.serialize_key_and_certificates(
            name.encode(), self.key, self.certificate, [self.authority], encryption
        )


@dataclass(frozen=True, slots=True)
class Authority:
    """The simulator's certificate authority."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, now: datetime) -> "Authority":
        key = ec.generate_private_key(ec.SECP256R1())
        # A serial number in the name: authorities of two installations in one trust store are told apart.
        name = _name(f"acs-sim test authority {x509.random_serial_number() % 10**8:08}")
        builder = _builder(name, name, key, now, AUTHORITY_LIFETIME)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
        return cls(key, builder.sign(key, SHA256()))

    @classmethod
    def from_pem(cls, pem: bytes) -> "Authority":
        """Errors: ValueError for what `to_pem` did not write."""
        key = load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the authority's key is not on an elliptic curve")  # noqa: TRY004 - the text is wrong
        return cls(key, x509.load_pem_x509_certificate(pem))

    def to_pem(self) -> bytes:
        """Key, in clear, and certificate."""
        return _key_pem(self.key) + self.certificate_pem

    @property
    def certificate_pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    def issue(self, name: str, hosts: Iterable[str], now: datetime) -> Issued:
        """A certificate for a party that is called under `hosts` (DNS names and addresses) and calls others itself: parties
        of 3-D Secure are server and client with one certificate.

        Errors: ValueError for a name or a host that no certificate can carry."""
        if not 0 < len(name) <= MAX_COMMON_NAME or not name.isprintable():
            raise ValueError(f"a certificate's name has 1 to {MAX_COMMON_NAME} printable characters")
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(_name(name), self.certificate.subject, key, now, LIFETIME)
        purposes = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_key_usage(signs_certificates=False), True),
            (x509.ExtendedKeyUsage(purposes), False),
            (x509.SubjectAlternativeName(_names(hosts)), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
        ):
            builder = builder.add_extension(extension, critical=critical)
        return Issued(key, builder.sign(self.key, SHA256()), self.certificate)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime, lifetime: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now - CLOCK_SKEW + lifetime)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "acs-sim")
    return x509.Name([organisation, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _names(hosts: Iterable[str]) -> list[x509.GeneralName]:
    return [_general_name(host) for host in dict.fromkeys(hosts)]


def _general_name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host.strip("[]")))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _key_pem(key: ec.EllipticCurvePrivateKey, password: bytes | None = None) -> bytes:
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
