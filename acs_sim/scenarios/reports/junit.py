"""What a run says: on a terminal, as JUnit XML, as JSON, and a transcript for each failure."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import orjson

from acs_sim.findings.xml_text import xml_text as _xml
from acs_sim.scenarios.playing.play import Outcome
from acs_sim.transcripts.document import encode, title

FORMAT: Final = "acs-sim run 1"

_NOT_IN_FILE_NAMES = re.compile(r"[^a-z0-9]+")


def progress(outcome: Outcome, number: int, count: int) -> str:
    """One line for a play that is over."""
    word = "FAIL" if outcome.failed else "ok  " if outcome.passed else "skip"
    return f"[{number:>{len(str(count))}}/{count}] {word} {outcome.play.name}"


def failure(outcome: Outcome) -> str:
    """Where a play failed and why, then the conversation as a diff of what was expected and what was found."""
    return "\n".join(_failure(outcome))


def against_the_book(outcome: Outcome) -> list[str]:
    """What another one's gateway did wrong, a line each."""
    found = [each for each in outcome.findings or () if each.get("severity") == "error"]
    return [
        f"{each.get('severity')}: {each.get('title')} ({each.get('rule')}) in {outcome.play.name}" for each in found
    ]


def summary(outcomes: Sequence[Outcome], seconds: float) -> str:
    passed, failed = (sum(getattr(outcome, how) for outcome in outcomes) for how in ("passed", "failed"))
    left = len(outcomes) - passed - failed
    return f"{passed} passed, {failed} failed{f', {left} not played' if left else ''} in {seconds:.1f} s"


def not_played(outcome: Outcome) -> str:
    """Why the gateway at hand could not be asked for a play."""
    return f"not played: {outcome.play.name}: {outcome.skipped}"


def junit(outcomes: Sequence[Outcome]) -> bytes:
    """One test suite for each file, one test case for each play."""
    root = ElementTree.Element("testsuites", _counts(outcomes))
    for file in dict.fromkeys(str(outcome.play.file) for outcome in outcomes):
        inside = [outcome for outcome in outcomes if str(outcome.play.file) == file]
        suite = ElementTree.SubElement(root, "testsuite", {"name": _xml(file), **_counts(inside)})
        for outcome in inside:
            _test_case(suite, outcome)
    ElementTree.indent(root)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def as_json(outcomes: Sequence[Outcome], seed: int | None) -> bytes:
    document = {
        "format": FORMAT,
        "seed": seed,
        "passed": sum(outcome.passed for outcome in outcomes),
        "failed": sum(outcome.failed for outcome in outcomes),
        "not_played": sum(outcome.skipped is not None for outcome in outcomes),
        "scenarios": [_document(outcome) for outcome in outcomes],
    }
    return orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def save_transcript(outcome: Outcome, folder: Path, *, every: bool = False) -> None:
    """Write the transcript of a failure, or of `every` play, when there is one. Errors: `OSError`."""
    if (not outcome.failed and not every) or outcome.transcript is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    words = _NOT_IN_FILE_NAMES.sub("-", f"{outcome.play.file.stem} {outcome.play.name}".lower()).strip("-")
    file = folder / f"{words[:100]}-{outcome.play.place.line}.json"
    file.write_bytes(encode(outcome.transcript))
    outcome.saved_as = str(file)


def _failure(outcome: Outcome) -> Iterator[str]:
    yield f"FAIL {outcome.play.name}"
    yield f"  {where(outcome)}: {outcome.problem}"
    yield "  the conversation (- expected, + found):"
    yield from (f"  {line}" for line in outcome.conversation)
    if outcome.not_played:
        yield f"    ... {outcome.not_played} more step{'s' * (outcome.not_played > 1)} not played"
    if outcome.transcript is not None and outcome.transcript["hops"]:
        yield "  the messages that crossed:"
        yield from (f"    {title(hop)}" for hop in outcome.transcript["hops"])
    if outcome.saved_as:
        yield f"  transcript: {outcome.saved_as}"


def where(outcome: Outcome) -> str:
    """The step that is not as expected, or the scenario, as file:line:column."""
    place = outcome.place or outcome.play.place
    return f"{outcome.play.file}:{place.line}:{place.column}"


def _test_case(suite: ElementTree.Element, outcome: Outcome) -> None:
    attributes = {
        "classname": _xml(outcome.play.file.stem),
        "name": _xml(outcome.play.name),
        "time": f"{outcome.seconds:.3f}",
        "file": _xml(str(outcome.play.file)),
        "line": str((outcome.place or outcome.play.place).line),
    }
    case = ElementTree.SubElement(suite, "testcase", attributes)
    if outcome.skipped is not None:
        ElementTree.SubElement(case, "skipped", {"message": _xml(outcome.skipped)})
    if outcome.problem is not None:
        told = ElementTree.SubElement(case, "failure", {"message": _xml(outcome.problem)})
        told.text = _xml(failure(outcome))


def _counts(outcomes: Sequence[Outcome]) -> dict[str, str]:
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = sum(outcome.skipped is not None for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    return {
        "tests": str(len(outcomes)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(skipped),
        "time": f"{seconds:.3f}",
    }


def _document(outcome: Outcome) -> dict[str, Any]:
    return {
        "name": outcome.play.name,
        "file": str(outcome.play.file),
        "line": (outcome.place or outcome.play.place).line,
        "tags": list(outcome.play.tags),
        "about": " ".join(outcome.play.scenario.about.split()),
        "passed": outcome.passed,
        "seconds": round(outcome.seconds, 3),
        "problem": outcome.problem,
        "not_played": outcome.skipped,
        "conversation": outcome.conversation,
        "transcript": outcome.saved_as,
        "findings": outcome.findings,
    }
