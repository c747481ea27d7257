"""The page that shows what misbehaves, and takes it back."""

from collections.abc import Mapping, Sequence
from inspect import getdoc
from typing import Any, Final

import msgspec
import orjson

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import PackWish
from acs_sim.desk.control import faults
from acs_sim.desk.pages.console import page_of
from threedsecure.cards.card_numbers import mask
from threedsecure.faults import KINDS, POINTS, SENSIBLE, Fault, FaultRefused, read
from threedsecure.faults.documents import WITHOUT_CARD
from threedsecure.faults.packs import PACKS
from threedsecure.web.faults.injector import says
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

WHENS: Final[Mapping[str, tuple[str, Any]]] = {
    "next": ("the next time", "next"),
    "every": ("every time", "every"),
    "third": ("the third time", {"nth": 3}),
    "often": ("every other time", {"probability": 0.5}),
}
ASKED: Final = {"what": "RReq twice", "when": "next", "card": ""}
_COMMON: Final = frozenset({"id", "at", "do", "from", "when", "card", "transaction", "fired"})


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    """`?what=RReq twice&when=every&card=…`: the sentence, as it was filled in."""
    asked = {name: request.query.get(name, "").strip() or default for name, default in ASKED.items()}
    return await _page(desk, text=_sentence(**asked), asked=asked)


async def change(desk: Desk, request: WireRequest) -> WireResponse:
    """One form for all: `fault` (in JSON), `pack`, `disarm` (its id), `unpack` (a pack, as a whole) or `clear`."""
    form = read_form(request)
    if "disarm" in form:
        await faults.disarm(desk, form["disarm"])
    elif form.get("unpack") in PACKS:
        for one in _packed(await faults.in_force(desk))[0].get(form["unpack"], []):
            await faults.disarm(desk, one["id"])
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
    except Problem as problem:
        return await _page(desk, text, str(problem.members.get("detail", problem)), problem.status)
    return see_other("/faults")


def _sentence(what: str, when: str, card: str) -> str:
    """The fault that a sentence asks for, in JSON."""
    at, _, do = what.rpartition(" ")
    if do not in SENSIBLE.get(at, ()):
        at, do = "RReq", "twice"
    example = {name: value for name, value in orjson.loads(KINDS[do].example).items() if name not in _COMMON}
    _, happens = WHENS.get(when, WHENS["next"])
    limits = {"card": card} if card else {}
    return orjson.dumps({"at": at, "do": do, **example, "when": happens, **limits}, option=orjson.OPT_INDENT_2).decode()


def _packed(documents: Sequence[dict[str, Any]]) -> tuple[dict[str, list[dict[str, Any]]], list[dict[str, Any]]]:
    """Packs that are in force as a whole, with their faults, and what is in force beside them."""
    packs, rest = {}, list(documents)
    for pack in PACKS.values():
        found, left = [], list(rest)
        for wanted in pack.faults:
            same = next((one for one in left if msgspec.structs.replace(_read(one), card=None) == wanted), None)
            if same is not None:
                left.remove(same)
                found.append(same)
        if found and len(found) == len(
            [one for one in pack.faults if not _limited(found) or one.at not in WITHOUT_CARD]
        ):
            packs[pack.name], rest = found, left
    return packs, rest


def _limited(documents: Sequence[Mapping[str, Any]]) -> bool:
    return all("card" in one for one in documents)


async def _page(
    desk: Desk, text: str, refusal: str = "", status: int = 200, asked: Mapping[str, str] = ASKED
) -> WireResponse:
    packed, alone = _packed(await faults.in_force(desk))
    return await page_of(
        desk,
        "faults.html",
        "/faults",
        status,
        faults=[_line(one) for one in alone],
        packed=[(PACKS[name], [_line(one) for one in group]) for name, group in packed.items()],
        asked=asked,
        whens={name: words for name, (words, _) in WHENS.items()},
        about={do: " ".join((getdoc(kind) or "").partition(".")[0].split()) for do, kind in KINDS.items()},
        spent=[_line(one) for one in desk.runtime.faults.plan.spent()],
        packs=PACKS.values(),
        points=[(point, SENSIBLE[point.name]) for point in POINTS.values()],
        text=text,
        refusal=refusal,
        longest=faults.BODY_LIMIT // 4,
    )


def _line(document: Mapping[str, Any]) -> dict[str, Any]:
    fault = _read(document)
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


def _read(document: Mapping[str, Any]) -> Fault:
    return read({name: value for name, value in document.items() if name not in {"id", "fired"}})


def _shown(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _when(when: Any) -> str:
    if isinstance(when, str):
        return {"next": "the next one", "every": "every one"}[when]
    if "nth" in when:
        return f"number {when['nth']}"
    return f"{when['probability']:.0%} of them"
