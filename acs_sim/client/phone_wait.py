"""Waiting for a SecureCode at the phone's API, with the standard library alone."""

import json
import ssl
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Final

LONGEST_POLL_SECONDS: Final = 20.0


class NoAnswer(RuntimeError):
    """The phone does not answer, or refuses the number; the message says what it said."""


def next_code(
    phone_url: str, number: str, timeout: float, *, unseen: bool = False, tls: ssl.SSLContext | None = None
) -> str | None:
    """The code of the newest message to `number` that carries one, waiting for it up to `timeout` seconds; when it is to be
    `unseen`, what has arrived already does not count. `tls`: whom to trust, where it is not the system's authorities.

    Errors: `NoAnswer`."""
    address = f"{phone_url}/api/phones/{urllib.parse.quote(number, safe='')}/latest"
    deadline = time.monotonic() + timeout
    seen = _latest(address, 0.0, None, tls)
    if seen is not None and seen.get("code") and not unseen:
        return str(seen["code"])
    while (wait := deadline - time.monotonic()) > 0:
        newer = _latest(address, min(wait, LONGEST_POLL_SECONDS), seen, tls)
        if newer is not None and newer.get("code"):
            return str(newer["code"])
        seen = newer or seen
    return None


def _latest(
    address: str, wait: float, after: dict[str, Any] | None, tls: ssl.SSLContext | None
) -> dict[str, Any] | None:
    asked = {"wait": f"{wait:.3f}"} | ({"after": str(after["id"])} if after is not None else {})
    try:
        url = f"{address}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(url, timeout=wait + 10, context=tls) as answer:  # noqa: S310
            return None if answer.status == 204 else json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise NoAnswer(f"the phone refuses: {_words(error.read(), error.reason)}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise NoAnswer(f"the phone at {address.partition('/api/')[0]} does not answer: {reason}") from error


def _words(body: bytes, otherwise: str) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return otherwise
