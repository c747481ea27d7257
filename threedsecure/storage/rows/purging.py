"""Forgetting old rows a few at a time, so that no request waits behind it; rows that somebody works on are left for later."""

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, select

PER_STEP: Final = 500


def purge(
    connection: Connection, table: Table, key: Column[Any], where: ColumnElement[bool], order: Column[Any]
) -> Sequence[Any]:
    """Delete the first rows, by `order`, for which `where` holds; the `key` of each."""
    some = select(key).where(where).order_by(order).limit(PER_STEP).with_for_update(skip_locked=True)
    gone = list(connection.execute(some).scalars())
    if gone:
        connection.execute(delete(table).where(key.in_(gone)))
    return gone
