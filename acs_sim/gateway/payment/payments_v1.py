"""What the gateway does with a purchase whose card knows 3-D Secure 1.0.2 alone: VEReq, PAReq in the frame, PARes."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from acs_sim.gateway.mpi import messages as mpi
from acs_sim.gateway.mpi.directory import DirectoryV1
from acs_sim.gateway.payment.settlement import Settlement
from acs_sim.gateway.payment.watch import Watch
from acs_sim.gateway.records import states as steps
from acs_sim.gateway.records.purchase import Card, Purchase
from acs_sim.gateway.records.storage import PurchaseStorage
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.three_ds_server.browser_data import window_size
from acs_sim.gateway.three_ds_server.directory import DirectoryFailed
from threedsecure.v1 import messages
from threedsecure.v1.errors import MessageError
from threedsecure.v1.identifiers import message_id, xid
from threedsecure.web.serving.service import Runtime


class PaymentsV1:
    """The MPI's moves. Every one of them saves before it answers."""

    def __init__(
        self,
        runtime: Runtime,
        settings: GatewaySettings,
        storage: PurchaseStorage,
        directory: DirectoryV1,
        settlement: Settlement,
        watch: Watch,
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._storage = storage
        self.directory = directory
        self._settlement = settlement
        self._watch = watch

    async def route(self, pan: str, networks: Sequence[str]) -> str | None:
        """The scheme that knows `pan` by 1.0.2."""
        return await self.directory.route(pan, networks)

    async def pay(
        self, purchase: Purchase, card: Card, scheme: str, told: Mapping[str, str], headers: Mapping[str, str]
    ) -> Purchase:
        """The buyer typed a card of 1.0.2. Errors: `WrongStep`."""
        now, waits = self._runtime.clock.now(), self._settings.waits
        window = window_size(purchase.window, told.get("window"))
        asking = await self._change(
            purchase.id, lambda found: steps.look_up(found, card, scheme, window, now, waits.exchange)
        )
        random_bytes = self._runtime.randomness.bytes
        vereq = messages.verify_enrolment_request(
            message_id(random_bytes),
            mpi.requester(purchase.request.merchant_id, self._settings),
            self._pan(asking),
            accept=headers.get("accept", "")[:2048] or None,
            user_agent=headers.get("user-agent", "")[:256] or None,
        )
        self._journal(asking, "enrolment", {"messageId": vereq["messageId"], "version": mpi.VERSION})
        try:
            veres = await self.directory.enrolment(asking, vereq)
        except DirectoryFailed as failure:
            reason, text = failure.reason, str(failure)
            return await self._conclude(asking.id, lambda found: steps.fail(found, reason, self._now(), text))
        pareq = None
        if veres["CH"]["enrolled"] == "Y":
            pareq = mpi.payment_request(message_id(random_bytes), veres, asking, xid(random_bytes), now, self._settings)
        wait = waits.challenge
        return await self._conclude(asking.id, lambda found: steps.record_veres(found, veres, pareq, self._now(), wait))

    async def returned(self, purchase: Purchase, field: str) -> Purchase:
        """The browser brought a PaRes. One that cannot be used ends the purchase in an error."""
        now, roots = self._runtime.clock.now(), await self.directory.roots()
        sealed = purchase.card.sealed if purchase.card else None
        if sealed is None:
            return await self._settlement.finish(purchase.id)
        pan = self._runtime.vault.open(sealed)
        try:
            result = await asyncio.to_thread(mpi.read_result, field, purchase, pan, roots, now)
        except MessageError as error:
            text = f"the PaRes is refused: {mpi.words(error)}"
            return await self._conclude(purchase.id, lambda found: steps.fail(found, "protocol-error", now, text))
        except mpi.ErrorReceived as error:
            text = str(error)
            return await self._conclude(purchase.id, lambda found: steps.fail(found, "erro-received", now, text))
        return await self._conclude(purchase.id, lambda found: steps.record_pares(found, result, now))

    def fields(self, purchase: Purchase, session: str) -> dict[str, str]:
        """PaReq, TermUrl and MD for the browser."""
        return mpi.form_fields(purchase, session, self._settings)

    async def _conclude(self, identifier: str, step: Callable[[Purchase], Purchase]) -> Purchase:
        """Take `step` and what follows from it at once. A purchase that was ended meanwhile stays as it is."""
        try:
            await self._change(identifier, step)
        except steps.WrongStep as late:
            now, text = self._now(), f"too late: {late}"
            await self._change(identifier, lambda found: steps.note(found, now, text))
        self._settlement.wake()
        return await self._settlement.finish(identifier)

    async def _change(self, identifier: str, step: Callable[[Purchase], Purchase]) -> Purchase:
        purchase = await self._storage.change(identifier, step)
        self._watch.changed(identifier)
        return purchase

    def _journal(self, purchase: Purchase, kind: str, document: Mapping[str, str]) -> None:
        """What is known under the message's id from here on is filed under the purchase."""
        self._runtime.journal.record(self._now(), "3DS Server", "MPI", kind, document, transaction_id=purchase.id)

    def _pan(self, purchase: Purchase) -> str:
        sealed = purchase.card.sealed if purchase.card else None
        if sealed is None:
            raise ValueError("the purchase has no card number any more")
        return self._runtime.vault.open(sealed)

    def _now(self) -> datetime:
        return self._runtime.clock.now()
