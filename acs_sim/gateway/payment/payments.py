"""What the gateway does with a purchase, step by step: load, decide, save, act."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.payment import remote_mpi
from acs_sim.gateway.payment.cards import CardEntry, preferred
from acs_sim.gateway.payment.payments_v1 import PaymentsV1
from acs_sim.gateway.payment.settlement import Settlement
from acs_sim.gateway.payment.watch import Watch
from acs_sim.gateway.records import states as steps
from acs_sim.gateway.records.purchase import Card, PaymentRequest, Purchase
from acs_sim.gateway.records.storage import NotKnown, PurchaseStorage
from acs_sim.gateway.settings import VERSIONS, GatewaySettings
from acs_sim.gateway.three_ds_server import confirmation
from acs_sim.gateway.three_ds_server import messages as three_ds_server
from acs_sim.gateway.three_ds_server.app_data import AppParameters
from acs_sim.gateway.three_ds_server.browser_data import WINDOW_SIZES, browser_elements, window_size
from acs_sim.gateway.three_ds_server.directory import Directory, DirectoryFailed
from threedsecure.cards.card_numbers import mask
from threedsecure.cards.schemes import networks
from threedsecure.v2.errors import MessageError
from threedsecure.web.randomness import with_new_names
from threedsecure.web.serving.service import Runtime

LATEST: Final = "2.3.1"
PAGE_LIFE: Final[Mapping[str, timedelta]] = {
    e_transactions.MANNER: timedelta(minutes=15),
    "monetico": timedelta(minutes=45),
    remote_mpi.MANNER: timedelta(minutes=15),
}
"""How long a buyer may take to type a card."""
MAX_REFUSED_CARDS: Final[Mapping[str, int]] = {"monetico": 4}
"""With how many numbers that are none a page ends."""


class Payments:
    """The gateway's moves. Every one of them saves before it answers."""

    def __init__(
        self,
        runtime: Runtime,
        settings: GatewaySettings,
        storage: PurchaseStorage,
        directory: Directory,
        settlement: Settlement,
        watch: Watch,
        v1: PaymentsV1,
    ) -> None:
        self._runtime = runtime
        self._settings = settings
        self._storage = storage
        self._directory = directory
        self._settlement = settlement
        self._watch = watch
        self._v1 = v1

    async def open(
        self,
        request: PaymentRequest,
        *,
        channel: str = "browser",
        window: str | None = None,
        version: str | None = None,
    ) -> Purchase:
        """A purchase whose payment page can be shown. `window` and `version` are the wishes of whoever tests."""
        return await with_new_names(lambda: self._open(request, channel, window, version))

    async def _open(self, request: PaymentRequest, channel: str, window: str | None, version: str | None) -> Purchase:
        """Errors: `NameTaken`."""
        now, identifier = self._runtime.clock.now(), self._runtime.randomness.uuid()
        life = PAGE_LIFE[request.manner] if request.page_seconds is None else timedelta(seconds=request.page_seconds)
        asked = version or request.version
        purchase = Purchase(
            id=identifier,
            token=self._runtime.vault.token("payment page", identifier),
            request=request,
            channel=channel,
            created_at=now,
            deadline_at=now + life,
            window=window if window in WINDOW_SIZES else None,
            asked_version=asked if asked in VERSIONS else None,
        )
        text = f"payment page opened for {request.merchant_name}, order {request.reference}"
        await self._storage.add(steps.note(purchase, now, text))
        self._settlement.wake()
        return purchase

    async def give_card(
        self,
        purchase: Purchase,
        entry: CardEntry,
        told: Mapping[str, str],
        headers: Mapping[str, str],
        app: AppParameters | None = None,
    ) -> Purchase:
        """The buyer typed a card. `app`: what the SDK says, where that was in an app. Errors: `WrongStep`."""
        names = preferred(networks(entry.pan), purchase.request.brand or told.get("brand"))
        if purchase.request.without_3ds:
            return await self._without_3ds(purchase, self._card(entry, names))
        routing = await self._directory.route(entry.pan, names, purchase.asked_version)
        card = self._card(entry, names)
        now = self._runtime.clock.now()
        classic = app is None and (routing is None or routing.version is None)
        v1 = await self._v1.route(entry.pan, names) if classic else None
        if v1 is not None:
            return await self._v1.pay(purchase, card, v1, told, headers)
        if routing is None or routing.version is None:
            why = "in no card range" if routing is None else "no common version"
            await self._change(purchase.id, lambda found: steps.not_enrolled(found, card, why, now))
            return await self._settlement.finish(purchase.id)
        version = routing.version
        if app is None:
            device, window = browser_elements(version, told, headers, self._settings.browser_ip), told.get("window")
        else:
            device, window = app.elements(version), None
        changed = await self._change(
            purchase.id,
            lambda found: steps.give_card(
                found,
                card,
                scheme=routing.scheme,
                enrolled=routing.enrolled,
                version=version,
                method_url=routing.method_url if app is None else None,
                device=device,
                window=window_size(found.window, window) if app is None else None,
                at=now,
                method_wait=self._method_wait(version),
                can_confirm=told.get("spc") == "Y",
            ),
        )
        return changed if changed.method_url else await self.authenticate(changed)

    async def _without_3ds(self, purchase: Purchase, card: Card) -> Purchase:
        now = self._runtime.clock.now()
        why = "the shop asks for no 3-D Secure"
        await self._change(purchase.id, lambda found: steps.not_enrolled(found, card, why, now))
        return await self._settlement.finish(purchase.id)

    async def refused_card(self, purchase: Purchase) -> Purchase:
        """The buyer typed a number that is none. Monetico's page ends with the fourth."""
        now, most = self._runtime.clock.now(), MAX_REFUSED_CARDS.get(purchase.request.manner)
        return await self._conclude(purchase.id, lambda found: steps.refuse_card(found, now, most))

    async def end_paid(self, purchase: Purchase) -> Purchase:
        """The order was paid before: nothing more is asked of the buyer."""
        now = self._runtime.clock.now()
        return await self._conclude(
            purchase.id, lambda found: steps.fail(found, "already-paid", now, "this order was paid before")
        )

    def _method_wait(self, version: str) -> timedelta:
        waits = self._settings.waits
        return waits.method_since_2_3 if version == LATEST else waits.method

    async def authenticate(self, purchase: Purchase) -> Purchase:
        """Send the AReq, once, and go where the ARes leads. Errors: `WrongStep`."""
        now, waits = self._runtime.clock.now(), self._settings.waits
        return await self._ask(await self._change(purchase.id, lambda found: steps.ask(found, now, waits.exchange)))

    async def confirmed(self, purchase: Purchase, posted: str) -> Purchase:
        """The browser was asked to confirm the payment: send the AReq that says what came of it. Errors: `WrongStep`."""
        now, wait = self._runtime.clock.now(), self._settings.waits.exchange
        kept = self._settings.second_areq_keeps_id
        name = purchase.id if kept else confirmation.another_id(purchase.id)
        second = confirmation.brought(posted, now)
        return await self._ask(
            await self._change(purchase.id, lambda found: steps.ask_again(found, second, name, now, wait))
        )

    async def _ask(self, asking: Purchase) -> Purchase:
        waits = self._settings.waits
        areq = three_ds_server.authentication_request(asking, self._pan(asking), self._settings)
        try:
            ares = await self._directory.authenticate(asking, areq)
        except DirectoryFailed as failure:
            reason, text = failure.reason, str(failure)
            return await self._conclude(
                asking.id, lambda found: steps.fail(found, reason, self._runtime.clock.now(), text)
            )
        return await self._conclude(
            asking.id,
            lambda found: steps.record_ares(
                found, ares, self._runtime.clock.now(), waits.challenge, waits.confirmation
            ),
        )

    async def cancel(self, purchase: Purchase) -> Purchase:
        """The buyer left the payment page. Errors: `WrongStep`."""
        now = self._runtime.clock.now()
        if purchase.state != "page":
            raise steps.WrongStep(purchase.state, "cancelled")
        return await self._conclude(
            purchase.id, lambda found: steps.fail(found, "cancelled-by-buyer", now, "the buyer left the payment page")
        )

    async def method_notified(self, identifier: str) -> None:
        """Errors: `NotKnown`."""
        await self._change(identifier, lambda found: steps.method_done(found, self._runtime.clock.now()))

    async def results(self, rreq: Mapping[str, Any]) -> dict[str, Any]:
        """Keep the result, then answer the RRes. The same RReq again gets the same RRes. Errors: `MessageError`."""
        now = self._runtime.clock.now()

        def work(purchase: Purchase) -> Purchase:
            three_ds_server.check_results(rreq, purchase)
            if purchase.results == dict(rreq):
                return purchase
            if purchase.results is not None or purchase.ares is None or purchase.ares["transStatus"] != "C":
                raise MessageError("305", "transStatus", description="no result is awaited", message=rreq)
            if purchase.state not in ("challenge", "returned"):
                raise MessageError("402", "the result came too late", message=rreq)
            return steps.record_results(purchase, rreq, now)

        try:
            await self._change(await self._own_id(three_ds_server.identifier_of(rreq)), work)
        except NotKnown as error:
            raise MessageError(
                "301", "threeDSServerTransID", description="not a transaction of this 3DS Server"
            ) from error
        self._settlement.wake()
        return three_ds_server.results_response(rreq)

    async def results_failed(self, identifier: str, text: str) -> None:
        """The directory server reports that a result will not come. A purchase that is not waiting only notes it."""
        now = self._runtime.clock.now()

        def work(purchase: Purchase) -> Purchase:
            if purchase.state in ("challenge", "returned"):
                return steps.fail(purchase, "erro-received", now, text)
            return steps.note(purchase, now, text)

        try:
            await self._change(await self._own_id(identifier), work)
        except NotKnown:
            return
        self._settlement.wake()

    async def _own_id(self, trans_id: str) -> str:
        """The purchase that goes by a threeDSServerTransID, which may be that of a second AReq. Errors: `NotKnown`."""
        try:
            return (await self._storage.purchase(trans_id)).id
        except NotKnown:
            try:
                return (await self._storage.purchase(confirmation.another_id(trans_id))).id
            except ValueError:
                raise NotKnown from None

    async def returned(self, identifier: str, trans_status: str | None) -> Purchase:
        """The browser is back from the challenge; None stands for an Erro in place of the CRes. Errors: `NotKnown`."""
        now, wait = self._runtime.clock.now(), self._settings.waits.results
        changed = await self._change(identifier, lambda found: steps.record_cres(found, trans_status, now, wait))
        self._settlement.wake()
        return changed

    async def note(self, identifier: str, text: str) -> None:
        """Errors: `NotKnown`."""
        await self._change(identifier, lambda found: steps.note(found, self._runtime.clock.now(), text))

    async def settled_within(self, purchase: Purchase, seconds: float) -> Purchase:
        """The purchase when it is finished, or as it is after `seconds` (real ones)."""
        event, end = self._watch.waiting(purchase.id), asyncio.get_running_loop().time() + seconds
        try:
            while True:
                event.clear()
                purchase = await self._settlement.begin_to_finish(purchase.id)
                if purchase.finished:
                    return purchase
                async with asyncio.timeout_at(end):  # whoever has waited long enough breaks nothing off but that
                    await event.wait()
        except TimeoutError:
            return purchase
        finally:
            self._watch.leave(purchase.id, event)

    def session_data(self, identifier: str) -> str:
        return three_ds_server.session_data(identifier, self.session_token(identifier))

    def session_token(self, identifier: str) -> str:
        return self._runtime.vault.token("challenge session", identifier)

    async def _conclude(self, identifier: str, step: Callable[[Purchase], Purchase]) -> Purchase:
        """Take `step` and what follows from it at once. A purchase that was ended meanwhile stays as it is."""
        try:
            await self._change(identifier, step)
        except steps.WrongStep as late:
            await self.note(identifier, f"too late: {late}")
        return await self._settlement.finish(identifier)

    async def _change(self, identifier: str, step: Callable[[Purchase], Purchase]) -> Purchase:
        purchase = await self._storage.change(identifier, step)
        self._watch.changed(identifier)
        return purchase

    def _card(self, entry: CardEntry, names: tuple[str, ...]) -> Card:
        vault = self._runtime.vault
        return Card(
            sealed=vault.seal(entry.pan),
            masked=mask(entry.typed),
            first_six=entry.typed[:6],
            last_four=entry.typed[-4:],
            print=self.print_of(entry.typed),
            expiry=entry.expiry,
            networks=names,
            acquirer_answer=entry.acquirer_answer,
        )

    def print_of(self, typed: str) -> str:
        """What stands for a card number in answers: 40 hexadecimal digits."""
        vault = self._runtime.vault
        return (vault.fingerprint(typed) + vault.fingerprint("print" + typed))[:40].upper()

    def _pan(self, purchase: Purchase) -> str:
        sealed = purchase.card.sealed if purchase.card else None
        if sealed is None:
            raise ValueError("the purchase has no card number any more")
        return self._runtime.vault.open(sealed)
