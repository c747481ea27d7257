"""Records of which one column has most, as a sealed JSON document: a peer filled much of it, and may have put anything there.
What is searched for, or is sealed apart, has columns of its own."""

from datetime import datetime
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec.structs import fields
from sqlalchemy import ColumnElement, Connection, Table, delete, select, true

from threedsecure.secrets.vault import Box
from threedsecure.storage.rows.purging import PER_STEP

Record = TypeVar("Record", bound=msgspec.Struct)
_encoder: Final = msgspec.json.Encoder()


class Documents(Generic[Record]):
    """Those of one kind of struct. `apart`: the fields that are not in the document."""

    def __init__(self, kind: type[Record], *apart: str) -> None:
        self._kind = kind
        within = [field for field in fields(kind) if field.name not in apart]
        self._names = tuple(field.name for field in within)
        self._decoder: msgspec.json.Decoder[Any] = msgspec.json.Decoder(
            msgspec.defstruct(kind.__name__, [(field.name, field.type, field.default) for field in within])
        )

    def write(self, box: Box, record: Record) -> bytes:
        return box.seal_document(_encoder.encode({name: getattr(record, name) for name in self._names}))

    def read(self, box: Box, written: bytes, **apart: Any) -> Record:
        """Errors: `SealBroken`."""
        document = self._decoder.decode(box.open_document(written))
        return self._kind(**{name: getattr(document, name) for name in self._names}, **apart)

    def forget_before(
        self, connection: Connection, box: Box, table: Table, at: datetime, where: ColumnElement[bool] | None = None
    ) -> int:
        """Some of the first rows for which `where` holds: those that did not change since `at`."""
        some = select(table.c.number, table.c.document).where(true() if where is None else where)
        rows = connection.execute(some.order_by(table.c.number).limit(PER_STEP).with_for_update(skip_locked=True)).all()
        old = [row.number for row in rows if self._decoder.decode(box.open_document(row.document)).updated_at < at]
        if old:
            connection.execute(delete(table).where(table.c.number.in_(old)))
        return len(old)


def searchable(name: str) -> str:
    """A name that a peer sent: not every text can be bound to a statement, and what cannot names nothing."""
    return name if name.isascii() and "\0" not in name else ""
