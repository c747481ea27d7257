"""An event loop whose time is virtual and whose order is drawn.

Nothing is waited for: where nobody is ready, time jumps to the next timer, or somewhat beyond it, as on a machine that was busy.
Those who are ready in one turn run in an order that the seed draws. What a process that was killed had still to do is not done.
"""

import asyncio
import heapq
import logging
import sys
from asyncio import base_events, events
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from random import Random
from typing import Any, Final

LATE_SHARE: Final = 0.15
"""How often a timer comes late."""
LATE_SECONDS: Final = (0.001, 0.02, 0.3)
TURN_SECONDS: Final = 20e-6
MOST_TURNS: Final = 100_000
"""Of one run: fifty times as many as one takes."""
MOST_TURNS_ON_END: Final = 20_000
MOST_EXITS: Final = 200
"""Places at which one task waits on its way out."""


class NoProgress(RuntimeError):
    """Nobody is ready and nobody waits, or somebody is ready for ever: time stands still."""


class Killed(KeyboardInterrupt):
    """The process that did this died of it. No handler of `Exception` hears of it, and the loop lets it through."""


class _Gone(BaseException):
    """The process of this task is no more."""


class Owner:
    """Whose work a callback is. `over`: nothing of it is done any more."""

    over = False

    def __init__(self) -> None:
        self.tasks: dict[_Task, None] = {}


OWNER: ContextVar[Owner | None] = ContextVar("owner", default=None)


class _Future(asyncio.Future):
    """One that knows whose it is, and has its number for a hash: a set of them has the same order in every run."""

    owner: Owner | None = None
    number = 0

    def __hash__(self) -> int:
        return self.number


class _Task(asyncio.Task):
    """The same."""

    def __init__(self, number: int, owner: Owner | None, coroutine: Coroutine[Any, Any, Any], **more: Any) -> None:
        self.number = number
        self.owner = owner
        self.coroutine = coroutine
        super().__init__(coroutine, **more)

    def __hash__(self) -> int:
        return self.number


class DrawnLoop(base_events.BaseEventLoop):
    """asyncio's own loop without a selector: nothing comes from outside."""

    def __init__(self, source: Random) -> None:
        super().__init__()
        self._source = source
        self._now = 0.0
        self._made_so_far = 0
        self._busy = 0
        self._selector = None
        self.set_task_factory(self._made)
        self.turns = 0
        self.unheard: list[str] = []
        """What was told to the loop because nobody else was there to be told."""
        self.at_death: Callable[[], None] = lambda: None
        """Told that what runs has killed its process."""

    def time(self) -> float:
        return self._now

    def leap(self, seconds: float) -> None:
        """The machine sleeps for so long."""
        self._now += seconds

    def create_future(self) -> "asyncio.Future[Any]":
        self._made_so_far += 1
        future = _Future(loop=self)
        future.owner, future.number = OWNER.get(), self._made_so_far
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """What nobody has asked for of those that live."""
        owner = getattr(context.get("future") or context.get("task"), "owner", None)
        if owner is None or not owner.over:
            self.unheard.append(f"{context.get('message')}: {context.get('exception')!r}")

    def run_in_executor(self, _executor: object, function: Callable[..., Any], *given: Any) -> "asyncio.Future[Any]":
        """A thread that is as fast as the loop."""
        future = self.create_future()
        self.call_soon(_carry_out, future, function, given)
        return future

    def end_of(self, owner: Owner) -> None:
        """Let everything fall that is the work of `owner`."""
        owner.over = True
        for task in owner.tasks:
            task._log_destroy_pending = False
        context = Context()
        context.run(OWNER.set, owner)
        with _in_silence():
            for task in list(owner.tasks):
                context.run(_dropped, task)
            owner.tasks.clear()
        self._scheduled = [timer for timer in self._scheduled if not _is_over(timer)]
        heapq.heapify(self._scheduled)

    def _run_once(self) -> None:
        self.turns += 1
        if self.turns > MOST_TURNS:
            raise NoProgress(f"{self.turns} turns, and it is not over")
        ready, scheduled = self._ready, self._scheduled
        while scheduled and scheduled[0]._cancelled:
            heapq.heappop(scheduled)._scheduled = False
        if ready:
            self._busy += 1
            if self._busy > MOST_TURNS_ON_END:
                raise NoProgress(f"somebody was ready {self._busy} times on end, and no time passed")
        elif scheduled:
            self._busy = 0
            self._now = max(self._now, scheduled[0]._when) + self._late()
        self._now += TURN_SECONDS
        while scheduled and scheduled[0]._when <= self._now:
            timer = heapq.heappop(scheduled)
            timer._scheduled = False
            ready.append(timer)
        if not ready and not scheduled and not self._stopping:
            raise NoProgress("nobody is ready, and nobody waits")
        turn = list(ready)
        ready.clear()
        if len(turn) > 1:
            self._source.shuffle(turn)
        for handle in turn:
            if handle._cancelled or _is_over(handle):
                continue
            try:
                handle._run()
            except Killed:
                self.at_death()

    def _late(self) -> float:
        if self._source.random() >= LATE_SHARE:
            return 0.0
        return self._source.choice(LATE_SECONDS) * self._source.random()

    def _made(self, _loop: object, coroutine: Coroutine[Any, Any, Any], **more: Any) -> _Task:
        self._made_so_far += 1
        context = more.get("context")
        owner = OWNER.get() if context is None else context.get(OWNER)
        task = _Task(self._made_so_far, owner, coroutine, loop=self, **more)
        if owner is not None:
            owner.tasks[task] = None
            task.add_done_callback(lambda done: owner.tasks.pop(done, None), context=Context())
        return task

    # What a loop without a selector has of the others.

    def _process_events(self, _events: object) -> None: ...

    def _write_to_self(self) -> None: ...

    def _asyncgen_finalizer_hook(self, agen: Any) -> None:
        self._asyncgens.discard(agen)


@contextmanager
def _in_silence() -> Iterator[None]:
    """Nobody reads what a process says that is no more."""
    told, sys.unraisablehook = sys.unraisablehook, lambda _unraisable: None
    logging.disable()
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)
        sys.unraisablehook = told


def _is_over(handle: events.Handle) -> bool:
    owner = handle._context.get(OWNER)
    return owner is not None and owner.over


def _carry_out(future: "asyncio.Future[Any]", function: Callable[..., Any], given: tuple[Any, ...]) -> None:
    if future.cancelled():
        return
    try:
        future.set_result(function(*given))
    except Exception as error:  # noqa: BLE001 - as an executor hands it on
        future.set_exception(error)


def _dropped(task: _Task) -> None:
    """It is taken out of every place where it waits, and nothing that it would do on its way out succeeds."""
    for _ in range(MOST_EXITS):
        try:
            task.coroutine.throw(_Gone())
        except BaseException:  # noqa: BLE001 - it is no more
            return
