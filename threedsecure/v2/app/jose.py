"""JWE as EMV 3DS uses it (facts: SDK device information, section 6.2.2): compact, two key managements, two content encryptions.

ECDH-ES is not that of RFC 7518: AlgorithmID and PartyUInfo are empty, PartyVInfo is the receiver's name, and 256 bits are derived
whatever the content encryption, so a stock JOSE library derives another key. Nothing here is random by itself."""

import binascii
import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, padding
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, OAEP
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash
from msgspec import Struct

RSA_OAEP_256: Final = "RSA-OAEP-256"
ECDH_ES: Final = "ECDH-ES"
DIRECT: Final = "dir"
"""With an `epk` in the header old SDKs mean ECDH-ES by it."""
A128CBC_HS256: Final = "A128CBC-HS256"
A128GCM: Final = "A128GCM"

MAX_COMPACT: Final = 100_000
MAX_HEADER: Final = 4_096
DERIVED_BYTES: Final = 32
_CONTENT_KEY_BYTES: Final = {A128CBC_HS256: 32, A128GCM: 16}
_IV_BYTES: Final = {A128CBC_HS256: 16, A128GCM: 12}
_TAG_BYTES: Final = 16
_COORDINATE_BYTES: Final = 32
_OAEP: Final = OAEP(MGF1(hashes.SHA256()), hashes.SHA256(), None)
_BASE64URL: Final = re.compile(r"[A-Za-z0-9_-]*").fullmatch

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
Random = Callable[[int], bytes]


class NotDecrypted(ValueError):
    """The text is no JWE that the key opens; the words say why, and nothing of what is inside."""


class KeyUnknown(NotDecrypted):
    """The header names a key that the receiver does not have."""


class Jwe(Struct, frozen=True):
    """A compact JWE taken apart; `protected` is the header as it was written, which the tag covers."""

    header: Mapping[str, Any]
    protected: bytes
    encrypted_key: bytes
    iv: bytes
    ciphertext: bytes
    tag: bytes


def parse(text: str, *, limit: int = MAX_COMPACT) -> Jwe:
    """`limit`: the longest text that is looked at. Errors: `NotDecrypted`."""
    parts = text.split(".", 5) if len(text) <= limit else []
    if len(parts) != 5:
        raise NotDecrypted("not a JWE in compact serialization")
    protected, *rest = parts
    if len(protected) > MAX_HEADER:
        raise NotDecrypted("the JWE header is too long")
    try:
        header = orjson.loads(_decoded(protected))
    except orjson.JSONDecodeError as error:
        raise NotDecrypted("the JWE header is not JSON") from error
    if type(header) is not dict:
        raise NotDecrypted("the JWE header is not an object")
    return Jwe(header, protected.encode(), *(_decoded(part) for part in rest))


def decrypt(text: str, keys: Mapping[str, PrivateKey], party_v_info: str) -> bytes:
    """The plaintext of a JWE. `keys`: by kid; a JWE without kid is for the key of its kind. `party_v_info`: the receiver's name in
    the key derivation. Errors: `NotDecrypted`, `KeyUnknown`."""
    jwe = parse(text)
    check_header(jwe.header)
    return open_content(jwe, _content_key(jwe, keys, party_v_info))


def check_header(header: Mapping[str, Any]) -> None:
    """What every JWE of EMV 3DS keeps to. Errors: `NotDecrypted`."""
    if header.get("enc") not in (A128CBC_HS256, A128GCM):
        raise NotDecrypted(f"enc is one of {', '.join(_CONTENT_KEY_BYTES)}")
    if "crit" in header or "zip" in header:
        raise NotDecrypted("the JWE header asks for what is not understood")


def encrypt(
    plaintext: bytes,
    key: PublicKey,
    *,
    enc: str,
    random: Random,
    kid: str | None = None,
    party_v_info: str = "",
    ephemeral: ec.EllipticCurvePrivateKey | None = None,
) -> str:
    """A compact JWE, as an SDK makes it. `ephemeral`: its key for this message, with an elliptic `key`."""
    header: dict[str, Any] = {"enc": enc} if kid is None else {"enc": enc, "kid": kid}
    if isinstance(key, rsa.RSAPublicKey):
        header["alg"] = RSA_OAEP_256
        content_key = random(_CONTENT_KEY_BYTES[enc])
        encrypted_key = key.encrypt(content_key, _OAEP)
    else:
        if ephemeral is None:
            raise ValueError("an elliptic key needs an ephemeral one")
        header |= {"alg": ECDH_ES, "epk": public_jwk(ephemeral.public_key())}
        content_key = agreed_key(ephemeral, key, party_v_info)[: _CONTENT_KEY_BYTES[enc]]
        encrypted_key = b""
    return compact(header, encrypted_key, content_key, random(_IV_BYTES[enc]), plaintext)


def compact(header: Mapping[str, Any], encrypted_key: bytes, content_key: bytes, iv: bytes, plaintext: bytes) -> str:
    """The JWE of `plaintext` under a content key that is known already; `header` names its encryption (`enc`)."""
    protected = _encoded(orjson.dumps(header))
    ciphertext, tag = _seal(header["enc"], content_key, iv, plaintext, protected)
    return b".".join((protected, *map(_encoded, (encrypted_key, iv, ciphertext, tag)))).decode()


def agreed_key(own: ec.EllipticCurvePrivateKey, other: ec.EllipticCurvePublicKey, party_v_info: str) -> bytes:
    """32 bytes: ECDH on P-256, then one round of the Concat KDF with everything empty but PartyVInfo."""
    return concat_kdf(own.exchange(ec.ECDH(), other), b"", b"", party_v_info.encode(), DERIVED_BYTES)


