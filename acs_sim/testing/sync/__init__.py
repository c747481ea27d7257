# Generated from acs_sim/testing/aio/__init__.py by `python -m tests.support.twins`. Do not edit.
"""The same for tests that are plain functions."""

from acs_sim.testing.sync.authenticator import Authenticator
from acs_sim.testing.sync.faults import Faults
from acs_sim.testing.sync.pages import complete_challenge
from acs_sim.testing.sync.simulator import App, Card, Clock, Phone, ThreeDS, Transaction

__all__ = [
    "App",
    "Authenticator",
    "Card",
    "Clock",
    "Faults",
    "Phone",
    "ThreeDS",
    "Transaction",
    "complete_challenge",
]
