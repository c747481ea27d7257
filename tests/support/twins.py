"""Writes `acs_sim/testing/sync` from `acs_sim/testing/aio`: `python -m tests.support.twins`."""

import re
import subprocess
import sys
from pathlib import Path

TESTING = Path(__file__).parents[2] / "acs_sim" / "testing"
SOURCE, WRITTEN = TESTING / "aio", TESTING / "sync"
HEADER = "# Generated from acs_sim/testing/aio/{name} by `python -m tests.support.twins`. Do not edit.\n"
# In this order. What the sync twin says of the other one (`aio.AsyncThreeDS`) stays.
RULES = (
    (r"from acs_sim\.testing\.aio\.", "from acs_sim.testing.sync."),
    (r"\bawait self\._loop\.awaited\(", "self._loop.run("),
    (r"\basync (def|with|for) ", r"\1 "),
    (r"(?<=[\s(])await ", ""),
    (r"(?<!aio\.)\bAsync(App|Authenticator|Card|Clock|Faults|Phone|ThreeDS|Transaction|Iterator)\b", r"\1"),
    (r"\bAwaitable\[(\w+)\]", r"\1"),
    (r"\bAwaitable, ", ""),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\basync_api\b", "sync_api"),
    (r'\A"""`threeds\.aio`.*?^"""$', '"""The same for tests that are plain functions."""'),
)


def twins() -> dict[Path, str]:
    """What has to stand in every file of `WRITTEN`."""
    return {WRITTEN / source.name: _twin(source) for source in sorted(SOURCE.glob("*.py"))}


def _twin(source: Path) -> str:
    text = source.read_text("utf-8")
    for pattern, replacement in RULES:
        text = re.sub(pattern, replacement, text, flags=re.DOTALL | re.MULTILINE)
    text = HEADER.format(name=source.name) + text
    for command in (("check", "--select", "I", "--fix-only"), ("format",)):
        ruff = [sys.executable, "-m", "ruff", *command, "--quiet", "--stdin-filename", str(WRITTEN / source.name), "-"]
        text = subprocess.run(ruff, input=text, capture_output=True, text=True, check=True).stdout
    return text


if __name__ == "__main__":
    WRITTEN.mkdir(exist_ok=True)
    for path, text in twins().items():
        path.write_text(text, "utf-8")