def concat_kdf(z: bytes, algorithm_id: bytes, party_u_info: bytes, party_v_info: bytes, length: int) -> bytes:
    """NIST SP 800-56A, 5.8.1, with SHA-256: `length` bytes; SuppPubInfo is that length in bits."""
    fields = (len(field).to_bytes(4) + field for field in (algorithm_id, party_u_info, party_v_info))
    return ConcatKDFHash(hashes.SHA256(), length, b"".join(fields) + (length * 8).to_bytes(4)).derive(z)


def public_jwk(key: ec.EllipticCurvePublicKey) -> dict[str, str]:
    """A P-256 key as the messages write it."""
    numbers = key.public_numbers()
    x, y = (_encoded(number.to_bytes(_COORDINATE_BYTES)).decode() for number in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def public_key(jwk: object) -> ec.EllipticCurvePublicKey:
    """Errors: `NotDecrypted` for what is no point of P-256."""
    if not isinstance(jwk, Mapping) or jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
        raise NotDecrypted("epk is no P-256 key")
    x, y = (_coordinate(jwk.get(name)) for name in ("x", "y"))
    try:
        return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    except ValueError as error:
        raise NotDecrypted("epk is not on the curve") from error


def _content_key(jwe: Jwe, keys: Mapping[str, PrivateKey], party_v_info: str) -> bytes:
    alg, enc = jwe.header.get("alg"), jwe.header["enc"]
    if alg == RSA_OAEP_256:
        content_key = _unwrapped(_chosen(jwe, keys, rsa.RSAPrivateKey), jwe.encrypted_key)
        if len(content_key) != _CONTENT_KEY_BYTES[enc]:
            raise NotDecrypted("the content key has the wrong length")
        return content_key
    if alg in (ECDH_ES, DIRECT):
        own = _chosen(jwe, keys, ec.EllipticCurvePrivateKey)
        return agreed_key(own, public_key(jwe.header.get("epk")), party_v_info)[: _CONTENT_KEY_BYTES[enc]]
    raise NotDecrypted(f"alg is one of {RSA_OAEP_256}, {ECDH_ES}")


def _chosen(jwe: Jwe, keys: Mapping[str, PrivateKey], kind: type[Any]) -> Any:
    kid = jwe.header.get("kid")
    named = [key for name, key in keys.items() if kid is None or name == kid]
    if not named:
        raise KeyUnknown("kid names no key of this directory server")
    fitting = next((key for key in named if isinstance(key, kind)), None)
    if fitting is None:
        raise NotDecrypted("the key does not go with alg")
    return fitting


def _unwrapped(key: rsa.RSAPrivateKey, encrypted_key: bytes) -> bytes:
    try:
        return key.decrypt(encrypted_key, _OAEP)
    except ValueError as error:
        raise NotDecrypted("the content key cannot be decrypted") from error


def open_content(jwe: Jwe, content_key: bytes) -> bytes:
    """The plaintext, once the tag is found to be right. Errors: `NotDecrypted`."""
    enc = jwe.header["enc"]
    if len(jwe.iv) != _IV_BYTES[enc] or len(jwe.tag) != _TAG_BYTES:
        raise NotDecrypted("the initialization vector or the tag has the wrong length")
    if enc == A128GCM:
        try:
            return AESGCM(content_key).decrypt(jwe.iv, jwe.ciphertext + jwe.tag, jwe.protected)
        except InvalidTag as error:
            raise NotDecrypted("the tag is wrong") from error
    if not hmac.compare_digest(_cbc_tag(content_key, jwe.iv, jwe.ciphertext, jwe.protected), jwe.tag):
        raise NotDecrypted("the tag is wrong")
    return _unpadded(content_key, jwe.iv, jwe.ciphertext)


def _seal(enc: str, content_key: bytes, iv: bytes, plaintext: bytes, protected: bytes) -> tuple[bytes, bytes]:
    if enc == A128GCM:
        sealed = AESGCM(content_key).encrypt(iv, plaintext, protected)
        return sealed[:-_TAG_BYTES], sealed[-_TAG_BYTES:]
    padder = padding.PKCS7(128).padder()
    encryptor = Cipher(algorithms.AES(content_key[16:]), modes.CBC(iv)).encryptor()
    ciphertext = encryptor.update(padder.update(plaintext) + padder.finalize()) + encryptor.finalize()
    return ciphertext, _cbc_tag(content_key, iv, ciphertext, protected)


def _cbc_tag(content_key: bytes, iv: bytes, ciphertext: bytes, protected: bytes) -> bytes:
    """RFC 7518, 5.2.2.1: the left half of an HMAC under the left half of the key."""
    covered = protected + iv + ciphertext + (len(protected) * 8).to_bytes(8)
    return hmac.digest(content_key[:16], covered, "sha256")[:_TAG_BYTES]


def _unpadded(content_key: bytes, iv: bytes, ciphertext: bytes) -> bytes:
    decryptor = Cipher(algorithms.AES(content_key[16:]), modes.CBC(iv)).decryptor()
    unpadder = padding.PKCS7(128).unpadder()
    try:
        padded = decryptor.update(ciphertext) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError as error:
        raise NotDecrypted("the ciphertext is not padded as it should be") from error


def _coordinate(text: object) -> int:
    if not isinstance(text, str) or len(raw := _decoded(text)) != _COORDINATE_BYTES:
        raise NotDecrypted("epk has a coordinate that is not 32 bytes")
    return int.from_bytes(raw)


def _decoded(text: str) -> bytes:
    if not _BASE64URL(text):
        raise NotDecrypted("a part of the JWE is not base64url")
    try:
        return urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise NotDecrypted("a part of the JWE is not base64url") from error


def _encoded(raw: bytes) -> bytes:
    return urlsafe_b64encode(raw).rstrip(b"=")
