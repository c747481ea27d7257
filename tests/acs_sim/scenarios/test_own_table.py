"""What the simulator sends has no element that our own table does not define for its version, channel and category: over the plays
of the library in which nothing goes wrong on purpose."""

from collections import Counter
from pathlib import Path

import pytest

from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.running import run
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.advice import advise
from threedsecure.v2.validation.checking import Leg, context_of

LIBRARY = Path(__file__).parents[3] / "fixtures" / "scenarios"
FILES = ("decisions", "endings", "frictionless", "methods", "ranges", "series", "challenge")
LEGS = {
    ("Directory Server", "3DS Server"): Leg.DS_TO_THREE_DS_SERVER,
    ("Directory Server", "ACS"): Leg.DS_TO_ACS,
    ("ACS", "Directory Server"): Leg.ACS_TO_DS,
    ("ACS", "Browser"): Leg.FROM_ACS,
}


def sent(hops):
    """What our own parties sent, each with its hop and the AReq of its transaction."""
    areq = {}
    for hop in hops:
        kind, leg = hop["kind"], LEGS.get((hop["from"], hop["to"]))
        if kind == "AReq":
            areq = hop["message"]
        if leg is not None and kind in MESSAGES and kind != "AReq":
            yield kind, leg, hop["message"], areq


def undefined(hops):
    for kind, leg, message, areq in sent(hops):
        context = context_of(message, leg, areq)
        for one in advise(kind, message, context):
            if one.words.startswith("not defined here"):
                yield f"{kind} {message.get('messageVersion')} {one.element}"


@pytest.mark.parametrize("file", FILES)
async def test_no_message_of_ours_has_an_element_that_our_table_does_not_define(file):
    plays = [play for play in load([LIBRARY / f"{file}.yaml"]) if not play.scenario.faults]
    outcomes = await run(plays, lambda _outcome: None)
    hops = [outcome.transcript["hops"] for outcome in outcomes if outcome.transcript]
    assert sum(len([*sent(one)]) for one in hops) > 5
    assert Counter(each for one in hops for each in undefined(one)) == Counter()
