"""What the handlers of EMV 3-D Secure work with: the issuer, and what it keeps and has under way for EMV alone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from acs.cardholder.phone import PhoneLine
from acs.cardholder.securecode import SecureCodes
from acs.cards.rules.book import Rulebook
from acs.cards.status import CardStatus
from acs.issuer import Issuer
from acs.settings import AcsSettings
from acs.v2.background.asking import Asking
from acs.v2.background.deadlines import Deadlines
from acs.v2.lifecycle import with_card_status
from acs.v2.records import Transaction
from acs.v2.results.outbox import Outbox
from acs.v2.storage.transactions import Storage
from threedsecure.web.scheduler import Scheduler
from threedsecure.web.serving.service import Runtime

FIRST_COUNTER_BELOW: Final = 2**31
RESET: Final = "acs reset"
"""What one process tells the others before everything is forgotten."""


@dataclass(frozen=True, slots=True)
class EmvIssuer(Issuer):
    """`storage`: transactions, and the rows of cards; `scheduler`: what falls due; `outbox`: RReqs; `asking`: codes and prompts."""

    storage: Storage
    scheduler: Scheduler
    outbox: Outbox
    asking: Asking

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Storage open, deadlines kept, RReqs delivered - those that an earlier process left behind too."""
        retry = self.settings.timers.ask_retry
        deadlines = Deadlines(self.runtime.clock, self.storage, self.outbox, self.asking, retry)
        self.runtime.shared.on(RESET, self.break_off)
        async with self.storage.opened(), self.rulebook.opened():
            try:
                async with self.scheduler.kept("deadlines and results of the ACS", deadlines.catch_up):
                    yield
            finally:
                await self.break_off()

    async def break_off(self, _content: object = None) -> None:
        """End what is under way; what stands in the records will be taken up again."""
        await self.asking.close()
        await self.outbox.close()


def emv_issuer(runtime: Runtime, settings: AcsSettings) -> EmvIssuer:
    def settle(transaction: Transaction, card_status: CardStatus) -> tuple[Transaction, CardStatus]:
        return with_card_status(transaction, card_status, transaction.card.within(settings.limits))

    def first_counter(pan: str) -> int:
        return runtime.randomness.of("code counter", pan).below(FIRST_COUNTER_BELOW)

    storage = Storage(
        runtime.open_database,
        runtime.vault,
        runtime.journal,
        first_counter,
        settle,
        repeats=lambda: runtime.randomness.repeats,
        shared=runtime.shared,
    )
    scheduler = Scheduler(runtime.clock, runtime.loops, storage.leases.look_again_after)
    codes = SecureCodes(runtime.vault.derive(b"securecode"), settings.timers.code_validity)
    line = PhoneLine(runtime, settings, codes)
    outbox, asking = Outbox(runtime, settings, storage, scheduler), Asking(line, storage, scheduler)
    return EmvIssuer(
        runtime, settings, storage, line, Rulebook(runtime, settings.other_cards), storage, scheduler, outbox, asking
    )
