"""The messages of one transaction as the rules look at them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Final

from acs_sim.findings.model import Evidence, shown
from threedsecure.v2.errors import ErrorCode
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.validation.checking import Leg, context_of, hollow, owed, violations

THREE_DS_SERVER: Final = "3DS Server"
DIRECTORY_SERVER: Final = "Directory Server"
ACS: Final = "ACS"
BROWSER: Final = "Browser"
SDK: Final = "SDK"
MPI: Final = "MPI"
FAILURES: Final = frozenset({"connection failed", "no answer"})
POINTS: Final[Mapping[str, tuple[str, ...]]] = {"CRes": ("CRes page", "CRes post", "CRes")}
"""Where a fault changes a message, for those that are carried under another name."""
UNREADABLE: Final = frozenset({"silence", "refuse", "truncate", "garbage", "erro", "status", "redirect"})
"""Faults after which a message is gone, or something else."""
KEPT: Final = "kept"
"""The body of a message whose HTTP status alone is another."""
STRICT: Final = frozenset({"duplicate-key", "content-type", "gzip-lie"})
"""Faults that a receiver may refuse, or look over, and then read what is right."""
CARRIAGE: Final = frozenset({"delay", "dribble", "twice", "reset", "late"})
"""Faults that leave the message as it was meant."""
LED_ELSEWHERE: Final = frozenset({"other-session", "swap-ids"})
"""Faults after which a browser comes to the shop as somebody else's."""
SENT_AGAIN: Final = frozenset({"reset", "refuse", "truncate"})
"""Faults after which a request is sent once more at once, as it was meant."""
DECISIVE: Final = frozenset({"transStatus", "eci"})
"""What a payment goes by, also where a scheme says when it is there."""
IDENTIFIERS: Final = ("threeDSServerTransID", "dsTransID", "acsTransID", "sdkTransID")

Message = Mapping[str, Any]
Wrong = tuple[str, str, str]
"""An element, what was found there, and what is expected."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One journal entry. `facts`: what its recorder knew beside the message."""

    number: int
    at: str
    sender: str
    receiver: str
    kind: str
    transaction_id: str
    message: Message
    status: int | None = None
    took_ms: float | None = None
    facts: Message = field(default_factory=dict)

    @classmethod
    def read(cls, number: int, entry: Message) -> "Entry":
        return cls(
            number,
            entry["at"],
            entry["from"],
            entry["to"],
            entry["kind"],
            entry["transaction_id"],
            entry["message"],
            entry.get("status"),
            entry.get("took_ms"),
            entry.get("facts", {}),
        )

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.at)

    def shows(self, element: str | None = None, found: object = None, expected: object = None) -> Evidence:
        """This message as evidence."""
        return Evidence(self.transaction_id, self.number, self.kind, self.at, element, shown(found), shown(expected))

    def text(self, name: str) -> str:
        """An element that is a text, empty when there is none."""
        value = self.message.get(name)
        return value if isinstance(value, str) else ""


