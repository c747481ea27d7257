"""Words between processes, by PostgreSQL's LISTEN and NOTIFY: one connection per process listens, what is said goes through the
pool. Words that were said while the connection was lost are lost; whoever listens is told that it was."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Final

from sqlalchemy import text

from threedsecure.storage.engines.pool import Pool
from threedsecure.storage.engines.postgresql import CONNECT_SECONDS, KEEPALIVES, for_the_driver
from threedsecure.storage.errors import DatabaseAway

CHANNEL: Final = "acs_sim"
LONGEST: Final = 7_500
"""Bytes of a word; PostgreSQL takes 7,999."""
_NAMED: Final = "acs-sim listener "
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 2.0
# The number keeps two equal words from being taken for one.
_SAY: Final = text(
    f"SELECT pg_notify('{CHANNEL}', word) FROM unnest(CAST(:words AS text[])) WITH ORDINALITY AS said(word, number) ORDER BY number"  # noqa: S608
)
_WHO: Final = text(
    "SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND application_name LIKE :like"
)


class Signals:
    """The words of one process, which goes by `name`."""

    def __init__(self, address: str, pool: Pool, name: str) -> None:
        self._address = address
        self._pool = pool
        self._name = name

    async def heard(self) -> AsyncIterator[str | None]:
        """Every word from now on, and None whenever the connection has come about (again)."""
        pause = _FIRST_PAUSE
        while True:
            try:
                async for word in self._heard_once():
                    pause = _FIRST_PAUSE
                    yield word
            except _errors():
                await asyncio.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    async def say(self, words: Sequence[str]) -> None:
        """In this order, to every process, this one included. Errors: `DatabaseAway`."""
        await self._pool.call(lambda: self._say(list(words)))

    async def listeners(self) -> set[str]:
        """The names of the processes that listen now. Errors: `DatabaseAway`."""
        return await self._pool.call(self._who)

    async def _heard_once(self) -> AsyncIterator[str | None]:
        import psycopg

        async with await psycopg.AsyncConnection.connect(
            for_the_driver(self._address),
            autocommit=True,
            connect_timeout=CONNECT_SECONDS,
            **{**KEEPALIVES, "application_name": _NAMED + self._name},
        ) as connection:
            await connection.execute(f"LISTEN {CHANNEL}")
            yield None
            async for notify in connection.notifies():
                yield notify.payload

    def _say(self, words: list[str]) -> None:
        try:
            with self._pool.engine.begin() as connection:
                connection.execute(_SAY, {"words": words})
        except _errors() as error:
            raise DatabaseAway("a word to the other processes could not be said") from error

    def _who(self) -> set[str]:
        try:
            with self._pool.engine.connect() as connection:
                found = connection.execute(_WHO, {"like": f"{_NAMED}%"}).scalars()
                return {name.removeprefix(_NAMED) for name in found}
        except _errors() as error:
            raise DatabaseAway("the other processes could not be counted") from error


def _errors() -> tuple[type[Exception], ...]:
    import psycopg
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.exc import TimeoutError as PoolTimeoutError

    return psycopg.Error, DBAPIError, PoolTimeoutError, OSError
