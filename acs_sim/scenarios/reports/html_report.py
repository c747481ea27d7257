"""A run as one HTML file: it loads nothing, runs no script, and can be sent to whoever asks."""

import base64
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import orjson

from acs_sim.desk.pages.picture import STYLE, svg
from acs_sim.scenarios.playing.play import Outcome
from acs_sim.scenarios.reports.junit import where
from threedsecure.web.serving.templates import environment

MANY: Final = 100
"""With more plays than these, whole messages are shown only of those that failed."""

_PAGES: Final = environment("acs_sim.scenarios.reports")
_SIGNS: Final = {"-": "expected", "+": "found", " ": ""}


@dataclass(frozen=True, slots=True)
class Line:
    """Of the conversation: `sign` is `-` expected, `+` found, or nothing."""

    sign: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture of the browser, as a `data:` address."""

    caption: str
    source: str


@dataclass(frozen=True, slots=True)
class Story:
    """A play as the page tells it."""

    anchor: str
    file: str
    name: str
    where: str
    about: str
    tags: tuple[str, ...]
    passed: bool
    seconds: float
    problem: str | None
    skipped: str | None
    lines: tuple[Line, ...]
    not_played: int
    picture: str | None
    messages: tuple[tuple[str, str], ...]
    shots: tuple[Shot, ...]
    findings: tuple[Mapping[str, Any], ...]
    transcript: str | None


def html(outcomes: Sequence[Outcome], seconds: float, *, seed: int | None, began_at: datetime) -> bytes:
    """The page. `seconds`: how long the whole run took; `began_at`: when, on the wall clock."""
    stories = [_story(number, each, whole=each.failed or len(outcomes) <= MANY) for number, each in _told(outcomes)]
    page = _PAGES.get_template("report.html").render(
        stories=stories,
        files=_by_file(stories),
        failed=[story for story in stories if story.problem],
        left=[story for story in stories if story.skipped],
        passed=sum(story.passed for story in stories),
        seconds=seconds,
        seed=seed,
        began_at=began_at,
        many=len(outcomes) > MANY,
        sequence_style=STYLE,
    )
    return page.encode()


def _by_file(stories: Sequence[Story]) -> list[tuple[str, list[Story]]]:
    """Those of each file together, the files with failures first, as their stories are."""
    found: dict[str, list[Story]] = {}
    for story in stories:
        found.setdefault(story.file, []).append(story)
    return list(found.items())


def _told(outcomes: Sequence[Outcome]) -> Iterator[tuple[int, Outcome]]:
    """What failed comes first."""
    numbered = list(enumerate(outcomes, start=1))
    yield from (each for each in numbered if each[1].failed)
    yield from (each for each in numbered if not each[1].failed)


def _story(number: int, outcome: Outcome, *, whole: bool) -> Story:
    hops = outcome.transcript["hops"] if outcome.transcript is not None else []
    return Story(
        anchor=f"play-{number}",
        file=outcome.play.file.name,
        name=outcome.play.name,
        where=where(outcome),
        about=" ".join(outcome.play.scenario.about.split()),
        tags=outcome.play.tags,
        passed=outcome.passed,
        seconds=outcome.seconds,
        problem=outcome.problem,
        skipped=outcome.skipped,
        lines=tuple(Line(line[:1], _SIGNS.get(line[:1], ""), line[1:]) for line in outcome.conversation),
        not_played=outcome.not_played,
        picture=svg(hops, f"play-{number}", leads=whole) if hops else None,
        messages=tuple(_message(place, hop) for place, hop in enumerate(hops, start=1)) if whole else (),
        shots=tuple(Shot(caption, _address(image)) for caption, image in outcome.shots),
        findings=tuple(outcome.findings or ()),
        transcript=outcome.saved_as,
    )


def _message(number: int, hop: Mapping[str, Any]) -> tuple[str, str]:
    title = f"{number}. {hop['kind']}, {hop['from']} to {hop['to']}"
    return title, orjson.dumps(hop["message"], option=orjson.OPT_INDENT_2).decode()


def _address(image: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(image).decode()}"
