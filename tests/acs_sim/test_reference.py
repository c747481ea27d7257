"""The reference pages say what the tables say, now."""

import re
from pathlib import Path

from acs_sim.checking.reference import Entry, entries
from docs.generate.elements import pages
from threedsecure.v2.messages import MESSAGES

ROOT = Path(__file__).parents[2]
PAGES = pages()


def test_no_page_is_left_over() -> None:
    kept = {f"docs/elements/{file.name}" for file in (ROOT / "docs" / "elements").iterdir()}
    assert kept == set(PAGES) - {"docs/elements.md"}


def test_every_link_of_the_index_leads_to_an_element() -> None:
    links = re.findall(r"\]\((elements/[^)#]+)(?:#([^)]+))?\)", PAGES["docs/elements.md"])
    assert len(links) > 400
    for path, anchor in links:
        assert not anchor or f'<a id="{anchor}"></a>' in PAGES[f"docs/{path}"]


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for text in PAGES.values():
        width = 0
        for line in text.splitlines():
            cells = len(re.findall(r"(?<!\\)\|", line)) if line.startswith("|") else 0
            assert not (cells and width) or cells == width, line
            width = cells


def entry(message: str, element: str) -> Entry:
    return next(each for each in entries(message) if each.element == element)


def test_an_entry_tells_presence_format_condition_and_confidence() -> None:
    amount = entry("AReq", "purchaseAmount")
    assert amount.presence == {"2.1.0": "R (NPA: C) APP, BRW", "2.2.0": "R (NPA: C)", "2.3.1": "R (NPA: C)"}
    assert amount.formats["2.2.0"] == "1 to 48 characters, digits, in minor units without separators"
    assert amount.when.startswith("non-payment: threeDSRequestorAuthenticationInd is 02 or 03")
    assert amount.one_source == ()
    assert entry("AReq", "sdkEncData").presence["2.1.0"] == "R APP, 3DS Server to DS only"
    assert entry("AReq", "transType").presence["2.2.0"] == "C (NPA: not defined)"


def test_what_rests_on_one_source_is_said() -> None:
    assert entry("CReq", "challengeAddCode").one_source == ("2.3.1",)
    assert entry("PRes", "readOrder").one_source == ("2.3.1",)
    index = PAGES["docs/elements.md"]
    weak = index[index.index("## What rests on one source") : index.index("## Rules between elements")]
    for message in MESSAGES:
        for each in entries(message):
            assert not each.one_source or f"`{each.element}`" in weak


def test_long_lists_of_values_stand_below_the_table() -> None:
    page = PAGES["docs/elements/ARes.md"]
    assert "### transStatusReason" in page
    assert "| 26 | attempted but not performed by the cardholder | 2.2.0, 2.3.1 |" in page
