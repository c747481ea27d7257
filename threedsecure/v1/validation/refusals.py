"""When an ACS understands a PAReq and refuses it all the same: PARes U with an iReqCode."""

import re

from iso3166 import countries_by_numeric

from threedsecure.v1.errors import InvalidRequest, InvalidRequestCode
from threedsecure.v1.validation.rules import exponent_of
from threedsecure.v1.views import PayerAuthenticationRequest


def invalid_transaction(pareq: PayerAuthenticationRequest) -> InvalidRequest | None:
    """54 for a country or currency that ISO does not list; 55 where exponent or amounts contradict each other."""
    if pareq.merchant_country not in countries_by_numeric:
        return InvalidRequest(InvalidRequestCode.ISO_CODE_INVALID, "Merchant.country")
    exponent = exponent_of(pareq.currency)
    if exponent is None:
        return InvalidRequest(InvalidRequestCode.ISO_CODE_INVALID, "Purchase.currency")
    if str(pareq.exponent) != exponent:
        return InvalidRequest(InvalidRequestCode.TRANSACTION_DATA_INVALID, "Purchase.exponent")
    if not amounts_agree(pareq.display_amount, pareq.amount, pareq.exponent):
        return InvalidRequest(InvalidRequestCode.TRANSACTION_DATA_INVALID, "Purchase.amount, Purchase.purchAmount")
    return None


def amounts_agree(display_amount: str, amount: int, exponent: int) -> bool:
    """Whether the amount for people can mean `amount` minor units. It is free text: `12.34`, `RUB 1 234,00` and `12` all occur,
    so it may be in minor or in major units, and a text without digits is not compared."""
    digits = "".join(re.findall("[0-9]+", display_amount))
    return not digits or amount in (int(digits), int(digits) * 10**exponent)
