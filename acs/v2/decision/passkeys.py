"""Passkeys in EMV 3-D Secure: who can be asked for one, and what with."""

from collections.abc import Callable
from typing import Final

from acs.cardholder.methods.table import Question
from acs.cardholder.passkeys.assertions import Expected
from acs.cardholder.passkeys.ceremony import Ceremony
from acs.cards.plays import Defer
from acs.cards.status import CardStatus
from acs.settings import AcsSettings
from acs.v2.decision.payment_confirmation import payment_of
from acs.v2.decision.versions import APP
from acs.v2.records import Purchase, Transaction, bank_of
from threedsecure.cards.plays import Ask, Method, Settle

Secret = Callable[..., bytes]
"""32 bytes that belong to its arguments (`threedsecure.secrets.vault`)."""
OF_PASSKEYS: Final = frozenset({Method.PASSKEY, Method.SPC})
_OF_PASSKEYS: Final = frozenset({Question.PASSKEY, Question.PAYMENT_CONFIRMATION})


def within_reach(
    decision: Settle | Ask | Defer, purchase: Purchase, card_status: CardStatus, pan: str, settings: AcsSettings
) -> Settle | Ask | Defer:
    """The decision, with the SecureCode in the place of a passkey that cannot be asked for: the card has none, an app is no
    browser, or the bank's address has no name that passkeys could belong to."""
    if not isinstance(decision, Ask) or decision.method not in OF_PASSKEYS:
        return decision
    if card_status.passkeys and purchase.device_channel != APP and settings.of(pan).at_a_name is not None:
        return decision
    return Ask(Method.SMS_CODE, decision.insists, decision.rreq)


def ceremony_of(transaction: Transaction, settings: AcsSettings, secret: Secret | None) -> Ceremony | None:
    """What the page that is shown asks for; None where it asks for no passkey. Every page has a challenge of its own, so that an
    answer counts once."""
    challenge = transaction.challenge
    if secret is None or challenge is None or challenge.question not in _OF_PASSKEYS:
        return None
    bank = bank_of(transaction, settings)
    given = secret("passkey", transaction.acs_trans_id, str(challenge.page))
    payment = payment_of(transaction) if challenge.question is Question.PAYMENT_CONFIRMATION else None
    expected = Expected(given, bank.rp_id, (bank.origin,), transaction.passkeys, payment)
    return Ceremony(expected, settings.passkey_timeout)
