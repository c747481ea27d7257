"""The cardholder's wallet in EMV 3-D Secure: who can be led to it, what it is asked to confirm, what its answer is worth. Pure."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from acs.cardholder.methods.table import Question
from acs.cardholder.passkeys.ceremony import Asserted, Outcome
from acs.cardholder.passkeys.credentials import encoded
from acs.cardholder.securecode import Verdict
from acs.cards.plays import Defer
from acs.settings import AcsSettings
from acs.v2.decision.passkeys import Secret
from acs.v2.decision.payment_confirmation import value_of
from acs.v2.decision.versions import APP
from acs.v2.records import Purchase, Transaction, bank_of
from acs.v2.states import OPEN
from threedsecure.cards.plays import Ask, Method, Settle
from threedsecure.redaction import redact_card_numbers
from threedsecure.secrets import wallet
from threedsecure.v2.validation.dated import offers_wallet

VALIDITY: Final = timedelta(minutes=5)
"""How long the cardholder may take, from when the page was shown."""


def wallet_within_reach(decision: Settle | Ask | Defer, purchase: Purchase, day: str | None) -> Settle | Ask | Defer:
    """The decision, with the SecureCode in the place of a wallet that cannot be led to: an app is no browser, or on `day` there is
    none yet."""
    if not isinstance(decision, Ask) or decision.method is not Method.WALLET:
        return decision
    if purchase.device_channel != APP and offers_wallet(day):
        return decision
    return Ask(Method.SMS_CODE, decision.insists, decision.rreq)


def wallet_request(
    transaction: Transaction, settings: AcsSettings, secret: Secret | None, page_token: str = ""
) -> wallet.Request | None:
    """What the page that is shown leads to; None where it leads to no wallet. Every page has a nonce of its own, so that an answer
    counts once. `page_token`: what the answer brings back."""
    challenge, purchase = transaction.challenge, transaction.purchase
    if secret is None or challenge is None or transaction.state not in OPEN:
        return None
    if challenge.question is not Question.WALLET:
        return None
    bank = bank_of(transaction, settings)
    back = urlencode({"acsTransID": transaction.acs_trans_id, "page": page_token})
    amount, currency = value_of(purchase) or ("", "")
    return wallet.Request(
        client_id=bank.wallet_url,
        response_uri=f"{bank.wallet_url}?{back}",
        nonce=encoded(secret("wallet", transaction.acs_trans_id, str(challenge.page))),
        expires_at=transaction.updated_at + VALIDITY,
        transaction_data=wallet.Transaction(
            transaction_id=purchase.ds_trans_id,
            payee=redact_card_numbers(purchase.merchant_name),
            amount=amount,
            currency=currency,
        ),
    )


def presented(request: wallet.Request, answer: str, key: Mapping[str, Any] | None, now: datetime) -> Asserted:
    """What the wallet's answer is worth. `key`: that of the cardholder's wallet, None where nobody could tell it."""
    if answer == wallet.REFUSED:
        return Asserted(Verdict.DECLINED, Outcome.CANCELLED, words=answer)
    if not answer:
        return Asserted(Verdict.BLANK, Outcome.CANCELLED, words="nothing was presented")
    if not wallet.looks_presented(answer):
        return Asserted(Verdict.WRONG, Outcome.CHOSEN, words="not a presentation")
    if key is None:
        return Asserted(Verdict.FALLS_BACK, Outcome.NOT_SUPPORTED, words="the wallet is out of reach")
    try:
        wallet.check(answer, request, key, now)
    except wallet.NotWallets as refused:
        return Asserted(Verdict.WRONG, Outcome.CHOSEN, words=str(refused))
    return Asserted(Verdict.CORRECT, Outcome.CHOSEN)
