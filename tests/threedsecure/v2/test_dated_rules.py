"""Each rule with a date: silent on the wire before its day, enforced from it on, and advice always."""

import json
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest

from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.advice import advise
from threedsecure.v2.validation.as_of import day_of, written
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.validation.dated import (
    check_dated,
    check_dated_creq,
    indicator,
    needs_challenge,
    needs_other_way,
    offers_wallet,
    remarks,
)
from threedsecure.v2.validation.expectations import AUTHORISATION, DATED

pytestmark = pytest.mark.holds("threedsecure/v2/validation/dated.py")

FIXTURES = Path(__file__).parents[3] / "fixtures" / "messages"
VISA, MASTERCARD, AMEX = "4000000001000001", "5200000000000007", "370000000000002"
NO_CONTACT = dict.fromkeys(("email", "homePhone", "mobilePhone", "workPhone"))
INDIA = {"merchantCountryCode": "356", "threeDSRequestorChallengeInd": ["02"]}
ABROAD = {"merchantCountryCode": "250", "billAddrCountry": "356", "threeDSRequestorChallengeInd": ["02"]}
USA = {"merchantCountryCode": "840", "billAddrCity": None}
HERE = {"merchantCountryCode": "250", "email": None, "mobilePhone": {"cc": "33", "subscriber": "639981101"}}
FRENCH = {"acctNumber": VISA, "billAddrCountry": "250"}
DEVICE = dict.fromkeys(("deviceId", "browserIP"))

BREAKS = [
    ("2.2.0/areq-brw-pa", "visa", {"acctNumber": VISA, "browserIP": None}, "201 browserIP"),
    ("2.2.0/areq-app-pa", "visa", {"acctNumber": VISA, "cardholderName": None}, "201 cardholderName"),
    ("2.2.0/areq-brw-pa", "visa", {"acctNumber": VISA, **NO_CONTACT}, "201 email,homePhone,mobilePhone,workPhone"),
    ("2.1.0/areq-brw-pa", "amex", {"acctNumber": AMEX}, "102 Supported Versions are [2.2.0, 2.3.1]"),
    ("2.2.0/creq-app-first", "mastercard", {"threeDSRequestorAppURL": None}, "201 threeDSRequestorAppURL"),
    ("2.1.0/areq-brw-pa", "visa", {"acctNumber": VISA}, "102 2.1.0,2.2.0"),
    ("2.3.1/areq-brw-pa", "amex", {"acctNumber": AMEX, **INDIA}, "challenged"),
    ("2.3.1/areq-brw-pa", "visa", {"acctNumber": VISA, **USA}, "lacks billAddrCity"),
    ("2.2.0/areq-3ri-pa", "mastercard", {"acctNumber": MASTERCARD, "billAddrLine1": None}, "201 billAddrLine1"),
    ("2.2.0/areq-3ri-pa", "mastercard", {"acctNumber": MASTERCARD, **NO_CONTACT}, "201 email,homePhone,mobilePhone,workPhone"),
    ("2.3.1/areq-brw-pa", "mastercard", {"acctNumber": MASTERCARD, **DEVICE}, "201 deviceId,browserIP"),
    ("2.3.1/areq-brw-pa", "visa", {"acctNumber": VISA, **HERE}, "lacks email"),
    ("2.3.1/areq-brw-pa", "amex", {"acctNumber": AMEX, **ABROAD}, "challenged"),
    (AUTHORISATION, "visa", {"merchantCountryCode": "392", "transStatus": None}, "refused"),
    (AUTHORISATION, "mastercard", {"transStatus": "Y", "messageVersion": None}, "refused"),
    ("2.2.0/ares-brw-pa-challenge", "visa", {"authenticationType": "03"}, "another way"),
    ("2.3.1/ares-brw-pa-challenge", "visa", {"authenticationMethod": ["09"]}, "another way"),
    ("2.3.1/ares-brw-pa-challenge", "visa", {"authenticationMethod": ["16"]}, "the wallet"),
]  # fmt: skip
"""For each row, in their order: a message that it is about, and what happens from its day on."""
CASES = [(row, *case) for row, case in zip(DATED, BREAKS, strict=True)]


def begins(row):
    """The first day of a rule; a year alone begins on its first."""
    return date.fromisoformat(f"{row.since}-01-01"[:10])


def areq_of(name, changes):
    if name == AUTHORISATION:
        return {"messageType": AUTHORISATION, "merchantCountryCode": "250", **changes}
    whole = json.loads((FIXTURES / f"{name}.json").read_text("utf-8")) | {"email": "camille@example.org"} | changes
    return {element: value for element, value in whole.items() if value is not None}


def held(message):
    """The context of an AReq, of a CReq that follows one of a Mastercard, or of an ARes for a card of France; an authorisation has
    none."""
    if message["messageType"] == AUTHORISATION:
        return None
    if message["messageType"] == "ARes":
        return context_of(
            message, Leg.DS_TO_THREE_DS_SERVER, areq_of(f"{message['messageVersion']}/areq-brw-pa", FRENCH)
        )
    if message["messageType"] == "AReq":
        return context_of(message, Leg.THREE_DS_SERVER_TO_DS)
    return context_of(message, Leg.TO_ACS, {"deviceChannel": "01", "messageCategory": "01", "acctNumber": MASTERCARD})


