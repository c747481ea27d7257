"""Where an element stands in a message: `acsRenderingType.acsInterface`, `messageExtension[0].id`. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

MISSING: Final = object()
Step = str | int

_STEP = re.compile(r"\[(\d{1,4})\]|([^.\[\]]+)")
_INDEX = re.compile(r"\[\d+\]")


def look_up(message: Any, path: str) -> Any:
    """The element at `path`, or MISSING."""
    for step in _steps(path):
        message = _item(message, step)
    return message


def parent_of(message: Any, path: str, *, makes: bool = False) -> tuple[Any, Step] | None:
    """What holds the element, and its name or number there; None where the way to it is not there. `makes`: objects on the way that
    are missing."""
    *way, last = _steps(path)
    for step in way:
        inner = _item(message, step)
        if inner is MISSING and makes and isinstance(message, dict) and isinstance(step, str):
            inner = message[step] = {}
        if not isinstance(inner, dict | list):
            return None
        message = inner
    return (message, last) if isinstance(message, dict if isinstance(last, str) else list) else None


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


def element_name(path: str) -> str:
    """The name in the tables of the specification of what stands at `path`: without the places in lists."""
    return _INDEX.sub("", path)


def _steps(path: str) -> list[Step]:
    return [int(index) if index else name for index, name in _STEP.findall(path)]


def _item(holder: Any, step: Step) -> Any:
    if isinstance(step, str):
        return holder.get(step, MISSING) if isinstance(holder, Mapping) else MISSING
    return holder[step] if isinstance(holder, list) and step < len(holder) else MISSING
