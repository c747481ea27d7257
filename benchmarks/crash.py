"""Trouble under load: while payments are authenticated, the simulator's processes die at random (kill -9), or its PostgreSQL is
frozen, or has a disk that is full; and afterwards every promise is held against what the payers and the gateway saw.

    python benchmarks/crash.py [--engine sqlite|postgresql] [--seconds 120] [--workers 4] [--seed 1] [--payers 12]
    python benchmarks/crash.py --answers 20000 --challenged 0.05 --payers 24    # until so many were answered
    python benchmarks/crash.py --by freeze      # four workers on a PostgreSQL that hangs now and then, for 2 to 30 seconds
    python benchmarks/crash.py --by full        # on one whose disk is full now and then; as root, who may mount one of 160 MB

* Every transaction that was answered is there, with the result that was answered.
* Every RReq is acknowledged, or why not is recorded.
* Nobody was told two results: all RReqs of a transaction say the same, and so does its CRes.
* The journal is complete: both AReqs and both ARes of every answer, the last as it came, and every RReq with its RRes.

`postgresql` starts a server of its own on 127.0.0.1. When it is frozen or full, no process of the simulator may have ended, and
nothing is started again but the server, where a full disk has ended that. Exit status 1 when a promise is broken.

A night's run: `--seconds 28800`."""

import argparse
import asyncio
import json
import os
import random
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import aiohttp
from sqlalchemy import Connection

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from acs_sim.client.cardholder import Cardholder, CardholderStuck, decoded_result  # noqa: E402
from acs_sim.running.data.data_folder import KEY_FILE  # noqa: E402
from acs_sim.running.data.databases import FILE  # noqa: E402
from acs_sim.scenarios.file.elements import Column  # noqa: E402
from acs_sim.scenarios.playing.gateway import Gateway, Mailbox, running_gateway  # noqa: E402
from acs_sim.scenarios.playing.purchase import areq  # noqa: E402
from tests.support.own_postgresql import OwnServer, own_server  # noqa: E402
from tests.support.postgresql import cluster  # noqa: E402
from threedsecure.cards.scenarios import SCENARIOS  # noqa: E402
from threedsecure.cards.test_cards import compose, read  # noqa: E402
from threedsecure.errors import TransportError  # noqa: E402
from threedsecure.secrets.vault import Vault  # noqa: E402
from threedsecure.storage import ledger  # noqa: E402
from threedsecure.storage.on_postgresql import PostgresDatabase  # noqa: E402
from threedsecure.storage.on_sqlite import SqliteDatabase  # noqa: E402
from threedsecure.v2.codec import encode_base64url  # noqa: E402
from threedsecure.web.calling.transport import HttpTransport  # noqa: E402

PAYMENT = Column("2.2.0", "02", "01")
CHALLENGED_SHARE = 0.4
WRONG_SHARE = 0.3
TRIES_OF_A_BROWSER = 40
PAUSE_SECONDS = 0.25
READY_WITHIN_SECONDS = 180
SMALL_DISK = "160m"
LONGER_SECONDS = 120
SETTLED_WITHIN_SECONDS = 120
ASKED_AT_ONCE = 400
MOST_LOOKED_UP = 200
"""Transactions that are looked up one by one."""
AUTHENTICATION = {
    ("AReq", "3DS Server", "Directory Server"),
    ("AReq", "Directory Server", "ACS"),
    ("ARes", "ACS", "Directory Server"),
    ("ARes", "Directory Server", "3DS Server"),
}
REPORT = {
    ("RReq", "ACS", "Directory Server"),
    ("RReq", "Directory Server", "3DS Server"),
    ("RRes", "3DS Server", "Directory Server"),
    ("RRes", "Directory Server", "ACS"),
}
Hop = tuple[str, str, str]


@dataclass
class Seen:
    """One payment, as those outside the simulator saw it."""

    mailbox: Mailbox
    ares: dict[str, Any]
    cres: list[dict[str, Any]] = field(default_factory=list)
    rreqs: list[dict[str, Any]] = field(default_factory=list)
    acknowledged: bool = False

    @property
    def id(self) -> str:
        return self.ares["threeDSServerTransID"]

    @property
    def challenged(self) -> bool:
        return self.ares["transStatus"] == "C"


