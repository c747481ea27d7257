"""`/api/clock`, `/api/reset`, `/api/seed` and `/api/addresses`: time, memory, chance, and where everybody is."""

from datetime import UTC, datetime, timedelta
from typing import Final

from acs_sim.client.sharing import clock as shared_clock
from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import ClockMove, ClockState, PartyAddresses, ResetOutcome, Seed
from acs_sim.desk.control import faults
from acs_sim.desk.transactions.list import instant
from acs_sim.settings.durations import parse_duration
from threedsecure.web.clock import Clock
from threedsecure.web.wire import Problem, WireResponse

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
SEED: Final = "seed"
PEM: Final = "application/x-pem-file"


@call("GET", "/api/clock")
async def show_clock(desk: Desk) -> ClockState:
    """What time it is in the simulator."""
    return clock_state(desk.runtime.clock)


@call("POST", "/api/clock", errors=(400,))
async def move_clock(desk: Desk, wish: ClockMove) -> ClockState:
    """Move the clock; whatever falls due on the way happens."""
    await move_everybodys(desk, wish)
    return clock_state(desk.runtime.clock)


@call("GET", "/api/ca.pem", errors=(404,), answer=(str,), media=PEM)
async def show_authority(desk: Desk) -> WireResponse:
    """The simulator's certificate authority (PEM), for callers to trust, where it runs with --tls."""
    if desk.runtime.tls is None:
        raise Problem(404, "Not Found", "this simulator runs without TLS; start it with --tls")
    headers = {"Content-Disposition": 'attachment; filename="acs-sim-ca.pem"'}
    return WireResponse(200, desk.runtime.tls.authority_pem, PEM, headers)


@call("GET", "/api/addresses")
async def show_addresses(desk: Desk) -> PartyAddresses:
    """Where every party is found."""
    return PartyAddresses(**dict(desk.addresses))


@call("POST", "/api/reset", errors=(504,))
async def reset(desk: Desk) -> ResetOutcome:
    """Forget everything but the clock and the seed."""
    return await forget_everything(desk)


async def forget_everything(desk: Desk) -> ResetOutcome:
    told = await desk.parties.call_others("/control/reset")
    await faults.begin_again(desk)
    await desk.runtime.journal.forget()
    unreachable = [party for party, answer in told.items() if answer is None]
    return ResetOutcome([party for party in told if party not in unreachable], unreachable)


@call("PUT", "/api/seed", errors=(400,))
async def set_seed(desk: Desk, wish: Seed) -> Seed:
    """Make identifiers and codes repeatable."""
    await seed_everybody(desk, wish.seed)
    return wish


async def seed_everybody(desk: Desk, seed: int | None) -> None:
    desk.runtime.randomness.seed(seed)
    await desk.runtime.shared.tell_all(SEED, [seed])


def clock_state(clock: Clock) -> ClockState:
    now, setting = clock.now(), clock.setting
    ahead = setting.ahead if setting.frozen_at is None else setting.frozen_at - datetime.now(UTC)
    return ClockState(now.isoformat(timespec="milliseconds"), clock.frozen, round(ahead.total_seconds(), 1))


async def move_everybodys(desk: Desk, wish: ClockMove) -> None:
    """Move this clock, and have the parties that run elsewhere follow it. Errors: `Problem` 400."""
    clock = desk.runtime.clock
    await shared_clock.move(clock, desk.runtime.shared, lambda mine: move(mine, wish))
    await shared_clock.tell(desk.runtime.transport, desk.addresses, desk.elsewhere, clock.setting)


def move(clock: Clock, wish: ClockMove) -> None:
    """Errors: `Problem` 400."""
    given = [name for name in wish.__struct_fields__ if getattr(wish, name) is not None]
    if len(given) != 1:
        raise Problem(400, "Bad Request", "give exactly one of advance, set, freeze and resume")
    if wish.advance is not None:
        clock.advance(_step(clock, wish.advance))
    elif wish.set is not None:
        clock.set(_bounded(instant("set", wish.set)))
    elif wish.freeze:
        clock.freeze()
    else:
        clock.resume()


def _step(clock: Clock, written: str) -> timedelta:
    try:
        step = parse_duration(written)
    except ValueError as error:
        raise Problem(400, "Bad Request", f"advance: {error}") from error
    _bounded(clock.now() + step)
    return step


def _bounded(to: datetime) -> datetime:
    if not EARLIEST <= to < LATEST:
        raise Problem(400, "Bad Request", f"the clock runs from {EARLIEST.year} to {LATEST.year - 1}")
    return to
