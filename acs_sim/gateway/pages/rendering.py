"""The pages of the shops, of the payment page and of the log, from `templates/`."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.forms.money import amount_text
from acs_sim.gateway.pages.texts import choose_language, texts
from acs_sim.gateway.payment import remote_mpi
from acs_sim.gateway.payment.cards import VENDOR_CARDS
from acs_sim.gateway.records.orders import WAYS_TO_PAY, Order
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.shops.answers import authorisation
from acs_sim.gateway.shops.shop import SHOPS, Shop, total
from acs_sim.gateway.three_ds_server import confirmation
from acs_sim.gateway.three_ds_server import messages as three_ds_server
from acs_sim.gateway.three_ds_server.browser_data import WINDOW_SIZES
from threedsecure.cards.scenarios import V1_SCENARIOS
from threedsecure.cards.schemes import SCHEMES, Scheme, co_badged
from threedsecure.cards.test_cards import TestCard, compose, listed
from threedsecure.web.serving.templates import environment
from threedsecure.web.wire import WireResponse, page

ANYBODY: Final = "*"
SHOP_LOOKS: Final = {e_transactions.MANNER: "tea", "monetico": "bikes"}
PAYMENT_LOOKS: Final = {e_transactions.MANNER: "counter", remote_mpi.MANNER: "counter", "monetico": "steps"}
_SHOWN_SCENARIOS: Final = frozenset({"frictionless", "challenge-otp", "not-authenticated"})
_CLASSIC_SHOWN: Final = ("visa", "mastercard")
_SHOWN_SCHEMES: Final = ("visa", "mastercard", "amex", "cb")


@dataclass(frozen=True, slots=True)
class ListedCard:
    """A card of the drawer beside the form; `expiry` is MM/YY."""

    group: str
    number: str
    expiry: str
    cryptogram: str
    name: str
    description: str


class Pages:
    """Renders; knows nothing of storage."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._templates = environment(__package__)
        self._settings = settings

    # --- shops ---

    def front(self, language: str) -> WireResponse:
        return self._page("shops.html", language, look="house", shops=SHOPS.values())

    def shop(
        self,
        shop: Shop,
        language: str,
        *,
        lines: Mapping[str, int],
        wishes: Mapping[str, str],
        fault: str | None = None,
    ) -> WireResponse:
        return self._page(
            "shop.html",
            language,
            422 if fault else 200,
            look=SHOP_LOOKS[shop.key],
            shop=shop,
            lines=lines,
            total=total(shop, lines),
            ways=WAYS_TO_PAY,
            wishes=wishes,
            fault=fault,
        )

    def leaving(self, shop: Shop, order: Order, action: str, fields: Mapping[str, str]) -> WireResponse:
        return self._page(
            "leaving.html",
            order.language,
            look=SHOP_LOOKS[shop.key],
            shop=shop,
            order=order,
            action=action,
            fields=fields,
        )

    def other_way(self, shop: Shop, order: Order) -> WireResponse:
        return self._page("other_way.html", order.language, look=SHOP_LOOKS[shop.key], shop=shop, order=order)

    def shop_result(self, shop: Shop, order: Order, result: tuple[str, str]) -> WireResponse:
        return self._page(
            "shop_result.html",
            order.language,
            look=SHOP_LOOKS[shop.key],
            shop=shop,
            order=order,
            result=result[0],
            reason=result[1],
            authorisation=authorisation(order),
        )

    # --- payment ---

    def card(
        self,
        purchase: Purchase,
        now: datetime,
        *,
        faults: Mapping[str, str] | None = None,
        typed: Mapping[str, str] | None = None,
        ready: Mapping[str, str] | None = None,
    ) -> WireResponse:
        """`typed`: what is wrong stands there again; `ready`: what a demo has filled in."""
        return self._payment(
            "card.html",
            purchase,
            422 if faults else 200,
            faults=faults or {},
            typed=typed or ready or {},
            ready=bool(ready),
            cards=list(listed_cards(purchase.request.manner, purchase.request.language, now)),
            window=purchase.window,
            co_badged={} if purchase.request.brand else co_badged(),
            brands={name: SCHEMES[name].name for names in co_badged().values() for name in names},
        )

    def connecting(self, purchase: Purchase) -> WireResponse:
        data = three_ds_server.method_data(purchase.id, self._settings)
        return self._payment("connecting.html", purchase, method_data=data)

    def challenge(self, purchase: Purchase, fields: Mapping[str, str]) -> WireResponse:
        """`fields`: what the browser carries to the ACS."""
        return self._payment(
            "challenge.html",
            purchase,
            fields=fields,
            size=WINDOW_SIZES[purchase.window or "05"],
        )

    def confirming(self, purchase: Purchase) -> WireResponse:
        """The page that has the browser confirm the payment (ARes S)."""
        return self._payment("confirming.html", purchase, asked=confirmation.asked(purchase))

    def waiting(self, purchase: Purchase) -> WireResponse:
        return self._payment("waiting.html", purchase)

    def receipt(self, purchase: Purchase, back_url: str) -> WireResponse:
        scheme = SCHEMES.get(purchase.scheme or "")
        return self._payment(
            "receipt.html",
            purchase,
            outcome=purchase.outcome,
            back_url=back_url,
            programme=_programme(scheme, purchase) if scheme else "",
            cardholder_info=_words((purchase.ares or {}).get("cardholderInfo", "")),
        )

    def carry_back(self, purchase: Purchase, url: str, fields: Mapping[str, str]) -> WireResponse:
        """The end of a purchase that its shop authorises by itself: the browser posts `fields` to the shop."""
        return self._payment("carry_back.html", purchase, url=url, fields=fields)

    def returning(self, purchase: Purchase) -> WireResponse:
        return self._payment("returning.html", purchase)

    def method_heard(self) -> WireResponse:
        return self._page("method_heard.html", "en", look="house", frame_ancestors=ANYBODY)

    # --- log ---

    def log(self, purchases: Sequence[Purchase], language: str) -> WireResponse:
        return self._page("log.html", language, look="house", purchases=purchases)

    def log_of(self, purchase: Purchase, language: str) -> WireResponse:
        kept = {"ARes": purchase.ares, "RReq": purchase.results}
        return self._page("log_of.html", language, look="house", purchase=purchase, kept=kept)

    # --- what is wrong ---

    def message(
        self, name: str, language: str, status: int, *, details: Sequence[str] = (), look: str = "house"
    ) -> WireResponse:
        """`name`: a word of the texts that has a title (`<name>-title`) beside it."""
        return self._page("message.html", language, status, look=look, name=name, details=details)

    def _payment(self, template: str, purchase: Purchase, status: int = 200, **values: Any) -> WireResponse:
        look = PAYMENT_LOOKS[purchase.request.manner]
        ancestors = ANYBODY if purchase.request.framed else None
        language = purchase.request.language
        return self._page(template, language, status, ancestors, look=look, purchase=purchase, **values)

    def _page(
        self, template: str, language: str, status: int = 200, frame_ancestors: str | None = None, **values: Any
    ) -> WireResponse:
        words = texts(choose_language(language))
        html = self._templates.get_template(template).render(t=words, money=amount_text, **values)
        return page(html, status, frame_ancestors=frame_ancestors or self._settings.frame_ancestors)


