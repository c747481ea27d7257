"""PReq and PRes over real sockets: the whole list, what changed, and who asks too often."""

import gzip
import json
import tracemalloc
from datetime import timedelta

import pytest

from directory_server.preparation.card_range_data import (
    IN_A_RANGE,
    IN_A_VERSION,
    RANGES_AT_A_TIME,
    card_range_data,
    head,
    written,
)
from directory_server.ranges import RangeList, StandIn, listed
from tests.directory_server import messages
from tests.directory_server.peers import Scene, scene
from tests.support.engine import on_both_engines, on_sqlite_alone
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2 import objects
from threedsecure.v2.validation.checking import Leg, context_of, violations

pytestmark = on_both_engines

NEW = {"start": "9900000000000000", "end": "9900000000009999"}


async def edit(ds: Scene, *edits: dict, scheme: str = "visa") -> str:
    return (await ds.control("ranges/edit", {"scheme": scheme, "edits": list(edits)}))["serial"]


async def test_the_whole_list_in_2_2_0_tells_versions_3ds_method_and_what_the_acs_supports(ds: Scene):
    sent = messages.preq()
    answer = await ds.post(sent)
    assert answer["messageType"] == "PRes"
    assert answer["threeDSServerTransID"] == sent["threeDSServerTransID"]
    assert (answer["dsStartProtocolVersion"], answer["dsEndProtocolVersion"]) == ("2.1.0", "2.3.1")
    assert answer["serialNum"] == "1"
    by_start = {found["startRange"]: found for found in answer["cardRangeData"]}
    assert by_start["4000000000000000"] == {
        "startRange": "4000000000000000",
        "endRange": "4000000009999999",
        "acsStartProtocolVersion": "2.1.0",
        "acsEndProtocolVersion": "2.3.1",
        "threeDSMethodURL": f"{ds.acs.url}/3ds2/method",
        "acsInfoInd": ["01", "02"],
    }
    assert "threeDSMethodURL" not in by_start["4000000010000000"]
    assert by_start["4000000100000000"]["acsEndProtocolVersion"] == "2.1.0"
    assert len(by_start) == 56  # Visa's own, and those of Cartes Bancaires with Visa


async def test_the_list_in_2_1_0_leaves_out_what_that_version_does_not_define(ds: Scene):
    answer = await ds.post(messages.preq("2.1.0"), "amex")
    assert answer["messageVersion"] == "2.1.0"
    assert all("acsInfoInd" not in found for found in answer["cardRangeData"])
    assert {len(found["startRange"]) for found in answer["cardRangeData"]} == {15}


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
def test_a_pres_is_right_by_the_tables_in_every_version(version):
    spoken = ("2.1.0", "2.2.0", "2.3.1")
    ranges = RangeList(listed("visa", spoken, "http://acs", "http://down", StandIn.ERRO), 3, 1)
    begun = head(
        messages.preq(version), ds_trans_id="11111111-1111-4111-8111-111111111111", versions=spoken, ranges=ranges
    )
    answer = json.loads(b"".join(written(begun, card_range_data(version, ranges, None))))
    assert violations(answer, context_of(answer, Leg.DS_TO_THREE_DS_SERVER)) == []
    assert len(answer["cardRangeData"]) == 56  # Visa's own, and those of Cartes Bancaires with Visa


@pytest.mark.parametrize(
    ("count", "chunks"), [(0, 1), (1, 2), (RANGES_AT_A_TIME, 2), (RANGES_AT_A_TIME + 1, 3), (5 * RANGES_AT_A_TIME, 6)]
)
def test_a_list_of_any_length_is_written_a_stretch_at_a_time(count, chunks):
    data = [{"startRange": str(number)} for number in range(count)]
    stretches = [*written({"messageType": "PRes"}, iter(data))]
    assert len(stretches) == chunks
    assert json.loads(b"".join(stretches)).get("cardRangeData", []) == data


async def test_nothing_new_since_a_serial_number_is_told_without_ranges(ds: Scene):
    answer = await ds.post(messages.preq(serialNum="1"))
    assert answer["serialNum"] == "1"
    assert "cardRangeData" not in answer