class Case:
    """One transaction. `entries` are in the order in which they were recorded."""

    def __init__(self, entries: Sequence[Message]) -> None:
        self.entries = tuple(Entry.read(number, entry) for number, entry in enumerate(entries, start=1))
        self.transaction_id = self.entries[0].transaction_id if self.entries else ""
        self.areqs = self.of("AReq", THREE_DS_SERVER, DIRECTORY_SERVER)
        self.answers = self.of("ARes", DIRECTORY_SERVER, THREE_DS_SERVER)
        self.creqs = self.of("CReq", BROWSER, ACS)
        self.cres = (*self.of("CRes", ACS, BROWSER), *self._finals_in_app())
        self.rreqs = self.of("RReq", DIRECTORY_SERVER, THREE_DS_SERVER)
        self.rres = self.of("RRes", THREE_DS_SERVER, DIRECTORY_SERVER)

    def _finals_in_app(self) -> Iterator[Entry]:
        """The CRes that tell an SDK how its challenge ended."""
        return (cres for cres in self.of("CRes", ACS, SDK) if cres.text("challengeCompletionInd") == "Y")

    @classmethod
    def of_messages(cls, messages: Sequence[Message], transaction_id: str) -> "Case":
        """From what `GET /api/transactions/{id}/messages` answers."""
        return cls([{**each, "transaction_id": transaction_id} for each in messages])

    @property
    def told_by_the_directory_server(self) -> tuple[Entry, ...]:
        """ARes and Erro that went to the 3DS Server, in their order."""
        erros = self.of("Erro", DIRECTORY_SERVER, THREE_DS_SERVER)
        return tuple(sorted((*self.answers, *erros), key=lambda entry: entry.number))

    def of(self, kind: str, sender: str | None = None, receiver: str | None = None) -> tuple[Entry, ...]:
        """The messages of a kind, from and to whom where that is said."""
        return tuple(
            entry
            for entry in self.entries
            if entry.kind == kind and sender in (None, entry.sender) and receiver in (None, entry.receiver)
        )

    def between(self, sender: str, receiver: str) -> Iterator[Entry]:
        return (entry for entry in self.entries if (entry.sender, entry.receiver) == (sender, receiver))

    def last_before(self, found: tuple[Entry, ...], entry: Entry) -> Entry | None:
        """The last of `found` that crossed before `entry`."""
        return next((each for each in reversed(found) if each.number < entry.number), None)

    def areq_of(self, answer: Entry) -> Entry | None:
        return self.last_before(self.areqs, answer)

    @property
    def challenged(self) -> Entry | None:
        """The ARes that asked for a challenge."""
        return next((answer for answer in self.answers if answer.text("transStatus") == "C"), None)

    def strays(self, kind: str) -> tuple[Entry, ...]:
        """Messages of other transactions to which a fault gave the identifiers of this one."""
        found = (each for each in self.of("fault") if "of" in each.message and each.text("at") == kind)
        return tuple(replace(each, kind=kind, message=each.message["sent"]) for each in found)

    def disturbed(self, *points: str) -> tuple[Entry, ...]:
        """The faults that were asked for at these points: what follows them is no doing of the gateway."""
        return tuple(entry for entry in self.of("fault") if entry.text("at") in points)

    @property
    def is_led_elsewhere(self) -> bool:
        """Whether the browser came back with what belongs to another payment: what it is shown then may be that one's."""
        return any(fault.text("do") in LED_ELSEWHERE for fault in self.disturbed("CRes post"))

    def as_sent(self, entry: Entry) -> Entry:
        """A message of ours as it left the house: the journal holds what was meant, and behind it what faults made of it."""
        sent: Message | None = None
        for fault in self.faults_behind(entry):
            sent = fault.message["sent"] if isinstance(fault.message.get("sent"), dict) else sent
        return entry if sent is None else replace(entry, message=sent)

    def forms(self, entry: Entry) -> list[Entry]:
        """As what a message may have come: as it left the house, and as it was meant where it was sent once more."""
        return [self.as_sent(entry), entry] if self._sent_again(entry) else [self.as_sent(entry)]

    def _sent_again(self, entry: Entry) -> bool:
        """An answer is not."""
        return entry.kind == "RReq" and any(fault.text("do") in SENT_AGAIN for fault in self.faults_behind(entry))

    def faults_behind(self, entry: Entry) -> Iterator[Entry]:
        """What happened to this message, and not to another one of its kind that its sender sent later."""
        points = POINTS.get(entry.kind, (entry.kind,))
        for each in self.entries[entry.number :]:
            if (each.kind, each.sender) == (entry.kind, entry.sender):
                return
            own = each.kind == "fault" and "of" not in each.message
            if own and each.sender == entry.sender and each.text("at") in points:
                yield each

    def lost(self, entry: Entry) -> bool:
        """Whether a fault saw to it that nothing came that its receiver could read as this message of this transaction."""
        if self.is_anothers(entry):
            return True
        if not any(is_gone(fault) for fault in self.faults_behind(entry)):
            return False
        if not self._sent_again(entry):
            return True
        after = self.answer_to(entry)
        return not self.reset(entry) and (after is None or after.kind in FAILURES)

    def is_anothers(self, entry: Entry) -> bool:
        """Whether a fault made it a message of another transaction that is known."""
        return any("as" in fault.message for fault in self.faults_behind(entry))

    def taken(self, rreq: Entry) -> bool:
        """Whether an RRes came for this RReq, at the first attempt or at a later one."""
        if self.is_anothers(rreq):
            return False
        later = (each.number for each in self.rreqs if each.number > rreq.number)
        end = next(later, len(self.entries) + 1)
        return any(rreq.number < rres.number < end for rres in self.rres)

    def excusable(self, entry: Entry) -> bool:
        """Whether a fault gave its receiver a reason to refuse this message that cannot be read off it; or it came once more, after
        a connection that broke, and said another thing then."""
        faults = [*self.faults_behind(entry)]
        changed = any(isinstance(fault.message.get("sent"), dict) for fault in faults)
        return (changed and self.reset(entry)) or any(
            fault.text("do") in UNREADABLE | STRICT
            or (fault.text("do") not in CARRIAGE and not isinstance(fault.message.get("sent"), dict))
            for fault in faults
        )

    def debatable(self, entry: Entry, leg: Leg) -> bool:
        """Whether a message that is right may be read as wrong: one of its objects holds nothing that is defined."""
        sent = self.as_sent(entry).message
        return hollow(sent, context_of(sent, leg))

    def reset(self, entry: Entry) -> bool:
        """Whether the connection was broken once the message had arrived."""
        return any(fault.text("do") == "reset" for fault in self.faults_behind(entry))

    def answer_to(self, rreq: Entry) -> Entry | None:
        """What the 3DS Server answered to an RReq, or what came instead; None while it is waited for."""
        for entry in self.entries[rreq.number :]:
            ours = (entry.sender, entry.receiver) == (THREE_DS_SERVER, DIRECTORY_SERVER)
            if ours and entry.kind not in ("AReq", "PReq"):
                return entry
            if entry.receiver == THREE_DS_SERVER and entry.kind in FAILURES:
                return entry
        return None

    def faults_of(self, entry: Entry, leg: Leg) -> list[Wrong]:
        """What is wrong with a message as it was sent. Its identifiers have to be those of the transaction."""
        return self._wrong(self.as_sent(entry), leg, all_of_it=True)

    def overlooked(self, entry: Entry, leg: Leg) -> list[Wrong]:
        """What is wrong with a message in whatever form it came, and no receiver may leave unread: elements that have to be there,
        identifiers, and what a payment goes by. What is there besides, a gateway need not know."""
        forms = [self._wrong(form, leg, all_of_it=False) for form in self.forms(entry)]
        return forms[0] if all(forms) else []

    def _wrong(self, form: Entry, leg: Leg, *, all_of_it: bool) -> list[Wrong]:
        areq, ares = self.last_before(self.areqs, form), self.last_before(self.answers, form)
        return [*_violated(form, leg, areq, ares, all_of_it), *_mistaken(form, ares or areq)]


