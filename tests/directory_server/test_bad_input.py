"""What nobody should send: each is answered with the right Erro, nothing with a 500, and no transaction is changed."""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.directory_server import messages
from tests.directory_server.peers import Scene
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

CARD = compose("visa", SCENARIOS["frictionless"])


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"null", b"[]", b'"AReq"', b"\xff\xfe", b"creq=abc", b"<ThreeDSecure/>", b"[" * 100_000, b"{}"],
    ids=["empty", "cut", "null", "array", "string", "not UTF-8", "form", "XML", "deep", "no type"],
)
async def test_a_body_that_is_no_message_is_101(ds: Scene, body):
    answer = await ds.post(body)
    assert (answer["messageType"], answer["errorCode"], answer["errorComponent"]) == ("Erro", "101", "D")
    assert answer["messageVersion"] == "2.3.1"
    assert answer["errorDetail"]


@pytest.mark.parametrize("kind", ["ARes", "RRes", "CReq", "CRes", "PRes", "OReq", "VEReq", "areq", 7, None])
async def test_a_message_that_is_not_for_a_directory_server_is_101(ds: Scene, kind):
    answer = await ds.post(ds.areq(CARD) | {"messageType": kind})
    assert answer["errorCode"] == "101"


@pytest.mark.parametrize("told", ["application/x-www-form-urlencoded", "text/plain", "application/jose", "nonsense"])
async def test_a_content_type_that_is_not_json_is_101_and_named(ds: Scene, told):
    answer = await ds.post(ds.areq(CARD), content_type=told)
    assert answer["errorCode"] == "101"
    assert told in answer["errorDetail"]


@pytest.mark.parametrize(
    "told", ["application/json", "application/json;charset=UTF-8", "Application/JSON; charset=utf-8"]
)
async def test_json_may_be_announced_in_any_way(ds: Scene, told):
    assert (await ds.post(ds.areq(CARD), content_type=told))["messageType"] == "ARes"


@pytest.mark.parametrize("version", ["1.0.2", "2.0.1", "2.3.0", "9.9.9"])
async def test_a_version_that_is_not_spoken_is_102_with_those_that_are(ds: Scene, version):
    sent = ds.areq(CARD) | {"messageVersion": version}
    answer = await ds.post(sent)
    assert (answer["errorCode"], answer["errorDetail"]) == ("102", "2.1.0,2.2.0,2.3.1")
    assert answer["messageVersion"] == "2.3.1"
    assert answer["threeDSServerTransID"] == sent["threeDSServerTransID"]


async def test_a_name_that_stands_twice_is_204(ds: Scene):
    text = json.dumps(ds.areq(CARD))
    answer = await ds.post((text[:-1] + ',"mcc":"5942"}').encode())
    assert (answer["errorCode"], answer["errorDetail"]) == ("204", "mcc")


async def test_every_missing_element_is_named_at_once(ds: Scene):
    answer = await ds.post(ds.areq(CARD, acquirerBIN=None, mcc="", notificationURL=None))
    assert answer["errorCode"] == "201"
    assert set(answer["errorDetail"].split(",")) == {"acquirerBIN", "mcc", "notificationURL"}


async def test_every_ill_formed_element_is_named_at_once_and_before_the_missing_ones(ds: Scene):
    answer = await ds.post(ds.areq(CARD, purchaseAmount="12,00", browserColorDepth="7", mcc=None))
    assert answer["errorCode"] == "203"
    assert set(answer["errorDetail"].split(",")) == {"purchaseAmount", "browserColorDepth"}


async def test_a_body_over_the_limit_is_101_and_says_the_limit(ds: Scene):
    answer = await ds.post(b'{"messageType":"AReq","x":"' + b"x" * 600_000 + b'"}')
    assert answer["errorCode"] == "101"
    assert "524288" in answer["errorDetail"]


@pytest.mark.parametrize("path", ["/nobody/3ds2", "/VISA/3ds2", "/visa%2e/3ds2"])
async def test_an_address_of_no_scheme_is_303_and_names_those_there_are(ds: Scene, path):
    answer = await ds.post(ds.areq(CARD), path=path)
    assert (answer["errorCode"], answer["errorComponent"]) == ("303", "D")
    assert "/visa/3ds2" in answer["errorDetail"]


async def test_an_erro_that_is_wrong_itself_is_never_answered_with_one(ds: Scene):
    text = json.dumps(messages.erro(ds.areq(CARD), "203", "S", errorDetail=None))
    assert await ds.post((text[:-1] + ',"errorCode":"203"}').encode()) == {}
    assert await ds.post(b'{"messageType":"Erro"}') == {}


async def test_what_was_wrong_is_in_the_journal_with_the_erro_that_answered_it(ds: Scene):
    sent = ds.areq(CARD, mcc=None)
    await ds.post(sent)
    assert await ds.journal(sent["threeDSServerTransID"]) == [
        ("3DS Server", "Directory Server", "AReq"),
        ("Directory Server", "3DS Server", "Erro"),
    ]


async def test_a_body_that_nobody_can_read_is_in_the_journal_without_a_card_number(ds: Scene):
    await ds.post(b'{"acctNumber": "' + CARD.encode() + b'", ')
    newest = await ds.runtime.journal.newest(10)
    assert [entry["kind"] for entry in newest] == ["message", "Erro"]
    assert CARD not in json.dumps(newest)


async def test_no_bad_areq_leaves_a_transaction_behind(ds: Scene):
    for changes in ({"mcc": None}, {"acctNumber": "4000009000000001"}, {"messageVersion": "2.3.1"}):
        await ds.post(ds.areq(CARD) | changes)
    assert (await ds.control("transactions"))["transactions"] == []
    assert ds.acs.received == []


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 10**12) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=6,
)
NAMES = sorted(
    {
        *messages.areq(CARD, "http://127.0.0.1/"),
        *messages.rreq(messages.areq(CARD, "") | {"dsTransID": ""}, {"acsTransID": ""}),
    }
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(
    changes=st.dictionaries(st.sampled_from(NAMES), VALUES, min_size=1, max_size=4),
    kind=st.sampled_from(["AReq", "RReq", "PReq"]),
)
async def test_no_mutation_of_a_message_is_answered_with_anything_but_a_message(ds: Scene, changes, kind):
    message = {"AReq": ds.areq(CARD), "PReq": messages.preq()}.get(kind) or messages.rreq(
        ds.areq(CARD) | {"dsTransID": "11111111-1111-4111-8111-111111111111"}, {"acsTransID": "1"}
    )
    answer = await ds.post(message | changes)
    assert answer == {} or answer["messageType"] in {"ARes", "PRes", "RRes", "Erro"}
