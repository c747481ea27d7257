"""PReq in, PRes out."""

import asyncio
import gzip
from collections.abc import Mapping
from typing import Any, Final

from directory_server.authentication import check_sender
from directory_server.card_range_data import pres
from directory_server.handlers.party import Party
from directory_server.ranges import Change, RangeList
from threedsecure.v2.checking import Leg, check, context_of
from threedsecure.v2.codec import encode
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.web.wire import WireRequest, WireResponse, message_response

COMPRESSED_FROM: Final = 1_400
"""Bytes; a shorter answer fits into one packet anyway."""
COMPRESSED_ASIDE_FROM: Final = 1 << 20
RANGES_IN_JOURNAL: Final = 100


async def prepare(party: Party, scheme: str, request: WireRequest, preq: Mapping[str, Any]) -> WireResponse:
    """The card ranges of the scheme, or what changed since serialNum. Errors: `MessageError` 103, 307."""
    check(preq, context_of(preq, Leg.THREE_DS_SERVER_TO_DS))
    check_sender(preq, party.settings.three_ds_servers)
    ranges = await party.fresh_ranges(scheme)
    changes = changes_since(preq, ranges)
    await check_limit(party, scheme, preq)
    answer = pres(
        preq,
        ds_trans_id=party.runtime.randomness.uuid(),
        versions=party.settings.versions,
        ranges=ranges,
        changes=changes,
    )
    response = message_response(for_the_journal(answer), encode(answer))
    return await compressed(response, request)


def changes_since(preq: Mapping[str, Any], ranges: RangeList) -> list[Change] | None:
    """None where the whole list is asked for. Errors: 307 for a serial number that was never given out, or is forgotten."""
    serial = preq.get("serialNum")
    if serial is None:
        return None
    changes = ranges.since(int(serial)) if serial.isascii() and serial.isdigit() else None
    if changes is None:
        detail = f"serialNum: {serial} is not known here; ask for the whole list without a serialNum"
        raise MessageError(ErrorCode.SERIAL_NUMBER_NOT_VALID, detail, message=preq)
    return changes


async def check_limit(party: Party, scheme: str, preq: Mapping[str, Any]) -> None:
    """Errors: `MessageError` 103 for a 3DS Server that asks more often than it may."""
    limit = party.settings.preq_limit_per_hour
    if limit == 0:
        return
    sender = preq["threeDSServerRefNumber"]
    if not await party.storage.prepared(scheme, sender, party.runtime.clock.now(), limit):
        detail = f"{sender} may send {limit} PReq an hour"
        raise MessageError(ErrorCode.SENT_MESSAGES_LIMIT_EXCEEDED, detail, message=preq)


def for_the_journal(answer: dict[str, Any]) -> dict[str, Any]:
    """`answer` with a long list of ranges cut short."""
    data = answer.get("cardRangeData", [])
    if len(data) <= RANGES_IN_JOURNAL:
        return answer
    left_out = {"leftOut": len(data) - RANGES_IN_JOURNAL}
    return answer | {"cardRangeData": [*data[:RANGES_IN_JOURNAL], left_out]}


async def compressed(response: WireResponse, request: WireRequest) -> WireResponse:
    """`response` under gzip where the caller takes that (Accept-Encoding) and it is worth it."""
    if not takes_gzip(request.headers.get("accept-encoding", "")) or len(response.body) < COMPRESSED_FROM:
        return response
    if len(response.body) < COMPRESSED_ASIDE_FROM:
        response.body = _gzip(response.body)
    else:
        response.body = await asyncio.to_thread(_gzip, response.body)
    response.headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return response


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header (RFC 9110 section 12.5.3) names gzip, and does not give it the weight zero."""
    codings = (coding.replace(" ", "").lower() for coding in accept_encoding.split(","))
    return any(
        name == "gzip" and weight.rstrip("0.") != "q=" for name, _, weight in (c.partition(";") for c in codings)
    )


def _gzip(body: bytes) -> bytes:
    return gzip.compress(body, compresslevel=1, mtime=0)
