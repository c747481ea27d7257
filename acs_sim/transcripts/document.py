"""What a transcript is: all hops of one transaction, decoded and redacted, and what of it differs from run to run."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import orjson

from acs_sim.transcripts.volatile import volatile_names

FORMAT: Final = "acs-sim transcript 1"
MAX_BYTES: Final = 64 << 20

SIMULATED: Final = frozenset({"Directory Server", "ACS", "Phone"})

Hop = Mapping[str, Any]
Transcript = Mapping[str, Any]


class NotATranscript(ValueError):
    """A file that holds no transcript; the message names it and says why, in one line."""


def compose(
    transaction: Mapping[str, Any], entries: Sequence[Mapping[str, Any]], addresses: Mapping[str, str]
) -> dict[str, Any]:
    """The transcript of journal entries (oldest first).

    `addresses`: the base address of each party by its name in the entries. Every name that can differ between two runs is
    declared volatile; whoever rules the seed, the clock and the gateway can say less."""
    document = {
        "format": FORMAT,
        "transaction": dict(transaction),
        "card": _card(transaction),
        "addresses": dict(addresses),
        "hops": list(_hops(entries)),
    }
    return {**document, "volatile": volatile_names(document)}


def read(file: Path) -> dict[str, Any]:
    """Errors: `NotATranscript`."""
    try:
        if file.stat().st_size > MAX_BYTES:
            raise NotATranscript(f"{file}: longer than {MAX_BYTES} bytes")
        document = orjson.loads(file.read_bytes())
    except OSError as error:
        raise NotATranscript(f"{file}: cannot be read: {error.strerror}") from error
    except orjson.JSONDecodeError as error:
        raise NotATranscript(f"{file}: is not JSON: {error}") from error
    return checked(document, str(file))


def checked(document: Any, name: str) -> dict[str, Any]:
    """`document` when it has the shape of a transcript. Errors: `NotATranscript`, which calls it `name`."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise NotATranscript(f"{name}: its format is not {FORMAT!r}")
    for member, kind in (("transaction", dict), ("hops", list), ("volatile", list)):
        if not isinstance(document.get(member), kind):
            raise NotATranscript(f"{name}: {member} is missing, or not what it should be")
    if not all(isinstance(each, str) for each in document["volatile"]):
        raise NotATranscript(f"{name}: what is volatile is told by names")
    for number, hop in enumerate(document["hops"], start=1):
        told = [hop.get(member) for member in ("from", "to", "kind", "at")] if isinstance(hop, dict) else [None]
        if not all(isinstance(each, str) for each in told) or not isinstance(hop.get("message"), dict):
            raise NotATranscript(f"{name}: hop {number} is not one")
    return document


def encode(transcript: Transcript) -> bytes:
    """The bytes of a file."""
    return orjson.dumps(transcript, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def title(hop: Hop) -> str:
    return f"{hop['from']} -> {hop['to']}: {hop['kind']}"


def _hops(entries: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    began: datetime | None = None
    for entry in entries:
        at = datetime.fromisoformat(entry["at"])
        began = began or at
        hop: dict[str, Any] = {"at": entry["at"], "offset_ms": round((at - began).total_seconds() * 1000)}
        kept = ("from", "to", "kind", "status", "took_ms", "message")
        yield hop | {name: entry[name] for name in kept if name in entry}


def _card(transaction: Mapping[str, Any]) -> dict[str, Any]:
    """What is needed to mint such a card again."""
    challenge = transaction.get("challenge") or {}
    return {
        "scheme": transaction.get("scheme"),
        "pan": transaction.get("pan"),
        "scenario": challenge.get("scenario"),
    }
