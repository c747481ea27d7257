"""What is remembered of what peers wrote: so many texts, and none that is long."""

import ast
from pathlib import Path

import pytest

from threedsecure.secrets.remembering import LONGEST, remembering

PACKAGES = ("threedsecure", "directory_server", "acs", "issuer_sms", "acs_sim")
CACHES = {"lru_cache", "cache"}


def test_a_long_text_is_answered_and_not_remembered():
    asked = []
    length = remembering(2)(lambda text: asked.append(text) or len(text))
    for text in ("a", "a", "x" * (LONGEST + 1), "x" * (LONGEST + 1), "b", "c", "a"):
        assert length(text) == len(text)
    assert [len(text) for text in asked] == [1, LONGEST + 1, LONGEST + 1, 1, 1, 1]


def of_any_text(function):
    """Whether its answers are kept by the text that it takes, however long that is."""
    named = {getattr(node, "id", "") for each in function.decorator_list for node in ast.walk(each)}
    kinds = [ast.unparse(each.annotation) for each in function.args.args if each.annotation is not None]
    return bool(named & CACHES) and "str" in kinds


WORDS_OF_OURS = {
    *("answered", "present", "equal", "_iso_codes", "load"),  # of tables, and the names of our own files
    *("_alone", "_compile", "of_version", "knows_ds_url"),  # versions, channels and types are known ones by then
    *("_with_holes", "_environment", "translations", "texts"),  # templates and the languages that there are
    *("_meanings", "message_page", "names_of"),  # of messages that have a table
    *("_document", "sections", "text_of"),  # the documents that there are
    "signer",
}


@pytest.mark.parametrize("package", PACKAGES)
def test_nothing_is_kept_by_a_text_of_any_length(package):
    found = {
        node.name
        for path in Path(package).rglob("*.py")
        if "cache" in (written := path.read_text("utf-8"))
        for node in ast.walk(ast.parse(written))
        if isinstance(node, ast.FunctionDef) and of_any_text(node)
    }
    assert found <= WORDS_OF_OURS
