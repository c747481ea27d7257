"""Fetching a transcript from a simulator that runs, with the standard library alone."""

import json
import ssl
import urllib.error
import urllib.parse
import urllib.request
from typing import Any, Final

ANSWER_SECONDS: Final = 30.0


class NoTranscript(RuntimeError):
    """The desk does not answer, or knows no such transaction; the message says what it said."""


def fetch(desk_url: str, identifier: str, tls: ssl.SSLContext | None = None) -> dict[str, Any]:
    """`identifier`: any id of the transaction; `tls`: whom to trust. Errors: `NoTranscript`."""
    address = f"{desk_url}/api/transactions/{urllib.parse.quote(identifier, safe='')}/transcript"
    try:
        with urllib.request.urlopen(address, timeout=ANSWER_SECONDS, context=tls) as answer:  # noqa: S310
            document = json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise NoTranscript(_words(error.read(), error.reason)) from error
    except (OSError, ValueError) as error:
        raise NoTranscript(f"the desk at {desk_url} does not answer: {getattr(error, 'reason', error)}") from error
    if not isinstance(document, dict):
        raise NoTranscript(f"the desk at {desk_url} answers something else than a transcript")
    return document


def _words(body: bytes, otherwise: str) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return otherwise
