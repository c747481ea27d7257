"""A run in the Common Test Report Format (ctrf.io, schema 1.0.0), for tools that read that."""

from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final

import orjson

from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports.junit import failure

SPEC_VERSION: Final = "1.0.0"
MILLISECONDS: Final = 1000


def ctrf(outcomes: Sequence[Outcome], began_at: datetime, seconds: float) -> bytes:
    """One test for each play. `findings` of the simulator about the gateway stand in its `extra`."""
    release = version("acs-sim")
    start = int(began_at.timestamp() * MILLISECONDS)
    failed = sum(not outcome.passed for outcome in outcomes)
    summary = {"tests": len(outcomes), "passed": len(outcomes) - failed, "failed": failed}
    summary |= {"skipped": 0, "pending": 0, "other": 0, "start": start, "stop": start + int(seconds * MILLISECONDS)}
    document = {
        "reportFormat": "CTRF",
        "specVersion": SPEC_VERSION,
        "generatedBy": f"acs-sim {release}",
        "timestamp": began_at.isoformat(),
        "results": {
            "tool": {"name": "acs-sim", "version": release},
            "summary": summary,
            "tests": [_test(outcome) for outcome in outcomes],
        },
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


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
