"""One run: a machine with its disk and its network, the simulator that lives and dies on it, and everybody who deals with it."""

import asyncio
import re
import shutil
import tempfile
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextlib import ExitStack, contextmanager
from contextvars import Context
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, Final, TypeVar

import orjson

from acs_sim.gateway import app as gateway_app
from acs_sim.running.data.data_folder import KEY_FILE
from acs_sim.running.data.databases import FILE
from acs_sim.settings.settings import Settings
from tests.simulation import story as stories
from tests.simulation.clocks import SubstitutedAs, substituted, wall
from tests.simulation.disk import Disk, drawn_connections
from tests.simulation.life import HOST, SUBSTITUTES, Life, Port
from tests.simulation.logs import captured
from tests.simulation.loop import OWNER, DrawnLoop, Owner
from tests.simulation.network import ANSWERING, Network
from tests.simulation.people import GATEWAY, Buyer, Gateway
from tests.simulation.seen import Seen
from tests.simulation.story import Story
from threedsecure.errors import PeerUnreachable, TransportError
from threedsecure.v1.signature import pki
from threedsecure.web.wire import JSON, WireResponse

Result = TypeVar("Result")
_NUMBER: Final = re.compile(r"[0-9]+")
_NEW_SIGNING_KEY, _NEW_SHOP_KEY = pki._new_key, gateway_app._new_key
MEMORY: Final = Path("/dev/shm")
WELL_AFTER_SECONDS: Final = 40.0
"""After the last trouble everything that is promised at any time holds again."""

DEADLINES: Final = {
    "creq-awaited": timedelta(seconds=30),
    "challenging": timedelta(minutes=10),
    "decoupled": timedelta(minutes=5),
}
"""After the last step, by the state at the ACS (docs/timers.md)."""
GRACE: Final = timedelta(seconds=10)


@dataclass
class Figures:
    """What a run had in it."""

    seeds: int = 0
    purchases: int = 0
    authentications: int = 0
    crashes: int = 0
    faults: int = 0
    virtual_seconds: float = 0.0
    turns: int = 0

    def __add__(self, other: "Figures") -> "Figures":
        return Figures(*(one + more for one, more in zip(vars(self).values(), vars(other).values(), strict=True)))


