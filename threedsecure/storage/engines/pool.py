"""The connections of one process to one PostgreSQL, and the threads that wait for them. A call that is not answered in time is
broken off, so that a server that hangs holds neither a request nor the end of the process."""

import asyncio
import select
import socket
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import get_ident
from typing import Any, TypeVar

from sqlalchemy import Engine, event
from sqlalchemy.exc import InvalidatePoolError

from threedsecure.storage.engines import postgresql, timeouts
from threedsecure.storage.errors import DatabaseAway

Result = TypeVar("Result")


class Pool:
    """Threads of its own, one for each connection: others' work never queues behind a database that hangs."""

    def __init__(self, address: str) -> None:
        """Connections are made when they are needed. Errors: `DatabaseUnusable` for an address that is none, or without the
        driver."""
        self.engine: Engine = postgresql.engine(address)
        self._threads = ThreadPoolExecutor(postgresql.POOLED + postgresql.MORE_WHEN_BUSY, "postgresql")
        self._under_way: set[asyncio.Future[Any]] = set()
        self._held: dict[int, Any] = {}
        self._silent = False
        event.listen(self.engine, "checkout", self._taken)
        event.listen(self.engine, "checkin", self._given_back)

    async def call(self, function: Callable[[], Result]) -> Result:
        """What `function` returns, from a thread. A caller that is cancelled does not end it. Errors: its own; `DatabaseAway`
        when it took too long, of which nobody knows whether it was done."""
        thread: list[int] = []

        def work() -> Result:
            thread.append(get_ident())
            return function()

        loop = asyncio.get_running_loop()
        future = loop.run_in_executor(self._threads, work)
        self._under_way.add(future)
        limit = timeouts.SECONDS * (timeouts.WHILE_SILENT if self._silent else 1)
        watch = loop.call_later(limit, self._break_off, future, thread)
        future.add_done_callback(self._over)
        future.add_done_callback(lambda _done: watch.cancel())
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            if not future.cancelled():
                raise
        raise DatabaseAway(f"{postgresql.shown(self.engine.url)} has not answered within {limit:g} seconds")

    def _over(self, future: asyncio.Future[Any]) -> None:
        self._under_way.discard(future)
        if not future.cancelled():
            self._silent = False
            future.exception()  # of a call that nobody waits for any more, nobody asks it

    async def close(self) -> None:
        """Let what is under way come to its end, within bounds."""
        if self._under_way:
            await asyncio.wait(self._under_way, timeout=timeouts.SECONDS * timeouts.WHILE_SILENT)
        for connection in list(self._held.values()):
            _hang_up(connection)
        self._threads.shutdown(cancel_futures=True)
        self.engine.dispose()

    def _break_off(self, future: asyncio.Future[Any], thread: list[int]) -> None:
        self._silent = True
        future.cancel()  # where it has not begun; a thread cannot be cancelled, but what it waits for can be taken from it
        connection = self._held.get(thread[0]) if thread else None
        if connection is not None:
            _hang_up(connection)

    def _taken(self, connection: Any, _record: Any, _fairy: Any) -> None:
        """Looks at an idle connection instead of asking over it: the server's end, or anything else that nobody waited for, can
        be read."""
        self._held[get_ident()] = connection
        if not _has_news(connection):
            return
        dialect = self.engine.dialect
        try:
            dialect.do_ping(connection)
        except dialect.loaded_dbapi.Error as error:
            raise InvalidatePoolError from error

    def _given_back(self, _connection: Any, _record: Any) -> None:
        self._held.pop(get_ident(), None)


def _has_news(connection: Any) -> bool:
    poll = getattr(select, "poll", None)
    if poll is None:  # pragma: no cover - Windows
        return bool(select.select([connection.fileno()], [], [], 0)[0])
    looked = poll()
    looked.register(connection.fileno(), select.POLLIN)
    return bool(looked.poll(0))


def _hang_up(connection: Any) -> None:
    """Whoever waits for this connection's server is told that it is gone."""
    import psycopg

    with (
        suppress(OSError, psycopg.Error),
        socket.fromfd(connection.fileno(), socket.AF_INET, socket.SOCK_STREAM) as end,
    ):
        end.shutdown(socket.SHUT_RDWR)
