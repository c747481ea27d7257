"""The payment pages: from a shop's sealed form to the receipt. Every address carries the purchase's unguessable token."""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import Final
from urllib.parse import urlencode

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace

from acs_sim.client.demo import demo_name, is_demo
from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.forms.fields import FormRefused, Posted, read_posted
from acs_sim.gateway.forms.merchants import Merchants
from acs_sim.gateway.handlers.gateway import Gateway
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.payment import remote_mpi
from acs_sim.gateway.payment.cards import CardRefused, read_entry, ready_card
from acs_sim.gateway.payment.settlement import return_url
from acs_sim.gateway.records.purchase import PaymentRequest, Purchase
from acs_sim.gateway.records.states import WrongStep
from acs_sim.gateway.records.storage import NotKnown
from acs_sim.gateway.three_ds_server import messages as three_ds_server
from threedsecure.addresses import at_a_name
from threedsecure.web.serving.doors import Door
from threedsecure.web.serving.service import Route, posted
from threedsecure.web.wire import FORM, Handler, WireRequest, WireResponse, json_response, page, read_form, see_other

PAGE_WAIT_SECONDS: Final = 2.0
_PEM: Final = "application/x-pem-file"


class PaymentHandlers:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> list[Route]:
        entrances = [(path, e_transactions.read) for path in e_transactions.PAGES]
        entrances += [(path, monetico.read) for path in monetico.PAGES]
        return [
            *(Route("GET", path, self._enter(read)) for path, read in entrances),
            *(posted(path, self._enter(read)) for path, read in entrances),
            Route("GET", "/cgi/pubkey.pem", self.public_key),
            Route("GET", "/load.html", self.liveness),
            Route("GET", "/pay/{token}", self.pay),
            Route("POST", "/pay/{token}/card", self.card, door=Door.PAGE),
            *(
                Route("GET", f"/pay/{{token}}/{step}", self.back_to_page)
                for step in ("card", "authenticate", "confirm", "cancel")
            ),
            Route("GET", "/pay/{token}/method", self.method),
            Route("POST", "/pay/{token}/authenticate", self.authenticate, door=Door.PAGE),
            Route("POST", "/pay/{token}/confirm", self.confirm, door=Door.PAGE),
            Route("POST", "/pay/{token}/cancel", self.cancel, door=Door.PAGE),
        ]

    def _enter(self, read: Callable[[Posted, Merchants], PaymentRequest]) -> Handler:
        """A shop's buyer arrives: the seal is verified before anything is shown."""

        async def enter(request: WireRequest) -> WireResponse:
            try:
                posted = _posted(request)
                wanted = read(posted, await self._gateway.merchants.known())
                wanted = replace(wanted, framed=_is_framed(request.path, posted))
            except FormRefused as refused:
                return self._gateway.pages.message("form-refused", "fr", 400, details=refused.faults)
            purchase = await self._gateway.payments.open(
                wanted, window=request.query.get("window"), version=request.query.get("version")
            )
            self._journal_entrance(purchase, posted.fields, request.query.get("demo", ""))
            if await self._gateway.settlement.paid_before(purchase):
                await self._gateway.payments.end_paid(purchase)
            card = request.query.get("card")
            return see_other(f"/pay/{purchase.token}" + (f"?{urlencode({'card': card})}" if card else ""))

        return enter

    def _journal_entrance(self, purchase: Purchase, fields: Mapping[str, str], demo: str) -> None:
        """`demo`: by which the split screen that it was begun on finds it."""
        now = self._gateway.runtime.clock.now()
        also = (demo_name(demo),) if is_demo(demo) else ()
        self._gateway.runtime.journal.record(
            now, "Shop", "3DS Server", "Payment form", dict(fields), transaction_id=purchase.id, also=also
        )

    async def pay(self, request: WireRequest) -> WireResponse:
        """The page that goes with where the purchase is: reloading it is always safe."""
        purchase = await self._purchase(request)
        if purchase is None:
            return self._unknown()
        purchase = await self._gateway.settlement.finish(purchase.id)
        match purchase.state:
            case "page":
                now = self._gateway.runtime.clock.now()
                return self._gateway.pages.card(purchase, now, ready=ready_card(request.query.get("card", ""), now))
            case "method" if purchase.method_url is not None:
                return self._gateway.pages.connecting(purchase)
            case "challenge":
                return self._challenge(purchase)
            case "confirming":
                return self._confirming(purchase, request.headers.get("host", ""))
        purchase = await self._gateway.payments.settled_within(purchase, PAGE_WAIT_SECONDS)
        return self._after_waiting(purchase)

    def _after_waiting(self, purchase: Purchase) -> WireResponse:
        if purchase.state == "settled" and purchase.request.manner == remote_mpi.MANNER:
            return self._carry_back(purchase)
        if purchase.state == "settled":
            back_url = return_url(purchase, self._gateway.settlement.signing_key())
            return self._gateway.pages.receipt(purchase, back_url)
        if purchase.state == "method":  # whoever was about to ask without a 3DS Method is gone
            return self._gateway.pages.connecting(purchase)
        return self._challenge(purchase) if purchase.state == "challenge" else self._gateway.pages.waiting(purchase)

    def _carry_back(self, purchase: Purchase) -> WireResponse:
        if purchase.outcome is None:
            return self._gateway.pages.waiting(purchase)
        key = self._gateway.settlement.signing_key()
        fields = remote_mpi.answer_fields(purchase, purchase.outcome, key)
        return self._gateway.pages.carry_back(purchase, purchase.request.accepted_url, fields)

    def _confirming(self, purchase: Purchase, host: str) -> WireResponse:
        """Browsers confirm nothing on a page whose address has no name: then the same page under one is next."""
        named = at_a_name(self._gateway.settings.public_url)
        if named is None or at_a_name(f"http://{host}") == f"http://{host}":
            return self._gateway.pages.confirming(purchase)
        return see_other(f"{named}/pay/{purchase.token}")

    def _challenge(self, purchase: Purchase) -> WireResponse:
        session = self._gateway.payments.session_data(purchase.id)
        if purchase.v1 is not None:
            return self._gateway.pages.challenge(purchase, self._gateway.v1.fields(purchase, session))
        fields = {"creq": three_ds_server.challenge_request(purchase), "threeDSSessionData": session}
        return self._gateway.pages.challenge(purchase, fields)

    async def card(self, request: WireRequest) -> WireResponse:
        purchase = await self._purchase(request)
        if purchase is None:
            return self._unknown()
        fields, now = read_form(request), self._gateway.runtime.clock.now()
        typed = {name: fields.get(name, "") for name in ("card_number", "expiry", "cryptogram", "brand")}
        try:
            numbers = (typed["card_number"], typed["expiry"], typed["cryptogram"])
            entry = read_entry(purchase.request.manner, *numbers, now, purchase.request.brand)
        except CardRefused as refused:
            if "card_number" in refused.faults:
                with suppress(WrongStep):
                    purchase = await self._gateway.payments.refused_card(purchase)
            if purchase.state != "page":
                return _to(purchase)
            return self._gateway.pages.card(purchase, now, faults=refused.faults, typed=typed)
        return await self._moved(
            purchase, lambda: self._gateway.payments.give_card(purchase, entry, fields, request.headers)
        )

    async def back_to_page(self, request: WireRequest) -> WireResponse:
        """Whoever opens the address of a form, as a browser's history may, is shown where the purchase is."""
        purchase = await self._purchase(request)
        return self._unknown() if purchase is None else _to(purchase)

    async def method(self, request: WireRequest) -> WireResponse:
        """For the script of the connecting page: whether there is still something to wait for."""
        purchase = await self._purchase(request)
        now = self._gateway.runtime.clock.now()
        running = (
            purchase is not None
            and purchase.state == "method"
            and purchase.method == "running"
            and purchase.method_until is not None
            and now < purchase.method_until
        )
        return json_response({"running": running})

    async def authenticate(self, request: WireRequest) -> WireResponse:
        purchase = await self._purchase(request)
        if purchase is None:
            return self._unknown()
        return await self._moved(purchase, lambda: self._gateway.payments.authenticate(purchase))

    async def confirm(self, request: WireRequest) -> WireResponse:
        """What the browser made of being asked to confirm the payment."""
        purchase = await self._purchase(request)
        if purchase is None:
            return self._unknown()
        posted = read_form(request).get("posted", "")
        with suppress(WrongStep):
            await self._gateway.payments.confirmed(purchase, posted)
        return see_other(f"{self._gateway.settings.public_url}/pay/{purchase.token}")

    async def cancel(self, request: WireRequest) -> WireResponse:
        purchase = await self._purchase(request)
        if purchase is None:
            return self._unknown()
        return await self._moved(purchase, lambda: self._gateway.payments.cancel(purchase))

    async def public_key(self, _request: WireRequest) -> WireResponse:
        """What letter K is verified with: a shop of one's own needs it."""
        key = self._gateway.settlement.signing_key().public_key()
        return WireResponse(200, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), _PEM)

    async def liveness(self, _request: WireRequest) -> WireResponse:
        """Shops of Paybox's ask here which of its servers is up."""
        return page('<!doctype html><title>OK</title><div id="server_status">OK</div>')

    async def _moved(self, purchase: Purchase, move: Callable[[], Awaitable[Purchase]]) -> WireResponse:
        """Take a step, or find that it was taken already; either way the page of the purchase is next."""
        with suppress(WrongStep):
            await move()
        return _to(purchase)

    async def _purchase(self, request: WireRequest) -> Purchase | None:
        try:
            return await self._gateway.storage.purchase_by_token(request.match["token"])
        except NotKnown:
            return None

    def _unknown(self) -> WireResponse:
        return self._gateway.pages.message("unknown-payment", "fr", 404)


def _to(purchase: Purchase) -> WireResponse:
    return see_other(f"/pay/{purchase.token}")


def _is_framed(path: str, posted: Posted) -> bool:
    """Whether the shop said that it shows the pages in a frame."""
    return path in e_transactions.FRAMED_PAGES or posted.fields.get("mode_affichage") == "iframe"


def _posted(request: WireRequest) -> Posted:
    """The form in the body, or in the address of a link. Errors: `FormRefused`."""
    if request.method == "GET":
        return Posted(dict(request.query))
    if request.media_type != FORM:
        raise FormRefused(f"Content-Type: a form is posted as {FORM}")
    return read_posted(request.body.decode("latin-1"))
