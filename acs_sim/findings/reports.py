"""Findings as JUnit XML and in the Common Test Report Format (ctrf.io, schema 1.0.0): one test for each rule, so that a build says
which mistake it makes."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final
from xml.etree import ElementTree

import orjson

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.model import Evidence, Finding, Rule, Severity
from acs_sim.findings.readiness import Readiness
from acs_sim.findings.xml_text import xml_text

SUITE: Final = "acs-sim findings"
CTRF_VERSION: Final = "1.0.0"
JUDGING: Final = tuple(rule for rule in ALL_RULES if rule.severity is not Severity.GOOD)


def words(finding: Finding) -> str:
    """A finding as lines of text: what it is, where it shows, what to do."""
    lines = [f"{finding.severity}: {finding.rule.title} ({finding.rule.name})", f"  {finding.rule.clause}"]
    lines += [f"  {evidence_words(each)}" for each in finding.evidence]
    if finding.rule.remedy:
        lines.append(f"  {finding.rule.remedy}")
    return "\n".join(lines)


def evidence_words(evidence: Evidence) -> str:
    """`CReq 7, acsTransID: …, expected …`, in the words of one line."""
    told = f"{evidence.message} {evidence.number}" + (f", {evidence.element}" if evidence.element else "")
    told += f": {evidence.found}" if evidence.found else ""
    return told + (f", expected {evidence.expected}" if evidence.expected else "")


def readiness_words(judged: Readiness) -> str:
    """The verdict on a gateway, with every criterion, for a terminal."""
    lines = []
    for name, _, rows in judged.packs():
        lines.append(name)
        for row in rows:
            lines.append(f"  {row.status:<9} {row.criterion.weight:<7} {row.criterion.name}: {row.criterion.passes}")
            lines += [f"{'':<20}{words}" for words in row.why]
            lines += [f"{'':<20}transaction {row.shown_by[0]}"] if row.why else []
    return "\n".join([*lines, "", str(judged.verdict)])


def junit(found: Sequence[Finding]) -> bytes:
    """A rule that found an error is a failure; warnings stand in system-out."""
    failed = {finding.rule.name for finding in found if finding.severity is Severity.ERROR}
    counts = {"tests": str(len(JUDGING)), "failures": str(len(failed)), "errors": "0"}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": SUITE, **counts})
    for rule, mine in _by_rule(found):
        case = ElementTree.SubElement(suite, "testcase", {"classname": SUITE, "name": rule.name})
        if mine and rule.severity is Severity.ERROR:
            ElementTree.SubElement(case, "failure", {"message": rule.title}).text = _told(mine)
        elif mine:
            ElementTree.SubElement(case, "system-out").text = _told(mine)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def ctrf(found: Sequence[Finding], now: datetime) -> bytes:
    """A rule that found an error is failed; warnings stand in `extra`."""
    return ctrf_report([_test(rule, mine) for rule, mine in _by_rule(found)], now, now)


def _test(rule: Rule[Any], found: Sequence[Finding]) -> dict[str, Any]:
    failed = bool(found) and rule.severity is Severity.ERROR
    test: dict[str, Any] = {
        "name": rule.name,
        "status": "failed" if failed else "passed",
        "duration": 0,
        "suite": [SUITE],
    }
    if failed:
        test |= {"message": rule.title, "trace": _told(found)}
    if found:
        test["extra"] = {"findings": [finding.document() for finding in found]}
    return test


def ctrf_report(tests: Sequence[Mapping[str, Any]], began_at: datetime, ended_at: datetime) -> bytes:
    """The report that holds these tests."""
    release, failed = version("acs-sim"), sum(test["status"] == "failed" for test in tests)
    summary = {
        "tests": len(tests),
        "passed": len(tests) - failed,
        "failed": failed,
        "skipped": 0,
        "pending": 0,
        "other": 0,
    }
    start, stop = (int(at.timestamp() * 1000) for at in (began_at, ended_at))
    document = {
        "reportFormat": "CTRF",
        "specVersion": CTRF_VERSION,
        "generatedBy": f"acs-sim {release}",
        "timestamp": began_at.isoformat(),
        "results": {
            "tool": {"name": "acs-sim", "version": release},
            "summary": {**summary, "start": start, "stop": stop},
            "tests": tests,
        },
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _by_rule(found: Iterable[Finding]) -> list[tuple[Rule[Any], list[Finding]]]:
    mine: dict[str, list[Finding]] = {}
    for finding in found:
        mine.setdefault(finding.rule.name, []).append(finding)
    return [(rule, mine.get(rule.name, [])) for rule in JUDGING]


def _told(found: Iterable[Finding]) -> str:
    return xml_text("\n\n".join(f"transaction {finding.transaction_id}\n{words(finding)}" for finding in found))
