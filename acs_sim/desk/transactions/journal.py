"""`/api/messages`: what crossed the hops last, whether it belongs to a transaction or not."""

from typing import Annotated, Final

from msgspec import Meta

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import Messages
from acs_sim.desk.transactions.list import messages_of

_KIND: Final = "only those of this kind: AReq, PReq, SMS, TLS refused, …"
_LIMIT: Final = "at most so many of the newest; 100 when left out, 500 at most"


@call("GET", "/api/messages", errors=(400,))
async def newest_messages(
    desk: Desk,
    kind: Annotated[str | None, Meta(description=_KIND)] = None,
    limit: Annotated[int, Meta(ge=1, le=500, description=_LIMIT)] = 100,
) -> Messages:
    """The newest messages of all, those that belong to no transaction too.

    Oldest first. A kind is looked for among the last MAX_ENTRIES_READ."""
    return Messages(messages_of(await desk.runtime.journal.newest(limit, kind)))
