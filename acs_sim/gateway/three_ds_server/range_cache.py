"""Keeps the card ranges that directory servers announce as long as they are fresh."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from acs_sim.gateway.records.card_ranges import CachedRanges, RangeFacts
from acs_sim.gateway.records.storage import PurchaseStorage
from acs_sim.gateway.settings import GatewaySettings
from threedsecure.cards.card_numbers import CardRangeTable
from threedsecure.web.serving.service import Runtime

Ask = Callable[[str, CachedRanges | None], Awaitable[CachedRanges | None]]


class RangeCache:
    """The lists go by a name. `ask(name, known)` gets one anew, or the changes since `known`; None when that fails."""

    def __init__(self, runtime: Runtime, settings: GatewaySettings, storage: PurchaseStorage, ask: Ask) -> None:
        self._clock = runtime.clock
        self._waits = settings.waits
        self._storage = storage
        self._ask = ask
        self._tables: dict[str, tuple[datetime, CardRangeTable[RangeFacts]]] = {}
        self._tried: dict[str, datetime] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def forget(self) -> None:
        self._tables.clear()
        self._tried.clear()

    async def table(self, name: str) -> CardRangeTable[RangeFacts] | None:
        """The ranges of a list, asked for when they are older than a day; the old ones when asking fails."""
        async with self._locks.setdefault(name, asyncio.Lock()):
            now = self._clock.now()
            known = self._tables.get(name) or await self._kept(name)
            if known is not None and known[0] <= now < known[0] + self._waits.card_ranges:
                return known[1]
            tried = self._tried.get(name)
            if tried is None or not tried <= now < tried + self._waits.card_ranges_retry:
                self._tried[name] = now
                known = await self._refresh(name) or known
            return known[1] if known else None

    async def _kept(self, name: str) -> tuple[datetime, CardRangeTable[RangeFacts]] | None:
        kept = await self._storage.card_ranges(name)
        if kept is None:
            return None
        self._tables[name] = kept[1], kept[0].table()
        return self._tables[name]

    async def _refresh(self, name: str) -> tuple[datetime, CardRangeTable[RangeFacts]] | None:
        kept = await self._storage.card_ranges(name)
        ranges = await self._ask(name, kept[0] if kept and kept[0].serial_num else None)
        if ranges is None:
            return None
        now = self._clock.now()
        await self._storage.keep_card_ranges(name, ranges, now)
        self._tables[name] = now, ranges.table()
        return self._tables[name]
