"""A hundred thousand hostile exchanges with every port of a simulator: no 500, no hang, nothing smuggled, a small log, memory flat.

    python benchmarks/hostile.py [--exchanges 100000] [--seed 1] [--port-base 9700]

The simulator keeps its rows in a folder, not in memory. Half of the exchanges are golden messages bent at random, in their elements
and in their bytes; the others are wrong below that (`wire_shapes`): packed badly, with two ends, half-sent, dribbled. Meanwhile a
guest asks every port for its health and pays. Everything goes to 127.0.0.1. Exit status 1 when an answer has a status of 500 or
more, when one that is due takes more than five seconds, when what stands behind a request is taken for another one, when the log is
longer than a megabyte, or when memory or open files grow by more than a quarter after the first fifth. Time in which other programs
have the processors is not counted (Linux tells of it)."""

import argparse
import asyncio
import base64
import copy
import json
import random
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from acs_sim.desk.operations import OPERATIONS  # noqa: E402
from benchmarks.wire_shapes import HIDDEN, Shape, Target, drawn  # noqa: E402

MESSAGES = ROOT / "fixtures" / "messages"
CONNECTIONS = 16
HANG_SECONDS = 5
PATIENCE_SECONDS = 120
"""With which the others' load counts, too."""
UNDUE_SECONDS = 0.2
"""How long an answer is waited for that need not come."""
LONGEST_LOG = 1_000_000
WARM_UP_SHARE = 5
GROWTH_ALLOWED = 1.25
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
CARDS = (
    "4000000000000002",
    "4000000001000001",
    "4000000000200008",
    "4000000300000009",
    "4000000800000004",
    "4242424242424242",
)
ODD: tuple[Any, ...] = (
    None, "", {}, [], 0, -1, 1.5, True, "\u0000", "é" * 30, "9" * 60, "x" * 70_000, [[]], [{}], {"a": {}}, "20260615120000", "Y",
    "01", "80", "http://127.0.0.1:1/", [None], ["01", "01"], "\ud7ff", "\ud800", "\udcff", 10**18,
)  # fmt: skip


LEFT_ALONE = frozenset({"/api/clock", "/api/reset", "/api/seed"})
"""They would do what they are asked to, and memory would tell nothing any more."""
AT: tuple[tuple[int, str, str, str], ...] = (
    *(
        (0, one.method, one.path.replace("{", "").replace("}", ""), JSON)
        for one in OPERATIONS
        if one.path not in LEFT_ALONE
    ),
    *(
        (0, "GET", path, JSON)
        for path in ("/", "/transactions/rows", "/findings", "/metrics", "/readyz", "/static/desk.css")
    ),
    *((100, "POST", f"/{scheme}/3ds2", JSON) for scheme in ("visa", "amex", "nobody")),
    *((100, "POST", path, "application/xml") for path in ("/visa/3ds1", "/mastercard/3ds1")),
    *((100, "POST", path, JSON) for path in ("/control/transactions", "/control/ranges", "/control/faults")),
    *(
        (200, "POST", path, JSON)
        for path in ("/3ds2/areq", "/control/cards", "/control/transactions", "/control/rules")
    ),
    *(
        (200, "POST", path, FORM)
        for path in ("/3ds2/challenge", "/3ds2/challenge/answer", "/3ds2/method", "/3ds1/pareq")
    ),
    *(
        (200, "POST", path, kind)
        for path, kind in (("/3ds1/vereq", "application/xml"), ("/3ds2/app-challenge", "application/jose"))
    ),
    *((300, "POST", path, JSON) for path in ("/api/messages", "/api/prompts", "/api/prompts/x")),
    *((300, "GET", path, JSON) for path in ("/", "/api/phones", "/api/messages", "/phones/x", "/api/prompts/x")),
    (300, "POST", "/phones/x/clear", FORM),
    (400, "POST", "/3ds2/results", JSON),
    (400, "POST", "/api/purchases", JSON),
    *(
        (400, "POST", path, FORM)
        for path in ("/3ds2/notification", "/3ds2/method-notification", "/3ds1/term", "/paiement.cgi")
    ),
    *(
        (400, "POST", path, FORM)
        for path in ("/cgi/MYchoix_pagepaiement.cgi", "/cgi/RemoteMPI.cgi", "/PPPS.php", "/pay/x/card")
    ),
    *((400, "GET", path, JSON) for path in ("/", "/log", "/shops/monetico", "/pay/x", "/api/purchases/x")),
)
"""Where the five parties may be asked, from the desk's port on: methods, paths, what they take."""


