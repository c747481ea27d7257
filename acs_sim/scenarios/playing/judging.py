"""The verdict at the end of a play: what the findings say of each payment, and what holds of every gateway."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from acs_sim.client.cardholder import decoded_result
from acs_sim.client.challenge_page import Form
from acs_sim.findings.case import Case
from acs_sim.findings.invariants import INVARIANTS
from acs_sim.findings.model import Evidence, Severity
from acs_sim.findings.observed import OPEN, Observed, Shown
from acs_sim.findings.rules.preparation import FRESH
from acs_sim.scenarios.browser.purchases import SECURITY_CODE, Purchases
from acs_sim.scenarios.browser.screens import Screen
from acs_sim.scenarios.browser.shop_page import ShopPage
from acs_sim.scenarios.playing.turn import Turn

WAITS: Final = (("11m", 0.4), ("109m", 4.0))
"""How long a payment that is open is given, on the clock of the simulator and then on the wall's for what that sets off: first for
the bank's own end of a challenge."""
ON_ITS_CLOCK: Final = timedelta(minutes=3)
REST_SECONDS: Final = 1.0
LOOK_AGAIN_SECONDS: Final = 0.02
STALE: Final = "preq-stale"
EAGER: Final = "preq-too-eager"
IGNORED: Final = "purchase-ignored"
CODE_DIGITS: Final = 6
NAMED: Final = "threeDSServerTransID"


@dataclass(frozen=True, slots=True)
class Charge:
    """What convicts the gateway: a rule, and where it shows."""

    rule: str
    words: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.words}"


@dataclass
class Payment:
    """`outcomes`: what the gateway said came of it, each time that this changed."""

    transaction_id: str
    pan: str
    phone: str
    asked: Mapping[str, Any] = field(default_factory=dict)
    outcomes: list[dict[str, Any]] = field(default_factory=list)

    @property
    def decided(self) -> bool:
        return bool(self.outcomes) and self.outcomes[-1]["outcome"] != OPEN


