"""Findings as JUnit XML: one test case for each rule, so that a build says which mistake it makes."""

from collections.abc import Iterable, Sequence
from typing import Final
from xml.etree import ElementTree

from acs_sim.findings.engine import ALL_RULES
from acs_sim.findings.model import Evidence, Finding, Severity
from acs_sim.findings.readiness import Readiness
from acs_sim.findings.xml_text import xml_text

SUITE: Final = "acs-sim findings"


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
    judging = [rule for rule in ALL_RULES if rule.severity is not Severity.GOOD]
    failed = {finding.rule.name for finding in found if finding.severity is Severity.ERROR}
    counts = {"tests": str(len(judging)), "failures": str(len(failed)), "errors": "0"}
    root = ElementTree.Element("testsuites", counts)
    suite = ElementTree.SubElement(root, "testsuite", {"name": SUITE, **counts})
    for rule in judging:
        case = ElementTree.SubElement(suite, "testcase", {"classname": SUITE, "name": rule.name})
        mine = [finding for finding in found if finding.rule.name == rule.name]
        if mine and rule.severity is Severity.ERROR:
            ElementTree.SubElement(case, "failure", {"message": rule.title}).text = _told(mine)
        elif mine:
            ElementTree.SubElement(case, "system-out").text = _told(mine)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _told(found: Iterable[Finding]) -> str:
    return xml_text("\n\n".join(f"transaction {finding.transaction_id}\n{words(finding)}" for finding in found))
