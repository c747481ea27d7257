"""The keys of challenges in apps: one that signs what the ACS tells the SDK, and a fresh one for every challenge.

The key of a challenge is made of its acsTransID under the installation's own key, so that nothing secret is stored, and every
process that shares the tables finds the same."""

from functools import cache
from importlib.resources import files
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from acs.cards.plays import content_defect_of
from acs.issuer import Issuer
from acs.v2.records import App, Transaction
from threedsecure.v2.app.jose import public_jwk, public_key
from threedsecure.v2.app.session import agreed_key
from threedsecure.v2.app.signed_content import ES256, MAX_CONTENT, PS256, RS256, ContentSigner, payload_of
from threedsecure.v2.codec import decode_base64url, decode_object, encode, encode_base64url

SIGNERS: Final = {ES256: "acs-signing-ec.pem", PS256: "acs-signing-rsa.pem"}
NO_JSON: Final = b"not the JSON that was meant to be here"
ANOTHER_URL: Final = "https://acs.example/3ds2/app-challenge"
PLAIN_HTTP: Final = "http://acs.example/3ds2/app-challenge"
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
    payload = payload_of(own, app.sdk_ephem_pub_key, url)
    defect = content_defect_of(transaction.card.scenario)
    if defect is not None:
        return badly_signed(encode(payload), settings.content_signature, defect)
    return signer(settings.content_signature).sign(payload)


def badly_signed(payload: bytes, alg: str, defect: str | None) -> str:
    """acsSignedContent that an SDK has to refuse, by the name of what is wrong with it (docs/app.md); None: it is right."""
    match defect:
        case "wrong-chain":
            return read_signer("acs-signing-stray.pem").sign_bytes(payload)
        case "expired-certificate":
            return read_signer("acs-signing-expired.pem").sign_bytes(payload)
        case "wrong-algorithm":
            return read_signer(SIGNERS[PS256], RS256).sign_bytes(payload)
        case "unreadable":
            return signer(alg).sign_bytes(NO_JSON)
        case "other-key":
            told = decode_object(payload)
            return signer(alg).sign(told | {"sdkEphemPubKey": told["acsEphemPubKey"]})
        case "plain-http":
            return signer(alg).sign(decode_object(payload) | {"acsURL": PLAIN_HTTP})
    signed = signer(alg).sign_bytes(payload)
    return _tampered(signed) if defect == "tampered" else signed


def _tampered(signed: str) -> str:
    """Another acsURL than was signed."""
    header, payload, signature = signed.split(".")
    told = decode_object(decode_base64url(payload, limit=MAX_CONTENT))
    changed = encode_base64url(encode(told | {"acsURL": ANOTHER_URL}))
    return f"{header}.{changed}.{signature}"


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
