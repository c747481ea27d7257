"""A conversation as a picture: who speaks to whom, in what order, and what the gist of each message is."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from acs_sim.desk.log.outcome import element
from acs_sim.desk.words import ANSWERED, TONES, TRANS_STATUS, amount_text

# The order in which the parties stand; others stand behind them.
STANDING: Final = ("Shop", "Browser", "3DS Server", "MPI", "Directory Server", "ACS", "Issuer", "Phone")
LIVE: Final = ("Shop", "Browser", "3DS Server", "Directory Server", "ACS", "Phone")
MOST_NAMED: Final = 3
"""Elements of an errorDetail."""
ANSWER: Final = "challenge page"
FAULT: Final = "fault"
COPY: Final = "copy"
"""Of a message that a fault had sent more than once."""
CLASSIC: Final = ("Shop", "Browser", "3DS Server", "MPI", "Directory Server", "ACS", "Phone")


@dataclass(frozen=True, slots=True)
class Arrow:
    """One message. `first` and `last` are the columns it spans (from 1), `backward` when it runs to the left.

    `tone` is `good`, `bad`, `wait` or empty; `after_ms` counts from the first message, `since_ms` from the one before."""

    number: int
    at: str
    after_ms: int
    since_ms: int
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
    times = [datetime.fromisoformat(entry["at"]) for entry in entries]
    before = [*times[:1], *times]
    return Diagram(
        standing,
        tuple(
            _arrow(number, entry, standing, at - times[0], at - earlier)
            for number, (entry, at, earlier) in enumerate(zip(entries, times, before, strict=False), start=1)
        ),
    )


def gist(kind: str, message: Mapping[str, Any], facts: Mapping[str, Any] = MappingProxyType({})) -> str:
    """The few words that a reader wants before opening the message. `facts`: what its recorder knew beside it."""
    if kind == ANSWER:
        return " · ".join(filter(None, (element(message, "action"), *_verdict(facts))))
    if kind in {FAULT, COPY}:
        what = f"{element(message, 'at')} {element(message, 'do')}".strip()
        return " · ".join(filter(None, (what, element(message, "says"))))
    if kind not in _GISTS:
        told = (message.get(name) for name in _OTHERWISE)
        return next((value for value in told if isinstance(value, str) and value), "")
    return " · ".join(filter(None, (_told(message, name, words) for name, words in _GISTS[kind].items())))


def tone(kind: str, message: Mapping[str, Any], facts: Mapping[str, Any] = MappingProxyType({})) -> str:
    """Whether a message is good news, bad news, or a wait."""
    if kind in {"Erro", "Error"} or "failed" in kind or kind.endswith("not taken"):
        return "bad"
    if kind == FAULT:
        return "wait"
    if kind == ANSWER:
        return _tone_of_answer(facts)
    enrolled = {"Y": "wait", "": ""}.get(element(message, "CH.enrolled"), "bad")
    status = element(message, "transStatus") or element(message, "TX.status")
    return TONES.get(status, "bad" if status else enrolled)


def _verdict(facts: Mapping[str, Any]) -> Iterator[str]:
    """What came of an answer to the bank's page."""
    notice, left = facts.get("notice"), facts.get("tries_left")
    yield str(
        facts.get("ending") or facts.get("refused") or ANSWERED.get(str(notice), str(notice or "").replace("-", " "))
    )
    if notice and isinstance(left, int):
        yield f"{left} left"


def _tone_of_answer(facts: Mapping[str, Any]) -> str:
    if ending := facts.get("ending"):
        return "good" if ending == "passed" else "bad"
    if "refused" in facts:
        return "bad"
    return {None: "", "resent": "wait"}.get(facts.get("notice"), "bad")


def _standing(entries: Iterable[Mapping[str, Any]]) -> tuple[str, ...]:
    speaking = dict.fromkeys(name for entry in entries for name in (entry["from"], entry["to"]) if name)
    return (*(name for name in STANDING if name in speaking), *(name for name in speaking if name not in STANDING))


def _arrow(number: int, entry: Mapping[str, Any], standing: Sequence[str], after: timedelta, since: timedelta) -> Arrow:
    facts = entry.get("facts") or {}
    sender, receiver = _column(entry["from"], standing), _column(entry["to"], standing)
    return Arrow(
        number=number,
        at=entry["at"],
        after_ms=round(after.total_seconds() * 1000),
        since_ms=round(since.total_seconds() * 1000),
        sender=entry["from"],
        receiver=entry["to"],
        kind=entry["kind"],
        gist=gist(entry["kind"], entry["message"], facts),
        tone=tone(entry["kind"], entry["message"], facts),
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


def _told(message: Mapping[str, Any], name: str, words: str) -> str:
    """An element in words, nothing where it is absent."""
    match name:
        case "purchaseAmount":
            told = amount_text(message.get(name), message.get("purchaseCurrency"), message.get("purchaseExponent"))
        case "transStatus" | "TX.status":
            told = f"{element(message, name)} {TRANS_STATUS.get(element(message, name), '')}".strip()
        case "errorDetail":
            named = element(message, name).split(",")
            told = ", ".join(named[:MOST_NAMED]) + (
                f" and {len(named) - MOST_NAMED} more" if len(named) > MOST_NAMED else ""
            )
        case _:
            told = element(message, name)
    return words.format(told) if told else ""


_RESULT: Final = {
    "transStatus": "{}",
    "transStatusReason": "reason {}",
    "eci": "ECI {}",
    "interactionCounter": "tries {}",
}
_GISTS: Final[Mapping[str, Mapping[str, str]]] = {
    "AReq": {"messageVersion": "{}", "purchaseAmount": "{}", "merchantName": "{}"},
    "ARes": _RESULT,
    "CReq": {"messageVersion": "{}", "challengeWindowSize": "window {}"},
    "CRes": _RESULT,
    "RReq": _RESULT,
    "RRes": {"resultsStatus": "results {}"},
    "Erro": {"errorCode": "{}", "errorDescription": "{}", "errorDetail": "{}"},
    "SMS": {"state": "{}", "failure": "{}"},
    "OReq": {"opCategory": "category {}", "opSeverity": "severity {}", "opSeq.seqNum": "part {}"},
    "ORes": {"opStatus": "status {}"},
    "issuer decision": {"decision": "{}", "method": "{}", "transStatus": "{}", "reason": "reason {}"},
    "VEReq": {"version": "{}"},
    "VERes": {"CH.enrolled": "enrolled {}", "IReq.iReqCode": "{}"},
    "PAReq": {"Purchase.amount": "{}", "Merchant.name": "{}"},
    "PARes": {"TX.status": "{}", "TX.eci": "ECI {}"},
}
_OTHERWISE: Final = ("reason", "body", "detail", "action", "outcome")
