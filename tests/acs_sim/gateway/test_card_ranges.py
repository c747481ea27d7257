"""Card ranges as a PRes tells them, whole and in changes."""

import pytest

from acs_sim.gateway.records.card_ranges import CachedRanges, RangeFacts, RangesBroken, apply, common_version

SPOKEN = ("2.1.0", "2.2.0")


def entry(start, end, low="2.1.0", high="2.2.0", **more):
    return {
        "startRange": start,
        "endRange": end,
        "acsStartProtocolVersion": low,
        "acsEndProtocolVersion": high,
        **more,
    }


def pres(*entries, serial_num="1", **more):
    found = {"dsStartProtocolVersion": "2.1.0", "dsEndProtocolVersion": "2.2.0", "cardRangeData": list(entries), **more}
    return {**found, "serialNum": serial_num} if serial_num else found


def starts(ranges):
    return sorted(facts.start for facts in ranges.ranges)


def test_a_full_list_replaces_what_was_known_and_ignores_its_actions():
    ranges = apply(None, pres(entry("4000", "4999", actionInd="D"), entry("5000", "5999")))
    assert starts(ranges) == ["4000", "5000"]
    assert ranges.serial_num == "1"


def test_changes_add_modify_and_delete():
    known = apply(None, pres(entry("4000", "4999"), entry("5000", "5999"), entry("6000", "6999")))
    changes = pres(
        entry("4000", "4999", actionInd="D"),
        entry("5000", "5999", actionInd="M", threeDSMethodURL="https://acs.example/m"),
        entry("7000", "7999", actionInd="A"),
        serial_num="2",
    )
    ranges = apply(known, changes)
    assert starts(ranges) == ["5000", "6000", "7000"]
    assert ranges.table().find("5001").value.method_url == "https://acs.example/m"
    assert ranges.serial_num == "2"


def test_an_answer_without_ranges_changes_nothing():
    known = apply(None, pres(entry("4000", "4999")))
    nothing = {"dsStartProtocolVersion": "2.1.0", "dsEndProtocolVersion": "2.2.0"}
    assert apply(known, nothing) == known


def test_overlapping_ranges_are_refused():
    with pytest.raises(RangesBroken, match="overlap"):
        apply(None, pres(entry("4000", "4999"), entry("4500", "5999")))


@pytest.mark.parametrize(
    ("acs", "ds", "version"),
    [
        (("2.1.0", "2.2.0"), ("2.1.0", "2.2.0"), "2.2.0"),
        (("2.1.0", "2.1.0"), ("2.1.0", "2.2.0"), "2.1.0"),
        (("2.1.0", "2.3.1"), ("2.1.0", "2.1.0"), "2.1.0"),
        (("2.3.1", "2.3.1"), ("2.1.0", "2.3.1"), None),
        (("2.1.0", "2.10.0"), ("2.1.0", "2.10.0"), "2.2.0"),
    ],
)
def test_the_version_is_the_highest_that_all_three_speak(acs, ds, version):
    facts = RangeFacts(start="4000", end="4999", acs_versions=acs, ds_versions=ds)
    assert common_version(facts, SPOKEN) == version


def test_a_range_may_narrow_the_versions_of_the_directory_server():
    narrowed = entry("4000", "4999", dsStartProtocolVersion="2.1.0", dsEndProtocolVersion="2.1.0")
    facts = apply(None, pres(narrowed)).ranges[0]
    assert common_version(facts, SPOKEN) == "2.1.0"


def test_no_ranges_at_all_are_a_table_too():
    assert CachedRanges(serial_num=None, ranges=()).table().find("4000000000000000") is None


# 2.3.1


def entry_2_3(*ends, versions=("2.2.0", "2.3.1"), **more):
    spoken = [{"version": version, **more} for version in versions]
    return {"ranges": [{"start": start, "end": end} for start, end in ends], "acsProtocolVersions": spoken}


def pres_2_3(*entries, **more):
    return {"dsProtocolVersions": ["2.2.0", "2.3.1"], "readOrder": "01", "cardRangeData": list(entries), **more}


def test_an_entry_of_2_3_1_holds_several_ranges_and_a_method_for_each_version():
    told = entry_2_3(("4000", "4999"), ("5000", "5999"))
    told["acsProtocolVersions"][1]["threeDSMethodURL"] = "https://acs.example/m"
    table = apply(None, pres_2_3(told, serialNum="7")).table()
    for number in ("4001", "5001"):
        facts = table.find(number).value
        assert common_version(facts, (*SPOKEN, "2.3.1")) == "2.3.1"
        assert (facts.method_of("2.2.0"), facts.method_of("2.3.1")) == (None, "https://acs.example/m")


@pytest.mark.parametrize(
    ("acs", "ds", "common"),
    [
        (["2.2.0", "2.3.1"], ["2.2.0"], "2.2.0"),
        (["2.1.0", "2.3.1"], ["2.1.0", "2.2.0"], "2.1.0"),
        (["2.3.1"], ["2.2.0"], None),
    ],
)
def test_versions_that_are_listed_are_not_bounds(acs, ds, common):
    facts = next(iter(apply(None, pres_2_3(entry_2_3(("4000", "4999"), versions=acs), dsProtocolVersions=ds)).ranges))
    assert common_version(facts, (*SPOKEN, "2.3.1")) == common


@pytest.mark.parametrize(("order", "left"), [("01", []), ("02", ["4000"])])
def test_changes_count_in_the_order_that_the_directory_server_says(order, left):
    known = apply(None, pres_2_3(entry_2_3(("9000", "9999")), serialNum="1"))
    added = entry_2_3(("4000", "4999")) | {"actionInd": "A"}
    changes = pres_2_3(added, added | {"actionInd": "D"}, readOrder=order, serialNum="2")
    assert starts(apply(known, changes)) == [*left, "9000"]
