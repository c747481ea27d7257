"""A format that lists its characters takes no other one: over every text of every message typed by hand."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.threedsecure.v2.test_defined import HOPS, messages, replaced
from threedsecure.v2.elements import format_of
from threedsecure.v2.grammar.formats import Text
from threedsecure.v2.validation.checking import context_of, violations

UNSEEN = {
    "zero-width space": "\u200b",
    "soft hyphen": "\u00ad",
    "no-break space": "\u00a0",
    "right-to-left": "\u202e",
    "bell": "\a",
}
ANY_CHARACTERS = {"no control characters", "any characters"}


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
