"""A format that lists its characters takes no other one: over every text of every message typed by hand."""

import csv
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.threedsecure.v2.test_defined import HOPS, messages, replaced
from threedsecure.v2.elements import format_of
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.grammar.formats import Text
from threedsecure.v2.validation.checking import context_of, violations

UNSEEN = {
    "zero-width space": "\u200b",
    "soft hyphen": "\u00ad",
    "no-break space": "\u00a0",
    "right-to-left": "\u202e",
    "bell": "\a",
}
SHOWN = "characters that can be shown"
ANY_CHARACTERS = {SHOWN, "any characters"}
ROWS = csv.DictReader((Path(__file__).parents[3] / "fixtures" / "emv-3ds-elements.csv").read_text("utf-8").splitlines())
NOT_SHOWN = {
    "Cc": ("\x07", "\x0a", "\x7f", "\x85"),
    "Cf": ("\u00ad", "\u200b", "\u200e", "\u202e", "\u2060", "\ufeff", "\U000e0041"),
    "Zl": ("\u2028",),
    "Zp": ("\u2029",),
    "Co": ("\ue000", "\uf8ff", "\U000f0000", "\U0010fffd"),
    "Cn": ("\u0378", "\u0530", "\uffff", "\U0003fffd", "\U0010ffff"),
    "Cs": ("\ud800", "\udfff"),
}
SOME_SHOWN = ("Café", "Ελλάς", "店舗", "متجر", "e\u0301", "10\u00a0€", "\U0001f6d2", "नमस्ते", "\u3000", "𠀀")


def free_texts():
    """Every element whose format is text of any script, once for each version that has it, at its shortest and its longest."""
    for row in ROWS:
        for version in SUPPORTED_VERSIONS:
            try:
                form = format_of(row["message"], row["element"], version)
            except (KeyError, StopIteration):
                continue
            form = getattr(form, "item", form)
            if isinstance(form, Text) and form.words == SHOWN:
                yield f"{row['message']}.{row['element']} {version}", form


def test_free_text_takes_what_can_be_shown_and_nothing_of_the_other_categories_of_unicode():
    looked = 0
    for name, form in free_texts():
        looked += 1
        accepts, room = form.compile(), (form.most or 40)
        for text in SOME_SHOWN:
            if form.least <= len(text) <= room:
                assert accepts(text), (name, text)
        for kind, characters in NOT_SHOWN.items():
            for character in characters:
                assert unicodedata.category(character) == kind
                for text in (
                    character * max(form.least, 1),
                    "x" * max(form.least - 1, 0) + character,
                    character + "é"[: room - 1],
                ):
                    assert not accepts(text), (name, kind, text)
    assert looked > 60


def texts(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], str]]:
    if isinstance(value, str):
        yield path, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inside:
        yield from texts(one, (*path, name))


def lists_its_characters(message: dict[str, Any], path: tuple[Any, ...], text: str) -> bool:
    name = ".".join(part for part in path if isinstance(part, str))
    try:
        form = format_of(message["messageType"], name, message["messageVersion"])
    except (KeyError, StopIteration):
        return False
    form = getattr(form, "item", form)
    return isinstance(form, Text) and form.words not in ANY_CHARACTERS and bool(form.compile()(text))


@pytest.mark.parametrize("unseen", UNSEEN)
def test_a_character_that_nobody_sees_is_refused_wherever_characters_are_listed(unseen):
    looked = set()
    for _, message in messages():
        leg = HOPS[message["messageType"]][0]
        for path, text in texts(message):
            key = (message["messageVersion"], path[0], path[-1])
            if key in looked or not lists_its_characters(message, path, text):
                continue
            looked.add(key)
            strange = replaced(message, path, text[:1] + UNSEEN[unseen] + text[1:])
            named = [one.element for one in violations(strange, context_of(strange, leg))]
            assert any(element.startswith(str(path[0])) for element in named), (path, text)
    assert len(looked) > 60


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("client@example.org", True),
        ("first.last+shop@mail.example", True),
        ('"quoted local"@example.org', True),
        ("client@[192.0.2.1]", True),
        ("cli\u200bent@example.org", False),
        ("client@exam\u00adple.org", False),
        ('"quo\u200bted"@example.org', False),
        ("client@example..org", False),
    ],
)
def test_an_e_mail_address_is_made_of_what_rfc_5322_lists(address, good):
    form = format_of("AReq", "email", "2.2.0")
    assert bool(form.compile()(address)) is good
