"""One play: its steps one after the other, against a simulator, until one is not as expected."""

import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final, Protocol

from acs_sim.scenarios.file.document import Place
from acs_sim.scenarios.file.loading import Play
from acs_sim.scenarios.file.model import CLASSIC, Step
from acs_sim.scenarios.playing import steps_common, steps_emv, steps_v1
from acs_sim.scenarios.playing.conversation import Unmet
from acs_sim.scenarios.playing.gateway import Mailbox
from acs_sim.scenarios.playing.turn import CannotAsk, Turn
from acs_sim.scenarios.simulator import CannotPlay, Simulator

Does = Callable[[Turn, Any], Awaitable[None]]
STEPS: Final[Mapping[str, Does]] = {
    "authenticate": steps_emv.authenticate,
    "cardholder": steps_emv.act,
    "method": steps_emv.method,
    "result": steps_emv.result,
    "returned": steps_emv.returned,
    "preparation": steps_emv.prepare,
    "edit_ranges": steps_emv.edit_ranges,
    "enrolment": steps_v1.enrolment,
    "payment": steps_v1.payment,
    "card": steps_common.card,
    "clock": steps_common.clock,
    "phone": steps_common.phone,
    "message": steps_common.message,
    "order": steps_common.order,
    "operation": steps_common.operation,
    "restart": steps_common.restart,
    "fault": steps_common.arm,
    "verdict": steps_common.verdict,
}
V1_STEPS: Final[Mapping[str, Does]] = {
    **STEPS,
    "cardholder": steps_v1.act,
    "returned": steps_v1.returned,
    "preparation": steps_v1.prepare,
}


class Company(Protocol):
    """Who takes part in a play besides the run itself."""

    def joins(self, turn: Turn) -> Mapping[str, Does]:
        """What takes the place of steps of these names."""
        ...

    def excuses(self) -> frozenset[str] | None:
        """Rules whose findings say nothing of the gateway, because the play itself brought them about; None where no gateway was
        asked for anything."""
        ...


@dataclass
class Outcome:
    """How a play ended. `problem` is None unless it failed; `place` is the step that it names. `skipped`: why it was not played,
    where the gateway cannot be asked for it. `shots`: pictures of the browser (PNG) with a caption each. `findings`: what the
    simulator has to say about the gateway, None when it says nothing of that kind; `excuses`: those of its rules that are our doing
    here, None where all of it is. `charges`: what a verdict step found."""

    play: Play
    seconds: float = 0.0
    problem: str | None = None
    skipped: str | None = None
    place: Place | None = None
    conversation: list[str] = field(default_factory=list)
    not_played: int = 0
    transaction_id: str | None = None
    card_scenario: str | None = None
    transcript: dict[str, Any] | None = None
    saved_as: str | None = None
    shots: list[tuple[str, bytes]] = field(default_factory=list)
    findings: list[dict[str, Any]] | None = None
    excuses: frozenset[str] | None = None
    charges: list[Any] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return self.problem is None and self.skipped is None

    @property
    def failed(self) -> bool:
        return self.problem is not None


async def play(
    one: Play,
    simulator: Simulator,
    box: Mailbox,
    random: Random,
    card: dict[str, Any] | None = None,
    company: Company | None = None,
) -> Outcome:
    """Play to the end or to the first step that is not as expected; never raises for what the simulator does. `card`: one minted
    for it beforehand."""
    outcome, began = Outcome(one), time.perf_counter()
    turn = Turn(one.scenario, simulator, box, random)
    steps = company.joins(turn) if company is not None else {}
    index = -1
    try:
        await steps_common.take_card(turn, card or await wished_card(one, simulator))
        for index, step in enumerate(one.scenario.steps):  # noqa: B007 - the last one tells which step failed
            await do(turn, step, steps)
    except CannotAsk as error:
        outcome.skipped = str(error)
    except (Unmet, CannotPlay) as error:
        outcome.problem = str(error)
        outcome.place = one.places[index] if index >= 0 else one.place
        outcome.not_played = len(one.scenario.steps) - index - 1
    finally:
        await _tidy_up(turn)
    outcome.excuses = company.excuses() if company is not None else None
    outcome.charges = turn.charges
    outcome.transaction_id = turn.transaction_id
    outcome.card_scenario = str(turn.card.get("scenario")) if turn.card else None
    outcome.conversation = turn.conversation.lines
    outcome.seconds = time.perf_counter() - began
    return outcome


async def do(turn: Turn, step: Step, others: Mapping[str, Does]) -> None:
    """One step. Errors: `Unmet`, `CannotPlay`."""
    steps = {**(V1_STEPS if turn.scenario.version == CLASSIC else STEPS), **others}
    await steps[step.name](turn, getattr(step, step.name))


async def wished_card(one: Play, simulator: Simulator) -> dict[str, Any]:
    """The card that a play asks for, minted unless it is given. Errors: `CannotPlay`."""
    return await steps_common.wished(one.scenario.card, simulator, one.scenario.version)


async def _tidy_up(turn: Turn) -> None:
    """Take back what was done to the simulator, the last first."""
    for undo in reversed(turn.undo):
        with suppress(CannotPlay):
            await undo()
