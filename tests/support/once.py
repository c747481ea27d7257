"""What a test process makes once, and no test can tell from what is made anew: empty tables in memory, RSA keys, compiled
pages, connections to a database that is lent again and again.

A service makes them when it starts, and here one starts for nearly every test: they were half of the suite's time.
"""

import atexit
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from itertools import cycle
from typing import Any, TypeVar

from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from sqlalchemy import Engine

from acs_sim.gateway import app as gateway
from tests.support.postgresql import LENT
from threedsecure.storage.engines import postgresql
from threedsecure.storage.on_sqlite import SqliteDatabase, SqliteFile
from threedsecure.storage.schema import Schema
from threedsecure.v1.signature import pki
from threedsecure.web.serving import templates

Key = TypeVar("Key")
_IDLE: list[dict[str, Any]] = []
_KEYS = 7  # more than one set of signing keys has, and prime to it, so that two sets share no place


class _InMemory(SqliteFile):
    """Nothing is in it. At its end it is emptied and handed on."""

    def __init__(self) -> None:
        if _IDLE:
            self.__dict__.update(_IDLE.pop())
        else:
            super().__init__(None)
            self.prepared: set[Schema] = set()

    def prepare(self, schema: Schema) -> None:
        if schema not in self.prepared:
            super().prepare(schema)
            self.prepared.add(schema)

    async def close(self) -> None:
        self._carry_out_waiting()
        if self._connection.in_transaction():
            await super().close()
            return
        _empty(self._connection.connection.driver_connection)
        _IDLE.append(dict(self.__dict__) | {"_companion": None})
        self._waiting, self._connection = [], None  # who still used it would write into another's


def in_memory(life: AsyncExitStack) -> Callable[[Schema], SqliteDatabase]:
    """How parties open their tables."""
    file = _InMemory()
    life.push_async_callback(file.close)
    return lambda schema: SqliteDatabase(file, schema)


def _empty(connection: Any) -> None:
    connection.execute("PRAGMA foreign_keys=OFF")
    named = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '%\\_version' ESCAPE '\\'"
    for (table,) in connection.execute(named).fetchall():
        connection.execute(f"DELETE FROM {table}")
    connection.execute("PRAGMA foreign_keys=ON")


def sign_with_keys_made_once() -> None:
    """The six keys of an ACS's signers take a quarter of a second, and a gateway has one, too."""
    new_key, new_pem = pki._new_key, gateway._new_key
    signers, gateways = cycle(_made(new_key, _KEYS)), cycle(_made(new_pem, 2))
    pki._new_key = lambda: next(signers)
    gateway._new_key = lambda: next(gateways)


def _made(new_key: Callable[[], Key], count: int) -> Iterator[Key]:
    return (new_key() for _ in range(count))


class _Compiled(BytecodeCache):
    """The code of every template that was shown."""

    def __init__(self) -> None:
        self._codes: dict[tuple[str, str, tuple[str, ...]], Any] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._codes.get(self._key(bucket))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._codes[self._key(bucket)] = bucket.code

    @staticmethod
    def _key(bucket: Bucket) -> tuple[str, str, tuple[str, ...]]:
        return bucket.key, bucket.checksum, tuple(sorted(bucket.environment.extensions))


def compile_pages_once() -> None:
    templates.Environment = partial(Environment, bytecode_cache=_Compiled())


def connect_once() -> None:
    """To a database that is lent to one test after the other: its connections outlive the service that had them made."""
    new_engine, engines = postgresql.engine, dict[str, Engine]()

    def engine(address: str) -> Engine:
        if f"/{LENT}_" not in address:
            return new_engine(address)
        if address not in engines:
            engines[address] = made = new_engine(address)
            atexit.register(made.dispose)
            made.dispose = lambda: _left(made)
        return engines[address]

    postgresql.engine = engine


def _left(engine: Engine) -> None:
    """Nobody is told any more of what becomes of its connections."""
    engine.pool.dispatch.checkout.clear()
    engine.pool.dispatch.checkin.clear()