@dataclass
class Report:
    """What a run saw; `broken` are the promises that did not hold."""

    seconds: float = 0.0
    strikes: int = 0
    ready_after: float = 0.0
    """The longest that every port took to be ready again."""
    database_started_again: int = 0
    answered: int = 0
    challenged: int = 0
    finished: int = 0
    unanswered: int = 0
    journalled: int = 0
    rreqs: int = 0
    repeated: int = 0
    acknowledged: int = 0
    given_up: int = 0
    settled_after: float = 0.0
    broken: list[str] = field(default_factory=list)

    def lines(self) -> str:
        figures = {name: value for name, value in vars(self).items() if name != "broken"}
        told = "\n".join(f"{name.replace('_', ' '):<16} {value:g}" for name, value in figures.items())
        return told + "\n" + ("\n".join(self.broken[:20]) or "every promise held")


class Victim:
    """A simulator in trouble: one process on SQLite, or workers on PostgreSQL with their parent alive."""

    def __init__(self, folder: Path, workers: int, base: int, life: ExitStack, address: str | None = None) -> None:
        """`address`: of a PostgreSQL database."""
        self.base = base
        self._workers = workers if address is not None else 1
        self._log = life.enter_context((folder / "log").open("w"))
        self._data = folder / "data"
        self._address = address
        self._arguments = ["--data", str(folder / "data"), "--port-base", str(base), "--log-level", "error"]
        if address is not None:
            self._arguments += ["--database", address, "--workers", str(workers)]
        self._process: subprocess.Popen[bytes] | None = None

    def at(self, offset: int) -> str:
        return f"http://127.0.0.1:{self.base + offset}"

    async def hops(self, answered: dict[str, dict[str, Any]]) -> dict[str, set[Hop]]:
        """What the journal has of each transaction; of an ARes that is not the one that was `answered`, nothing."""
        box = Vault((self._data / KEY_FILE).read_bytes(), secrets.token_bytes).box(b"ledger")
        kept = (
            SqliteDatabase(self._data / FILE, ledger.SCHEMA)
            if self._address is None
            else PostgresDatabase(self._address, ledger.SCHEMA)
        )

        def read(connection: Connection) -> dict[str, set[Hop]]:
            hops: dict[str, set[Hop]] = {}
            for number, notes in ledger.Records(connection, box, ledger.Keys()).since(0):
                for place, note in enumerate(notes):
                    document, hop = ledger.whole(number, notes, place).document, (note.kind, note.sender, note.receiver)
                    name = document.get("threeDSServerTransID")
                    if hop != ("ARes", "Directory Server", "3DS Server") or document == answered.get(name):
                        hops.setdefault(name, set()).add(hop)
            return hops

        try:
            return await kept.read(read)
        finally:
            await kept.close()

    def start(self) -> None:
        command = [sys.executable, "-m", "acs_sim", "up", *self._arguments]
        self._process = subprocess.Popen(command, cwd=ROOT, stdout=self._log, stderr=self._log)

    def kill_one(self, choice: random.Random) -> bool:
        """Whether somebody died."""
        if self._process is None:
            return False
        if self._workers > 1:
            children = _children(self._process.pid)
            if len(children) < self._workers:
                return False  # one is being replaced
            with suppress(ProcessLookupError):
                os.kill(choice.choice(children), signal.SIGKILL)
            return True
        self._process.kill()
        self._process.wait()
        self.start()
        return True

    def processes(self) -> list[int]:
        return [] if self._process is None else [self._process.pid, *_children(self._process.pid)]

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(30)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()


def _children(parent: int) -> list[int]:
    text = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(number) for number in text.split()]


