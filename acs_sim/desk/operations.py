"""The control API: every call. The routes and the OpenAPI document are both made from this list."""

from typing import Final

from acs_sim.desk.api.calls import Operation
from acs_sim.desk.control import (
    authentication_values,
    cards,
    check,
    clock,
    faults,
    findings,
    merchants,
    namespaces,
    notices,
    passkeys,
    ranges,
    rules,
)
from acs_sim.desk.transactions import apps, cardholder, events, journal
from acs_sim.desk.transactions import list as transactions

_MODULES: Final = (
    cards,
    passkeys,
    transactions,
    cardholder,
    apps,
    findings,
    journal,
    events,
    ranges,
    notices,
    merchants,
    rules,
    check,
    authentication_values,
    faults,
    clock,
    namespaces,
)
OPERATIONS: Final = tuple(one for module in _MODULES for one in vars(module).values() if isinstance(one, Operation))
