"""Where the packages beside `acs_sim` are: at the top of a checkout, inside `acs_sim` where it is installed from a wheel.

In an environment with a user's own packages, `acs`, `fixtures` and the others are the user's. The simulator runs in
processes of its own, and only those call `enter`.
"""

import sys
from pathlib import Path
from typing import Final

_BUNDLED: Final = Path(__file__).parents[1] / "_bundled"
HOME: Final = _BUNDLED if _BUNDLED.is_dir() else Path(__file__).parents[2]


def enter() -> None:
    """Let this process find them before anything else of the same name."""
    if sys.path[:1] != [str(HOME)]:
        sys.path.insert(0, str(HOME))


def beside(path: Path) -> Path:
    """What users know by its place in the repository (`fixtures/scenarios`), where there is nothing of their own at that place."""
    return HOME / path if not path.exists() and (HOME / path).exists() else path
