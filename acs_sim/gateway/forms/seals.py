"""The seals of the two payment pages: pure functions over names, values and keys.

* e-transactions (Paybox): PBX_HMAC on what the shop sends, an RSA-SHA1 signature on what it gets back.
* Monetico (CMCIC_PAYMENT 3.0): one MAC, HMAC-SHA1, both ways.
"""

import base64
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.hashes import SHA1

PAYBOX_TEST_KEY: Final = "0123456789ABCDEF" * 8
"""The published key of Paybox's test sites, 128 hexadecimal digits."""
MONETICO_TEST_KEY: Final = "1036DEFD9175F29EE9337A1F284BDF781D5A4048"
"""The key that a public client library prints with its test terminal 9344512, 40 characters."""


def first_that(holds: Callable[[str], bool], posted: str) -> str | None:
    """The character set in which a seal holds: mostly that in which the form was posted. A page in one and a kit in the other are
    not rare, since the vendors' own kits seal ISO-8859-1."""
    return next((charset for charset in dict.fromkeys((posted, "utf-8", "iso-8859-1")) if holds(charset)), None)


def pbx_hmac(fields: Iterable[tuple[str, str]], key: str, *, name: str = "PBX_HMAC", charset: str = "utf-8") -> str:
    """PBX_HMAC of `fields` in the order of the form, PBX_HMAC left out: upper-case hexadecimal HMAC-SHA512 over
    `name=value&…` that is not url-encoded. `key`: hexadecimal; `name`: that of the seal."""
    text = "&".join(f"{field}={value}" for field, value in fields if field != name)
    return hmac.digest(bytes.fromhex(key), text.encode(charset, "replace"), "sha512").hex().upper()


def pbx_hmac_holds(fields: Mapping[str, str], key: str, *, name: str = "PBX_HMAC", charset: str = "utf-8") -> bool:
    """Whether the seal `name` among `fields` (in the order of the form) is right."""
    given = fields.get(name, "").encode(errors="replace")
    return hmac.compare_digest(pbx_hmac(fields.items(), key, name=name, charset=charset).encode(), given)


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


def monetico_mac(fields: Mapping[str, str], key: bytes, charset: str = "utf-8") -> str:
    """MAC of every field but MAC itself, sorted by name, joined `name=value` with `*`: upper-case hexadecimal HMAC-SHA1."""
    text = "*".join(f"{name}={fields[name]}" for name in sorted(fields) if name != "MAC")
    return hmac.digest(key, text.encode(charset, "replace"), "sha1").hex().upper()


def monetico_mac_holds(fields: Mapping[str, str], key: bytes, charset: str = "utf-8") -> bool:
    """Whether the MAC among `fields` is right, in whatever case it is written."""
    return _same(monetico_mac(fields, key, charset), fields.get("MAC", ""))


_OLD_FORM: Final = (
    *("TPE", "date", "montant", "reference", "texte-libre", "version", "lgue", "societe", "mail", "nbrech"),
    *("dateech1", "montantech1", "dateech2", "montantech2", "dateech3", "montantech3", "dateech4", "montantech4"),
    "options",
)
_OLD_ANSWER: Final = (
    *("TPE", "date", "montant", "reference", "texte-libre", "version", "code-retour", "cvx", "vld", "brand"),
    *("status3ds", "numauto", "motifrefus", "originecb", "bincb", "hpancb", "ipclient", "originetr", "veres", "pares"),
)


def monetico_old_mac(fields: Mapping[str, str], key: bytes, charset: str = "utf-8") -> str:
    """MAC of a form as it was before the sorted one (interface 3.0 of the years of 1.0.2): the values alone in a fixed order, `*`
    between them."""
    text = "*".join(fields.get(name, "") for name in _OLD_FORM)
    return hmac.digest(key, text.encode(charset, "replace"), "sha1").hex().upper()


def monetico_old_mac_holds(fields: Mapping[str, str], key: bytes, charset: str = "utf-8") -> bool:
    """Whether the MAC among `fields` is that of the old form."""
    return _same(monetico_old_mac(fields, key, charset), fields.get("MAC", ""))


def monetico_old_answer_mac(fields: Mapping[str, str], key: bytes, charset: str = "utf-8") -> str:
    """MAC of an answer to the old form: the values in a fixed order, each followed by `*`."""
    text = "".join(f"{fields.get(name, '')}*" for name in _OLD_ANSWER)
    return hmac.digest(key, text.encode(charset, "replace"), "sha1").hex().upper()


def same_text(right: str, given: str) -> bool:
    """Whether two secrets are one, in a time that does not tell where they differ."""
    return hmac.compare_digest(right.encode(), given.encode(errors="replace"))


def _same(right: str, given: str) -> bool:
    return hmac.compare_digest(right.encode(), given.upper().encode(errors="replace"))
