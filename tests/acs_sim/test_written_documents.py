"""What `make docs` writes is what the tables say, now."""

import pytest

from docs.generate import PARTS, ROOT, pages


@pytest.fixture(scope="module")
def written() -> dict[str, str]:
    return pages()


def test_every_page_is_up_to_date(written):
    stale = [path for path, text in written.items() if (ROOT / path).read_text("utf-8") != text]
    assert stale == [], "run: make docs"


def test_every_part_has_its_place(written):
    for path, parts in PARTS.items():
        for name, part in parts.items():
            assert f"<!-- {name}: written by make docs -->\n\n{part()}\n\n<!-- end -->" in written[path]
