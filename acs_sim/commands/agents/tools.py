"""What agents can do with a simulator. Names, parameters and docstrings are what an agent is shown."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any, Literal

import msgspec

from acs_sim.checking.explaining import explain
from acs_sim.checking.files import check_all
from acs_sim.testing.calls import Calls
from acs_sim.testing.faults import fault_document
from acs_sim.testing.words import WAIT_SECONDS, deed
from threedsecure.cards.scenarios import ALL_SCENARIOS
from threedsecure.faults import SENSIBLE

Deed = Literal["submit", "resend", "cancel", "approve", "decline", "select", "abandon"]
Document = dict[str, Any]


class Tools:
    """The tools of one simulator."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    def all(self) -> tuple[Callable[..., Awaitable[Any]], ...]:
        made = (self.addresses, self.scenarios, self.mint_card, self.pay, self.answer, self.move_clock)
        wrong = (self.fault_kinds, self.arm_fault, self.faults, self.clear_faults)
        return (
            *made,
            *wrong,
            self.transaction,
            self.messages,
            self.report,
            self.findings,
            self.explain_error,
            self.check,
        )

    async def addresses(self) -> dict[str, str]:
        """The base address of every party: desk, ds, acs, phone, shop. A 3DS Server posts AReq and PReq to {ds}/{scheme}/3ds2, an
        MPI its VEReq to {ds}/{scheme}/3ds1."""
        return dict(self._calls.addresses)

    async def scenarios(self) -> dict[str, str]:
        """What a card can be told to do, by the name to mint it with."""
        return {name: scenario.description for name, scenario in ALL_SCENARIOS.items()}

    async def mint_card(
        self,
        scenario: str,
        scheme: str = "visa",
        version: str | None = None,
        tries: int | None = None,
        trans_status: str | None = None,
        reason: str | None = None,
    ) -> Document:
        """Mint a test card that nobody else has, with a phone of its own. `scenario`: a name of `scenarios`. `version`: the only
        version its card range knows (1.0.2, 2.1.0, 2.2.0, 2.3.1). `tries`: how often a code may be typed. `trans_status` and
        `reason` (transStatusReason) take the place of what the scenario answers."""
        wishes = {"version": version, "tries": tries, "transStatus": trans_status, "reason": reason}
        return asdict(await self._calls.mint(scheme, scenario, wishes))

    async def pay(self, pan: str, expiry: str, amount: int = 4200, version: str | None = None) -> Document:
        """Buy something with a card at the simulator's own gateway: AReq and ARes are exchanged. Returns where the transaction
        stands: `id`, `state`, `transStatus` (C: the cardholder has to `answer`)."""
        wanted: Document = {"pan": pan, "expiry": expiry, "amount": amount}
        if version is not None:
            wanted["version"] = version
        return await self.transaction(await self._calls.buy(wanted))

    async def answer(self, transaction: str, do: Deed, code: str | None = None, choice: str | None = None) -> Document:
        """Be the cardholder in front of the bank's page, and bring the result back to the shop. `code`: the digits, "correct" or
        "wrong" (with submit); `choice`: what is selected (with select)."""
        given = {"code": code, "choice": choice}
        told = deed(do, {name: value for name, value in given.items() if value is not None})
        return asdict(await self._calls.act(transaction, told, WAIT_SECONDS))

    async def move_clock(self, advance: str | None = None, set: str | None = None) -> str:  # noqa: A002 - as in the control API
        """Move the simulator's clock: `advance` it ("10m", "1h30m", "7d"), or `set` it (RFC 3339); with neither, back to the wall
        clock. Returns the new time."""
        moves = {"advance": advance, "set": set}
        move: Document = {name: value for name, value in moves.items() if value is not None}
        return (await self._calls.move_clock(**(move or {"resume": True}))).isoformat()

    async def arm_fault(
        self,
        at: str,
        do: str,
        when: str = "next",
        card: str | None = None,
        transaction: str | None = None,
        parameters: Document | None = None,
    ) -> Document:
        """Have something go wrong on purpose: `do` happens to the message `at`, as `fault_kinds` lists them. `when`: next or every;
        `card`, `transaction`: only theirs. `parameters`: those of the kind, as {"seconds": 5} for delay."""
        return await self._calls.arm(fault_document(at, do, when, card, transaction, parameters or {}))

    async def fault_kinds(self) -> dict[str, list[str]]:
        """What can go wrong (`do`), by the message it happens to (`at`)."""
        return {at: list(kinds) for at, kinds in SENSIBLE.items()}

    async def faults(self) -> list[Document]:
        """The faults in force, each with how often it has `fired`."""
        return await self._calls.faults()

    async def clear_faults(self) -> str:
        """Have nothing go wrong any more."""
        await self._calls.clear_faults()
        return "no fault is in force"

    async def transaction(self, transaction: str) -> Document:
        """Where a transaction stands, by any of its ids."""
        return dict((await self._calls.status(transaction)).document)

    async def messages(self, transaction: str, kind: str | None = None) -> list[Document]:
        """Every message that crossed a hop, or those of one `kind` (AReq, RReq, Erro …), decoded, card numbers masked."""
        crossed = await self._calls.messages(transaction, kind)
        return [{"at": m.at, "from": m.sender, "to": m.receiver, "kind": m.kind, "message": m.message} for m in crossed]

    async def report(self, transaction: str, outcome: Literal["accepted", "refused"]) -> list[Document]:
        """Tell what the gateway under test made of the payment, which cannot be seen from outside. Returns the findings."""
        return [asdict(one) for one in await self._calls.report(transaction, outcome, None)]

    async def findings(
        self, transaction: str | None = None, severity: Literal["error", "warning", "advice", "good"] = "warning"
    ) -> list[Document]:
        """What the gateway did against the specification, the worst first: rule, clause, evidence with element, what was found and
        what was expected, and the remedy. Of one transaction, or of all."""
        return [asdict(one) for one in await self._calls.findings(transaction, severity)]

    async def explain_error(self, erro: Document) -> Document:
        """What an Erro means: the code, who found it, and what the specification says of each element that it names."""
        return asdict(explain(erro))

    async def check(self, message: Document | str, message_type: str | None = None) -> Document:
        """Hold a message against the specification, offline: JSON (2.x), XML (1.0.2) or the value of a form field such as creq.
        Returns every offending element of all stages, what is allowed and the clause, and advice."""
        raw = message if isinstance(message, str) else json.dumps(message)
        (checked,) = check_all([("message", raw.encode())], message_type)
        document: Document = msgspec.to_builtins(checked)
        return document
