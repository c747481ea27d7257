"""What is guarded, and by which tests of its own; and one mistake for each way of playing that must be noticed."""

from pathlib import Path
from typing import Final, NamedTuple


class Mistake(NamedTuple):
    """Made by hand. Where it is not noticed, no figure means anything."""

    path: str
    right: str
    wrong: str


class Area(NamedTuple):
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    mistakes: tuple[Mistake, ...]

    def files(self, tree: Path) -> list[str]:
        """Every module, by its path in the tree."""
        found = (
            sorted(Path(tree, one).rglob("*.py")) if not one.endswith(".py") else [tree / one] for one in self.modules
        )
        return [str(path.relative_to(tree)) for paths in found for path in paths]


def _tests(package: str, *names: str) -> tuple[str, ...]:
    return tuple(f"tests/{package}/test_{name}.py" for name in names)


FROZEN: Final = "tests/threedsecure/test_frozen.py"
AREAS: Final = {
    "v1": Area(
        ("threedsecure/v1",),
        ("tests/threedsecure/v1", FROZEN),
        (
            Mistake("threedsecure/v1/validation/refusals.py", "return ", "return None and "),
            Mistake("threedsecure/v1/outcomes.py", '"Y"', '"y"'),
        ),
    ),
    "v2": Area(
        ("threedsecure/v2",),
        ("tests/threedsecure/v2", FROZEN),
        (
            Mistake("threedsecure/v2/validation/checking.py", "return ", "return None and "),
            Mistake("threedsecure/v2/elements/results.py", '"Y', '"y'),
        ),
    ),
    "states": Area(
        (
            *("acs/v1/states.py", "acs/v2/states.py", "acs/v1/lifecycle.py", "acs/v2/lifecycle.py"),
            "directory_server/transactions/states.py",
        ),
        (
            *_tests(
                "acs", "lifecycle", "lifecycle_v1", "step", "decision", "results", "classic", "challenge", "endings"
            ),
            *_tests("directory_server", "states", "results_rules"),
            FROZEN,
        ),
        (
            Mistake("acs/v2/lifecycle.py", "return ", "return None and "),
            Mistake("acs/v2/states.py", "State.", "str."),
        ),
    ),
    "challenge": Area(
        ("acs/v2/challenge", "acs/cardholder/challenge.py", "acs/cardholder/securecode.py"),
        (
            *_tests("acs", "challenge_steps", "securecode", "creq", "app_steps", "challenge_edges", "content_defects"),
            *_tests("acs", "app_challenge", "app_errors", "app_screens", "passkeys"),
            FROZEN,
        ),
        (
            Mistake("acs/v2/challenge/creq.py", "return ", "return None and "),
            Mistake("acs/v2/challenge/app/screens.py", "if version == LATEST", "if version is None"),
        ),
    ),
    "results": Area(
        ("acs/v2/results", "directory_server/results"),
        (
            *_tests("acs", "delivery_steps", "outbox"),
            *_tests("directory_server", "results_rules", "results"),
            FROZEN,
        ),
        (
            Mistake("directory_server/results/rules.py", "return ", "return None and "),
            Mistake("directory_server/results/rules.py", "State.UNANSWERED, ", ""),
        ),
    ),
}
