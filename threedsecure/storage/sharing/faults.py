"""The faults in force where several processes share one simulator: one list, and one count of the messages that met each."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    bindparam,
    delete,
    func,
    insert,
    select,
    update,
)

from threedsecure.storage.schema import Schema
from threedsecure.storage.sharing import state as shared

METADATA: Final = MetaData()

# A fault may name a card, so its document is sealed.
FAULTS: Final = Table(
    "shared_fault",
    METADATA,
    Column("number", Integer, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("document", Text, nullable=False),
    Column("met", Integer, nullable=False),
    sqlite_autoincrement=True,
)

SCHEMA: Final = Schema("shared_faults", METADATA, "0001", Path(__file__).parent / "faults_migrations")

BEGUN: Final = "faults"
_ALL: Final = select(FAULTS.c.name, FAULTS.c.document, FAULTS.c.met).order_by(FAULTS.c.number)
_COUNT: Final = (
    update(FAULTS).where(FAULTS.c.name == bindparam("wanted")).values(met=FAULTS.c.met + 1).returning(FAULTS.c.met)
)

Rows = Sequence[tuple[str, str]]
"""Names and sealed documents."""


def begin(connection: Connection, mark: str, standing: Rows) -> str:
    """The mark of those who count together: `mark` for whoever comes first, who finds nothing but `standing` in force."""
    if shared.keep_first(connection, BEGUN, mark):
        replace(connection, standing)
        return mark
    return str(shared.kept(connection, BEGUN))


def add(connection: Connection, rows: Rows, most: int) -> bool:
    """False when there would be more than `most`."""
    there: int = connection.execute(select(func.count()).select_from(FAULTS)).scalar_one()
    if there + len(rows) > most:
        return False
    _insert(connection, rows)
    return True


def replace(connection: Connection, rows: Rows) -> int:
    """How many there were."""
    gone = connection.execute(delete(FAULTS)).rowcount
    _insert(connection, rows)
    return gone


def match(connection: Connection, rows: Rows) -> None:
    """Have these and no others; those that are there go on counting."""
    connection.execute(delete(FAULTS).where(FAULTS.c.name.not_in([name for name, _ in rows])))
    known = set(connection.execute(select(FAULTS.c.name)).scalars())
    _insert(connection, [row for row in rows if row[0] not in known])


def remove(connection: Connection, name: str) -> bool:
    return connection.execute(delete(FAULTS).where(FAULTS.c.name == name)).rowcount == 1


def all_of(connection: Connection) -> list[tuple[str, str, int]]:
    """Names, sealed documents, and how many messages each has met, in the order in which they were put there."""
    return [(row.name, row.document, row.met) for row in connection.execute(_ALL)]


def count(connection: Connection, last: Mapping[str, int | None]) -> dict[str, int]:
    """Count a message for each: the number of it, by the names of those that are there. `last`: with which number one is over."""
    counted: dict[str, int] = {}
    for name in sorted(last):  # everybody takes the locks in the same order
        met = connection.execute(_COUNT, {"wanted": name}).scalar_one_or_none()
        if met is not None:
            counted[name] = met
    over = [name for name, met in counted.items() if met == last[name]]
    _delete(connection, over)
    return counted


def _insert(connection: Connection, rows: Rows) -> None:
    if rows:
        values: list[dict[str, Any]] = [{"name": name, "document": document, "met": 0} for name, document in rows]
        connection.execute(insert(FAULTS), values)


def _delete(connection: Connection, names: Collection[str]) -> None:
    if names:
        connection.execute(delete(FAULTS).where(FAULTS.c.name.in_(names)))
