"""The page of the faults says what the tables say, and what it shows works."""

import json
import re
from pathlib import Path

from threedsecure.cards.test_cards import SCENARIOS
from threedsecure.faults import POINTS, SENSIBLE, read
from threedsecure.faults.documents import KINDS
from threedsecure.faults.packs import PACKS

PAGE = (Path(__file__).parents[2] / "docs" / "faults.md").read_text()


def test_every_point_has_its_row():
    for name, point in POINTS.items():
        kinds = ", ".join(f"`{kind}`" for kind in SENSIBLE[name])
        assert f"| `{name}` | {point.about} | {' or '.join(point.senders)} | {kinds} |\n" in PAGE


def test_every_kind_has_its_section_with_an_example():
    sections = dict(re.findall(r"### `([a-z0-9-]+)`\n\n(.*?)(?=\n##)", PAGE, re.DOTALL))
    assert set(sections) == set(KINDS)
    for kind, text in sections.items():
        assert "*Wrong*" in text
        assert "*Here*" in text
        assert kind in {
            json.loads(example)["do"] for example in re.findall(r"`(\{[^`]*\})`", text) if '"do"' in example
        }


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
