"""What the cardholder reads on the phone: the code, and what it confirms (dynamic linking: issuer, merchant, amount, currency).

The code stands first, so that neither an amount nor a merchant's name can be taken for it.
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final

from acs.amounts import amount_text
from acs.records import Purchase
from acs.texts import DEFAULT_LANGUAGE, choose_language

_TEXTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": (
            "{code} is your SecureCode from {issuer} to pay {amount} to {merchant}. "
            "Valid for {minutes} minutes. Never give it to anyone."
        ),
        "fr": (
            "{code} est votre SecureCode {issuer} pour payer {amount} à {merchant}. "
            "Valable {minutes} minutes. Ne le communiquez à personne."
        ),
    }
)
_PROMPTS: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "en": (
            "{issuer}: is this your payment?",
            "{amount} to {merchant}. Approve only what you have ordered yourself.",
        ),
        "fr": (
            "{issuer} : est-ce bien votre paiement ?",
            "{amount} à {merchant}. N'approuvez que ce que vous avez commandé vous-même.",
        ),
    }
)
# A text message has no use for what is not printed, and a phone that counts characters none for special spaces.
_SPACES: Final = str.maketrans("\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}", "  ")


def code_message(code: str, *, issuer: str, purchase: Purchase, language: str | None, validity: timedelta) -> str:
    """The text that carries `code`. `language`: BCP 47; English where we have no text."""
    chosen = choose_language(language)
    return _TEXTS.get(chosen, _TEXTS[DEFAULT_LANGUAGE]).format(
        code=code, minutes=int(validity.total_seconds() // 60), **_named(issuer, purchase, chosen)
    )


def prompt_message(*, issuer: str, purchase: Purchase, language: str | None) -> tuple[str, str]:
    """Title and words of the banking app's prompt."""
    chosen = choose_language(language)
    title, body = _PROMPTS.get(chosen, _PROMPTS[DEFAULT_LANGUAGE])
    named = _named(issuer, purchase, chosen)
    return title.format(**named), body.format(**named)


def _named(issuer: str, purchase: Purchase, language: str) -> dict[str, str]:
    amount = amount_text(int(purchase.amount or 0), purchase.currency or "", purchase.exponent, language)
    return {
        "issuer": issuer,
        "amount": amount.translate(_SPACES),
        "merchant": "".join(character for character in purchase.merchant_name if character.isprintable()),
    }
