"""Every element that only 2.3.1 has is sent or read by a scenario of the library, or the document says why not."""

import re
from collections import defaultdict
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from acs_sim.scenarios.file.elements import Column
from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.playing.purchase import areq
from docs.generate.scenarios import LIBRARY
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.paths import element_name
from threedsecure.v2.messages import MESSAGES

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "scenario-library.md"
LATEST = "2.3.1"
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
BY_ITSELF = {
    "OReq": {"messageType", "messageVersion", "dsReferenceNumber", "dsTransID"},
    "ORes": {"messageType", "messageVersion"},
}
"""What the simulator writes into every message of a kind, and the receiver checks (tests/directory_server/test_notices.py)."""


def only_in_the_latest():
    """Of the tables, which tests/threedsecure/v2 hold against fixtures/emv-3ds-elements.csv."""
    rows = ((message, row.name, row.inclusion.split()) for message, table in MESSAGES.items() for row in table)
    return {(message, name) for message, name, (old, middle, new) in rows if old == middle == "-" != new}


def paths(document, above=""):
    """Every element of an object, those inside others by their whole path."""
    for name, value in document.items():
        path = element_name(above + name)
        yield from (path[: found.start()] for found in re.finditer(r"\.|$", path))
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, dict):
                yield from paths(inner, f"{path}.")


def told(step, scenario):
    """The messages of a step and what is said of them."""
    if (wish := step.authenticate) is not None and wish.through is None:
        column = Column.of(scenario).with_changes(wish)
        yield "AReq", areq(column, NOW, scenario.purchase, wish.send)
        yield from (("ARes", wish.ARes), ("Erro", wish.Erro))
        yield "AReq", {"spcIncompInd": ""} if wish.confirmed in ("01", "02", "03") else {}
    if (wish := step.preparation) is not None:
        yield from (("PReq", wish.send), ("PRes", wish.PRes))
        yield "PRes", {"cardRangeData": wish.range} if isinstance(wish.range, dict) else {}
    if (wish := step.operation) is not None:
        yield "ORes", (wish.ORes or {}) | {"opStatus": wish.answers}
        yield "OReq", {"opPriorTransRef": wish.prior or {}, "opDescription": "", "opCategory": "", "opSeverity": ""}
    if step.message is not None and step.message.kind in MESSAGES:
        yield step.message.kind, step.message.has
    yield "CReq", step.cardholder.CReq if step.cardholder is not None else {}
    yield from (("RReq", step.result), ("CRes", step.returned))


@cache
def library():
    return load([LIBRARY])


@cache
def played():
    seen = defaultdict(set)
    for play in library():
        for fault in play.scenario.faults:
            if play.scenario.version == LATEST and fault.do == "set":
                seen[fault.at].update(paths({fault.element: fault.value}))
        for step in play.scenario.steps:
            own = step.authenticate.version if step.authenticate is not None else None
            if (own or play.scenario.version) == LATEST:
                for message, elements in told(step, play.scenario):
                    seen[message].update(paths(elements or {}))
    for message, names in BY_ITSELF.items():
        seen[message] |= names
    return {(message, element) for message, names in seen.items() for element in names}


def argued():
    """The rows of the document: message, elements, why not."""
    section = DOCUMENT.read_text("utf-8").partition("## Elements of 2.3.1 that no scenario has")[2]
    rows = re.findall(r"^\| ([A-Z][A-Za-z]+) \| (`[^|]+`) \| ([^|]{20,}) \|$", section, re.MULTILINE)
    return {(message, element) for message, names, _ in rows for element in re.findall(r"`([^`]+)`", names)}


def test_every_element_that_only_2_3_1_has_is_played_or_argued():
    missing, excused = only_in_the_latest() - played(), argued()
    assert missing - excused == set()
    assert excused - missing == set()


def test_what_is_looked_for_is_found():
    assert {("AReq", "sellerInfo.sellerPhone.cc"), ("ARes", "broadInfo.category"), ("OReq", "opSeq.seqNum")} <= (
        only_in_the_latest() & played()
    )


def added():
    """The rows of the document's table of what 2.3.1 adds: card or option, scenarios, elements."""
    section = DOCUMENT.read_text("utf-8").partition("## What 2.3.1 adds")[2].partition("\n## ")[0]
    return re.findall(r"^\| ([^|]+) \| ([^|]+) \| ([^|]+) \| (\[[^|]+) \|$", section, re.MULTILINE)


def test_what_2_3_1_adds_is_a_card_or_an_option_a_scenario_that_is_played_and_a_line_of_the_reference():
    plays = defaultdict(set)
    for play in library():
        plays[play.scenario.name].add(play.scenario.version)
    assert len(added()) == 11
    for what, told, scenarios, elements in added():
        assert {*re.findall(r"`([a-z]+-[a-z-]+)`", told)} <= SCENARIOS.keys()
        earlier = {"2.2.0"} if "2.2.0" in what else set()
        for name in scenarios.split("; "):
            assert plays[name] == earlier or LATEST in plays[name], name
        for message, anchor in re.findall(r"\(elements/(\w+)\.md#(\w+)\)", elements):
            assert any(row.name == anchor for row in MESSAGES[message]), anchor
            assert f'<a id="{anchor}">' in (ROOT / "docs" / "elements" / f"{message}.md").read_text("utf-8")
