"""Where everything stands in the picture of a conversation, in the units of an SVG as wide as a phone's screen.

A message takes two lines: its words above, across the whole width, and its arrow below. So the picture needs no more room than a
telephone has, and loses nothing on a desk.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from acs_sim.desk.transactions.diagram import Arrow, diagram

WIDTH: Final = 360
MARGIN: Final = 8
HEAD: Final = 44
ROW: Final = 40
MAX_WORDS: Final = 62
MEANT_OTHERWISE: Final = frozenset("#;<>&%{}")
"""In Mermaid."""


@dataclass(frozen=True, slots=True)
class Party:
    """`lines`: its name, one word a line; `x` is where its line of life stands."""

    lines: tuple[str, ...]
    x: float


@dataclass(frozen=True, slots=True)
class Row:
    """One message: from `start` to `end` at height `y`; `tone` is `good`, `bad`, `wait` or empty."""

    y: int
    start: float
    end: float
    number: int
    kind: str
    gist: str
    when: str
    tone: str


@dataclass(frozen=True, slots=True)
class Picture:
    height: int
    parties: tuple[Party, ...]
    rows: tuple[Row, ...]
    title: str


def sequence(hops: Sequence[Mapping[str, Any]]) -> Picture:
    """The picture of the hops of a transcript."""
    drawn = diagram(hops)
    step = (WIDTH - 2 * MARGIN) / max(1, len(drawn.parties))
    columns = [MARGIN + step * (index + 0.5) for index in range(len(drawn.parties))]
    rows = tuple(_row(arrow, columns) for arrow in drawn.arrows)
    parties = tuple(Party(tuple(name.split()), x) for name, x in zip(drawn.parties, columns, strict=True))
    title = f"{len(rows)} messages between {', '.join(drawn.parties)}" if rows else "no message crossed"
    return Picture(HEAD + ROW * len(rows) + MARGIN, parties, rows, title)


def _row(arrow: Arrow, columns: Sequence[float]) -> Row:
    first, last = columns[arrow.first - 1], columns[arrow.last - 1]
    room = MAX_WORDS - len(arrow.kind) - len(_when(arrow.after_ms))
    gist = arrow.gist if len(arrow.gist) <= room else f"{arrow.gist[: max(0, room - 1)]}…"
    return Row(
        y=HEAD + ROW * arrow.number - 10,
        start=last if arrow.backward else first,
        end=first if arrow.backward else last,
        number=arrow.number,
        kind=arrow.kind,
        gist=gist,
        when=_when(arrow.after_ms),
        tone=arrow.tone,
    )


def _when(after_ms: int) -> str:
    """On the simulator's clock, for what did not happen at once."""
    if after_ms < 1000:
        return ""
    minutes, seconds = divmod(round(after_ms / 1000), 60)
    hours, minutes = divmod(minutes, 60)
    told = (f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{seconds} s" if seconds else "")
    return "+" + " ".join(part for part in told if part)


def mermaid(hops: Sequence[Mapping[str, Any]]) -> str:
    """The same for whatever draws Mermaid: a wiki, a pull request."""
    drawn = diagram(hops)
    parties = [f"    participant P{number} as {name}" for number, name in enumerate(drawn.parties, start=1)]
    return "\n".join(["sequenceDiagram", *parties, *map(_spoken, drawn.arrows), ""])


def _spoken(arrow: Arrow) -> str:
    sender, receiver = (arrow.last, arrow.first) if arrow.backward else (arrow.first, arrow.last)
    words = " ".join(filter(None, (arrow.kind, arrow.gist, _when(arrow.after_ms))))
    return f"    P{sender}{'-x' if arrow.tone == 'bad' else '->>'}P{receiver}: {_plain(words)}"


def _plain(words: str) -> str:
    """What Mermaid would read as its own is written by its number."""
    return "".join(f"#{ord(one)};" if one in MEANT_OTHERWISE else one for one in " ".join(words.split()))
