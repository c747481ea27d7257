"""What the reader of types says, in words for people."""

import re
from typing import Final

_JARGON = re.compile(r"\b(?:object|array|str|int|bool|null)\b")
_PLAIN: Final = {
    "object": "names with values",
    "array": "a list",
    "str": "text",
    "int": "a number",
    "bool": "true or false",
    "null": "nothing",
}


def plain(words: str) -> str:
    """The words of the reader of types, without its jargon."""
    words = words.replace("Object missing required field", "this is missing here:")
    words = _JARGON.sub(lambda found: _PLAIN.get(found[0], found[0]), words[:1].lower() + words[1:])
    return words.replace("`", "").replace(" | nothing", "")
