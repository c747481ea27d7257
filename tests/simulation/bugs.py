"""Mistakes that somebody could make in the product. Planted in its place, each has to be found."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from acs.v2.results.outbox import Outbox
from acs.v2.storage.transactions import Storage
from tests.simulation.clocks import SubstitutedAs
from threedsecure.web.scheduler import Loops

_start, _change = Outbox.start, Storage.change


def _forgets_its_first_row(outbox: Outbox, acs_trans_id: str) -> None:
    """The first result that a process is to deliver it holds to be delivered."""
    if not hasattr(outbox, "forgotten"):
        outbox.forgotten = acs_trans_id  # type: ignore[attr-defined]
        outbox._broken.add(acs_trans_id)
    _start(outbox, acs_trans_id)


async def _reads_before_the_commit(storage: Storage, acs_trans_id: str, step: Any) -> Any:
    """The step sees the record as it was before others were let in."""
    early = await storage.load(acs_trans_id)
    await asyncio.sleep(0)
    return await _change(storage, acs_trans_id, lambda found, counter: step(early or found, counter))


async def _dies_of_an_error(_loops: Loops, _name: str, _loop: Any, work: Callable[[], Awaitable[None]]) -> None:
    """Whatever ends the work of a loop ends the loop."""
    try:
        await work()
    except Exception:  # noqa: BLE001 - that is the mistake
        return


BUGS: Final[Mapping[str, tuple[SubstitutedAs, set[str]]]] = {
    "the outbox forgets a row": ((Outbox, "start", _forgets_its_first_row), {"reported"}),
    "the try counter is read before the commit": ((Storage, "change", _reads_before_the_commit), {"three-codes"}),
    "a loop dies of an error": ((Loops, "_do", _dies_of_an_error), {"loops-alive"}),
}
"""What is substituted, and the promises that it breaks."""
