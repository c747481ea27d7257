"""What schemes expect of an AReq is told when it is missing, and only then."""

import json
from pathlib import Path

import pytest

from threedsecure.v2.validation.advice import advise
from threedsecure.v2.validation.checking import Leg, context_of

pytestmark = pytest.mark.holds("threedsecure/v2/validation/expectations.py")

AREQ = json.loads((Path(__file__).parents[3] / "fixtures" / "messages" / "2.3.1" / "areq-brw-pa.json").read_text())
VISA = "4000000001000001"
EXPECTED = [
    ({"browserIP": None}, "browserIP"),
    ({"cardholderName": None}, "cardholderName"),
    ({"email": None, "homePhone": None, "mobilePhone": None, "workPhone": None}, "email"),
    ({"billAddrLine1": None, "billAddrPostCode": None, "billAddrCity": None, "billAddrCountry": None}, "billAddrLine1"),
    ({"cardExpiryDate": None}, "cardExpiryDate"),
    ({"acctInfo": None}, "acctInfo"),
]
"""What an AReq lacks (None) or has, and the element that is told."""


def advised(**changes):
    areq = {name: value for name, value in (AREQ | changes).items() if value is not None}
    told = advise("AReq", areq, context_of(areq, Leg.THREE_DS_SERVER_TO_DS))
    return {each.element for each in told if not each.since}


@pytest.mark.parametrize(("changes", "element"), EXPECTED)
def test_what_is_expected_and_missing_is_told(changes, element):
    assert element in advised(**changes)


def test_one_of_several_elements_is_enough():
    assert "email" not in advised(email=None, mobilePhone={"cc": "33", "subscriber": "639981101"})


def test_a_shipping_address_is_not_asked_for_where_it_is_the_billing_address():
    nowhere = dict.fromkeys(("shipAddrLine1", "shipAddrCity"))
    assert "shipAddrLine1" in advised(**nowhere, addrMatch="N")
    assert "shipAddrLine1" not in advised(**nowhere, addrMatch="Y")