def happens(areq, context, scheme, day):
    """What the simulator does with this message on a day."""
    if areq["messageType"] == AUTHORISATION:
        return "refused" if any(each.enforced for each in remarks(areq, day, (scheme,))) else "nothing"
    if areq["messageType"] == "ARes":
        if areq.get("authenticationMethod") == ["16"]:
            return "the wallet" if offers_wallet(day) else "nothing"
        asked, context = context.request, context_of(context.request, Leg.DS_TO_ACS)
        return "another way" if needs_other_way(asked, context, (scheme,), day) else "nothing"
    try:
        (check_dated if areq["messageType"] == "AReq" else check_dated_creq)(areq, context, scheme, day)
    except MessageError as error:
        return f"{error.code} {error.detail}"
    if needs_challenge(areq, context, (scheme,), day):
        return "challenged"
    lacking = indicator(areq, context, scheme, day)
    return f"lacks {','.join(lacking)}" if lacking else "nothing"


def days():
    """From 2024 to 2028: the first of every month, each day that a rule begins on, and the one before it."""
    months = [date(year, month, 1) for year in range(2024, 2028) for month in range(1, 13)] + [date(2028, 1, 1)]
    first = [begins(row) for row in DATED]
    assert all("2024-01-01" < row.since < "2028-01-01" for row in DATED)
    return sorted({*months, *first, *(each - timedelta(days=1) for each in first)})


@pytest.mark.parametrize(("row", "name", "scheme", "changes", "told"), CASES)
def test_a_rule_is_enforced_from_its_day_on_and_not_before(row, name, scheme, changes, told):
    areq = areq_of(name, changes)
    context = held(areq)
    walked = {day: happens(areq, context, scheme, f"{day}") for day in days()}
    assert {day for day, what in walked.items() if what == told} == {day for day in days() if f"{day}" >= row.since}


def advised(message, scheme, row):
    """The words of the advice on a message that breaks a rule."""
    if message["messageType"] == AUTHORISATION:
        (told,) = {remarks(message, day, (scheme,))[0].words for day in (None, "2024-01-01", "2028-01-01")}
        return told
    context = held(message)
    check(message, context)
    found = advise(message["messageType"], message, context)
    return next(each.words for each in found if each.since == row.since and each.element in row.elements)


@pytest.mark.parametrize(("row", "name", "scheme", "changes", "told"), CASES)
def test_a_rule_is_advice_with_its_day_whatever_the_day_is(row, name, scheme, changes, told):
    areq = areq_of(name, changes)
    advice = advised(areq, scheme, row)
    assert f"from {row.since} on" in advice
    assert (row.region or row.schemes[0].title()[:4]).lower() in advice.lower()


@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
@pytest.mark.parametrize(("scheme", "pan"), [("visa", VISA), ("mastercard", MASTERCARD), ("amex", AMEX)])
def test_an_areq_that_has_all_passes_every_day(version, scheme, pan):
    areq = areq_of(f"{version}/areq-brw-pa", {"acctNumber": pan})
    context = held(areq)
    assert {happens(areq, context, scheme, f"{day}") for day in days()} == {"nothing"}


@pytest.mark.parametrize(
    "authorisation",
    [
        {"merchantCountryCode": "250", "transStatus": None},
        {"merchantCountryCode": "392", "transStatus": "U"},
        {"transStatus": "Y", "messageVersion": "2.2"},
    ],
)
def test_an_authorisation_that_does_as_the_rules_want_has_no_remark(authorisation):
    assert remarks(authorisation, "2028-01-01", ("mastercard",)) == []


def test_a_card_from_elsewhere_needs_no_other_way():
    abroad = areq_of("2.2.0/areq-brw-pa", FRENCH | {"billAddrCountry": "840"})
    assert not needs_other_way(abroad, held(abroad), ("visa",), "2028-01-01")


def test_no_other_scheme_is_meant_by_a_rule_of_one():
    areq = areq_of("2.3.1/areq-brw-pa", {"acctNumber": VISA, **NO_CONTACT})
    assert happens(areq, context_of(areq, Leg.THREE_DS_SERVER_TO_DS), "jcb", "2028-01-01") == "nothing"


@pytest.mark.parametrize(
    ("rules_as_of", "day"), [("none", None), ("today", "2026-06-15"), ("2024-09-24", "2024-09-24")]
)
def test_the_day_is_a_date_or_the_clocks_or_none(rules_as_of, day):
    assert day_of(written(rules_as_of), datetime(2026, 6, 15, 23, 59)) == day


def test_anything_else_is_no_day():
    with pytest.raises(ValueError, match="tomorrow"):
        written("tomorrow")
