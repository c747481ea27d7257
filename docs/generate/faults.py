"""The tables and sections of docs/faults.md, written from the kinds of faults and their points."""

from collections.abc import Iterator

from msgspec import NODEFAULT
from msgspec.structs import FieldInfo, fields

from threedsecure.faults import KINDS, POINTS, SENSIBLE, Fault
from threedsecure.faults.kinds import carriage


def points() -> str:
    """Every point, and what can happen there."""
    return "\n".join(["| `at` | is | from | `do` |", "|---|---|---|---|", *_points()])


def on_the_way() -> str:
    """What can become of a message on its way."""
    return _sections(kind for kind in KINDS.values() if kind.__module__ == carriage.__name__)


def in_the_message() -> str:
    """What can be wrong with it."""
    return _sections(kind for kind in KINDS.values() if kind.__module__ != carriage.__name__)


def _points() -> Iterator[str]:
    for name, point in POINTS.items():
        kinds = ", ".join(f"`{kind}`" for kind in SENSIBLE[name])
        yield f"| `{name}` | {point.about} | {' or '.join(point.senders)} | {kinds} |"


def _sections(kinds: Iterator[type[Fault]]) -> str:
    return "\n\n".join(_section(kind) for kind in kinds)


def _section(kind: type[Fault]) -> str:
    here = " ".join((kind.__doc__ or "").split())
    return (
        f"### `{kind.__struct_config__.tag}`\n\n*Wrong*: {kind.mistake}. *Here*: {here}{_takes(kind)}\n`{kind.example}`"
    )


def _takes(kind: type[Fault]) -> str:
    """The parameters of the kind, with what holds when nothing is said."""
    own = [field for field in fields(kind) if field.name not in Fault.__struct_fields__]
    words = ", ".join(f"`{field.encode_name}`{_usual(field)}" for field in own)
    return f" *Takes* {words}." if words else ""


def _usual(field: FieldInfo) -> str:
    return "" if field.default in (NODEFAULT, None) else f" ({field.default})"
