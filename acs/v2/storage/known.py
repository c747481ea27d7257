"""What each of several processes knows by heart, so that most AReqs ask the database nothing: of which cards something is kept,
and which 3DS Methods were called. Who writes either is answered only when the others have heard."""

from __future__ import annotations  # else those of inner functions are evaluated with every message

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, or_, select

from acs.cards.status import CardStatus
from acs.v2.records import Transaction
from acs.v2.storage.method_calls import KEPT_FOR, Calls
from acs.v2.storage.rows import CARDS, METHOD_CALLS, MICROSECOND, UNKNOWN_CARD, CardOnFile, Rows, microseconds
from threedsecure.secrets.vault import Vault
from threedsecure.storage.database import Database, Failed
from threedsecure.web.sharing.processes import Shared

LEARNT: Final = "acs learnt"
"""A word between processes: the fingerprint of a card, or the name of a call and when it was; neither: all is forgotten."""


class AsksRows(Exception):
    """What is wanted only the rows can tell."""


class Known:
    """The same as `Rows`, for the AReq of a card of which nothing is kept."""

    def __init__(
        self,
        database: Database,
        vault: Vault,
        shared: Shared,
        rows: Callable[[Connection], Rows],
        without_row: Callable[[Transaction], bool],
        failed: Callable[[Exception], None],
    ) -> None:
        """`without_row(transaction)`: the ledger alone says what is known of it. `failed(error)`: what was handed in could not be
        written."""
        self._database = database
        self._vault = vault
        self._shared = shared
        self._rows = rows
        self._without_row = without_row
        self._failed = failed
        self._cards: set[str] = set()
        self._told: set[str] = set()
        """Those of which all processes know."""
        self._calls = Calls()

    async def begin(self) -> None:
        """Know what stands in the rows, and listen."""
        self._shared.on(LEARNT, self._heard)
        await self._database.read(self._begin)

    def _begin(self, connection: Connection) -> None:
        kept = or_(CARDS.c.registration.is_not(None), CARDS.c.standing.is_not(None))
        self._told.update(connection.execute(select(CARDS.c.fingerprint).where(kept)).scalars())
        self._cards |= self._told
        self._calls.begin(connection, METHOD_CALLS)

    # --- for an AReq ---

    def card(self, pan: str) -> CardOnFile:
        if self._vault.fingerprint(pan) in self._cards:
            raise AsksRows
        return UNKNOWN_CARD

    def held_card(self, _pan: str) -> CardOnFile:
        raise AsksRows

    def keep_status(self, _pan: str, _card_status: CardStatus) -> None:
        raise AsksRows

    def called(self, three_ds_server_trans_id: str) -> bool:
        called = self._calls.called(three_ds_server_trans_id)
        if called is None:
            raise AsksRows
        return called

    def insert(self, transaction: Transaction) -> bool:
        if not self._without_row(transaction):
            self._database.put(lambda connection: self._rows(connection).insert(transaction), self._is_written)
        return True

    def _is_written(self, outcome: object) -> None:
        if isinstance(outcome, Failed):
            self._failed(outcome.error)

    # --- between processes ---

    async def tell_cards(self, fingerprints: Collection[str]) -> None:
        """Something is kept of these from now on."""
        self._cards.update(fingerprints)
        for fingerprint in set(fingerprints) - self._told:
            await self._shared.tell_all(LEARNT, [fingerprint])
            self._told.add(fingerprint)

    async def tell_call(self, three_ds_server_trans_id: str, now: datetime) -> None:
        self._note(three_ds_server_trans_id, microseconds(now))
        await self._shared.tell_all(LEARNT, [three_ds_server_trans_id, microseconds(now)])

    async def tell_forgotten(self) -> None:
        self._forget()
        await self._shared.tell_all(LEARNT, [])

    async def _heard(self, content: Any) -> None:
        match content:
            case None:  # words may have been missed
                await self._database.read(self._begin)
            case [fingerprint]:
                self._cards.add(fingerprint)
                self._told.add(fingerprint)
            case [name, called_at]:
                self._note(name, called_at)
            case _:
                self._forget()

    def _note(self, name: str, called_at: int) -> None:
        self._calls.note(name, called_at, called_at - KEPT_FOR // MICROSECOND)

    def _forget(self) -> None:
        """Of a card too much may be known: then its row is asked."""
        self._calls.forget()