class World:
    """`now()`: virtual seconds since the beginning."""

    def __init__(self, story: Story, loop: DrawnLoop, folder: Path, logs: list[dict[str, Any]]) -> None:
        self.story = story
        self.loop = loop
        self.logs = logs
        self.seen = Seen()
        self.network = Network(self.source("network"))
        self.disk = Disk(self.source("disk"), loop)
        self.disk.path = folder / FILE
        self.gateway = Gateway(self.seen, self.source("gateway"))
        self.settings = Settings(host=HOST, data=str(folder), keep="24h")
        self.addresses = self.settings.addresses
        self.folder = folder
        (folder / KEY_FILE).write_bytes(self.source("key").randbytes(32))
        self.outside = Owner()
        self.life: Life | None = None
        self.lives = 0
        self.figures = Figures(seeds=1, purchases=story.purchases)
        self.born_with: Counter[str] = Counter()
        self._well_since = 0.0
        self._down = asyncio.Event()
        loop.at_death = self._died

    def source(self, *names: object) -> Random:
        return Random(f"{self.story.seed} {names}")

    def now(self) -> float:
        return self.loop.time()

    def run(self, doing: Coroutine[Any, Any, Result]) -> Result:
        """What `doing`, done by those outside, comes to."""
        context = Context()
        context.run(OWNER.set, self.outside)
        return self.loop.run_until_complete(context.run(self.loop.create_task, doing))

    def end(self) -> None:
        """Whatever still waits is dropped."""
        if self.life is not None and not self.life.over:
            self.life.kill()
        self.loop.end_of(self.outside)

    # --- the simulator ---

    async def start(self) -> None:
        """Until it lives: what cannot start now is started again, as a supervisor does."""
        while self.life is None or self.life.over or self.life.failed is not None:
            self.lives += 1
            self.life = Life(self.loop, self.settings, self.disk, self.network, self, self.source("life", self.lives))
            if await self.life.begun():
                return
            if self.life.over:
                continue
            self.disk.let_go()
            self.disk.dies()
            self.trouble()
            await asyncio.sleep(1)

    def _died(self) -> None:
        if self.life is not None and not self.life.over:
            self.life.kill()
            self.figures.crashes += 1
            self.trouble()
            self._down.set()

    async def answer(self, method: str, url: str, body: bytes) -> WireResponse:
        """Who is beyond the machine."""
        if url.startswith(f"{GATEWAY}/"):
            return await self.gateway.answer(method, url, body)
        raise PeerUnreachable(url, "no connection: Name or service not known")

    # --- as it is reached from outside ---

    async def post(self, url: str, body: bytes, *, timeout: float, content_type: str = JSON) -> WireResponse:
        return await self._asked("POST", url, body, timeout, {"content-type": content_type})

    async def get(self, url: str, *, timeout: float) -> WireResponse:
        return await self._asked("GET", url, b"", timeout, {})

    async def _asked(self, method: str, url: str, body: bytes, timeout: float, headers: dict[str, str]) -> WireResponse:
        life = self.life
        if url.startswith(f"{GATEWAY}/"):
            return await self.network.carry(url, lambda: self.gateway.answer(method, url, body), timeout, Context())
        if life is None or life.over:
            raise PeerUnreachable(url, "no connection: Connection refused")
        answer = await life.asked(url, lambda: life.answer(method, url, body, headers), timeout)
        if answer.status == 500:
            self.seen.breaks("no-bug", f"{method} {url} was answered 500")
        return answer

    async def control(self, party: str, path: str, document: Any = None) -> dict[str, Any] | None:
        """What a party tells who controls it; None where it is not to be had."""
        url = self.addresses.of(party) + path
        try:
            if document is None:
                answer = await self.get(url, timeout=20)
            else:
                answer = await self.post(url, orjson.dumps(document), timeout=20)
        except TransportError:
            return None
        return orjson.loads(answer.body) if answer.status < 300 else None

    def port(self, party: str) -> Port | None:
        return None if self.life is None else self.life.ports.get(self.addresses.of(party))

    # --- what happens ---

    def trouble(self) -> None:
        self._well_since = self.now()

    @property
    def is_well(self) -> bool:
        """Whether nothing has gone wrong for long enough."""
        troubled = self.disk.trouble or self.network.bad or self.network.bad_inside or self.gateway.mood
        if troubled or self.life is None or self.life.over:
            self.trouble()
        return self.now() - self._well_since > WELL_AFTER_SECONDS

    async def play(self) -> None:
        """The story, until everybody has gone home."""
        await self.start()
        await asyncio.sleep(0.1)
        self.born_with = tasks_of(self.life)
        keeping = asyncio.ensure_future(self._keep_alive())
        doing = [asyncio.ensure_future(self._step(step)) for step in self.story.steps]
        await asyncio.gather(*doing)
        self.heal()
        keeping.cancel()
        await self.start()

    async def _keep_alive(self) -> None:
        """Whoever died is started again, after the time that its death says, or soon."""
        while True:
            await self._down.wait()
            self._down.clear()
            await asyncio.sleep(self._down_seconds)
            await self.start()

    _down_seconds = 0.5

    def heal(self) -> None:
        self.disk.is_well()
        self.disk.deadly = None
        self.network.bad = self.network.bad_inside = 0.0
        self.gateway.mood = None
        self.trouble()

    async def _step(self, step: stories.AnyStep) -> None:
        await asyncio.sleep(step.at)
        match step:
            case stories.Buy():
                source = self.source("buyer", step.name)
                await Buyer(self, self.seen.begin(step), source).buy()
            case stories.DiskTrouble():
                self.disk.goes_wrong(step.how)
                await self._for(step.seconds)
                self.disk.is_well()
            case stories.Weather():
                self.network.bad, self.network.bad_inside = step.bad, step.bad if step.inside else 0.0
                await self._for(step.seconds)
                self.network.bad = self.network.bad_inside = 0.0
            case stories.Mood():
                self.gateway.mood = step.how
                await self._for(step.seconds)
                self.gateway.mood = None
            case stories.Death():
                await self._die(step)
            case stories.ClockMoved():
                await self.move_clock(step.minutes)
                self.trouble()
            case stories.MachineSleeps():
                self.loop.leap(step.seconds)
                self.trouble()
            case stories.Look():
                await self.look()

    async def move_clock(self, minutes: float) -> None:
        if await self.control("desk", "/api/clock", {"advance": f"{minutes * 60:.0f}s"}) is not None:
            self.figures.virtual_seconds += minutes * 60

    async def _for(self, seconds: float) -> None:
        self.trouble()
        await asyncio.sleep(seconds)
        self.trouble()

    async def _die(self, death: stories.Death) -> None:
        self._down_seconds = death.down
        if death.how == "now":
            self._died()
        elif death.how == "by a signal":
            life = self.life
            if life is not None and not life.over and life.failed is None:
                await life.stop()
                self.trouble()
                self._down.set()
        else:
            self.disk.deadly = death.how.partition(" ")[0]

    async def look(self) -> None:
        """What the desk says of every authentication that somebody knows by its name."""
        for purchase in list(self.seen.purchases.values()):
            if purchase.acs_id is None or purchase.buy.version == "1.0.2":
                continue
            told = await self.control("desk", f"/api/transactions/{purchase.acs_id}")
            own = told is not None and told.get("acsTransID") == purchase.acs_id  # one AReq that comes twice is two
            if own and told.get("challenge") is not None:
                purchase.hears("desk", told["challenge"].get("transStatus"))
        await self.look_closely()

    async def look_closely(self) -> None:
        """Where nothing has gone wrong for a while nobody waits past a deadline, and all background work is at work."""
        if not self.is_well or self.life is None or self.life.stack is None:
            return
        told = await self.control("acs", "/control/transactions", {"limit": 1000})
        now = self.life.stack.clock.now()
        for row in (told or {"transactions": []})["transactions"]:
            longest = DEADLINES.get(row["state"])
            if longest is not None and now - datetime.fromisoformat(row["updated_at"]) > longest + GRACE:
                self.seen.breaks("in-time", f"{row['acsTransID']} is {row['state']} since {row['updated_at']}")
        for port in list(self.life.ports.values()):
            for words in await port.not_ready():
                self.seen.breaks("loops-alive", words)


