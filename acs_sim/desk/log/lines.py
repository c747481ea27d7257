"""The log of the front page: a line for each exchange that crossed the hops, drawn from the journal alone, so that what was
refused, could not be read or was given up stands in it too.

Lines are kept in memory and brought up to date when somebody looks, from the records that came since."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from sys import intern
from typing import Any, Final

from acs_sim.desk.log.outcome import TOLD_BY, Outcome, element, outcome_of
from acs_sim.findings.engine import Verdict, is_told
from acs_sim.findings.model import Severity
from threedsecure.cards.card_numbers import mask
from threedsecure.cards.test_cards import read
from threedsecure.redaction import redact
from threedsecure.storage.filing import deciding_names, names_of
from threedsecure.storage.ledger import Found, Records, whole
from threedsecure.web.journal import MOST_OF_A_TRANSACTION, Journal

MOST_LINES: Final = 10_000
MOST_VERDICTS: Final = 2_500
"""Lines whose findings are held, not only counted."""
MOST_DRAWN: Final = 64
MOST_NAMES: Final = 16
MOST_KINDS: Final = 24
LONGEST_KIND: Final = 40
"""Of one line: a peer may name and send what it likes. The journal knows the rest."""
MOST_RECORDS: Final = 100_000
"""Looked at when the log begins: what is older is found by its identifiers alone."""
AT_ONCE: Final = 200
LATE_AT_MOST: Final = 200
LOOKS: Final = 20
BESIDE: Final = frozenset({"PReq", "PRes", "OReq", "ORes", "CRReq", "CRRes"})
"""What crosses beside payments and is none."""
CHANNELS: Final = {"01": "app", "02": "browser", "03": "3RI"}
_AMOUNT: Final = ("purchaseAmount", "purchaseCurrency", "purchaseExponent")
_SAID: Final[Mapping[str, Mapping[str, str]]] = {
    "AReq": {"version": "messageVersion", "merchant": "merchantName"},
    "VEReq": {"version": "version", "merchant": "Merchant.name"},
    "PAReq": {"version": "version", "merchant": "Merchant.name"},
}
_REFERENCES: Final = ("PBX_CMD", "reference", "REFERENCE")
_CHOSEN: Final = ("scheme", "version", "scenario", "reason")
_SEARCHED: Final = ("id", "scheme", "version", "channel", "scenario", "pan", "merchant", "reference")


@dataclass(slots=True)
class Line:
    """One exchange. `number`: its place in the log; `name`: what the journal files it under, `id` the same as it is shown; `kinds`:
    how many messages of each kind crossed a hop."""

    number: int
    name: str
    id: str
    began: datetime
    last: datetime
    record: int = 0
    """The last one with a message of it."""
    names: tuple[str, ...] = ()
    kinds: dict[str, int] = field(default_factory=dict)
    is_listed: bool = False
    scheme: str = ""
    version: str = ""
    channel: str = ""
    scenario: str = ""
    pan: str = ""
    merchant: str = ""
    reference: str = ""
    amount: tuple[Any, ...] = ()
    """purchaseAmount, purchaseCurrency, purchaseExponent, as they were sent."""
    faults: int = 0
    troubles: dict[str, None] = field(default_factory=dict)
    """Which faults, as `RReq twice`."""
    findings: int = 0
    messages: int = 0
    judged_at: int = 0
    """How many messages it had when its findings were counted."""
    verdict: Verdict | None = None
    came_of: Outcome | None = None
    searched: str = ""
    """Both are worked out again after each message."""
    end: dict[str, str] = field(default_factory=dict)
    """What its end is read from (`TOLD_BY`)."""

    @property
    def outcome(self) -> Outcome:
        self.came_of = self.came_of or outcome_of(self.kinds, self.end)
        return self.came_of

    @property
    def is_judged(self) -> bool:
        """Whether its findings are those of all its messages that are read, and held."""
        return self.verdict is not None and self.judged_at >= min(self.messages, MOST_OF_A_TRANSACTION)

    @property
    def seconds(self) -> float:
        return (self.last - self.began).total_seconds()

    @property
    def text(self) -> str:
        """What a search looks at."""
        own = (getattr(self, name) for name in _SEARCHED)
        self.searched = self.searched or " ".join((*own, *self.outcome[:3], *self.troubles, *self.names)).lower()
        return self.searched


class Log:
    def __init__(self) -> None:
        self._lines: OrderedDict[str, Line] = OrderedDict()
        self._by_name: dict[str, Line] = {}
        self._seen = 0
        self._late: dict[int, int] = {}
        """Numbers of records that were not there yet, and how often they were looked for."""
        self._count = 0
        self.judged = 0
        """How often findings were counted: together with what was read, whether anything is new."""
        self.judging: asyncio.Task[None] | None = None
        """Who counts the findings of lines that were shown."""
        self._one_judge = asyncio.Lock()
        self._trials, self._ended = 0, 0
        self._drawn: dict[str, str] = {}
        self._drawn_at = self.state
        self.muted: Mapping[str, str] = {}
        """Rules whose findings are not told, with the reasons."""
        self._choices: dict[str, list[str]] = {name: [] for name in _CHOSEN}
        self._choices_at = (0, 0)
        self._held: OrderedDict[int, Line] = OrderedDict()
        """Lines with a verdict, by their numbers, the one that was judged first before the others."""

    @property
    def state(self) -> tuple[int, int]:
        """Another one whenever there is something new to show."""
        return self._seen, self.judged

    @property
    def drawn(self) -> dict[str, str]:
        """Parts of pages as they were drawn last, for those who look at the same. What is no more to be shown is gone."""
        if self._drawn_at != self.state or len(self._drawn) >= MOST_DRAWN:
            self._drawn, self._drawn_at = {}, self.state
        return self._drawn

    async def tried(self, trial: Callable[[], Awaitable[None]]) -> None:
        """Return when a whole `trial` is over that began no earlier than now. There is one at a time: those who wait for it share
        the next one."""
        due = self._trials + 1
        async with self._one_judge:
            if self._ended < due:
                self._trials = due
                await trial()
                self._ended = due

    async def catch_up(self, journal: Journal) -> None:
        """Bring it up to what was noted."""
        while await journal.read(self._read):
            pass

    def newest(self, wanted: Callable[[Line], bool], before: int | None, limit: int) -> list[Line]:
        """Of those that are wanted, the newest first, from below the place `before`."""
        found = (
            line
            for line in reversed(self._lines.values())
            if line.is_listed and (before is None or line.number < before) and wanted(line)
        )
        return [line for line, _ in zip(found, range(limit), strict=False)]

    def latest(self, messages: int) -> list[Line]:
        """Those with the newest messages, until they have so many; in the order in which they began."""
        found, left = [], messages
        for line in sorted(self._lines.values(), key=lambda line: line.record, reverse=True):
            if left <= 0:
                break
            found.append(line)
            left -= line.messages
        return sorted(found, key=lambda line: line.number)

    def judged_as(self, line: Line, messages: int, verdict: Verdict) -> None:
        """`verdict` is that over the first so many messages of a line."""
        line.verdict, line.judged_at = verdict, messages
        told = (each for each in verdict.findings if each.rule.name not in self.muted)
        line.findings = sum(is_told(each.severity, Severity.WARNING) for each in told)
        self.judged += 1
        self._held.pop(line.number, None)
        self._held[line.number] = line
        if len(self._held) > MOST_VERDICTS:
            _, oldest = self._held.popitem(last=False)
            oldest.verdict = None

    def mute(self, rules: Mapping[str, str]) -> None:
        """Have no mark for what they find: the lines are judged again when they are shown."""
        self.muted = rules
        self.judged += 1
        for line in self._lines.values():
            line.judged_at = 0

    def find(self, name: str) -> Line | None:
        return self._by_name.get(name)

    def choices(self) -> dict[str, list[str]]:
        """The values that lines have under a name, as chips offer them; `reason`: the codes that they have for their end."""
        if self._choices_at != (self._seen, len(self._lines)):
            listed = (line for line in self._lines.values() if line.is_listed)
            told = {(line.scheme, line.version, line.scenario, line.outcome.reason) for line in listed}
            self._choices = {
                name: sorted({values[place] for values in told} - {""}) for place, name in enumerate(_CHOSEN)
            }
            self._choices_at = self._seen, len(self._lines)
        return self._choices

    def _read(self, records: Records) -> bool:
        """Some of what came; whether there may be more."""
        first, newest = records.span()
        self._forget_before(first if newest else self._seen + 1)
        after = max(self._seen, newest - MOST_RECORDS)
        self._read_late(records)
        left = AT_ONCE
        for number, notes in records.since(after, AT_ONCE):
            if self._seen and number - self._seen <= LATE_AT_MOST:
                self._late |= dict.fromkeys(range(self._seen + 1, number), 0)
            for place in range(len(notes)):
                self._take(number, whole(number, notes, place))
            self._seen, left = number, left - 1
        return not left

    def _read_late(self, records: Records) -> None:
        """Where several processes write, a record can be seen before one of a lower number is."""
        for found in records.numbered(list(self._late)) if self._late else ():
            self._take(found.number, found)
            self._late[found.number] = LOOKS
        self._late = {number: looks + 1 for number, looks in self._late.items() if looks < LOOKS}

    def _forget_before(self, number: int) -> None:
        """What stands in no record any more."""
        while self._lines and next(iter(self._lines.values())).record < number:
            self._forget_oldest()

    def _forget_oldest(self) -> None:
        _, old = self._lines.popitem(last=False)
        self._held.pop(old.number, None)
        for each in old.names:
            if self._by_name.get(each) is old:
                del self._by_name[each]

    def _take(self, number: int, found: Found) -> None:
        names = names_of(found.note, found.document)
        if not names:
            return
        line = next(
            (known for name in deciding_names(names, found.document) if (known := self._by_name.get(name))), None
        )
        line = line or self._begun(names[0], found.note.at)
        line.last, line.record = max(line.last, found.note.at), number
        for name in names:
            if name not in line.names and len(line.names) < MOST_NAMES:
                line.names += (name,)
                self._by_name.setdefault(name, line)
        _learn(line, found.note.kind, found.document, found.note.facts or {})

    def _begun(self, name: str, at: datetime) -> Line:
        self._count += 1
        line = self._lines[name] = Line(self._count, name, redact(name), at, at)
        if len(self._lines) > MOST_LINES:
            self._forget_oldest()
        return line


def _learn(line: Line, kind: str, message: Mapping[str, Any], facts: Mapping[str, Any]) -> None:
    """A peer wrote it, and may have put a card number anywhere."""

    def shown(path: str) -> str:
        """Most lines say the same."""
        return intern(str(redact(element(message, path))))

    counted = intern(kind[:LONGEST_KIND])
    if counted in line.kinds or len(line.kinds) < MOST_KINDS:
        line.kinds[counted] = line.kinds.get(counted, 0) + 1
    line.messages += 1
    line.is_listed = line.is_listed or kind not in BESIDE
    line.came_of, line.searched = None, ""
    line.faults += kind == "fault"
    line.scheme = line.scheme or intern(element(facts, "scheme"))
    for name, where in _SAID.get(kind, {}).items():
        if not getattr(line, name):
            setattr(line, name, shown(where))
    match kind:
        case "AReq":
            line.channel = CHANNELS.get(element(message, "deviceChannel"), "")
            line.amount = tuple(map(shown, _AMOUNT))
            _learn_card(line, element(message, "acctNumber"))
        case "VEReq":
            line.channel = "browser"
            _learn_card(line, element(message, "pan"))
        case "PAReq":
            line.amount = tuple(shown(f"Purchase.{name}") for name in ("purchAmount", "currency", "exponent"))
        case "fault":
            line.troubles[f"{shown('at')} {shown('do')}"] = None
        case "Payment form" | "IPN" | "CGI2":
            line.reference = line.reference or next((text for name in _REFERENCES if (text := shown(name))), "")
    line.end |= {intern(f"{kind}.{name}"): text for name in TOLD_BY.get(kind, ()) if (text := shown(name))}


def _learn_card(line: Line, pan: str) -> None:
    if line.pan or not pan:
        return
    card = read(pan) if pan.isascii() else None
    line.pan = mask(pan[:19])
    line.scenario = "" if card is None else card.scenario.name
    line.scheme = line.scheme or ("" if card is None else card.scheme)
