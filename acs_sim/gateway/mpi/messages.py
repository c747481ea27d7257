"""The merchant plug-in: 3-D Secure 1.0.2 for one purchase. Pure: from a purchase to messages, and back again."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, Final

from cryptography.x509 import Certificate

from acs_sim.gateway.forms.money import exponents
from acs_sim.gateway.records.card_ranges import CachedRanges, RangeFacts, RangesBroken
from acs_sim.gateway.records.purchase import Purchase, ResultV1
from acs_sim.gateway.settings import GatewaySettings
from threedsecure.v1 import messages
from threedsecure.v1.codec import decode, encode
from threedsecure.v1.envelope import pack, unpack
from threedsecure.v1.errors import MessageError
from threedsecure.v1.signature.verification import SignatureInvalid, verify
from threedsecure.v1.validation.checking import check
from threedsecure.v1.validation.rules import check_answer
from threedsecure.v1.views import PayerAuthenticationResponse

TERM_PATH: Final = "/3ds1/term"
VERSION: Final = "1.0.2"
MAX_MERCHANT_ID: Final = 24
_BACK: Final = frozenset({"PARes", "Error"})


class ErrorReceived(Exception):
    """The other side answered with an Error; the text says which."""


def requester(merchant_id: str, settings: GatewaySettings) -> messages.Requester:
    return messages.Requester(settings.acquirer_bin, merchant_id[:MAX_MERCHANT_ID])


def payment_request(
    message_id: str, veres: Mapping[str, Any], purchase: Purchase, xid: str, at: datetime, settings: GatewaySettings
) -> dict[str, Any]:
    """The PAReq of a purchase whose card is enrolled."""
    request = purchase.request
    shop = messages.Shop(
        settings.acquirer_bin,
        request.merchant_id[:MAX_MERCHANT_ID],
        request.merchant_name,
        request.country,
        settings.public_url,
    )
    bought = messages.Purchase(
        xid=xid,
        date=at,
        amount=request.amount,
        currency=request.currency,
        exponent=exponents()[request.currency],
        expiry=purchase.card.expiry if purchase.card else "",
    )
    return messages.payer_authentication_request(message_id, veres, shop, bought)


def form_fields(purchase: Purchase, session: str, settings: GatewaySettings) -> dict[str, str]:
    """What the browser carries to the ACS. `session`: which purchase this is, as MD."""
    v1 = purchase.v1
    if v1 is None or v1.pareq is None:
        raise ValueError("there is no PAReq")
    return {"PaReq": pack(encode(v1.pareq)), "TermUrl": settings.public_url + TERM_PATH, "MD": session}


def read_result(field: str, purchase: Purchase, pan: str, trusted: Collection[Certificate], at: datetime) -> ResultV1:
    """What a PaRes form value says, after every check. A signature that is not to be believed makes it a U without proof.

    Errors: `MessageError`, `ErrorReceived`."""
    v1 = purchase.v1
    if v1 is None or v1.pareq is None:
        raise ValueError("there is no PAReq")
    xml = unpack(field)
    message = decode(xml, accepts=_BACK)
    if message["messageType"] == "Error":
        raise ErrorReceived(f"Error {str(message.get('errorCode'))[:2]}: {str(message.get('errorDetail'))[:200]}")
    check(message)
    check_answer(message, v1.pareq, pan=pan)
    told = PayerAuthenticationResponse.from_message(message)
    try:
        verify(xml, trusted=trusted, at=at)
    except SignatureInvalid as fault:
        return ResultV1(status="U", told=told.status, signature="N", fault=str(fault))
    return ResultV1(
        status=told.status,
        told=told.status,
        signature="Y",
        eci=told.eci,
        cavv=told.cavv,
        cavv_algorithm=told.cavv_algorithm,
        ireq_code=told.ireq_code,
    )


def apply_ranges(known: CachedRanges | None, crres: Mapping[str, Any]) -> CachedRanges:
    """The ranges after a CRRes that passed its check. Errors: `RangesBroken` for a delete of what is not there, or an overlap."""
    ranges = {} if known is None else {(facts.start, facts.end): facts for facts in known.ranges}
    for change in crres.get("CR", ()):
        key = change["begin"], change["end"]
        if change["action"] == "D":
            if ranges.pop(key, None) is None:
                raise RangesBroken(f"{key[0]}-{key[1]} is deleted and was never there")
        else:
            ranges[key] = RangeFacts(start=key[0], end=key[1], acs_versions=_ONE, ds_versions=_ONE)
    applied = CachedRanges(serial_num=crres.get("serialNumber"), ranges=tuple(ranges.values()))
    applied.table()
    return applied


_ONE: Final = (VERSION, VERSION)


def words(error: MessageError) -> str:
    return f"{error.code} {error.detail}"
