"""`--rules-as-of today` at the directory server: the rules come into force as its clock passes their days."""

from datetime import UTC, datetime

import pytest

from tests.directory_server import messages
from tests.directory_server.peers import Scene, scene
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

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
