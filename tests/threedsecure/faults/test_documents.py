"""What can be asked for, and what is refused in words."""

import json
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_sim.desk.api.documents import PackWish
from threedsecure.faults import POINTS, SENSIBLE, FaultDocument, FaultRefused, as_document, read
from threedsecure.faults.documents import never_met
from threedsecure.faults.kinds import KINDS
from threedsecure.faults.packs import PACKS

EVERYWHERE = {"at", "do", "from", "when"}
PARAMETERS = {
    do: {name: value for name, value in json.loads(kind.example).items() if name not in EVERYWHERE}
    for do, kind in KINDS.items()
}


def document(at, do, **more):
    return {"at": at, "do": do, **PARAMETERS.get(do, {}), **more}


@pytest.mark.parametrize("at", POINTS)
def test_every_kind_is_had_where_the_table_says_and_refused_with_the_others_named_elsewhere(at):
    for do in SENSIBLE[at]:
        fault = read(document(at, do))
        assert (fault.at, fault.do, fault.sent_by) == (at, do, POINTS[at].senders[0])
        assert read(as_document(fault)) == fault
    for do in KINDS.keys() - set(SENSIBLE[at]):
        with pytest.raises(FaultRefused, match=rf"{do} makes no sense at {at}, .*{SENSIBLE[at][0]}"):
            read(document(at, do))


def test_every_point_has_a_line_in_the_table_and_every_kind_is_in_one():
    assert set(SENSIBLE) == set(POINTS)
    assert {do for line in SENSIBLE.values() for do in line} == set(KINDS)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        ({}, "needs at"),
        ({"at": "ARes"}, "needs at"),
        ({"at": "ARes", "do": "explode"}, "no fault 'explode'; there are delay"),
        ({"at": "Ares", "do": "reset"}, "no point 'Ares'; there are PRes"),
        ({"at": "ARes", "do": "delay"}, "delay: .*seconds"),
        (document("ARes", "delay", up_to=1), "up_to is not less than seconds"),
        (document("ARes", "delay", seconds=-1), "delay: .*>= 0"),
        (document("ARes", "delay", shoe=43), "unknown field `shoe`"),
        (document("ARes", "reset", when={"nth": 0}), "reset: .*>= 1"),
        (document("ARes", "reset", when={"nth": 1, "probability": 0.5}), 'when is "next"'),
        (document("ARes", "reset", when="sometimes"), "reset: "),
        (document("ARes", "drop", element="a..b"), "drop: "),
        (document("PRes", "reset", **{"from": "ACS"}), "PRes is never sent by the ACS"),
        (document("PRes", "reset", card="4000000000000002"), "before anybody says which card"),
        (document("PRes", "reset", transaction="x"), "belongs to no transaction"),
        (document("ARes", "reset", card="4000000000000002", transaction="x"), "not to both"),
        (document("ARes", "reset", card="4000"), "reset: "),
        (document("VERes", "rename", element="CH.enrolled", to="a&b"), "cannot be the name of an element in XML"),
        (document("VERes", "set", element="CH.enrolled", value={"a": 1}), "printable text"),
        (document("ARes", "set", value="x" * 30_000), "longer than 20000"),
        (document("ARes", "set", value=2**70), "cannot stand in a message: Integer exceeds 64-bit"),
        (document("ARes", "redirect", location="/x\r\nSet-Cookie: a"), "redirect: "),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(bad, words):
    with pytest.raises(FaultRefused, match=words):
        read(bad)


@pytest.mark.parametrize("nothing", [None, [], "ARes", 3])
def test_what_is_no_object_is_refused(nothing):
    with pytest.raises(FaultRefused, match="a fault is an object"):
        read(nothing)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_no_document_does_worse_than_being_refused(anything):
    for tree in (
        anything,
        {"at": "ARes", "do": "set", "element": "eci", "value": anything},
        {"at": anything, "do": anything},
    ):
        with suppress(FaultRefused):
            assert read(tree).at in POINTS


def test_yaml_gives_text_where_numbers_are_meant():
    fault = read({"at": "ARes", "do": "delay", "seconds": "1.5", "when": {"nth": "2"}}, lax=True)
    assert (fault.seconds, fault.when.nth) == (1.5, 2)
    with pytest.raises(FaultRefused):
        read({"at": "ARes", "do": "delay", "seconds": "1.5"})


def test_the_json_schema_names_every_kind():
    schema = json.dumps(msgspec.json.schema(FaultDocument))
    assert all(f'"{do}"' in schema for do in KINDS)


def test_packs_hold_what_their_names_promise():
    assert {name for name in PACKS if not name.startswith("app-")} == {"issuer-quirks", "hostile"}
    assert {fault.at for name, pack in PACKS.items() if name.startswith("app-") for fault in pack.faults} == {"CRes"}
    assert set(PACKS) == set(msgspec.json.schema(PackWish)["$defs"]["PackWish"]["properties"]["pack"]["enum"])
    hostile = PACKS["hostile"].faults
    assert all(fault.when.probability <= 0.3 for fault in hostile)
    assert {fault.at for fault in hostile} >= {
        "PRes",
        "ARes",
        "RReq",
        "CRes post",
        "Method callback",
        "VERes",
        "PARes",
        "SMS",
    }


@pytest.mark.parametrize(
    ("at", "classic", "app", "why"),
    [
        ("PAReq", False, False, "3-D Secure 1.0.2 alone has it"),
        ("PARes page", False, False, "3-D Secure 1.0.2 alone has it"),
        ("CReq post", True, False, "EMV 3DS alone has it"),
        ("acsSignedContent", False, False, "it is about payments in an app"),
        ("acsSignedContent", False, True, None),
        ("SMS", True, False, None),
        ("challenge page", False, False, None),
    ],
)
def test_a_fault_that_no_payment_of_the_kind_can_meet_says_why(at, classic, app, why):
    told = never_met(at, classic=classic, app=app)
    assert told == (why and f"a fault at the {at} can never happen here: {why}")
