"""`/api/ranges`: the card ranges that the directory servers announce and look cards up in."""

from typing import Final

import msgspec

from acs_sim.desk.api.calls import Desk, answered, known_query, read_body
from acs_sim.desk.api.documents import CardRanges, RangeEdits, RangesEdited
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.wire import Problem, WireRequest, WireResponse

RANGE_FILTERS: Final = (("scheme", "whose ranges; required"), ("pan", "only the range that holds this card"))
EDIT_LIMIT: Final = 64 << 20
"""Bytes: a hundred thousand edits in one call."""


async def list_ranges(desk: Desk, request: WireRequest) -> WireResponse:
    wanted = known_query(request, tuple(name for name, _ in RANGE_FILTERS))
    if wanted.get("scheme") not in SCHEMES:
        raise Problem(400, "Bad Request", f"scheme is missing or unknown; there are {', '.join(SCHEMES)}")
    found = msgspec.convert(await desk.parties.call("ds", "/control/ranges", {"scheme": wanted["scheme"]}), CardRanges)
    pan = wanted.get("pan")
    if pan is not None:
        holding = [one for one in found.ranges if len(one.start) == len(pan) and one.start <= pan <= one.end]
        found = CardRanges(found.scheme, found.serial, holding)
    return answered(found)


async def edit_ranges(desk: Desk, request: WireRequest) -> WireResponse:
    wish = read_body(request, RangeEdits)
    edited = await desk.parties.call("ds", "/control/ranges/edit", msgspec.to_builtins(wish))
    return answered(msgspec.convert(edited, RangesEdited))
