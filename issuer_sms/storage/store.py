"""The units of work of the phone. Each reads, decides and writes in one transaction, and may be run again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from issuer_sms import delivery
from issuer_sms.callbacks import Callback, Subject
from issuer_sms.delivery import Network, State, Treatment
from issuer_sms.messages import Mark, NewMessage, TextMessage, receipt_document
from issuer_sms.prompts import Decision, NewPrompt, Prompt, PromptState, decide, decision_document
from issuer_sms.storage import callback_rows, message_rows, prompt_rows
from issuer_sms.storage.reading import Reader
from threedsecure.storage.database import Database
from threedsecure.vault import Vault

# A list of phones looks at this many of the newest texts and prompts, so that its cost does not grow with the table.
PHONES_WINDOW: Final = 2_000


@dataclass(frozen=True, slots=True)
class Change:
    """What a unit of work changed. `told`: there is something to tell the issuer. `next_due`: when time will change something."""

    next_due: datetime | None
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


@dataclass(slots=True)
class _Moved:
    """Rows that changed within a unit."""

    messages: list[message_rows.Row] = field(default_factory=list)
    prompts: list[prompt_rows.Row] = field(default_factory=list)
    told: bool = False


class PhoneStore:
    """Texts, prompts and callbacks of all phones."""

    def __init__(self, database: Database, vault: Vault, network: Network) -> None:
        self._database = database
        self._vault = vault
        self._network = network
        self._reader = Reader(vault)

    async def accept(self, new: NewMessage, now: datetime) -> tuple[TextMessage, Change]:
        """Take a text in, and let happen what is due at once; the text (its first copy) and all that changed."""
        sealed_body, sealed_url = self._vault.seal(new.body), self._sealed(new.callback_url)

        def work(connection: Connection) -> tuple[TextMessage, Change]:
            moved = self._advance(connection, now)
            passage = self._passage(connection, new.to, now)
            for index, message_id in enumerate(new.ids):
                first = index == 0
                row = message_rows.Row(
                    id=message_id,
                    phone=new.to,
                    sender=new.sender,
                    sealed_body=sealed_body,
                    reference=new.reference,
                    copy_of=None if first else new.ids[0],
                    sealed_callback_url=sealed_url if first else None,
                    passage=passage,
                )
                self._add(connection, row, now, moved)
            change = self._change(connection, moved)
            return next(message for message in change.messages if message.id == new.ids[0]), change

        return await self._database.run(work)

    async def advance(self, now: datetime) -> Change:
        """Let everything happen that is due by `now`."""
        return await self._database.run(lambda connection: self._change(connection, self._advance(connection, now)))

    async def message(self, message_id: str) -> TextMessage | None:
        def work(connection: Connection) -> TextMessage | None:
            row = message_rows.by_id(connection, message_id)
            return None if row is None else self._reader.read_texts(connection, [row])[0]

        return await self._database.read(work)

    async def mark_of(self, phone: str, message_id: str) -> Mark | None:
        """Where a text to `phone` stands among the others; None when there is no such text."""
        return await self._database.read(lambda connection: message_rows.mark_of(connection, phone, message_id))

    async def latest(self, phone: str, *, after: Mark | None, reference: str | None) -> TextMessage | None:
        """The text that arrived last; `after`: only if it came later than that one."""

        def work(connection: Connection) -> TextMessage | None:
            row = message_rows.latest(connection, phone, after=after, reference=reference)
            return None if row is None else self._reader.read_texts(connection, [row])[0]

        return await self._database.read(work)

    async def newest(
        self, limit: int, *, phone: str | None = None, state: State | None = None, reference: str | None = None
    ) -> list[TextMessage]:
        """The `limit` texts accepted last, in the order in which they were accepted."""

        def work(connection: Connection) -> list[TextMessage]:
            rows = message_rows.newest(connection, limit, phone=phone, state=state, reference=reference)
            return self._reader.read_texts(connection, rows)

        return await self._database.read(work)

    async def phones(self, limit: int) -> list[PhoneSummary]:
        """The phones that something came to lately, the most recent first."""

        def work(connection: Connection) -> list[PhoneSummary]:
            known = [*message_rows.phones(connection, PHONES_WINDOW), *prompt_rows.phones(connection, PHONES_WINDOW)]
            numbers = list(dict.fromkeys(known))[:limit]
            counts, pending = message_rows.counts(connection, numbers), prompt_rows.pending_counts(connection, numbers)
            last = [message_rows.latest(connection, number, after=None, reference=None) for number in numbers]
            texts = {
                text.to: text for text in self._reader.read_texts(connection, [row for row in last if row is not None])
            }
            return [PhoneSummary(n, counts.get(n, 0), pending.get(n, 0), texts.get(n)) for n in numbers]

        return await self._database.read(work)

    async def clear(self, phone: str) -> int:
        """Forget the texts of a phone, those on their way included; how many there were."""
        return await self._database.run(lambda connection: message_rows.remove(connection, phone))

    async def forget(self) -> None:
        def work(connection: Connection) -> None:
            message_rows.remove_all(connection)
            prompt_rows.remove_all(connection)
            callback_rows.remove_all(connection)

        await self._database.run(work)

    async def show(self, new: NewPrompt, now: datetime) -> tuple[Prompt, Change]:
        row = prompt_rows.Row(
            id=new.id,
            phone=new.to,
            sealed_title=self._vault.seal(new.title),
            sealed_body=self._vault.seal(new.body),
            reference=new.reference,
            sealed_callback_url=self._sealed(new.callback_url),
            state=PromptState.PENDING,
            created_at=now,
            expires_at=new.expires_at,
        )

        def work(connection: Connection) -> tuple[Prompt, Change]:
            moved = self._advance(connection, now)
            prompt_rows.add(connection, row)
            moved.prompts.append(row)
            change = self._change(connection, moved)
            return change.prompts[-1], change

        return await self._database.run(work)

    async def decide(self, prompt_id: str, decision: Decision, now: datetime) -> tuple[Prompt, Change] | None:
        """The prompt once decided, or None when there is no such prompt. Errors: `AlreadyOver`."""

        def work(connection: Connection) -> tuple[Prompt, Change] | None:
            row = prompt_rows.by_id(connection, prompt_id)
            if row is None:
                return None
            before = self._reader.read_prompts(connection, [row])[0]
            after = decide(before, decision, now)
            if after is before:
                return after, Change(_next_due(connection))
            prompt_rows.save_state(connection, prompt_id, after.state, after.decided_at)
            told = callback_rows.add(
                connection,
                Subject.PROMPT,
                prompt_id,
                sealed_url=row.sealed_callback_url,
                reference=row.reference,
                payload=decision_document(after, decision),
                now=now,
            )
            decided = self._reader.read_prompts(
                connection, [replace(row, state=after.state, decided_at=after.decided_at)]
            )
            return decided[0], Change(_next_due(connection), prompts=decided, told=told)

        return await self._database.run(work)

    async def prompt(self, prompt_id: str) -> Prompt | None:
        def work(connection: Connection) -> Prompt | None:
            row = prompt_rows.by_id(connection, prompt_id)
            return None if row is None else self._reader.read_prompts(connection, [row])[0]

        return await self._database.read(work)

    async def prompts(self, phone: str, limit: int, *, state: PromptState | None = None) -> list[Prompt]:
        return await self._database.read(
            lambda connection: self._reader.read_prompts(
                connection, prompt_rows.newest(connection, phone, limit, state=state)
            )
        )

    async def due_callbacks(
        self, now: datetime, *, besides: Collection[int], limit: int
    ) -> tuple[list[Callback], datetime | None]:
        """The callbacks to try now, and when another attempt will be due. `besides`: those under way."""

        def work(connection: Connection) -> tuple[list[Callback], datetime | None]:
            found = callback_rows.due(connection, self._vault, now, besides=besides, limit=limit)
            under_way = {*besides, *(callback.number for callback in found)}
            return found, callback_rows.next_due(connection, besides=under_way)

        return await self._database.read(work)

    async def save_attempt(self, callback: Callback) -> None:
        await self._database.run(lambda connection: callback_rows.save_attempt(connection, callback))

    async def close(self) -> None:
        await self._database.close()

    def _passage(self, connection: Connection, phone: str, now: datetime) -> delivery.Passage:
        treated = delivery.treatment(phone)
        waiting = treated is Treatment.OUT_OF_ORDER and message_rows.another_on_its_way(connection, phone)
        return delivery.accept(treated, now, self._network, another_on_its_way=waiting)

    def _add(self, connection: Connection, row: message_rows.Row, now: datetime, moved: _Moved) -> None:
        row = message_rows.with_arrival(connection, message_rows.moved_on(row, now))
        message_rows.add(connection, row)
        moved.messages.append(row)
        self._report(connection, row, now, moved)

    def _advance(self, connection: Connection, now: datetime) -> _Moved:
        moved = _Moved(message_rows.advance_due(connection, now), prompt_rows.expire_due(connection, now))
        for row in moved.messages:
            self._report(connection, row, now, moved)
        return moved

    def _report(self, connection: Connection, row: message_rows.Row, now: datetime, moved: _Moved) -> None:
        """Write the receipt, when the issuer asked for one and the passage is over."""
        if not row.passage.over:
            return
        moved.told |= callback_rows.add(
            connection,
            Subject.MESSAGE,
            row.id,
            sealed_url=row.sealed_callback_url,
            reference=row.reference,
            payload=receipt_document(self._reader.read_text(row)),
            now=now,
        )

    def _change(self, connection: Connection, moved: _Moved) -> Change:
        return Change(
            _next_due(connection),
            self._reader.read_texts(connection, moved.messages),
            self._reader.read_prompts(connection, moved.prompts),
            moved.told,
        )

    def _sealed(self, text: str | None) -> str | None:
        return None if text is None else self._vault.seal(text)


def _next_due(connection: Connection) -> datetime | None:
    instants = [message_rows.next_due(connection), prompt_rows.next_expiry(connection)]
    return min((instant for instant in instants if instant is not None), default=None)
