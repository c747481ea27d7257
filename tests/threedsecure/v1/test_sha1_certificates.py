"""Certificates signed with SHA-1, as the archives of 1.0.2 hold them: at every place of the path, and xmlsec1 as a second judge."""

from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from tests.support.signatures import xmlsec1_accepts
from tests.threedsecure.v1.samples import PARES
from threedsecure.v1.signature.pki import Signer
from threedsecure.v1.signature.signing import sign
from threedsecure.v1.signature.verification import (
    SignatureFault,
    SignatureInvalid,
    _issued,
    carried_roots,
    signed_with_sha1,
    verify,
)

NOW = datetime(2026, 6, 15, 12, 0, 5, tzinfo=UTC)
SHA256_WITH_RSA, SHA1_WITH_RSA = (bytes.fromhex(f"2a864886f70d0101{last}") for last in ("0b", "05"))
NAMES = ("root", "issuing", "signer")


@pytest.fixture(scope="module")
def keys() -> dict[str, RSAPrivateKey]:
    return {name: generate_private_key(65537, 2048) for name in NAMES}


def certificate(keys: dict[str, RSAPrivateKey], name: str, *, sha1: bool) -> x509.Certificate:
    issuer = {"root": "root", "issuing": "root", "signer": "issuing"}[name]
    names = [x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, one)]) for one in (name, issuer)]
    made = (
        x509.CertificateBuilder(names[1], names[0], keys[name].public_key(), 1 + NAMES.index(name))
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=name != "signer", path_length=None), critical=True)
        .sign(keys[issuer], SHA256())
    )
    return with_sha1(made, keys[issuer]) if sha1 else made


def with_sha1(made: x509.Certificate, issuer: RSAPrivateKey) -> x509.Certificate:
    """The library makes none any more: the algorithm is named anew, and what then stands there is signed anew."""
    told = made.tbs_certificate_bytes.replace(SHA256_WITH_RSA, SHA1_WITH_RSA)
    der = made.public_bytes(Encoding.DER).replace(made.tbs_certificate_bytes, told)
    der = der.replace(SHA256_WITH_RSA, SHA1_WITH_RSA).replace(made.signature, issuer.sign(told, PKCS1v15(), SHA1()))
    return x509.load_der_x509_certificate(der)


@pytest.mark.parametrize(
    "places", [{"root"}, {"issuing"}, {"signer"}, set(NAMES)], ids=["root", "issuing", "signer", "all"]
)
def test_a_path_that_is_signed_with_sha_1_is_verified_where_that_is_allowed(keys, places, tmp_path):
    root, issuing, signer = (certificate(keys, name, sha1=name in places) for name in NAMES)
    xml = sign(PARES.encode(), Signer(keys["signer"], (signer, issuing, root)))
    assert xmlsec1_accepts(xml, root, NOW, tmp_path)
    verified = verify(xml, trusted=[root], at=NOW)
    assert [signed_with_sha1(one) for one in verified.path] == [name in places for name in reversed(NAMES)]
    other = generate_private_key(65537, 2048)
    forged = certificate({**keys, "issuing": other}, "signer", sha1=True)
    strange = sign(PARES.encode(), Signer(keys["signer"], (forged, issuing, root)))
    with pytest.raises(SignatureInvalid) as caught:
        verify(strange, trusted=[root], at=NOW)
    assert caught.value.fault is SignatureFault.CHAIN_UNTRUSTED


def test_a_root_of_old_is_among_those_that_a_pares_brings_along(keys):
    root, issuing, signer = (certificate(keys, name, sha1=True) for name in NAMES)
    assert carried_roots(sign(PARES.encode(), Signer(keys["signer"], (signer, issuing, root)))) == (root,)


def test_who_signed_under_another_name_did_not_issue(keys):
    root, issuing, signer = (certificate(keys, name, sha1=True) for name in NAMES)
    assert _issued(issuing, signer, allow_sha1=True)
    assert not _issued(issuing, signer, allow_sha1=False)
    assert not _issued(root, signer, allow_sha1=True)
    renamed = certificate({**keys, "root": keys["issuing"]}, "root", sha1=True)
    assert not _issued(renamed, signer, allow_sha1=True)
