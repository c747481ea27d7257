"""Keeps card numbers, codes and texts out of the clear on disk.

One 32-byte master key per installation (a file beside the database, or handed in). From it come, by HKDF-SHA256 (RFC 5869)
with separate labels, a sealing key (AES-256-GCM) and a fingerprint key (HMAC-SHA256), so that a card can be found by its
number without the number being stored.
"""

import base64
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from threedsecure.secrets.keyed_hash import KeyedHash

_NONCE_BYTES = 12


class SealBroken(ValueError):
    """A sealed text that this vault did not seal, or that was changed since."""


class Vault:
    """Seals, opens and fingerprints short texts under one master key."""

    def __init__(self, master_key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        """`master_key`: 32 bytes. `random_bytes(n)`: a cryptographic source, for nonces."""
        if len(master_key) != 32:
            raise ValueError("the master key is 32 bytes long")
        self._master_key = master_key
        self._random_bytes = random_bytes
        self._sealing = AESGCM(self.derive(b"seal"))
        self._fingerprinting = KeyedHash(self.derive(b"fingerprint"))

    def derive(self, label: bytes, length: int = 32) -> bytes:
        """A key of its own for another purpose; the same label gives the same key."""
        return HKDF(SHA256(), length, salt=None, info=b"acs-sim/" + label).derive(self._master_key)

    def seal(self, text: str) -> str:
        nonce = self._random_bytes(_NONCE_BYTES)
        return base64.b64encode(nonce + self._sealing.encrypt(nonce, text.encode(), None)).decode()

    def open(self, sealed: str) -> str:
        """Errors: `SealBroken`."""
        try:
            blob = base64.b64decode(sealed, validate=True)
            return self._sealing.decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], None).decode()
        except (ValueError, InvalidTag) as error:
            raise SealBroken("not sealed by this installation's key") from error

    def fingerprint(self, text: str) -> str:
        """32 hexadecimal digits that stand for `text` and do not reveal it without the key."""
        return self._fingerprinting(text.encode())[:16].hex()

    def token(self, *parts: str) -> str:
        """An unguessable token bound to `parts`, for form fields; compare with `hmac.compare_digest`."""
        return self._fingerprinting("\0".join(parts).encode())[:18].hex()
