"""Texts over the API: what the issuer calls and what tests read."""

from datetime import timedelta

import pytest

from issuer_sms.messages.delivery import Network
from issuer_sms.settings import PhoneSettings
from tests.issuer_sms.conftest import a_phone
from tests.support.engine import on_both_engines, on_sqlite_alone

pytestmark = on_both_engines

NUMBER = "+33639981101"
FRENCH = "BANQUE: code 123456 pour 42,00 EUR chez BOUTIQUE. Ne le communiquez à personne."


async def test_a_text_is_answered_with_everything_that_is_known_of_it(phone):
    answer = await phone.post(
        "/api/messages",
        {"to": NUMBER, "from": "BANQUE", "body": FRENCH, "reference": "9d3c9a3e-0000-4000-8000-000000000001"},
    )
    assert answer.status == 201
    message_id = answer.json.pop("id")
    assert answer.headers["Location"] == f"/api/messages/{message_id}"
    assert answer.json == {
        "to": NUMBER,
        "from": "BANQUE",
        "body": FRENCH,
        "code": "123456",
        "reference": "9d3c9a3e-0000-4000-8000-000000000001",
        "copy_of": None,
        "encoding": "GSM-7",
        "segments": 1,
        "network": "normal",
        "state": "delivered",
        "failure": None,
        "queued_at": "2026-06-15T12:00:00.000+00:00",
        "sent_at": "2026-06-15T12:00:00.000+00:00",
        "delivered_at": "2026-06-15T12:00:00.000+00:00",
        "failed_at": None,
        "callback": None,
    }
    assert (await phone.get(f"/api/messages/{message_id}")).json == {"id": message_id, **answer.json}


@pytest.mark.parametrize("written", ["+33639981101", "%2B33639981101", "%2b33639981101", "%2033639981101"])
async def test_the_plus_sign_of_a_number_may_be_written_in_any_way_in_an_address(phone, written):
    await phone.text(NUMBER)
    assert len((await phone.get(f"/api/phones/{written}/messages")).json["messages"]) == 1
    assert (await phone.get(f"/api/phones/{written}/latest")).json["code"] == "123456"


async def test_the_texts_of_a_phone_come_in_order_and_are_no_other_phones(phone):
    for code in ("111111", "222222", "333333"):
        await phone.text(NUMBER, f"code {code}")
    await phone.text("+33639981102", "code 999999")
    listed = (await phone.get(f"/api/phones/{NUMBER}/messages")).json["messages"]
    assert [message["code"] for message in listed] == ["111111", "222222", "333333"]
    limited = (await phone.get(f"/api/phones/{NUMBER}/messages?limit=2")).json["messages"]
    assert [message["code"] for message in limited] == ["222222", "333333"]


async def test_phones_are_listed_with_their_last_text_the_most_recent_first(phone):
    await phone.text(NUMBER, "code 111111")
    await phone.text("+33639989011", "code 222222")
    await phone.post("/api/prompts", {"to": "+33639981303", "title": "Approve 42,00 EUR?"})
    listed = (await phone.get("/api/phones")).json["phones"]
    facts = [
        (p["number"], p["network"], p["messages"], p["pending_prompts"], p["latest"] and p["latest"]["code"])
        for p in listed
    ]
    assert facts == [
        ("+33639989011", "lost", 1, 0, None),
        (NUMBER, "normal", 1, 0, "111111"),
        ("+33639981303", "normal", 0, 1, None),
    ]
    assert listed[1]["page"] == "http://127.0.0.1:8300/phones/%2B33639981101"


async def test_a_search_finds_words_of_every_phone(phone):
    await phone.text(NUMBER, "code 111111 chez BOULANGERIE")
    await phone.text("+33639981102", "code 222222 chez Librairie", reference="acs-trans-2")
    for query, codes in [
        ("librairie", ["222222"]),
        ("chez", ["111111", "222222"]),
        ("acs-trans-2", ["222222"]),
        ("nowhere", []),
    ]:
        found = (await phone.get(f"/api/messages?q={query}")).json["messages"]
        assert [message["code"] for message in found] == codes, query
    only = (await phone.get(f"/api/phones/{NUMBER}/messages?q=chez")).json["messages"]
    assert [message["code"] for message in only] == ["111111"]
    by_reference = (await phone.get("/api/messages?reference=acs-trans-2")).json["messages"]
    assert [message["code"] for message in by_reference] == ["222222"]


async def test_clearing_forgets_one_phone_and_what_was_on_its_way_to_it(phone):
    late = "+33639989111"
    await phone.text(late)
    await phone.text(NUMBER)
    answer = await phone.delete(f"/api/phones/{late}/messages")
    assert (answer.status, answer.json) == (200, {"number": late, "cleared": 1})
    phone.clock.advance(timedelta(minutes=10))
    assert (await phone.get(f"/api/phones/{late}/messages")).json == {"messages": []}
    assert len((await phone.get(f"/api/phones/{NUMBER}/messages")).json["messages"]) == 1


