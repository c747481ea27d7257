"""Asks the cardholder what a page needs outside itself: codes by SMS, prompts of the banking app.

Who changes the record asks at once. What a process that died had written down and not done is found by the scheduler (`ask_at`).
"""

import asyncio

import structlog

from acs.cardholder.challenge import Effect, SendCode
from acs.cardholder.phone import PhoneLine, send_code, show_prompt
from acs.v2.lifecycle import code_sent, prompted
from acs.v2.records import Transaction, confirmation
from acs.v2.storage.transactions import Storage
from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.scheduler import Scheduler

log = structlog.get_logger()


class Asking:
    """What is being asked."""

    def __init__(self, line: PhoneLine, storage: Storage, scheduler: Scheduler) -> None:
        self._line = line
        self._storage = storage
        self._scheduler = scheduler
        self._under_way: set[str] = set()
        self._tasks: set[asyncio.Task[str | None]] = set()

    async def ask(self, transaction: Transaction, effect: Effect) -> str | None:
        """Do what the question needs; the notice when that failed."""
        self._under_way.add(transaction.acs_trans_id)
        try:
            if isinstance(effect, SendCode):
                return await self._by_sms(transaction, effect.counter)
            return await self._by_app(transaction)
        finally:
            self._under_way.discard(transaction.acs_trans_id)

    def start(self, transaction: Transaction, effect: Effect) -> None:
        """The same, for nobody who waits for it; nothing where it is being done."""
        if transaction.acs_trans_id in self._under_way:
            return
        self._under_way.add(transaction.acs_trans_id)
        task = asyncio.create_task(self.ask(transaction, effect), name=f"ask {transaction.acs_trans_id}")
        self._tasks.add(task)
        task.add_done_callback(self._done)

    async def close(self) -> None:
        """Break off what is under way; it stands in the records and will be taken up again."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _done(self, task: asyncio.Task[str | None]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (bug := task.exception()) is None:
            return
        if isinstance(bug, DatabaseAway):
            log.warning("a question waits for the database", error=str(bug))
        else:
            log.error("bug", service="acs", path="asking", exc_info=bug)

    async def _by_sms(self, transaction: Transaction, counter: int) -> str | None:
        taken = await send_code(self._line, confirmation(transaction, self._line.settings), counter)
        now = self._line.runtime.clock.now()
        await self._storage.replace(transaction.acs_trans_id, lambda found: code_sent(found, counter, now, taken=taken))
        return None if taken else "sms-failed"

    async def _by_app(self, transaction: Transaction) -> str | None:
        """Have the banking app ask, for as long as the transaction waits."""
        name = await show_prompt(self._line, confirmation(transaction, self._line.settings), transaction.due_at)
        now, retry = self._line.runtime.clock.now(), self._line.settings.timers.ask_retry
        kept = await self._storage.replace(transaction.acs_trans_id, lambda found: prompted(found, name, now, retry))
        if kept is not None and kept.wakes_at is not None:
            self._scheduler.note(kept.wakes_at)
        return None if name else "app-failed"
