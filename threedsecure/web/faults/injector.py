"""Faults in force, where messages are carried: every answer of a service and every request of a party passes here, and is left
alone unless `plan.active`.

What is decided is decided in `threedsecure.faults`; here it is done, noted in the journal (kind `fault`), and waited for. Seconds
pass on the virtual clock and on the real one, whichever is first, so that a test that moves the clock waits for nothing.
"""

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_hex
from typing import Any, Final, Protocol
from urllib.parse import urlencode

from threedsecure.errors import TransportError
from threedsecure.faults import POINTS, Armed, Fault, FaultRefused, Plan, Transit, as_document
from threedsecure.faults.changes import applies, shown
from threedsecure.faults.fault import Around
from threedsecure.faults.kinds.message import SwapIds
from threedsecure.faults.memory import EMV_IDS, Memory, identifiers
from threedsecure.faults.plan import armed_of, is_drawn
from threedsecure.web.calling.transport import Transport
from threedsecure.web.clock import Clock
from threedsecure.web.faults.sharing import Others
from threedsecure.web.randomness import Randomness
from threedsecure.web.wire import FORM, Problem, WireRequest, WireResponse, json_response, read_json

CONTROL_PATH: Final = "/control/faults"
CONTROL_LIMIT: Final = 4 << 20
LATE_SECONDS: Final = 10.0
MAX_LATE: Final = 100
_message: Final[ContextVar[tuple[str, ...]]] = ContextVar("message", default=())
"""What the running task draws for: a point, a sender, and the identifiers of a transaction."""
_RECEIVERS: Final = {
    ("RRes", "Directory Server"): "ACS",
    ("RReq", "Directory Server"): "3DS Server",
    ("AReq", "Directory Server"): "ACS",
    ("VEReq", "Directory Server"): "ACS",
    ("VERes", "Directory Server"): "MPI",
    ("CRRes", "Directory Server"): "MPI",
    ("Error", "Directory Server"): "MPI",
    ("SMS", "ACS"): "Phone",
    ("prompt", "ACS"): "Phone",
    ("CRes", "ACS"): "SDK",
}
_USUAL_RECEIVERS: Final = {
    "Directory Server": "3DS Server",
    "ACS": "Directory Server",
    "3DS Server": "Directory Server",
    "SDK": "ACS",
    "MPI": "Directory Server",
    "Browser": "ACS",
}


class Journal(Protocol):
    """Where what happened is noted."""

    def record(
        self,
        at: datetime,
        sender: str,
        receiver: str,
        kind: str,
        document: Mapping[str, Any],
        *,
        transaction_id: str | None = None,
    ) -> int: ...


@dataclass(frozen=True, slots=True)
class _LateCallback:
    url: str
    value: str