async def test_reset_forgets_everything(phone):
    await phone.text(NUMBER)
    await phone.post("/api/prompts", {"to": NUMBER, "title": "Approve?"})
    assert (await phone.post("/control/reset", {})).json == {}
    assert (await phone.get("/api/phones")).json == {"phones": []}
    assert (await phone.get(f"/api/phones/{NUMBER}/prompts")).json == {"prompts": []}


async def test_a_lost_text_is_sent_and_never_delivered(phone):
    lost = await phone.text("+33639989011")
    phone.clock.advance(timedelta(days=30))
    listed = (await phone.get("/api/phones/+33639989011/messages")).json["messages"]
    assert [(m["id"], m["state"], m["delivered_at"]) for m in listed] == [(lost["id"], "sent", None)]
    assert (await phone.get("/api/phones/+33639989011/latest")).status == 204


async def test_a_late_text_is_delivered_six_minutes_later_on_the_simulators_clock(phone):
    await phone.text("+33639989111")
    phone.clock.advance(timedelta(minutes=5, seconds=59))
    assert (await phone.get("/api/phones/+33639989111/latest")).status == 204
    phone.clock.advance(timedelta(seconds=1))
    late = (await phone.get("/api/phones/+33639989111/latest")).json
    assert (late["state"], late["delivered_at"]) == ("delivered", "2026-06-15T12:06:00.000+00:00")


async def test_a_doubled_text_arrives_twice_and_says_which_is_the_copy(phone):
    sent = await phone.text("+33639989211")
    listed = (await phone.get("/api/phones/+33639989211/messages")).json["messages"]
    assert [(m["code"], m["state"], m["copy_of"]) for m in listed] == [
        ("123456", "delivered", None),
        ("123456", "delivered", sent["id"]),
    ]
    assert (await phone.get(f"/api/phones/+33639989211/latest?after={sent['id']}")).json["copy_of"] == sent["id"]


async def test_the_issuer_learns_in_the_answer_that_the_carrier_refused(phone):
    refused = await phone.text("+33639989311")
    assert (refused["state"], refused["failure"]) == ("failed", "refused by the carrier")
    assert (refused["sent_at"], refused["failed_at"]) == (None, "2026-06-15T12:00:00.000+00:00")
    assert (await phone.get("/api/phones/+33639989311/latest")).status == 204


async def test_a_number_that_nobody_has_is_a_problem_and_leaves_nothing_behind(phone):
    answer = await phone.post("/api/messages", {"to": "+33639989411", "from": "BANQUE", "body": "code 123456"})
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
    assert (answer.json["title"], answer.json["number"]) == ("Number Unknown", "+33639989411")
    assert (await phone.get("/api/phones")).json == {"phones": []}


async def test_out_of_order_the_first_code_arrives_after_the_second(phone):
    number = "+33639989511"
    first = await phone.text(number, "code 111111")
    second = await phone.text(number, "code 222222")
    assert (first["state"], second["state"]) == ("sent", "delivered")
    assert (await phone.get(f"/api/phones/{number}/latest")).json["code"] == "222222"
    phone.clock.advance(timedelta(minutes=1))
    assert (await phone.get(f"/api/phones/{number}/latest")).json["code"] == "111111"
    assert (await phone.get(f"/api/phones/{number}/latest?after={second['id']}")).json["code"] == "111111"
    assert (await phone.get(f"/api/phones/{number}/latest?after={first['id']}")).status == 204


async def test_a_slow_network_can_be_watched():
    slow = PhoneSettings(network=Network(carrier_delay=timedelta(seconds=2), delivery_delay=timedelta(seconds=3)))
    async with a_phone(settings=slow) as phone:
        sent = await phone.text(NUMBER)
        seen = [sent["state"]]
        for _ in range(2):
            phone.clock.advance(timedelta(seconds=2.5))
            seen.append((await phone.get(f"/api/messages/{sent['id']}")).json["state"])
        assert seen == ["queued", "sent", "delivered"]
        delivered = (await phone.get("/api/messages?state=delivered")).json["messages"]
        assert [message["id"] for message in delivered] == [sent["id"]]
        assert (await phone.get("/api/messages?state=queued")).json == {"messages": []}


async def test_the_journal_keeps_the_text_without_its_code(phone):
    await phone.text(NUMBER, "code 48291375 pour 42,00 EUR", reference="acs-trans-1")
    await phone.text(NUMBER, FRENCH, reference="acs-trans-1")
    entries = await phone.shared.journal.entries_of("acs-trans-1")
    assert [(e["from"], e["to"], e["kind"], e["status"]) for e in entries] == [("ACS", "Phone", "SMS", 201)] * 2
    assert [e["message"]["body"] for e in entries] == [
        "code *** pour 42,00 EUR",
        "BANQUE: code *** pour 42,00 EUR chez BOUTIQUE. Ne le communiquez à personne.",
    ]
    assert entries[0]["message"]["state"] == "delivered"


