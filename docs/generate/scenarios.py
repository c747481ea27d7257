"""What is told of scenario files: where the library plays each row of its catalogue, and the schema that editors use."""

import json
import re
from pathlib import Path
from typing import Final

from acs_sim.scenarios.file.loading import load
from acs_sim.scenarios.file.model import json_schema

LIBRARY: Final = Path(__file__).parents[2] / "fixtures" / "scenarios"
_ROW: Final = re.compile(r"([A-I])(\d+)")


def covered() -> dict[str, dict[str, str]]:
    """The scenarios of each row of the catalogue, with the file where they stand, in the order of the catalogue."""
    found: dict[tuple[str, int], dict[str, str]] = {}
    for play in load([LIBRARY]):
        for row in filter(None, map(_ROW.fullmatch, play.tags)):
            found.setdefault((row[1], int(row[2])), {}).setdefault(play.scenario.name, play.file.name)
    return {f"{letter}{number}": found[letter, number] for letter, number in sorted(found)}


def library() -> str:
    """The table of docs/scenario-library.md."""
    rows = (
        f"| {row} | {'; '.join(f'{name} (`{file}`)' for name, file in scenarios.items())} |"
        for row, scenarios in covered().items()
    )
    return "\n".join(["| row | scenarios |", "|---|---|", *rows])


def schema() -> str:
    """docs/scenario-file.schema.json."""
    return json.dumps(json_schema(), indent=2) + "\n"
