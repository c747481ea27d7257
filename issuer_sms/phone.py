"""The phone at work: takes texts in, lets time deliver them, and tells whoever waits."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import datetime
from typing import Any, TypeVar

import structlog

from issuer_sms.callbacks import Callback
from issuer_sms.messages import delivery
from issuer_sms.messages.records import Mark, TextMessage, message_document
from issuer_sms.news.processes import RESET, TOPIC, as_word, callback_news, read
from issuer_sms.news.subscribers import News, Publisher
from issuer_sms.prompts import Decision, Prompt, PromptState, prompt_document
from issuer_sms.storage import Change, PhoneStore
from threedsecure.web.clock import Clock
from threedsecure.web.randomness import with_new_names
from threedsecure.web.scheduler import first_of
from threedsecure.web.sharing.processes import Alone, Shared

log = structlog.get_logger()

Found = TypeVar("Found")


class Phone:
    """All handsets and the network that serves them. What time has made due is done before anything is read, so that whoever
    moves the clock and looks sees the world as of then."""

    def __init__(
        self, store: PhoneStore, clock: Clock, new_id: Callable[[str], str], shared: Shared | None = None
    ) -> None:
        """`new_id(thing)`: a new identifier for what is sent about `thing`; `shared`: the other processes that serve the same
        handsets."""
        self.publisher = Publisher()
        self._shared = shared or Alone()
        self._shared.on(TOPIC, self._others_told)
        self._shared.on(RESET, self._others_forgot)
        self.told = asyncio.Event()
        self._store = store
        self._clock = clock
        self._new_id = new_id
        self._next_due: datetime | None = None
        self._looked = False
        self._rescheduled = asyncio.Event()

    @property
    def store(self) -> PhoneStore:
        return self._store

    def now(self) -> datetime:
        return self._clock.now()

    async def accept(
        self, to: str, sender: str, body: str, *, reference: str | None, callback_url: str | None
    ) -> TextMessage:
        """Take a text in; it is answered once it is stored, and has arrived unless the network is slow."""
        await self.settle()

        async def added() -> Change:
            ids = tuple(self._new_id(reference or to) for _ in range(delivery.copies(delivery.treatment(to))))
            now = self._clock.now()
            return await self._store.accept(ids, to, sender, body, now, reference=reference, callback_url=callback_url)

        change = await with_new_names(added)
        self._publish(change)
        return change.messages[0]

    async def show(
        self,
        to: str,
        title: str,
        body: str,
        *,
        reference: str | None,
        callback_url: str | None,
        expires_at: datetime | None,
    ) -> Prompt:
        """Ask the cardholder something in the banking app."""

        async def added() -> Change:
            name, now = self._new_id(reference or to), self._clock.now()
            pending = PromptState.PENDING
            return await self._store.show(
                Prompt(name, to, title, body, reference, pending, now, expires_at, callback_url=callback_url)
            )

        change = await with_new_names(added)
        self._publish(change)
        return change.prompts[0]

    async def decide(self, prompt_id: str, decision: Decision) -> Prompt | None:
        """The prompt once decided, None when there is no such prompt. Errors: `AlreadyOver`."""
        await self.settle()
        decided = await self._store.decide(prompt_id, decision, self._clock.now())
        if decided is None:
            return None
        self._publish(decided[1])
        return decided[0]

    async def latest(
        self, number: str, *, after: Mark | None, reference: str | None, wait: float
    ) -> TextMessage | None:
        """The text that arrived last, as soon as there is one; None when `wait` real seconds have passed without."""

        async def find() -> TextMessage | None:
            return await self._store.latest(number, after=after, reference=reference)

        return await self._await_news(number, find, wait)

    async def prompts(self, number: str, limit: int, *, state: PromptState | None, wait: float) -> list[Prompt]:
        """The prompts of a phone, as soon as there are some; none when `wait` real seconds have passed without."""

        async def find() -> list[Prompt] | None:
            return await self._store.prompts(number, limit, state=state) or None

        return await self._await_news(number, find, wait) or []

    async def clear(self, number: str) -> int:
        """Forget the texts of a phone, those on their way included; how many there were."""
        cleared = await self._store.clear(number)
        self.publisher.publish(News("cleared", number, {"number": number}))
        await self._shared.tell_all(TOPIC, as_word("cleared", number, None))
        return cleared

    async def forget(self) -> None:
        await self._store.forget()
        self.publisher.publish(News("reset", None, {}))
        await self._shared.tell_all(RESET)

    async def settle(self) -> None:
        """Let everything happen that is due by now."""
        now = self._clock.now()
        if self._looked and (self._next_due is None or self._next_due > now):
            return
        change, self._next_due = await self._store.advance(now)
        self._looked = True
        self._rescheduled.set()
        self._publish(change)

    async def deliver_forever(self) -> None:
        """Deliver and expire as time passes, beginning with what was due while nobody was here."""
        while True:
            await self.settle()
            self._rescheduled.clear()
            waits: list[Coroutine[Any, Any, object]] = [self._rescheduled.wait()]
            if self._next_due is not None:
                waits.append(self._clock.sleep_until(self._next_due))
            await first_of(*waits)

    async def _others_told(self, word: dict[str, Any] | None) -> None:
        """Another process changed something of a phone; None: any of them, anything."""
        self._looked = False
        self._rescheduled.set()
        if word is None:
            self.publisher.wake_all()
        elif (news := await read(word, self._store, self.publisher)) is not None:
            self.publisher.publish(news)

    async def _others_forgot(self, _content: None) -> None:
        self._looked = False
        self.publisher.publish(News("reset", None, {}))

    async def _await_news(self, number: str, find: Callable[[], Awaitable[Found | None]], wait: float) -> Found | None:
        with self.publisher.watching(number) as news:
            await self.settle()
            found = await find()
            try:
                async with asyncio.timeout(wait):
                    while found is None:
                        await news.wait()
                        news.clear()
                        found = await find()
            except TimeoutError:
                return None
            return found

    def _publish(self, change: Change) -> None:
        for message in change.messages:
            self._expect(message.passage.due and message.passage.due[1])
            self._tell("message", message.to, message.id, message, message_document)
        for prompt in change.prompts:
            self._expect(prompt.expires_at if prompt.state is PromptState.PENDING else None)
            self._tell("prompt", prompt.to, prompt.id, prompt, prompt_document)
        if change.told:
            self.told.set()

    def _expect(self, due: datetime | None) -> None:
        if due is not None and (self._next_due is None or due < self._next_due):
            self._next_due = due
            self._rescheduled.set()

    def tell_of(self, callback: Callback) -> None:
        """A callback was carried, or not."""
        news = callback_news(callback)
        self.publisher.publish(news)
        self._shared.tell(TOPIC, as_word("callback", news.phone or "", callback.number))

    def _tell(self, kind: str, number: str, name: str, subject: Any, document: Callable[[Any], dict[str, Any]]) -> None:
        self.publisher.publish(News(kind, number, document(subject) if self.publisher.subscribers else {}))
        self._shared.tell(TOPIC, as_word(kind, number, name))
