"""What happens by itself: challenges that nobody begins or that are left alone, phones that were not asked, and RReqs that wait
for another attempt."""

from datetime import datetime, timedelta
from typing import Final

from acs.v2.background.asking import Asking
from acs.v2.lifecycle import wake
from acs.v2.results.outbox import Outbox
from acs.v2.states import State
from acs.v2.storage.transactions import Storage
from threedsecure.web.clock import Clock

BATCH: Final = 100


class Deadlines:
    """Sees to everything that is due."""

    def __init__(self, clock: Clock, storage: Storage, outbox: Outbox, asking: Asking, ask_retry: timedelta) -> None:
        self._clock = clock
        self._storage = storage
        self._outbox = outbox
        self._asking = asking
        self._ask_retry = ask_retry

    async def catch_up(self) -> datetime | None:
        """Do what is due, and say when something is due next."""
        while True:
            now = self._clock.now()
            due = await self._storage.due(now, BATCH + len(self._outbox))
            unattended = [(name, state) for name, state in due if not self._outbox.carries(name)]
            if not unattended:
                return await self._storage.next_due(now)
            for acs_trans_id, state in unattended:
                await self._see_to(acs_trans_id, state, now)

    async def _see_to(self, acs_trans_id: str, state: State, now: datetime) -> None:
        if state is State.DECIDED:
            await self._outbox.room()
            self._outbox.start(acs_trans_id)
            return
        change = await self._storage.change(acs_trans_id, lambda found, _counter: wake(found, now, self._ask_retry))
        if change is None:
            return
        if change.transaction.state is State.DECIDED:
            self._outbox.start(acs_trans_id)
        for effect in change.effects:
            self._asking.start(change.transaction, effect)
