"""One play: its steps one after the other, against a simulator, until one is not as expected."""

import asyncio
import re
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

from acs_sim.scenarios.conversation import Conversation, Unmet, follows
from acs_sim.scenarios.document import Place
from acs_sim.scenarios.gateway import Mailbox, areq
from acs_sim.scenarios.loading import Play
from acs_sim.scenarios.matching import Compared, compare
from acs_sim.scenarios.model import Authenticate, Cardholder, Elements, MessageCheck, Phone, Step
from acs_sim.scenarios.simulator import CannotPlay, NoAnswer, Simulator
from threedsecure.faults import Fault, as_document

ARRIVAL_SECONDS: Final = 5.0
LOOK_AGAIN_SECONDS: Final = 0.02

_CODE = re.compile(r"\b[0-9]{6}\b")


@dataclass
class Outcome:
    """How a play ended. `problem` is None when it passed; `place` is the step that it names. `shots`: pictures of the browser (PNG)
    with a caption each; `findings`: what the simulator has to say about the gateway, None when it says nothing of that kind."""

    play: Play
    seconds: float = 0.0
    problem: str | None = None
    place: Place | None = None
    conversation: list[str] = field(default_factory=list)
    not_played: int = 0
    transaction_id: str | None = None
    card_scenario: str | None = None
    transcript: dict[str, Any] | None = None
    saved_as: str | None = None
    shots: list[tuple[str, bytes]] = field(default_factory=list)
    findings: list[dict[str, Any]] | None = None

    @property
    def passed(self) -> bool:
        return self.problem is None


async def play(
    one: Play, simulator: Simulator, box: Mailbox, random: Random, card: dict[str, Any] | None = None
) -> Outcome:
    """Play to the end or to the first step that is not as expected; never raises for what the simulator does. `card`: one minted
    for it beforehand."""
    outcome, began = Outcome(one), time.perf_counter()
    player = _Player(one, simulator, box, random)
    index = -1
    try:
        await player.prepare(card)
        for index, step in enumerate(one.scenario.steps):  # noqa: B007 - the last one tells which step failed
            await player.step(step)
    except (Unmet, CannotPlay) as error:
        outcome.problem = str(error)
        outcome.place = one.places[index] if index >= 0 else one.place
        outcome.not_played = len(one.scenario.steps) - index - 1
    finally:
        await player.tidy_up()
    outcome.transaction_id = player.transaction_id
    outcome.card_scenario = player.card_scenario
    outcome.conversation = player.conversation.lines
    outcome.seconds = time.perf_counter() - began
    return outcome


async def wished_card(one: Play, simulator: Simulator) -> dict[str, Any]:
    """The card that a play asks for, minted unless it is given. Errors: `CannotPlay`."""
    wish = one.scenario.card
    if wish.pan is not None:
        return await simulator.card(wish.pan)
    names = ("scenario", "scheme", "version", "phone", "tries", "language")
    return await simulator.mint({name: value for name in names if (value := getattr(wish, name)) is not None})


