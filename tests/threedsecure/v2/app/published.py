"""The published worked samples of EMVCo's app-based cryptography (v2.1.0 of 2018, v3.0.0 of 2019), and keys made of them."""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

VECTORS = json.loads((Path(__file__).parent / "published_vectors.json").read_text("utf-8"))
SESSION, CHALLENGES = VECTORS["session"], VECTORS["challenge_messages"]
DEVICE, SIGNED = VECTORS["sdkEncData"], VECTORS["acsSignedContent"]
WITHIN = datetime(2020, 1, 1, tzinfo=UTC)
"""A time at which the published certificates are valid."""


def raw(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def number(text):
    return int.from_bytes(raw(text))


def ec_key(jwk):
    return ec.derive_private_key(number(jwk["d"]), ec.SECP256R1())


def rsa_key(jwk):
    n, e, d = (number(jwk[name]) for name in "ned")
    p, q = rsa.rsa_recover_prime_factors(n, e, d)
    made = rsa.RSAPrivateNumbers(
        p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(e, n)
    )
    return made.private_key()


def certificate(name):
    return x509.load_der_x509_certificate(base64.b64decode(SIGNED[name]))


ROOT = certificate("ds_root_der_b64")
SESSION_KEY = bytes.fromhex(SESSION["derived_256_hex"])


def flipped(compact, part, bit=0):
    """The same text with one bit changed in one of its parts."""
    parts = compact.split(".")
    changed = bytearray(raw(parts[part]))
    changed[len(changed) // 2] ^= 1 << bit
    parts[part] = base64.urlsafe_b64encode(bytes(changed)).decode().rstrip("=")
    return ".".join(parts)