class Payers:
    """Payments, one after the other, by several payers at once."""

    def __init__(
        self, victim: Victim, gateway: Gateway, session: aiohttp.ClientSession, seed: int, challenged: float
    ) -> None:
        self._victim = victim
        self._challenged = challenged
        self._gateway = gateway
        self._session = session
        self._transport = HttpTransport(session)
        self._choice = random.Random(seed)
        self._serials = iter(range(1, 10_000_000))
        self.seen: list[Seen] = []
        self.unanswered = 0
        self.finished = 0

    async def pay_while(self, goes_on: Callable[[], bool]) -> None:
        while goes_on():
            try:
                await self._pay()
            except (TransportError, CardholderStuck, ValueError):
                await asyncio.sleep(PAUSE_SECONDS)

    async def _pay(self) -> None:
        challenged = self._choice.random() < self._challenged
        scenario = SCENARIOS["challenge-otp" if challenged else "frictionless"]
        pan = compose("visa", scenario, serial=f"{next(self._serials) % 10_000:04}")
        mailbox = self._gateway.mailbox(uuid4().hex)
        message = areq(PAYMENT, datetime.now(UTC), self._own(mailbox, pan))
        try:
            answer = await self._post("100", "/visa/3ds2", message)
        except (TransportError, ValueError):
            self.unanswered += 1
            raise
        if answer.get("messageType") != "ARes":
            return
        seen = Seen(mailbox, answer)
        self.seen.append(seen)
        if seen.challenged:
            await self._go_through(seen, pan)

    async def _go_through(self, seen: Seen, pan: str) -> None:
        browser = Cardholder(self._transport)
        creq = {name: seen.ares[name] for name in ("threeDSServerTransID", "acsTransID", "messageVersion")}
        value = encode_base64url(json.dumps({"messageType": "CReq", "challengeWindowSize": "05", **creq}).encode())
        page = await self._patiently(lambda: browser.open(seen.ares["acsURL"], value))
        if self._choice.random() < WRONG_SHARE:
            shown = page
            page = await self._patiently(lambda: browser.press(shown, "submit", "000000"))
        code = await self._patiently(lambda: self._code(pan, seen.ares["acsTransID"]))
        asked = page
        over = await self._patiently(lambda: browser.press(asked, "submit", code))
        if over.result is not None:
            seen.cres.append(decoded_result(over.result))
            await browser.deliver(over.result)
            self.finished += 1

    async def _patiently(self, step: Any) -> Any:
        """As a person presses a button again when the page did not come."""
        for _ in range(TRIES_OF_A_BROWSER - 1):
            try:
                return await step()
            except (TransportError, CardholderStuck):
                await asyncio.sleep(PAUSE_SECONDS)
        return await step()

    async def _code(self, pan: str, acs_trans_id: str) -> str:
        card = read(pan)
        number = card.phone if card is not None else ""
        url = f"{self._victim.at(300)}/api/phones/{number}/latest?wait=2&reference={acs_trans_id}"
        try:
            async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=5)) as answer:
                if answer.status == 200:
                    return (await answer.json())["code"]
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CardholderStuck("no phone") from error
        raise CardholderStuck("no text yet")

    async def _post(self, offset: str, path: str, document: dict[str, Any]) -> dict[str, Any]:
        url = self._victim.at(int(offset)) + path
        answer = await self._transport.post(url, json.dumps(document).encode(), timeout=20)
        if answer.status != 200:
            raise ValueError(f"HTTP {answer.status}")
        return json.loads(answer.body)

    @staticmethod
    def _own(mailbox: Mailbox, pan: str) -> dict[str, Any]:
        return {
            "threeDSServerTransID": str(uuid4()),
            "threeDSServerURL": mailbox.results_url,
            "notificationURL": mailbox.notification_url,
            "acctNumber": pan,
            "cardExpiryDate": f"{datetime.now(UTC).year % 100 + 2:02}12",
        }


