"""The keys of challenges in apps: one that signs what the ACS tells the SDK, and a fresh one for every challenge.

The key of a challenge is made of its acsTransID under the installation's own key, so that nothing secret is stored, and every
process that shares the tables finds the same."""

from functools import cache
from importlib.resources import files
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from acs.issuer import Issuer
from acs.v2.records import App, Transaction
from threedsecure.v2.app.jose import public_jwk, public_key
from threedsecure.v2.app.session import agreed_key
from threedsecure.v2.app.signed_content import ES256, PS256, ContentSigner, payload_of

SIGNERS: Final = {ES256: "acs-signing-ec.pem", PS256: "acs-signing-rsa.pem"}
_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
"""Of P-256."""


def signed_content(issuer: Issuer, transaction: Transaction) -> str | None:
    """acsSignedContent for the ARes of a challenge in an app; None in a browser."""
    app = transaction.purchase.app
    if app is None:
        return None
    settings = issuer.settings
    own = public_jwk(_own(issuer, transaction.acs_trans_id).public_key())
    url = settings.of(transaction.card.pan).app_challenge_url
    return signer(settings.content_signature).sign(payload_of(own, app.sdk_ephem_pub_key, url))


def session_key(issuer: Issuer, acs_trans_id: str, app: App) -> bytes:
    """The 32 bytes that the SDK has derived too."""
    own, theirs = _own(issuer, acs_trans_id), public_key(app.sdk_ephem_pub_key)
    return agreed_key(own, theirs, app.sdk_reference_number)


def _own(issuer: Issuer, acs_trans_id: str) -> ec.EllipticCurvePrivateKey:
    drawn = int.from_bytes(issuer.runtime.vault.secret("app challenge", acs_trans_id))
    return ec.derive_private_key(drawn % (_ORDER - 1) + 1, ec.SECP256R1())


@cache
def signer(alg: str) -> ContentSigner:
    """The published test signer of an algorithm, its certificates encoded once."""
    return read_signer(SIGNERS[alg])


def read_signer(name: str, alg: str | None = None) -> ContentSigner:
    """The key and the certificates of a published file."""
    pem = (files("fixtures") / "keys" / name).read_bytes()
    key = load_pem_private_key(pem, None)
    if not isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey):
        raise TypeError(f"{name} is of another kind")
    return ContentSigner.of(key, x509.load_pem_x509_certificates(pem), alg=alg)
