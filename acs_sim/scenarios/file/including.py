"""`include` and `use`: variables and named steps that several scenarios, or several files, share."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from acs_sim.scenarios.file.document import Document, FileError, read
from acs_sim.scenarios.file.filling import near

MAX_FILES: Final = 50
MAX_NESTED: Final = 10
MAX_STEPS: Final = 500


@dataclass(frozen=True, slots=True)
class Written:
    """A step as it is written somewhere."""

    document: Document
    path: str
    raw: Any

    def error(self, inside: str, words: str) -> str:
        """The line that tells what is wrong at `inside`, a path that begins at this step."""
        return self.document.error(self.path + inside, words)


@dataclass
class Shared:
    """What scenarios of a file can make use of."""

    variables: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, tuple[Written, ...]] = field(default_factory=dict)
    files: set[Path] = field(default_factory=set)


def shared(document: Document) -> Shared:
    """What a file says for all of its scenarios, after what it includes. Errors: `FileError`."""
    found = Shared()
    _collect(document, found, 0)
    return found


def _collect(document: Document, found: Shared, depth: int) -> None:
    tree = document.tree if isinstance(document.tree, Mapping) else {}
    found.files.add(document.file.resolve())
    for index, name in enumerate(_list(tree.get("include"))):
        file = (document.file.parent / str(name)).resolve()
        at = f"$.include[{index}]"
        if not file.is_file():
            raise FileError([document.error(at, f"there is no file {name}")])
        if file in found.files:
            continue  # two files may include the same third one, and each other
        if depth >= MAX_NESTED or len(found.files) >= MAX_FILES:
            raise FileError([document.error(at, "too many files include one another")])
        _collect(read(document.file.parent / str(name)), found, depth + 1)
    found.variables |= _mapping(tree.get("variables"))
    for name, steps in _mapping(tree.get("steps")).items():
        at = f"$.steps.{name}"
        found.steps[name] = tuple(Written(document, f"{at}[{n}]", raw) for n, raw in enumerate(_list(steps)))


def expanded(document: Document, at: str, steps: Any, known: Shared, wrong: list[str]) -> list[Written]:
    """The steps of a scenario that stand at `at`, with those that it uses by name put in their place."""
    own = [Written(document, f"{at}[{index}]", raw) for index, raw in enumerate(_list(steps))]
    return _expanded(own, known, wrong, ())


def _expanded(
    steps: list[Written] | tuple[Written, ...], known: Shared, wrong: list[str], within: tuple[str, ...]
) -> list[Written]:
    flat: list[Written] = []
    for step in steps:
        name = step.raw.get("use") if isinstance(step.raw, Mapping) and set(step.raw) == {"use"} else None
        if name is None:
            flat.append(step)
        elif name not in known.steps:
            wrong.append(step.error(".use", f"no steps are called {name!r}{near(str(name), known.steps)}"))
        elif name in within:
            wrong.append(step.error(".use", f"{name!r} uses itself"))
        else:
            flat += _expanded(known.steps[name], known, wrong, (*within, name))
        if len(flat) > MAX_STEPS:
            wrong.append(step.error("", f"more than {MAX_STEPS} steps"))
            return flat[:MAX_STEPS]
    return flat


def _mapping(value: Any) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list) else []