def is_gone(fault: Entry) -> bool:
    """Whether nothing that can be read is left of a message that this happened to."""
    return fault.text("do") in UNREADABLE and fault.text("body") != KEPT


def _violated(entry: Entry, leg: Leg, areq: Entry | None, ares: Entry | None, all_of_it: bool) -> Iterator[Wrong]:
    request = areq.message if areq is not None else None
    version = entry.message.get("messageVersion")
    if version not in SUPPORTED_VERSIONS or entry.message.get("messageType") != entry.kind:
        yield "messageVersion", str(version), ", ".join(SUPPORTED_VERSIONS)
        return
    context = context_of(entry.message, leg, request, ares.message if ares is not None else None)
    read = DECISIVE | owed(entry.message, context)
    for violation in violations(entry.message, context):
        critical = violation.code == ErrorCode.CRITICAL_EXTENSION_NOT_RECOGNISED
        if all_of_it or critical or first_of(violation.element) in read:
            yield violation.element, violation.found, violation.allowed


def first_of(path: str) -> str:
    """The element on the first level that an element stands in."""
    return path.partition(".")[0].partition("[")[0]


def _mistaken(entry: Entry, known: Entry | None) -> Iterator[Wrong]:
    """Identifiers that are not those of `known`, and another version."""
    for name in (*IDENTIFIERS, "messageVersion"):
        right, found = known.text(name) if known is not None else "", entry.text(name)
        if right and found and right.lower() != found.lower():
            yield name, found, right
