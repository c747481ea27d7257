"""Secure Payment Confirmation in EMV 3DS 2.3.1: what is confirmed, whether the ACS or the requestor asks, and what the second AReq
brings. Pure."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

import orjson
from msgspec import Struct

from acs.cardholder.passkeys.assertions import Expected, Payment
from acs.cardholder.passkeys.ceremony import Asserted, Ceremony, Outcome
from acs.cardholder.passkeys.credentials import Refused, client_data_of, decoded
from acs.cardholder.securecode import Verdict
from acs.cards.plays import Confirm, Defer
from acs.settings import AcsSettings
from acs.v2.decision.versions import LATEST
from acs.v2.records import Purchase, Transaction, bank_of
from threedsecure.cards.currencies import by_number
from threedsecure.cards.plays import Ask, Method, Settle
from threedsecure.cards.schemes import SCHEMES
from threedsecure.redaction import redact_card_numbers
from threedsecure.v2.grammar.conditions import objects, text

CONFIRMED: Final = "09"
"""threeDSReqAuthMethod: SPC authentication."""
MAX_NAME: Final = 40
MAX_DATA: Final = 50_000
MAX_CHALLENGE: Final = 100
_ID_BYTES: Final = 16
_MAC_BYTES: Final = 24
_PNG: Final = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
ICON: Final = f"data:image/png;base64,{_PNG}"
"""A picture of the card that loads from nowhere."""


class Second(Struct, frozen=True):
    """What an AReq brings that follows an ARes S. `incomplete`: spcIncompInd; `assertion`: what the browser returned; `priors`:
    threeDSReqPriorDsTransId."""

    incomplete: str
    assertion: Mapping[str, Any] | None
    priors: tuple[str, ...]


def second_of(areq: Mapping[str, Any]) -> Second | None:
    """None for an AReq that follows no ARes S."""
    infos = objects(areq, "threeDSRequestorAuthenticationInfo")
    told = next((info for info in infos if text(info, "threeDSReqAuthMethod") == CONFIRMED), None)
    incomplete = text(areq, "spcIncompInd")
    if told is None and not incomplete:
        return None
    priors = objects(areq, "threeDSRequestorPriorAuthenticationInfo")
    named = tuple(text(prior, "threeDSReqPriorDsTransId") for prior in priors)
    return Second(incomplete, None if told is None else _object(told.get("threeDSReqAuthData")), named)


def confirmed(
    decision: Settle | Ask | Defer, purchase: Purchase, second: Second | None, asserted: Asserted | None
) -> Settle | Ask | Defer | Confirm:
    """The decision for a card whose payments are confirmed by passkey: whoever can, asks; a second AReq without a good assertion is
    challenged by SecureCode, and never answered S again."""
    if not isinstance(decision, Ask) or decision.method is not Method.SPC:
        return decision
    if asserted is not None and asserted.verdict is Verdict.CORRECT:
        return Settle("Y")
    if second is not None:
        return Ask(Method.SMS_CODE, decision.insists, decision.rreq)
    if purchase.version != LATEST or value_of(purchase) is None:
        return Ask(Method.PASSKEY, decision.insists, decision.rreq)
    return Confirm() if purchase.payee_origin else decision


def payment_of(transaction: Transaction) -> Payment | None:
    """What the cardholder confirms; None where nothing is paid that a browser could show."""
    purchase, card = transaction.purchase, transaction.card
    value = value_of(purchase)
    if value is None:
        return None
    return Payment(
        value=value[0],
        currency=value[1],
        payee_name=redact_card_numbers(purchase.merchant_name)[:MAX_NAME],
        payee_origin=purchase.payee_origin,
        display_name=f"{SCHEMES[card.scheme].name} •••• {card.pan[-4:]}"[:MAX_NAME],
        icon=ICON,
    )


def value_of(purchase: Purchase) -> tuple[str, str] | None:
    """A decimal amount and its currency (alphabetic)."""
    known = by_number().get(purchase.currency or "")
    if purchase.amount is None or known is None or not purchase.merchant_name:
        return None
    digits = purchase.amount.zfill(purchase.exponent + 1)
    whole = len(digits) - purchase.exponent
    return (f"{digits[:whole]}.{digits[whole:]}" if purchase.exponent else digits), known.code


def requestors_ceremony(transaction: Transaction, settings: AcsSettings, secret: Callable[..., bytes]) -> Ceremony:
    """What the requestor's page is given with ARes S. The challenge names the transaction that it belongs to."""
    bank, name = bank_of(transaction, settings), transaction.acs_trans_id
    challenge = UUID(name).bytes + secret("payment confirmation", name)[:_MAC_BYTES]
    origins = origins_of(transaction.purchase.payee_origin)
    payment = payment_of(transaction)
    expected = Expected(challenge, bank.rp_id, origins, transaction.passkeys, payment, anywhere_on_top=False)
    return Ceremony(expected, settings.passkey_timeout)


def origins_of(payee_origin: str) -> tuple[str, ...]:
    """Where the requestor's page may be: at payeeOrigin, which browsers want to be https; on this machine it may be http."""
    try:
        parts = urlsplit(payee_origin)
        host = parts.hostname or ""
    except ValueError:
        return ()
    origin = f"{parts.scheme}://{parts.netloc}"
    here = host in ("127.0.0.1", "::1", "localhost") or host.endswith(".localhost")
    return (origin, f"http://{parts.netloc}") if here and parts.scheme == "https" else (origin,)


def transaction_of(second: Second) -> str | None:
    """The acsTransID of the ARes S that an assertion belongs to, as far as it says."""
    try:
        answer = (second.assertion or {}).get("response")
        said = client_data_of(answer if isinstance(answer, dict) else {}).said
        return str(UUID(bytes=decoded(said.get("challenge"), MAX_CHALLENGE, "challenge")[:_ID_BYTES]))
    except ValueError:
        return None


def judged(first: Transaction, second: Second, purchase: Purchase, pan: str, ceremony: Ceremony) -> Asserted:
    """What the second AReq is worth: the assertion by the list of checks, and that it is the same payment."""
    try:
        _check_same(first, second, purchase, pan)
    except Refused as refused:
        return Asserted(Verdict.WRONG, Outcome.CHOSEN, words=str(refused))
    return ceremony.judge(orjson.dumps({"assertion": second.assertion}).decode())


def _check_same(first: Transaction, second: Second, purchase: Purchase, pan: str) -> None:
    if first.card.pan != pan:
        raise Refused("card", "another one than that of the ARes S")
    before = first.purchase
    if (before.amount, before.currency, before.exponent) != (purchase.amount, purchase.currency, purchase.exponent):
        raise Refused("amount", "the second AReq has another one than the first")
    if before.merchant_name != purchase.merchant_name:
        raise Refused("payeeName", "the second AReq has another merchantName than the first")
    if before.ds_trans_id.lower() not in (name.lower() for name in second.priors):
        raise Refused("threeDSReqPriorDsTransId", "is not the dsTransID of the ARes S")


def _object(data: object) -> Mapping[str, Any]:
    """threeDSReqAuthData: an object, as text or as it is."""
    if isinstance(data, str) and len(data) <= MAX_DATA:
        try:
            data = orjson.loads(data)
        except orjson.JSONDecodeError:
            return {}
    return data if isinstance(data, dict) else {}
