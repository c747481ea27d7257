"""The end of a purchase: the verdict, the sealed answer to the shop, and the deadlines. It works from rows, so a restart goes on
where the process died."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl

import structlog
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from msgspec.structs import replace

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.e_transactions.answer import answer_line
from acs_sim.gateway.forms.merchants import Merchants
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.monetico.answer import answer_body
from acs_sim.gateway.payment import remote_mpi
from acs_sim.gateway.payment.kept import bare, kept_of, order_of
from acs_sim.gateway.payment.verdict import Numbers, conclude, ruled
from acs_sim.gateway.payment.watch import Watch
from acs_sim.gateway.records import states as steps
from acs_sim.gateway.records.purchase import Answer, Outcome, Purchase
from acs_sim.gateway.records.storage import NotKnown, PurchaseStorage
from acs_sim.gateway.records.transactions import Transaction
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.shops.merchant_book import MerchantBook
from threedsecure.errors import TransportError
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.rows.leases import Leases
from threedsecure.v2.validation.as_of import day_of
from threedsecure.web.serving.service import Runtime
from threedsecure.web.wire import FORM, WireResponse

log = structlog.get_logger()

MAX_ATTEMPTS: Final = 5
PRE_PRODUCTION_AUTHORISATION: Final = "XXXXXX"
"""Paybox's test platform gives every accepted payment this authorisation number."""


