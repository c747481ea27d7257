"""What the cardholder reads on the phone: the code, and what it confirms (dynamic linking: issuer, merchant, amount, currency).

The code stands first, so that neither an amount nor a merchant's name can be taken for it. The translations keep to the GSM 7-bit
alphabet, in which a text has more than twice the room: what our own words need takes one segment.
"""

from datetime import timedelta
from typing import Final, Protocol

from acs.cardholder.amounts import amount_text
from acs.cardholder.texts import choose_language, counted, translated


class Purchase(Protocol):
    """What is confirmed: `amount` in minor units and `currency` (numeric, ISO 4217) where something is paid."""

    @property
    def merchant_name(self) -> str: ...
    @property
    def amount(self) -> str | None: ...
    @property
    def currency(self) -> str | None: ...
    @property
    def exponent(self) -> int: ...


def _(message: str) -> str:
    """Marks a text for translation; it is translated where it is shown."""
    return message


_PAYMENT_PROMPT: Final = (
    _("%(issuer)s: is this your payment?"),
    _("%(amount)s to %(merchant)s. Approve only what you have ordered yourself."),
)
_IDENTITY_PROMPT: Final = (
    _("%(issuer)s: is this you?"),
    _("%(merchant)s asks who you are. Approve only what you have begun yourself."),
)
# A text message has no use for what is not printed, and a phone that counts characters none for special spaces.
_SPACES: Final = str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  ")


def code_message(code: str, *, issuer: str, purchase: Purchase, language: str | None, validity: timedelta) -> str:
    """The text that carries `code`. `language`: BCP 47; English where we have no text."""
    chosen, minutes = choose_language(language), int(validity.total_seconds() // 60)
    if _pays(purchase):
        text = counted(
            "%(code)s is your SecureCode from %(issuer)s to pay %(amount)s to %(merchant)s. "
            "Valid for %(num)d minute. Never give it to anyone.",
            "%(code)s is your SecureCode from %(issuer)s to pay %(amount)s to %(merchant)s. "
            "Valid for %(num)d minutes. Never give it to anyone.",
            minutes,
            chosen,
        )
    else:
        text = counted(
            "%(code)s is your SecureCode from %(issuer)s to tell %(merchant)s who you are. "
            "Valid for %(num)d minute. Never give it to anyone.",
            "%(code)s is your SecureCode from %(issuer)s to tell %(merchant)s who you are. "
            "Valid for %(num)d minutes. Never give it to anyone.",
            minutes,
            chosen,
        )
    return text % {"code": code, "num": minutes, **_named(issuer, purchase, chosen)}


def prompt_message(*, issuer: str, purchase: Purchase, language: str | None) -> tuple[str, str]:
    """Title and words of the banking app's prompt."""
    chosen = choose_language(language)
    title, body = _PAYMENT_PROMPT if _pays(purchase) else _IDENTITY_PROMPT
    named = _named(issuer, purchase, chosen)
    return translated(title, chosen) % named, translated(body, chosen) % named


def _pays(purchase: Purchase) -> bool:
    """Whether there is an amount to confirm: another authentication than that of a payment has none."""
    return bool(purchase.amount and purchase.currency)


def _named(issuer: str, purchase: Purchase, language: str) -> dict[str, str]:
    amount = amount_text(int(purchase.amount or 0), purchase.currency or "", purchase.exponent, language)
    return {
        "issuer": issuer,
        "amount": amount.translate(_SPACES),
        "merchant": "".join(character for character in purchase.merchant_name if character.isprintable()),
    }
