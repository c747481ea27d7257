"""What became of a code, told by the texts of its payment and by what crossed the hops since: the network does not know."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from issuer_sms.messages.records import TextMessage

RESULTS: Final = {"RReq": "transStatus", "PARes": "TX.status"}
"""The messages that end an authentication, and where they say how."""
AUTHENTICATED: Final = "Y"


class Fate(StrEnum):
    """`OVER`: the payment ended without it."""

    VALID = "valid"
    USED = "used"
    SUPERSEDED = "superseded"
    EXPIRED = "expired"
    OVER = "over"


def fates(
    messages: Sequence[TextMessage], endings: Mapping[str, str | None], now: datetime, validity: timedelta
) -> dict[str, Fate]:
    """By the ids of the texts. `endings`: how the authentications ended that their references name; None: not yet. A reference that
    is not among them tells nothing."""
    found = {}
    newest = {one.reference: one.code for one in messages if one.code is not None}
    for one in messages:
        if one.code is not None and one.reference is not None and one.reference in endings:
            ending = endings[one.reference]
            found[one.id] = _fate(one, ending, now - one.passage.queued_at >= validity, newest[one.reference])
    return found


def _fate(one: TextMessage, ending: str | None, late: bool, newest: str | None) -> Fate:
    if one.code != newest:
        return Fate.SUPERSEDED
    if ending is not None:
        return Fate.USED if ending == AUTHENTICATED else Fate.OVER
    return Fate.EXPIRED if late else Fate.VALID


def ending_of(entries: Iterable[Mapping[str, Any]]) -> str | None:
    """The status that an authentication ended with, as the journal has it."""
    for entry in entries:
        if (name := RESULTS.get(entry["kind"])) is not None and entry["from"] == "ACS":
            value: Any = entry["message"]
            for part in name.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            return str(value)
    return None