class Faults:
    """The faults of one process. Without a clock and a journal there are none to be had."""

    def __init__(
        self,
        clock: Clock | None = None,
        randomness: Randomness | None = None,
        journal: Journal | None = None,
        transport: Transport | None = None,
    ) -> None:
        self.plan = Plan()
        self.memory = Memory()
        self.process = token_hex(16)
        """Tells processes apart that do not count together, whatever their seeds."""
        self._clock = clock or Clock()
        self._randomness = randomness or Randomness()
        self._journal = journal
        self._transport = transport
        self._released = asyncio.Event()
        self._errands: set[asyncio.Task[Any]] = set()
        self._late: dict[str, _LateCallback] = {}
        self._late_elsewhere: set[str] = set()
        self._standing: Sequence[Fault] = ()
        self.others: Others | None = None
        """Where one simulator has several processes: those, by which all that is in force is decided then."""

    # What is in force.

    def stand(self, faults: Sequence[Fault]) -> None:
        """Put these in force, now and whenever everything begins again."""
        self._standing = faults
        self.begin_again()

    def begin_again(self) -> None:
        """Clear what was asked for on the way."""
        self.clear()
        for fault in self._standing:
            self.arm(fault)

    def arm(self, fault: Fault) -> dict[str, Any]:
        """Put a fault in force in this process; the fault with its id. Errors: `FaultRefused`."""
        return self.plan.arm(self._randomness.uuid(), fault).document()

    def standing(self) -> list[Armed]:
        """What is in force whenever everything begins again."""
        return [Armed(self._randomness.uuid(), fault) for fault in self._standing]

    def clear(self) -> None:
        """Nothing is in force any more, and what waits goes on."""
        self.plan.clear()
        self.memory.forget()
        self._late.clear()
        self._late_elsewhere.clear()
        self._released.set()
        self._released = asyncio.Event()

    # The same, wherever the simulator runs: in all its processes.

    async def arm_everywhere(self, faults: Sequence[Fault]) -> list[dict[str, Any]]:
        """Errors: `FaultRefused`."""
        if self.others is None:
            return [self.arm(fault) for fault in faults]
        armed = [Armed(self._randomness.uuid(), fault) for fault in faults]
        await self.others.put(armed)
        return [one.document() for one in armed]

    async def disarm_everywhere(self, identifier: str) -> bool:
        """Whether it was in force."""
        return self.plan.disarm(identifier) if self.others is None else await self.others.take(identifier)

    async def clear_everywhere(self) -> int:
        """How many were in force."""
        if self.others is not None:
            return await self.others.put_instead(list)
        count = len(self.plan)
        self.clear()
        return count

    async def begin_again_everywhere(self) -> None:
        if self.others is None:
            self.begin_again()
        else:
            await self.others.put_instead(self.standing)

    async def documents(self) -> list[dict[str, Any]]:
        """All that is in force, as the control API tells it."""
        return self.plan.documents() if self.others is None else await self.others.documents()

    async def control(self, request: WireRequest) -> WireResponse:
        """`POST /control/faults` `{"faults": […]?, "known": [{identifiers}]?, "process"?}`: replaces what is in force here, and
        tells what is.

        `known`: identifiers that belong together, in the words of the messages. `process`: who asks; it replaces nothing in its
        own process, where what is in force may be newer than what it says."""
        wish = read_json(request)
        try:
            if (wanted := wish.get("faults")) is not None and wish.get("process") != self.process:
                await self._replace(wanted)
        except FaultRefused as refused:
            raise Problem(400, "Bad Request", str(refused)) from refused
        known = wish.get("known", [])
        if not isinstance(known, list) or not all(isinstance(one, dict) for one in known):
            raise Problem(400, "Bad Request", "known is a list of objects with identifiers")
        for one in known:
            self.learn(one)
        return json_response({"process": self.process, "faults": await self.documents()})

    async def _replace(self, wanted: Any) -> None:
        if not isinstance(wanted, list) or not all(isinstance(one, dict) for one in wanted):
            raise FaultRefused("faults is a list of faults with their ids")
        if self.others is not None and not wanted:
            await self.others.put_instead(list)
        elif self.others is not None:
            await self.others.match([one for one in map(armed_of, wanted) if not self.plan.is_over(one.id)])
        elif wanted:
            self.plan.replace(wanted)
        else:
            self.clear()

    # What happens.

    async def names_of(self, at: str | None, sender: str, message: Mapping[str, Any]) -> frozenset[str]:
        """All names of the transaction that `message` belongs to. Where another process has seen what came before, and a fault at
        this point depends on it, that is looked up."""
        names = self.learn(message)
        limited = [] if self.others is None or at is None else self.plan.limited(at, sender)
        if self.others is None or not limited:
            return names
        told = identifiers(message)
        open_ones = [fault for fault in limited if self._is_open(fault, told, names)]
        if not open_ones:
            return names
        for found in await self.others.acquaintances(open_ones, told):
            self.learn(found)
        return self.learn(message)

    def _is_open(self, fault: Fault, told: Mapping[str, str], names: frozenset[str]) -> bool:
        """Whether a fault may be for this transaction, for all that is known here."""
        if fault.card is not None:
            return fault.card not in names and self.memory.card_of(told) is None
        name = (fault.transaction or "").lower()
        return name not in names and not self.memory.are_apart(name, told)

    async def struck(self, at: str, sender: str, names: frozenset[str], raw: bytes) -> list[Fault]:
        """The faults that happen to this message. From here on, the task draws for it."""
        _message.set((at, sender, *sorted(names)))
        transit = Transit(at, sender, names)
        if self.others is None:
            met = self.plan.meet(transit, self.draw, lambda fault: applies(fault, raw))
        else:
            met = await self._met_together(self.others, transit, raw)
        return [armed.fault for armed in met]

    async def _met_together(self, others: Others, transit: Transit, raw: bytes) -> list[Armed]:
        fitting = self.plan.fitting(transit, lambda fault: applies(fault, raw))
        drawn = [armed for armed in fitting if is_drawn(armed, self.draw)]
        return self.plan.settle(drawn, await others.count(drawn)) if drawn else []

    async def around(self, fault: Fault, sender: str, names: frozenset[str]) -> Around:
        """What a change of a message depends on besides the message. `names`: those of its transaction."""
        swaps = isinstance(fault, SwapIds) and fault.of == "another"
        if swaps and self.others is not None:
            for found in await self.others.latest():
                self.learn(found)
        other = self.memory.another(names)
        return Around(sender, other.ids if other else {}, self.draw)

    def draw(self, bound: int) -> int:
        """For the message at hand alone, so that messages that cross stay repeatable."""
        return self._randomness.of("fault", *_message.get()).below(bound)

    def note(self, fault: Fault, message: Mapping[str, Any] | None, sent: bytes | None = None) -> None:
        """What happened, and to which message: `message` as it was meant, `sent` what it became, where that can be read. What came
        with the identifiers of another transaction (`as`) is noted there too, with whose it was (`of`)."""
        told = {
            name: value for name, value in as_document(fault).items() if name not in {"card", "transaction", "when"}
        }
        document: dict[str, Any] = {**told, **identifiers(message or {}), "says": says(fault)}
        became = None if sent is None else shown(sent)
        if became is None:
            self._record(fault, document)
            return
        document["sent"] = became
        own, other = document.get(EMV_IDS[0]), became.get(EMV_IDS[0])
        if other == own or not isinstance(other, str) or not self.memory.knows(other):
            self._record(fault, document)
            return
        self._record(fault, {**document, "as": other})
        self._record(fault, {**document, **identifiers(became), "of": own})

    def _record(self, fault: Fault, document: Mapping[str, Any]) -> None:
        if self._journal is not None:
            receiver = "Browser" if POINTS[fault.at].carrier in {"page", "post"} else _receiver(fault)
            self._journal.record(self._clock.now(), fault.sent_by, receiver, "fault", document)

    def note_copy(self, sender: str, copy: int, message: Mapping[str, Any], answer: WireResponse) -> None:
        """That a message came once more, and what it was answered, where its receiver is not one of ours and notes nothing."""
        if self._journal is None or (sender, message.get("messageType")) != ("Directory Server", "RReq"):
            return
        document = {
            "at": message["messageType"],
            **identifiers(message),
            "says": f"copy {copy}, answered with HTTP {answer.status}",
            "sent": dict(message),
            "answer": shown(answer.body),
        }
        self._journal.record(self._clock.now(), sender, _USUAL_RECEIVERS[sender], "copy", document)

    async def pause(self, seconds: float) -> None:
        """`seconds` of the virtual clock, or of the real one, or until the faults are cleared: whichever is first."""
        if seconds <= 0:
            return
        until = asyncio.create_task(self._clock.sleep_until(self._clock.now() + timedelta(seconds=seconds)))
        released = asyncio.create_task(self._released.wait())
        try:
            await asyncio.wait({until, released}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            until.cancel()
            released.cancel()

    def later(self, errand: Awaitable[Any], name: str) -> None:
        """Do something behind the exchange at hand; that it fails is part of the game."""
        task = asyncio.ensure_future(_quietly(errand))
        task.set_name(name)
        self._errands.add(task)
        task.add_done_callback(self._errands.discard)

    async def close(self) -> None:
        self._released.set()
        for task in self._errands:
            task.cancel()
        await asyncio.gather(*self._errands, return_exceptions=True)

    # The 3DS Method's callback that comes when the AReq has been answered.

    async def hold_callback(self, transaction_id: str, url: str, value: str) -> None:
        name = transaction_id.lower()
        if len(self._late) >= MAX_LATE:
            return
        self._late[name] = _LateCallback(url, value)
        self.plan.watch(watching=True)
        if self.others is not None:
            await self.others.hold(name)

    def watch_for(self, transaction_id: str) -> None:
        """Another process waits for the answer to the AReq of this transaction."""
        self._late_elsewhere.add(transaction_id)
        self.plan.watch(watching=True)

    def release_callback(self, transaction_id: str, *, heard: bool = False) -> None:
        """The AReq of this transaction has been answered. `heard`: by another process, which says so."""
        name = transaction_id.lower()
        waited = name in self._late or name in self._late_elsewhere
        self._late_elsewhere.discard(name)
        held = self._late.pop(name, None)
        if waited:
            self.plan.watch(watching=bool(self._late or self._late_elsewhere))
            if self.others is not None and not heard:
                self.others.release(name)
        if held is not None and self._transport is not None:
            body = urlencode({"threeDSMethodData": held.value}).encode()
            self.later(
                self._transport.post(held.url, body, timeout=LATE_SECONDS, content_type=FORM), "late Method callback"
            )

    def spares(self, message: Mapping[str, Any] | None) -> bool:
        """Whether nothing in force can happen to this message, nor to its answer."""
        if not self.plan.active:
            return True
        return self.others is None and message is not None and self.plan.spares(message)

    def may_spare(self, raw: bytes) -> bool:
        """Whether `spares` may say so of the message in `raw`."""
        return not self.plan.active or (self.others is None and self.plan.may_spare(raw))

    def learn(self, message: Mapping[str, Any] | None, session: str | None = None) -> frozenset[str]:
        """All names of the transaction that `message` belongs to, as far as this process has seen them."""
        return self.memory.learn(message, session=session) if message else frozenset()


def says(fault: Fault) -> str:
    """What the fault does, in a sentence."""
    words = (type(fault).__doc__ or "").split(". ")[0].strip().rstrip(".")
    return " ".join(words.split())


def _receiver(fault: Fault) -> str:
    sender = fault.sent_by
    return _RECEIVERS.get((fault.at, sender), _USUAL_RECEIVERS[sender])


async def _quietly(errand: Awaitable[Any]) -> None:
    with suppress(TransportError):
        await errand