async def test_what_was_added_modified_and_deleted_is_told_in_order(ds: Scene):
    assert await edit(ds, {"action": "A", **NEW, "versions": ["2.2.0"]}) == "2"
    assert await edit(ds, {"action": "M", **NEW, "versions": ["2.1.0", "2.2.0"], "three_ds_method_url": None}) == "3"
    assert await edit(ds, {"action": "D", **NEW}) == "4"
    since_1 = await ds.post(messages.preq(serialNum="1"))
    assert since_1["serialNum"] == "4"
    assert [found["actionInd"] for found in since_1["cardRangeData"]] == ["A", "M", "D"]
    assert since_1["cardRangeData"][1] == {
        "startRange": NEW["start"],
        "endRange": NEW["end"],
        "acsStartProtocolVersion": "2.1.0",
        "acsEndProtocolVersion": "2.2.0",
        "acsInfoInd": ["01", "02"],
        "actionInd": "M",
    }
    since_3 = await ds.post(messages.preq(serialNum="3"))
    assert [found["actionInd"] for found in since_3["cardRangeData"]] == ["D"]
    whole = await ds.post(messages.preq())
    assert all("actionInd" not in found for found in whole["cardRangeData"])


@pytest.mark.parametrize("serial", ["0", "2", "99999999999999999999", "abc", "１"])
async def test_a_serial_number_that_was_never_given_out_is_307(ds: Scene, serial):
    answer = await ds.post(messages.preq(serialNum=serial))
    assert answer["errorCode"] in {"307", "203"}
    assert "serialNum" in answer["errorDetail"]
    if serial.isascii():
        assert answer["errorCode"] == "307"


async def test_one_scheme_s_edits_are_no_other_s(ds: Scene):
    await edit(ds, {"action": "A", **NEW, "versions": ["2.2.0"]})
    assert (await ds.post(messages.preq(), "jcb"))["serialNum"] == "1"


async def test_an_areq_for_a_card_in_a_new_range_reaches_the_acs_that_the_range_names(ds: Scene):
    sent = ds.areq("9900000000000018")
    assert (await ds.post(sent))["errorCode"] == "305"
    await edit(ds, {"action": "A", **NEW, "versions": ["2.2.0"]})
    assert (await ds.post(sent))["transStatus"] == "C"
    elsewhere = f"{ds.acs.url.replace('127.0.0.1', 'localhost')}/3ds2/areq"
    await edit(ds, {"action": "M", **NEW, "acs_url": elsewhere})
    answer = await ds.post(ds.areq("9900000000000018"))
    assert answer["transStatus"] == "C"
    hops = await ds.journal(answer["dsTransID"])
    assert hops[1:3] == [("Directory Server", "ACS", "AReq"), ("ACS", "Directory Server", "ARes")]


async def test_a_card_whose_range_was_deleted_is_not_enrolled(ds: Scene):
    await edit(ds, {"action": "D", "start": "4000000000000000", "end": "4000000009999999"})
    answer = await ds.post(ds.areq(compose("visa", SCENARIOS["frictionless"])))
    assert (answer["transStatus"], answer["transStatusReason"]) == ("N", "08")


async def test_a_stand_in_can_be_chosen_for_one_range(ds: Scene):
    await edit(ds, {"action": "M", "start": "4000000030000000", "end": "4000000039999999", "stand_in": "attempt"})
    assert (await ds.post(ds.areq(compose("visa", SCENARIOS["acs-down"]))))["transStatus"] == "A"
    assert (await ds.post(ds.areq(compose("jcb", SCENARIOS["acs-down"])), "jcb"))["errorCode"] == "405"


async def test_edits_outlive_a_restart_and_their_history_too(tmp_path):
    acs = "http://127.0.0.1:9"
    async with scene(data=tmp_path, acs_url=acs) as ds:
        await edit(ds, {"action": "A", **NEW, "versions": ["2.2.0"]})
    async with scene(data=tmp_path, acs_url=acs) as ds:
        answer = await ds.post(messages.preq(serialNum="1"))
        assert answer["serialNum"] == "2"
        assert [found["startRange"] for found in answer["cardRangeData"]] == [NEW["start"]]


async def test_another_address_of_the_acs_gives_another_serial_number_and_no_deltas_to_the_old_one(tmp_path):
    async with scene(data=tmp_path, acs_url="http://127.0.0.1:9") as ds:
        assert (await ds.post(messages.preq()))["serialNum"] == "1"
    async with scene(data=tmp_path, acs_url="http://127.0.0.1:10") as ds:
        assert (await ds.post(messages.preq(serialNum="1")))["errorCode"] == "307"
        assert (await ds.post(messages.preq()))["serialNum"] == "2"


async def test_a_reset_takes_the_edits_back_and_never_the_serial_number(ds: Scene):
    await edit(ds, {"action": "A", **NEW, "versions": ["2.2.0"]})
    await ds.control("reset")
    whole = await ds.post(messages.preq())
    assert whole["serialNum"] == "3"
    assert len(whole["cardRangeData"]) == 56  # Visa's own, and those of Cartes Bancaires with Visa
    assert (await ds.post(messages.preq(serialNum="2")))["errorCode"] == "307"


