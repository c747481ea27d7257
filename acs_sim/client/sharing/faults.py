"""The faults in force where several processes share one simulator.

What is in force stands in the database, and every process has a copy of it, so that a message that nothing can happen to costs no
look-up. Whoever meets a message that fits counts it in the row of the fault: which message is the next, or the n-th, is decided
there. A fault is armed when every process has it. Which card a transaction belongs to is looked up where the parties keep it, by
the process that has not seen what came before.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import orjson
import structlog

from acs_sim.client.parties import Parties, Refused
from acs_sim.settings.addresses import Addresses
from threedsecure.faults import Armed, Fault, FaultRefused, as_document
from threedsecure.faults.memory import EMV_IDS
from threedsecure.faults.plan import MAX_FAULTS, armed_of
from threedsecure.secrets.vault import SealBroken, Vault
from threedsecure.storage.database import Database
from threedsecure.storage.errors import DatabaseAway
from threedsecure.storage.sharing import faults as table
from threedsecure.web.calling.transport import Transport
from threedsecure.web.faults.injector import Faults
from threedsecure.web.sharing.processes import Shared
from threedsecure.web.wire import Problem

log = structlog.get_logger()

# Words between processes: look up what is in force; all of it has ended; this one is over; a callback waits for an AReq; it is
# answered.
PLAN, CLEARED, OVER = "faults", "faults cleared", "fault over"
HELD, ANSWERED = "callback held", "AReq answered"
LATEST: Final = 5
_EMV_ROWS: Final = ("ds", "/control/transactions", "transactions")
_CLASSIC_ROWS: Final = ("acs", "/control/3ds1/authentications", "authentications")


class Together:
    """The other processes, for the faults of this one."""

    def __init__(self, faults: Faults, shared: Shared, vault: Vault, database: Database, parties: Parties) -> None:
        self._faults = faults
        self._shared = shared
        self._vault = vault
        self._database = database
        self._parties = parties
        self._looking = asyncio.Lock()

    async def join(self) -> None:
        """From now on what is in force is what the others go by."""
        for topic, receive in (
            (PLAN, self._look_up),
            (CLEARED, self._clear),
            (OVER, self._forget),
            (HELD, self._watch),
            (ANSWERED, self._release),
        ):
            self._shared.on(topic, receive)
        standing = self._rows(self._faults.standing())
        own = self._faults.process
        self._faults.process = await self._database.run(lambda connection: table.begin(connection, own, standing))
        self._faults.others = self
        await self._look_up(None)

    # What is in force.

    async def put(self, armed: Sequence[Armed]) -> None:
        rows = self._rows(armed)
        if not await self._database.run(lambda connection: table.add(connection, rows, MAX_FAULTS)):
            raise FaultRefused(f"{len(armed)} more are too many: {MAX_FAULTS} may be in force")
        await self._shared.tell_everybody(PLAN)

    async def put_instead(self, armed: Callable[[], Sequence[Armed]]) -> int:
        rows = self._rows(armed())
        count = await self._database.run(lambda connection: table.replace(connection, rows))
        await self._shared.tell_everybody(CLEARED, CLEARED)
        return count

    async def match(self, armed: Sequence[Armed]) -> None:
        rows = self._rows(armed)
        await self._database.run(lambda connection: table.match(connection, rows))
        await self._shared.tell_everybody(PLAN)

    async def take(self, identifier: str) -> bool:
        if not await self._database.run(lambda connection: table.remove(connection, identifier)):
            return False
        await self._shared.tell_everybody(PLAN)
        return True

    async def documents(self) -> list[dict[str, Any]]:
        return [one.document() for one in await self._armed()]

    async def count(self, armed: Sequence[Armed]) -> Mapping[str, int]:
        last = {one.id: one.last for one in armed}
        try:
            met = await self._database.run(lambda connection: table.count(connection, last))
        except DatabaseAway as error:
            log.warning("faults do not happen", error=str(error))
            return {}
        for identifier, number in met.items():
            if number == last[identifier]:
                self._shared.tell(OVER, identifier)
        return met

    # Which transactions belong to whom.

    async def acquaintances(self, faults: Sequence[Fault], told: Mapping[str, str]) -> list[Mapping[str, Any]]:
        emv = any(name in told for name in EMV_IDS)
        found: list[Mapping[str, Any]] = []
        for card in {fault.card for fault in faults if fault.card is not None}:
            for name in told.values():
                found += await messages_told(self._parties, {"pan": card, "id": name}, card, emv=emv)
        for name in {fault.transaction for fault in faults if fault.transaction is not None}:
            found += await messages_told(self._parties, {"id": name}, emv=emv)
        return found

    async def latest(self) -> list[Mapping[str, Any]]:
        return [*reversed(await messages_told(self._parties, {"limit": LATEST}))]

    # A callback of the 3DS Method that waits for an AReq, which any process may answer.

    async def hold(self, transaction_id: str) -> None:
        await self._shared.tell_all(HELD, transaction_id)

    def release(self, transaction_id: str) -> None:
        self._shared.tell(ANSWERED, transaction_id)

    # What the others say.

    async def _look_up(self, _content: Any) -> None:
        async with self._looking:
            self._faults.plan.hold(await self._armed())

    async def _clear(self, content: Any) -> None:
        if content is not None:
            self._faults.clear()
        await self._look_up(None)

    async def _forget(self, identifier: str | None) -> None:
        if identifier is not None:
            self._faults.plan.disarm(identifier)

    async def _watch(self, transaction_id: str | None) -> None:
        if transaction_id is not None:
            self._faults.watch_for(transaction_id)

    async def _release(self, transaction_id: str | None) -> None:
        if transaction_id is not None:
            self._faults.release_callback(transaction_id, heard=True)

    # Rows.

    def _rows(self, armed: Sequence[Armed]) -> list[tuple[str, str]]:
        return [(one.id, self._vault.seal(orjson.dumps(as_document(one.fault)).decode())) for one in armed]

    async def _armed(self) -> list[Armed]:
        rows = await self._database.read(table.all_of)
        return [armed for row in rows if (armed := self._opened(*row)) is not None]

    def _opened(self, name: str, sealed: str, met: int) -> Armed | None:
        """None for one of a release that knows other faults."""
        try:
            armed = armed_of({"id": name, **orjson.loads(self._vault.open(sealed))})
        except (SealBroken, FaultRefused):
            return None
        armed.met, armed.fired = met, met if armed.last is None else 0
        return armed


async def share_faults(
    faults: Faults, shared: Shared, vault: Vault, database: Callable[[], Database], by: tuple[Transport, Addresses]
) -> Database | None:
    """Have `faults` be those of all processes from now on. `by`: how the parties are reached. The database that is used for it, to
    be closed; None where there are no others."""
    if shared.worker is None:
        return None
    opened = database()
    await Together(faults, shared, vault, opened, Parties(*by)).join()
    return opened


async def messages_told(
    parties: Parties, wanted: Mapping[str, Any], card: str | None = None, *, emv: bool = True
) -> list[dict[str, Any]]:
    """What a party tells of the transactions that are `wanted`, as the messages told it; nothing when it cannot be asked."""
    party, path, member = _EMV_ROWS if emv else _CLASSIC_ROWS
    try:
        rows = (await parties.call(party, path, wanted)).get(member, [])
    except (Problem, Refused):
        return []
    return [message for row in rows for message in _messages(row, card)]


def _messages(row: Mapping[str, Any], card: str | None) -> list[dict[str, Any]]:
    """What a row of a party's tells, as the messages told it."""
    if "acctID" in row:
        account = {"CH": {"acctID": row["acctID"]}}
        asked = {"messageType": "VEReq", "messageId": row["vereq"], **account, **({"pan": card} if card else {})}
        paid = {"messageType": "PAReq", "messageId": row["pareq"], **account, "Purchase": {"xid": row["xid"]}}
        return [asked, paid] if row.get("pareq") else [asked]
    names = {"threeDSServerTransID": row.get("id"), **{name: row.get(name) for name in EMV_IDS[1:]}}
    known = {name: value for name, value in names.items() if value}
    return [{"messageType": "AReq", **known, **({"acctNumber": card} if card else {})}]
