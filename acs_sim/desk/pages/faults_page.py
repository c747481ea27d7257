"""The page that shows what misbehaves, and takes it back."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import orjson

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import PackWish
from acs_sim.desk.control import faults
from acs_sim.desk.pages.console import page_of
from threedsecure.cards.card_numbers import mask
from threedsecure.faults import POINTS, SENSIBLE, FaultRefused, read
from threedsecure.faults.packs import PACKS
from threedsecure.web.faults.injector import says
from threedsecure.web.wire import WireRequest, WireResponse, read_form, see_other

EXAMPLE: Final = '{"at": "RReq", "do": "twice"}'
_COMMON: Final = frozenset({"id", "at", "do", "from", "when", "card", "transaction", "fired"})


async def overview(desk: Desk, _request: WireRequest) -> WireResponse:
    return await _page(desk)


async def change(desk: Desk, request: WireRequest) -> WireResponse:
    """One form for all: `arm` (a fault in JSON), `pack`, `disarm` (its id) or `clear`."""
    form = read_form(request)
    if "disarm" in form:
        await faults.disarm(desk, form["disarm"])
    elif "clear" in form:
        await faults.clear(desk)
    elif form.get("pack") in PACKS:
        await faults.arm(desk, faults.packed(msgspec.convert({"pack": form["pack"]}, PackWish)))
    else:
        return await _armed(desk, form.get("fault", ""))
    return see_other("/faults")


async def _armed(desk: Desk, text: str) -> WireResponse:
    """What cannot be had is told above the text that asks for it."""
    try:
        await faults.arm(desk, [read(orjson.loads(text or "null"))])
    except orjson.JSONDecodeError:
        return await _page(desk, text, "this is not JSON", 400)
    except FaultRefused as refused:
        return await _page(desk, text, str(refused), 400)
    return see_other("/faults")


async def _page(desk: Desk, text: str = EXAMPLE, refusal: str = "", status: int = 200) -> WireResponse:
    return await page_of(
        desk,
        "faults.html",
        "/faults",
        status,
        faults=[_line(one) for one in await faults.in_force(desk)],
        spent=[_line(one) for one in desk.runtime.faults.plan.spent()],
        packs=PACKS.values(),
        points=[(point, SENSIBLE[point.name]) for point in POINTS.values()],
        text=text,
        refusal=refusal,
        longest=faults.BODY_LIMIT // 4,
    )


def _line(document: Mapping[str, Any]) -> dict[str, Any]:
    fault = read({name: value for name, value in document.items() if name not in {"id", "fired"}})
    limits = (
        f"card {mask(fault.card)}" if fault.card else f"transaction {fault.transaction}" if fault.transaction else ""
    )
    return {
        "id": document["id"],
        "at": fault.at,
        "sender": fault.sent_by,
        "do": fault.do,
        "says": says(fault),
        "parameters": {name: _shown(value) for name, value in document.items() if name not in _COMMON},
        "when": _when(document.get("when", "next")),
        "limits": limits or "everybody",
        "fired": document["fired"],
    }


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _when(when: Any) -> str:
    if isinstance(when, str):
        return {"next": "the next one", "every": "every one"}[when]
    if "nth" in when:
        return f"number {when['nth']}"
    return f"{when['probability']:.0%} of them"
