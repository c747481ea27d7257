"""The page on 3-D Secure 1.0.2 says what the code does."""

import re
from pathlib import Path

from threedsecure.v1.errors import ERROR_MESSAGES, InvalidRequestCode
from threedsecure.v1.signature.signing import SignatureDefect

PAGE = (Path(__file__).parents[3] / "docs/classic.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The first two columns of the table under a heading that begins so, without its head."""
    section = PAGE.split(f"## {heading}", 1)[1].split("\n## ", 1)[0]
    return dict(re.findall(r"^\| `?([^|`]+)`? \| ([^|]+) \|", section, re.MULTILINE)[1:])


def test_the_error_codes_are_all_there_with_their_sentences():
    assert rows("Error") == {str(code): text for code, text in ERROR_MESSAGES.items()}


def test_the_ireq_codes_are_all_there():
    assert rows("IReq") == {str(code): code.name.lower().replace("_", " ") for code in InvalidRequestCode}


def test_the_bad_signatures_are_all_there():
    assert set(rows("The signature")) == set(SignatureDefect)
