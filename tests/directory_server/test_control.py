"""The calls by which the desk looks in."""

import json
from datetime import timedelta

import pytest

from tests.directory_server import messages
from tests.directory_server.peers import Scene, scene
from tests.support.engine import on_both_engines, written
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = on_both_engines

CARD = compose("visa", SCENARIOS["challenge-otp"])
OTHER = compose("visa", SCENARIOS["challenge-otp"], serial="77")


async def test_a_transaction_is_shown_with_its_card_masked_and_found_by_any_identifier(ds: Scene):
    at_acs, ares = await ds.challenged(CARD)
    expected = {
        "id": at_acs["threeDSServerTransID"],
        "dsTransID": at_acs["dsTransID"],
        "acsTransID": ares["acsTransID"],
        "sdkTransID": None,
        "scheme": "visa",
        "version": "2.2.0",
        "pan": CARD[:6] + "******" + CARD[-4:],
        "amount": "4200",
        "currency": "978",
        "exponent": "2",
        "merchant": "Librairie Exemple",
        "state": "challenged",
        "transStatus": "C",
        "transStatusReason": None,
        "eci": None,
        "results_status": None,
        "created_at": "2026-06-15T12:00:00.000+00:00",
        "updated_at": "2026-06-15T12:00:00.000+00:00",
    }
    for identifier in (at_acs["threeDSServerTransID"], at_acs["dsTransID"], ares["acsTransID"]):
        assert await ds.state(identifier) == expected


async def test_transactions_are_filtered_by_card_state_and_time_newest_first(ds: Scene):
    first, ares = await ds.challenged(CARD)
    ds.runtime.clock.advance(timedelta(minutes=1))
    second, _ = await ds.challenged(OTHER)
    await ds.post(messages.rreq(first, ares))

    async def ids(**wanted: object) -> list[str]:
        return [found["dsTransID"] for found in (await ds.control("transactions", wanted))["transactions"]]

    assert await ids() == [second["dsTransID"], first["dsTransID"]]
    assert await ids(limit=1) == [second["dsTransID"]]
    assert await ids(pan=CARD) == [first["dsTransID"]]
    assert await ids(state="completed") == [first["dsTransID"]]
    assert await ids(since="2026-06-15T14:00:30+02:00") == [second["dsTransID"]]
    assert await ids(id="00000000-0000-4000-8000-000000000000") == []


async def test_a_reset_forgets_every_transaction(ds: Scene):
    at_acs, ares = await ds.challenged(CARD)
    assert await ds.control("reset") == {}
    assert (await ds.control("transactions"))["transactions"] == []
    assert (await ds.post(messages.rreq(at_acs, ares)))["errorCode"] == "301"


async def test_the_ranges_of_a_scheme_are_shown(ds: Scene):
    shown = await ds.control("ranges", {"scheme": "cb"})
    assert (shown["scheme"], shown["serial"], len(shown["ranges"])) == ("cb", "1", 56)
    assert shown["ranges"][0] == {
        "start": "4000002000000000",
        "end": "4000002009999999",
        "versions": ["2.1.0", "2.2.0", "2.3.1"],
        "acs_url": f"{ds.acs.url}/3ds2/areq",
        "three_ds_method_url": f"{ds.acs.url}/3ds2/method",
        "acs_info_ind": ["01", "02"],
        "stand_in": "erro",
        "tells": {},
    }


@pytest.mark.parametrize(
    ("call", "body", "status", "words"),
    [
        ("transactions", {"limit": 0}, 400, "limit"),
        ("transactions", {"state": "lost"}, 400, "state"),
        ("transactions", {"since": "yesterday"}, 400, "since"),
        ("transactions", {"since": "2026-06-15T12:00:00"}, 400, "offset"),
        ("transactions", {"colour": "red"}, 400, "colour"),
        ("ranges", {"scheme": "nobody"}, 404, "unionpay"),
        ("ranges", {}, 400, "scheme"),
        ("ranges/edit", {"scheme": "visa", "edits": []}, 400, "edits"),
        ("ranges/edit", {"scheme": "visa", "edits": [{"action": "X", "start": "1", "end": "2"}]}, 400, "action"),
        (
            "ranges/edit",
            {"scheme": "visa", "edits": [{"action": "A", "start": "9900000000000009", "end": "9900000000000000"}]},
            400,
            "no range",
        ),
        (
            "ranges/edit",
            {"scheme": "visa", "edits": [{"action": "A", "start": "9900000000000000", "end": "9900000000000009"}]},
            400,
            "versions",
        ),
        (
            "ranges/edit",
            {
                "scheme": "visa",
                "edits": [
                    {"action": "A", "start": "9900000000000000", "end": "9900000000000009", "versions": ["1.0.2"]}
                ],
            },
            400,
            "2.1.0, 2.2.0",
        ),
        (
            "ranges/edit",
            {
                "scheme": "visa",
                "edits": [
                    {"action": "A", "start": "9900000000000000", "end": "9900000000000009", "acs_url": "http://["}
                ],
            },
            400,
            "acs_url",
        ),
        (
            "ranges/edit",
            {"scheme": "visa", "edits": [{"action": "D", "start": "9900000000000000", "end": "9900000000000009"}]},
            409,
            "no such range",
        ),
    ],
)
async def test_a_call_that_is_wrong_is_told_where(ds: Scene, call, body, status, words):
    problem = await ds.control(call, body, status=status)
    assert problem["status"] == status
    assert words in problem["detail"]


async def test_a_body_that_is_not_json_is_a_problem_document(ds: Scene):
    problem = await ds.post(b"{", path="/control/transactions", status=400)
    assert problem["title"] == "Bad Request"


async def test_no_card_number_stands_in_the_database_files(tmp_path):
    async with scene(data=tmp_path) as ds:
        at_acs, ares = await ds.challenged(CARD, merchantName=f"Shop {CARD}")
        await ds.post(messages.rreq(at_acs, ares))
        await ds.post(ds.areq("4000009000000001"))
        await ds.runtime.journal.flush()
        kept = written(tmp_path)
    assert at_acs["dsTransID"].encode() in kept
    assert CARD.encode() not in kept
    assert b"4000009000000001" not in kept


async def test_it_is_ready_while_it_lives(ds: Scene):
    async with ds.session.get(f"{ds.url}/readyz") as answer:
        assert (answer.status, json.loads(await answer.read())) == (200, {"status": "ready"})
