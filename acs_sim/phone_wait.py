"""Waiting for a SecureCode at the phone's API, with the standard library alone."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Final

LONGEST_POLL_SECONDS: Final = 20.0


class NoAnswer(RuntimeError):
    """The phone does not answer, or refuses the number; the message says what it said."""


def next_code(phone_url: str, number: str, timeout: float) -> str | None:
    """The code of the newest message to `number` that carries one, waiting for it up to `timeout` seconds. Errors: `NoAnswer`."""
    deadline = time.monotonic() + timeout
    while True:
        wait = max(0.0, min(deadline - time.monotonic(), LONGEST_POLL_SECONDS))
        message = _latest(f"{phone_url}/api/phones/{urllib.parse.quote(number, safe='')}/latest?wait={wait:.3f}", wait)
        if message is not None and message.get("code"):
            return str(message["code"])
        if time.monotonic() >= deadline:
            return None


def _latest(url: str, wait: float) -> dict[str, Any] | None:
    try:
        with urllib.request.urlopen(url, timeout=wait + 10) as answer:  # noqa: S310 - settings allow http(s) only
            return None if answer.status == 204 else json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise NoAnswer(f"the phone refuses: {_words(error.read(), error.reason)}") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise NoAnswer(f"the phone at {url.partition('/api/')[0]} does not answer: {reason}") from error


def _words(body: bytes, otherwise: str) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return otherwise
