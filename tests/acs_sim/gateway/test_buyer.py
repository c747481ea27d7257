"""What a shop tells of its buyer, and what of it reaches the AReq."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_sim.gateway.forms.buyer import Buyer, BuyerRefused, elements, from_order_context, from_pbx_billing
from threedsecure.v2.validation.checking import Context, Leg, violations

BILLING = (
    '<?xml version="1.0" encoding="utf-8" ?><Billing><Address><FirstName>Zoë</FirstName><LastName>d&apos;Été</LastName>'
    "<Address1>3 impasse du Lac</Address1><Address2>Bât. B</Address2><ZipCode>74000</ZipCode><City>Annecy</City>"
    "<CountryCode>250</CountryCode><CountryCodeMobilePhone>+33</CountryCodeMobilePhone><MobilePhone>0639980007</MobilePhone>"
    "</Address></Billing>"
)
CONTEXT = {
    "billing": {
        "firstName": "Ana",
        "lastName": "Muñoz",
        "addressLine1": "Calle Mayor 1",
        "city": "Sevilla",
        "postalCode": "41001",
        "country": "ES",
        "email": "ana@example.org",
        "mobilePhone": "+34-600000001",
    },
    "client": {"birthdate": "1990-01-01"},
}


def encoded(document):
    return base64.b64encode(json.dumps(document).encode()).decode()


def test_pbx_billing_fills_the_elements_of_an_areq():
    assert elements(from_pbx_billing(BILLING)) == {
        "cardholderName": "Zoe d'Ete",
        "billAddrLine1": "3 impasse du Lac",
        "billAddrLine2": "Bât. B",
        "billAddrCity": "Annecy",
        "billAddrPostCode": "74000",
        "billAddrCountry": "250",
        "mobilePhone": {"cc": "33", "subscriber": "639980007"},
    }


def test_contexte_commande_fills_the_elements_of_an_areq():
    buyer = from_order_context(encoded(CONTEXT))
    assert buyer.email == "ana@example.org"
    assert elements(buyer) == {
        "cardholderName": "Ana Munoz",
        "billAddrLine1": "Calle Mayor 1",
        "billAddrCity": "Sevilla",
        "billAddrPostCode": "41001",
        "billAddrCountry": "724",
        "mobilePhone": {"cc": "34", "subscriber": "600000001"},
    }


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("Annecy", "A" * 51), "City: at most 50 characters"),
        (("250", "251"), "CountryCode: a numeric ISO 3166-1 code"),
        (("250", "983"), "CountryCode: a numeric ISO 3166-1 code"),
        (("+33", "+0033"), "CountryCodeMobilePhone: a calling code, as +33"),
        (("0639980007", "06 39 98"), "MobilePhone: digits"),
        (("<Billing>", "<!DOCTYPE Billing><Billing>"), "a document type declaration is not accepted"),
        (("Billing", "Facture"), "an XML document Billing with one Address is expected"),
        (("</Address>", ""), "not readable"),
        (("Annecy", "A" * 5_000), "longer than 4096 bytes"),
    ],
)
def test_what_pbx_billing_gets_wrong_is_named(change, told):
    with pytest.raises(BuyerRefused) as refused:
        from_pbx_billing(BILLING.replace(*change))
    assert told in str(refused.value)


def test_all_faults_of_pbx_billing_are_told_at_once():
    with pytest.raises(BuyerRefused) as refused:
        from_pbx_billing(BILLING.replace("Annecy", "A" * 51).replace("250", "999"))
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("billing", "told"),
    [
        ({"country": "XX"}, "billing.country"),
        ({"country": "FRA"}, "billing.country"),
        ({"city": 12}, "billing.city: text is expected"),
        ({"postalCode": "1" * 17}, "billing.postalCode: at most 16 characters"),
        ({"mobilePhone": "0612345678"}, "billing.mobilePhone: as +33-612345678"),
        ("", "an object billing is expected"),
        ([1], "an object billing is expected"),
    ],
)
def test_what_contexte_commande_gets_wrong_is_named(billing, told):
    with pytest.raises(BuyerRefused, match=told.replace("+", r"\+")):
        from_order_context(encoded({"billing": billing}))


@pytest.mark.parametrize("text", ["é", "e30", "AAAA", "bnVsbA==", base64.b64encode(b"[" * 3_000).decode(), "A" * 8_196])
def test_what_is_no_base64_of_a_json_object_is_refused(text):
    with pytest.raises(BuyerRefused):
        from_order_context(text)


def test_the_zero_of_an_italian_number_stays():
    italian = BILLING.replace("+33", "+39")
    assert elements(from_pbx_billing(italian))["mobilePhone"] == {"cc": "39", "subscriber": "0639980007"}


def test_a_buyer_of_whom_nothing_is_told_adds_nothing():
    assert elements(Buyer()) == {}
    assert elements(from_order_context(encoded({}))) == {}
    assert elements(from_order_context(encoded({"billing": {"name": "李"}}))) == {}


TEXTS = st.text(max_size=60)


@given(
    st.dictionaries(st.sampled_from([*CONTEXT["billing"], "name", "addressLine2"]), TEXTS | st.integers(), max_size=8)
)
def test_what_is_taken_of_any_order_context_never_breaks_a_rule_of_the_areq(billing):
    try:
        found = elements(from_order_context(encoded({"billing": billing})))
    except BuyerRefused:
        return
    wrong = violations({"messageType": "AReq", **found}, Context(version="2.2.0", leg=Leg.THREE_DS_SERVER_TO_DS))
    assert not [one for one in wrong if one.element.split(".")[0] in found]
