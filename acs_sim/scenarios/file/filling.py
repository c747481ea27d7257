"""Variables put into what is written."""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any

from acs_sim.scenarios.file.document import Document

_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)


def filled(part: Any, variables: Mapping[str, Any], at: str, document: Document, wrong: list[str]) -> Any:
    """`part` with its variables put in; a text that is a variable alone becomes its value, whatever that is. What is wrong is
    added to `wrong`."""
    if isinstance(part, dict):
        return {
            str(filled(key, variables, f"{at}.{key}", document, wrong)): filled(
                value, variables, f"{at}.{key}", document, wrong
            )
            for key, value in part.items()
        }
    if isinstance(part, list):
        return [filled(value, variables, f"{at}[{index}]", document, wrong) for index, value in enumerate(part)]
    return _text(part, variables, at, document, wrong) if isinstance(part, str) else part


def _text(part: str, variables: Mapping[str, Any], at: str, document: Document, wrong: list[str]) -> Any:
    names = [braced or plain for braced, plain in _VARIABLE.findall(part)]
    unknown = [name for name in names if name not in variables]
    if unknown:
        wrong.append(document.error(at, f"there is no variable ${unknown[0]}{near(unknown[0], variables)}"))
        return part
    if names and _VARIABLE.fullmatch(part):
        return variables[names[0]]
    return _VARIABLE.sub(lambda found: str(variables[found[1] or found[2]]), part)


def near(name: str, known: Iterable[str]) -> str:
    """A suggestion, where one is near."""
    found = get_close_matches(name, list(known), n=1)
    return f"; did you mean {found[0]}?" if found else ""
