"""Which documents there are, how they are grouped, and what stands where in them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import metadata
from pathlib import Path
from typing import Final

import threedsecure

HOME: Final = Path(threedsecure.__file__).parents[1]
"""The repository; where it is installed, the folder that is packed as the repository is."""
FIRST: Final = "README"
CONTENTS: Final = {
    "Begin": (FIRST, "connect-3ds-server", "gateway", "test-cards", "vendor-cards", "desk", "phone"),
    "What it plays": (
        *("challenge-pages", "app", "classic", "passkeys", "faults", "rules", "rules-by-date", "issuer-decides"),
        *("notices", "authentication-values", "endings", "timers", "open-questions"),
    ),
    "Test with it": (
        *("pytest", "pipelines", "scenarios", "scenario-library", "running", "explore", "transcripts", "findings"),
        *("check", "agents"),
    ),
    "Run it": (
        *("configuration", "namespaces", "many-machines", "container", "tls", "operations", "security"),
        *("performance", "promises", "quality"),
    ),
    "Look up": ("control-api", "directory-server", "acs", "elements", "matrix", "architecture", "CHANGELOG"),
}
"""Every document but those of a folder, which stand under the document that leads to them."""
MOST_FOUND: Final = 30
_AROUND: Final = 90
_FENCE: Final = "```"
_HEADING: Final = re.compile(r"(#{1,4}) +(.+)")
_COMMENT: Final = re.compile(r"^<!--.*?-->\n?", re.MULTILINE | re.DOTALL)
ANCHOR: Final = re.compile(r'<a id="([\w.-]+)"></a>')
"""How the documents name a place that is no heading."""
_MARKUP: Final = re.compile(rf"\]\([^)]*\)|[`*\[\]]|{ANCHOR.pattern}")
_RULES: Final = re.compile(r"\||:?-{3,}:?")
_SPACES: Final = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below one heading. `anchor` is empty below the first one."""

    document: str
    title: str
    heading: str
    anchor: str
    text: str


@dataclass(frozen=True, slots=True)
class Hit:
    """A section with what was looked for, and the words around it."""

    section: Section
    before: str
    found: str
    after: str


@cache
def paths() -> dict[str, Path]:
    """The files by the names of the documents: `README`, `desk`, `elements/AReq`. Only these are ever read."""
    folder = HOME / "docs"
    below = {str(path.relative_to(folder).with_suffix("").as_posix()): path for path in sorted(folder.rglob("*.md"))}
    return {name: HOME / f"{name}.md" for name in (FIRST, "CHANGELOG")} | below


def desk_address(name: str) -> str:
    return "/docs" if name == FIRST else f"/docs/{name}"


@cache
def source() -> str:
    """Where what is no document of these can be read."""
    urls = dict(url.split(", ", 1) for url in metadata("acs-sim").get_all("Project-URL") or ())
    return f"{urls['Source']}/blob/main"


@cache
def text_of(name: str) -> str:
    return _COMMENT.sub("", paths()[name].read_text("utf-8"))


@cache
def titles() -> dict[str, str]:
    return {name: text_of(name).partition("\n")[0].removeprefix("# ").replace("`", "") for name in paths()}


def pictures() -> dict[str, Path]:
    return {path.name: path for path in (HOME / "docs" / "images").iterdir()}


class Anchors:
    """The anchors of one document, as the places where its source is shown make them."""

    def __init__(self) -> None:
        self._given: dict[str, int] = {}

    def of(self, heading: str) -> str:
        bare = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        times = self._given[bare] = self._given.get(bare, -1) + 1
        return f"{bare}-{times}" if times else bare


@cache
def sections(name: str) -> tuple[Section, ...]:
    """A document by its headings, as text to be searched."""
    found = list(_cut(text_of(name)))
    headings = [_MARKUP.sub("", heading) for heading, _ in found]
    anchors = Anchors()
    given = [anchors.of(heading) for heading in headings]
    places = zip(headings, ["", *given[1:]], found, strict=True)
    return tuple(Section(name, titles()[name], heading, anchor, _plain(text)) for heading, anchor, (_, text) in places)


def _cut(text: str) -> Iterator[tuple[str, str]]:
    heading, lines, fenced = "", list[str](), False
    for line in text.splitlines():
        fenced ^= line.startswith(_FENCE)
        told = None if fenced else _HEADING.fullmatch(line)
        if told is None:
            lines.append(line)
            continue
        if heading or any(lines):
            yield heading, "\n".join(lines)
        heading, lines = told[2], []
    yield heading, "\n".join(lines)


def _plain(text: str) -> str:
    return _SPACES.sub(" ", _RULES.sub(" ", _MARKUP.sub("", text))).strip()


def search(query: str) -> list[Hit]:
    """The sections that have every word, those with the words in a heading first."""
    words = query.lower().split()
    if not words:
        return []
    found = [(score, one) for name in paths() for one in sections(name) if (score := _score(one, words))]
    found.sort(key=lambda ranked: -ranked[0])
    return [_hit(one, words) for _, one in found[:MOST_FOUND]]


def _score(one: Section, words: list[str]) -> int:
    heading, title, text = one.heading.lower(), one.title.lower(), one.text.lower()
    if not all(word in heading or word in title or word in text for word in words):
        return 0
    return sum(100 * (word in heading) + 20 * (word in title) + min(text.count(word), 10) for word in words)


def _hit(one: Section, words: list[str]) -> Hit:
    text = one.text
    at, word = next(((at, word) for word in words if (at := text.lower().find(word)) >= 0), (0, ""))
    begin, end = max(at - _AROUND, 0), at + len(word)
    before = text[begin:at] if begin == 0 else "… " + text[begin:at].partition(" ")[2]
    after = text[end : end + _AROUND]
    return Hit(one, before, text[at:end], after.rpartition(" ")[0] + " …" if len(text) > end + _AROUND else after)


def named(asked: str) -> tuple[str, str] | None:
    """The document, and the anchor in it, whose name, title or heading is just that."""
    wanted = asked.lower()
    if not wanted:
        return None
    for name in paths():
        if wanted in {name.lower(), f"docs/{name}.md".lower(), titles()[name].lower()}:
            return name, ""
    return next(
        ((one.document, one.anchor) for name in paths() for one in sections(name) if wanted == one.heading.lower()),
        None,
    )
