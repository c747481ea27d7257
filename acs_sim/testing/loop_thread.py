"""An event loop in a thread of its own: what runs there neither waits for tests nor makes them wait."""

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from contextlib import AbstractAsyncContextManager, contextmanager
from threading import Thread
from typing import Any, TypeVar

Result = TypeVar("Result")


class LoopThread:
    """Runs coroutines for callers of both kinds. Close it; it does not outlive its process."""

    def __init__(self) -> None:
        started: Future[asyncio.AbstractEventLoop] = Future()
        self._stop = asyncio.Event()
        self._thread = Thread(target=self._live, args=(started,), name="acs-sim", daemon=True)
        self._thread.start()
        self._loop = started.result()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Wait for `work`. A caller who is interrupted takes it back."""
        future = self._submitted(work)
        try:
            return future.result()
        finally:
            future.cancel()

    async def awaited(self, work: Coroutine[Any, Any, Result]) -> Result:
        """The same for a coroutine of another loop, which goes on meanwhile."""
        return await asyncio.wrap_future(self._submitted(work))

    @contextmanager
    def holding(self, resource: AbstractAsyncContextManager[Result]) -> Iterator[Result]:
        """Enter and leave `resource` in one task of the loop. Errors: what entering and leaving it raises."""
        opened: Future[Result] = Future()
        close = asyncio.Event()
        held = self._submitted(_hold(resource, opened, close))
        either: tuple[Future[Any], ...] = (held, opened)
        wait(either, return_when=FIRST_COMPLETED)
        if not opened.done():
            held.result()
        try:
            yield opened.result()
        finally:
            self._loop.call_soon_threadsafe(close.set)
            held.result()

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    def _live(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        asyncio.run(self._until_stopped(started))

    async def _until_stopped(self, started: Future[asyncio.AbstractEventLoop]) -> None:
        started.set_result(asyncio.get_running_loop())
        await self._stop.wait()

    def _submitted(self, work: Coroutine[Any, Any, Result]) -> Future[Result]:
        return asyncio.run_coroutine_threadsafe(work, self._loop)


async def _hold(resource: AbstractAsyncContextManager[Result], opened: Future[Result], close: asyncio.Event) -> None:
    async with resource as value:
        opened.set_result(value)
        await close.wait()
