"""One clock for a simulator whose parties run in several processes: the desk tells the others when it is moved, and a process that
starts takes it over from those that run."""

import asyncio
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from acs_sim.settings.addresses import PORT_OFFSETS, Addresses
from threedsecure.errors import TransportError
from threedsecure.web.calling.transport import Transport
from threedsecure.web.clock import Clock, ClockSetting
from threedsecure.web.serving.service import Route
from threedsecure.web.sharing.processes import Shared
from threedsecure.web.wire import Problem, WireRequest, WireResponse

TOPIC: Final = "clock"
CLOCK_PATH: Final = "/control/clock"
ASK_SECONDS: Final = 10.0
"""Who does not run refuses at once; who runs on a busy machine must not miss how the clock was moved."""
FARTHEST: Final = 200 * 366 * 86_400


class ClockDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`ahead_seconds`: of the wall clock; `frozen_at`: the instant at which it stands still, null while it runs."""

    ahead_seconds: Annotated[float, Meta(ge=-FARTHEST, le=FARTHEST)] = 0.0
    frozen_at: Annotated[datetime, Meta(tz=True)] | None = None


def clock_route(clock: Clock, shared: Shared) -> Route:
    """`POST /control/clock`: how the clock of this process stands; a body that is not empty sets it first."""

    async def answer(request: WireRequest) -> WireResponse:
        if request.body.strip() not in (b"", b"{}"):
            told = _read(request.body)
            await move(clock, shared, lambda mine: mine.follow(told))
        return WireResponse(200, document_of(clock.setting))

    return Route("POST", CLOCK_PATH, answer)


def elsewhere(here: Iterable[str]) -> tuple[str, ...]:
    """The parties that do not run in this process, the desk first."""
    return tuple(party for party in PORT_OFFSETS if party not in here)


async def tell(transport: Transport, addresses: Addresses, parties: Iterable[str], setting: ClockSetting) -> None:
    """Those of `parties` that can be reached show the same time from now on."""
    await asyncio.gather(*(_exchange(transport, addresses.of(party), document_of(setting)) for party in parties))


async def take_over(transport: Transport, addresses: Addresses, parties: Iterable[str]) -> ClockSetting:
    """The clock of the first of `parties` whose clock was moved; the wall clock when none was, or none can be asked."""
    told = await asyncio.gather(*(_exchange(transport, addresses.of(party), b"{}") for party in parties))
    return next((setting for setting in told if setting is not None and setting != ClockSetting()), ClockSetting())


async def share_clock(clock: Clock, shared: Shared) -> None:
    """Have `clock` follow that of the processes on the same database, from now on."""

    async def follow(_content: Any) -> None:
        document = await shared.shared(TOPIC)
        if document is not None:
            clock.follow(_setting(msgspec.convert(document, ClockDocument)))

    shared.on(TOPIC, follow)
    await follow(None)


async def move(clock: Clock, shared: Shared, by: Callable[[Clock], None]) -> None:
    """Move `clock`, and with it the clocks of all processes on the same database. `by` is given a clock that shows the same; what
    it raises is raised."""
    if shared.worker is None:
        by(clock)
        return

    def step(kept: Any) -> Any:
        moved = Clock()
        moved.follow(clock.setting if kept is None else _setting(msgspec.convert(kept, ClockDocument)))
        by(moved)
        return msgspec.to_builtins(_document(moved.setting))

    await shared.change(TOPIC, step)


def document_of(setting: ClockSetting) -> bytes:
    return msgspec.json.encode(_document(setting))


def _document(setting: ClockSetting) -> ClockDocument:
    return ClockDocument(setting.ahead.total_seconds(), setting.frozen_at)


async def _exchange(transport: Transport, address: str, body: bytes) -> ClockSetting | None:
    """What is answered; None by whoever is not there, or is no party of a simulator."""
    try:
        answer = await transport.post(address + CLOCK_PATH, body, timeout=ASK_SECONDS)
        return _read(answer.body) if answer.status == 200 else None
    except (TransportError, Problem):
        return None


def _read(body: bytes) -> ClockSetting:
    """Errors: `Problem` 400."""
    try:
        document = msgspec.json.decode(body, type=ClockDocument)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise Problem(400, "Bad Request", str(error)) from error
    return _setting(document)


def _setting(document: ClockDocument) -> ClockSetting:
    frozen_at = None if document.frozen_at is None else document.frozen_at.astimezone(UTC)
    return ClockSetting(timedelta(seconds=document.ahead_seconds), frozen_at)