async def test_by_default_a_3ds_server_may_ask_as_often_as_it_restarts(ds: Scene):
    for _ in range(5):
        assert (await ds.post(messages.preq()))["messageType"] == "PRes"


async def test_with_a_limit_the_second_preq_within_an_hour_is_103_and_the_clock_lifts_it():
    async with scene(preq_limit_per_hour=1) as ds:
        assert (await ds.post(messages.preq()))["messageType"] == "PRes"
        refused = await ds.post(messages.preq())
        assert (refused["errorCode"], refused["errorComponent"], refused["errorMessageType"]) == ("103", "D", "PReq")
        assert (await ds.post(messages.preq(), "jcb"))["messageType"] == "PRes", "another directory server"
        other = messages.preq(threeDSServerRefNumber="3DS_LOA_SER_OTHER_020200_00001")
        assert (await ds.post(other))["messageType"] == "PRes", "another 3DS Server"
        ds.runtime.clock.advance(timedelta(hours=1))
        assert (await ds.post(messages.preq()))["messageType"] == "PRes"


@pytest.mark.parametrize(
    ("accepted", "coding"), [("gzip, deflate", "gzip"), ("br, gzip;q=0.5", "gzip"), ("gzip;q=0", None), ("", None)]
)
async def test_a_long_list_is_compressed_for_who_takes_that(ds: Scene, accepted, coding):
    headers = {"Content-Type": "application/json", "Accept-Encoding": accepted}
    body = json.dumps(messages.preq()).encode()
    async with ds.session.post(f"{ds.url}/visa/3ds2", data=body, headers=headers) as answer:
        assert answer.headers.get("Content-Encoding") == coding
        assert (await answer.json())["messageType"] == "PRes"


async def test_a_short_answer_is_never_compressed(ds: Scene):
    headers = {"Content-Type": "application/json", "Accept-Encoding": "gzip"}
    body = json.dumps(messages.preq(serialNum="1")).encode()
    async with ds.session.post(f"{ds.url}/visa/3ds2", data=body, headers=headers) as answer:
        assert "Content-Encoding" not in answer.headers
        assert json.loads(await answer.read())["messageType"] == "PRes"


@on_sqlite_alone
@pytest.mark.slow
async def test_a_hundred_thousand_ranges_are_served_and_looked_up(ds: Scene):
    edits = [
        {"action": "A", "start": f"99{i:06}00000000", "end": f"99{i:06}99999999", "versions": ["2.2.0"]}
        for i in range(100_000)
    ]
    assert await edit(ds, *edits) == "2"
    async with ds.session.post(
        f"{ds.url}/visa/3ds2",
        data=json.dumps(messages.preq()).encode(),
        headers={"Content-Type": "application/json", "Accept-Encoding": "gzip"},
        auto_decompress=False,
    ) as answer:
        raw = await answer.read()
    assert len(json.loads(gzip.decompress(raw))["cardRangeData"]) == 100_056
    assert (await ds.post(ds.areq("9909999900000000")))["transStatus"] == "C"
    [entry] = [entry for entry in await ds.runtime.journal.newest(10) if entry["kind"] == "PRes"]
    assert len(entry["message"]["cardRangeData"]) == 101
    tracemalloc.start()
    async with ds.session.post(f"{ds.url}/visa/3ds2", json=messages.preq()) as answer:
        length = 0
        async for piece in answer.content.iter_any():
            length += len(piece)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert length > 10_000_000
    assert peak < length / 2, "no whole copy is held on either side"


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
def test_every_element_of_a_range_can_be_chosen_but_its_ends_and_what_happened_to_it(version):
    rows = [row.name for row in objects.CARD_RANGE if row.included(version, "02", "01", None)]
    top = {name for name in rows if "." not in name} - {"startRange", "endRange", "ranges", "actionInd"}
    assert IN_A_RANGE[version] == top
    within = {name.split(".")[1] for name in rows if name.startswith("acsProtocolVersions.")} - {"version"}
    assert within in (set(), IN_A_VERSION)


async def test_what_no_range_has_cannot_be_chosen(ds: Scene):
    new = {"action": "A", "start": "9900000000000000", "end": "9900000000009999", "versions": ["2.2.0"]}
    for tells, named in [({"startRange": "1"}, "startRange"), ({"supportedMsgExt": "x" * 5_000}, "4096")]:
        edits = [{**new, "tells": tells}]
        assert named in (await ds.control("ranges/edit", {"scheme": "visa", "edits": edits}, status=400))["detail"]
