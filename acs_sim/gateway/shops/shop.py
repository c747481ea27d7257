"""The two shops of the house: what they sell, and the order they make of a basket. Pure. The merchants are invented."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.records.orders import WAYS_TO_PAY, Order

EURO: Final = "978"
MAX_QUANTITY: Final = 9


@dataclass(frozen=True, slots=True)
class Product:
    """`price` in cents; `quantity`: what lies in the basket at first; `drawing`: a symbol of the page's drawings."""

    key: str
    names: Mapping[str, str]
    notes: Mapping[str, str]
    price: int
    quantity: int
    drawing: str


@dataclass(frozen=True, slots=True)
class Shop:
    """`key` is the last part of its address and the manner of its payment page; `prefix` begins its order references."""

    key: str
    name: str
    taglines: Mapping[str, str]
    prefix: str
    email: str
    payment_page: str
    products: tuple[Product, ...]


def _product(key: str, fr: str, en: str, note_fr: str, note_en: str, price: int, quantity: int) -> Product:
    return Product(key, {"fr": fr, "en": en}, {"fr": note_fr, "en": note_en}, price, quantity, key)


SHOPS: Final[Mapping[str, Shop]] = MappingProxyType(
    {
        shop.key: shop
        for shop in (
            Shop(
                e_transactions.MANNER,
                "La Théière Bleue",
                {"fr": "Thés et théières, rue du Port", "en": "Teas and teapots, rue du Port"},
                "TB",
                "client@theiere-bleue.example",
                e_transactions.PAGE,
                (
                    _product(
                        "teapot",
                        "Théière en grès",
                        "Stoneware teapot",
                        "Bleu de four, 80 cl",
                        "Kiln blue, 80 cl",
                        4200,
                        1,
                    ),
                    _product("tea", "Thé fumé des pins", "Pine-smoked tea", "Boîte de 100 g", "100 g tin", 1450, 0),
                    _product(
                        "bowls", "Deux bols du matin", "Two morning bowls", "Faits à la main", "Made by hand", 2600, 0
                    ),
                ),
            ),
            Shop(
                monetico.MANNER,
                "Atelier Cyclope",
                {"fr": "Vélos réparés, réglés, remis en route", "en": "Bicycles repaired, tuned, back on the road"},
                "AC",
                "client@atelier-cyclope.example",
                monetico.PAGES[0],
                (
                    _product(
                        "tuning",
                        "Révision complète",
                        "Full service",
                        "Freins, roues, transmission",
                        "Brakes, wheels, gears",
                        6900,
                        1,
                    ),
                    _product("lamp", "Phare à dynamo", "Dynamo headlamp", "40 lux, laiton", "40 lux, brass", 3825, 0),
                    _product(
                        "saddle",
                        "Selle de ville",
                        "City saddle",
                        "Cuir tanné végétal",
                        "Vegetable-tanned leather",
                        5450,
                        0,
                    ),
                ),
            ),
        )
    }
)


class BasketRefused(ValueError):
    """The basket cannot be ordered; the text is a word of the texts."""


def read_basket(shop: Shop, fields: Mapping[str, str]) -> dict[str, int]:
    """Quantity by product, from form fields named after the products. Errors: `BasketRefused`."""
    lines: dict[str, int] = {}
    for product in shop.products:
        text = fields.get(product.key, "0").strip() or "0"
        if not (text.isascii() and text.isdigit() and len(text) <= 2 and int(text) <= MAX_QUANTITY):
            raise BasketRefused("bad-quantity")
        if int(text):
            lines[product.key] = int(text)
    if not lines:
        raise BasketRefused("empty-basket")
    return lines


def total(shop: Shop, lines: Mapping[str, int]) -> int:
    return sum(product.price * lines.get(product.key, 0) for product in shop.products)


def read_way(fields: Mapping[str, str]) -> str:
    """Errors: `BasketRefused`."""
    way = fields.get("way", "")
    if way not in WAYS_TO_PAY:
        raise BasketRefused("no-way-to-pay")
    return way


def sealed_form(shop: Shop, order: Order, public_url: str, at: datetime) -> dict[str, str]:
    """What the browser carries from the shop to the payment page."""
    shop_url = f"{public_url}/shops/{shop.key}"
    if shop.key == e_transactions.MANNER:
        return e_transactions.sealed_form(
            reference=order.reference,
            amount=order.amount,
            currency=order.currency,
            email=shop.email,
            language=order.language,
            at=at,
            shop_url=shop_url,
            quantity=sum(order.lines.values()) or 1,  # an order of a script has a sum and no lines
        )
    return monetico.sealed_form(
        reference=order.reference,
        amount=order.amount,
        currency=order.currency,
        email=shop.email,
        language=order.language,
        at=at,
        shop_url=shop_url,
        token=order.token,
    )
