"""The shops: baskets, orders, and the sealed answers that they believe or not."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlencode

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.e_transactions.answer import encoded
from acs_sim.gateway.handlers.gateway import Gateway
from acs_sim.gateway.monetico import answer as cgi2
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.pages.texts import choose_language
from acs_sim.gateway.records.orders import CARD, Order
from acs_sim.gateway.records.storage import NotKnown
from acs_sim.gateway.shops import answers
from acs_sim.gateway.shops.answers import AnswerRefused
from acs_sim.gateway.shops.shop import EURO, SHOPS, BasketRefused, Shop, read_basket, read_way, sealed_form, total
from threedsecure.web.randomness import with_new_names
from threedsecure.web.serving.doors import Door
from threedsecure.web.serving.service import Route, posted
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form

TEXT: Final = "text/plain; charset=utf-8"
WISHES: Final = {"window": 8, "version": 8, "lang": 8, "demo": 8, "card": 60}
"""By the length of the longest."""


class ShopHandlers:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> list[Route]:
        tea, bikes = (f"/shops/{key}" for key in (e_transactions.MANNER, monetico.MANNER))
        return [
            Route("GET", "/", self.front),
            Route("GET", "/shops/{shop}", self.shop),
            Route("POST", "/shops/{shop}/orders", self.order, door=Door.PAGE),
            Route("GET", f"{tea}/return/{{ending}}", self.signed_return),
            posted(f"{tea}/ipn", self.ipn),
            Route("GET", f"{bikes}/return/{{ending}}", self.plain_return),
            posted(f"{bikes}/cgi2", self.cgi2),
        ]

    async def front(self, request: WireRequest) -> WireResponse:
        return self._gateway.pages.front(choose_language(request.query.get("lang")))

    async def shop(self, request: WireRequest) -> WireResponse:
        shop = _shop(request)
        lines = {product.key: product.quantity for product in shop.products}
        language = choose_language(request.query.get("lang"))
        return self._gateway.pages.shop(shop, language, lines=lines, wishes=_wishes(request.query))

    async def order(self, request: WireRequest) -> WireResponse:
        shop, fields = _shop(request), read_form(request)
        try:
            lines, way = read_basket(shop, fields), read_way(fields)
        except BasketRefused as refused:
            language = choose_language(fields.get("lang"))
            return self._gateway.pages.shop(shop, language, lines={}, wishes=_wishes(fields), fault=str(refused))
        order = await self.place(shop, lines, way, total(shop, lines), EURO, fields)
        if way != CARD:
            return self._gateway.pages.other_way(shop, order)
        wishes = {name: value for name, value in _wishes(fields).items() if name != "lang"}
        address = f"{self._gateway.settings.public_url}{shop.payment_page}" + (
            f"?{urlencode(wishes)}" if wishes else ""
        )
        return self._gateway.pages.leaving(shop, order, address, self.sealed(shop, order))

    async def place(
        self, shop: Shop, lines: dict[str, int], way: str, amount: int, currency: str, wishes: Mapping[str, str]
    ) -> Order:
        """A fresh order in the shop's book."""
        return await with_new_names(lambda: self._place(shop, lines, way, amount, currency, wishes))

    async def _place(
        self, shop: Shop, lines: dict[str, int], way: str, amount: int, currency: str, wishes: Mapping[str, str]
    ) -> Order:
        """Errors: `NameTaken`."""
        runtime = self._gateway.runtime
        reference = shop.prefix + runtime.randomness.digits(10)
        order = Order(
            reference=reference,
            token=runtime.vault.token("order", reference),
            shop=shop.key,
            amount=amount,
            currency=currency,
            lines=lines,
            language=choose_language(wishes.get("lang")),
            way=way,
            created_at=runtime.clock.now(),
            window=_wishes(wishes).get("window"),
            version=_wishes(wishes).get("version"),
        )
        await self._gateway.storage.add_order(order)
        return order

    def sealed(self, shop: Shop, order: Order) -> dict[str, str]:
        return sealed_form(shop, order, self._gateway.settings.public_url, self._gateway.runtime.clock.now())

    async def signed_return(self, request: WireRequest) -> WireResponse:
        """The browser is back with the signed line in its address: the shop believes the signature, not the address."""
        raw = "&".join(_requote(request.query))
        try:
            answer = answers.read_e_transactions_line(raw, self._gateway.settlement.signing_key().public_key())
            order = await self._believe(answer.get("reference", ""), answer)
        except AnswerRefused:
            return self._gateway.pages.message("seal-refused", "fr", 400, look="tea")
        except NotKnown:
            return self._gateway.pages.message("order-unknown", "fr", 404, look="tea")
        return self._gateway.pages.shop_result(SHOPS[e_transactions.MANNER], order, answers.result(order))

    async def plain_return(self, request: WireRequest) -> WireResponse:
        """The browser is back with nothing but the order's token: what the shop knows came from server to server."""
        try:
            order = await self._gateway.storage.order_by_token(request.query.get("order", ""))
        except NotKnown:
            return self._gateway.pages.message("order-unknown", "fr", 404, look="bikes")
        known = answers.result(order)
        left = known[0] == "waiting" and request.match["ending"] == "err"
        return self._gateway.pages.shop_result(
            SHOPS[monetico.MANNER], order, ("cancelled", "cancelled-by-buyer") if left else known
        )

    async def ipn(self, request: WireRequest) -> WireResponse:
        """The server answer in the manner of e-transactions; an empty 200 takes it."""
        try:
            line = request.body.decode("ascii", "replace")
            answer = answers.read_e_transactions_line(line, self._gateway.settlement.signing_key().public_key())
            await self._believe(answer.get("reference", ""), answer)
        except (AnswerRefused, NotKnown) as refused:
            raise Problem(400, "Bad Request", str(refused)) from refused
        return WireResponse(200, b"", TEXT)

    async def cgi2(self, request: WireRequest) -> WireResponse:
        """The server answer in the manner of Monetico; `cdr=0` takes it."""
        try:
            answer = answers.read_monetico_form(read_form(request))
            await self._believe(answer.get("reference", ""), answer)
        except (AnswerRefused, NotKnown):
            return WireResponse(200, cgi2.REFUSED_SEAL.encode(), TEXT)
        return WireResponse(200, cgi2.RECEIVED.encode(), TEXT)

    async def _believe(self, reference: str, answer: Mapping[str, str]) -> Order:
        return await self._gateway.storage.change_order(reference, lambda order: answers.believe(order, answer))


def _shop(request: WireRequest) -> Shop:
    shop = SHOPS.get(request.match["shop"])
    if shop is None:
        raise Problem(404, "Not Found", f"the shops are {' and '.join(SHOPS)}")
    return shop


def _wishes(source: Mapping[str, str]) -> dict[str, str]:
    """What whoever plays the demo wants of window, version and language, which card lies ready, and what it goes by; short words
    only."""
    return {name: source[name] for name, most in WISHES.items() if 0 < len(source.get(name, "")) <= most}


def _requote(query: Mapping[str, str]) -> list[str]:
    """The pairs as the payment page wrote them: it is one spelling that is signed."""
    return [f"{encoded(name)}={encoded(value)}" for name, value in query.items()]
