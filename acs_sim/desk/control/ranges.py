"""`/api/ranges`: the card ranges that the directory servers announce and look cards up in."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import CardRanges, RangeEdits, RangesEdited
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.wire import Problem

EDIT_LIMIT: Final = 64 << 20
"""Bytes: a hundred thousand edits in one call."""


@call("GET", "/api/ranges", errors=(400, 502))
async def list_ranges(
    desk: Desk,
    scheme: Annotated[str | None, Meta(description="whose ranges; required")] = None,
    pan: Annotated[str | None, Meta(description="only the range that holds this card")] = None,
) -> CardRanges:
    """The card ranges of a scheme."""
    if scheme is None or scheme not in SCHEMES:
        raise Problem(400, "Bad Request", f"scheme is missing or unknown; there are {', '.join(SCHEMES)}")
    return await ranges_of(desk, scheme, pan)


@call("POST", "/api/ranges", errors=(400, 409, 502), limit=EDIT_LIMIT)
async def edit_ranges(desk: Desk, wish: RangeEdits) -> RangesEdited:
    """Edit the card ranges of a scheme while it runs."""
    return await edit(desk, wish)


async def ranges_of(desk: Desk, scheme: str, pan: str | None) -> CardRanges:
    """Those of a scheme that exists; with `pan` the one that holds the card, if there is one."""
    found = msgspec.convert(await desk.parties.call("ds", "/control/ranges", {"scheme": scheme}), CardRanges)
    if pan is not None:
        holding = [one for one in found.ranges if len(one.start) == len(pan) and one.start <= pan <= one.end]
        found = CardRanges(found.scheme, found.serial, holding)
    return found


async def edit(desk: Desk, wish: RangeEdits) -> RangesEdited:
    """Errors: `Refused` with what is wrong."""
    edited = await desk.parties.call("ds", "/control/ranges/edit", msgspec.to_builtins(wish))
    return msgspec.convert(edited, RangesEdited)
