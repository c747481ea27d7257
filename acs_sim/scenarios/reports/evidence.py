"""The transcript of a play, taken when nothing of its transaction is under way any more."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

from acs_sim.findings.model import Evidence
from acs_sim.findings.reports import evidence_words
from acs_sim.scenarios.file.model import CLASSIC
from acs_sim.scenarios.simulator import CannotPlay, Simulator
from acs_sim.transcripts.har import legs
from acs_sim.transcripts.ordering import ordered
from acs_sim.transcripts.volatile import ruled_names

REST_SECONDS: Final = 1.0
QUIET_SECONDS: Final = 0.05
LOOK_AGAIN_SECONDS: Final = 0.01
_ANSWERED: Final = frozenset({"AReq", "RReq", "VEReq"})


async def collect(simulator: Simulator, identifier: str, *, ruled: bool, moved: bool) -> dict[str, Any] | None:
    """None when the simulator knows no such transaction. `ruled`: the seed, the clock and the gateway are ours, so that only what
    is measured differs from run to run. `moved`: the clock was moved, and what that set off may not have begun yet."""
    now = asyncio.get_running_loop().time
    deadline, pause = now() + REST_SECONDS, LOOK_AGAIN_SECONDS
    try:
        transcript = await simulator.transcript(identifier)
        while now() < deadline:
            if not _under_way(transcript):
                if not moved:
                    break
                await asyncio.sleep(QUIET_SECONDS)
                later = await simulator.transcript(identifier)
                if len(later["hops"]) == len(transcript["hops"]):
                    break
                transcript = later
                continue
            await asyncio.sleep(pause)
            pause *= 2  # what is not there soon may never come
            transcript = await simulator.transcript(identifier)
    except CannotPlay:
        return None
    if not ruled:
        return transcript
    return {**transcript, "hops": ordered(transcript["hops"]), "volatile": ruled_names(transcript)}


def _under_way(transcript: Mapping[str, Any]) -> bool:
    """Whether an answer is still missing, or a result that is decided has not been told yet."""
    hops = transcript["hops"]
    failed = sum(hop["kind"] in {"connection failed", "no answer"} for hop in hops)
    open_legs = sum(answer is None and hop["kind"] in _ANSWERED for hop, answer in legs(hops))
    if open_legs > failed:
        return True
    transaction = transcript["transaction"]
    challenge = transaction.get("challenge") or {}
    results = challenge.get("results") or {}
    told = results.get("attempts") or any(hop["kind"] == "RReq" for hop in hops)
    return challenge.get("state") == "decided" and not told and transaction.get("version") != CLASSIC


async def verdict(
    simulator: Simulator, identifier: str, excuses: frozenset[str] = frozenset()
) -> list[dict[str, Any]] | None:
    """What the simulator finds about the gateway, without the rules in `excuses`; None when it does not say."""
    try:
        found = await simulator.findings(identifier)
    except CannotPlay:
        return None
    return None if found is None else [each for each in found if each.get("rule") not in excuses]


def conviction(findings: Sequence[Mapping[str, Any]] | None) -> str | None:
    """What convicts the gateway, in one line; None when nothing does."""
    errors = [finding_words(finding) for finding in findings or () if finding["severity"] == "error"]
    return f"the gateway is convicted: {'; '.join(errors)}" if errors else None


def finding_words(finding: Mapping[str, Any]) -> str:
    """`The RRes is wrong (results-answered-wrongly): RRes 9, acsTransID: …, expected …`."""
    return f"{finding['title']} ({finding['rule']}): {', '.join(map(_evidence_words, finding['evidence']))}"


def _evidence_words(evidence: Mapping[str, Any]) -> str:
    return evidence_words(Evidence(transaction_id="", **evidence))
