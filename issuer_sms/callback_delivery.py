"""Carries callbacks to their addresses, several at a time, until each is taken or given up."""

import asyncio
from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, Final

import orjson
import structlog
from msgspec.structs import replace

from issuer_sms.callbacks import Callback, CallbackState, Subject, after_attempt, callback_document
from issuer_sms.phone import Phone
from threedsecure.errors import TransportError
from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.calling.limits import peer_of
from threedsecure.web.calling.queues import PeerQueue, PeerQueues
from threedsecure.web.calling.transport import Transport
from threedsecure.web.clock import Clock
from threedsecure.web.journal import Journal
from threedsecure.web.scheduler import first_of

log = structlog.get_logger()

MAX_UNDER_WAY: Final = 500
PLACES: Final = 16
"""Of them, those that try the same address at a time; the others wait for their turn."""
WAIT_FOR_SILENT: Final = timedelta(seconds=2)
KINDS: Final = {Subject.MESSAGE: "delivery receipt", Subject.PROMPT: "prompt decision"}


class CallbackDelivery:
    """Reads the outbox of `phone` whenever there is something new in it, or an attempt is due."""

    def __init__(self, phone: Phone, clock: Clock, transport: Transport, journal: Journal, timeout: float) -> None:
        """`timeout`: real seconds that one attempt may last."""
        self._phone = phone
        self._clock = clock
        self._transport = transport
        self._journal = journal
        self._timeout = timeout
        self._under_way: set[int] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._queues = PeerQueues(PLACES)

    async def carry_forever(self) -> None:
        while True:
            self._phone.told.clear()
            due, next_due = await self._phone.store.due_callbacks(
                self._clock.now(), besides=self._under_way, limit=MAX_UNDER_WAY - len(self._under_way)
            )
            for callback in due:
                self._under_way.add(callback.number)
                task = asyncio.create_task(self._carry(callback), name=f"callback {callback.number}")
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self._something_to_do(next_due if len(self._under_way) < MAX_UNDER_WAY else None)

    async def close(self) -> None:
        """Break off what is under way; it will be taken up again."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _something_to_do(self, due: datetime | None) -> None:
        """Return at `due`, when there is something new, or when another process may have died with a callback under way."""
        waits: list[Coroutine[Any, Any, object]] = [self._phone.told.wait()]
        if due is not None:
            waits.append(self._clock.sleep_until(due))
        if (again := self._phone.store.leases.look_again_after) is not None:
            waits.append(asyncio.sleep(again))
        await first_of(*waits)

    async def _carry(self, callback: Callback) -> None:
        try:
            async with self._queues.towards(peer_of(callback.url)) as queue:
                await self._carry_along(callback, queue)
        except DatabaseAway as error:
            log.warning("a callback is carried again", error=str(error))
        except Exception:  # one that is not to be carried keeps the others from nothing
            log.exception("bug", service="phone", path="callbacks")
            return
        self._under_way.discard(callback.number)
        self._phone.told.set()

    async def _carry_along(self, callback: Callback, queue: PeerQueue) -> None:
        """Where as many try as may, wait for a place while the address answers; leave it for later when it does not."""
        waits = queue.is_full
        if not (waits and queue.is_silent):
            async with queue.places:
                if not (waits and queue.is_silent):
                    return await self._try(callback, queue)
        later = self._clock.now() + WAIT_FOR_SILENT
        return await self._phone.store.save_attempt(replace(callback, due_at=later))

    async def _try(self, callback: Callback, queue: PeerQueue) -> None:
        outcome, status = await self._attempt(callback)
        taken = status is not None and 200 <= status < 300
        queue.is_silent = status is None
        done = after_attempt(callback, outcome, self._clock.now(), taken=taken)
        await self._phone.store.save_attempt(done)
        self._note(done, status)

    async def _attempt(self, callback: Callback) -> tuple[str, int | None]:
        try:
            answer = await self._transport.post(callback.url, orjson.dumps(callback.payload), timeout=self._timeout)
        except TransportError as error:
            return error.reason[:200], None
        return str(answer.status), answer.status

    def _note(self, callback: Callback, status: int | None) -> None:
        document = {**callback.payload, "callback": callback_document(callback)}
        kind = KINDS[callback.subject]
        if callback.state is not CallbackState.TAKEN:
            kind += " not taken"
        self._journal.record(
            self._clock.now(), "Phone", "ACS", kind, document, status=status, transaction_id=callback.reference
        )
        self._phone.tell_of(callback)