@dataclass
class Seen:
    """What came back from the simulator of process `pid`."""

    pid: int
    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    slowest: float = 0.0
    slowest_guest: float = 0.0
    guests: int = 0
    shapes: Counter[str] = field(default_factory=Counter)
    memory: list[tuple[int, int]] = field(default_factory=list)
    files: list[int] = field(default_factory=list)


def now(seen: Seen) -> float:
    """Seconds in which the simulator and this process waited for each other, not for other programs."""
    delays = (Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[1] for pid in (seen.pid, "self"))
    return time.monotonic() - sum(map(int, delays)) / 1e9


def golden() -> list[dict[str, Any]]:
    paths = sorted(MESSAGES.glob("*/*.json"))
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths]


def mutated(message: dict[str, Any], chance: random.Random) -> bytes:
    """`message` with up to three of its elements bent, and now and then its bytes."""
    bent = json.loads(json.dumps(message))
    if "acctNumber" in bent:
        bent["acctNumber"] = chance.choice(CARDS)
    if bent.get("messageVersion") == "2.3.1" and "purchaseDate" in bent:
        bent["purchaseDate"] = time.strftime("%Y%m%d%H%M%S", time.gmtime())
    if chance.random() < 0.5 and "threeDSServerTransID" in bent:
        bent["threeDSServerTransID"] = str(uuid.UUID(int=chance.getrandbits(128), version=4))
    for _ in range(chance.randint(0, 3)):
        bend(bent, chance)
    raw = json.dumps(bent, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass")
    return bytes_bent(raw, chance) if chance.random() < 0.2 else raw


def bend(found: Any, chance: random.Random) -> None:
    """One element, at any depth: taken away, replaced, or put where it does not belong."""
    while isinstance(found, dict | list) and found:
        key = chance.choice(list(found)) if isinstance(found, dict) else chance.randrange(len(found))
        if isinstance(found[key], dict | list) and found[key] and chance.random() < 0.7:
            found = found[key]
            continue
        if chance.random() < 0.3:
            del found[key]
        else:
            found[key] = copy.deepcopy(chance.choice(ODD))
        return


def bytes_bent(raw: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(raw) + 1)
    match chance.randrange(5):
        case 0:
            return raw[:place]
        case 1:
            return raw[:place] + chance.randbytes(3) + raw[place:]
        case 2:
            return raw[:-1] + b"," + raw[1:]
        case 3:
            return b"[" * chance.randrange(1, 3_000) + raw
        case _:
            return raw.replace(b'"', b"'", 1)


def requests(base: int, chance: random.Random) -> Iterator[tuple[str, bytes, str]]:
    """Addresses, bodies and content types, without end. Most messages go where messages of their type belong."""
    messages = golden()
    scheme, acs, gateway = (f"http://127.0.0.1:{base + offset}" for offset in (100, 200, 400))
    while True:
        message = chance.choice(messages)
        body = mutated(message, chance)
        form = base64.urlsafe_b64encode(body).rstrip(b"=")
        doors = {
            "AReq": (f"{acs}/3ds2/areq" if "dsTransID" in message else f"{scheme}/visa/3ds2", body, JSON),
            "RReq": (chance.choice((f"{scheme}/visa/3ds2", f"{gateway}/3ds2/results")), body, JSON),
            "PReq": (f"{scheme}/{chance.choice(('mastercard', 'amex'))}/3ds2", body, JSON),
            "CReq": (f"{acs}/3ds2/challenge", b"creq=" + form, FORM),
            "CRes": (f"{acs}/3ds2/challenge/answer", b"acsTransID=" + form[:200] + b"&page=1.x", FORM),
            "Erro": (chance.choice((f"{scheme}/visa/3ds2", f"{acs}/3ds2/areq", f"{gateway}/3ds2/results")), body, JSON),
            "method": (f"{acs}/3ds2/method", b"threeDSMethodData=" + form, FORM),
            "elsewhere": (f"{scheme}/nobody/3ds2", body, JSON),
        }
        right = doors.get(message.get("messageType", "method"))
        yield chance.choice(list(doors.values())) if right is None or chance.random() < 0.1 else right


async def post(session: aiohttp.ClientSession, request: tuple[str, bytes, str], seen: Seen) -> None:
    url, body, kind = request
    began = now(seen)
    try:
        async with session.post(url, data=body, headers={"Content-Type": kind}) as answer:
            text = await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        seen.broken.append(f"{url}: {error!r} for {body[:2000]!r}")
        return
    took = now(seen) - began
    seen.slowest = max(seen.slowest, took)
    if took > HANG_SECONDS:
        seen.broken.append(f"{url}: an answer after {took:.1f} s")
    seen.statuses[answer.status] += 1
    if answer.status >= 500:
        seen.broken.append(f"{url}: HTTP {answer.status} for {body[:2000]!r}")
    seen.kinds[kind_of(text)] += 1


def kind_of(text: str) -> str:
    try:
        document = json.loads(text)
    except ValueError:
        return "page" if text else "nothing"
    return f"{document.get('messageType', 'problem')} {document.get('errorCode', '')}".strip()


def targets(base: int, chance: random.Random) -> Iterator[Target]:
    """Endpoints with something that they may take, without end."""
    messages = golden()
    while True:
        offset, method, path, kind = chance.choice(AT)
        body = mutated(chance.choice(messages), chance) or b"{}"
        if kind == FORM:
            body = b"creq=" + base64.urlsafe_b64encode(body).rstrip(b"=")
        yield Target(b"127.0.0.1:%d" % (base + offset), method.encode(), path.encode(), body, kind.encode())


async def wire(target: Target, shape: Shape, seen: Seen) -> None:
    """One connection by hand."""
    host, _, port = target.host.decode().partition(":")
    began = now(seen)
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError as error:
        seen.broken.append(f"{target.host!r}: {error!r} before {shape.name}")
        return
    said = b""
    try:
        for piece in shape.pieces:
            writer.write(piece)
            await writer.drain()
            if shape.pause:
                await asyncio.sleep(shape.pause)
        if shape.then == "says no more" and writer.can_write_eof():
            writer.write_eof()
        if shape.then in ("reads", "says no more"):
            said = await answered(reader, PATIENCE_SECONDS if shape.whole else UNDUE_SECONDS)
    except ConnectionError:
        pass  # the simulator has heard enough
    except TimeoutError:
        if shape.whole:
            seen.broken.append(f"{target.path!r}: no answer to {shape.name}: {shape.pieces[0][:300]!r}")
    finally:
        if shape.then == "resets":
            writer.transport.abort()
        writer.close()
    judged(target, shape, said, now(seen) - began, seen)


async def answered(reader: asyncio.StreamReader, seconds: float) -> bytes:
    """The first answer, and what comes with it. Errors: TimeoutError where none comes."""
    async with asyncio.timeout(seconds):
        head = await reader.read(65_536)
    while head and len(head) < 1_000_000:
        try:
            async with asyncio.timeout(0.01):
                more = await reader.read(65_536)
        except TimeoutError:
            break
        if not more:
            break
        head += more
    return head


def judged(target: Target, shape: Shape, said: bytes, took: float, seen: Seen) -> None:
    seen.shapes[shape.name.partition(" (")[0].partition(" b'")[0]] += 1
    answers = said.split(b"HTTP/1.1 ")[1:]
    for answer in answers:
        status = int(answer[:3])
        seen.statuses[status] += 1
        if status >= 500:
            seen.broken.append(f"{target.path!r}: HTTP {status} for {shape.name}: {b''.join(shape.pieces)[:2000]!r}")
    if any(HIDDEN in answer for answer in answers[1:]):
        seen.broken.append(f"{target.path!r}: a request was smuggled by {shape.name}")
    took -= shape.pause * len(shape.pieces)
    if shape.whole:
        seen.slowest = max(seen.slowest, took)
        if took > HANG_SECONDS:
            seen.broken.append(f"{target.path!r}: an answer to {shape.name} after {took:.1f} s")


async def guest(base: int, session: aiohttp.ClientSession, seen: Seen) -> None:
    """Somebody honest, who goes by every port as long as the others are there."""
    areq = json.loads((MESSAGES / "2.2.0" / "areq-brw-pa.json").read_bytes())
    while True:
        own = {"threeDSServerTransID": str(uuid.uuid4()), "acctNumber": CARDS[0]}
        asked = [("GET", base + offset, "/healthz", None) for offset in (0, 100, 200, 300, 400)]
        for method, port, path, document in (*asked, ("POST", base + 100, "/visa/3ds2", {**areq, **own})):
            began = now(seen)
            try:
                async with session.request(method, f"http://127.0.0.1:{port}{path}", json=document) as answer:
                    text = await answer.text()
            except (aiohttp.ClientError, TimeoutError) as error:
                seen.broken.append(f"the guest at {port}{path}: {error!r}")
                return
            took = now(seen) - began
            seen.slowest_guest = max(seen.slowest_guest, took)
            if took > HANG_SECONDS:
                seen.broken.append(f"the guest at {port}{path} waited {took:.1f} s")
            if answer.status != 200 or (document and "transStatus" not in text):
                seen.broken.append(f"the guest at {port}{path}: HTTP {answer.status} {text[:300]}")
        seen.guests += 1
        await asyncio.sleep(0.2)


def memory_of(pid: int) -> int:
    """Resident kilobytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


def files_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))


async def run(base: int, pid: int, count: int, seed: int) -> Seen:
    """As many exchanges with the simulator of process `pid`, whose desk is at port `base`."""
    seen = Seen(pid)
    chance = random.Random(seed)
    messages, places = requests(base, chance), targets(base, chance)
    left = count
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def worker() -> None:
            nonlocal left
            while left > 0 and len(seen.broken) < 20:
                left -= 1
                if left % max(count // 20, 1) == 0:
                    seen.memory.append((count - left, memory_of(pid)))
                    seen.files.append(files_of(pid))
                    print(f"{count - left:>8} exchanges  {seen.memory[-1][1] // 1024:>5} MB", flush=True)
                if left % 2:
                    await post(session, next(messages), seen)
                else:
                    target = next(places)
                    await wire(target, drawn(target, chance), seen)

        visiting = asyncio.create_task(guest(base, session, seen))
        await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
        visiting.cancel()
    return seen


def verdict(seen: Seen, count: int, seconds: float, log: int) -> bool:
    place, settled = next(
        (i, kilobytes) for i, (done, kilobytes) in enumerate(seen.memory) if done >= count // WARM_UP_SHARE
    )
    last = seen.memory[-1][1]
    print(f"{count} exchanges in {seconds:.0f} s, slowest answer {seen.slowest:.2f} s")
    print("memory in MB:", ", ".join(f"{kilobytes // 1024}" for _, kilobytes in seen.memory))
    print(f"the guest came {seen.guests} times, slowest answer {seen.slowest_guest:.2f} s")
    print("HTTP status:", dict(sorted(seen.statuses.items())))
    print("answers:", dict(seen.kinds.most_common()))
    print("shapes:", dict(seen.shapes.most_common()))
    print(f"memory after a fifth {settled // 1024} MB, at the end {last // 1024} MB")
    print(f"open files after a fifth {seen.files[place]}, at the end {seen.files[-1]}; log {log} bytes")
    for line in seen.broken:
        print("BROKEN", line[:500])
    grown = last > settled * GROWTH_ALLOWED or seen.files[-1] > seen.files[place] * GROWTH_ALLOWED + CONNECTIONS
    return not seen.broken and not grown and log <= LONGEST_LOG


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--exchanges", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--port-base", type=int, default=9_700)
    given = options.parse_args()
    command = [sys.executable, "-m", "acs_sim", "up", "--port-base", str(given.port_base), "--data"]
    with tempfile.TemporaryDirectory() as folder, Path(folder, "log").open("wb") as log:
        data = str(Path(folder, "data"))
        with subprocess.Popen([*command, data], cwd=ROOT, stdout=subprocess.PIPE, stderr=log, text=True) as simulator:
            try:
                wait_until_ready(simulator)
                began = time.monotonic()
                seen = asyncio.run(run(given.port_base, simulator.pid, given.exchanges, given.seed))
                written = Path(folder, "log").stat().st_size
                is_well = verdict(seen, given.exchanges, time.monotonic() - began, written)
                if not is_well:
                    print(Path(folder, "log").read_text("utf-8", "replace")[-20_000:])
                return 0 if is_well else 1
            finally:
                simulator.terminate()


def wait_until_ready(simulator: subprocess.Popen[str]) -> None:
    assert simulator.stdout is not None
    for line in simulator.stdout:
        if line.strip() == "ready":
            return
    raise SystemExit("the simulator ended before it was ready")


if __name__ == "__main__":
    sys.exit(main())
