"""Calls to the other parties, and their place in the journal.

Our own ACS notes what it receives and answers; a call that fails, and every call to somebody else, is noted here.
"""

import asyncio
from collections.abc import Mapping
from itertools import islice
from typing import Any, Final

import structlog

from directory_server.party import DIRECTORY_SERVER, Party
from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable, TransportError
from threedsecure.v2.codec import decode, encode
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.web.clock import monotonic
from threedsecure.web.wire import WireRequest, WireResponse

log = structlog.get_logger()

Message = Mapping[str, Any]

PASSING_STATUSES: Final = frozenset({408, 425, 429})
EXCERPT_BYTES: Final = 200
MAX_LABELS: Final = 16
MAX_LABEL: Final = 256


async def ask(
    party: Party,
    url: str,
    message: Message,
    *,
    of: str,
    timeout: float,
    accepts: frozenset[str],
    headers: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Post a message to the party `of` and return the message that it answers, of a type in `accepts`.

    Errors: `TransportError`; `MessageError` 403 for an HTTP status that says "later", else as `decode` has them."""
    began = monotonic()
    response = await _post(party, url, message, of, timeout, headers)
    took = (monotonic() - began) * 1000
    try:
        answer = decode(response.body, accepts=accepts, versions=SUPPORTED_VERSIONS)
    except MessageError as error:
        received = error.message or unreadable(response.content_type, response.body)
        about = _transaction(message)
        party.record(of, DIRECTORY_SERVER, received, status=response.status, took_ms=took, transaction_id=about)
        raise _explained(error, response) from error
    if not _notes_itself(party, url):
        party.record(of, DIRECTORY_SERVER, answer, status=response.status, took_ms=took)
    return answer


def notify(party: Party, url: str, erro: Message, *, of: str, timeout: float) -> None:
    """Post an Erro behind the exchange at hand. Whether it arrives changes nothing, so nobody waits for it."""
    task = asyncio.create_task(_notify(party, url, erro, of, timeout), name="Erro")
    party.notices.add(task)
    task.add_done_callback(party.notices.discard)


def labels(request: WireRequest) -> dict[str, str]:
    """The headers of a 3DS Server that go on to the ACS, whose matching rules may read them: those that begin with x-."""
    own = ((name, value) for name, value in request.headers.items() if name.startswith("x-"))
    kept = ((name, value) for name, value in own if len(value) <= MAX_LABEL and value.isascii() and value.isprintable())
    return dict(islice(kept, MAX_LABELS))


def is_worth_telling(error: MessageError) -> bool:
    """Whether the sender of an answer is to be told what was wrong with it: not of an Erro, and not where there was no answer."""
    wrong = error.message or {}
    return wrong.get("messageType") != "Erro" and error.code != ErrorCode.TRANSIENT_FAILURE


def unreadable(content_type: str, body: bytes) -> dict[str, Any]:
    """What the journal keeps of a body that is no message."""
    begins = body[:EXCERPT_BYTES].decode(errors="replace")
    return {"content-type": content_type[:100], "bytes": len(body), "begins": begins}


async def _notify(party: Party, url: str, erro: Message, of: str, timeout: float) -> None:
    try:
        await _post(party, url, erro, of, timeout)
    except TransportError as error:
        log.info("Erro not delivered", receiver=of, reason=error.reason)


async def _post(
    party: Party, url: str, message: Message, of: str, timeout: float, headers: Mapping[str, str] | None = None
) -> WireResponse:
    noted = not _notes_itself(party, url)
    if noted:
        party.record(DIRECTORY_SERVER, of, message)
    try:
        return await _post_twice(party, url, encode(message), timeout, headers)
    except TransportError as error:
        if not noted:
            party.record(DIRECTORY_SERVER, of, message)
        _record_failure(party, of, error, _transaction(message))
        raise


async def _post_twice(
    party: Party, url: str, body: bytes, timeout: float, headers: Mapping[str, str] | None
) -> WireResponse:
    """A connection that fails is tried once more at once (EMV 3DS: flows, timers)."""
    post = party.runtime.transport.post
    try:
        return await post(url, body, timeout=timeout, headers=headers)
    except ExchangeBroken as first:
        try:
            return await post(url, body, timeout=timeout, headers=headers)
        except PeerUnreachable:
            raise first from None  # it may have arrived at the first time, and that is what counts
    except PeerUnreachable:
        return await post(url, body, timeout=timeout, headers=headers)


def _record_failure(party: Party, of: str, error: TransportError, transaction_id: str | None) -> None:
    kind = "no answer" if isinstance(error, PeerTimedOut) else "connection failed"
    failure = {"url": error.url, "reason": error.reason}
    now = party.runtime.clock.now()
    party.runtime.journal.record(now, DIRECTORY_SERVER, of, kind, failure, transaction_id=transaction_id)


def _explained(error: MessageError, response: WireResponse) -> MessageError:
    """`error` in the light of the HTTP status: a body that is no message, under a status that says "later", is an outage."""
    status = response.status
    if error.message is not None or status < 300:
        return error
    if status >= 500 or status in PASSING_STATUSES:
        return MessageError(ErrorCode.TRANSIENT_FAILURE, f"HTTP {status} instead of a message")
    return MessageError(error.code, f"HTTP {status}: {error.detail}")


def _transaction(message: Message) -> str | None:
    named = message.get("threeDSServerTransID")
    return named if isinstance(named, str) else None


def _notes_itself(party: Party, url: str) -> bool:
    return url.startswith(f"{party.settings.acs_url}/")
