"""The library exercises every fault at every point where it makes sense; that its plays pass is proved with the others'."""

from pathlib import Path

import pytest

from acs_sim.scenarios.file.loading import load
from threedsecure.faults import SENSIBLE

pytestmark = pytest.mark.holds("threedsecure/faults/kinds")

FAULTS = Path(__file__).parents[3] / "fixtures" / "scenarios" / "faults.yaml"


def test_every_kind_is_exercised_at_every_point_where_it_makes_sense():
    plays = load([FAULTS])
    exercised = {(fault.at, fault.do) for play in plays for fault in play.scenario.faults}
    assert {(at, do) for at, kinds in SENSIBLE.items() for do in kinds} - exercised == set()


def test_each_play_has_one_fault_and_a_paragraph_of_what_it_shows():
    for play in load([FAULTS]):
        assert len(play.scenario.faults) == 1
        assert len(play.scenario.about.split()) >= 8
