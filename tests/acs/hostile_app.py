"""Many hostile bodies at the endpoint of app challenges: `python -m tests.acs.hostile_app [BODIES] [SEED]` tells what came of them.

Most name no challenge; every hundredth names one that is open, so that it is decrypted, and ends that challenge. Some are longer
than is ever decrypted."""

import asyncio
import logging
import resource
import sys
import time
from collections import Counter
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

from acs.v2.challenge.app import receiving
from tests.acs.app_stage import JOSE, begin
from tests.acs.second_sdk import CBC, GCM, SecondSdk
from tests.acs.stage import Stage, stage
from tests.acs.test_app_errors import hostile

log = logging.getLogger("hostile_app")

AT_ONCE = 8
OPEN_EVERY = 100
LONG_EVERY = 500


class Watched:
    """What was decrypted: how often, and how long the longest was."""

    def __init__(self) -> None:
        self.count = self.longest = 0
        self._open = receiving.open_challenge

    def __call__(self, jwe, key, sender):
        self.count += 1
        self.longest = max(self.longest, len(jwe.ciphertext))
        return self._open(jwe, key, sender)


async def storm(acs: Stage, bodies: int, seed: int) -> Counter[int]:
    """Statuses of the answers, by how many there were."""
    draw, statuses = Random(seed), Counter()
    sdk = await begin(acs, sdk=SecondSdk(enc=GCM))
    made = hostile(sdk, draw)

    async def knock(number: int) -> None:
        body = await _body(acs, made, draw, number)
        headers = JOSE if number % 7 else {"Content-Type": "application/json"}
        async with acs.browser.post(sdk.acs_url, data=body, headers=headers) as answer:
            statuses[answer.status] += 1
            await answer.read()

    for first in range(0, bodies, AT_ONCE):
        await asyncio.gather(*(knock(number) for number in range(first, min(first + AT_ONCE, bodies))))
        if first % 10_000 < AT_ONCE:
            log.info("%d bodies, %.0f MB", first, _megabytes())
    return statuses


async def _body(acs: Stage, made, draw: Random, number: int) -> bytes:
    if number % LONG_EVERY == 1:
        return b"e30.." + b"A" * (receiving.MAX_BODY_BYTES + draw.randrange(1000)) + b".AAAA.AAAA"
    if number % OPEN_EVERY:
        return next(made)
    sdk = await begin(acs, sdk=SecondSdk(enc=draw.choice([CBC, GCM])))
    return sdk.seal(
        draw.randbytes(draw.randrange(1, 125_000)), key=draw.choice([None, bytes(16 if sdk.enc == GCM else 32)])
    ).encode()


def _megabytes() -> float:
    """Resident now, not at most."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1_000_000


async def main(bodies: int, seed: int) -> None:
    watched = receiving.open_challenge = Watched()
    with TemporaryDirectory() as folder:
        async with stage(data=Path(folder)) as acs:
            began, used = time.perf_counter(), time.process_time()
            statuses = await storm(acs, bodies, seed)
            took = time.process_time() - used
    took_us, seconds = took / bodies * 1e6, time.perf_counter() - began
    log.info(
        "%d bodies in %.0f s (%.0f µs of processor time each), statuses %s", bodies, seconds, took_us, dict(statuses)
    )
    log.info("%d decrypted, the longest %d bytes; %.0f MB", watched.count, watched.longest, _megabytes())


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000, int(sys.argv[2]) if len(sys.argv) > 2 else 15))
