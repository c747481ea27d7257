"""HMAC-SHA-256 (RFC 2104) for keys that are used again and again.

`hmac.digest` looks its algorithm up and schedules its key on every call, most of it in code that no cache keeps warm between two
requests. Here the key is absorbed once, and each call goes on from a copy of what that left."""

import hmac


class KeyedHash:
    """What `hmac.digest(key, message, "sha256")` gives, for one key."""

    __slots__ = ("_keyed",)

    def __init__(self, key: bytes) -> None:
        self._keyed = hmac.new(key, digestmod="sha256")

    def __call__(self, message: bytes) -> bytes:
        """32 bytes."""
        absorbing = self._keyed.copy()
        absorbing.update(message)
        return absorbing.digest()
