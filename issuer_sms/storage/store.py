"""The units of work of the phone. Each reads, decides and writes in one transaction, and may be run again."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar

from msgspec.structs import replace
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from issuer_sms.callbacks import Callback
from issuer_sms.messages import delivery
from issuer_sms.messages.delivery import Network, State, Treatment
from issuer_sms.messages.records import Mark, TextMessage, receipt_document
from issuer_sms.prompts import Decision, Prompt, PromptState, decide, decision_document
from issuer_sms.storage.callback_rows import CallbackRows
from issuer_sms.storage.message_rows import MessageRows, another_on_its_way, mark_of
from issuer_sms.storage.prompt_rows import PromptRows
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.errors import NameTaken
from threedsecure.storage.rows.leases import Leases

# A list of phones looks at this many of the newest texts and prompts, so that its cost does not grow with the table.
PHONES_WINDOW: Final = 2_000
Subject = TypeVar("Subject", TextMessage, Prompt)


@dataclass(frozen=True, slots=True)
class Change:
    """What a unit of work changed. `told`: there is something to tell the issuer."""

    messages: Sequence[TextMessage] = ()
    prompts: Sequence[Prompt] = ()
    told: bool = False


@dataclass(frozen=True, slots=True)
class PhoneSummary:
    """One phone in a list. `latest`: the text that arrived last."""

    number: str
    messages: int
    pending_prompts: int
    latest: TextMessage | None


class PhoneStore:
    """Texts, prompts and callbacks of all phones."""

    def __init__(self, database: Database, vault: Vault, network: Network, worker: str | None = None) -> None:
        """`worker`: of several processes on these tables, this one."""
        self.leases = Leases(worker)
        self._database = database
        self._network = network
        self._messages = MessageRows(vault)
        self._prompts = PromptRows(vault)
        self._callbacks = CallbackRows(vault, self.leases)

    async def accept(
        self,
        ids: Sequence[str],
        to: str,
        sender: str,
        body: str,
        now: datetime,
        *,
        reference: str | None,
        callback_url: str | None,
    ) -> Change:
        """Take a text in, and let happen what happens to it at once; the change holds its copies in order. `ids`: one for each.
        Errors: `NameTaken`."""

        def work(connection: Connection) -> Change:
            passage = delivery.advance(self._passage(connection, to, now), now)
            first = TextMessage(ids[0], to, sender, body, passage, reference, callback_url=callback_url)
            others = [replace(first, id=one, copy_of=ids[0], callback_url=None) for one in ids[1:]]
            added = [self._messages.add(connection, text) for text in (first, *others)]
            return Change(self._told_of(connection, added), told=self._report(connection, added, now))

        return await self._added(work)

    async def advance(self, now: datetime) -> tuple[Change, datetime | None]:
        """Let everything happen that is due by `now`; what changed, and when something will be due next."""

        def work(connection: Connection) -> tuple[Change, datetime | None]:
            moved, expired = self._messages.advance_due(connection, now), self._prompts.expire_due(connection, now)
            told = self._report(connection, moved, now)
            change = Change(self._told_of(connection, moved), self._told_of(connection, expired), told)
            instants = (self._messages.earliest(connection, "due_at"), self._prompts.next_expiry(connection))
            return change, min((instant for instant in instants if instant is not None), default=None)

        return await self._database.run(work)

    async def message(self, message_id: str) -> TextMessage | None:
        return await self._database.read(lambda c: self._one(c, self._messages.of_key(c, message_id)))

    async def mark_of(self, phone: str, message_id: str) -> Mark | None:
        """Where a text to `phone` stands among the others; None when there is no such text."""
        return await self._database.read(lambda connection: mark_of(connection, phone, message_id))

    async def latest(self, phone: str, *, after: Mark | None, reference: str | None) -> TextMessage | None:
        """The text that arrived last; `after`: only if it came later than that one."""
        return await self._database.read(
            lambda c: self._one(c, self._messages.latest(c, phone, after=after, reference=reference))
        )

    async def newest(
        self, limit: int, *, phone: str | None = None, state: State | None = None, reference: str | None = None
    ) -> list[TextMessage]:
        """The `limit` texts accepted last, in the order in which they were accepted."""
        wanted = {"phone": phone, "state": state, "reference": reference}
        return await self._database.read(lambda c: self._told_of(c, self._messages.newest(c, limit, **wanted)))

    async def phones(self, limit: int) -> list[PhoneSummary]:
        """The phones that something came to lately, the most recent first."""

        def work(connection: Connection) -> list[PhoneSummary]:
            both = [rows.latest_values(connection, "phone", PHONES_WINDOW) for rows in (self._messages, self._prompts)]
            numbers = list(dict.fromkeys((*both[0], *both[1])))[:limit]
            counts = self._messages.counts(connection, "phone", numbers)
            pending = self._prompts.counts(connection, "phone", numbers, state=PromptState.PENDING)
            last = [self._messages.latest(connection, number) for number in numbers]
            texts = {text.to: text for text in self._told_of(connection, [one for one in last if one is not None])}
            return [PhoneSummary(n, counts.get(n, 0), pending.get(n, 0), texts.get(n)) for n in numbers]

        return await self._database.read(work)

    async def clear(self, phone: str) -> int:
        """Forget the texts of a phone, those on their way included; how many there were."""
        return await self._database.run(lambda c: self._messages.remove(c, self._messages.columns.phone == phone))

    async def forget(self) -> None:
        def work(connection: Connection) -> None:
            for rows in (self._messages, self._prompts, self._callbacks):
                rows.remove(connection)

        await self._database.run(work)

    async def show(self, prompt: Prompt) -> Change:
        """Errors: `NameTaken`."""
        return await self._added(lambda connection: Change(prompts=[self._prompts.add(connection, prompt)]))

    async def _added(self, work: Callable[[Connection], Change]) -> Change:
        try:
            return await self._database.run(work)
        except IntegrityError as error:
            raise NameTaken("a message or a prompt") from error

    async def decide(self, prompt_id: str, decision: Decision, now: datetime) -> tuple[Prompt, Change] | None:
        """The prompt once decided, or None when there is no such prompt. Errors: `AlreadyOver`."""

        def work(connection: Connection) -> tuple[Prompt, Change] | None:
            before = self._one(connection, self._prompts.of_key(connection, prompt_id, lock=True))
            if before is None:
                return None
            after = decide(before, decision, now)
            if after is before:
                return after, Change()
            self._prompts.save(connection, after)
            told = self._callbacks.tell(connection, after, decision_document(after, decision), now)
            decided = self._told_of(connection, [after])
            return decided[0], Change(prompts=decided, told=told)

        return await self._database.run(work)

    async def prompt(self, prompt_id: str) -> Prompt | None:
        return await self._database.read(lambda c: self._one(c, self._prompts.of_key(c, prompt_id)))

    async def prompts(self, phone: str, limit: int, *, state: PromptState | None = None) -> list[Prompt]:
        return await self._database.read(
            lambda c: self._told_of(c, self._prompts.newest(c, limit, phone=phone, state=state))
        )

    async def due_callbacks(
        self, now: datetime, *, besides: Collection[int], limit: int
    ) -> tuple[list[Callback], datetime | None]:
        """The callbacks to try now, by this process alone, and when another attempt will be due. `besides`: those under way."""
        unit = self._database.read if self.leases.alone else self._database.run
        return await unit(lambda c: self._callbacks.take_due(c, now, besides=besides, limit=limit))

    async def callback(self, number: int) -> Callback | None:
        return await self._database.read(lambda connection: self._callbacks.of_key(connection, number))

    async def save_attempt(self, callback: Callback) -> None:
        await self._database.run(lambda connection: self._callbacks.save(connection, callback))

    async def forget_before(self, at: datetime) -> int:
        """Some of the texts and prompts that are older than `at` and over, with what the issuer was told of them."""
        texts, prompts = self._messages.columns, self._prompts.columns

        def work(connection: Connection) -> int:
            gone = [
                *self._messages.purge(connection, (texts.queued_at < at) & texts.due_at.is_(None)),
                *self._prompts.purge(connection, prompts.created_at < at),
            ]
            self._callbacks.purge_told(connection, gone)
            return len(gone)

        return await self._database.run(work)

    async def close(self) -> None:
        await self._database.close()

    def _passage(self, connection: Connection, phone: str, now: datetime) -> delivery.Passage:
        treated = delivery.treatment(phone)
        waiting = treated is Treatment.OUT_OF_ORDER and another_on_its_way(connection, phone)
        return delivery.accept(treated, now, self._network, another_on_its_way=waiting)

    def _report(self, connection: Connection, texts: Sequence[TextMessage], now: datetime) -> bool:
        """Write the receipts of those whose passage is over, where the issuer asked for them; whether there were any."""
        over = [text for text in texts if text.passage.over]
        told = [self._callbacks.tell(connection, text, receipt_document(text), now) for text in over]
        return any(told)

    def _told_of(self, connection: Connection, subjects: Sequence[Subject]) -> list[Subject]:
        """The same with what the issuer was told, or is to be told, of each."""
        asked = [one.id for one in subjects if one.callback_url is not None]
        told = self._callbacks.of_subjects(connection, asked) if asked else {}
        return [replace(one, callback=told.get(one.id)) for one in subjects]

    def _one(self, connection: Connection, found: Subject | None) -> Subject | None:
        return None if found is None else self._told_of(connection, [found])[0]
