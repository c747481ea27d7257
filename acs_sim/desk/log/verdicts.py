"""What the lines of the log say of the gateway: each transaction is judged once, and again when more of it has crossed."""

import asyncio
from collections.abc import Sequence
from typing import Final

from acs_sim.desk.log.lines import Line, Log
from acs_sim.findings.engine import verdict_on
from threedsecure.web.journal import Journal

AT_ONCE: Final = 10
"""Transactions that are read and judged before others have their turn."""


async def judge(log: Log, journal: Journal, lines: Sequence[Line]) -> None:
    """See to it that all of `lines` are judged as they stand."""
    unjudged = [(line, line.messages) for line in lines if not line.is_judged]
    done = iter(unjudged)
    async for some in journal.entries_of_each([line.name for line, _ in unjudged], AT_ONCE):
        verdicts = await asyncio.to_thread(list, map(verdict_on, some))
        for verdict, (line, messages) in zip(verdicts, done, strict=False):
            log.judged_as(line, messages, verdict)