def listed_cards(manner: str, language: str, now: datetime) -> Iterator[ListedCard]:
    """The cards of the drawer: every scenario with Visa, the main ones with the other schemes, the vendor's own numbers."""
    words, expiry = texts(language), f"12/{(now.year + 3) % 100:02}"
    for card in sorted(listed(), key=_rank):
        if card.scheme == _SHOWN_SCHEMES[0] or (
            card.scheme in _SHOWN_SCHEMES and card.scenario.name in _SHOWN_SCENARIOS
        ):
            yield _listed(card, words, expiry)
    for scheme in _CLASSIC_SHOWN:
        yield _listed_classic(scheme, words, expiry)
    for number in VENDOR_CARDS[manner]:
        yield ListedCard(words["vendor-cards"], number, expiry, "123", manner, "")


def _words(cardholder_info: str | Mapping[str, str]) -> str:
    """cardholderInfo: a text, and in 2.3.1 an object that holds one."""
    return cardholder_info if isinstance(cardholder_info, str) else cardholder_info.get("text", "")


def _programme(scheme: Scheme, purchase: Purchase) -> str:
    """The programme under the name that it had in the protocol's time."""
    return (scheme.classic_programme if purchase.v1 else None) or scheme.programme


def _listed_classic(scheme: str, words: Mapping[str, str], expiry: str) -> ListedCard:
    """The card that only 3-D Secure 1.0.2 knows, under the name of its programme."""
    scenario = V1_SCENARIOS["challenge-otp"]
    description = words.get(f"scenario-{scenario.name}", scenario.description)
    group = f"{SCHEMES[scheme].classic_programme} (1.0.2)"
    return ListedCard(group, compose(scheme, scenario), expiry, "123", scenario.name, description)


def _rank(card: TestCard) -> tuple[int, bool]:
    """By scheme, and what a demo is about first."""
    return list(SCHEMES).index(card.scheme), card.scenario.name != "challenge-otp"


def _listed(card: TestCard, words: Mapping[str, str], expiry: str) -> ListedCard:
    name = card.scenario.name
    description = words.get(f"scenario-{name}", card.scenario.description)
    cryptogram = "1234" if card.scheme == "amex" else "123"
    return ListedCard(SCHEMES[card.scheme].name, card.pan, expiry, cryptogram, name, description)
