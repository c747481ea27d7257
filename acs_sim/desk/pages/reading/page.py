"""The pages for reading: the documents, the reference of all elements, and the check of a message that somebody has at hand."""

import asyncio
import mimetypes
from functools import cache
from typing import Any, Final

import orjson

from acs_sim.checking.element_pages import MAX_QUERY, all_elements, matches, message_list, message_page
from acs_sim.checking.files import Checked, known_types
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.control.check import MAX_MESSAGE_BYTES, checked_message
from acs_sim.desk.documents import library
from acs_sim.desk.documents.markdown import Page, Places, rendered
from acs_sim.desk.pages.console import one_of, page_of
from acs_sim.desk.pages.rendering import shown
from acs_sim.desk.transactions.list import find_transaction
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


async def check_form(desk: Desk, request: WireRequest) -> WireResponse:
    """`?id=…&m=…`: with a message of a transaction in the field; what the journal hides stands there hidden."""
    asked = request.query.get("id", "").strip()
    if not asked:
        return await _check_page(desk)
    one = await find_transaction(desk, asked)
    entries = await desk.runtime.journal.entries_of(one.id)
    held = {str(number): entry for number, entry in enumerate(entries, start=1) if entry["kind"] in MESSAGES}
    number = one_of(request.query.get("m"), held, next(iter(held), ""))
    loaded = {"id": one.id, "m": number, "messages": {number: entry["kind"] for number, entry in held.items()}}
    if not held:
        return await _check_page(desk, loaded=loaded)
    kind, message = held[number]["kind"], held[number]["message"]
    content = orjson.dumps(message, option=orjson.OPT_INDENT_2)
    result = await checked_message(content, kind)
    return await _check_page(desk, content.decode(), kind, result=result, loaded=loaded)


async def check_from_form(desk: Desk, request: WireRequest) -> WireResponse:
    text, kind, result = await _judged(request)
    if result is None:
        raise Problem(400, "Bad Request", "there is no message: paste one into the field")
    return await _check_page(desk, text, kind, result=result)


async def verdict(_desk: Desk, request: WireRequest) -> WireResponse:
    """What stands in the field, judged while it is typed."""
    _, _, result = await _judged(request)
    return shown("verdict.html", result=result, most=MAX_SHOWN)


async def _judged(request: WireRequest) -> tuple[str, str, Checked | None]:
    form = read_form(request)
    text, kind = form.get("message", ""), form.get("as", "")
    return text, kind, await checked_message(text.encode(), kind or None) if text.strip() else None


async def _check_page(desk: Desk, text: str = "", kind: str = "", **values: Any) -> WireResponse:
    usual = {"loaded": None, "result": None, "kinds": known_types(), "longest": MAX_MESSAGE_BYTES, "most": MAX_SHOWN}
    return await page_of(desk, "check.html", "/check", text=text, kind=kind, **{**usual, **values})


def _query(request: WireRequest) -> str:
    query = request.query.get("q", "").strip()
    if len(query) > MAX_QUERY:
        raise Problem(400, "Bad Request", f"q is longer than {MAX_QUERY} characters")
    return query
