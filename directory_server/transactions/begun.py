"""Transactions that have begun and are not written yet: most are answered within milliseconds, and one row written then, with the
answer, costs half of one written twice.

Nobody is told an answer before its row is safe. What is not answered soon is written as it stands, and whatever else is to happen
to a transaction finds it written (`storage`). A process that dies takes along only what began a moment ago and
was answered to nobody."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Final

from directory_server.transactions.records import Transaction

HELD_SECONDS: Final = 0.1
"""At least; twice that at most."""


class Begun:
    """Those of one process. `write` has them written, and lets them go."""

    def __init__(self, write: Callable[[list[Transaction]], Coroutine[Any, Any, None]]) -> None:
        self._write = write
        self._held: dict[str, Transaction] = {}
        self._older: list[str] = []
        self._look_again: asyncio.TimerHandle | None = None
        self._writing: asyncio.Task[None] | None = None

    def hold(self, transaction: Transaction) -> bool:
        """False where one of this dsTransID is held already."""
        if transaction.ds_trans_id in self._held:
            return False
        self._held[transaction.ds_trans_id] = transaction
        if self._look_again is None:
            self._look_later()
        return True

    def get(self, ds_trans_id: str) -> Transaction | None:
        return self._held.get(ds_trans_id)

    def all(self) -> list[Transaction]:
        return list(self._held.values())

    def let_go(self, ds_trans_id: str) -> None:
        """It is written, or was given up."""
        self._held.pop(ds_trans_id, None)

    def clear(self) -> None:
        self._held.clear()

    async def close(self) -> None:
        """Have the rest written."""
        if self._look_again is not None:
            self._look_again.cancel()
        if self._writing is not None:
            await self._writing
        if self._held:
            await self._write(self.all())

    def _look_later(self) -> None:
        self._look_again = asyncio.get_running_loop().call_later(HELD_SECONDS, self._look)

    def _look(self) -> None:
        late = [self._held[name] for name in self._older if name in self._held]
        self._older, self._look_again = list(self._held), None
        if self._held:
            self._look_later()
        if late and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write(late), name="transactions that wait")
