"""The pages for reading: the documents, the reference of all elements, and the check of a message that somebody has at hand."""

import asyncio
import mimetypes
from functools import cache
from typing import Any, Final

from acs_sim.checking.element_pages import MAX_QUERY, all_elements, matches, message_list, message_page
from acs_sim.checking.files import Checked, known_types
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.control.check import MAX_MESSAGE_BYTES, checked_message
from acs_sim.desk.documents import library
from acs_sim.desk.documents.markdown import Page, Places, rendered
from acs_sim.desk.pages.console import page_of
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.messages import MESSAGES
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form

MAX_SHOWN: Final = 200
_PLACES: Final = Places(library.desk_address, lambda name: f"/docs/images/{name}")


async def document(desk: Desk, request: WireRequest) -> WireResponse:
    """A document, the first one where none is named, or what a search finds in all."""
    name, query = request.match.get("name", library.FIRST), _query(request)
    if name not in library.paths():
        raise Problem(
            404, "Not Found", f"there is no document {name[:40]!r}; the search of the documents finds the others"
        )
    values: dict[str, Any] = {
        "contents": library.CONTENTS,
        "titles": library.titles(),
        "address": library.desk_address,
        "query": query,
    }
    if query:
        hits = await asyncio.to_thread(library.search, query)
        return await page_of(desk, "document_search.html", "/docs", hits=hits, found=None, **values)
    found = await asyncio.to_thread(_document, name)
    return await page_of(desk, "document.html", "/docs", found=found, **values)


@cache
def _document(name: str) -> Page:
    return rendered(name, _PLACES)


async def picture(_desk: Desk, request: WireRequest) -> WireResponse:
    """A picture of a document."""
    path = library.pictures().get(request.match["picture"])
    if path is None:
        raise Problem(404, "Not Found", "there is no such picture")
    media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return WireResponse(200, path.read_bytes(), media_type, {"Cache-Control": "max-age=3600"})


async def elements(desk: Desk, request: WireRequest) -> WireResponse:
    query = _query(request)
    found = all_elements()
    shown = {name for name, _ in found if matches(name, query)}
    return await page_of(
        desk, "elements.html", "/elements", query=query, messages=message_list(), elements=found, shown=shown
    )


async def element_table(desk: Desk, request: WireRequest) -> WireResponse:
    message = request.match["message"]
    if message not in MESSAGES:
        raise Problem(404, "Not Found", f"there is no message {message[:40]!r}; there are {', '.join(MESSAGES)}")
    query = _query(request)
    found = message_page(message)
    shown = {line.element for line in found.lines if matches(line.element, query)}
    return await page_of(
        desk,
        "element_table.html",
        "/elements",
        query=query,
        found=found,
        shown=shown,
        messages=list(MESSAGES),
        versions=SUPPORTED_VERSIONS,
    )


async def check_form(desk: Desk, _request: WireRequest) -> WireResponse:
    return await _check_page(desk, "", "", None)


async def check_from_form(desk: Desk, request: WireRequest) -> WireResponse:
    form = read_form(request)
    text, kind = form.get("message", ""), form.get("as", "")
    if not text.strip():
        raise Problem(400, "Bad Request", "there is no message: paste one into the field")
    return await _check_page(desk, text, kind, await checked_message(text.encode(), kind or None))


async def _check_page(desk: Desk, text: str, kind: str, result: Checked | None) -> WireResponse:
    return await page_of(
        desk,
        "check.html",
        "/check",
        text=text,
        kind=kind,
        kinds=known_types(),
        longest=MAX_MESSAGE_BYTES,
        result=result,
        most=MAX_SHOWN,
    )


def _query(request: WireRequest) -> str:
    query = request.query.get("q", "").strip()
    if len(query) > MAX_QUERY:
        raise Problem(400, "Bad Request", f"q is longer than {MAX_QUERY} characters")
    return query
