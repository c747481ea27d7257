"""Certificates for TLS: an authority, and what it issues. Keys come from `cryptography`; the time is handed in.

Names, extensions and lifetimes follow RFC 5280 section 4.2 and what browsers accept (CA/Browser Forum Baseline Requirements
sections 6.3.2 and 7.1.2.7): a name stands in subjectAltName, and a certificate lives 397 days at most."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

AUTHORITY_LIFETIME: Final = timedelta(days=3650)
LIFETIME: Final = timedelta(days=397)
CLOCK_SKEW: Final = timedelta(hours=1)
"""How far the clock of a machine that has just been told of a certificate may be behind."""
LOCAL_HOSTS: Final = ("localhost", "*.localhost", "127.0.0.1", "::1")
MAX_COMMON_NAME: Final = 64
WEAKEST_RSA_BITS: Final = 2048
WEAK_RSA_BITS: Final = 1024
CRL_PATH: Final = "/ca.crl"
OCSP_PATH: Final = "/ocsp"
PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True, slots=True)
class Terms:
    """What a certificate says of a party that is called under `hosts` (DNS names and addresses) and calls others itself: parties
    of 3-D Secure are server and client with one certificate. `role`: as whom it opens doors. `revocation`: the base address of
    whoever tells what was revoked, for peers that ask."""

    name: str
    hosts: tuple[str, ...]
    since: datetime
    until: datetime
    role: str | None = None
    revocation: str | None = None
    purposes: tuple[x509.ObjectIdentifier, ...] = (ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH)
    weak_key: bool = False

    @classmethod
    def of(
        cls, name: str, hosts: Iterable[str], now: datetime, role: str | None = None, revocation: str | None = None
    ) -> "Terms":
        """From now on, for as long as browsers accept. Errors: ValueError for a name that no certificate can carry."""
        if not 0 < len(name) <= MAX_COMMON_NAME or not name.isprintable():
            raise ValueError(f"a certificate's name has 1 to {MAX_COMMON_NAME} printable characters")
        since = now - CLOCK_SKEW
        return cls(name, tuple(hosts), since, since + LIFETIME, role, revocation)


@dataclass(frozen=True, slots=True)
class Issued:
    """A key, its certificate, and the certificates above it that are shown with it."""

    key: PrivateKey
    certificate: x509.Certificate
    above: tuple[x509.Certificate, ...]

    @property
    def chain_pem(self) -> bytes:
        """The certificate first, then those above it."""
        return b"".join(one.public_bytes(Encoding.PEM) for one in (self.certificate, *self.above))

    @property
    def is_weak(self) -> bool:
        """Whether OpenSSL refuses to show it where it is not told otherwise."""
        return isinstance(self.key, rsa.RSAPrivateKey) and self.key.key_size < WEAKEST_RSA_BITS

    def key_pem(self, password: bytes | None = None) -> bytes:
        """PKCS #8, in clear without a `password`."""
        return _key_pem(self.key, password)

    def pkcs12(self, name: str, password: bytes) -> bytes:
        """Key and chain in the one file that Java's key stores read (RFC 7292)."""
        encryption = BestAvailableEncryption(password)
        return pkcs12.serialize_key_and_certificates(name.encode(), self.key, self.certificate, self.above, encryption)


@dataclass(frozen=True, slots=True)
class Authority:
    """The simulator's certificate authority."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def create(cls, now: datetime, named: x509.Name | None = None) -> "Authority":
        """`named`: as another one, with which it has nothing else in common."""
        key = ec.generate_private_key(ec.SECP256R1())
        # A serial number in the name: authorities of two installations in one trust store are told apart.
        name = named or _name(f"acs-sim test authority {x509.random_serial_number() % 10**8:08}")
        return cls(key, _authority(name, key.public_key(), name, now).sign(key, SHA256()))

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

    def below(self, name: str, now: datetime) -> "Authority":
        """Another authority that this one vouches for."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _authority(_name(name), key.public_key(), self.certificate.subject, now).sign(self.key, SHA256())
        return Authority(key, certificate)

    def issue(self, name: str, hosts: Iterable[str], now: datetime) -> Issued:
        """A certificate with nothing special. Errors: ValueError for a name or a host that no certificate can carry."""
        return self.certify(Terms.of(name, hosts, now))

    def certify(self, terms: Terms) -> Issued:
        """A certificate that says so. Errors: ValueError for a host that no certificate can carry."""
        key = (
            rsa.generate_private_key(65537, WEAK_RSA_BITS)
            if terms.weak_key
            else ec.generate_private_key(ec.SECP256R1())
        )
        subject, issuer = _name(terms.name, terms.role), self.certificate.subject
        builder = _builder(subject, issuer, key.public_key(), terms.since, terms.until)
        for extension, critical in (
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (_key_usage(signs_certificates=False), True),
            (x509.ExtendedKeyUsage(terms.purposes), False),
            (x509.SubjectAlternativeName(_names(terms.hosts)), False),
            (x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()), False),
            *((extension, False) for extension in _revocation(terms.revocation)),
        ):
            builder = builder.add_extension(extension, critical=critical)
        return Issued(key, builder.sign(self.key, SHA256()), (self.certificate,))


def _authority(subject: x509.Name, key: PublicKey, issuer: x509.Name, now: datetime) -> x509.CertificateBuilder:
    since = now - CLOCK_SKEW
    builder = _builder(subject, issuer, key, since, since + AUTHORITY_LIFETIME)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    return builder.add_extension(_key_usage(signs_certificates=True), critical=True)


def _revocation(base: str | None) -> list[x509.ExtensionType]:
    """Where the CRL and OCSP are."""
    if base is None:
        return []
    crl, answers = (x509.UniformResourceIdentifier(base + path) for path in (CRL_PATH, OCSP_PATH))
    return [
        x509.CRLDistributionPoints([x509.DistributionPoint([crl], None, None, None)]),
        x509.AuthorityInformationAccess([x509.AccessDescription(AuthorityInformationAccessOID.OCSP, answers)]),
    ]


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PublicKey, since: datetime, until: datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(since)
        .not_valid_after(until)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str, unit: str | None = None) -> x509.Name:
    units = [] if unit is None else [x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, unit)]
    organisation = x509.NameAttribute(NameOID.ORGANIZATION_NAME, "acs-sim")
    return x509.Name([organisation, *units, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


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


def _key_pem(key: PrivateKey, password: bytes | None = None) -> bytes:
    encryption = NoEncryption() if password is None else BestAvailableEncryption(password)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
