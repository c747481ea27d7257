"""`acs-sim run` behind its flags."""

import asyncio
import json
import ssl
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import click

from acs_sim.findings import readiness
from acs_sim.findings.case import Case
from acs_sim.findings.reports import readiness_words as told
from acs_sim.running.home import HOME
from acs_sim.running.process import logs
from acs_sim.running.process.loop import spare_the_collector
from acs_sim.running.stack import CannotStart
from acs_sim.scenarios.file.document import FileError
from acs_sim.scenarios.file.loading import Play, load
from acs_sim.scenarios.file.model import json_schema
from acs_sim.scenarios.file.selecting import compile_expression
from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports import junit as reports
from acs_sim.scenarios.reports.annotations import ANNOTATIONS
from acs_sim.scenarios.reports.ctrf import ctrf
from acs_sim.scenarios.reports.html_report import html
from acs_sim.scenarios.reports.progress import Progress
from acs_sim.scenarios.running import Means, run
from acs_sim.scenarios.simulator import CannotPlay
from acs_sim.settings.addresses import Addresses

PASSED, FAILED, UNPLAYABLE = 0, 1, 2


@dataclass(frozen=True)
class Wish:
    """What was typed. `at`: where the simulator runs already, None to start one."""

    paths: Sequence[Path]
    junit: Path | None = None
    json: Path | None = None
    html: Path | None = None
    ctrf: Path | None = None
    annotate: str | None = None
    expression: str | None = None
    seed: int | None = None
    at: Addresses | None = None
    tls: ssl.SSLContext | None = None
    means: Means = field(default_factory=Means)
    transcripts: Path = Path("transcripts")
    every_transcript: bool = False
    readiness: bool = False


def schema() -> str:
    return json.dumps(json_schema(), indent=2, ensure_ascii=False)


def play_files(wish: Wish) -> int:
    """Play, print and write reports; returns the exit status."""
    logs.configure("auto", "error")
    try:
        plays = _of_packs() if wish.readiness else _chosen(load(wish.paths), wish.expression)
    except FileError as error:
        for line in error.lines:
            click.echo(line, err=True)
        return UNPLAYABLE
    except ValueError as error:
        click.echo(str(error), err=True)
        return UNPLAYABLE
    try:
        return _play(plays, wish)
    except (CannotStart, CannotPlay) as error:
        click.echo(f"acs-sim cannot play: {error}", err=True)
        return UNPLAYABLE
    except OSError as error:
        click.echo(f"acs-sim cannot write {error.filename}: {error.strerror}", err=True)
        return UNPLAYABLE


def _chosen(plays: list[Play], expression: str | None) -> list[Play]:
    if expression is None:
        return plays
    chooses = compile_expression(expression)
    found = [one for one in plays if chooses(" ".join((one.name, one.file.stem, *one.tags)).lower())]
    if not found:
        raise ValueError(f"-k {expression!r} chooses none of {len(plays)} scenarios")
    return found


def _of_packs() -> list[Play]:
    """What a gateway is judged ready by."""
    wanted = readiness.plays()
    return [one for one in load([HOME / "fixtures" / "scenarios"]) if f"{one.file.stem}: {one.scenario.name}" in wanted]


def _play(plays: list[Play], wish: Wish) -> int:
    spare_the_collector()
    began, began_at = time.perf_counter(), datetime.now(UTC)
    progress = Progress(len(plays), sys.stdout, click.echo)
    try:
        outcomes = asyncio.run(run(plays, progress, seed=wish.seed, at=wish.at, tls=wish.tls, means=wish.means))
    finally:
        progress.over()
    seconds = time.perf_counter() - began
    for outcome in outcomes:
        reports.save_transcript(outcome, wish.transcripts, every=wish.every_transcript)
        if outcome.failed:
            click.echo(f"\n{reports.failure(outcome)}")
    for line in dict.fromkeys(reports.not_played(outcome) for outcome in outcomes if outcome.skipped is not None):
        click.echo(line)
    for line in dict.fromkeys(line for outcome in outcomes for line in reports.against_the_book(outcome)):
        click.echo(line)
    for line in ANNOTATIONS[wish.annotate](outcomes) if wish.annotate is not None else ():
        click.echo(line)
    _write(outcomes, wish)
    if wish.ctrf is not None:
        wish.ctrf.write_bytes(ctrf(outcomes, began_at, seconds))
    if wish.html is not None:
        wish.html.write_bytes(html(outcomes, seconds, seed=wish.seed, began_at=began_at))
    click.echo(f"\n{reports.summary(outcomes, seconds)}")
    if wish.readiness:
        judged = readiness.judge([one for outcome in outcomes for one in _seen(outcome)])
        click.echo(f"\n{told(judged)}")
        return FAILED if judged.verdict is readiness.Verdict.NOT_READY else PASSED
    if any(outcome.failed for outcome in outcomes):
        return FAILED
    return PASSED if any(outcome.passed for outcome in outcomes) else UNPLAYABLE


def _seen(outcome: Outcome) -> Iterator[readiness.Seen]:
    if outcome.transcript is None or outcome.transaction_id is None:
        return
    case = Case.of_messages(outcome.transcript["hops"], outcome.transaction_id)
    found = [readiness.found_of(each) for each in outcome.findings or ()]
    yield readiness.Seen(case, outcome.card_scenario or "", found, outcome.problem)


def _write(outcomes: list[Outcome], wish: Wish) -> None:
    if wish.junit is not None:
        wish.junit.write_bytes(reports.junit(outcomes))
    if wish.json is not None:
        wish.json.write_bytes(reports.as_json(outcomes, wish.seed))
