"""What exploring found: on a terminal, as JUnit, as a page, and as scenario files with their transcripts."""

import re
from collections.abc import Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.invariants import INVARIANTS
from acs_sim.findings.xml_text import xml_text
from acs_sim.scenarios.explore.exploring import OURS, Found, Report
from acs_sim.scenarios.explore.story import as_file, steps_of
from acs_sim.transcripts.document import encode

SUITE: Final = "acs-sim explore"
TITLES: Final[Mapping[str, str]] = {rule.name: rule.title for rule in (*ALL_RULES, *INVARIANTS)} | {
    OURS: "A play ended before its verdict: a fault of acs-sim"
}
REMEDIES: Final[Mapping[str, str]] = {rule.name: rule.remedy for rule in (*ALL_RULES, *INVARIANTS)}
_NOT_IN_FILE_NAMES = re.compile(r"[^a-z0-9]+")


def lines(report: Report) -> Iterator[str]:
    """The report for a terminal; the same for the same seed and gateway."""
    yield f"seed {report.seed}: {report.plays} plays, {len(report.found)} mistakes" + (
        f", {report.muted} muted" if report.muted else ""
    )
    for found in report.found:
        yield f"\n{found.rule}: {TITLES.get(found.rule, found.rule)}"
        yield f"  play {found.number}, {report.seen[found.rule]} times in all; shrunk to {steps_of(found.tree)} steps"
        yield f"  {found.words}"
        yield from (f"    {line}" for line in as_file(found.tree, []).splitlines())
    yield ""
    yield "what was drawn: " + "; ".join(report.coverage.lines())
    yield "  " + ", ".join(f"{at} {seen}/{there}" for at, (seen, there) in report.coverage.by_point().items())


def save(report: Report, folder: Path) -> list[Path]:
    """A scenario file and a transcript for each mistake. Errors: `OSError`."""
    if report.found:
        folder.mkdir(parents=True, exist_ok=True)
    return [_saved(found, report.seed, folder) for found in report.found]


def _saved(found: Found, seed: int, folder: Path) -> Path:
    name = _NOT_IN_FILE_NAMES.sub("-", f"{found.rule} {seed} {found.number}")
    comments = [
        f"{found.rule}: {TITLES.get(found.rule, found.rule)}",
        f"{found.words}",
        f"{REMEDIES.get(found.rule, '')}",
        f"Play {found.number} of seed {seed}. Replay: acs-sim run {name}.yaml --against URL",
    ]
    file = folder / f"{name}.yaml"
    file.write_text(as_file(found.tree, [line.replace("\n", " ") for line in comments if line]), "utf-8")
    if found.transcript is not None:
        file.with_suffix(".json").write_bytes(encode(found.transcript))
    return file


def junit(report: Report) -> bytes:
    """One test case for each rule that can convict."""
    root = ElementTree.Element(
        "testsuite", {"name": SUITE, "tests": str(len(TITLES)), "failures": str(len(report.found))}
    )
    by_rule = {found.rule: found for found in report.found}
    for rule in TITLES:
        case = ElementTree.SubElement(root, "testcase", {"classname": "explore", "name": xml_text(rule)})
        if found := by_rule.get(rule):
            told = ElementTree.SubElement(case, "failure", {"message": xml_text(found.words)})
            told.text = xml_text(as_file(found.tree, []))
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def html(report: Report) -> bytes:
    """One page that loads nothing."""
    head = (
        f"{len(report.found)} mistakes in {report.plays} plays" if report.found else f"{report.plays} plays, no mistake"
    )
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>{head} · acs-sim explore</title>",
        "<style>body{font:1rem/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}"
        "pre{overflow:auto;border:1px solid;padding:.5rem}table{border-collapse:collapse}td,th{padding:.2rem .8rem;text-align:left}"
        "</style>",
        f"<h1>{head}</h1><p>Seed {report.seed}.</p>",
        *(_section(found) for found in report.found),
        "<h2>What was drawn</h2>",
        "".join(f"<p>{escape(line)}</p>" for line in report.coverage.lines()),
        "<table><tr><th>hop</th><th>kinds of fault drawn</th><th>there are</th></tr>",
        *(_row(at, *counts) for at, counts in report.coverage.by_point().items()),
        "</table>",
    ]
    return "".join(parts).encode()


def _section(found: Found) -> str:
    title = f"{found.rule}: {TITLES.get(found.rule, found.rule)}"
    told = f"<p>{escape(found.words)}</p><p>{escape(REMEDIES.get(found.rule, ''))}</p>"
    return f"<h2>{escape(title)}</h2>{told}<pre>{escape(as_file(found.tree, []))}</pre>"


def _row(at: str, seen: int, there: int) -> str:
    return f"<tr><td>{escape(at)}</td><td>{seen}</td><td>{there}</td></tr>"


def document(report: Report) -> dict[str, Any]:
    """The same as JSON: what two runs of one seed have in common."""
    return {
        "seed": report.seed,
        "plays": report.plays,
        "found": [
            {"rule": each.rule, "play": each.number, "words": each.words, "story": each.tree} for each in report.found
        ],
        "seen": dict(sorted(report.seen.items())),
        "coverage": report.coverage.lines(),
    }