class Settlement:
    """Settles purchases whose result is known, tells the shops, and ends those whose time is over."""

    def __init__(
        self,
        runtime: Runtime,
        settings: GatewaySettings,
        storage: PurchaseStorage,
        watch: Watch,
        merchants: MerchantBook,
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._storage = storage
        self._watch = watch
        self._merchants = merchants
        self._moved = asyncio.Event()
        self._delivering: set[str] = set()
        self._tasks: set[asyncio.Task[Purchase]] = set()
        self._elsewhere: set[str] = set()
        self._leases = Leases(runtime.shared.worker)
        self.key: RSAPrivateKey | None = None

    def signing_key(self) -> RSAPrivateKey:
        if self.key is None:
            raise RuntimeError("the gateway is not running")
        return self.key

    def wake(self) -> None:
        """Something may be due earlier than it was."""
        self._moved.set()

    async def close(self) -> None:
        """Break off what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run(self) -> None:
        """Until cancelled: do what is due, sleep until the next thing is. Nobody waits here for a shop."""
        while True:
            self._moved.clear()
            self._elsewhere.clear()
            for identifier in await self._storage.due(self._runtime.clock.now()):
                with suppress(NotKnown):
                    await self.begin_to_finish(identifier)
            await self._sleep(await self._next_due())

    async def _next_due(self) -> datetime | None:
        """None while nothing is due but answers that are under way: their end wakes the loop, or, for those of another process,
        the next look."""
        due = await self._storage.due(self._runtime.clock.now())
        under_way = self._delivering | self._elsewhere
        return None if due and under_way.issuperset(due) else await self._storage.next_due()

    async def finish(self, identifier: str) -> Purchase:
        """Do what is due for a purchase now: end it when its time is over, settle it when its result is known, tell its shop.

        Errors: `NotKnown`."""
        purchase = await self._concluded(identifier)
        return await self._deliver_once(purchase) if self._is_to_be_told(purchase) else purchase

    async def begin_to_finish(self, identifier: str) -> Purchase:
        """The same, and nobody waits for the shop. Errors: `NotKnown`."""
        purchase = await self._concluded(identifier)
        self._tell_soon(purchase)
        return purchase

    async def _concluded(self, identifier: str) -> Purchase:
        now = self._runtime.clock.now()
        purchase = await self._storage.purchase(identifier)
        if purchase.deadline_at is not None and purchase.deadline_at <= now:
            purchase = await self._change(identifier, lambda found: _expired(found, now))
        if purchase.state == "result":
            purchase = await self._settle(identifier)
        return purchase

    def _is_to_be_told(self, purchase: Purchase) -> bool:
        due = purchase.answer is not None and _due(purchase.answer, self._runtime.clock.now())
        return purchase.state == "settled" and due

    def _tell_soon(self, purchase: Purchase) -> None:
        if self._is_to_be_told(purchase) and purchase.id not in self._delivering:
            self._delivering_alone(purchase.id)

    def _delivering_alone(self, identifier: str) -> "asyncio.Task[Purchase]":
        self._delivering.add(identifier)
        task = asyncio.create_task(self._deliver_alone(identifier), name=f"answer {identifier}")
        self._tasks.add(task)
        task.add_done_callback(self._told)
        return task

    def _told(self, task: asyncio.Task[Purchase]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or (error := task.exception()) is None:
            return
        if isinstance(error, DatabaseAway):
            log.warning("an answer waits", error=str(error))
            self.wake()
        elif not isinstance(error, NotKnown):
            log.error("bug", service="shop", path="settlement", exc_info=error)

    async def _settle(self, identifier: str) -> Purchase:
        now, drawn = self._runtime.clock.now(), await self._numbers()
        merchants, here = await self._merchants.known(), False

        def work(purchase: Purchase) -> Purchase:
            nonlocal here
            here = purchase.state == "result"
            if not here:
                return purchase
            pan = self._pan(purchase)
            test_platform = purchase.request.manner == e_transactions.MANNER
            numbers = replace(drawn, authorisation=PRE_PRODUCTION_AUTHORISATION) if test_platform else drawn
            rules = ruled(purchase, day_of(self._settings.rules_as_of, now))
            outcome = conclude(purchase, pan, now, numbers, rules)
            if purchase.request.manner == remote_mpi.MANNER:
                outcome = replace(outcome, authorisation=None)  # its shop authorises by itself
            for remark in rules:
                purchase = steps.note(purchase, now, remark.words if remark.enforced else f"advice: {remark.words}")
            return steps.settle(purchase, outcome, self._answer(purchase, outcome, merchants))

        settled = await self._change(identifier, work)
        if here and settled.outcome:
            log.info("purchase settled", id=identifier, result=settled.outcome.result, reason=settled.outcome.reason)
            kept = kept_of(settled, settled.outcome)
            if kept is not None:
                await self._storage.add_kept(kept)
        return settled

    async def _numbers(self) -> Numbers:
        """That nothing goes by."""
        draw = self._runtime.randomness.digits
        while True:
            drawn = Numbers(draw(6), draw(10), draw(9))
            if not await self._storage.are_kept(bare(drawn.call), bare(drawn.transaction)):
                return drawn

    async def paid_before(self, purchase: Purchase) -> bool:
        """Whether this order of this merchant was paid, and not cancelled since."""
        if not purchase.request.merchant:
            return False
        known = await self._storage.kept_of_order(order_of(purchase))
        return any(isinstance(one, Transaction) and one.state != "cancelled" for one in known)

    def _pan(self, purchase: Purchase) -> str | None:
        sealed = purchase.card.sealed if purchase.card else None
        return self._runtime.vault.open(sealed) if sealed else None

    def _answer(self, purchase: Purchase, outcome: Outcome, merchants: Merchants) -> Answer | None:
        """Paybox and Monetico tell the shop's server of every payment that was tried, not of a buyer who left."""
        request = purchase.request
        if request.answer_url is None or outcome.result == "cancelled":
            return None
        body = answer_text(purchase, outcome, self.signing_key(), merchants)
        if body is None:
            return None
        return Answer(url=request.answer_url, body=body, method=request.answer_method, due_at=outcome.at)

    async def _deliver_once(self, purchase: Purchase) -> Purchase:
        """However fast the clock runs, an answer that is under way is not sent beside itself; and whoever is tired of waiting for
        it does not stop it half-way."""
        if purchase.id in self._delivering:
            return purchase
        return await asyncio.shield(self._delivering_alone(purchase.id))

    async def _deliver_alone(self, identifier: str) -> Purchase:
        try:
            return await self._deliver(identifier)
        finally:
            self._delivering.discard(identifier)

    async def _deliver(self, identifier: str) -> Purchase:
        now = self._runtime.clock.now()
        claimed = False

        def claim(purchase: Purchase) -> Purchase:
            nonlocal claimed
            answer = purchase.answer
            claimed = answer is not None and _due(answer, now) and not self._leases.elsewhere(answer)
            if answer is None or not claimed:
                return purchase
            due_at = now + self._settings.waits.answer_retry
            return replace(purchase, answer=replace(answer, due_at=due_at, **self._leases.taken()))

        purchase = await self._storage.change(identifier, claim)
        if not claimed or purchase.answer is None:
            self._elsewhere.add(identifier)
            return purchase
        self.wake()  # the row waits for its next turn now, and others may be due before
        heard, said = await self._tell(purchase, purchase.answer)
        delivered = await self._change(
            identifier, lambda found: _delivered(found, self._runtime.clock.now(), heard, said)
        )
        self.wake()
        return delivered

    async def _tell(self, purchase: Purchase, answer: Answer) -> tuple[bool, str]:
        """Whether the shop took the answer, and what it said."""
        kind = "CGI2" if purchase.request.manner == monetico.MANNER else "IPN"
        journal, clock = self._runtime.journal, self._runtime.clock
        sent = dict(parse_qsl(answer.body, keep_blank_values=True))
        journal.record(clock.now(), "3DS Server", "Shop", kind, sent, transaction_id=purchase.id)
        try:
            response = await self._call(answer)
        except TransportError as error:
            failure = {"url": error.url, "reason": error.reason}
            journal.record(clock.now(), "3DS Server", "Shop", "connection failed", failure, transaction_id=purchase.id)
            return False, error.reason
        said = response.body[:200].decode(errors="replace")
        received = {"body": said}
        journal.record(
            clock.now(),
            "Shop",
            "3DS Server",
            f"{kind} answer",
            received,
            status=response.status,
            transaction_id=purchase.id,
        )
        return _taken(kind, response, said), f"HTTP {response.status} {said}".strip()

    async def _call(self, answer: Answer) -> WireResponse:
        transport, timeout = self._runtime.transport, self._settings.shop_timeout
        if answer.method == "GET":
            return await transport.get(with_query(answer.url, answer.body), timeout=timeout)
        return await transport.post(answer.url, answer.body.encode(), timeout=timeout, content_type=FORM)

    async def _change(self, identifier: str, step: Callable[[Purchase], Purchase]) -> Purchase:
        purchase = await self._storage.change(identifier, step)
        self._watch.changed(identifier)
        return purchase

    async def _sleep(self, until: datetime | None) -> None:
        """Until the clock shows `until`, however it comes to show it, or until something else is due."""
        moved = asyncio.create_task(self._moved.wait())
        tasks: set[asyncio.Task[object]] = {moved}
        if until is not None:
            tasks.add(asyncio.create_task(self._runtime.clock.sleep_until(until)))
        try:
            await asyncio.wait(tasks, timeout=self._leases.look_again_after, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()


def answer_text(purchase: Purchase, outcome: Outcome, key: RSAPrivateKey, merchants: Merchants) -> str | None:
    """The sealed answer in the shop's manner, a form body; None when its merchant is known no more."""
    match purchase.request.manner:
        case e_transactions.MANNER:
            return answer_line(purchase, outcome, key)
        case remote_mpi.MANNER:
            return remote_mpi.answer_line(purchase, outcome, key)
    merchant = merchants.monetico(*purchase.request.merchant)
    return None if merchant is None else answer_body(purchase, outcome, merchant)


def with_query(url: str, query: str) -> str:
    """`url` with `query` behind whatever query it has."""
    return f"{url}{'&' if '?' in url else '?'}{query}"


def return_url(purchase: Purchase, key: RSAPrivateKey) -> str:
    """Where the buyer's browser goes when all is over; empty when the shop named no address. In the manner of e-transactions
    it carries the signed answer."""
    request, outcome = purchase.request, purchase.outcome
    if outcome is None:
        return request.cancelled_url
    url = {"accepted": request.accepted_url, "cancelled": request.cancelled_url}.get(
        outcome.result, request.refused_url
    )
    if not url or request.manner != e_transactions.MANNER:
        return url
    return with_query(url, answer_line(purchase, outcome, key))


def _due(answer: Answer, now: datetime) -> bool:
    return answer.due_at is not None and answer.due_at <= now


def _expired(purchase: Purchase, now: datetime) -> Purchase:
    over = purchase.deadline_at is not None and purchase.deadline_at <= now
    return steps.expire(purchase, now) if over else purchase


def _delivered(purchase: Purchase, now: datetime, heard: bool, said: str) -> Purchase:
    answer = purchase.answer
    if answer is None:
        return purchase
    attempts = answer.attempts + 1
    due_at = None if heard or attempts >= MAX_ATTEMPTS else answer.due_at
    text = "the shop took the answer" if heard else f"the shop did not take the answer ({said})"
    return steps.note(
        replace(
            purchase,
            answer=replace(answer, attempts=attempts, delivered=heard, due_at=due_at, **Leases.given_back()),
        ),
        now,
        text,
    )


def _taken(kind: str, response: WireResponse, said: str) -> bool:
    return response.status == 200 and (kind == "IPN" or "cdr=0" in said)
