"""Two transactions beside one another, without what differs from run to run: known ones, or transcripts in files."""

import asyncio
from dataclasses import dataclass
from typing import Final

import orjson

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.pages.console import page_of
from acs_sim.desk.transactions.list import find_transaction, transcript_of
from acs_sim.transcripts.difference import Change, aligned, differences
from acs_sim.transcripts.document import NotATranscript, Transcript, checked
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form

SIDES: Final = ("first", "second")
SEALED: Final = ("MAC", "PBX_HMAC", "PBX_TIME", "url_retour_ok", "url_retour_err")
"""What a shop's form has of its own each time."""
BODY_LIMIT: Final = 8 << 20
"""Bytes of a form with two transcripts, which takes up to three for one of theirs."""

MOST_HOPS: Final = 1000


@dataclass(frozen=True, slots=True)
class Side:
    """`page`: where its messages are shown; empty for a file."""

    transcript: Transcript
    name: str
    page: str = ""


async def compare(desk: Desk, request: WireRequest) -> WireResponse:
    """`?id=…&id=…`."""
    names = [name.strip() for key, name in request.query.items() if key == "id" and name.strip()]
    if len(names) != len(SIDES):
        return await page_of(desk, "compare.html", "", names=names, pair=None, rows=[])
    return await _compared(desk, names, [await _known(desk, name) for name in names])


async def compare_files(desk: Desk, request: WireRequest) -> WireResponse:
    """`first` and `second`: the text of a transcript, or any id."""
    form = read_form(request)
    texts = [form.get(side, "").strip() for side in SIDES]
    return await _compared(desk, [], [await _side(desk, text, side) for text, side in zip(texts, SIDES, strict=True)])


async def _side(desk: Desk, text: str, side: str) -> Side:
    if not text.startswith("{"):
        return await _known(desk, text)
    try:
        transcript = checked(orjson.loads(text), f"the {side} file")
    except orjson.JSONDecodeError as error:
        raise Problem(400, "Bad Request", f"the {side} file is not JSON: {error}") from error
    except NotATranscript as error:
        raise Problem(400, "Bad Request", f"{error}; GET /api/transactions/ID/transcript makes one") from error
    if len(transcript["hops"]) > MOST_HOPS:
        raise Problem(
            413,
            "Content Too Large",
            f"the {side} file has more than {MOST_HOPS} hops; `acs-sim diff` reads longer ones",
        )
    return Side(transcript, side)


async def _known(desk: Desk, name: str) -> Side:
    one = await find_transaction(desk, name)
    return Side(await transcript_of(desk, one), one.id[:8], f"/transactions/{one.id}")


async def _compared(desk: Desk, names: list[str], pair: list[Side]) -> WireResponse:
    try:
        rows = await asyncio.to_thread(_rows, pair[0].transcript, pair[1].transcript)
    except RecursionError as error:
        raise Problem(400, "Bad Request", "a message is nested too deeply to be compared") from error
    return await page_of(desk, "compare.html", "", names=names, pair=pair, rows=rows)


def _rows(before: Transcript, after: Transcript) -> list[Change]:
    changes = differences(before, after, ignored=SEALED)
    beside = [change for change in changes if change.before is None and change.after is None]
    return [*beside, *aligned(before, after, changes)]
