"""`/ranges`: the card ranges that the directory servers announce, changed while gateways hold them. Works without scripts."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import CardRange, RangeEdit, RangeEdits
from acs_sim.desk.control.ranges import edit, ranges_of
from acs_sim.desk.pages.console import one_of, page_of
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.wire import WireRequest, WireResponse, read_form, see_other

MOST_SHOWN: Final = 200
BODY_LIMIT: Final = 64 * 1024
EXAMPLE: Final = RangeEdit("A", "9900000000000000", "9900000000009999", ["2.2.0", "2.3.1"])


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    """`?scheme=…&pan=…`: the ranges of a scheme, and that of a card; `&start=…&action=…`: an edit of one of them filled in."""
    return await _page(desk, request.query)


async def change(desk: Desk, request: WireRequest) -> WireResponse:
    """`edits`, in JSON. What cannot be had is told above the text that asks for it."""
    text = read_form(request).get("edits", "")
    try:
        wish = msgspec.json.decode(text, type=RangeEdits)
        await edit(desk, wish)
    except Refused as refusal:
        return await _page(desk, {}, text, refusal.detail)
    except (msgspec.DecodeError, RecursionError) as error:
        return await _page(desk, {}, text, str(error))
    return see_other(f"/ranges?scheme={wish.scheme}")


async def _page(desk: Desk, query: Mapping[str, str], text: str = "", refused: str = "") -> WireResponse:
    scheme, pan = one_of(query.get("scheme"), SCHEMES, next(iter(SCHEMES))), query.get("pan", "").replace(" ", "")[:19]
    found = await ranges_of(desk, scheme, pan or None)
    chosen = next((one for one in found.ranges if one.start == query.get("start")), None)
    values: dict[str, Any] = {
        "scheme": scheme,
        "pan": pan,
        "schemes": SCHEMES,
        "serial": found.serial,
        "ranges": found.ranges[:MOST_SHOWN],
        "left_out": max(0, len(found.ranges) - MOST_SHOWN),
        "text": text or _text(scheme, chosen, query.get("action", "")),
        "refused": refused,
        "longest": BODY_LIMIT // 4,
    }
    return await page_of(desk, "ranges.html", "/faults", 422 if refused else 200, **values)


def _text(scheme: str, chosen: CardRange | None, action: str) -> str:
    """An edit to begin with: of a range as it stands, or a new one."""
    if chosen is None:
        wish = EXAMPLE
    elif action == "D":
        wish = RangeEdit("D", chosen.start, chosen.end)
    else:
        wish = msgspec.convert({"action": "M", **msgspec.to_builtins(chosen)}, RangeEdit)
    return msgspec.json.format(msgspec.json.encode({"scheme": scheme, "edits": [wish]})).decode()