class Judge:
    """Holds what was seen against what the simulator tells when the storm is over."""

    def __init__(self, victim: Victim, session: aiohttp.ClientSession, report: Report) -> None:
        self._victim = victim
        self._session = session
        self._report = report

    async def judge(self, seen: list[Seen]) -> None:
        began = time.monotonic()
        await self.ready()
        # What nobody finished ends by itself when its time is over.
        for _ in range(4):
            await self._ask(0, "/api/clock", {"advance": "15m"})
            await asyncio.sleep(0.5)
        challenged = [one for one in seen if one.challenged]
        told = await self._settled(challenged)
        self._report.settled_after = round(time.monotonic() - began, 1)
        for one in seen:
            _collect(one)
        await self._all_there(seen)
        for one in challenged:
            self._one_result(one, told.get(one.ares["acsTransID"]))

    async def _settled(self, challenged: list[Seen]) -> dict[str, dict[str, Any]]:
        """What the ACS tells of its challenges, once each is acknowledged or given up."""
        deadline = time.monotonic() + SETTLED_WITHIN_SECONDS
        while True:
            told: dict[str, dict[str, Any]] = {}
            names = [one.ares["acsTransID"] for one in challenged]
            for start in range(0, len(names), ASKED_AT_ONCE):
                asked = {"ids": names[start : start + ASKED_AT_ONCE]}
                answer = await self._ask(200, "/control/transactions", asked)
                told |= {each["acsTransID"]: each for each in answer["transactions"]}
            if all(_is_over(each) for each in told.values()) or time.monotonic() > deadline:
                return told
            await asyncio.sleep(0.5)
            await self._ask(0, "/api/clock", {"advance": "10m"})

    async def _all_there(self, seen: list[Seen]) -> None:
        places = asyncio.Semaphore(16)

        async def look(one: Seen) -> None:
            async with places:
                found = (await self._ask(100, "/control/transactions", {"id": one.id}))["transactions"]
            if not found:
                self._report.broken.append(f"{one.id} was answered and is not there")
            elif not one.challenged and found[0]["transStatus"] != one.ares["transStatus"]:
                self._report.broken.append(f"{one.id} was told {one.ares['transStatus']}: {found[0]['transStatus']}")

        await asyncio.gather(*(look(one) for one in seen[:: max(1, len(seen) // MOST_LOOKED_UP)]))

    async def judge_journal(self, seen: list[Seen]) -> None:
        """Once the simulator is gone."""
        hops = await self._victim.hops({one.id: one.ares for one in seen})
        for one in seen:
            promised = AUTHENTICATION | (REPORT if one.acknowledged else set())
            if missing := promised - hops.get(one.id, set()):
                self._report.broken.append(f"the journal of {one.id} has no {sorted(missing)}")
            else:
                self._report.journalled += 1

    def _one_result(self, one: Seen, told: dict[str, Any] | None) -> None:
        report = self._report
        if told is None:
            report.broken.append(f"{one.id} is not at the ACS")
            return
        results = told["results"] or {}
        one.acknowledged = results.get("acknowledged_at") is not None
        report.acknowledged += one.acknowledged
        report.given_up += results.get("given_up") is not None
        report.rreqs += len(one.rreqs)
        report.repeated += max(0, len(one.rreqs) - 1)
        if not _is_over(told):
            report.broken.append(f"{one.id}: its RReq is neither acknowledged nor given up: {told['state']}")
        if results.get("acknowledged_at") and not one.rreqs:
            report.broken.append(f"{one.id}: its RReq is acknowledged and never came")
        statuses = {(rreq["transStatus"], rreq.get("transStatusReason")) for rreq in one.rreqs}
        if len(statuses) > 1:
            report.broken.append(f"{one.id} was told {sorted(map(str, statuses))}")
        said = {rreq["transStatus"] for rreq in one.rreqs} | {cres["transStatus"] for cres in one.cres}
        if len(said) > 1:
            report.broken.append(f"{one.id}: RReq and CRes say {sorted(said)}")

    async def ready(self) -> None:
        """Return when every port answers."""
        async with asyncio.timeout(READY_WITHIN_SECONDS):
            while not await self._is_ready():  # noqa: ASYNC110 - a process that starts is asked, it tells nobody
                await asyncio.sleep(PAUSE_SECONDS)

    async def _is_ready(self) -> bool:
        try:
            for offset in (0, 100, 200, 300):
                url = f"{self._victim.at(offset)}/readyz"
                async with self._session.get(url, timeout=aiohttp.ClientTimeout(total=20)) as answer:
                    if answer.status != 200:
                        return False
        except (aiohttp.ClientError, OSError, TimeoutError):
            return False
        return True

    async def _ask(self, offset: int, path: str, document: dict[str, Any]) -> dict[str, Any]:
        async with self._session.post(self._victim.at(offset) + path, json=document) as answer:
            content = await answer.json(content_type=None)
            if answer.status >= 400:
                raise RuntimeError(f"{path}: HTTP {answer.status} {content}")
            return content


def _is_over(told: dict[str, Any]) -> bool:
    results = told["results"] or {}
    return results.get("acknowledged_at") is not None or results.get("given_up") is not None


def _collect(one: Seen) -> None:
    while not one.mailbox.results.empty():
        one.rreqs.append(one.mailbox.results.get_nowait())


class Trouble(Protocol):
    """What happens to a simulator again and again."""

    async def strike(self, victim: Victim, choice: random.Random) -> bool:
        """Whether it happened; over when this returns."""
        ...


class Killed:
    async def strike(self, victim: Victim, choice: random.Random) -> bool:
        return victim.kill_one(choice)


class Frozen:
    """The database says nothing for a while: shorter than a request waits for it, and longer."""

    def __init__(self, server: OwnServer) -> None:
        self._server = server

    async def strike(self, victim: Victim, choice: random.Random) -> bool:
        self._server.freeze()
        try:
            await asyncio.sleep(choice.choice((2, 8, 30)))
        finally:
            self._server.thaw()
        return True


class Full:
    """The disk of the database is full for a while."""

    def __init__(self, server: OwnServer, disk: Path, report: Report) -> None:
        self._server, self._disk, self._report = server, disk, report

    async def strike(self, victim: Victim, choice: random.Random) -> bool:
        filler = self._disk / "filler"
        try:
            await asyncio.to_thread(_fill, filler)
            await asyncio.sleep(choice.choice((2, 8, 20)))
        finally:
            filler.unlink()
        if not self._server.is_up:
            self._report.database_started_again += 1
            await asyncio.to_thread(self._server.start)
        return True


def _fill(path: Path) -> None:
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while file.write(bytes(65_536)):
            pass


async def _strike_while(
    goes_on: Callable[[], bool], trouble: Trouble, victim: Victim, judge: Judge, choice: random.Random, report: Report
) -> None:
    """Every one to five seconds; whoever was struck is given the time to come back."""
    while goes_on():
        await asyncio.sleep(choice.uniform(1, 5))
        if goes_on() and await trouble.strike(victim, choice):
            report.strikes += 1
            over = time.monotonic()
            await judge.ready()
            report.ready_after = max(report.ready_after, round(time.monotonic() - over, 1))


def _prepared(
    by: str, engine: str, folder: Path, workers: int, base: int, report: Report, life: ExitStack
) -> tuple[Victim, Trouble]:
    if by == "kill":
        address = life.enter_context(cluster()).fresh_database() if engine == "postgresql" else None
        return Victim(folder, workers, base, life, address and address.replace("+psycopg", "")), Killed()
    disk = _small_disk(folder, life) if by == "full" else None
    server = life.enter_context(own_server(disk))
    victim = Victim(folder, workers, base, life, server.fresh_database().replace("+psycopg", ""))
    return victim, Frozen(server) if disk is None else Full(server, disk, report)


def _small_disk(folder: Path, life: ExitStack) -> Path:
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SMALL_DISK}", "tmpfs", str(disk)], check=True)
    life.callback(subprocess.run, ["umount", "-l", str(disk)], check=True)
    for each in (folder, disk):
        each.chmod(0o755)  # the server runs as somebody else
    return disk


@asynccontextmanager
async def _session() -> AsyncIterator[aiohttp.ClientSession]:
    """A connection for every request: no request has to go where the one before went."""
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    async with aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session:
        yield session


async def storm(
    engine: str,
    seconds: float,
    *,
    workers: int = 4,
    payers: int = 12,
    seed: int = 1,
    base: int = 9600,
    least: int = 0,
    longer: float = LONGER_SECONDS,
    challenged: float = CHALLENGED_SHARE,
    by: str = "kill",
) -> Report:
    """The whole of it; what it saw. `by`: kill, freeze or full.

    `least`: the storm goes on for up to `longer` seconds until so many payments were answered,
    one of them with a challenge, and somebody died. `challenged`: how many of them are to be, as a share."""
    report, choice = Report(seconds=seconds), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="acs-sim-crash-") as folder, ExitStack() as life:
        victim, trouble = _prepared(by, engine, Path(folder), workers, base, report, life)
        victim.start()
        life.callback(victim.stop)
        async with _session() as session, running_gateway() as gateway:
            judge = Judge(victim, session, report)
            at_work = Payers(victim, gateway, session, seed, challenged)
            await judge.ready()
            begun_as = victim.processes()
            end = time.monotonic() + seconds

            def goes_on() -> bool:
                seen, late = at_work.seen, time.monotonic() - end
                enough = len(seen) >= least and (not least or (report.strikes and any(one.challenged for one in seen)))
                return late < 0 if enough else late < longer

            striking = _strike_while(goes_on, trouble, victim, judge, choice, report)
            await asyncio.gather(striking, *(at_work.pay_while(goes_on) for _ in range(payers)))
            report.seconds = round(time.monotonic() + seconds - end, 1)
            await judge.judge(at_work.seen)
            if by != "kill" and victim.processes() != begun_as:
                report.broken.append(f"processes {begun_as} have become {victim.processes()}")
            await asyncio.to_thread(victim.stop)
            await judge.judge_journal(at_work.seen)
            report.answered, report.unanswered = len(at_work.seen), at_work.unanswered
            report.challenged = sum(one.challenged for one in at_work.seen)
            report.finished = at_work.finished
    return report


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--by", choices=("kill", "freeze", "full"), default="kill")
    parser.add_argument("--engine", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--workers", type=int, default=4)
    parser.add_argument("--payers", type=int, default=12)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port-base", type=int, default=9600)
    parser.add_argument("--answers", type=int, help="instead of the time: how many are to be answered")
    parser.add_argument("--challenged", type=float, default=CHALLENGED_SHARE, help="the share of them")
    given = parser.parse_args()
    by_count = given.answers is not None
    report = asyncio.run(
        storm(
            given.engine if given.by == "kill" else "postgresql",
            0 if by_count else given.seconds,
            workers=given.workers,
            payers=given.payers,
            seed=given.seed,
            base=given.port_base,
            least=given.answers or 0,
            longer=3600 if by_count else LONGER_SECONDS,
            challenged=given.challenged,
            by=given.by,
        )
    )
    print(report.lines())
    sys.exit(1 if report.broken else 0)


if __name__ == "__main__":
    main()