async def test_the_journal_keeps_a_text_to_nobody(phone):
    await phone.post(
        "/api/messages", {"to": "+33639989411", "from": "BANQUE", "body": "code 123456", "reference": "acs-trans-2"}
    )
    entries = await phone.shared.journal.entries_of("acs-trans-2")
    assert [(e["kind"], e["status"], e["message"]["state"]) for e in entries] == [("SMS", 404, "number unknown")]


GOOD = {"to": NUMBER, "from": "BANQUE", "body": "code 123456"}


@on_sqlite_alone
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"to": None}, "$.to"),
        ({"to": "0639981101"}, "to: a phone number"),
        ({"to": "+33" + "9" * 70}, "$.to"),
        ({"from": ""}, "from"),
        ({"from": "BANQUE DU COIN SARL"}, "from"),
        ({"from": "<b>BANK</b>"}, "from"),
        ({"body": ""}, "$.body"),
        ({"body": "a" * 1531}, "$.body"),
        ({"body": "a\x00b"}, "body"),
        ({"body": 5}, "$.body"),
        ({"reference": "a" * 65}, "$.reference"),
        ({"reference": "a b"}, "reference"),
        ({"reference": "é"}, "reference"),
        ({"callback": "ftp://example.test/"}, "callback"),
        ({"callback": "http://"}, "callback"),
        ({"callback": "http://[::1/"}, "callback"),
        ({"callback": "http://127.0.0.1:99999/"}, "callback"),
        ({"callback": "javascript:alert(1)"}, "callback"),
        ({"callback": "http://127.0.0.1/\r\nX: 1"}, "callback"),
        ({"surprise": 1}, "surprise"),
    ],
)
async def test_what_is_wrong_with_a_text_is_named(phone, change, named):
    answer = await phone.post("/api/messages", {**GOOD, **change})
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert named in answer.json["detail"]
    assert (await phone.get("/api/messages")).json == {"messages": []}


@on_sqlite_alone
@pytest.mark.parametrize("missing", ["to", "from", "body"])
async def test_what_a_text_lacks_is_named(phone, missing):
    answer = await phone.post("/api/messages", {name: value for name, value in GOOD.items() if name != missing})
    assert (answer.status, answer.json["detail"]) == (400, f"Object missing required field `{missing}`")


@on_sqlite_alone
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b"null", b'"text"', b"\xff\xfe", b"[" * 60_000, b'{"to":' * 10_000, b'{"body":"\\ud800"}'],
)
async def test_a_body_that_is_no_text_is_refused(phone, body):
    answer = await phone.post_raw("/api/messages", body)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")


async def test_a_body_that_is_too_long_is_refused(phone):
    assert (await phone.post_raw("/api/messages", b" " * 70_000)).status == 413


@on_sqlite_alone
@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/api/phones/33639981101/messages", "+33612345678"),
        ("/api/phones/%00/latest", "+33612345678"),
        ("/api/phones/+33639981101/latest?wait=61", "from 0 to 60"),
        ("/api/phones/+33639981101/latest?wait=-1", "from 0 to 60"),
        ("/api/phones/+33639981101/latest?wait=nan", "from 0 to 60"),
        ("/api/phones/+33639981101/latest?wait=soon", "from 0 to 60"),
        ("/api/phones/+33639981101/messages?limit=0", "from 1 to 1000"),
        ("/api/phones/+33639981101/messages?limit=9999", "from 1 to 1000"),
        ("/api/phones/+33639981101/messages?state=late", "queued, sent, delivered, failed"),
        ("/api/phones?limit=x", "from 1 to 1000"),
        ("/api/messages?q=" + "a" * 201, "200 characters"),
        ("/api/messages?reference=%00", "reference holds control characters"),
        ("/api/phones/+33639981101/latest?after=%00", "after holds control characters"),
        ("/api/events?number=5", "+33612345678"),
    ],
)
async def test_what_is_wrong_with_an_address_is_named(phone, address, named):
    answer = await phone.get(address)
    assert (answer.status, answer.headers["Content-Type"]) == (400, "application/problem+json")
    assert named in answer.json["detail"]


@pytest.mark.parametrize(
    "address",
    [
        "/api/messages/nothing",
        "/api/messages/%00",
        "/api/messages/" + "a" * 5000,
        "/api/prompts/nothing",
        "/api/prompts/%F0%9F%98%80",
        f"/api/phones/{NUMBER}/latest?after=nothing",
    ],
)
async def test_unknown_ids_are_not_found(phone, address):
    answer = await phone.get(address)
    assert (answer.status, answer.headers["Content-Type"]) == (404, "application/problem+json")
