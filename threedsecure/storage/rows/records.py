"""Records (dataclasses or structs) as rows of a table, field by field: what is kept of things that have a life."""

from collections.abc import Mapping, Sequence
from dataclasses import is_dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Generic, TypeVar, get_type_hints

import msgspec
from sqlalchemy import ColumnElement, Connection, LargeBinary, Table, bindparam, delete, func, insert, select, update

from threedsecure.secrets.vault import Vault
from threedsecure.storage.rows.prepared import Prepared
from threedsecure.storage.rows.purging import purge

Record = TypeVar("Record")
NUMBER: Final = "number"
SEALED: Final = "sealed_"


class Records(Generic[Record]):
    """Those of one table, which counts them in the column `number` and finds them by the column `key`.

    A field of `kind` stands in the column of its name; sealed, in `sealed_` and its name; a record in the columns of its own
    fields; a mapping as JSON. One without a column is not kept, and has a default. `names`: fields whose columns are called
    otherwise. Errors of whatever reads: `SealBroken`."""

    def __init__(
        self,
        table: Table,
        kind: type[Record],
        vault: Vault,
        names: Mapping[str, str] = MappingProxyType({}),
        *,
        key: str = "id",
    ) -> None:
        self.table = table
        self.columns = table.c
        self.key = table.c[key]
        self._kind = kind
        self._vault = vault
        self._insert: Prepared | None = None
        hints = get_type_hints(kind)
        self._within = {name: tuple(get_type_hints(hint)) for name, hint in hints.items() if _has_fields(hint)}
        named = {name: names.get(name, name) for name in hints}
        self._plain = {name: column for name, column in named.items() if column in table.c}
        self._sealed = {name: SEALED + name for name in named if SEALED + name in table.c}
        self._json = {name for name, column in self._plain.items() if isinstance(table.c[column].type, LargeBinary)}

    def values(self, record: Record) -> dict[str, Any]:
        """What is written of a record, by column."""
        told = msgspec.to_builtins(record, builtin_types=(datetime,))
        found = {column: told[name] for name, column in self._plain.items()}
        found |= {self._plain[name]: msgspec.json.encode(told[name]) for name in self._json}
        found |= {column: told[name] and self._vault.seal(told[name]) for name, column in self._sealed.items()}
        for name in self._within:
            found |= told[name]
        return found

    def read(self, row: Mapping[Any, Any]) -> Record:
        """The record in a row, by the names of the columns."""
        told = {name: row[column] for name, column in self._plain.items()}
        told |= {name: msgspec.json.decode(told[name]) for name in self._json}
        told |= {name: row[column] and self._vault.open(row[column]) for name, column in self._sealed.items()}
        told |= {name: {inner: row[inner] for inner in within} for name, within in self._within.items()}
        return msgspec.convert(told, self._kind)

    def add(self, connection: Connection, record: Record) -> Record:
        """The record as it was added."""
        row = {column: value for column, value in self.values(record).items() if column != NUMBER}
        if self._insert is None:
            self._insert = Prepared(insert(self.table).values({column: bindparam(column) for column in row}))
        self._insert.run(connection, row)
        return record

    def save(self, connection: Connection, record: Record) -> Record:
        """Write what has become of the record with its key; what is sealed never changes."""
        row = {column: value for column, value in self.values(record).items() if not column.startswith(SEALED)}
        connection.execute(update(self.table).where(self.key == row[self.key.name]).values(row))
        return record

    def of_key(self, connection: Connection, key: object, *, lock: bool = False) -> Record | None:
        """`lock`: for a unit that reads in order to write."""
        query = select(self.table).where(self.key == key)
        found = connection.execute(query.with_for_update() if lock else query).mappings().first()
        return None if found is None else self.read(found)

    def newest(self, connection: Connection, limit: int, **wanted: Any) -> list[Record]:
        """The last `limit` of those that have the `wanted` values, where these are not None, in the order in which they came."""
        where = [self.columns[column] == value for column, value in wanted.items() if value is not None]
        query = select(self.table).where(*where).order_by(self.columns.number.desc()).limit(limit)
        return [self.read(row) for row in reversed(connection.execute(query).mappings().all())]

    def due(self, connection: Connection, where: ColumnElement[bool], *order: ColumnElement[Any]) -> list[Record]:
        """Those that something is to happen to, held until it has."""
        query = select(self.table).where(where).order_by(*order, self.columns.number).with_for_update()
        return [self.read(row) for row in connection.execute(query).mappings().all()]

    def earliest(
        self, connection: Connection, column: str, *where: ColumnElement[bool], asked: Mapping[str, Any] | None = None
    ) -> datetime | None:
        """The first instant in a column; `asked`: the parameters that `where` names."""
        query = select(func.min(self.columns[column])).where(*where)
        instant: datetime | None = connection.execute(query, asked).scalar_one()
        return instant

    def counts(self, connection: Connection, column: str, values: Sequence[str], **wanted: Any) -> dict[str, int]:
        """How many there are of each value of a column, among those that have the `wanted` values."""
        key = self.columns[column]
        where = [key.in_(values), *(self.columns[name] == value for name, value in wanted.items())]
        counted = connection.execute(select(key, func.count()).where(*where).group_by(key))
        return {row[0]: row[1] for row in counted}

    def latest_values(self, connection: Connection, column: str, window: int) -> list[str]:
        """What stands in a column of the `window` newest rows, the most recent first."""
        newest = select(self.columns[column]).order_by(self.columns.number.desc()).limit(window)
        return list(dict.fromkeys(connection.execute(newest).scalars()))

    def purge(self, connection: Connection, where: ColumnElement[bool]) -> Sequence[str]:
        """Forget some of those for which `where` holds, the oldest first; their keys."""
        return purge(connection, self.table, self.key, where, self.columns.number)

    def remove(self, connection: Connection, *where: ColumnElement[bool]) -> int:
        """Forget them all, or those for which `where` holds; how many there were."""
        return connection.execute(delete(self.table).where(*where)).rowcount


def _has_fields(kind: Any) -> bool:
    return is_dataclass(kind) or (isinstance(kind, type) and issubclass(kind, msgspec.Struct))
