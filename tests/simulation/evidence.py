"""What is found when everything is over: what each party says of what happened, and what is left of it on the machine."""

import asyncio
import re
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from tests.simulation.seen import Purchase
from tests.simulation.world import World, tasks_of

MINUTES: Final = (11.0, 31.0, 61.0, 121.0)
"""By which the clock is moved so that all that is promised for later has its time: pages, retries, what a shop waits for."""
MOST_RETRIES: Final = 12
"""Of an RReq that nobody takes."""
OVER: Final = frozenset({"answered", "reported", "unreported"})
"""States at the ACS."""
SETTLED_SECONDS: Final = 20.0
KEPT_SECONDS: Final = 10 * 86400.0
"""More than a challenge may last that was never reported (8 days), and than the clock was moved."""
REMEMBERED: Final = re.compile(r"_version$|_card$|_range|_key$|_counter$|merchant|^sqlite_|keys?$")
"""Tables whose rows outlive what happened: what a card remembers, keys, versions."""

_LONGER: Final = re.compile(rb"[0-9A-Za-z+/=.-]")
"""Beside digits that stand inside something longer by chance."""


@dataclass
class Evidence:
    """By their acsTransID, xid or id. `left`: tasks, timers or rows that are left, in words; `in_clear`: secrets and where they
    were found; `not_ready`: why the simulator is not ready although nothing is wrong."""

    world: World
    acs: dict[str, dict[str, Any]] = field(default_factory=dict)
    directory: dict[str, dict[str, Any]] = field(default_factory=dict)
    desk: dict[str, dict[str, Any]] = field(default_factory=dict)
    classic: dict[str, dict[str, Any]] = field(default_factory=dict)
    shop: dict[str, dict[str, Any]] = field(default_factory=dict)
    journal: list[dict[str, Any]] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    in_clear: list[str] = field(default_factory=list)
    not_ready: list[str] = field(default_factory=list)

    @property
    def purchases(self) -> Iterable[Purchase]:
        return self.world.seen.purchases.values()

    def entries_of(self, transaction_id: str) -> list[dict[str, Any]]:
        return [entry for entry in self.journal if entry["transaction_id"] == transaction_id]


async def gathered(world: World) -> Evidence:
    """After `play`: let all time pass, ask everybody, look at the machine, and stop the simulator."""
    found = Evidence(world)
    for minutes in MINUTES:
        await _passed(world, minutes)
    await _asked(found)
    for _ in range(MOST_RETRIES):
        if all(row["state"] in OVER for row in found.acs.values()):
            break
        await _passed(world, MINUTES[-1])
        await _asked(found)
    await _looked_at(found)
    found.in_clear = list(_in_clear(world, found))
    world.loop.leap(KEPT_SECONDS)
    await asyncio.sleep(90)
    found.left += _rows(world)
    await _stopped(found)
    return found


async def _passed(world: World, minutes: float) -> None:
    await world.move_clock(minutes)
    await asyncio.sleep(SETTLED_SECONDS)
    await world.look_closely()


async def _asked(found: Evidence) -> None:
    world = found.world
    wanted = {"limit": 1000}
    found.acs = _by("acsTransID", await world.control("acs", "/control/transactions", wanted), "transactions")
    found.directory = _by("acsTransID", await world.control("ds", "/control/transactions", wanted), "transactions")
    found.classic = _by("xid", await world.control("acs", "/control/3ds1/authentications", {}), "authentications")
    found.desk = _by("acsTransID", await world.control("desk", "/api/transactions?limit=500"), "transactions")
    found.shop = _by("id", await world.control("shop", "/api/purchases"), "purchases")
    texts = await world.control("phone", "/api/messages?limit=500")
    for text in (texts or {}).get("messages", []):
        world.seen.note_text(text)
    if world.life is not None and world.life.stack is not None:
        found.journal = await world.life.stack.runtime.journal.newest(10_000)


async def _looked_at(found: Evidence) -> None:
    """Before it is stopped, with nothing to do."""
    world = found.world
    if world.life is None:
        return
    for port in world.life.ports.values():
        found.not_ready += await port.not_ready()
    now = tasks_of(world.life)
    left, missing = now - world.born_with, world.born_with - now
    found.left += [f"{count} task(s) {name!r} more than at the start" for name, count in left.items()]
    found.not_ready += [f"the task {name!r} has ended" for name in missing]
    if world.life.stack is not None:
        runtime = world.life.stack.runtime
        if runtime.journal.waiting:
            found.left.append(f"{runtime.journal.waiting} entries of the journal wait")
        if runtime.journal.database.waiting:
            found.left.append(f"{runtime.journal.database.waiting} units of work wait for the database")


async def _stopped(found: Evidence) -> None:
    life = found.world.life
    if life is None:
        return
    await life.stop()
    if life.failed is not None:
        found.left.append(f"it did not stop in good order: {life.failed!r}")
    found.left += [f"task {name!r} after the stop" for name in life.left_behind]


def _rows(world: World) -> list[str]:
    """What is still kept although the time is over for which it was to be."""
    connection = sqlite3.connect(world.disk.path or "")
    try:
        named = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        counts = {
            name: connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
            for (name,) in named
            if not REMEMBERED.search(name)
        }
    finally:
        connection.close()
    return [f"{count} row(s) of {name} after {world.settings.keep}" for name, count in counts.items() if count]


def _in_clear(world: World, found: Evidence) -> Iterable[str]:
    """Card numbers and codes as whole numbers in what was written and said."""
    secrets = {purchase.pan for purchase in world.seen.purchases.values()}.union(*world.seen.texts.values())
    places = {path.name: path.read_bytes() for path in world.folder.iterdir() if path.is_file()}
    places["log"] = "\n".join(map(str, world.logs)).encode()
    places["journal"] = "\n".join(map(str, found.journal)).encode()
    for name, text in places.items():
        for secret in secrets:
            start = -1
            while (start := text.find(secret.encode(), start + 1)) >= 0:
                around = text[max(0, start - 1) : start] + text[start + len(secret) : start + len(secret) + 1]
                if not _LONGER.search(around):
                    yield f"{secret} in {name}: …{text[max(0, start - 60) : start + 30]!r}"


def _by(name: str, told: dict[str, Any] | None, rows: str) -> dict[str, dict[str, Any]]:
    if told is None:
        return {}
    return {str(row.get(name)): row for row in told[rows]}
