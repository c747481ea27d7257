"""Where an element stands in a message: `acsRenderingType.acsInterface`, `messageExtension[0].id`. Pure."""

import re
from collections.abc import Mapping
from typing import Any, Final

MISSING: Final = object()

_STEP = re.compile(r"\[(\d{1,4})\]|([^.\[\]]+)")
_INDEX = re.compile(r"\[\d+\]")


def look_up(message: Any, path: str) -> Any:
    """The element at `path`, or MISSING."""
    found = message
    for index, name in _STEP.findall(path):
        if index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        elif name and isinstance(found, Mapping) and name in found:
            found = found[name]
        else:
            return MISSING
    return found


def element_name(path: str) -> str:
    """The name in the tables of the specification of what stands at `path`: without the places in lists."""
    return _INDEX.sub("", path)
