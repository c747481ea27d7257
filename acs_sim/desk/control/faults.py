"""`/api/faults`, and the page that shows what misbehaves."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

from acs_sim.client.parties import PartyUnreachable, Refused
from acs_sim.desk.api.calls import Desk, answered, read_body
from acs_sim.desk.api.documents import Cleared, FaultsInForce, PackWish
from threedsecure.faults import Fault, FaultRefused, read
from threedsecure.faults.documents import WITHOUT_CARD, check
from threedsecure.faults.fault import Count
from threedsecure.faults.packs import PACKS
from threedsecure.web.faults.injector import CONTROL_PATH
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response

BODY_LIMIT: Final = 64 * 1024
PARTIES: Final = ("shop", "ds", "acs", "phone")
KNOWN_TRANSACTIONS: Final = 20
_NAMES: Final = {"id": "threeDSServerTransID", **{name: name for name in ("dsTransID", "acsTransID", "sdkTransID")}}


async def list_faults(desk: Desk, _request: WireRequest) -> WireResponse:
    return answered(FaultsInForce(await in_force(desk)))


async def arm_fault(desk: Desk, request: WireRequest) -> WireResponse:
    document = _decoded(request)
    if "pack" in document:
        return answered(FaultsInForce(await arm(desk, packed(read_body(request, PackWish)))), 201)
    try:
        fault = read(document)
    except FaultRefused as refused:
        raise Problem(400, "Bad Request", str(refused)) from refused
    return json_response((await arm(desk, [fault]))[0], 201)


async def clear_faults(desk: Desk, _request: WireRequest) -> WireResponse:
    return answered(Cleared(await clear(desk)))


async def clear_fault(desk: Desk, request: WireRequest) -> WireResponse:
    await in_force(desk)
    await disarm(desk, request.match["fault"])
    return answered(Cleared(1))


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
    """Put faults in force at every party; each with its id. Errors: `Problem` 422 when there are too many."""
    if not faults:
        return []
    try:
        armed = await desk.runtime.faults.arm_everywhere(faults)
    except FaultRefused as refused:
        raise Problem(422, "Unprocessable Content", str(refused)) from refused
    await _tell(desk, await _known(desk, faults))
    return armed


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
    for told in await _told(desk):
        if told.get("process") == own.process:
            continue
        theirs = {one["id"]: one for one in told.get("faults", [])}
        for identifier, one in list(found.items()):
            if identifier in theirs:
                one["fired"] += theirs[identifier]["fired"]
            elif _happens_once(one):
                del found[identifier]
                await own.disarm_everywhere(identifier)
    return list(found.values())


def _happens_once(document: Mapping[str, Any]) -> bool:
    when = read({name: value for name, value in document.items() if name not in {"id", "fired"}}).when
    return when == "next" or (isinstance(when, Count) and when.nth is not None)


async def _told(desk: Desk) -> list[dict[str, Any]]:
    answers = []
    for party in PARTIES:
        try:
            answers.append(await desk.parties.call(party, CONTROL_PATH))
        except PartyUnreachable:
            continue
    return answers


async def _tell(desk: Desk, known: Iterable[Mapping[str, Any]] = ()) -> None:
    """Every party that runs has the same faults in force as the desk."""
    own, identifiers = desk.runtime.faults, list(known)
    document = {"process": own.process, "faults": await own.documents(), "known": identifiers}
    for party in PARTIES:
        try:
            await desk.parties.call(party, CONTROL_PATH, document)
        except PartyUnreachable:
            continue


async def _known(desk: Desk, faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """What is under way already for the cards and transactions that the faults name."""
    cards = {fault.card for fault in faults if fault.card is not None}
    names = {fault.transaction for fault in faults if fault.transaction is not None}
    known = [_identifiers(row, card) for card in cards for row in await _rows(desk, {"pan": card})]
    return known + [_identifiers(row, None) for name in names for row in await _rows(desk, {"id": name})]


async def _rows(desk: Desk, wanted: Mapping[str, Any]) -> list[dict[str, Any]]:
    try:
        told = await desk.parties.call("ds", "/control/transactions", {**wanted, "limit": KNOWN_TRANSACTIONS})
    except (Problem, Refused):
        return []
    rows: list[dict[str, Any]] = told.get("transactions", [])
    return rows


def _identifiers(row: Mapping[str, Any], card: str | None) -> dict[str, Any]:
    named = {name: row[member] for member, name in _NAMES.items() if row.get(member)}
    return {"messageType": "AReq", **named, **({"acctNumber": card} if card else {})}


def _decoded(request: WireRequest) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(request.body or b"{}")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "Bad Request", f"the body is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Problem(400, "Bad Request", "the body is not a JSON object")
    return document
