"""The seals of the two payment pages: pure functions over names, values and keys.

* e-transactions (Paybox): PBX_HMAC on what the shop sends, an RSA-SHA1 signature on what it gets back.
* Monetico (CMCIC_PAYMENT 3.0): one MAC, HMAC-SHA1, both ways.
"""

import base64
import hmac
from collections.abc import Iterable, Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1

PAYBOX_TEST_KEY: Final = "0123456789ABCDEF" * 8
"""The published key of Paybox's test sites, 128 hexadecimal digits."""
MONETICO_TEST_KEY: Final = "1036DEFD9175F29EE9337A1F284BDF781D5A4048"
"""The key that a public client library prints with its test terminal 9344512, 40 characters."""


def pbx_hmac(fields: Iterable[tuple[str, str]], key: str) -> str:
    """PBX_HMAC of `fields` in the order of the form, PBX_HMAC left out: upper-case hexadecimal HMAC-SHA512 over
    `name=value&…` that is not url-encoded. `key`: hexadecimal."""
    text = "&".join(f"{name}={value}" for name, value in fields if name != "PBX_HMAC")
    return hmac.digest(bytes.fromhex(key), text.encode(), "sha512").hex().upper()


def pbx_hmac_holds(fields: Mapping[str, str], key: str) -> bool:
    """Whether the PBX_HMAC among `fields` (in the order of the form) is right."""
    given = fields.get("PBX_HMAC", "").encode(errors="replace")
    return hmac.compare_digest(pbx_hmac(fields.items(), key).encode(), given)


def sign_answer(line: str, key: RSAPrivateKey) -> str:
    """Paybox's letter K before it is url-encoded: base64 of RSA-SHA1 (PKCS#1 v1.5) over the url-encoded answer line."""
    return base64.b64encode(key.sign(line.encode(), PKCS1v15(), SHA1())).decode()  # noqa: S303 - the manner prescribes it


def answer_signature_holds(line: str, signature: str, key: RSAPublicKey) -> bool:
    """Whether `signature` (base64) is letter K of `line`, the raw answer before its last `&`."""
    try:
        key.verify(base64.b64decode(signature, validate=True), line.encode(), PKCS1v15(), SHA1())  # noqa: S303
    except (InvalidSignature, ValueError):
        return False
    return True


def monetico_key(printed: str) -> bytes:
    """The 20 bytes of a key as the back office prints it (40 characters), after the historic repair of its last two: a 39th
    character with a code from 71 to 96 loses 23, or else a 40th `M` becomes `0`. Errors: `ValueError`."""
    if len(printed) != 40:
        raise ValueError("a Monetico key is 40 characters long")
    head, last = printed[38], printed[39]
    if 71 <= ord(head) <= 96:
        head = chr(ord(head) - 23)
    elif last == "M":
        last = "0"
    return bytes.fromhex(printed[:38] + head + last)


def monetico_mac(fields: Mapping[str, str], key: bytes) -> str:
    """MAC of every field but MAC itself, sorted by name, joined `name=value` with `*`: upper-case hexadecimal HMAC-SHA1."""
    text = "*".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "MAC")
    return hmac.digest(key, text.encode(), "sha1").hex().upper()


def monetico_mac_holds(fields: Mapping[str, str], key: bytes) -> bool:
    """Whether the MAC among `fields` is right, in whatever case it is written."""
    given = fields.get("MAC", "").upper().encode(errors="replace")
    return hmac.compare_digest(monetico_mac(fields, key).encode(), given)
