"""State diagrams (Mermaid), drawn from the transition tables."""

from collections.abc import Iterator, Mapping
from typing import Any

from acs.v1 import states as acs_v1
from acs.v2 import states as acs_v2
from acs_sim.gateway.records import states as purchase
from directory_server.transactions import states as directory_server

Cells = Mapping[Any, str]
"""(state, event) → state."""


def acs() -> str:
    """The EMV 3DS transaction at the ACS."""
    return _diagram({(state, event): to for state, row in acs_v2.TRANSITIONS.items() for event, to in row.items()})


def acs_1_0_2() -> str:
    """The 1.0.2 authentication at the ACS."""
    return _diagram(acs_v1.TRANSITIONS)


def at_the_directory_server() -> str:
    """The transaction at the directory server."""
    return _diagram(directory_server.TRANSITIONS)


def at_the_gateway() -> str:
    """A purchase at the reference gateway."""
    return _diagram(purchase.TRANSITIONS)


def _diagram(cells: Cells) -> str:
    """The table as a state diagram: it begins at the first state of the table, and ends where only what changes nothing follows.
    What leaves a state where it is, is not drawn."""
    return "\n".join(["```mermaid", "stateDiagram-v2", *_lines(cells), "```"])


def _lines(cells: Cells) -> Iterator[str]:
    moves = {cell: to for cell, to in cells.items() if to != cell[0]}
    states = list(dict.fromkeys([*(state for state, _event in cells), *cells.values()]))
    yield f"    [*] --> {_name(states[0])}"
    for state in states:
        yield from (f"    {_name(state)} --> {_name(to)}: {event}" for (at, event), to in moves.items() if at == state)
        if all(at != state for at, _event in moves):
            yield f"    {_name(state)} --> [*]"


def _name(state: Any) -> str:
    return str(state).replace("-", "_")
