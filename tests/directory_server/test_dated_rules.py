"""`--rules-as-of today` at the directory server: the rules come into force as its clock passes their days."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from tests.directory_server import messages
from tests.directory_server.peers import Scene, scene
from tests.threedsecure.v2.test_dated_rules import CASES, areq_of
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.expectations import Enforced

SCHEMES = ("visa", "mastercard", "amex", "discover", "jcb", "unionpay")
IN_THEIR_WORDS = [
    ("Message Version Number received is not valid for the receiving component", "2.1.0,2.2.0"),
    (
        "Message Version Number Not Supported",
        "Message Version Number received is not valid for the receiving component",
    ),
    ("Message Version Number Not Supported component", "Supported Versions are [2.2.0, 2.3.1]"),
    ("Message version not supported", "messageVersion invalid value '2.1.0' supported versions: 2.2.0,2.3.1"),
    ("Message Version Number not supported", "2.2.0,2.3.1"),
    ("The message version is not supported; the detail lists those that are", "2.2.0,2.3.1"),
]


@pytest.fixture
async def dated():
    async with scene(rules_as_of="today") as built:
        built.acs.answer = lambda areq: messages.ares(areq, "Y")
        yield built


def card(scheme):
    return compose(scheme, SCENARIOS["frictionless"])


def on(ds: Scene, day: str) -> None:
    ds.runtime.clock.set(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))


def said(answer):
    """What the directory server answered, in the words of the rule book's own test."""
    if answer["messageType"] == "Erro":
        return f"{answer['errorCode']} {answer['errorDetail']}"
    (extension,) = answer.get("messageExtension", [{}])
    missing = extension.get("data", {}).get("missing")
    return f"lacks {missing}" if missing else "nothing"


async def test_the_clock_goes_from_2024_to_2028_and_each_rule_comes_on_its_day(dated):
    """Those of the directory server; those of the ACS are walked in tests/acs/test_dated_rules.py."""
    cases = [case for case in CASES if case[0].message == "AReq" and case[0].enforced is not Enforced.CHALLENGED]
    days = {date.fromisoformat(row.since) for row, *_ in cases}
    eves = {day - timedelta(days=1) for day in days}
    for day in sorted({date(2024, 1, 1), *days, *eves, date(2028, 1, 1)}):
        on(dated, f"{day}")
        for row, name, scheme, changes, told in cases:
            fresh = {
                "acctNumber": card(scheme),
                "threeDSServerTransID": str(uuid4()),
                "purchaseDate": f"{day:%Y%m%d}120000",
            }
            answer = await dated.post(areq_of(name, changes | fresh), scheme)
            passed = "302" if "-app-" in name else "none"  # what its SDK encrypted is for another directory server
            assert answer.get("errorCode", "none") in (passed, "102", "201"), answer
            assert (said(answer) == told) == (f"{day}" >= row.since), (day, row.words, answer)


async def test_an_areq_is_refused_from_the_day_on_on_which_its_scheme_wants_more(dated):
    lacking = {"email": None, "cardholderName": None}
    for day, told in (
        ("2026-06-30", "ARes"),
        ("2026-07-01", "201 cardholderName,email,homePhone,mobilePhone,workPhone"),
    ):
        on(dated, day)
        answer = await dated.post(dated.areq(card("mastercard"), **lacking), "mastercard")
        assert told == (f"{answer['errorCode']} {answer['errorDetail']}" if "errorCode" in answer else "ARes")


async def test_2_1_0_ends_in_the_words_of_each_directory_server(dated):
    on(dated, "2024-09-23")
    before = [await dated.post(dated.areq(card(each), "2.1.0"), each) for each in SCHEMES]
    on(dated, "2024-09-25")
    after = [await dated.post(dated.areq(card(each), "2.1.0"), each) for each in SCHEMES]
    assert {each["messageType"] for each in before} == {"ARes"}
    assert {each["errorCode"] for each in after} == {"102"}
    assert [(each["errorDescription"], each["errorDetail"]) for each in after] == IN_THEIR_WORDS


async def test_a_preq_in_2_1_0_is_refused_too_and_not_in_2_2_0(dated):
    on(dated, "2025-01-01")
    preq = {
        "messageType": "PReq",
        "messageVersion": "2.1.0",
        "threeDSServerRefNumber": "3DS_LOA_SER_TEST_020200_00001",
        "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    }
    assert (await dated.post(preq, "amex"))["errorCode"] == "102"
    assert (await dated.post({**preq, "messageVersion": "2.2.0"}, "amex"))["messageType"] == "PRes"


async def test_the_ares_tells_by_an_indicator_what_visas_programme_misses(dated):
    on(dated, "2026-04-18")
    american = {"merchantCountryCode": "840"}
    sent = [american, american | {"billAddrCity": None}, {}]
    answers = [await dated.post(dated.areq(card("visa"), **each)) for each in sent]
    assert [each.get("messageExtension", [{}])[0].get("data") for each in answers] == [
        {"qualified": "Y"},
        {"qualified": "N", "missing": "billAddrCity"},
        None,
    ]


async def test_by_default_nothing_is_stricter(ds: Scene):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y")
    assert (await ds.post(ds.areq(card("visa"), "2.1.0", email=None, cardholderName=None)))["messageType"] == "ARes"
