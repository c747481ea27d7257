"""The only place where the gateway speaks to the database."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, Table, delete, func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from acs_sim.gateway.records.card_ranges import CachedRanges
from acs_sim.gateway.records.orders import Order
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.records.tables import CARD_RANGES, KEYS, ORDERS, PURCHASES, SCHEMA, TRANSACTIONS
from acs_sim.gateway.records.transactions import Kept
from threedsecure.storage.database import Database
from threedsecure.storage.errors import NameTaken
from threedsecure.storage.opened import Opened
from threedsecure.storage.rows.purging import purge
from threedsecure.storage.schema import Schema
from threedsecure.v2.validation.identifiers import one_spelling

MAX_LISTED: Final = 100
# SQLAlchemy spells ON CONFLICT once per dialect; SQL itself does not.
_KEEP_RANGES: Final = text(
    "INSERT INTO gateway_card_ranges (scheme, fetched_ms, document) VALUES (:scheme, :fetched_ms, :document) "
    "ON CONFLICT (scheme) DO UPDATE SET fetched_ms = excluded.fetched_ms, document = excluded.document"
)
_KEEP_KEY: Final = text("INSERT INTO gateway_key (name, sealed) VALUES (:name, :sealed) ON CONFLICT DO NOTHING")
_KEEP_SECRET: Final = text(
    "INSERT INTO gateway_key (name, sealed) VALUES (:name, :sealed) ON CONFLICT (name) DO UPDATE SET sealed = excluded.sealed"
)
_OF_SCRIPTS: Final = "merchants"
"""The secret that a script has left, and that a reset forgets."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_encode = msgspec.json.encode


class NotKnown(LookupError):
    """No such purchase or order."""


