"""What stands in clear where others can read it."""

import re
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from acs_sim.findings.case import THREE_DS_SERVER, Case, Entry
from acs_sim.findings.model import Evidence, Severity, rule

SECRETS: Final = frozenset({"password", "passwd", "pwd", "secret", "cvv", "cvc", "cvv2", "cvx", "apikey", "api_key"})
_MASKED = re.compile(r"\d{6}\*{3,9}\d{4}")
"""What the journal makes of a card number."""


@rule(
    "secrets-in-clear",
    Severity.ERROR,
    "A card number or a secret travels in clear",
    clause="PCI DSS 3.4 and 4.2; EMV 3-D Secure, Annex A, threeDSSessionData",
    mistake="The card number is put into threeDSSessionData, MD or an address to find the payment again. Base64 hides nothing, and "
    "addresses stand in every log.",
    remedy="Carry a random reference, and keep what it stands for on the server.",
)
def secrets_in_clear(case: Case) -> Iterator[Evidence]:
    told: set[tuple[str, str]] = set()
    for entry in case.entries:
        for element, found in _exposed(entry):
            if (entry.kind, element) not in told:
                told.add((entry.kind, element))
                yield entry.shows(element, found, "a reference that means nothing to others")


def _exposed(entry: Entry) -> Iterator[tuple[str, str]]:
    if entry.kind == "card number in clear":
        yield entry.text("element"), "the card number"
    if entry.kind == "CReq":
        yield from ((name, "a card number") for name, text in _texts(entry.message) if _MASKED.search(text))
    if entry.kind == "3DS Method" or entry.sender == THREE_DS_SERVER:
        for name, text in _texts(entry.message):
            if "://" in text[:16]:
                yield from ((name, what) for what in _in_address(text))


def _in_address(address: str) -> Iterator[str]:
    if _MASKED.search(address):
        yield "a card number"
    try:
        parts = urlsplit(address)
        if parts.password:
            yield "a password"
        named = parse_qsl(parts.query, keep_blank_values=False, max_num_fields=100)
    except ValueError:
        return
    yield from (f"the parameter {name}" for name, _ in named if name.lower() in SECRETS)


def _texts(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text of a message with the dotted name of its element."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, dict):
        for key, member in value.items():
            yield from _texts(member, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, f"{name}[{index}]")
