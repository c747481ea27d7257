"""A run in the Common Test Report Format (ctrf.io, schema 1.0.0), for tools that read that."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from acs_sim.findings.reports import ctrf_report
from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports.junit import failure

MILLISECONDS: Final = 1000


def ctrf(outcomes: Sequence[Outcome], began_at: datetime, seconds: float) -> bytes:
    """One test for each play. `findings` of the simulator about the gateway stand in its `extra`."""
    return ctrf_report([_test(outcome) for outcome in outcomes], began_at, began_at + timedelta(seconds=seconds))


def _test(outcome: Outcome) -> dict[str, Any]:
    test: dict[str, Any] = {
        "name": outcome.play.name,
        "status": "passed" if outcome.passed else "failed",
        "duration": int(outcome.seconds * MILLISECONDS),
        "suite": [outcome.play.file.stem],
        "filePath": str(outcome.play.file),
        "line": (outcome.place or outcome.play.place).line,
        "tags": list(outcome.play.tags),
    }
    if outcome.problem is not None:
        test |= {"message": outcome.problem, "trace": failure(outcome)}
    if outcome.findings:
        test["extra"] = {"findings": outcome.findings}
    return test
