"""Asking a simulator that runs, with the standard library alone."""

import json
import ssl
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any


class NoAnswer(RuntimeError):
    """Who was asked does not answer (`silent`), or refuses; the message says what it said."""

    def __init__(self, words: str, *, silent: bool = False) -> None:
        super().__init__(words)
        self.silent = silent


def ask(
    address: str | urllib.request.Request, whose: str, seconds: float, tls: ssl.SSLContext | None, *, refuses: str = ""
) -> Any:
    """The JSON that is answered, None where there is no content. `whose`: the party and its address, in words; `tls`: whom to
    trust, where not the system; `refuses`: what is said before the words of a refusal. Errors: `NoAnswer`."""
    try:
        with urllib.request.urlopen(address, timeout=seconds, context=tls) as answer:  # noqa: S310
            return None if answer.status == 204 else json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            raise NoAnswer(refuses + _words(error.read(), error.reason)) from error
    except (OSError, ValueError) as error:
        raise NoAnswer(f"{whose} does not answer: {getattr(error, 'reason', error)}", silent=True) from error


def put(address: str, body: Mapping[str, Any], whose: str, seconds: float, tls: ssl.SSLContext | None) -> Any:
    """The same with a JSON body, which is put there. Errors: `NoAnswer`."""
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers, method="PUT")  # noqa: S310
    return ask(request, whose, seconds, tls)


def _words(body: bytes, otherwise: str) -> str:
    try:
        return str(json.loads(body)["detail"])
    except (ValueError, KeyError, TypeError):
        return otherwise
