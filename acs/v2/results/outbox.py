"""Delivers RReqs from the record in which they were decided, until they are acknowledged or given up.

One flight per transaction at a time, whoever starts it: the request that decided, the scheduler when another attempt is due, or the
scheduler of a new process that finds what its predecessor left behind. Of several processes that share the tables, one has leased
the transaction.
"""

import asyncio
from datetime import datetime
from typing import Final

import orjson
import structlog

from acs.cards.plays import rreq_order_of
from acs.settings import AcsSettings
from acs.v2.messages import identifiers
from acs.v2.records import Delivery, Transaction
from acs.v2.results.delivery import Acknowledged, Failed, Outcome, Rejected, judge, postpone, record
from acs.v2.states import State
from acs.v2.storage.transactions import Storage
from threedsecure.cards.plays import RReqOrder
from threedsecure.errors import PeerUnreachable, TransportError
from threedsecure.storage.errors import DatabaseAway
from threedsecure.v2.codec import encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import MessageError
from threedsecure.web.calling.limits import peer_of
from threedsecure.web.calling.queues import PeerQueue, PeerQueues
from threedsecure.web.scheduler import WAIT_FOR_DATABASE_SECONDS, Scheduler
from threedsecure.web.serving.service import Runtime
from threedsecure.web.straight import soon

log = structlog.get_logger()

CONNECTION_ATTEMPTS: Final = 2
"""A connection that fails is tried once more at once (EMV 3DS: flows, timers)."""
PLACES: Final = 100
"""Attempts at a time for one gateway."""
MOST_FLIGHTS: Final = 1_000
"""Attempts at a time, beyond which the scheduler begins no more; what is due waits in its row."""


