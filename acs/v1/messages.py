"""The PARes that tells how an authentication ended."""

from typing import Any

from acs.v1.records import Authentication
from threedsecure.v1 import messages, outcomes


def pares(found: Authentication) -> dict[str, Any]:
    """The PARes, to be signed. Errors: ValueError while nothing is decided."""
    payment, outcome = found.payment, found.outcome
    if payment is None or outcome is None:
        raise ValueError("nothing is decided yet")
    transaction = outcomes.transaction(
        found.card.scheme,
        pan=found.card.pan,
        status=outcome.status,
        merchant_name=payment.pareq["Merchant"]["name"],
        transaction_number=outcome.number,
        now=outcome.at,
        version=found.version,
    )
    return messages.payer_authentication_response(
        payment.pareq, transaction, pan=found.card.pan, pares_id=outcome.pares_id, refusal=outcome.refusal
    )
