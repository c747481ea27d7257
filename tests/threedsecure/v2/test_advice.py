"""What is no fault and worth saying: each piece of advice word by word, and the messages that get none of it."""

import pytest

from tests.threedsecure.v2.golden import find
from threedsecure.v2.validation.advice import MAX_UNDEFINED_TOLD, NARROWER, advise
from threedsecure.v2.validation.checking import Context, Leg, context_of

AREQ = find("2.3.1", "areq-brw-pa")
ARES = find("2.2.0", "ares-brw-pa-authenticated")


def advised(golden, **changes):
    """What is told of each element of a message typed by hand with changes; `...` takes one away. Without what has a date."""
    message = {name: value for name, value in (golden.message | changes).items() if value is not ...}
    told = advise(message["messageType"], message, context_of(message, golden.leg, golden.request))
    return {each.element: each.words for each in told if not each.since}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("N", "N: the 3DS Method did not finish, and the ACS does not know the device"),
        ("U", "U is right only where the card range has no 3DS Method URL"),
        ("Y", None),
        (..., None),
    ],
)
def test_a_3ds_method_that_did_not_finish_is_worth_a_word(given, words):
    assert advised(AREQ, threeDSCompInd=given).get("threeDSCompInd") == words


@pytest.mark.parametrize(
    ("status", "eci", "told"),
    [("Y", ..., True), ("A", ..., True), ("Y", "", True), ("Y", "05", False), ("N", ..., False), (..., ..., False)],
)
def test_a_proof_is_looked_for_together_with_its_eci(status, eci, told):
    words = "absent: acquirers look for it beside the authenticationValue"
    assert (advised(ARES, transStatus=status, eci=eci).get("eci") == words) is told
    rreq = find("2.2.0", "rreq-brw-pa-authenticated")
    assert ("eci" in advised(rreq, transStatus=status, eci=eci)) is told


def test_a_name_that_is_not_defined_is_told_with_the_one_that_may_have_been_meant():
    told = advised(AREQ, merchantNmae="Librairie 0042", merchantName=..., colour="red")
    nobody = "not defined here in 2.3.1: nobody reads it, nobody forwards it"
    assert told["merchantNmae"] == f"{nobody}; did you mean merchantName?"
    assert told["colour"] == nobody


def test_a_name_that_is_there_already_was_not_meant():
    assert "did you mean merchantName?" not in advised(AREQ, merchantNmae="Librairie 0042")["merchantNmae"]


def test_names_inside_objects_and_lists_of_objects_are_told_with_their_place():
    item = {"name": "x", "id": "A000000999-1", "criticalityIndicator": False, "data": {"a": 1}}
    told = advised(
        AREQ, homePhone={"cc": "33", "subscriber": "639980000", "ext": "1"}, messageExtension=[item, item | {"b": 1}]
    )
    assert "homePhone.ext" in told
    assert "messageExtension[1].b" in told
    assert not [name for name in told if name.startswith(("messageExtension[0]", "homePhone.cc"))]


@pytest.mark.parametrize("value", ["33 639980000", 7, None, ["x", 7]])
def test_what_should_be_an_object_and_is_none_has_no_names(value):
    assert not [name for name in advised(AREQ, homePhone=value) if name.startswith("homePhone.")]


def test_of_a_flood_of_unknown_names_a_hundred_are_told():
    known = advised(AREQ)
    told = advised(AREQ, **{f"x{number}": 1 for number in range(MAX_UNDEFINED_TOLD)})
    assert len(told) - len(known) == MAX_UNDEFINED_TOLD
    assert "only the first" not in told[f"x{MAX_UNDEFINED_TOLD - 1}"]
    more = advised(AREQ, **{f"x{number}": 1 for number in range(MAX_UNDEFINED_TOLD + 5)})
    assert len(more) - len(known) == MAX_UNDEFINED_TOLD + 1
    assert more[f"x{MAX_UNDEFINED_TOLD}"] == "not defined either; only the first 100 such names are told"


WIDER = {
    "notificationURL": ("https://shop.example/" + "x" * 236, "https://shop.example/x"),
    "acquirerMerchantID": ("1234567890123456", "123456789012345"),
    "purchaseExponent": ("3", "2"),
    "browserColorDepth": ("30", "24"),
    "browserLanguage": ("zh-Hant-TW", "fr-FR"),
    "cardholderName": ("A", "Ada Lovelace"),
    "homePhone.subscriber": ({"cc": "33", "subscriber": "1234567890123"}, {"cc": "33", "subscriber": "123456789012"}),
    "mobilePhone.subscriber": ({"cc": "33", "subscriber": "1234567890123"}, {"cc": "33", "subscriber": "1"}),
    "workPhone.subscriber": ({"cc": "33", "subscriber": "1234567890123"}, {"cc": "33", "subscriber": "12"}),
    "acctInfo.nbPurchaseAccount": ({"nbPurchaseAccount": "1234"}, {"nbPurchaseAccount": "123"}),
}
"""What we take and some receivers refuse, and what all take."""


@pytest.mark.parametrize("element", WIDER)
def test_what_some_receivers_refuse_is_told_and_what_all_take_is_not(element):
    wider, narrower = WIDER[element]
    name = element.partition(".")[0]
    assert advised(AREQ, **{name: wider})[element].startswith("accepted here, but some receivers take only ")
    assert element not in advised(AREQ, **{name: narrower})


def test_every_narrower_format_has_its_two_values():
    assert set(NARROWER) <= set(WIDER)


@pytest.mark.parametrize("name", ["homePhone", "mobilePhone", "workPhone", "acctInfo"])
@pytest.mark.parametrize("value", [..., "1234567890123", 7])
def test_what_is_no_object_is_not_held_against_a_format_inside_it(name, value):
    assert not [element for element in advised(AREQ, **{name: value}) if element.startswith(f"{name}.")]


@pytest.mark.parametrize("empty", ["", 7, None])
def test_what_is_empty_or_no_text_is_nobodys_narrower_format(empty):
    assert "purchaseExponent" not in advised(AREQ, purchaseExponent=empty)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("http://127.0.0.1:8200/notify", True),
        ("HTTP://127.0.0.1:8200/notify", True),
        ("https://shop.example/notify", False),
        (7, False),
    ],
)
def test_plain_http_is_for_the_desk(url, told):
    words = "plain http is for the desk: schemes take https only"
    assert (advised(AREQ, threeDSServerURL=url).get("threeDSServerURL") == words) is told
    assert "threeDSRequestorURL" not in advised(AREQ, threeDSRequestorURL=url)


def test_a_message_that_nobody_expects_anything_of_gets_advice_on_its_names_alone():
    context = Context("2.2.0", leg=Leg.FROM_ACS)
    told = advise("CRes", {"messageType": "CRes", "colour": "red", "acsURL": "http://127.0.0.1/"}, context)
    assert [each.element for each in told] == ["colour", "acsURL", "acsURL"]
