"""The simulator as tests hold it: `threeds` and what it gives. Synchronous here, asynchronous in `acs_sim.testing.aio`.

Only the standard library is imported until a simulator is asked for.
"""

from acs_sim.testing.faults import Fault
from acs_sim.testing.findings import Finding, Findings
from acs_sim.testing.sync import (
    App,
    Authenticator,
    Card,
    Clock,
    Faults,
    Phone,
    ThreeDS,
    Transaction,
    complete_challenge,
)
from acs_sim.testing.values import (
    AppScreen,
    CardDetails,
    Message,
    Notification,
    NotInTime,
    Outcome,
    SimulatorRefused,
    SimulatorUnreachable,
    Status,
    Text,
)

__all__ = [
    "App",
    "AppScreen",
    "Authenticator",
    "Card",
    "CardDetails",
    "Clock",
    "Fault",
    "Faults",
    "Finding",
    "Findings",
    "Message",
    "NotInTime",
    "Notification",
    "Outcome",
    "Phone",
    "SimulatorRefused",
    "SimulatorUnreachable",
    "Status",
    "Text",
    "ThreeDS",
    "Transaction",
    "complete_challenge",
]
