"""The units of work of the phone. Each reads, decides and writes in one transaction, and may be run again."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from sqlalchemy import Connection

from issuer_sms.callbacks import Callback, Subject
from issuer_sms.messages import delivery
from issuer_sms.messages.delivery import Network, State, Treatment
from issuer_sms.messages.records import Mark, NewMessage, TextMessage, receipt_document
from issuer_sms.prompts import Decision, NewPrompt, Prompt, PromptState, decide, decision_document
from issuer_sms.storage import callback_rows, message_rows, prompt_rows
from issuer_sms.storage.reading import Reader
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database
from threedsecure.storage.rows.leases import Leases

# A list of phones looks at this many of the newest texts and prompts, so that its cost does not grow with the table.
PHONES_WINDOW: Final = 2_000


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
        self._vault = vault
        self._network = network
        self._reader = Reader(vault)

    async def accept(self, new: NewMessage, now: datetime) -> Change:
        """Take a text in, and let happen what happens to it at once; the change holds its copies in order."""
        sealed_body, sealed_url = self._vault.seal(new.body), self._sealed(new.callback_url)

        def work(connection: Connection) -> Change:
            passage = delivery.advance(self._passage(connection, new.to, now), now)
            rows = [
                message_rows.Row(
                    id=message_id,
                    phone=new.to,
                    sender=new.sender,
                    sealed_body=sealed_body,
                    reference=new.reference,
                    copy_of=new.ids[0] if index else None,
                    sealed_callback_url=None if index else sealed_url,
                    passage=passage,
                )
                for index, message_id in enumerate(new.ids)
            ]
            added = [message_rows.add(connection, row) for row in rows]
            told = self._report(connection, added, now)
            return Change(self._reader.read_texts(connection, added), told=told)

        return await self._database.run(work)

    async def advance(self, now: datetime) -> tuple[Change, datetime | None]:
        """Let everything happen that is due by `now`; what changed, and when something will be due next."""

        def work(connection: Connection) -> tuple[Change, datetime | None]:
            moved, expired = message_rows.advance_due(connection, now), prompt_rows.expire_due(connection, now)
            told = self._report(connection, moved, now)
            texts = self._reader.read_texts(connection, moved)
            return Change(texts, self._reader.read_prompts(connection, expired), told), _next_due(connection)

        return await self._database.run(work)

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

    async def show(self, new: NewPrompt, now: datetime) -> Change:
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

        def work(connection: Connection) -> Change:
            prompt_rows.add(connection, row)
            return Change(prompts=self._reader.read_prompts(connection, [row]))

        return await self._database.run(work)

    async def decide(self, prompt_id: str, decision: Decision, now: datetime) -> tuple[Prompt, Change] | None:
        """The prompt once decided, or None when there is no such prompt. Errors: `AlreadyOver`."""

        def work(connection: Connection) -> tuple[Prompt, Change] | None:
            row = prompt_rows.by_id(connection, prompt_id, lock=True)
            if row is None:
                return None
            before = self._reader.read_prompts(connection, [row])[0]
            after = decide(before, decision, now)
            if after is before:
                return after, Change()
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
            return decided[0], Change(prompts=decided, told=told)

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
        """The callbacks to try now, by this process alone, and when another attempt will be due. `besides`: those under way."""

        def work(connection: Connection) -> tuple[list[Callback], datetime | None]:
            found = callback_rows.take_due(connection, self._vault, self.leases, now, besides=besides, limit=limit)
            under_way = {*besides, *(callback.number for callback in found)}
            return found, callback_rows.next_due(connection, self.leases, besides=under_way)

        return await (self._database.read(work) if self.leases.alone else self._database.run(work))

    async def callback(self, number: int) -> Callback | None:
        return await self._database.read(lambda connection: callback_rows.by_number(connection, self._vault, number))

    async def save_attempt(self, callback: Callback) -> None:
        await self._database.run(lambda connection: callback_rows.save_attempt(connection, callback))

    async def forget_before(self, at: datetime) -> int:
        """Some of the texts and prompts that are older than `at` and over, with what the issuer was told of them."""

        def work(connection: Connection) -> int:
            gone = [*message_rows.purge_before(connection, at), *prompt_rows.purge_before(connection, at)]
            callback_rows.purge(connection, gone)
            return len(gone)

        return await self._database.run(work)

    async def close(self) -> None:
        await self._database.close()

    def _passage(self, connection: Connection, phone: str, now: datetime) -> delivery.Passage:
        treated = delivery.treatment(phone)
        waiting = treated is Treatment.OUT_OF_ORDER and message_rows.another_on_its_way(connection, phone)
        return delivery.accept(treated, now, self._network, another_on_its_way=waiting)

    def _report(self, connection: Connection, rows: Sequence[message_rows.Row], now: datetime) -> bool:
        """Write the receipts of those whose passage is over, where the issuer asked for them; whether there were any."""
        asked = [row for row in rows if row.passage.over and row.sealed_callback_url is not None]
        for row in asked:
            callback_rows.add(
                connection,
                Subject.MESSAGE,
                row.id,
                sealed_url=row.sealed_callback_url,
                reference=row.reference,
                payload=receipt_document(self._reader.read_text(row)),
                now=now,
            )
        return bool(asked)

    def _sealed(self, text: str | None) -> str | None:
        return None if text is None else self._vault.seal(text)


def _next_due(connection: Connection) -> datetime | None:
    instants = [message_rows.next_due(connection), prompt_rows.next_expiry(connection)]
    return min((instant for instant in instants if instant is not None), default=None)
