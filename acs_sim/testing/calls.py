"""The calls of the control and phone APIs that tests make, and the waiting between them. It lives on the loop of the simulator."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime
from time import monotonic
from typing import Any, Final, TypeVar
from urllib.parse import quote

import aiohttp

from acs_sim.settings.addresses import Addresses
from acs_sim.testing.findings import Findings
from acs_sim.testing.values import (
    AppScreen,
    CardDetails,
    Message,
    NotInTime,
    Outcome,
    SimulatorRefused,
    SimulatorUnreachable,
    Status,
    Text,
)

CALL_SECONDS: Final = 40.0
LONGEST_POLL_SECONDS: Final = 20.0
FIRST_PAUSE_SECONDS: Final = 0.01
LONGEST_PAUSE_SECONDS: Final = 0.2
NOT_FOUND: Final = 404

Found = TypeVar("Found")
States = str | Collection[str] | None


class Calls:
    """A simulator whose parties are at `addresses`. Times to wait are real seconds."""

    def __init__(self, session: aiohttp.ClientSession, addresses: Addresses) -> None:
        self._session = session
        self.addresses = addresses
        self.clock_moved = False
        self.armed: set[str] = set()
        """The ids of the faults that were asked for from here, and not taken back."""

    async def mint(self, scheme: str, scenario: str, wishes: dict[str, Any]) -> CardDetails:
        asked = {name: value for name, value in wishes.items() if value is not None}
        document = await self._desk("POST", "/api/cards", {"scheme": scheme, "scenario": scenario, **asked})
        return CardDetails.read(document)

    async def open_app(self, version: str, scheme: str, wishes: dict[str, Any]) -> AppScreen:
        asked = {name: value for name, value in wishes.items() if value is not None}
        document = await self._desk("POST", "/api/apps", {"version": version, "scheme": scheme, **asked})
        return AppScreen.read(document)

    async def app_screen(self, sdk_trans_id: str) -> AppScreen:
        return AppScreen.read(await self._desk("GET", f"/api/apps/{sdk_trans_id}"))

    async def passkeys(self, pan: str) -> dict[str, Any]:
        """Those of a card, and the bank's page where a browser makes one."""
        return await self._desk("GET", f"/api/cards/{pan}/passkeys")

    async def buy(self, wanted: dict[str, Any]) -> str:
        """Have the reference gateway buy something with a card; returns the id of the transaction."""
        purchase = await call(self._session, "POST", f"{self.addresses.shop}/api/purchases", wanted)
        return str(purchase["id"])

    async def reset(self) -> None:
        await self._desk("POST", "/api/reset")

    async def seed(self, seed: int | None) -> None:
        await self._desk("PUT", "/api/seed", {"seed": seed})

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self._desk("GET", "/api/clock"))["now"])

    async def move_clock(self, **move: Any) -> datetime:
        self.clock_moved = "resume" not in move
        return datetime.fromisoformat((await self._desk("POST", "/api/clock", move))["now"])

    async def arm(self, document: dict[str, Any]) -> dict[str, Any]:
        fault = await self._desk("POST", "/api/faults", document)
        self.armed.add(fault["id"])
        return fault

    async def arm_pack(self, name: str, pan: str | None) -> list[dict[str, Any]]:
        told = await self._desk("POST", "/api/faults", {"pack": name, **({"card": pan} if pan else {})})
        faults: list[dict[str, Any]] = told["faults"]
        self.armed.update(fault["id"] for fault in faults)
        return faults

    async def faults(self) -> list[dict[str, Any]]:
        faults: list[dict[str, Any]] = (await self._desk("GET", "/api/faults"))["faults"]
        return faults

    async def disarm(self, fault_id: str) -> None:
        self.armed.discard(fault_id)
        try:
            await self._desk("DELETE", f"/api/faults/{quote(fault_id, safe='')}")
        except SimulatorRefused as refusal:
            if refusal.status != NOT_FOUND:
                raise

    async def clear_faults(self) -> None:
        self.armed.clear()
        await self._desk("DELETE", "/api/faults")

    async def latest(self, number: str, wait: float, after: str | None) -> Text | None:
        """The newest text that arrived, later than the one whose id is `after`, or None when none came in time."""
        deadline = monotonic() + wait
        while True:
            left = max(0.0, min(deadline - monotonic(), LONGEST_POLL_SECONDS))
            query = {"wait": f"{left:.3f}"} | ({"after": after} if after is not None else {})
            document = await self._phone("GET", f"{_of(number)}/latest", query)
            if document or monotonic() >= deadline:
                return Text.read(document) if document else None

    async def code(self, number: str, wait: float, after: str | None) -> str:
        """The SecureCode of the newest text that carries one. Errors: `NotInTime`."""
        deadline = monotonic() + wait
        while (text := await self.latest(number, max(0.0, deadline - monotonic()), after)) is not None:
            if text.code is not None:
                return text.code
            after = text.id
        raise NotInTime(f"no SecureCode came to {number} within {wait:g} seconds")

    async def texts(self, number: str) -> list[Text]:
        return [Text.read(one) for one in (await self._phone("GET", f"{_of(number)}/messages"))["messages"]]

    async def clear_phone(self, number: str) -> None:
        await self._phone("DELETE", f"{_of(number)}/messages")

    async def transactions_of(self, pan: str | None) -> list[Status]:
        query = {"pan": pan} if pan is not None else {}
        document = await self._desk("GET", "/api/transactions", query=query)
        return [Status.read(one) for one in document["transactions"]]

    async def newest_of(self, pan: str, timeout: float) -> str:
        """The id of the newest transaction of a card, once there is one. Errors: `NotInTime`."""

        async def newest() -> Status | None:
            return next(iter(await self.transactions_of(pan)), None)

        found = await _until(newest, lambda status: status is not None, timeout)
        if found is None:
            raise NotInTime(f"no AReq came for this card within {timeout:g} seconds")
        return found.id

    async def status(self, identifier: str) -> Status:
        return Status.read(await self._desk("GET", f"/api/transactions/{quote(identifier, safe='')}"))

    async def wait_for(self, identifier: str, state: States, trans_status: States, timeout: float) -> Status:
        """Errors: `NotInTime`."""
        wanted = {"state": _choices(state), "trans_status": _choices(trans_status)}

        def as_wanted(status: Status) -> bool:
            return all(one is None or getattr(status, name) in one for name, one in wanted.items())

        words = " and ".join(f"{name} {' or '.join(sorted(one))}" for name, one in wanted.items() if one is not None)
        return await self._until_status(identifier, as_wanted, words or "any state", timeout)

    async def result(self, identifier: str, timeout: float) -> Status:
        """Errors: `NotInTime`."""
        return await self._until_status(identifier, lambda status: status.is_over, "its end", timeout)

    async def messages(self, identifier: str, kind: str | None) -> list[Message]:
        document = await self._desk("GET", f"/api/transactions/{quote(identifier, safe='')}/messages")
        crossed = [Message.read(one) for one in document["messages"]]
        return [one for one in crossed if kind in {None, one.kind}]

    async def findings(self, identifier: str | None, severity: str) -> Findings:
        """Of one transaction, or of all and between them."""
        path = "/api/findings" if identifier is None else f"/api/transactions/{quote(identifier, safe='')}/findings"
        return Findings.read((await self._desk("GET", path, query={"severity": severity}))["findings"])

    async def report(self, identifier: str, outcome: str, trans_status: str | None) -> Findings:
        told = {"outcome": outcome} | ({"transStatus": trans_status} if trans_status is not None else {})
        path = f"/api/transactions/{quote(identifier, safe='')}/outcome"
        return Findings.read((await self._desk("POST", path, told))["findings"])

    async def act(self, identifier: str, deed: dict[str, Any], timeout: float) -> Outcome:
        """Play the cardholder as soon as one is awaited, or it is too late for one. Errors: `NotInTime`, `SimulatorRefused`."""
        await self._until_status(
            identifier, lambda status: status.is_challenged or status.is_over, "a challenge", timeout
        )
        address = f"/api/transactions/{quote(identifier, safe='')}/cardholder"
        return Outcome.read(await self._desk("POST", address, deed))

    async def _until_status(
        self, identifier: str, wanted: Callable[[Status], bool], words: str, timeout: float
    ) -> Status:
        async def known() -> Status | None:
            try:
                return await self.status(identifier)
            except SimulatorRefused as refusal:
                if refusal.status != NOT_FOUND:
                    raise
                return None

        status = await _until(known, lambda status: status is not None and wanted(status), timeout)
        if status is None or not wanted(status):
            is_now = (
                f"is {status.state}, transStatus {status.trans_status}" if status else "is not known to the simulator"
            )
            raise NotInTime(f"transaction {identifier} {is_now}, after {timeout:g} seconds of waiting for {words}")
        return status

    async def _desk(
        self, method: str, path: str, body: dict[str, Any] | None = None, query: dict[str, str] | None = None
    ) -> dict[str, Any]:
        return await call(self._session, method, self.addresses.desk + path, body, query)

    async def _phone(self, method: str, path: str, query: dict[str, str] | None = None) -> dict[str, Any]:
        return await call(self._session, method, self.addresses.phone + path, None, query)