class Outbox:
    """The RReqs in flight."""

    def __init__(self, runtime: Runtime, settings: AcsSettings, storage: Storage, scheduler: Scheduler) -> None:
        self._runtime = runtime
        self._settings = settings
        self._storage = storage
        self._scheduler = scheduler
        self._flights: dict[str, asyncio.Task[datetime | None]] = {}
        self._broken: set[str] = set()
        self._queues = PeerQueues(PLACES)

    def start(self, acs_trans_id: str) -> None:
        """See to it that an attempt is under way."""
        if not self.carries(acs_trans_id):
            flight = asyncio.create_task(self._fly(acs_trans_id), name=f"RReq {acs_trans_id}")
            self._flights[acs_trans_id] = flight
            flight.add_done_callback(lambda task: self._landed(acs_trans_id, task))

    async def settle(self, acs_trans_id: str) -> None:
        """Wait until the attempt under way has ended, but not longer than the settings allow. The flight goes on by itself."""
        flight = self._flights.get(acs_trans_id)
        if flight is not None:
            await asyncio.wait({flight}, timeout=self._settings.results_timeout)

    def carries(self, acs_trans_id: str) -> bool:
        """Whether an attempt is under way, or a bug of ours made any further one pointless."""
        return acs_trans_id in self._flights or acs_trans_id in self._broken

    async def room(self) -> None:
        """Return when another attempt may begin that nobody waits for."""
        while len(self._flights) >= MOST_FLIGHTS:
            await asyncio.wait(set(self._flights.values()), return_when=asyncio.FIRST_COMPLETED)

    def __len__(self) -> int:
        return len(self._flights) + len(self._broken)

    async def close(self) -> None:
        """Break off what is under way; it stands in the records and will be taken up again."""
        flights = list(self._flights.values())
        for flight in flights:
            flight.cancel()
        await asyncio.gather(*flights, return_exceptions=True)
        self._flights.clear()
        self._broken.clear()

    def _landed(self, acs_trans_id: str, flight: asyncio.Task[datetime | None]) -> None:
        self._flights.pop(acs_trans_id, None)
        if flight.cancelled():
            return
        if isinstance(bug := flight.exception(), DatabaseAway):
            log.warning("an RReq waits for the database", error=str(bug))
            now = self._runtime.clock.now()
            asyncio.get_running_loop().call_later(WAIT_FOR_DATABASE_SECONDS, self._scheduler.note, now)
        elif bug is not None:
            self._broken.add(acs_trans_id)
            log.error("bug", service="acs", path="outbox", exc_info=bug)
        elif (next_attempt := flight.result()) is not None:
            self._scheduler.note(next_attempt)

    async def _fly(self, acs_trans_id: str) -> datetime | None:
        """One attempt; returns when the next one is due."""
        transaction = await self._storage.take(acs_trans_id)
        if transaction is None or transaction.state is not State.DECIDED or transaction.delivery is None:
            return None
        if transaction.delivery.attempts == 0 and _is_early(transaction, self._runtime.clock.now()):
            return transaction.due_at
        async with self._queues.towards(_gateway(transaction)) as queue:
            if queue.is_full:
                return await self._queue(transaction, queue)
            async with queue.places:
                return await self._deliver(transaction, transaction.delivery, queue)

    async def _queue(self, transaction: Transaction, queue: PeerQueue) -> datetime | None:
        """Wait for a place while the gateway answers others, leave it to the scheduler when it does not."""
        acs_trans_id = transaction.acs_trans_id
        if not queue.is_silent:
            async with queue.places:
                again = await self._storage.take(acs_trans_id)
                if again is None or again.state is not State.DECIDED or again.delivery is None:
                    return None
                if not queue.is_silent:
                    return await self._deliver(again, again.delivery, queue)
        now, retry = self._runtime.clock.now(), self._settings.timers.results_retry
        kept = await self._storage.replace(acs_trans_id, lambda found: postpone(found, now, retry))
        return kept.due_at if kept is not None else None

    async def _deliver(self, transaction: Transaction, delivery: Delivery, queue: PeerQueue) -> datetime | None:
        outcome = await self._attempt(transaction, delivery.url, delivery.body)
        queue.is_silent = isinstance(outcome, Failed)
        if isinstance(outcome, Acknowledged) and rreq_order_of(transaction.card.scenario) is RReqOrder.TWICE:
            await self._attempt(transaction, delivery.url, delivery.body)
        acs_trans_id, now = transaction.acs_trans_id, self._runtime.clock.now()
        recorded = await self._storage.replace(
            acs_trans_id, lambda found: record(found, outcome, now, self._settings.timers.results_retry)
        )
        if isinstance(outcome, Rejected) and outcome.error is not None:
            await self._tell(transaction, outcome.error)
        return recorded.due_at if recorded is not None else None

    async def _attempt(self, transaction: Transaction, url: str, body: bytes) -> Outcome:
        try:
            status, answer = await self._post(url, body)
        except TransportError as error:
            self._note_failure(transaction, error)
            return Failed(error.reason)
        return judge(transaction, status, answer, self._settings.versions)

    async def _post(self, url: str, body: bytes) -> tuple[int, bytes]:
        for _ in range(CONNECTION_ATTEMPTS - 1):
            try:
                return await self._post_once(url, body)
            except PeerUnreachable:
                continue
        return await self._post_once(url, body)

    async def _post_once(self, url: str, body: bytes) -> tuple[int, bytes]:
        transport, timeout = self._runtime.transport, self._settings.results_timeout
        handed = transport.hand_over(url, orjson.loads(body), None, timeout=timeout, headers={})
        response = await (transport.post(url, body, timeout=timeout) if handed is None else soon(handed))
        return response.status, response.body

    async def _tell(self, transaction: Transaction, error: MessageError) -> None:
        """The directory server is told what was wrong with its RRes (errors, section 2). Nothing depends on its hearing it."""
        message = erro(error, component="A", ids=identifiers(transaction), version=transaction.purchase.version)
        now = self._runtime.clock.now()
        self._runtime.journal.record(now, "ACS", "Directory Server", "Erro", message)
        try:
            await self._post_once(transaction.purchase.ds_url, encode(message))
        except TransportError as failure:
            self._note_failure(transaction, failure)

    def _note_failure(self, transaction: Transaction, error: TransportError) -> None:
        self._runtime.journal.record(
            self._runtime.clock.now(),
            "ACS",
            "Directory Server",
            "connection failed",
            {**identifiers(transaction), "url": error.url, "reason": error.reason},
        )


def _gateway(transaction: Transaction) -> str:
    """Whose silence would hold up the delivery: the 3DS Server's behind the directory server, as far as it is known."""
    return peer_of(transaction.purchase.three_ds_server_url or transaction.purchase.ds_url)


def _is_early(transaction: Transaction, now: datetime) -> bool:
    """Whether the card's scenario has the RReq wait."""
    return transaction.due_at is not None and transaction.due_at > now
