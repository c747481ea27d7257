"""PReq in, PRes out."""

import zlib
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, Final

from directory_server.authentication.rules import check_sender
from directory_server.party import Party
from directory_server.preparation.card_range_data import card_range_data, head, written
from directory_server.ranges import Change, RangeList
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.as_of import day_of
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.validation.dated import check_version
from threedsecure.web.wire import WireRequest, WireResponse

GZIP_WINDOW: Final = 31
"""zlib's way to say: the largest window, in a gzip wrapping."""
RANGES_IN_JOURNAL: Final = 100


async def prepare(party: Party, scheme: str, request: WireRequest, preq: Mapping[str, Any]) -> WireResponse:
    """The card ranges of the scheme, or what changed since serialNum. Errors: `MessageError` 103, 307."""
    check(preq, context_of(preq, Leg.THREE_DS_SERVER_TO_DS))
    check_sender(preq, party.settings.three_ds_servers)
    if (day := day_of(party.settings.rules_as_of, party.runtime.clock.now())) is not None:
        check_version(preq, scheme, day)
    ranges = await party.fresh_ranges(scheme)
    changes = changes_since(preq, ranges)
    await check_limit(party, scheme, preq)
    ds_trans_id = party.runtime.randomness.of("dsTransID", preq["threeDSServerTransID"]).uuid()
    begun = head(preq, ds_trans_id=ds_trans_id, versions=party.settings.versions, ranges=ranges)
    version = preq["messageVersion"]
    first = [*islice(card_range_data(version, ranges, changes), RANGES_IN_JOURNAL + 1)]
    response = WireResponse(chunks=written(begun, card_range_data(version, ranges, changes)))
    response.message = for_the_journal(begun, first)
    return compressed(response, request) if first else response


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


def for_the_journal(begun: dict[str, Any], first: list[dict[str, Any]]) -> dict[str, Any]:
    """The PRes that begins with `begun`, with a long list of ranges cut short; `first`: one more than are kept, if there are."""
    if not first:
        return begun
    kept: list[Any] = first[:RANGES_IN_JOURNAL]
    return begun | {"cardRangeData": kept if len(first) <= RANGES_IN_JOURNAL else [*kept, {"leftOut": True}]}


def compressed(response: WireResponse, request: WireRequest) -> WireResponse:
    """`response` under gzip where the caller takes that (Accept-Encoding)."""
    if response.chunks is not None and takes_gzip(request.headers.get("accept-encoding", "")):
        response.chunks = _gzip(response.chunks)
        response.headers |= {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return response


def takes_gzip(accept_encoding: str) -> bool:
    """Whether the header (RFC 9110 section 12.5.3) names gzip, and does not give it the weight zero."""
    codings = (coding.replace(" ", "").lower() for coding in accept_encoding.split(","))
    return any(
        name == "gzip" and weight.rstrip("0.") != "q=" for name, _, weight in (c.partition(";") for c in codings)
    )


def _gzip(chunks: Iterable[bytes]) -> Iterator[bytes]:
    deflating = zlib.compressobj(level=1, wbits=GZIP_WINDOW)
    for chunk in chunks:
        if squeezed := deflating.compress(chunk):
            yield squeezed
    yield deflating.flush()
