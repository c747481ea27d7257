"""Everything in README.md and docs/ that is written from a table. `make docs` writes it, and a test proves that it is up to date.

A page is written whole, or in parts: what stands in it between `<!-- NAME: written by make docs -->` and `<!-- end -->`."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from docs.generate import (
    cards,
    dated,
    elements,
    endings,
    faults,
    findings,
    matrix,
    openapi,
    promises,
    scenarios,
    states,
    vendors,
)

ROOT: Final = Path(__file__).parents[2]
PARTS: Final[Mapping[str, Mapping[str, Callable[[], str]]]] = {
    "README.md": {"test cards": cards.emv},
    "docs/acs.md": {"states": states.acs, "states in 1.0.2": states.acs_1_0_2},
    "docs/classic.md": {"test cards": cards.of_1_0_2},
    "docs/directory-server.md": {"states": states.at_the_directory_server},
    "docs/faults.md": {
        "points": faults.points,
        "kinds on the way": faults.on_the_way,
        "kinds in the message": faults.in_the_message,
    },
    "docs/findings.md": {"rules": findings.tables},
    "docs/gateway.md": {"states": states.at_the_gateway},
    "docs/issuer-decides.md": {"methods": cards.methods},
    "docs/rules-by-date.md": {"rules": dated.table},
    "docs/scenario-library.md": {"library": scenarios.library},
    "docs/vendor-cards.md": {"packs": vendors.packs},
}
_PART: Final = re.compile(r"<!-- ([^:]+): written by make docs -->\n\n.*?\n\n<!-- end -->", re.DOTALL)


def pages(root: Path = ROOT) -> dict[str, str]:
    """Every page that is written whole or in part, as it has to be today. Errors: `KeyError` for a part that no table writes."""
    parts = {path: _filled((root / path).read_text("utf-8"), known) for path, known in PARTS.items()}
    whole = {"docs/endings.md": endings.document(), "docs/scenario-file.schema.json": scenarios.schema()}
    whole["docs/matrix.md"] = matrix.page()
    whole["docs/promises.md"] = promises.page()
    whole["clients/typescript/openapi.json"] = openapi.written()
    return {**elements.pages(), **whole, **parts}


def write(root: Path = ROOT) -> None:
    for path, text in pages(root).items():
        (root / path).write_text(text, "utf-8")


def _filled(page: str, parts: Mapping[str, Callable[[], str]]) -> str:
    def part(found: re.Match[str]) -> str:
        return f"<!-- {found[1]}: written by make docs -->\n\n{parts[found[1]]()}\n\n<!-- end -->"

    return _PART.sub(part, page)
