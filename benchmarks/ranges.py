"""What a hundred thousand card ranges cost a directory server: an AReq with 10 ranges added and with 100,000, and a whole PRes.

    python benchmarks/ranges.py

The directory server runs whole, its ACS is a function that answers at once. Both lists take turns in every round; the ratio is the
median of the ratios inside the rounds, of CPU time. The exit status is 1 when an AReq costs more than 1.2 times as much, or when
the PRes takes more than four times its own length of memory."""

import asyncio
import json
import statistics
import sys
import time
import tracemalloc
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from directory_server.app import build
from directory_server.settings import DirectoryServerSettings
from tests.directory_server import messages
from tests.support.simulator import runtime
from threedsecure.web.calling.transport import Endpoint
from threedsecure.web.metrics import Metrics
from threedsecure.web.serving.service import Dispatcher
from threedsecure.web.wire import JSON, WireRequest, WireResponse

FEW, MANY = 10, 100_000
ROUNDS, CALLS = 30, 40
LIMIT = 1.2
COPIES = 4
CARD = "9900000500000000"
HEADERS = {"content-type": JSON}


class AnsweringAcs:
    """A transport that answers every AReq as an ACS would."""

    def hand_over(self, *_message: object, **_how: object) -> None:
        return None

    async def post(
        self,
        url: str,
        body: bytes,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        return WireResponse(200, json.dumps(messages.ares(json.loads(body), "Y")).encode())


async def directory_server(stack: AsyncExitStack, count: int) -> dict[str, Endpoint]:
    """The endpoints of one that has `count` ranges more than it begins with."""
    shared = replace(await stack.enter_async_context(runtime()), transport=AnsweringAcs())
    service = build(shared, DirectoryServerSettings())
    await stack.enter_async_context(service.lifespan())
    endpoints = Dispatcher(service, shared, Metrics()).endpoints()
    edits = [
        {"action": "A", "start": f"99{i:06}00000000", "end": f"99{i:06}99999999", "versions": ["2.2.0"]}
        for i in range(count)
    ]
    answer = await call(endpoints, "/control/ranges/edit", {"scheme": "visa", "edits": edits})
    assert answer.status == 200, answer.body[:200]
    return endpoints


async def call(endpoints: dict[str, Endpoint], path: str, document: Any) -> WireResponse:
    request = WireRequest("POST", path, json.dumps(document).encode(), HEADERS)
    return await endpoints[path](request)


async def cost(endpoints: dict[str, Endpoint]) -> float:
    """CPU seconds of one AReq."""
    areqs = [messages.areq(CARD, "http://127.0.0.1/results") for _ in range(CALLS)]
    began = time.process_time()
    for areq in areqs:
        answer = await call(endpoints, "/visa/3ds2", areq)
        assert b'"transStatus":"Y"' in answer.body, answer.body
    return (time.process_time() - began) / CALLS


async def pres_memory(endpoints: dict[str, Endpoint]) -> tuple[int, int]:
    """The length of a whole PRes, and the most memory that making it took; both in bytes."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    answer = await call(endpoints, "/visa/3ds2", messages.preq())
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return len(answer.body), peak


async def main() -> int:
    async with AsyncExitStack() as stack:
        few, many = [await directory_server(stack, count) for count in (FEW, MANY)]
        rounds = [(await cost(few), await cost(many)) for _ in range(ROUNDS)]
        length, peak = await pres_memory(many)
    ratio = statistics.median(large / small for small, large in rounds)
    small, large = (statistics.median(each) * 1e6 for each in zip(*rounds, strict=True))
    print(f"AReq with {FEW} ranges {small:.0f} us, with {MANY:,} {large:.0f} us: {ratio:.2f} times (limit {LIMIT})")
    print(f"PRes of {length / 1e6:.1f} MB: at most {peak / 1e6:.1f} MB, {peak / length:.1f} times (limit {COPIES})")
    return 0 if ratio <= LIMIT and peak <= COPIES * length else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
