"""The library is played once, and passes; and what the simulator sends on the way passes its own check, in both generations: where
nothing goes wrong on purpose, no message has an error, or an element that its version, channel and category do not know."""

from collections import Counter
from pathlib import Path
from time import process_time

import pytest

from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import run
from threedsecure.v1.grammar.tables import MESSAGES as V1_MESSAGES
from threedsecure.v1.validation import checking as v1
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.advice import advise
from threedsecure.v2.validation.checking import Leg, context_of, violations

pytestmark = pytest.mark.slow

LIBRARY = Path(__file__).parents[3] / "fixtures" / "scenarios"
MOST_READINGS = 100
"""Processor time to play the library, told in what it takes to read it on the same machine at the same moment; it takes some 25."""
LEGS = {
    ("Directory Server", "3DS Server"): Leg.DS_TO_THREE_DS_SERVER,
    ("Directory Server", "ACS"): Leg.DS_TO_ACS,
    ("ACS", "Directory Server"): Leg.ACS_TO_DS,
    ("ACS", "Browser"): Leg.FROM_ACS,
    ("ACS", "SDK"): Leg.FROM_ACS,
}
OURS_IN_1_0_2 = {
    ("Directory Server", "MPI"),
    ("Directory Server", "ACS"),
    ("ACS", "Directory Server"),
    ("ACS", "Browser"),
}
SHOWN_FOR_SEARCHING = {"acctID", "xid"}
# Every simulator of a test is served without TLS, and what an AReq lacks is the merchant's.
NOT_OURS = ("plain http is for the desk",)


@pytest.fixture(scope="module")
async def library():
    began = process_time()
    plays = load([LIBRARY])
    reading, began = process_time() - began, process_time()
    outcomes = await run(plays, lambda _outcome: None)
    return outcomes, (process_time() - began) / reading


def test_every_scenario_of_the_library_passes(library):
    outcomes, readings = library
    assert len(outcomes) >= 240
    assert readings < MOST_READINGS
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []


def sent(hops):
    """What the directory server and the ACS sent, each with its leg, and AReq and ARes of its transaction."""
    areq, ares = None, None
    for hop in hops:
        kind, leg = hop["kind"], LEGS.get((hop["from"], hop["to"]))
        if kind == "AReq":
            areq = hop["message"]
        if leg is not None and kind in MESSAGES:
            yield kind, leg, hop["message"], areq, ares
        if kind == "ARes":
            ares = hop["message"]


def told(kind, leg, message, areq, ares):
    """Errors and advice about one message. A card number is masked in a transcript, and so cannot be held against its format."""
    context = context_of(message, leg, None if kind == "AReq" else areq, None if kind in ("AReq", "ARes") else ares)
    for one in violations(message, context):
        if "***" not in one.found and not (kind == "PRes" and "***" in str(message["cardRangeData"])):
            yield f"{one.code} {one.element}"
    for one in advise(kind, message, context):
        if "not defined here" in one.words or (kind != "AReq" and not one.words.startswith(NOT_OURS)):
            yield f"{one.element}: {one.words}"


def told_in_1_0_2(hop):
    message = {name: hop["message"][name] for name in hop["message"] if name not in SHOWN_FOR_SEARCHING}
    return [f"{one.code} {one.element}" for one in v1.violations(message, sent=True) if "***" not in str(one.found)]


def test_no_message_of_ours_has_an_error_or_an_element_that_our_own_table_does_not_know(library):
    by_generation, found = Counter(), Counter()
    for outcome in library[0]:
        hops = outcome.transcript["hops"] if outcome.transcript else []
        if outcome.play.scenario.faults or any(hop["kind"] == "fault" for hop in hops):
            continue
        for kind, *of_message in sent(hops):
            by_generation["EMV 3DS"] += 1
            version = of_message[1].get("messageVersion")
            found.update(f"{outcome.play.name}: {kind} {version} {each}" for each in told(kind, *of_message))
        for hop in hops:
            if hop["kind"] in V1_MESSAGES and (hop["from"], hop["to"]) in OURS_IN_1_0_2:
                by_generation["1.0.2"] += 1
                found.update(f"{outcome.play.name}: {hop['kind']} {each}" for each in told_in_1_0_2(hop))
    assert by_generation["EMV 3DS"] > 1300
    assert by_generation["1.0.2"] > 90
    assert found == Counter()
