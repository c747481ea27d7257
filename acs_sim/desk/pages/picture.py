"""A conversation as a picture to be put into a page, or to be taken away: one way to draw it, for the desk and for reports."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acs_sim.desk.pages.rendering import STATIC, render
from acs_sim.desk.transactions.sequence import sequence

STYLE: Final = (STATIC / "sequence.css").read_text("utf-8")
"""Of the pictures in a page, which has the colours."""


def svg(hops: Sequence[Mapping[str, Any]], anchor: str, *, leads: bool = False) -> str:
    """`anchor`: what its title goes by on the page. `leads`: each arrow to its message there, by the anchor and its number."""
    return render("sequence.svg", picture=sequence(hops), anchor=anchor, alone=False, leads=leads)


def svg_file(hops: Sequence[Mapping[str, Any]]) -> str:
    """With its colours, light and dark."""
    style = STYLE + (STATIC / "sequence-alone.css").read_text("utf-8")
    return render("sequence.svg", picture=sequence(hops), anchor="sequence", alone=True, leads=False, style=style)
