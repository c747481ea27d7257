"""Elements by their dotted, indexed names (`acsRenderingType.acsInterface`, `messageExtension[0].id`) in a decoded message."""

import re
from typing import Any, Final

_STEP: Final = re.compile(r"\[(\d{1,4})\]|([^.\[\]]+)")
MISSING: Final = object()

Step = str | int


def steps_of(path: str) -> list[Step]:
    return [int(index) if index else name for index, name in _STEP.findall(path)]


def parent_of(document: Any, path: str, *, makes: bool = False) -> tuple[Any, Step] | None:
    """What holds the element, and its name or number there; None where the way to it is not there. `makes`: objects on the way that
    are missing."""
    *way, last = steps_of(path)
    for step in way:
        inner = item_of(document, step)
        if inner is MISSING and makes and isinstance(document, dict) and isinstance(step, str):
            inner = document[step] = {}
        if not isinstance(inner, dict | list):
            return None
        document = inner
    return (document, last) if isinstance(document, dict if isinstance(last, str) else list) else None


def item_of(document: Any, step: Step) -> Any:
    if isinstance(step, str):
        return document.get(step, MISSING) if isinstance(document, dict) else MISSING
    return document[step] if isinstance(document, list) and step < len(document) else MISSING


def find(document: Any, path: str) -> Any:
    """The element, or MISSING."""
    found = parent_of(document, path)
    return MISSING if found is None else item_of(*found)


def renamed(holder: dict[str, Any], name: str, to: str, value: Any = MISSING) -> None:
    """Give a member another name in its place, or put another member behind it where there is a `value`."""
    members = list(holder.items())
    holder.clear()
    for known, kept in members:
        if known != name:
            holder[known] = kept
        elif value is MISSING:
            holder[to] = kept
        else:
            holder[known] = kept
            holder[to] = value
