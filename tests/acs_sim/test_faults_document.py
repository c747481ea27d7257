"""What the page of the faults shows works."""

import json
import re
from pathlib import Path

from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.faults import read
from threedsecure.faults.kinds import KINDS
from threedsecure.faults.packs import PACKS

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()


def test_every_kind_says_what_it_is_for_and_shows_itself():
    for do, kind in KINDS.items():
        assert kind.__doc__, do
        assert kind.mistake, do
        assert read(json.loads(kind.example)).do == do


def test_every_fault_that_the_page_shows_can_be_had():
    shown = [json.loads(one) for one in re.findall(r"[`'](\{\"(?:at|pack)\"[^`']*\})[`']", PAGE)]
    assert len(shown) > 40
    for one in shown:
        if "pack" in one:
            assert one["pack"] in PACKS
        else:
            assert read(one).at == one["at"]


def test_the_cards_that_race_exist():
    assert set(re.findall(r"card `(results-[a-z]+)`", PAGE)) <= set(SCENARIOS)
