"""What the processes of one simulator have to agree upon and no party owns: the clock, the faults in force, and by which key all is
sealed. Used only where several processes share one database."""

from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any, Final

import orjson
from sqlalchemy import Column, Connection, LargeBinary, MetaData, String, Table, bindparam, delete, insert, select, text

from threedsecure.storage.errors import DatabaseUnusable
from threedsecure.storage.rows import leases
from threedsecure.storage.schema import Schema

METADATA: Final = MetaData()

STATE: Final = Table(
    "shared_state",
    METADATA,
    Column("name", String(40), primary_key=True),
    Column("content", LargeBinary, nullable=False),
)

# Who has joined. A process that died is recognised by its listening connection, which ended with it.
MEMBERS: Final = Table("shared_member", METADATA, Column("name", String(40), primary_key=True))

SCHEMA: Final = Schema("shared", METADATA, "0001", Path(__file__).parent / "state_migrations")

KEY: Final = "key"
_JOINING: Final = text("SELECT pg_advisory_xact_lock(3251)")
_KEEP: Final = text(
    "INSERT INTO shared_state (name, content) VALUES (:name, :content) "
    "ON CONFLICT (name) DO UPDATE SET content = excluded.content"
)


_KEEP_FIRST: Final = text(
    "INSERT INTO shared_state (name, content) VALUES (:name, :content) ON CONFLICT (name) DO NOTHING"
)
_HELD: Final = select(STATE.c.content).where(STATE.c.name == bindparam("wanted")).with_for_update()


def join(connection: Connection, member: str, alive: Collection[str], key_mark: str) -> None:
    """Come in as `member`, one at a time. Whoever finds none of the members among those `alive` begins anew: what the
    processes of an earlier run agreed upon is over, as it is where there is one process. What those who are gone were working on
    is free from now on. `key_mark` stands for the master key and does not reveal it. Errors: `DatabaseUnusable` when the database
    was sealed with another one."""
    connection.execute(_JOINING)
    known = kept(connection, KEY)
    if known is not None and known != key_mark:
        raise DatabaseUnusable(
            "the database was sealed with another master key: give this machine the same one (the file `key` of the "
            "other's data folder, or --key-file)"
        )
    members = set(connection.execute(select(MEMBERS.c.name)).scalars())
    gone = members.difference(alive)
    if gone == members:
        connection.execute(delete(STATE))
        keep(connection, KEY, key_mark)
    if gone:
        connection.execute(delete(MEMBERS).where(MEMBERS.c.name.in_(gone)))
        leases.release(connection, gone)
    connection.execute(insert(MEMBERS).values(name=member))


def keep(connection: Connection, name: str, content: Any) -> None:
    connection.execute(_KEEP, {"name": name, "content": orjson.dumps(content)})


def keep_first(connection: Connection, name: str, content: Any) -> bool:
    """Keep it unless something is kept under `name`; whether it was kept."""
    return connection.execute(_KEEP_FIRST, {"name": name, "content": orjson.dumps(content)}).rowcount == 1


def change(connection: Connection, name: str, step: Callable[[Any], Any]) -> Any:
    """What `step` makes of what is kept under `name` (None when nothing is), kept; nobody else comes in between."""
    keep_first(connection, name, None)
    content = step(orjson.loads(connection.execute(_HELD, {"wanted": name}).scalar_one()))
    keep(connection, name, content)
    return content


def kept(connection: Connection, name: str) -> Any:
    """What was kept under `name`; None when nothing was."""
    found = connection.execute(select(STATE.c.content).where(STATE.c.name == name)).scalar_one_or_none()
    return None if found is None else orjson.loads(found)
