"""Random moves of a cardholder, the clock and the network, over real sockets, against a model of a few counters.

Whatever happens: one result per transaction, never Y once the card is locked, never more tries than allowed, and every RReq is
acknowledged or its failure recorded.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from acs.settings import Limits
from tests.acs.stage import OTP, Shown, stage
from tests.support.engine import on_both_engines
from tests.support.steady_loop import SteadyLoop
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = [on_both_engines, pytest.mark.slow]

TRIES = 3
LIMITS = Limits(failures=2)
RULES = {"limits": LIMITS, "tries": TRIES}
"""What the ACS is told; the model holds it to TRIES and LIMITS."""
OOB = compose("visa", SCENARIOS["challenge-oob"])
FAILED = {("N", "19"), ("N", "01")}


@dataclass
class Purchase:
    """What the model knows of one transaction."""

    ares: dict
    pan: str
    pages: list[Shown] = field(default_factory=list)
    wrong: int = 0
    prompt: int | None = None
    result: tuple | None = None

    @property
    def name(self):
        return self.ares["acsTransID"]


class World(RuleBasedStateMachine):
    def __init__(self):
        super().__init__()
        self.runner = asyncio.Runner(loop_factory=SteadyLoop)
        self.on_stage = stage(**RULES)
        self.acs = self.runner.run(self.on_stage.__aenter__())
        self.purchases: list[Purchase] = []
        self.failed = {OTP: 0, OOB: 0}
        self.locked = {OTP: False, OOB: False}

    def teardown(self):
        self.acs.directory.answer = lambda rreq: (200, self.acs.directory.rres(rreq))
        try:
            self.run(self.everything_is_told())
        finally:
            with self.runner:  # which closes it, however the stage ends
                self.runner.run(self.on_stage.__aexit__(None, None, None))

    async def everything_is_told(self):
        """Let all time-outs and retries pass: no RReq may be neither acknowledged nor given up with a reason."""
        for _ in range(12):
            self.acs.runtime.clock.advance(timedelta(hours=1))
            await self.acs.settled()
        for purchase in self.purchases:
            kept = await self.acs.once(purchase.name, lambda found: found["state"] in {"reported", "unreported"})
            assert kept["results"]["resultsStatus"] == "01" or kept["results"]["given_up"]
        self.only_one_result_each()

    def run(self, moves):
        return self.runner.run(moves)

    # --- the moves ---

    @initialize()
    def begins(self):
        self.buys(OTP)

    @precondition(lambda self: len(self.purchases) < 8)
    @rule(pan=st.sampled_from([OTP, OOB]))
    def buys(self, pan):
        ares = self.run(self.acs.ask(pan))
        if self.locked[pan]:
            assert (ares["transStatus"], ares["transStatusReason"]) == ("N", "12")
        else:
            assert ares["transStatus"] == "C"
            self.purchases.append(Purchase(ares, pan))

    @precondition(lambda self: self.purchases)
    @rule(data=st.data())
    def opens(self, data):
        purchase = self.any(data)
        shown = self.acs.phone.prompts
        before = len(shown)
        page = self.run(self.acs.open(purchase.ares))
        if len(shown) > before:
            purchase.prompt = before
        self.shown(purchase, page)

    @precondition(lambda self: self.with_page())
    @rule(data=st.data(), answer=st.sampled_from(["right", "wrong", "", "wrong", "wrong"]))
    def types(self, data, answer):
        purchase = data.draw(st.sampled_from(self.with_page()))
        page = data.draw(st.sampled_from(purchase.pages[-2:]))
        typed = self.run(self.code_of(purchase)) if answer == "right" else "abc" if answer == "wrong" else ""
        after = self.run(self.acs.type(page, typed or ""))
        assert after.status == 200
        if after.kind == "wrong-code" and page.form.fields["page"] == purchase.pages[-1].form.fields["page"]:
            purchase.wrong += 1
            assert purchase.wrong < TRIES
            assert str(TRIES - purchase.wrong) in after.message
        self.shown(purchase, after)

    @precondition(lambda self: self.with_page())
    @rule(data=st.data(), action=st.sampled_from(["resend", "resend", "cancel"]))
    def presses(self, data, action):
        purchase = data.draw(st.sampled_from(self.with_page()))
        self.shown(purchase, self.run(self.acs.type(purchase.pages[-1], "", action)))

    @precondition(lambda self: any(purchase.prompt is not None for purchase in self.purchases))
    @rule(data=st.data(), decision=st.sampled_from(["approve", "decline"]))
    def decides_in_the_app(self, data, decision):
        asked = [purchase for purchase in self.purchases if purchase.prompt is not None]
        purchase = data.draw(st.sampled_from(asked))
        assert self.run(self.acs.decide(decision, purchase.prompt))[0] == 200

    @rule(seconds=st.sampled_from([20, 31, 200, 601]))
    def waits(self, seconds):
        self.acs.runtime.clock.advance(timedelta(seconds=seconds))
        self.run(self.acs.settled())

    @rule(status=st.sampled_from([200, 503, 404]))
    def the_directory_server_changes(self, status):
        good = lambda rreq: (200, self.acs.directory.rres(rreq))  # noqa: E731
        self.acs.directory.answer = good if status == 200 else lambda _rreq: (status, b"{}")

    @rule(status=st.sampled_from([201, 503]))
    def the_phone_changes(self, status):
        self.acs.phone.status = status

    @rule(pan=st.sampled_from([OTP, OOB]))
    def the_card_is_unlocked(self, pan):
        self.observe()
        assert self.run(self.acs.control("cards/unlock", {"pan": pan}))[1]["locked"] is False
        self.failed[pan], self.locked[pan] = 0, False

    # --- what must hold ---

    @invariant()
    def only_one_result_each(self):
        told = {}
        for body, message in zip(self.acs.directory.bodies, self.acs.directory.received, strict=True):
            told.setdefault(message["acsTransID"], set()).add(body)
        assert all(len(bodies) == 1 for bodies in told.values())

    @invariant()
    def observe(self):
        """Take note of new results: none changes, and none is Y for a locked card."""
        for purchase in self.purchases:
            kept = self.run(self.acs.transaction(purchase.name))
            result = None if kept["transStatus"] == "C" else (kept["transStatus"], kept["transStatusReason"])
            if purchase.result is not None:
                assert result == purchase.result
            elif result is not None:
                purchase.result = result
                self.ended(purchase, result, kept)

    def ended(self, purchase, result, kept):
        pan = purchase.pan
        assert kept["interactionCounter"] <= 99
        if result[0] == "Y":
            assert not self.locked[pan]
            self.failed[pan] = 0
        elif result in FAILED and (result[1] == "19" or pan == OOB):
            self.failed[pan] += 1
            self.locked[pan] = self.locked[pan] or self.failed[pan] >= LIMITS.failures

    # --- help ---

    def any(self, data):
        return data.draw(st.sampled_from(self.purchases))

    def with_page(self):
        return [purchase for purchase in self.purchases if purchase.pages]

    def shown(self, purchase, page):
        """Remember a page that can be answered."""
        if page.status == 200 and "page" in page.form.fields:
            purchase.pages.append(page)

    async def code_of(self, purchase):
        return (await self.acs.control("challenge", {"id": purchase.name}))[1]["code"]


def test_no_move_breaks_a_rule():
    settings = hypothesis_settings(
        max_examples=15,
        stateful_step_count=20,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
    run_state_machine_as_test(World, settings=settings)
