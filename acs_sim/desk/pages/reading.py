"""The pages for reading: the reference of all elements, and the check of a message that somebody has at hand."""

from typing import Final

from acs_sim.checking.element_pages import MAX_QUERY, all_elements, matches, message_list, message_page
from acs_sim.checking.files import Checked, known_types
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.control.check import MAX_MESSAGE_BYTES, checked_message
from acs_sim.desk.pages.console import page_of
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.messages import MESSAGES
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form

MAX_SHOWN: Final = 200


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
