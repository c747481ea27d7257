"""Purchases without a browser, for scripts, CI and apps; and the gateway's log."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec.structs import replace

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.forms.fields import Posted
from acs_sim.gateway.forms.money import exponents
from acs_sim.gateway.handlers.gateway import RESET, Gateway
from acs_sim.gateway.handlers.shops import ShopHandlers
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.pages.texts import choose_language
from acs_sim.gateway.payment.cards import CardRefused, read_entry
from acs_sim.gateway.records.orders import CARD
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.records.states import WrongStep
from acs_sim.gateway.records.storage import NotKnown
from acs_sim.gateway.settings import VERSIONS
from acs_sim.gateway.shops.shop import SHOPS
from acs_sim.gateway.three_ds_server import messages as three_ds_server
from acs_sim.gateway.three_ds_server import method_client
from acs_sim.gateway.three_ds_server.app_data import AppParameters
from acs_sim.gateway.three_ds_server.browser_data import WINDOW_SIZES
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.serving.service import Route
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_json

MAX_WAIT_SECONDS: Final = 30.0
MAX_BODY_BYTES: Final = 96 * 1024
"""The device data of an app alone may have 64000 characters."""
LISTED: Final = 50
# A desktop browser with JavaScript, as the page's script would describe it.
_TOLD: Final = {
    "browserJavascriptEnabled": "true",
    "browserJavaEnabled": "false",
    "browserColorDepth": "24",
    "browserScreenHeight": "1080",
    "browserScreenWidth": "1920",
    "browserTZ": "-60",
}


class NewPurchase(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /api/purchases`. `expiry`: YYMM; `amount`: minor units; `method`: perform the 3DS Method as a browser
    would, or skip it (threeDSCompInd N where the card range has one); `version`: spoken whatever the range says; `brand`: the
    buyer's choice of a co-badged card; `app`: what the SDK of an app gives, for a purchase in an app; `data_only`: the
    issuer is told of the payment, and not asked to authenticate it; `spc`: the browser can confirm payments (2.3.1), which then
    goes on at `/api/purchases/{id}/confirm`."""

    pan: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{13,19}$")]
    expiry: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{4}$")]
    amount: Annotated[int, msgspec.Meta(ge=1, le=99_999_999)]
    shop: str = "e-transactions"
    currency: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{3}$")] = "978"
    version: str | None = None
    method: Literal["perform", "skip"] = "skip"
    window: str = "05"
    language: Literal["fr", "en"] = "fr"
    brand: str | None = None
    spc: bool = False
    app: AppParameters | None = None
    data_only: bool = False


class PurchaseHandlers:
    def __init__(self, gateway: Gateway, shops: ShopHandlers) -> None:
        self._gateway = gateway
        self._shops = shops

    def routes(self) -> list[Route]:
        return [
            Route("POST", "/api/purchases", self.create, MAX_BODY_BYTES),
            Route("GET", "/api/purchases", self.list),
            Route("GET", "/api/purchases/{id}", self.get),
            Route("POST", "/api/purchases/{id}/confirm", self.confirm, MAX_BODY_BYTES),
            Route("GET", "/log", self.log),
            Route("GET", "/log/{id}", self.log_of),
            Route("POST", "/control/reset", self.reset),
        ]

    async def create(self, request: WireRequest) -> WireResponse:
        """Order, payment form, card, 3DS Method and AReq in one call, through the same doors as a browser's."""
        wanted = _read(request)
        purchase = await self._opened(wanted)
        try:
            now = self._gateway.runtime.clock.now()
            entry = read_entry(wanted.shop, wanted.pan, wanted.expiry[2:] + wanted.expiry[:2], "123", now)
        except CardRefused as refused:
            raise Problem(400, "Bad Request", "the card is refused", errors=dict(refused.faults)) from refused
        wishes = {"window": wanted.window, "brand": wanted.brand or "", "spc": "Y" if wanted.spc else ""}
        told = {**_TOLD, "browserLanguage": wanted.language, **wishes}
        try:
            purchase = await self._gateway.payments.give_card(purchase, entry, told, request.headers, wanted.app)
            if purchase.state == "method":
                if wanted.method == "perform":
                    await self._perform_method(purchase)
                purchase = await self._gateway.payments.authenticate(purchase)
        except WrongStep as over:
            raise Problem(409, "Conflict", f"the payment has expired meanwhile: {over}") from over
        return json_response(self._document(purchase), 201)

    async def confirm(self, request: WireRequest) -> WireResponse:
        """After an ARes S: what the payment page's script would have posted, an assertion or a browser's error."""
        purchase = await self._known(request)
        try:
            purchase = await self._gateway.payments.confirmed(purchase, request.body.decode(errors="replace"))
        except WrongStep as wrong:
            raise Problem(409, "Conflict", str(wrong)) from wrong
        return json_response(self._document(purchase))

    async def list(self, _request: WireRequest) -> WireResponse:
        purchases = await self._gateway.storage.newest(LISTED)
        return json_response({"purchases": [self._document(purchase) for purchase in purchases]})

    async def get(self, request: WireRequest) -> WireResponse:
        """`?wait=10`: answer when the purchase is finished, or after so many seconds."""
        purchase = await self._known(request)
        wait = _wait(request.query.get("wait", "0"))
        purchase = await self._gateway.payments.settled_within(purchase, wait)
        return json_response(self._document(purchase))

    async def log(self, request: WireRequest) -> WireResponse:
        purchases = await self._gateway.storage.newest(LISTED)
        return self._gateway.pages.log(purchases, choose_language(request.query.get("lang")))

    async def log_of(self, request: WireRequest) -> WireResponse:
        return self._gateway.pages.log_of(await self._known(request), choose_language(request.query.get("lang")))

    async def reset(self, _request: WireRequest) -> WireResponse:
        await self._gateway.storage.forget()
        self._gateway.forget_ranges()
        await self._gateway.runtime.shared.tell_all(RESET)
        return json_response({})

    async def _opened(self, wanted: NewPurchase) -> Purchase:
        shop = SHOPS[wanted.shop]
        wishes = {"lang": wanted.language}
        order = await self._shops.place(shop, {}, CARD, wanted.amount, wanted.currency, wishes)
        fields = self._shops.sealed(shop, order)
        read = e_transactions.read if shop.key == e_transactions.MANNER else monetico.read
        request = replace(read(Posted(fields), self._gateway.merchants.house), data_only=wanted.data_only)
        return await self._gateway.payments.open(
            request, channel="script" if wanted.app is None else "app", version=wanted.version
        )

    async def _perform_method(self, purchase: Purchase) -> None:
        settings = self._gateway.settings
        await method_client.perform(
            self._gateway.runtime.transport,
            purchase.method_url or "",
            three_ds_server.method_data(purchase.id, settings),
            settings.public_url + three_ds_server.METHOD_NOTIFICATION_PATH,
        )

    async def _known(self, request: WireRequest) -> Purchase:
        try:
            return await self._gateway.storage.purchase(request.match["id"])
        except NotKnown as unknown:
            raise Problem(404, "Not Found", "no such purchase") from unknown

    def _document(self, purchase: Purchase) -> dict[str, Any]:
        settings = self._gateway.settings
        session = self._gateway.payments.session_data(purchase.id)
        document = purchase_document(purchase, settings.public_url, session)
        if purchase.state == "confirming":
            document |= purchase.confirms or {}
        if purchase.state == "challenge" and purchase.v1 is not None:
            document |= {"acsURL": purchase.acs_url, **self._gateway.v1.fields(purchase, session)}
        return document


