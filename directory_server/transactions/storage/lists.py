"""Card ranges as they were edited, and PReqs, inside a unit of work."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec import to_builtins
from sqlalchemy import Connection, delete, func, insert, select, update

from directory_server.ranges import Action, Change, Issuer, StandIn
from directory_server.transactions.storage.rows import instant
from directory_server.transactions.storage.tables import PREPARATIONS, RANGE_CHANGES, RANGE_LISTS
from threedsecure.cards.card_numbers import CardRange


class SerialMoved(RuntimeError):
    """The list of card ranges was edited by somebody else meanwhile."""


@dataclass(frozen=True, slots=True)
class StoredRanges:
    """A scheme's list of card ranges as stored: its serial number, the oldest one it remembers, and the edits since."""

    serial: int
    oldest: int
    changes: tuple[Change, ...]


def ranges(connection: Connection, scheme: str, base: str) -> StoredRanges:
    row = connection.execute(select(RANGE_LISTS).where(RANGE_LISTS.c.scheme == scheme).with_for_update()).first()
    if row is None:
        connection.execute(insert(RANGE_LISTS).values(scheme=scheme, base=base, serial=1, oldest=1))
        serial = oldest = 1
    elif row.base != base:
        serial = oldest = row.serial + 1
        this_list = update(RANGE_LISTS).where(RANGE_LISTS.c.scheme == scheme)
        connection.execute(this_list.values(base=base, serial=serial, oldest=oldest))
    else:
        serial, oldest = row.serial, row.oldest
    changes = select(RANGE_CHANGES).where(RANGE_CHANGES.c.scheme == scheme).order_by(RANGE_CHANGES.c.number)
    return StoredRanges(serial, oldest, tuple(_change(row) for row in connection.execute(changes)))


def change_ranges(connection: Connection, scheme: str, changes: Sequence[Change]) -> None:
    serial = changes[0].serial
    moved = connection.execute(
        update(RANGE_LISTS)
        .where(RANGE_LISTS.c.scheme == scheme, RANGE_LISTS.c.serial == serial - 1)
        .values(serial=serial)
    )
    if moved.rowcount != 1:
        raise SerialMoved(f"the card ranges of {scheme} are no longer at serial number {serial - 1}")
    connection.execute(
        insert(RANGE_CHANGES),
        [
            {
                "scheme": scheme,
                "serial": change.serial,
                "action": change.action.value,
                "start": change.card_range.start,
                "end": change.card_range.end,
                "issuer": to_builtins(change.card_range.value),
            }
            for change in changes
        ],
    )


def _change(row: Any) -> Change:
    stored = row.issuer
    issuer = Issuer(
        versions=tuple(stored["versions"]),
        acs_url=stored["acs_url"],
        three_ds_method_url=stored["three_ds_method_url"],
        acs_info_ind=tuple(stored["acs_info_ind"]),
        stand_in=StandIn(stored["stand_in"]),
        tells=stored.get("tells", {}),
    )
    return Change(row.serial, Action(row.action), CardRange(row.start, row.end, issuer))


def prepared(connection: Connection, scheme: str, reference_number: str, now: datetime, limit: int) -> bool:
    p = PREPARATIONS.c
    sender = (p.scheme == scheme) & (p.three_ds_server_ref_number == reference_number)
    # One PReq of a scheme after the other, or two processes would count past the limit.
    connection.execute(select(RANGE_LISTS.c.serial).where(RANGE_LISTS.c.scheme == scheme).with_for_update())
    connection.execute(delete(PREPARATIONS).where(sender, p.at <= instant(now - timedelta(hours=1))))
    counted = connection.execute(select(func.count()).select_from(PREPARATIONS).where(sender)).scalar_one()
    if counted >= limit:
        return False
    connection.execute(
        insert(PREPARATIONS).values(scheme=scheme, three_ds_server_ref_number=reference_number, at=instant(now))
    )
    return True


def forget(connection: Connection) -> None:
    """Every edit, and every PReq; a serial number never goes back, since a 3DS Server may hold it."""
    connection.execute(delete(PREPARATIONS))
    edited = select(RANGE_CHANGES.c.scheme).distinct()
    lists = update(RANGE_LISTS).where(RANGE_LISTS.c.scheme.in_(edited))
    connection.execute(lists.values(serial=RANGE_LISTS.c.serial + 1, oldest=RANGE_LISTS.c.serial + 1))
    connection.execute(delete(RANGE_CHANGES))