async def call(
    session: aiohttp.ClientSession,
    method: str,
    url: str,
    body: dict[str, Any] | None = None,
    query: dict[str, str] | None = None,
) -> dict[str, Any]:
    """The object that is answered, empty for an empty answer. Errors: `SimulatorRefused`, `SimulatorUnreachable`."""
    try:
        async with asyncio.timeout(CALL_SECONDS), session.request(method, url, json=body, params=query) as answer:
            document = await answer.json(content_type=None) if answer.status != 204 else None
            status = answer.status
    except (aiohttp.ClientError, TimeoutError, ValueError) as error:
        raise SimulatorUnreachable(f"no simulator answers at {url}: {str(error) or type(error).__name__}") from error
    if not isinstance(document, dict | None):
        raise SimulatorUnreachable(f"no simulator answers at {url}: what came is no object")
    if status >= 400:
        raise SimulatorRefused(status, str((document or {}).get("detail", "no reason is given")))
    return document or {}


async def _until(ask: Callable[[], Awaitable[Found]], wanted: Callable[[Found], bool], timeout: float) -> Found:
    """The first answer that is wanted, or the last one when the time is up."""
    deadline, pause = monotonic() + timeout, FIRST_PAUSE_SECONDS
    while not wanted(answer := await ask()) and (left := deadline - monotonic()) > 0:
        await asyncio.sleep(min(pause, left))
        pause = min(pause * 2, LONGEST_PAUSE_SECONDS)
    return answer


def _choices(wanted: States) -> Collection[str] | None:
    return (wanted,) if isinstance(wanted, str) else wanted


def _of(number: str) -> str:
    return f"/api/phones/{quote(number, safe='')}"
