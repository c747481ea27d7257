"""What the handlers share: settings, storage, the card ranges, and what is under way."""

import asyncio
from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from typing import Any

from directory_server.ranges import (
    V1_LISTS,
    VEREQ_PATH,
    Issuer,
    RangeList,
    digest,
    listed,
    listed_classic,
    scheme_of,
    with_others,
)
from directory_server.settings import ACS, COMPONENT, DIRECTORY_SERVER, MPI, THREE_DS_SERVER, DirectoryServerSettings
from directory_server.transactions.storage.transactions import Storage
from threedsecure.cards.card_numbers import CardRangeTable
from threedsecure.cards.scenarios import V1_VERSION
from threedsecure.cards.schemes import SCHEMES
from threedsecure.errors import PeerTimedOut
from threedsecure.v2.errors import MessageError
from threedsecure.web.calling.timeouts import Timeouts
from threedsecure.web.serving.service import Runtime
from threedsecure.web.wire import WireResponse

__all__ = ["ACS", "COMPONENT", "DIRECTORY_SERVER", "MPI", "RANGES", "REPORTED", "THREE_DS_SERVER", "Party"]

Message = Mapping[str, Any]
# Words between processes: a list of ranges was edited; a delivery to the 3DS Server has ended.
RANGES, REPORTED = "ds ranges", "ds reported"


@dataclass(frozen=True)
class Party:
    """The directory server of every scheme. `ranges` holds the lists of EMV 3DS by their scheme and those of 3-D Secure 1.0.2 by
    `list_name`; it is read at start and replaced, list by list, when one is edited.
    `reporting` holds the results that are on their way to a 3DS Server right now, by the fingerprint of their RReq; `notices`
    the Erro that are posted behind the exchange at hand; `elsewhere` those who wait for the end of a delivery by another process,
    by dsTransID."""

    runtime: Runtime
    settings: DirectoryServerSettings
    storage: Storage
    ranges: dict[str, RangeList] = field(default_factory=dict)
    reporting: dict[str, asyncio.Task[Message | MessageError]] = field(default_factory=dict)
    notices: set[asyncio.Task[None]] = field(default_factory=set)
    elsewhere: dict[str, asyncio.Event] = field(default_factory=dict)
    timeouts: Timeouts = field(default_factory=Timeouts)

    async def load_ranges(self) -> None:
        """Read the card ranges of every scheme."""
        for name in (*SCHEMES, *V1_LISTS):
            await self._load(name)

    async def reload_ranges(self, name: str | None) -> None:
        """Another process has edited a list; None: any of them."""
        for each in [name] if name is not None else list(self.ranges):
            await self._load(each)

    async def others_reported(self, ds_trans_id: str | None) -> None:
        for name in [ds_trans_id] if ds_trans_id is not None else list(self.elsewhere):
            if (event := self.elsewhere.get(name)) is not None:
                event.set()

    async def reported_elsewhere(self, ds_trans_id: str) -> None:
        """Wait until another process has ended its delivery, but not much longer than one can take."""
        event = self.elsewhere.setdefault(ds_trans_id, asyncio.Event())
        try:
            async with asyncio.timeout(self.settings.results_timeout):
                await event.wait()
        except TimeoutError:
            return
        finally:
            self.elsewhere.pop(ds_trans_id, None)

    async def fresh_ranges(self, scheme: str) -> RangeList:
        """The card ranges as stored, for where the list of another process that shares the database may be newer."""
        if await self.storage.serial(scheme) != self.ranges[scheme].serial:
            await self._load(scheme)
        return self.ranges[scheme]

    def record(self, sender: str, receiver: str, message: Message, **more: Any) -> int:
        """Note in the journal what went from `sender` to `receiver`; returns its place there."""
        kind = message.get("messageType")
        name = kind if isinstance(kind, str) else "message"
        return self.runtime.journal.record(self.runtime.clock.now(), sender, receiver, name, message, **more)

    async def in_time(self, work: Awaitable[WireResponse], url: str) -> WireResponse:
        """The ACS's answer, unless `acs_timeout` passes first, by the virtual clock or the real one.
        Errors: `PeerTimedOut`, and those of the call."""
        seconds = self.settings.acs_timeout
        try:
            with self.timeouts.until(seconds, self.runtime.clock):
                return await work
        except TimeoutError as error:
            raise PeerTimedOut(url, f"no answer within {seconds:g} seconds") from error

    async def stop(self) -> None:
        """End what is still under way. A result that was not acknowledged is sent again when the ACS sends it again."""
        under_way = [*self.notices, *self.reporting.values()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    def versions(self, name: str) -> tuple[str, ...]:
        """The protocol versions that a range in this list can know, lowest first."""
        return (V1_VERSION,) if name in V1_LISTS else self.settings.versions

    def usual_issuer(self, name: str) -> Issuer:
        """An issuer set up as for the listed test cards of this list, that speaks no version yet; 1.0.2 leaves no choice."""
        acs = self.settings.acs_url
        if name in V1_LISTS:
            return Issuer((V1_VERSION,), acs + VEREQ_PATH, stand_in=self.settings.stand_in)
        return Issuer((), f"{acs}/3ds2/areq", f"{acs}/3ds2/method", stand_in=self.settings.stand_in)

    async def _load(self, scheme: str) -> None:
        base = self._listed(scheme)
        stored = await self.storage.ranges(scheme, digest(base))
        self.ranges[scheme] = RangeList.restored(base, stored.serial, stored.oldest, stored.changes)

    def _listed(self, scheme: str) -> CardRangeTable[Issuer]:
        s = self.settings
        if scheme in V1_LISTS:
            return listed_classic(scheme_of(scheme), s.acs_url, s.acs_down_url, s.stand_in)
        own = listed(scheme, s.versions, s.acs_url, s.acs_down_url, s.stand_in)
        others = s.other_cards.of(scheme)
        return with_others(own, others, s.versions, s.acs_url, s.acs_down_url, s.stand_in) if s.other_cards else own