class Judge:
    """One play's."""

    def __init__(self, screen: Screen, purchases: Purchases) -> None:
        self._screen = screen
        self._purchases = purchases
        self.payments: list[Payment] = []
        self._first: Case | None = None
        self._ignored: list[str] = []
        self._prepared: set[str] = set()

    async def begins(self, turn: Turn) -> None:
        """Before the first payment is asked for."""
        if sum(step.authenticate is not None for step in turn.scenario.steps) > 1:
            self._prepared = await _preparations(turn)

    def opened(self, turn: Turn, asked: Mapping[str, Any]) -> None:
        """The gateway has begun a payment with these elements."""
        self.payments.append(Payment(turn.transaction, str(turn.card["pan"]), str(turn.card["phone"]), asked))

    def ignored(self, answered: str) -> None:
        """The gateway was asked for a purchase, and no AReq came."""
        self._ignored.append(answered.removeprefix(": "))

    async def look(self) -> None:
        """Ask the gateway what came of its payments by now. Errors: `CannotPlay`."""
        for payment in self.payments:
            told = await self._purchases.outcome(payment.transaction_id)
            if told is not None and told not in payment.outcomes[-1:]:
                payment.outcomes.append(told)

    async def verdict(self, turn: Turn, excuses: frozenset[str]) -> list[Charge]:
        """What convicts the gateway, the worst first. Errors: `CannotPlay`."""
        await self.look()
        await self._said_on_the_last_page(turn)
        await self._screen.look_around()
        waited = await self._wait(turn)
        charges = self._of_what_was_ignored()
        for payment in self.payments:
            case = await _at_rest(turn, payment.transaction_id)
            self._first = self._first or case
            secrets = await self._secrets(turn, payment, case)
            observed = Observed(
                case,
                payment.outcomes,
                self._shown(),
                secrets,
                payment.asked,
                waited,
                self._returned(payment.transaction_id),
                await self._more(turn, payment),
                datetime.now(UTC),
                len(self.payments) == 1,
            )
            for rule in INVARIANTS:
                charges += [_charge(rule.name, each) for each in list(rule.look(observed))[:1]]
            told = payment.outcomes[-1] if payment.decided and not case.of("outcome") else None
            found = await turn.simulator.findings(payment.transaction_id, told) or []
            charges += [_told(each) for each in found if each["severity"] == Severity.ERROR]
            if _much_later(self._first, case):
                charges += await _stale(turn, case)
        charges += await self._too_eager(turn) if len(self.payments) > 1 else []
        return [each for each in dict.fromkeys(charges) if each.rule not in excuses]

    def _of_what_was_ignored(self) -> list[Charge]:
        if not self._ignored:
            return []
        observed = Observed(Case(()), shown=self._shown())
        broken = [_charge(rule.name, each) for rule in INVARIANTS for each in list(rule.look(observed))[:1]]
        return broken or [Charge(IGNORED, f"no AReq came; {answered}") for answered in self._ignored[:1]]

    async def _too_eager(self, turn: Turn) -> list[Charge]:
        """Whether card ranges were asked for too often in the play itself."""
        asked = await _preparations(turn) - self._prepared
        found = await turn.simulator.findings_of_all(EAGER) if len(asked) > 1 else []
        return [_told(each) for each in found if each["transaction_id"] in asked][:1]

    async def _said_on_the_last_page(self, turn: Turn) -> None:
        """For gateways that tell the outcome in their own answer: it is the last payment's, unless the browser brought another
        one's session."""
        seen = self._screen.diary.seen
        if not seen or not self.payments or self.payments[-1].outcomes:
            return
        told, last = ShopPage(seen[-1].url, seen[-1].content).outcome, self.payments[-1]
        if told is not None and not (await _case_of(turn, last.transaction_id)).is_led_elsewhere:
            last.outcomes.append(told)

    async def _wait(self, turn: Turn) -> bool:
        """Let time pass until everything is decided; whether all of it passed, for a gateway that follows our clock."""
        for duration, seconds in WAITS:
            if all(payment.decided or not payment.outcomes for payment in self.payments):
                return False
            if not await self._follows_the_clock(turn):
                return False
            await turn.simulator.move_clock(advance=duration)
            await self._settle(seconds)
        return True

    async def _follows_the_clock(self, turn: Turn) -> bool:
        """Its AReq says what time it was there, which is told from the wall's only where the two differ."""
        case = await _case_of(turn, self.payments[-1].transaction_id)
        for areq in case.areqs[-1:]:
            try:
                said = datetime.strptime(areq.text("purchaseDate") + "+0000", "%Y%m%d%H%M%S%z")
            except ValueError:
                return False
            return abs(said - areq.instant) < ON_ITS_CLOCK
        return False

    async def _settle(self, seconds: float) -> None:
        now = asyncio.get_running_loop().time
        deadline = now() + seconds
        while now() < deadline:
            await self.look()
            if all(payment.decided or not payment.outcomes for payment in self.payments):
                return
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    def _shown(self) -> list[Shown]:
        seen = self._screen.diary.seen
        return [Shown(each.url, each.status, each.content.decode("utf-8", "replace"), each.said) for each in seen]

    def _returned(self, transaction_id: str) -> list[tuple[int, bool]]:
        delivered = self._screen.diary.delivered
        own = [each for each in delivered if decoded_result(Form("", each[0])).get(NAMED) == transaction_id]
        return [(status, "threeDSSessionData" in fields) for fields, status in own]

    async def _more(self, turn: Turn, payment: Payment) -> list[str]:
        """Transactions of the card that nobody asked for; each is told once."""
        asked = {each.transaction_id for each in self.payments}
        if self.payments[-1] is not payment:
            return []
        return [each for each in await turn.simulator.transactions_of(payment.pan) if each not in asked]

    async def _secrets(self, turn: Turn, payment: Payment, case: Case) -> dict[str, str]:
        secrets = {"the card number": payment.pan, "the security code": SECURITY_CODE}
        texts = await turn.simulator.texts(payment.phone) if case.creqs else []
        for number, text in enumerate(texts):
            if len(str(text.get("code") or "")) >= CODE_DIGITS:
                secrets[f"SecureCode {number + 1}"] = str(text["code"])
        for entry in (*case.answers, *case.rreqs):
            if len(entry.text("authenticationValue")) > CODE_DIGITS and "*" not in entry.text("authenticationValue"):
                secrets["the authentication value"] = entry.text("authenticationValue")
        return secrets


async def _case_of(turn: Turn, transaction_id: str) -> Case:
    return Case.of_messages(await turn.simulator.messages(transaction_id), transaction_id)


async def _at_rest(turn: Turn, transaction_id: str) -> Case:
    """The messages of a payment, once every RReq has its answer, or it is clear that none will come."""
    now = asyncio.get_running_loop().time
    deadline = now() + REST_SECONDS
    while True:
        case = await _case_of(turn, transaction_id)
        if now() > deadline or all(case.answer_to(rreq) for rreq in case.rreqs):
            return case
        await asyncio.sleep(LOOK_AGAIN_SECONDS)


def _much_later(first: Case, case: Case) -> bool:
    """Whether the play itself let so much time pass that card ranges grow old."""
    return any(areq.instant - begun.instant > FRESH for begun in first.areqs[:1] for areq in case.areqs)


async def _stale(turn: Turn, case: Case) -> list[Charge]:
    """Whether a payment goes by card ranges that are too old."""
    found = await turn.simulator.findings_of_all(STALE)
    return [_told(each) for each in found if each["transaction_id"] == case.transaction_id][:1]


async def _preparations(turn: Turn) -> set[str]:
    return {str(each["transaction_id"]) for each in await turn.simulator.newest("PReq")}


def _charge(rule: str, evidence: Evidence) -> Charge:
    told = f"{evidence.message}: {evidence.found}"
    return Charge(rule, told + (f", expected {evidence.expected}" if evidence.expected else ""))


def _told(finding: Mapping[str, Any]) -> Charge:
    evidence = finding["evidence"][0]
    element = f" {evidence['element']}" if evidence.get("element") else ""
    wanted = f", expected {evidence['expected']}" if evidence.get("expected") else ""
    return Charge(str(finding["rule"]), f"{evidence['message']}{element}: {evidence.get('found')}{wanted}")
