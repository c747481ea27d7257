"""The issuer as a whole: what every handler of the ACS works with."""

import hmac
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

from acs.cardholder.phone import PhoneLine
from acs.cardholder.securecode import SecureCodes
from acs.cards.rules.book import Rulebook
from acs.cards.status import Standing
from acs.settings import AcsSettings
from acs.v2.challenge.asking import Asking
from acs.v2.deadlines import Deadlines
from acs.v2.lifecycle import with_standing
from acs.v2.records import Transaction
from acs.v2.results.outbox import Outbox
from acs.v2.storage.transactions import Storage
from threedsecure.web.randomness import Randomness
from threedsecure.web.scheduler import Agenda
from threedsecure.web.serving.service import Runtime

FIRST_COUNTER_BELOW: Final = 2**31
MAX_PAGE_DIGITS: Final = 4
RESET: Final = "acs reset"
"""What one process tells the others before everything is forgotten."""


@dataclass(frozen=True, slots=True)
class Issuer:
    runtime: Runtime
    settings: AcsSettings
    storage: Storage
    line: PhoneLine
    agenda: Agenda
    outbox: Outbox
    asking: Asking
    rulebook: Rulebook

    @property
    def codes(self) -> SecureCodes:
        return self.line.codes

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Storage open, deadlines kept, RReqs delivered - those that an earlier process left behind too."""
        retry = self.settings.timers.ask_retry
        deadlines = Deadlines(self.runtime.clock, self.storage, self.outbox, self.asking, retry)
        self.runtime.shared.on(RESET, self.break_off)
        async with self.storage.opened(), self.rulebook.opened():
            try:
                async with self.agenda.kept(deadlines.catch_up):
                    yield
            finally:
                await self.break_off()

    async def break_off(self, _content: object = None) -> None:
        """End what is under way; what stands in the records will be taken up again."""
        await self.asking.close()
        await self.outbox.close()

    def page_token(self, acs_trans_id: str, page: int) -> str:
        """What a form carries to say from which page of which transaction it comes; nobody else can write it."""
        return f"{page}.{self.runtime.vault.token('page', acs_trans_id, str(page))}"

    def page_of(self, acs_trans_id: str, token: str) -> int | None:
        """The page that a token was written for, None when it was not written here."""
        number = token.partition(".")[0]
        if not (number.isascii() and number.isdigit() and len(number) <= MAX_PAGE_DIGITS):
            return None
        genuine = self.page_token(acs_trans_id, int(number))
        return int(number) if hmac.compare_digest(genuine.encode(), token.encode(errors="replace")) else None

    def draws_for(self, message: Mapping[str, Any] | None) -> Randomness:
        """Chance for the answer to a message of 3-D Secure 1.0.2, as far as that can be read."""
        return self.runtime.randomness.of("answer", str((message or {}).get("messageId")))

    def mark(self, acs_trans_id: str, page: int, action: str, value: str) -> str:
        """The same for the same answer on the same page; tells nothing about the answer."""
        return self.runtime.vault.token("answer", acs_trans_id, str(page), action, value)


def issuer(runtime: Runtime, settings: AcsSettings) -> Issuer:

    def settle(transaction: Transaction, standing: Standing) -> tuple[Transaction, Standing]:
        return with_standing(transaction, standing, settings.limits)

    def first_counter(pan: str) -> int:
        return runtime.randomness.of("code counter", pan).below(FIRST_COUNTER_BELOW)

    storage = Storage(
        runtime.open_database,
        runtime.vault,
        runtime.journal,
        first_counter,
        settle,
        repeats=lambda: runtime.randomness.repeats,
        worker=runtime.shared.worker,
    )
    agenda = Agenda(runtime.clock, storage.leases.look_again_after)
    codes = SecureCodes(runtime.vault.derive(b"securecode"), settings.timers.code_validity)
    line = PhoneLine(runtime, settings, codes)
    outbox, asking = Outbox(runtime, settings, storage, agenda), Asking(line, storage, agenda)
    return Issuer(runtime, settings, storage, line, agenda, outbox, asking, Rulebook(runtime))
