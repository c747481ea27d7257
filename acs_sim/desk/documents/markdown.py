"""A document as HTML: no markup of its own, links and pictures led to where the reader is, headings that can be linked to."""

import posixpath
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markupsafe import Markup, escape

from acs_sim.desk.documents.library import ANCHOR, FIRST, Anchors, paths, pictures, source, text_of

_OUTSIDE: Final = re.compile(r"[a-z]+:|#", re.IGNORECASE)
_MOVE: Final = re.compile(r"\s*(\S+) --> ([^\s:]+)(?:: (.*))?")
_CODE: Final = Markup(
    '<div class="listing"><pre tabindex="0"><code>{0}</code></pre>'
    '<button type="button" class="copy" data-copy="{0}" aria-label="Copy" hidden>Copy</button></div>\n'
)
_TABLE: Final = Markup('<div class="scroll" tabindex="0" role="region" aria-label="{}"><table class="list reading">\n')
_MOVES: Final = Markup(
    '<thead><tr><th scope="col">In state</th><th scope="col">comes</th><th scope="col">and it is</th></tr></thead>'
    "<tbody>{}</tbody></table></div>\n"
)
_EDGE: Final = "[*]"


@dataclass(frozen=True)
class Places:
    """The addresses of documents and pictures, by their names, for whoever reads."""

    document: Callable[[str], str]
    picture: Callable[[str], str]


@dataclass(frozen=True)
class Page:
    """A document to be shown. `headings`: level, words and anchor of each below the first."""

    name: str
    title: str
    html: Markup
    headings: list[tuple[int, str, str]]


def rendered(name: str, places: Places) -> Page:
    """`name`: one of `library.paths`."""
    tokens, anchors = _parser().parse(text_of(name)), Anchors()
    headings: list[tuple[int, str, str]] = []
    title, heading = "", ""
    for token, inside in zip(tokens, [*tokens[1:], None], strict=True):
        if token.type == "heading_open" and inside is not None:
            heading = _words(inside.children or ())
            anchor = anchors.of(heading)
            if title:
                token.attrSet("id", anchor)
                headings.append((int(token.tag[1]), heading, anchor))
            title = title or heading
        elif token.type == "table_open":
            token.meta["label"] = heading
        for child in token.children or ():
            _lead(child, name, places)
    html = Markup(_parser().renderer.render(tokens, _parser().options, {}))  # noqa: S704 - its HTML is escaped
    return Page(name, title or name, html, headings)


def _words(tokens: Sequence[Token]) -> str:
    return "".join(token.content for token in tokens)


def _lead(token: Token, name: str, places: Places) -> None:
    """What is relative in the repository leads to where the reader is; what is not here, to the repository."""
    attribute = {"link_open": "href", "image": "src"}.get(token.type)
    if attribute is None or _OUTSIDE.match(target := str(token.attrGet(attribute) or "")):
        return
    path, _, anchor = target.partition("#")
    folder = "" if name in {FIRST, "CHANGELOG"} else posixpath.dirname(f"docs/{name}")
    place = posixpath.normpath(posixpath.join(folder, path))
    known = place.removeprefix("docs/").removesuffix(".md")
    picture = place.removeprefix("docs/images/")
    if place.endswith(".md") and known in paths():
        token.attrSet(attribute, places.document(known) + (f"#{anchor}" if anchor else ""))
    elif picture in pictures():
        token.attrSet(attribute, places.picture(picture))
    else:
        token.attrSet(attribute, f"{source()}/{place}")


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    parser.inline.ruler.before("autolink", "anchor", _anchor)
    parser.add_render_rule("fence", lambda _, tokens, place, *__: _fence(tokens[place]))
    parser.add_render_rule("code_block", lambda _, tokens, place, *__: _CODE.format(tokens[place].content))
    parser.add_render_rule("table_open", lambda _, tokens, place, *__: _TABLE.format(tokens[place].meta["label"]))
    parser.add_render_rule("table_close", lambda *_: "</table></div>\n")
    return parser


def _anchor(state: StateInline, silent: bool) -> bool:
    """The one element of HTML that the documents use."""
    found = ANCHOR.match(state.src, state.pos)
    if found is not None:
        if not silent:
            state.push("html_inline", "", 0).content = found[0]
        state.pos = found.end()
    return found is not None


def _fence(token: Token) -> str:
    """A diagram of states is a table of its moves; other diagrams can be read as they are written."""
    moves = [move.groups() for line in token.content.splitlines() if (move := _MOVE.fullmatch(line))]
    if token.info == "mermaid" and token.content.startswith("stateDiagram"):
        rows = Markup("").join(_row(*move) for move in moves)
        return _TABLE.format("States") + _MOVES.format(rows)
    return _CODE.format(token.content)


def _row(before: str, after: str, event: str | None) -> Markup:
    cells = ("–" if before == _EDGE else before, event or "", "over" if after == _EDGE else after)
    return Markup("<tr>{}</tr>\n").format(Markup("").join(Markup("<td>{}</td>").format(escape(cell)) for cell in cells))
