"""Keeps card numbers, codes and texts out of the clear on disk.

One 32-byte master key per installation (a file beside the database, or handed in). From it come, by HKDF-SHA256 (RFC 5869)
with separate labels, a sealing key (AES-256-GCM) and a fingerprint key (HMAC-SHA256), so that a card can be found by its
number without the number being stored.
"""

import base64
from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from threedsecure.secrets.keyed_hash import KeyedHash
from threedsecure.secrets.remembering import remembering

_NONCE_BYTES = 12
_SEALED = b"\x01"
"""What no JSON begins with."""
REMEMBERED: Final = 2048
"""Fingerprints that both parties of an authentication ask for, one after the other."""


class SealBroken(ValueError):
    """A sealed text that this vault did not seal, or that was changed since."""


class Box:
    """Seals and opens bytes under a key of its own (AES-256-GCM with random nonces)."""

    def __init__(self, key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        self._sealing = AESGCM(key)
        self._random_bytes = random_bytes

    def seal(self, plain: bytes) -> bytes:
        nonce = self._random_bytes(_NONCE_BYTES)
        return nonce + self._sealing.encrypt(nonce, plain, None)

    def seal_document(self, plain: bytes) -> bytes:
        """JSON, so that it is told from what was not sealed."""
        return _SEALED + self.seal(plain)

    def open_document(self, written: bytes) -> bytes:
        """What was sealed so; what was not is as it was written by an earlier build. Errors: `SealBroken`."""
        return self.open(written[1:]) if written[:1] == _SEALED else written

    def open(self, sealed: bytes) -> bytes:
        """Errors: `SealBroken`."""
        try:
            return self._sealing.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (ValueError, InvalidTag) as error:
            raise SealBroken("not sealed by this installation's key") from error


class Vault:
    """Seals, opens and fingerprints short texts under one master key."""

    def __init__(self, master_key: bytes, random_bytes: Callable[[int], bytes]) -> None:
        """`master_key`: 32 bytes. `random_bytes(n)`: a cryptographic source, for nonces."""
        if len(master_key) != 32:
            raise ValueError("the master key is 32 bytes long")
        self._master_key = master_key
        self._random_bytes = random_bytes
        self._boxes: dict[bytes, Box] = {}
        self._sealing = self.box(b"seal")
        self._fingerprinting = KeyedHash(self.derive(b"fingerprint"))
        self.fingerprint = remembering(REMEMBERED)(self._fingerprint)
        """32 hexadecimal digits that stand for a text and do not reveal it without the key."""

    def derive(self, label: bytes, length: int = 32) -> bytes:
        """A key of its own for another purpose; the same label gives the same key."""
        return HKDF(SHA256(), length, salt=None, info=b"acs-sim/" + label).derive(self._master_key)

    def box(self, label: bytes) -> Box:
        """For bytes, under the key that `label` gives."""
        found = self._boxes.get(label)
        if found is None:
            found = self._boxes[label] = Box(self.derive(label), self._random_bytes)
        return found

    def seal(self, text: str) -> str:
        return base64.b64encode(self._sealing.seal(text.encode())).decode()

    def open(self, sealed: str) -> str:
        """Errors: `SealBroken`."""
        try:
            return self._sealing.open(base64.b64decode(sealed, validate=True)).decode()
        except ValueError as error:
            raise SealBroken("not sealed by this installation's key") from error

    def _fingerprint(self, text: str) -> str:
        return self._fingerprinting(text.encode())[:16].hex()

    def secret(self, *parts: str) -> bytes:
        """32 bytes that belong to `parts`, the same every time, which nobody finds without the key."""
        return self._fingerprinting("\0".join(parts).encode())

    def token(self, *parts: str) -> str:
        """An unguessable token bound to `parts`, for form fields; compare with `hmac.compare_digest`."""
        return self.secret(*parts)[:18].hex()
