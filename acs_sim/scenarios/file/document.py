"""YAML with the place of everything in it.

What is written plainly is text, as in the messages: `05` stays 05 and `4200` stays 4200. Only true, false and null are more than
text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml

MAX_BYTES: Final = 1 << 20
MAX_DEPTH: Final = 32

_STANDARD_TAGS: Final = frozenset(
    f"tag:yaml.org,2002:{name}"
    for name in ("map", "seq", "str", "int", "float", "bool", "null", "timestamp", "merge", "value")
)
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}


class Place(NamedTuple):
    """Where something is written; both count from 1."""

    line: int
    column: int


class FileError(ValueError):
    """Files that cannot be played: `lines` holds one `file:line:column: what is wrong` each."""

    def __init__(self, lines: list[str]) -> None:
        super().__init__("\n".join(lines))
        self.lines = lines


@dataclass
class Document:
    """A file that is YAML. `places`: by the path of a value, such as `$.scenarios[0].card`; keys stand under the path of their
    value."""

    file: Path
    tree: Any = None
    places: dict[str, Place] = field(default_factory=dict)

    def error(self, path: str, words: str) -> str:
        """The line that tells what is wrong at `path`, or at the nearest thing around it that was written."""
        while path not in self.places and path != "$":
            path = path[: max(path.rfind("."), path.rfind("["))]
        place = self.places.get(path, Place(1, 1))
        return f"{self.file}:{place.line}:{place.column}: {words}"


def read(file: Path) -> Document:
    """Errors: `FileError`."""
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
        text = raw.decode()
    except OSError as error:
        raise FileError([f"{file}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise FileError([f"{file}:{line}:1: this is not UTF-8"]) from error
    if len(raw) > MAX_BYTES:
        raise FileError([f"{file}:1:1: longer than {MAX_BYTES} bytes"])
    return _parse(file, text)


def _parse(file: Path, text: str) -> Document:
    document = Document(file)
    try:
        root = yaml.compose(text, Loader=_Loader)
        if root is not None:
            document.tree = _value(root, "$", document)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        words = " ".join((error.problem or error.context or "no YAML").split())
        raise FileError([f"{file}:{place}: {words}"]) from error
    except yaml.reader.ReaderError as error:
        line = text[: error.position].count("\n") + 1
        raise FileError([f"{file}:{line}:1: a character that YAML does not allow"]) from error
    return document


class _Loader(yaml.SafeLoader):
    """Without aliases, which can make a small file endless, and of bounded depth."""

    _depth = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="there are no aliases here: use variables", problem_mark=mark)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem=f"nested deeper than {MAX_DEPTH}", problem_mark=mark)
        node = super().compose_node(parent, index)
        self._depth -= 1
        return node


def _value(node: Any, path: str, document: Document) -> Any:
    document.places.setdefault(path, _place(node))
    if node.tag not in _STANDARD_TAGS:
        raise yaml.MarkedYAMLError(problem=f"there is no tag {node.tag}", problem_mark=node.start_mark)
    if isinstance(node, yaml.MappingNode):
        return {key: _value(value, f"{path}.{key}", document) for key, value in _entries(node, path, document)}
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, f"{path}[{index}]", document) for index, item in enumerate(node.value)]
    return _WORDS.get(node.value, node.value) if node.style is None else node.value


def _entries(node: Any, path: str, document: Document) -> Iterator[tuple[str, Any]]:
    seen: set[str] = set()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise yaml.MarkedYAMLError(problem="a name has to be text", problem_mark=key.start_mark)
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"{key.value!r} is there twice", problem_mark=key.start_mark)
        seen.add(key.value)
        document.places[f"{path}.{key.value}"] = _place(key)
        yield key.value, value


def _place(node: Any) -> Place:
    return Place(node.start_mark.line + 1, node.start_mark.column + 1)
