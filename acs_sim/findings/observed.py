"""One payment as somebody sees it who asks for it and looks at the gateway from outside: what invariants look at."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from acs_sim.findings.case import Case
from acs_sim.findings.model import Evidence

BROKEN: Final = frozenset({500, 501, 505})
"""Statuses of a server that did not know what to do; 502, 503 and 504 speak of others."""
OPEN: Final = "open"
ACCEPTED: Final = "accepted"
MARKUP: Final = "<b data-acs-sim>"
"""What is put into messages to see whether a page shows it as it came."""
ELSEWHERE: Final = "elsewhere.example"
"""A host that no page of a gateway leads to."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer of the gateway as text. `where`: its address, or what it answered; `said`: its Location and cookies."""

    where: str
    status: int
    text: str
    said: str = ""


@dataclass(frozen=True, slots=True)
class Observed:
    """One payment. `outcomes`: what the gateway said came of it, each time that this changed; `secrets`: texts by what they are,
    which no answer may hold; `asked`: elements of the AReq as the shop asked for them; `waited`: whether so much time passed that
    every payment is over; `returned`: how the shop answered the browser that came back from the bank, and whether it brought all
    that the shop had given it; `more`: transactions of the card beside those that were asked for; `wall`: the time without the
    simulator; `alone`: whether nothing else was bought meanwhile."""

    case: Case
    outcomes: Sequence[dict[str, Any]] = ()
    shown: Sequence[Shown] = ()
    secrets: Mapping[str, str] = field(default_factory=dict)
    asked: Mapping[str, Any] = field(default_factory=dict)
    waited: bool = False
    returned: Sequence[tuple[int, bool]] = ()
    more: Sequence[str] = ()
    wall: datetime | None = None
    alone: bool = True

    def tells(self, what: str, found: str, expected: str) -> Evidence:
        at = self.case.entries[-1].at if self.case.entries else ""
        return Evidence(self.case.transaction_id, len(self.case.entries), what, at, None, found, expected)