class PurchaseStorage(Opened):
    """Purchases, orders, card ranges and keys. A change is read, stepped and written in one unit of work."""

    def __init__(self, open_database: Callable[[Schema], Database]) -> None:
        super().__init__(SCHEMA, open_database)

    async def forget(self) -> None:
        """Everything but the keys, which only say that it is still the same gateway."""

        def work(connection: Connection) -> None:
            for table in (PURCHASES, ORDERS, CARD_RANGES, TRANSACTIONS):
                connection.execute(delete(table))
            connection.execute(delete(KEYS).where(KEYS.c.name == _OF_SCRIPTS))

        await self.database.run(work)

    async def forget_before(self, at: datetime) -> int:
        """Some of the purchases and orders that were begun before `at`; a purchase in which something is due stays."""
        before = _milliseconds(at)
        begun, due, ordered = PURCHASES.c.created_ms, PURCHASES.c.due_ms, ORDERS.c.created_ms

        def work(connection: Connection) -> int:
            purchases = purge(connection, PURCHASES, PURCHASES.c.id, (begun < before) & due.is_(None), begun)
            orders = purge(connection, ORDERS, ORDERS.c.reference, ordered < before, ordered)
            number, made = TRANSACTIONS.c.number, TRANSACTIONS.c.created_ms
            transactions = purge(connection, TRANSACTIONS, number, made < before, made)
            return len(purchases) + len(orders) + len(transactions)

        return await self.database.run(work)

    async def add(self, purchase: Purchase) -> Purchase:
        """Errors: `NameTaken`."""
        row = {"id": purchase.id, "created_ms": _milliseconds(purchase.created_at), **_purchase_row(purchase)}
        await self._insert(PURCHASES, row)
        return purchase

    async def purchase(self, identifier: str) -> Purchase:
        """Errors: `NotKnown`."""
        return await self.database.read(
            lambda connection: _purchase(connection, PURCHASES.c.id == searchable(identifier))
        )

    async def purchase_by_token(self, token: str) -> Purchase:
        """Errors: `NotKnown`."""
        return await self.database.read(
            lambda connection: _purchase(connection, PURCHASES.c.token == searchable(token))
        )

    async def change(self, identifier: str, step: Callable[[Purchase], Purchase]) -> Purchase:
        """The purchase after `step`, a pure function. What `step` raises is raised here, and nothing is written.

        Errors: `NotKnown`."""

        def work(connection: Connection) -> Purchase:
            changed = step(_purchase(connection, PURCHASES.c.id == searchable(identifier), lock=True))
            connection.execute(
                update(PURCHASES).where(PURCHASES.c.id == searchable(identifier)).values(_purchase_row(changed))
            )
            return changed

        return await self.database.run(work)

    async def due(self, now: datetime) -> list[str]:
        """Purchases that wait for the gateway to do something, longest first."""
        query = select(PURCHASES.c.id).where(PURCHASES.c.due_ms <= _milliseconds(now)).order_by(PURCHASES.c.due_ms)
        return await self.database.read(lambda connection: list(connection.execute(query.limit(MAX_LISTED)).scalars()))

    async def next_due(self) -> datetime | None:
        first = await self.database.read(
            lambda connection: connection.execute(select(func.min(PURCHASES.c.due_ms))).scalar()
        )
        return None if first is None else _EPOCH + timedelta(milliseconds=first)

    async def newest(self, limit: int) -> list[Purchase]:
        query = select(PURCHASES.c.document).order_by(PURCHASES.c.created_ms.desc(), PURCHASES.c.id).limit(limit)
        rows = await self.database.read(lambda connection: list(connection.execute(query).scalars()))
        return [msgspec.json.decode(row, type=Purchase) for row in rows]

    async def add_order(self, order: Order) -> None:
        """Errors: `NameTaken`."""
        row = {
            "reference": order.reference,
            "token": order.token,
            "document": _encode(order),
            "created_ms": _milliseconds(order.created_at),
        }
        await self._insert(ORDERS, row)

    async def order(self, reference: str) -> Order:
        """Errors: `NotKnown`."""
        return await self.database.read(
            lambda connection: _order(connection, ORDERS.c.reference == searchable(reference))
        )

    async def order_by_token(self, token: str) -> Order:
        """Errors: `NotKnown`."""
        return await self.database.read(lambda connection: _order(connection, ORDERS.c.token == searchable(token)))

    async def change_order(self, reference: str, step: Callable[[Order], Order]) -> Order:
        """Errors: `NotKnown`, and what `step` raises."""

        def work(connection: Connection) -> Order:
            changed = step(_order(connection, ORDERS.c.reference == searchable(reference), lock=True))
            statement = update(ORDERS).where(ORDERS.c.reference == searchable(reference))
            connection.execute(statement.values(document=_encode(changed)))
            return changed

        return await self.database.run(work)

    async def card_ranges(self, scheme: str) -> tuple[CachedRanges, datetime] | None:
        """What was last told of a scheme's ranges, and when."""
        query = select(CARD_RANGES.c.document, CARD_RANGES.c.fetched_ms).where(CARD_RANGES.c.scheme == scheme)
        row = await self.database.read(lambda connection: connection.execute(query).first())
        if row is None:
            return None
        return msgspec.json.decode(row.document, type=CachedRanges), _EPOCH + timedelta(milliseconds=row.fetched_ms)

    async def keep_card_ranges(self, scheme: str, ranges: CachedRanges, at: datetime) -> None:
        row = {"scheme": scheme, "fetched_ms": _milliseconds(at), "document": _encode(ranges)}

        def work(connection: Connection) -> None:
            connection.execute(_KEEP_RANGES, row)

        await self.database.run(work)

    async def key(self, name: str, make: Callable[[], str]) -> str:
        """The sealed key of that name; `make` gives it the first time. Of two processes that make it, one has made it."""

        def work(connection: Connection) -> str:
            query = select(KEYS.c.sealed).where(KEYS.c.name == name)
            known: str | None = connection.execute(query).scalar_one_or_none()
            if known is None:
                connection.execute(_KEEP_KEY, {"name": name, "sealed": make()})
                known = connection.execute(query).scalar_one()
            return known

        return await self.database.run(work)

    async def merchants(self) -> str | None:
        """The sealed merchants that scripts have added."""
        query = select(KEYS.c.sealed).where(KEYS.c.name == _OF_SCRIPTS)
        return await self.database.read(lambda connection: connection.execute(query).scalar_one_or_none())

    async def keep_merchants(self, sealed: str) -> None:
        def work(connection: Connection) -> None:
            connection.execute(_KEEP_SECRET, {"name": _OF_SCRIPTS, "sealed": sealed})

        await self.database.run(work)

    async def add_kept(self, kept: Kept) -> None:
        """A transaction, or what an authentication came to. Errors: `NameTaken`."""
        row = {"number": kept.number, "order_key": kept.order, "created_ms": _milliseconds(kept.at)}
        await self._insert(TRANSACTIONS, {**row, "document": _encode(kept)})

    async def are_kept(self, *numbers: str) -> bool:
        """Whether something goes by any of `numbers`."""
        query = select(TRANSACTIONS.c.number).where(TRANSACTIONS.c.number.in_(numbers)).limit(1)
        return await self.database.read(lambda connection: connection.execute(query).first() is not None)

    async def kept(self, number: str) -> Kept:
        """Errors: `NotKnown`."""
        return await self.database.read(lambda connection: _kept(connection, number))

    async def change_kept(self, number: str, step: Callable[[Kept], Kept]) -> Kept:
        """Errors: `NotKnown`, and what `step` raises."""

        def work(connection: Connection) -> Kept:
            changed = step(_kept(connection, number, lock=True))
            statement = update(TRANSACTIONS).where(TRANSACTIONS.c.number == searchable(number))
            connection.execute(statement.values(document=_encode(changed)))
            return changed

        return await self.database.run(work)

    async def kept_of_order(self, key: str) -> list[Kept]:
        """The oldest first."""
        query = select(TRANSACTIONS.c.document).where(TRANSACTIONS.c.order_key == key)
        query = query.order_by(TRANSACTIONS.c.created_ms).limit(MAX_LISTED)
        rows = await self.database.read(lambda connection: list(connection.execute(query).scalars()))
        return [msgspec.json.decode(row, type=Kept) for row in rows]

    async def _insert(self, table: Table, row: Mapping[str, Any]) -> None:
        """Errors: `NameTaken`."""

        def work(connection: Connection) -> None:
            connection.execute(insert(table), row)

        try:
            await self.database.run(work)
        except IntegrityError as error:
            raise NameTaken(table.name) from error


