"""What the directory server refused before a transaction began, among the desk's transactions. It goes by the identifier that the
message carried; what carried none, or was no message, by one that the journal has for it."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import Transaction
from threedsecure.web.wire import Problem

STATE: Final = "refused"
_FILTERS: Final = ("id", "pan", "since", "limit")


async def newest_refused(desk: Desk, wanted: Mapping[str, Any]) -> list[Transaction]:
    """Those that the filters of `/api/transactions` leave, the newest first; none when the directory server cannot be asked."""
    if wanted.get("state", STATE) != STATE:
        return []
    asked = {name: wanted[name] for name in _FILTERS if name in wanted}
    try:
        told = await desk.parties.call("ds", "/control/refusals", asked)
    except (Problem, Refused):
        return []
    return [msgspec.convert({**row, "state": STATE}, Transaction) for row in told.get("refusals", [])]