def _read(request: WireRequest) -> NewPurchase:
    """Errors: `Problem` 400 that names the first fault."""
    try:
        wanted = msgspec.convert(read_json(request), NewPurchase)
    except msgspec.ValidationError as error:
        raise Problem(400, "Bad Request", str(error)) from error
    allowed = (
        ("shop", SHOPS),
        ("currency", exponents()),
        ("window", WINDOW_SIZES),
        ("version", (None, *VERSIONS)),
        ("brand", (None, *SCHEMES)),
    )
    for name, values in allowed:
        if getattr(wanted, name) not in values:
            raise Problem(400, "Bad Request", f"{name}: not one that this gateway knows")
    return wanted


def _wait(text: str) -> float:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise Problem(400, "Bad Request", "wait: whole seconds")
    return min(float(text), MAX_WAIT_SECONDS)


def purchase_document(purchase: Purchase, public_url: str, session_data: str) -> dict[str, Any]:
    """What `GET /api/purchases/{id}` tells of a purchase: its identifiers, where it is, how it ended, and its log."""
    authentication, outcome = purchase.authentication, purchase.outcome
    document: dict[str, Any] = {
        "id": purchase.id,
        "threeDSServerTransID": purchase.id,
        "dsTransID": purchase.ds_trans_id,
        "acsTransID": purchase.acs_trans_id,
        "shop": purchase.request.manner,
        "reference": purchase.request.reference,
        "amount": purchase.request.amount,
        "currency": purchase.request.currency,
        "card": purchase.card.masked if purchase.card else None,
        "scheme": purchase.scheme,
        "version": purchase.version,
        "enrolled": purchase.enrolled,
        "threeDSCompInd": purchase.comp_ind,
        "state": purchase.state,
        "finished": purchase.finished,
        "transStatus": (purchase.ares or {}).get("transStatus"),
        "created_at": purchase.created_at.isoformat(),
        "page": f"{public_url}/pay/{purchase.token}",
        "log": [{"at": entry.at.isoformat(), "text": entry.text} for entry in purchase.log],
    }
    if purchase.v1 is not None:
        document["classic"] = {"xid": purchase.v1.xid, "enrolled": purchase.v1.enrolled}
    elif purchase.state == "challenge" and purchase.in_app:
        document["challengeParameters"] = three_ds_server.challenge_parameters(purchase)
    elif purchase.state == "challenge":
        document |= {
            "acsURL": purchase.acs_url,
            "creq": three_ds_server.challenge_request(purchase),
            "threeDSSessionData": session_data,
        }
    if authentication is not None:
        document["authentication"] = msgspec.to_builtins(authentication)
    if outcome is not None:
        document |= {"result": outcome.result, "reason": outcome.reason, "outcome": msgspec.to_builtins(outcome)}
    if purchase.answer is not None:
        document["answer"] = {"body": purchase.answer.body, "delivered": purchase.answer.delivered}
    return document
