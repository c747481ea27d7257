"""What is known already, and not to be told again: a file with one rule a line, and a point where faults happen when only that one
is known.

    result-not-followed            # the whole rule
    server-broken at RReq          # only where a fault happened to an RReq
"""

from collections.abc import Sequence
from pathlib import Path

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.invariants import INVARIANTS
from acs_sim.scenarios.explore.drawing import Tree

KNOWN = frozenset(rule.name for rule in (*ALL_RULES, *INVARIANTS))


def read(file: Path) -> list[tuple[str, str]]:
    """Rules, each with a point or nothing. Errors: `ValueError` that names the line, `OSError`."""
    muted: list[tuple[str, str]] = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), start=1):
        words = line.partition("#")[0].strip()
        if not words:
            continue
        rule, _, point = words.partition(" at ")
        if rule.strip() not in KNOWN:
            raise ValueError(f"{file}:{number}: there is no rule {rule.strip()!r}")
        muted.append((rule.strip(), point.strip()))
    return muted


def is_muted(muted: Sequence[tuple[str, str]], rule: str, tree: Tree) -> bool:
    points = {fault["at"] for fault in tree.get("faults", ())}
    return any(name == rule and (not point or point in points) for name, point in muted)
