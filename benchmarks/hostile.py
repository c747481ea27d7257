"""Mutated messages through the real endpoints of a simulator in its own process: no 500, no hang, memory flat.

    python benchmarks/hostile.py [--messages 100000] [--seed 1] [--port-base 9700]

The simulator keeps its rows in a folder, not in memory. Golden messages are bent at random, in their elements and in their bytes,
and posted to 127.0.0.1. Exit status 1 when an answer has a status of 500 or more, does not come in time, or the memory of the
process
grows by more than a quarter after the first fifth."""

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
MESSAGES = ROOT / "fixtures" / "messages"
CONNECTIONS = 16
PATIENCE_SECONDS = 30
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
    "01", "80", "http://127.0.0.1:1/", [None], ["01", "01"], "\ud7ff", 10**18,
)  # fmt: skip


@dataclass
class Seen:
    """What came back."""

    statuses: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    slowest: float = 0.0
    memory: list[tuple[int, int]] = field(default_factory=list)


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
    began = time.monotonic()
    try:
        async with session.post(url, data=body, headers={"Content-Type": kind}) as answer:
            text = await answer.text()
    except (aiohttp.ClientError, TimeoutError) as error:
        seen.broken.append(f"{url}: {error!r} for {body[:2000]!r}")
        return
    seen.slowest = max(seen.slowest, time.monotonic() - began)
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


def memory_of(pid: int) -> int:
    """Resident kilobytes."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))


async def run(base: int, pid: int, count: int, seed: int) -> Seen:
    seen = Seen()
    chance = random.Random(seed)
    source = requests(base, chance)
    left = count
    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as session:

        async def worker() -> None:
            nonlocal left
            while left > 0 and len(seen.broken) < 20:
                left -= 1
                if left % max(count // 20, 1) == 0:
                    seen.memory.append((count - left, memory_of(pid)))
                    print(f"{count - left:>8} messages  {seen.memory[-1][1] // 1024:>5} MB", flush=True)
                await post(session, next(source), seen)

        await asyncio.gather(*(worker() for _ in range(CONNECTIONS)))
    return seen


def verdict(seen: Seen, count: int, seconds: float) -> bool:
    settled = next(kilobytes for done, kilobytes in seen.memory if done >= count // WARM_UP_SHARE)
    last = seen.memory[-1][1]
    print(f"{count} messages in {seconds:.0f} s, slowest answer {seen.slowest:.2f} s")
    print("HTTP status:", dict(sorted(seen.statuses.items())))
    print("answers:", dict(seen.kinds.most_common()))
    print(f"memory after a fifth {settled // 1024} MB, at the end {last // 1024} MB")
    for line in seen.broken:
        print("BROKEN", line)
    return not seen.broken and last <= settled * GROWTH_ALLOWED


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--messages", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--port-base", type=int, default=9_700)
    given = options.parse_args()
    command = [sys.executable, "-m", "acs_sim", "up", "--port-base", str(given.port_base), "--data"]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen([*command, folder], cwd=ROOT, stdout=subprocess.PIPE, text=True) as simulator,
    ):
        try:
            wait_until_ready(simulator)
            began = time.monotonic()
            seen = asyncio.run(run(given.port_base, simulator.pid, given.messages, given.seed))
            return 0 if verdict(seen, given.messages, time.monotonic() - began) else 1
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
