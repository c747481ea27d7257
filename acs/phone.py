"""Sends a code to the cardholder's phone."""

import orjson

from acs.issuer import Issuer
from acs.records import Transaction
from acs.short_messages import code_message
from threedsecure.errors import TransportError
from threedsecure.redaction import redact_text_message


async def send_code(issuer: Issuer, transaction: Transaction, counter: int) -> bool:
    """Whether the phone network took the code of `counter`."""
    card, settings = transaction.card, issuer.settings
    body = code_message(
        issuer.codes.code(card.pan, counter),
        issuer=settings.issuer_name,
        purchase=transaction.purchase,
        language=card.language or transaction.purchase.language,
        validity=settings.timers.code_validity,
    )
    message = {
        "to": card.phone,
        "from": settings.sms_sender,
        "body": body,
        "reference": transaction.acs_trans_id,
    }
    url = f"{settings.phone_url}/api/messages"
    try:
        response = await issuer.runtime.transport.post(url, orjson.dumps(message), timeout=settings.phone_timeout)
    except TransportError as error:
        _note_failure(issuer, transaction, message, error.reason)
        return False
    if response.status >= 300:
        _note_failure(issuer, transaction, message, f"the phone answered HTTP {response.status}")
        return False
    return True


def _note_failure(issuer: Issuer, transaction: Transaction, message: dict[str, str], reason: str) -> None:
    told = {**message, "body": redact_text_message(message["body"]), "reason": reason}
    issuer.runtime.journal.record(
        issuer.runtime.clock.now(),
        "ACS",
        "Phone",
        "SMS failed",
        told,
        transaction_id=transaction.purchase.three_ds_server_trans_id,
    )
