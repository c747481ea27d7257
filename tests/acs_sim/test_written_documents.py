"""What `make docs` writes is what the tables say, now."""

import pytest

from docs.generate import PARTS, ROOT, pages

PAGES = pages()


@pytest.mark.parametrize("path", PAGES)
def test_the_page_is_up_to_date(path):
    assert (ROOT / path).read_text("utf-8") == PAGES[path], "run: make docs"


def test_every_part_has_its_place():
    for path, parts in PARTS.items():
        assert [name for name in parts if f"<!-- {name}: written by make docs -->\n" not in PAGES[path]] == []