class _Player:
    def __init__(self, one: Play, simulator: Simulator, box: Mailbox, random: Random) -> None:
        self._play = one
        self._scenario = one.scenario
        self._simulator = simulator
        self._box = box
        self._random = random
        self._card: dict[str, Any] = {}
        self._faults: list[str] = []
        self.conversation = Conversation()
        self.transaction_id: str | None = None
        self.card_scenario: str | None = None

    async def prepare(self, card: dict[str, Any] | None) -> None:
        self._card = card or await wished_card(self._play, self._simulator)
        self.card_scenario = str(self._card["scenario"])
        self.conversation.did(f"a {self._card['scheme']} card: {self._card['scenario']}")
        for fault in self._scenario.faults:
            await self._arm(fault)

    async def tidy_up(self) -> None:
        """Take back what went wrong on purpose."""
        for fault_id in self._faults:
            with suppress(CannotPlay):
                await self._simulator.disarm(fault_id)

    async def step(self, step: Step) -> None:
        does: dict[str, Callable[[Any], Awaitable[None]]] = {
            "authenticate": self._authenticate,
            "cardholder": self._act,
            "clock": self._move_clock,
            "phone": self._look_at_phone,
            "result": self._receive_result,
            "returned": self._receive_return,
            "message": self._check_message,
            "order": self._check_order,
            "fault": self._arm,
        }
        await does[step.name](getattr(step, step.name))

    async def _authenticate(self, wish: Authenticate) -> None:
        self.transaction_id = str(UUID(bytes=self._random.randbytes(16), version=4))
        ours = {
            "threeDSServerTransID": self.transaction_id,
            "threeDSServerURL": self._box.results_url,
            "notificationURL": self._box.notification_url,
            "acctNumber": self._card["pan"],
            "cardExpiryDate": self._card["expiry"],
        }
        now = await self._simulator.now()
        message = areq(self._scenario.version, now, ours, self._scenario.purchase, wish.send, wish.besides)
        self.conversation.did(f"authenticate, version {self._scenario.version}")
        expected = "ARes" if wish.Erro is None else "Erro"
        try:
            answer = await self._simulator.authenticate(self._card["scheme"], message)
        except NoAnswer as failure:
            if wish.fails is None:
                raise
            self.conversation.expect("no answer", "fails", wish.fails, failure, met=wish.fails in str(failure))
            return
        if wish.fails is not None:
            self.conversation.instead("no answer", _brief(str(answer.get("messageType")), answer))
        kind = str(answer.get("messageType", "something without messageType"))
        if kind != expected:
            self.conversation.instead(expected, _brief(kind, answer))
        self.conversation.compare(kind, compare(wish.Erro or wish.ARes or {}, answer))

    async def _arm(self, fault: Fault) -> None:
        """For this card alone, when the file limits it to nothing else."""
        document = as_document(fault)
        if fault.card is None and fault.transaction is None and fault.at != "PRes":
            document["card"] = self._card["pan"]
        self._faults.append(await self._simulator.arm(document))
        self.conversation.did(f"fault: {fault.do} at {fault.at}")

    async def _act(self, wish: Cardholder) -> None:
        deed: dict[str, Any] = {"do": wish.do, "deliver": wish.deliver}
        if wish.code is not None:
            deed["code"] = wish.code
        status, outcome = await self._simulator.act(self._transaction(), deed)
        subject = f"cardholder: {wish.do}{f' {wish.code}' if wish.code else ''}"
        reason = str(outcome.get("detail")) if status >= 400 else "not refused"
        if wish.refused is not None or status >= 400:
            met = wish.refused is not None and status >= 400 and wish.refused in reason
            self.conversation.expect(subject, "refused", wish.refused or "not refused", reason, met=met)
            return
        self.conversation.compare(subject, _seen(wish, outcome))

    async def _move_clock(self, duration: str) -> None:
        await self._simulator.move_clock(advance=duration)
        self.conversation.did(f"{duration} pass")

    async def _look_at_phone(self, wish: Phone) -> None:
        async def looked() -> list[Compared]:
            texts = await self._simulator.texts(str(self._card["phone"]))
            return _on_phone(wish, texts)

        self.conversation.compare("phone", await _until_met(looked))

    async def _receive_result(self, expected: Elements) -> None:
        self.conversation.compare("RReq", compare(expected, await self._arrival("RReq", self._box.results)))

    async def _receive_return(self, expected: Elements) -> None:
        self.conversation.compare("CRes", compare(expected, await self._arrival("CRes", self._box.returned)))

    async def _arrival(self, kind: str, queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                message = await queue.get()
        except TimeoutError:
            self.conversation.instead(kind, f"nothing within {ARRIVAL_SECONDS:g} seconds")
            raise
        if message.get("messageType") != kind:
            self.conversation.instead(kind, _brief(str(message.get("messageType", "something unreadable")), message))
        return message

    async def _check_message(self, wish: MessageCheck) -> None:
        async def looked() -> list[Compared]:
            return _among(wish, await self._simulator.messages(self._transaction()))

        way = f" from {wish.sender}" * bool(wish.sender) + f" to {wish.receiver}" * bool(wish.receiver)
        self.conversation.compare(f"message {wish.kind}{way}", await _until_met(looked))

    async def _check_order(self, expected: list[str]) -> None:
        async def looked() -> list[Compared]:
            found.clear()
            found.extend(each["kind"] for each in await self._simulator.messages(self._transaction()))
            return [Compared("order", "", "", follows(expected, found))]

        found: list[str] = []
        await _until_met(looked)
        self.conversation.in_order(expected, found)

    def _transaction(self) -> str:
        if self.transaction_id is None:
            raise CannotPlay("nothing has been authenticated yet")
        return self.transaction_id


async def _until_met(look: Callable[[], Awaitable[list[Compared]]]) -> list[Compared]:
    """Look again until everything is as expected or the time for it is over."""
    deadline = time.monotonic() + ARRIVAL_SECONDS
    while True:
        compared = await look()
        if all(each.met for each in compared) or time.monotonic() > deadline:
            return compared
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _seen(wish: Cardholder, outcome: dict[str, Any]) -> list[Compared]:
    compared: list[Compared] = []
    if wish.says is not None:
        says = str(outcome.get("message"))
        compared.append(Compared("says", wish.says, says, wish.says in says))
    for name in ("tries_left", "transStatus"):
        wanted, found = getattr(wish, name), outcome.get(name)
        if wanted is not None:
            compared.append(Compared(name, str(wanted), str(found), wanted == found))
    return compared


def _on_phone(wish: Phone, texts: list[dict[str, Any]]) -> list[Compared]:
    compared: list[Compared] = []
    if wish.texts is not None:
        compared.append(Compared("texts", str(wish.texts), str(len(texts)), wish.texts == len(texts)))
    if wish.latest is not None:
        latest = str(texts[-1]["body"]) if texts else "no text"
        shown = _CODE.sub("******", latest)
        compared.append(Compared("latest", wish.latest, shown, bool(texts) and wish.latest in latest))
    return compared


def _among(wish: MessageCheck, messages: list[dict[str, Any]]) -> list[Compared]:
    chosen = [
        each
        for each in messages
        if each["kind"] == wish.kind and wish.sender in (None, each["from"]) and wish.receiver in (None, each["to"])
    ]
    if wish.count is not None and len(chosen) != wish.count:
        return [Compared("count", str(wish.count), str(len(chosen)), met=False)]
    number = wish.number or len(chosen)
    if number > len(chosen) or (number == 0 and wish.count != 0):
        return [Compared("number", str(wish.number or "1 or more"), f"there are {len(chosen)}", met=False)]
    counted = [Compared("count", str(wish.count), str(len(chosen)), met=True)] if wish.count is not None else []
    return counted + (compare(wish.has, chosen[number - 1]["message"]) if number else [])


def _brief(kind: str, message: dict[str, Any]) -> str:
    """A message in a few words, for where another one was expected."""
    telling = ("transStatus", "transStatusReason", "errorCode", "errorDescription", "errorDetail")
    return " ".join([kind, *(f"{name}={message[name]}" for name in telling if name in message)])
