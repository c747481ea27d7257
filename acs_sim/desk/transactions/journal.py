"""`/api/messages`: what crossed the hops last, whether it belongs to a transaction or not."""

from typing import Final

from acs_sim.desk.api.calls import Desk, answered, known_query
from acs_sim.desk.api.documents import Messages
from acs_sim.desk.transactions.list import messages_of
from threedsecure.web.journal import MAX_ENTRIES_READ
from threedsecure.web.wire import Problem, WireRequest, WireResponse

MESSAGE_FILTERS: Final = (
    ("kind", "only those of this kind: AReq, PReq, SMS, TLS refused, …"),
    ("limit", "at most so many of the newest; 100 when left out, 500 at most"),
)
DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 500


async def newest_messages(desk: Desk, request: WireRequest) -> WireResponse:
    """Oldest first. A kind is looked for among the last MAX_ENTRIES_READ."""
    wanted = known_query(request, tuple(name for name, _ in MESSAGE_FILTERS))
    limit, kind = _limit(wanted.get("limit")), wanted.get("kind")
    entries = await desk.runtime.journal.newest(limit if kind is None else MAX_ENTRIES_READ)
    return answered(Messages(messages_of(one for one in entries if kind in {None, one["kind"]})[-limit:]))


def _limit(text: str | None) -> int:
    if text is None:
        return DEFAULT_LIMIT
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:6]) <= MAX_LIMIT:
        raise Problem(400, "Bad Request", f"limit is a number from 1 to {MAX_LIMIT}")
    return int(text)
