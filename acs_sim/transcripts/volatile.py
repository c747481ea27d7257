"""What differs between two runs of the same thing, by name, and a transcript without it.

Real durations and port numbers differ always. Identifiers, what is computed from them, and instants differ unless chance and time
are ruled. Keys are never drawn from a seed, so what they sign or seal differs in every case.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final

PORT: Final = "port"
MEASURED: Final = ("took_ms", PORT)
KEYED: Final = ("acsSignedContent", "acsEphemPubKey", "sdkEphemPubKey", "x", "y", "sdkEncData")
INSTANTS: Final = (
    "at",
    "offset_ms",
    "created_at",
    "updated_at",
    "acknowledged_at",
    "queued_at",
    "sent_at",
    "delivered_at",
    "failed_at",
    "expires_at",
    "decided_at",
    "purchaseDate",
    "date",
    "time",
)
IDENTIFIERS: Final = (
    "threeDSServerTransID",
    "dsTransID",
    "acsTransID",
    "sdkTransID",
    "sdkAppID",
    "xid",
    "acctID",
    "messageId",
    "id",
    "reference",
)
"""Each of their values stands for itself: two that are swapped are a difference, two that are new are not."""
DRAWN: Final = (
    *IDENTIFIERS,
    "pan",
    "acctNumber",
    "phone",
    "to",
    "body",  # a text names the bank, and another card has another bank
    "authenticationValue",
    "cavv",
    "authenticationECI",
    "threeDSSessionData",
    "MD",
    # Screens of an app name the bank, and the phone.
    "medium",
    "high",
    "extraHigh",
    "default",
    "oobAppURL",
    "acsHTML",
    "acsHTMLRefresh",
)
_NAMELESS: Final = frozenset({"id", "reference"})
_PARTIES: Final = ("from", "to", "kind")
_NUMBER: Final = re.compile(r"(https?://(?:\[[0-9A-Fa-f:.]+\]|[^\s/:?#\[\]]+)):\d{1,5}")
_PHONE_HINT: Final = re.compile("(?:•• )+[0-9]{2}")
"""A choice of phones shows the end of each."""
_UUID: Final = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SHORTEST_IDENTIFIER: Final = 16


def volatile_names(document: Mapping[str, Any]) -> list[str]:
    """What can differ between two transcripts like `document`, where nobody ruled anything."""
    return _present(document, (*MEASURED, *KEYED, *INSTANTS, *DRAWN))


def ruled_names(document: Mapping[str, Any]) -> list[str]:
    """What differs even when the seed, the clock and the gateway are the same."""
    return _present(document, (*MEASURED, *KEYED))


def settled(document: Any, names: Collection[str]) -> Any:
    """A copy of a transcript in which everything of these names shows its name in angle brackets in the place of its value. Of
    identifiers, the first value of a name is `<name>`, another one `<name 2>`, and so on, wherever it stands."""
    chosen = frozenset(names)
    return _Settling(chosen, _symbols(document, chosen)).settle(document)


def is_uuid(text: str) -> bool:
    """As every identifier of an EMV 3DS transaction is."""
    return _UUID.fullmatch(text) is not None


def _present(document: Mapping[str, Any], names: Collection[str]) -> list[str]:
    found = {name for name, _ in _members(document)}
    ports = _NUMBER.search(str(document)) is not None
    return [name for name in names if name in found or (name == PORT and ports)]


class _Settling:
    def __init__(self, names: frozenset[str], symbols: Mapping[str, str]) -> None:
        self._names = names
        self._symbols = symbols
        long = sorted((value for value in symbols if len(value) >= _SHORTEST_IDENTIFIER), key=len, reverse=True)
        self._within = re.compile("|".join(map(re.escape, long))) if long else None

    def settle(self, value: Any, name: str = "") -> Any:
        if isinstance(value, Mapping):
            kept = _PARTIES if _is_hop(value) else ()
            return {key: each if key in kept else self.settle(each, key) for key, each in value.items()}
        if isinstance(value, list):
            return [self.settle(each, name) for each in value]
        if value is None:
            return value
        if isinstance(value, str) and value in self._symbols:
            return self._symbols[value]
        if name in self._names and name not in IDENTIFIERS:
            return f"<{name}>"
        return self._text(value) if isinstance(value, str) else value

    def _text(self, value: str) -> str:
        if self._within is not None:
            value = self._within.sub(lambda found: self._symbols[found[0]], value)
        if "phone" in self._names:
            value = _PHONE_HINT.sub("<phone>", value)
        return _NUMBER.sub(r"\1:<port>", value) if PORT in self._names else value


def _symbols(document: Any, names: frozenset[str]) -> dict[str, str]:
    """Identifiers by the name under which each appears first; those that have a name of their own before those that have none."""
    symbols: dict[str, str] = {}
    count: dict[str, int] = {}
    found = [(key, value) for key, value in _members(document) if key in names and _is_identifier(key, value)]
    for name, value in sorted(found, key=lambda member: member[0] in _NAMELESS):
        if value not in symbols:
            count[name] = number = count.get(name, 0) + 1
            symbols[value] = f"<{name}>" if number == 1 else f"<{name} {number}>"
    return symbols


def _is_identifier(name: str, value: Any) -> bool:
    """Many things have an `id` that means the same in every run, such as a message extension."""
    return name in IDENTIFIERS and isinstance(value, str) and (name != "id" or is_uuid(value))


def _is_hop(value: Mapping[str, Any]) -> bool:
    return "kind" in value and "message" in value


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            yield name, each
            yield from _members(each)
    elif isinstance(value, list):
        for each in value:
            yield from _members(each)
