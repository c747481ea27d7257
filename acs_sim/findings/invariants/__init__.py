"""What holds of every gateway whatever happens to it: rules over what its browser saw and what it says came of a payment."""

from typing import Any, Final

from acs_sim.findings.invariants import messages, pages, payments
from acs_sim.findings.model import Rule, rules_in

INVARIANTS: Final[tuple[Rule[Any], ...]] = rules_in(pages, payments, messages)
