"""Purchases of 3-D Secure 1.0.2 among the desk's transactions. The ACS knows them; the directory server keeps nothing of a VEReq.

One goes by the message id of its VEReq, and is found by that of its PAReq, its xid, its acctID and its acsTransID too.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import Transaction
from threedsecure.web.wire import Problem

_ALIKE: Final = ("scheme", "version", "pan", "amount", "currency", "exponent", "merchant", "state", "xid", "acsTransID")


async def newest_classic(desk: Desk, wanted: Mapping[str, Any]) -> list[Transaction]:
    """Those that the filters of `/api/transactions` leave, the newest first; none when the ACS cannot be asked."""
    asked = {name: wanted[name] for name in ("id", "pan") if name in wanted}
    try:
        told = await desk.parties.call("acs", "/control/3ds1/authentications", asked)
    except (Problem, Refused):
        return []
    found = [_transaction(row) for row in reversed(told.get("authentications", []))]
    return [one for one in found if _is_wanted(one, wanted)]


def is_classic(transaction: Transaction) -> bool:
    return transaction.version is not None and transaction.version.startswith("1.")


def _is_wanted(one: Transaction, wanted: Mapping[str, Any]) -> bool:
    if "state" in wanted and one.state != wanted["state"]:
        return False
    since, created = wanted.get("since"), one.created_at
    return since is None or created is None or datetime.fromisoformat(created) >= datetime.fromisoformat(since)


def _transaction(row: Mapping[str, Any]) -> Transaction:
    alike = {name: row.get(name) for name in _ALIKE}
    return Transaction(
        row["vereq"], transStatus=row.get("status"), created_at=row.get("created_at"), challenge=dict(row), **alike
    )