def tasks_of(life: Life | None) -> Counter[str]:
    """Those of the simulator beside its requests, by their names without numbers."""
    names = (task.get_name() for task in (life.tasks if life is not None else ()) if not task.done())
    return Counter(_NUMBER.sub("N", name) for name in names if not name.startswith(ANSWERING))


def _keys() -> list[SubstitutedAs]:
    """Every run has the same ones, in the order in which it needs them: to make them takes longer than the run."""
    signers, shops = count(), count()
    return [
        (pki, "_new_key", lambda: _signing_key(next(signers))),
        (gateway_app, "_new_key", lambda: _shop_key(next(shops))),
    ]


@cache
def _signing_key(_number: int) -> Any:
    return _NEW_SIGNING_KEY()


@cache
def _shop_key(_number: int) -> str:
    return _NEW_SHOP_KEY()


@contextmanager
def world(story: Story) -> Iterator[World]:
    """A world that has not begun."""
    with ExitStack() as life:
        where = MEMORY if MEMORY.is_dir() else None
        folder = Path(tempfile.mkdtemp(prefix="acs-sim-", dir=where))
        life.callback(shutil.rmtree, folder, ignore_errors=True)
        logs = life.enter_context(captured())
        loop = DrawnLoop(Random(f"{story.seed} order"))
        life.callback(loop.close)
        life.enter_context(substituted(*wall(loop.time), *SUBSTITUTES, *_keys()))
        life.enter_context(drawn_connections())
        asyncio.set_event_loop(loop)
        life.callback(asyncio.set_event_loop, None)
        made = World(story, loop, folder, logs)
        life.callback(made.end)
        yield made
