"""`/api/faults`, and the page that shows what misbehaves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from acs_sim.client.parties import PartyUnreachable
from acs_sim.client.sharing.faults import messages_told
from acs_sim.desk.api.calls import Desk, call, read_body
from acs_sim.desk.api.documents import Cleared, FaultInForce, FaultsInForce, PackWish
from acs_sim.settings.addresses import TITLES
from threedsecure.faults import Fault, FaultDocument, FaultRefused, read
from threedsecure.faults.documents import WITHOUT_CARD, check
from threedsecure.faults.fault import Count
from threedsecure.faults.packs import PACKS
from threedsecure.faults.points import ACS, DIRECTORY_SERVER, THREE_DS_SERVER
from threedsecure.web.faults.injector import CONTROL_PATH
from threedsecure.web.wire import Problem, WireRequest, read_json

BODY_LIMIT: Final = 64 * 1024
KNOWN_TRANSACTIONS: Final = 20
_DONE_BY: Final = {DIRECTORY_SERVER: "ds", ACS: "acs", THREE_DS_SERVER: "shop"}
"""Which party of ours sends what a fault happens to; an app's messages are the desk's."""
_MET_BY: Final = {"PReq": "ds", "CRReq": "ds", "CReq post": "acs", "PAReq": "acs"}
"""Where what others send is spoilt when it arrives."""


@call("GET", "/api/faults", errors=(502, 504))
async def list_faults(desk: Desk) -> FaultsInForce:
    """What misbehaves, and what has."""
    return FaultsInForce(await in_force(desk), desk.runtime.faults.plan.spent())


@call(
    "POST",
    "/api/faults",
    body=(FaultDocument, PackWish),
    answer=(FaultInForce, FaultsInForce),
    status=201,
    errors=(400, 422, 502, 504),
    limit=BODY_LIMIT,
)
async def arm_fault(desk: Desk, request: WireRequest) -> FaultsInForce | dict[str, Any]:
    """Have something go wrong: a fault (docs/faults.md), or a pack of them. Answers the fault with its id."""
    document = read_json(request)
    if "pack" in document:
        return FaultsInForce(await arm(desk, packed(read_body(request, PackWish))))
    try:
        fault = read(document)
    except FaultRefused as refused:
        raise Problem(400, "Bad Request", str(refused)) from refused
    return (await arm(desk, [fault]))[0]


@call("DELETE", "/api/faults", errors=(502, 504))
async def clear_faults(desk: Desk) -> Cleared:
    """Have nothing go wrong any more."""
    return Cleared(await clear(desk))


@call("DELETE", "/api/faults/{fault}", errors=(404, 502, 504))
async def clear_fault(desk: Desk, fault: str) -> Cleared:
    """Take one fault back."""
    await in_force(desk)
    await disarm(desk, fault)
    return Cleared(1)


async def disarm(desk: Desk, identifier: str) -> None:
    """Errors: `Problem` 404."""
    if not await desk.runtime.faults.disarm_everywhere(identifier):
        raise Problem(404, "Not Found", "no such fault is in force; one that was to happen once may have happened")
    await _tell(desk)


async def clear(desk: Desk) -> int:
    """How many were in force."""
    count = await desk.runtime.faults.clear_everywhere()
    await _tell(desk)
    return count


async def arm(desk: Desk, faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Put faults in force at every party; each with its id. Errors: `Problem` 422 when there are too many, or none of them can
    ever happen."""
    if not faults:
        return []
    if (why := await _never_happen(desk, faults)) is not None:
        raise Problem(422, "Unprocessable Content", why)
    try:
        armed = await desk.runtime.faults.arm_everywhere(faults)
    except FaultRefused as refused:
        raise Problem(422, "Unprocessable Content", str(refused)) from refused
    await _tell(desk, await _known(desk, faults))
    return armed


async def _never_happen(desk: Desk, faults: Sequence[Fault]) -> str | None:
    """Why none of these can happen here: whoever sends what they happen to does not run."""
    needed = {_MET_BY.get(fault.at) or _DONE_BY.get(fault.sent_by) for fault in faults}
    for party in needed - {None}:
        try:
            await desk.parties.call(str(party), CONTROL_PATH)
        except PartyUnreachable:
            continue
        return None
    if None in needed:
        return None
    at, absent = " or ".join(sorted({fault.at for fault in faults})), " and ".join(TITLES[str(one)] for one in needed)
    return f"a fault at the {at} can never happen here: it is done by {absent}, which does not run"


async def begin_again(desk: Desk) -> None:
    """What was asked for on the way is forgotten; what the simulator was started with stays."""
    await desk.runtime.faults.begin_again_everywhere()
    await _tell(desk)


def bound_to_card(fault: Fault) -> Fault:
    """A fault that can be limited to a card, and is not limited yet. Errors: `Problem` 400."""
    if fault.card is not None or fault.transaction is not None:
        raise Problem(400, "Bad Request", "faults: those of a card name neither card nor transaction")
    try:
        check(msgspec.structs.replace(fault, card="4000000000000002"))
    except FaultRefused as refused:
        raise Problem(400, "Bad Request", f"faults: {refused}") from refused
    return fault


def packed(wish: PackWish) -> list[Fault]:
    faults = PACKS[wish.pack].faults
    if wish.card is None:
        return list(faults)
    return [msgspec.structs.replace(fault, card=wish.card) for fault in faults if fault.at not in WITHOUT_CARD]


async def in_force(desk: Desk) -> list[dict[str, Any]]:
    """All faults, counted over all processes; what has happened elsewhere and was to happen once is over here too."""
    own = desk.runtime.faults
    found = {one["id"]: one for one in await own.documents()}
    if not found:
        return []
    for told in (await desk.parties.call_others(CONTROL_PATH)).values():
        if told is None or told.get("process") == own.process:
            continue
        theirs = {one["id"]: one for one in told.get("faults", [])}
        for identifier, one in list(found.items()):
            if identifier in theirs:
                one["fired"] += theirs[identifier]["fired"]
            elif _happens_once(one):
                del found[identifier]
                own.plan.spend(identifier)
    return list(found.values())


def _happens_once(document: Mapping[str, Any]) -> bool:
    when = read({name: value for name, value in document.items() if name not in {"id", "fired"}}).when
    return when == "next" or (isinstance(when, Count) and when.nth is not None)


async def _tell(desk: Desk, known: Iterable[Mapping[str, Any]] = ()) -> None:
    """Every party that runs has the same faults in force as the desk."""
    own, identifiers = desk.runtime.faults, list(known)
    document = {"process": own.process, "faults": await own.documents(), "known": identifiers}
    await desk.parties.call_others(CONTROL_PATH, document)


async def _known(desk: Desk, faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """What is under way already for the cards and transactions that the faults name."""
    cards = {fault.card for fault in faults if fault.card is not None}
    names = {fault.transaction for fault in faults if fault.transaction is not None}
    wanted = [*({"pan": card} for card in cards), *({"id": name} for name in names)]
    told = [await messages_told(desk.parties, {**one, "limit": KNOWN_TRANSACTIONS}, one.get("pan")) for one in wanted]
    return [message for messages in told for message in messages]
