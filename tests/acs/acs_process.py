"""The ACS as a process of its own, to be killed: `python -m tests.acs.acs_process DATA PORT PHONE_URL MINUTES`.

Its clock stands still, so many minutes after the one of the tests."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from acs.app import build
from acs.settings import AcsSettings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.simulator import running, runtime


async def main(data: Path, port: int, phone_url: str, minutes: float) -> None:
    settings = AcsSettings(
        public_url=f"http://127.0.0.1:{port}",
        phone_url=phone_url,
        results_timeout=PATIENCE_SECONDS,
        phone_timeout=PATIENCE_SECONDS,
    )
    async with runtime(data=data) as shared:
        shared.clock.advance(timedelta(minutes=minutes))
        async with running(build(shared, settings), shared, port=port):
            sys.stdout.write("ready\n")
            sys.stdout.flush()
            await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], float(sys.argv[4])))
