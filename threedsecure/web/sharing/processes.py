"""What the processes of one simulator tell each other, so that any of them can answer any request.

A word has a topic and a small content. `tell` is heard soon, in the order in which one process tells; `tell_all` returns when every
process has acted upon it, so that whoever is answered afterwards sees it wherever he asks next. `change` keeps what all go by, also
those that start later. Where there is one process, all of this is nothing.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final, Protocol
from uuid import uuid4

import orjson
import structlog

from threedsecure.storage.database import Database
from threedsecure.storage.errors import DatabaseAway, DatabaseUnusable
from threedsecure.storage.sharing import state as table
from threedsecure.storage.sharing.signals import LONGEST, Signals
from threedsecure.web.scheduler import Loops

log = structlog.get_logger()

Receive = Callable[[Any], Awaitable[None]]
HEARD_BY_ALL_WITHIN_SECONDS: Final = 8.0
LOOK_FOR_THE_DEAD_AFTER_SECONDS: Final = 0.5
JOINED_WITHIN_SECONDS: Final = 30.0
SAID_AT_ONCE: Final = 200


class Shared(Protocol):
    """The other processes."""

    @property
    def worker(self) -> str | None:
        """A name that no other process has; None where there is no other."""
        ...

    def on(self, topic: str, receive: Receive) -> None:
        """Have `receive` called with the content of every word of `topic` that another process says, one word after the other,
        and with None when words may have been missed."""
        ...

    def tell(self, topic: str, content: Any = None) -> None:
        """Tell the others, soon."""
        ...

    async def tell_all(self, topic: str, content: Any = None) -> None:
        """Return when all others have acted; not later than within a few seconds, though one of them be dead."""
        ...

    async def tell_everybody(self, topic: str, content: Any = None) -> None:
        """Like `tell_all`, and this process acts as well, in its turn: what is looked up last stands last."""
        ...

    async def change(self, topic: str, step: Callable[[Any], Any]) -> None:
        """Keep what `step` makes of what is kept (None when nothing is), and have everybody look it up. Nobody else comes in
        between; `step` may be run again, and what it raises its caller gets."""
        ...

    async def shared(self, topic: str) -> Any:
        """What is kept; None when nothing is."""
        ...


class Alone:
    """One process."""

    worker = None

    def on(self, topic: str, receive: Receive) -> None: ...

    def tell(self, topic: str, content: Any = None) -> None: ...

    async def tell_all(self, topic: str, content: Any = None) -> None: ...

    async def tell_everybody(self, topic: str, content: Any = None) -> None: ...

    async def change(self, topic: str, step: Callable[[Any], Any]) -> None: ...

    async def shared(self, topic: str) -> Any:
        return None


@dataclass
class _Question:
    """A word that every process has to act upon; `open` are those that have not yet."""

    open: set[str]
    answered: asyncio.Event = field(default_factory=asyncio.Event)

    def acted(self, name: str) -> None:
        self.only_of(self.open - {name})

    def only_of(self, names: set[str]) -> None:
        """Nobody but these is waited for."""
        self.open &= names
        if not self.open:
            self.answered.set()


@dataclass(frozen=True)
class _Own:
    """A word to itself."""

    topic: str
    content: Any
    acted: asyncio.Event = field(default_factory=asyncio.Event)


class Together:
    """One of several processes on one PostgreSQL. Works between entering and leaving `joined`."""

    def __init__(self, worker: str, signals: Signals, database: Database, loops: Loops | None = None) -> None:
        self._worker = worker
        self._signals = signals
        self._database = database
        self._loops = loops or Loops()
        self._receivers: defaultdict[str, list[Receive]] = defaultdict(list)
        self._outgoing: asyncio.Queue[str] = asyncio.Queue()
        self._incoming: asyncio.Queue[dict[str, Any] | _Own | None] = asyncio.Queue()
        self._questions: dict[str, _Question] = {}
        self._left: set[str] = set()
        self._listening = asyncio.Event()

    @property
    def worker(self) -> str:
        return self._worker

    def on(self, topic: str, receive: Receive) -> None:
        self._receivers[topic].append(receive)

    def tell(self, topic: str, content: Any = None) -> None:
        self._outgoing.put_nowait(_word(self._worker, topic, content))

    async def tell_all(self, topic: str, content: Any = None) -> None:
        """Errors: `DatabaseAway`."""
        others = await self._signals.listeners() - self._left - {self._worker}
        if not others:
            return
        name, question = uuid4().hex, _Question(others)
        self._questions[name] = question
        try:
            self._outgoing.put_nowait(_word(self._worker, topic, content, question=name))
            async with asyncio.timeout(HEARD_BY_ALL_WITHIN_SECONDS):
                await self._answered(question)
        except TimeoutError:
            log.warning("not every process has answered", topic=topic, silent=len(question.open))
        finally:
            del self._questions[name]

    async def _answered(self, question: _Question) -> None:
        """By all who live: whoever dies meanwhile listens no longer."""
        while not question.answered.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_FOR_THE_DEAD_AFTER_SECONDS):
                    await question.answered.wait()
                    return
            question.only_of(await self._signals.listeners())

    async def tell_everybody(self, topic: str, content: Any = None) -> None:
        """Errors: `DatabaseAway`."""
        own = _Own(topic, content)
        self._incoming.put_nowait(own)
        await self.tell_all(topic, content)
        await own.acted.wait()

    async def change(self, topic: str, step: Callable[[Any], Any]) -> None:
        """Errors: `DatabaseAway`."""
        await self._database.run(lambda connection: table.change(connection, topic, step))
        await self.tell_everybody(topic)

    async def shared(self, topic: str) -> Any:
        return await self._database.read(lambda connection: table.kept(connection, topic))

    @asynccontextmanager
    async def joined(self, key_mark: str) -> AsyncIterator[None]:
        """Listen, speak and act for as long as the context lasts. `key_mark` stands for the master key.

        Errors: `DatabaseUnusable`."""
        kept = self._loops.kept
        async with (
            kept("hearing other processes", self._listen),
            kept("telling other processes", self._speak),
            kept("doing what other processes say", self._act),
        ):
            try:
                await self._join(key_mark)
                yield
            finally:
                await self._fall_silent()

    async def _join(self, key_mark: str) -> None:
        try:
            async with asyncio.timeout(JOINED_WITHIN_SECONDS):
                await self._listening.wait()
        except TimeoutError as error:
            raise DatabaseUnusable("no connection to PostgreSQL that listens could be had") from error
        alive = await self._signals.listeners()
        await self._database.run(lambda connection: table.join(connection, self._worker, alive, key_mark))

    async def _fall_silent(self) -> None:
        """What was to be told is told before the end, and that it is the end."""
        self.tell("leave")
        with suppress(TimeoutError):
            async with asyncio.timeout(HEARD_BY_ALL_WITHIN_SECONDS):
                await self._outgoing.join()

    async def _listen(self) -> None:
        async for word in self._signals.heard():
            if word is None:
                again = self._listening.is_set()
                self._listening.set()
                if again:
                    self._incoming.put_nowait(None)
                continue
            said = orjson.loads(word)
            if said["to"] == "answer":
                self._take_answer(said)
            elif said["to"] == "leave":
                self._take_leave(said["from"])
            elif said["from"] != self._worker:
                self._incoming.put_nowait(said)

    def _take_answer(self, said: dict[str, Any]) -> None:
        question = self._questions.get(said["question"])
        if question is not None:
            question.acted(said["from"])

    def _take_leave(self, name: str) -> None:
        self._left.add(name)
        for question in self._questions.values():
            question.acted(name)

    async def _speak(self) -> None:
        while True:
            words = [await self._outgoing.get()]
            while len(words) < SAID_AT_ONCE and not self._outgoing.empty():
                words.append(self._outgoing.get_nowait())
            try:
                await self._signals.say(words)
            except DatabaseAway as error:
                log.warning("the other processes were not told", error=str(error), words=len(words))
            for _ in words:
                self._outgoing.task_done()

    async def _act(self) -> None:
        while True:
            said = await self._incoming.get()
            if said is None:
                for topic in list(self._receivers):
                    await self._receive(topic, None)
                continue
            if isinstance(said, _Own):
                await self._receive(said.topic, said.content)
                said.acted.set()
                continue
            await self._receive(said["to"], said["content"])
            if said["question"] is not None:
                self._outgoing.put_nowait(_word(self._worker, "answer", None, question=said["question"]))

    async def _receive(self, topic: str, content: Any) -> None:
        """One that fails keeps the others from nothing."""
        for receive in self._receivers.get(topic, ()):
            try:
                await receive(content)
            except Exception:
                log.exception("bug", service="shared", path=topic)


def _word(worker: str, topic: str, content: Any, question: str | None = None) -> str:
    """Errors: ValueError for a content that is longer than a word may be."""
    word = orjson.dumps({"from": worker, "to": topic, "content": content, "question": question})
    if len(word) > LONGEST:
        raise ValueError(f"a word of {topic} has {len(word)} bytes; {LONGEST} at most")
    return word.decode()
