"""A conversation as a picture: who speaks to whom, in what order, and what the gist of each message is."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from acs_sim.desk.words import TRANS_STATUS, amount_text

# The order in which the parties stand; others stand behind them.
STANDING: Final = ("Shop", "Browser", "3DS Server", "MPI", "Directory Server", "ACS", "Phone")
LIVE: Final = ("Shop", "Browser", "3DS Server", "Directory Server", "ACS", "Phone")


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message. `first` and `last` are the columns it spans (from 1), `backward` when it runs to the left.

    `tone` is `good`, `bad`, `wait` or empty; `after_ms` counts from the first message."""

    number: int
    at: str
    after_ms: int
    sender: str
    receiver: str
    kind: str
    gist: str
    tone: str
    first: int
    last: int
    backward: bool
    status: int | None
    took_ms: float | None
    message: Mapping[str, Any]

    @property
    def span(self) -> int:
        return self.last - self.first + 1


@dataclass(frozen=True, slots=True)
class Diagram:
    parties: tuple[str, ...]
    arrows: tuple[Arrow, ...]


def diagram(entries: Sequence[Mapping[str, Any]], parties: Sequence[str] | None = None) -> Diagram:
    """The picture of journal entries. `parties`: who stands where, when it must not depend on who speaks."""
    standing = tuple(parties) if parties is not None else _standing(entries)
    began = datetime.fromisoformat(entries[0]["at"]) if entries else None
    return Diagram(standing, tuple(_arrow(n, entry, standing, began) for n, entry in enumerate(entries, start=1)))


def gist(kind: str, message: Mapping[str, Any]) -> str:
    """The few words that a reader wants before opening the message."""
    told = _GISTS.get(kind, _words)(message)
    return " · ".join(part for part in told if part)


def tone(kind: str, message: Mapping[str, Any]) -> str:
    """Whether a message is good news, bad news, or a wait."""
    if kind in {"Erro", "Error"} or "failed" in kind:
        return "bad"
    status = message.get("transStatus")
    return {"Y": "good", "A": "good", "I": "good", "C": "wait", "D": "wait"}.get(str(status), "bad" if status else "")


def _standing(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    speaking = dict.fromkeys(name for entry in entries for name in (entry["from"], entry["to"]) if name)
    return (*(name for name in STANDING if name in speaking), *(name for name in speaking if name not in STANDING))


def _arrow(number: int, entry: Mapping[str, Any], standing: Sequence[str], began: datetime | None) -> Arrow:
    at = datetime.fromisoformat(entry["at"])
    sender, receiver = _column(entry["from"], standing), _column(entry["to"], standing)
    return Arrow(
        number=number,
        at=entry["at"],
        after_ms=round((at - (began or at)).total_seconds() * 1000),
        sender=entry["from"],
        receiver=entry["to"],
        kind=entry["kind"],
        gist=gist(entry["kind"], entry["message"]),
        tone=tone(entry["kind"], entry["message"]),
        first=min(sender, receiver),
        last=max(sender, receiver),
        backward=receiver < sender,
        status=entry.get("status"),
        took_ms=entry.get("took_ms"),
        message=entry["message"],
    )


def _column(name: str, standing: Sequence[str]) -> int:
    """From 1; a party that does not stand in the picture is drawn at its nearest edge."""
    return standing.index(name) + 1 if name in standing else 1


Gist = Callable[[Mapping[str, Any]], tuple[str, ...]]


def _areq(message: Mapping[str, Any]) -> tuple[str, ...]:
    amount = amount_text(
        message.get("purchaseAmount"), message.get("purchaseCurrency"), message.get("purchaseExponent")
    )
    return (_text(message, "messageVersion"), amount, _text(message, "merchantName"))


def _result(message: Mapping[str, Any]) -> tuple[str, ...]:
    status = _text(message, "transStatus")
    told = f"{status} {TRANS_STATUS.get(status, '')}".strip()
    reason, eci = _text(message, "transStatusReason"), _text(message, "eci")
    counter = _text(message, "interactionCounter")
    return (told, reason and f"reason {reason}", eci and f"ECI {eci}", counter and f"tries {counter}")


def _erro(message: Mapping[str, Any]) -> tuple[str, ...]:
    return (_text(message, "errorCode"), _text(message, "errorDescription"), _text(message, "errorDetail"))


def _rres(message: Mapping[str, Any]) -> tuple[str, ...]:
    return (f"results {_text(message, 'resultsStatus')}",)


def _creq(message: Mapping[str, Any]) -> tuple[str, ...]:
    return (_text(message, "messageVersion"), f"window {_text(message, 'challengeWindowSize')}")


def _sms(message: Mapping[str, Any]) -> tuple[str, ...]:
    return (_text(message, "state"), _text(message, "failure"))


def _words(message: Mapping[str, Any]) -> tuple[str, ...]:
    told = (message.get(name) for name in ("reason", "body", "detail", "action", "outcome"))
    return (next((str(value) for value in told if isinstance(value, str) and value), ""),)


_GISTS: Final[Mapping[str, Gist]] = {
    "AReq": _areq,
    "ARes": _result,
    "CReq": _creq,
    "CRes": _result,
    "RReq": _result,
    "RRes": _rres,
    "Erro": _erro,
    "SMS": _sms,
}


def _text(message: Mapping[str, Any], name: str) -> str:
    value = message.get(name)
    return str(value)[:120] if isinstance(value, str | int) else ""
