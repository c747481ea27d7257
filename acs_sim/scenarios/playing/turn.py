"""What the steps of one play share while it goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from uuid import UUID

from acs_sim.client.challenge_page import Page
from acs_sim.scenarios.file.elements import Column
from acs_sim.scenarios.file.matching import Compared
from acs_sim.scenarios.file.model import Cardholder, Scenario
from acs_sim.scenarios.playing.conversation import Conversation
from acs_sim.scenarios.playing.gateway import Mailbox
from acs_sim.scenarios.simulator import CannotPlay, Simulator


class CannotAsk(CannotPlay):
    """The gateway at hand cannot be asked for this; the message says why. Nobody is at fault."""


ARRIVAL_SECONDS: Final = 5.0
LOOK_AGAIN_SECONDS: Final = 0.02


@dataclass
class Classic:
    """The MPI's side of a payment with 1.0.2."""

    veres: dict[str, Any]
    pareq: dict[str, Any] | None = None
    page: Page | None = None


@dataclass
class Turn:
    """`transaction_id`: of the last authentication. `drawn_id`: one that the 3DS Method used, for the next AReq. `callback`:
    what the browser still has to do for a 3DS Method that is late. `undo`: what puts the simulator back, the last first.
    `charges`: what a verdict found. `draws_ids`: whether the run's own gateway draws the threeDSServerTransID; `unarmed`: faults
    that wait for the one that another gateway draws. `through_gateway`: whether the reference gateway sent the AReq, and takes the
    result. `prior`: the last ARes S, and the
    `assertion` that was brought about it."""

    scenario: Scenario
    simulator: Simulator
    box: Mailbox
    random: Random
    card: dict[str, Any] = field(default_factory=dict)
    conversation: Conversation = field(default_factory=Conversation)
    transaction_id: str | None = None
    drawn_id: str | None = None
    comp_ind: str | None = None
    callback: Callable[[], Awaitable[None]] | None = None
    classic: Classic | None = None
    serial_num: str | None = None
    undo: list[Callable[[], Awaitable[None]]] = field(default_factory=list)
    charges: list[Any] = field(default_factory=list)
    prior: dict[str, Any] = field(default_factory=dict)
    assertion: dict[str, Any] = field(default_factory=dict)
    draws_ids: bool = True
    unarmed: list[dict[str, Any]] = field(default_factory=list)
    through_gateway: bool = False

    @property
    def column(self) -> Column:
        return Column.of(self.scenario)

    @property
    def transaction(self) -> str:
        """Errors: `CannotPlay`."""
        if self.transaction_id is None:
            raise CannotPlay("nothing has been authenticated yet")
        return self.transaction_id

    def draw_id(self) -> str:
        return str(UUID(bytes=self.random.randbytes(16), version=4))

    async def arm(self, fault: dict[str, Any]) -> None:
        """Put a fault in force until the end of the play."""
        fault_id = await self.simulator.arm(fault)
        self.undo.append(lambda: self.simulator.disarm(fault_id))

    async def method_begins(self, transaction_id: str) -> None:
        """The browser is about to open a 3DS Method's page for this transaction."""
        unarmed, self.unarmed = self.unarmed, []
        for fault in unarmed:
            await self.arm({**fault, "transaction": transaction_id})

    def all_armed(self) -> None:
        """Errors: `CannotAsk` where a fault waits for a 3DS Method that this gateway does not run."""
        if self.unarmed:
            at = self.unarmed[0]["at"]
            raise CannotAsk(f"a fault at the {at} can never happen: the gateway sent no browser to the 3DS Method")

    async def arrival(self, kind: str, queue: asyncio.Queue[Any]) -> Any:
        """The next of what came. Errors: `Unmet` when nothing comes."""
        try:
            async with asyncio.timeout(ARRIVAL_SECONDS):
                return await queue.get()
        except TimeoutError:
            self.conversation.instead(kind, f"nothing within {ARRIVAL_SECONDS:g} seconds")

    async def message(self, kind: str, queue: asyncio.Queue[dict[str, Any]]) -> dict[str, Any]:
        """The next message that came. Errors: `Unmet` when nothing comes, or a message of another kind."""
        message: dict[str, Any] = await self.arrival(kind, queue)
        if message.get("messageType") != kind:
            self.conversation.instead(kind, brief(message))
        return message

    def tell_deed(self, wish: Cardholder, status: int, outcome: dict[str, Any]) -> None:
        """What the cardholder did, held against what the file expects of it. Errors: `Unmet`."""
        entry = wish.code or wish.choice
        subject = f"cardholder: {wish.do}{f' {entry}' if entry else ''}"
        reason = str(outcome.get("detail")) if status >= 400 else "not refused"
        if wish.any:
            self.conversation.did(f"{subject}: {reason if status >= 400 else 'done'}")
            return
        if wish.refused is not None or status >= 400:
            met = wish.refused is not None and status >= 400 and wish.refused in reason
            self.conversation.expect(subject, "refused", wish.refused or "not refused", reason, met=met)
            return
        self.conversation.compare(subject, _seen(wish, outcome))


async def until_met(look: Callable[[], Awaitable[list[Compared]]]) -> list[Compared]:
    """Look again until everything is as expected or the time for it is over."""
    now = asyncio.get_running_loop().time
    deadline = now() + ARRIVAL_SECONDS
    while True:
        compared = await look()
        if all(each.met for each in compared) or now() > deadline:
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


def brief(message: dict[str, Any]) -> str:
    """A message in a few words, for where another one was expected."""
    telling = ("transStatus", "transStatusReason", "errorCode", "errorDescription", "errorDetail")
    kind = str(message.get("messageType", "something without messageType"))
    return " ".join([kind, *(f"{name}={message[name]}" for name in telling if name in message)])