def searchable(name: str) -> str:
    """A name that anybody may have sent: not every text can be bound to a statement, and what cannot names nothing."""
    return one_spelling(name) if name.isprintable() else ""


def _milliseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(milliseconds=1)


def _purchase_row(purchase: Purchase) -> dict[str, Any]:
    due = purchase.due_at
    return {
        "token": purchase.token,
        # Rounded up: what is found to be due is due, also where the clock stands still within that millisecond.
        "due_ms": None if due is None else _milliseconds(due + timedelta(microseconds=999)),
        "document": _encode(purchase),
    }


def _purchase(connection: Connection, where: Any, *, lock: bool = False) -> Purchase:
    query = select(PURCHASES.c.document).where(where)
    row = connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if row is None:
        raise NotKnown("no such purchase")
    return msgspec.json.decode(row, type=Purchase)


def _order(connection: Connection, where: Any, *, lock: bool = False) -> Order:
    query = select(ORDERS.c.document).where(where)
    row = connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if row is None:
        raise NotKnown("no such order")
    return msgspec.json.decode(row, type=Order)


def _kept(connection: Connection, number: str, *, lock: bool = False) -> Kept:
    query = select(TRANSACTIONS.c.document).where(TRANSACTIONS.c.number == searchable(number))
    row = connection.execute(query.with_for_update() if lock else query).scalar_one_or_none()
    if row is None:
        raise NotKnown("no such transaction")
    kept: Kept = msgspec.json.decode(row, type=Kept)
    return kept
