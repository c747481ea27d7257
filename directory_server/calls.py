"""Calls to the other parties, and their place in the journal.

Our own ACS notes what it receives and answers; a call that fails, and every call to somebody else, is noted here.
"""

import asyncio
from collections.abc import Awaitable, Mapping
from functools import partial
from typing import Any, Final

import structlog
from msgspec import Struct, field

from directory_server.party import ACS, DIRECTORY_SERVER, Party
from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable, TransportError
from threedsecure.storage.ledger import More
from threedsecure.v2.codec import admit, decode, encode
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


class Reply(Struct, frozen=True):
    """What came back: a message, or why there is none - `MessageError` 403 for an HTTP status that says "later", else as `decode`
    has them. `noted`: where the party that answered noted it; `body`: its bytes."""

    message: Message | None
    error: TransportError | MessageError | None = None
    noted: int = -1
    body: bytes = b""


class Asked(Struct, frozen=True):
    """A message to the party `of`, which may answer one of a type in `accepts`. `more`: how the ledger has it where it says little
    more than what came in."""

    of: str
    url: str
    message: dict[str, Any]
    timeout: float
    accepts: frozenset[str]
    headers: Mapping[str, str] = field(default_factory=dict)
    more: More | None = None


def ask(party: Party, asked: Asked) -> Reply | Awaitable[Reply]:
    """Post a message and return what is answered; straight where the party is in this process and answers straight."""
    began = monotonic()
    found = None
    if _notes_itself(party, asked.url):
        found = party.runtime.transport.hand_over(
            asked.url, asked.message, asked.more, timeout=asked.timeout, headers=asked.headers
        )
    if isinstance(found, WireResponse):
        return _read(party, asked, began, found, found.message)
    return _answered(party, asked, began, found)


async def _answered(party: Party, asked: Asked, began: float, handed_over: Awaitable[WireResponse] | None) -> Reply:
    try:
        answer = _post(party, asked) if handed_over is None else _in_time(party, asked, handed_over)
        response = await answer
    except TransportError as error:
        if handed_over is not None:
            _record_failure(party, asked, error)
        return Reply(None, error)
    return _read(party, asked, began, response)


def _read(party: Party, asked: Asked, began: float, response: WireResponse, handed: Message | None = None) -> Reply:
    """`handed`: the message in the answer, of a party that hands it over."""
    took = (monotonic() - began) * 1000
    try:
        answer = handed or decode(response.body, accepts=asked.accepts, versions=SUPPORTED_VERSIONS)
        admit(answer, len(response.body), accepts=asked.accepts, versions=SUPPORTED_VERSIONS)
    except MessageError as error:
        received = error.message or unreadable(response.content_type, response.body)
        about = _transaction(asked.message)
        party.record(asked.of, DIRECTORY_SERVER, received, status=response.status, took_ms=took, transaction_id=about)
        return Reply(None, _explained(error, response))
    if not _notes_itself(party, asked.url):
        about = _stray(answer, asked.message)
        party.record(asked.of, DIRECTORY_SERVER, answer, status=response.status, took_ms=took, transaction_id=about)
    return Reply(answer, None, response.noted, response.body)


def notify(party: Party, url: str, erro: dict[str, Any], *, of: str, timeout: float) -> None:
    """Post an Erro behind the exchange at hand. Whether it arrives changes nothing, so nobody waits for it."""
    task = asyncio.create_task(_notify(party, url, erro, of, timeout), name="Erro")
    party.notices.add(task)
    task.add_done_callback(party.notices.discard)


def labels(request: WireRequest) -> dict[str, str]:
    """The headers of a 3DS Server that go on to the ACS, whose matching rules may read them: those that begin with x-."""
    own = [name for name in request.headers if name.startswith("x-")][:MAX_LABELS]
    if not own:
        return {}
    found = {name: request.headers[name] for name in own}
    return {n: v for n, v in found.items() if len(v) <= MAX_LABEL and v.isascii() and v.isprintable()}


def is_worth_telling(error: MessageError) -> bool:
    """Whether the sender of an answer is to be told what was wrong with it: not of an Erro, and not where there was no answer."""
    wrong = error.message or {}
    return wrong.get("messageType") != "Erro" and error.code != ErrorCode.TRANSIENT_FAILURE


def unreadable(content_type: str, body: bytes) -> dict[str, Any]:
    """What the journal keeps of a body that is no message."""
    begins = body[:EXCERPT_BYTES].decode(errors="replace")
    return {"content-type": content_type[:100], "bytes": len(body), "begins": begins}


async def _notify(party: Party, url: str, erro: dict[str, Any], of: str, timeout: float) -> None:
    try:
        await _post(party, Asked(of, url, erro, timeout, frozenset()))
    except TransportError as error:
        log.info("Erro not delivered", receiver=of, reason=error.reason)


async def _post(party: Party, asked: Asked) -> WireResponse:
    noted = not _notes_itself(party, asked.url)
    if noted:
        party.record(DIRECTORY_SERVER, asked.of, asked.message)
    try:
        return await _post_twice(party, asked)
    except TransportError as error:
        if not noted:
            party.record(DIRECTORY_SERVER, asked.of, asked.message)
        _record_failure(party, asked, error)
        raise


async def _post_twice(party: Party, asked: Asked) -> WireResponse:
    """A connection that fails is tried once more at once (EMV 3DS: flows, timers)."""
    post = partial(
        party.runtime.transport.post, asked.url, encode(asked.message), timeout=asked.timeout, headers=asked.headers
    )
    try:
        return await _in_time(party, asked, post())
    except ExchangeBroken as first:
        try:
            return await _in_time(party, asked, post())
        except PeerUnreachable:
            raise first from None  # it may have arrived at the first time, and that is what counts
    except PeerUnreachable:
        return await _in_time(party, asked, post())


def _in_time(party: Party, asked: Asked, answer: Awaitable[WireResponse]) -> Awaitable[WireResponse]:
    """An issuer that is silent is one by the virtual clock, too; a gateway is given the real time that it needs."""
    return party.in_time(answer, asked.url) if asked.of == ACS else answer


def _record_failure(party: Party, asked: Asked, error: TransportError) -> None:
    failure = {"url": error.url, "reason": error.reason}
    now, about = party.runtime.clock.now(), _transaction(asked.message)
    party.runtime.journal.record(now, DIRECTORY_SERVER, asked.of, failure_kind(error), failure, transaction_id=about)


def failure_kind(error: TransportError) -> str:
    """What the journal calls a call that brought nothing back."""
    return "no answer" if isinstance(error, PeerTimedOut) else "connection failed"


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


def _stray(answer: Message, asked: Message) -> str | None:
    """What an answer is filed under that names no transaction or another one: that of the message which it answers."""
    named = _transaction(asked)
    return None if answer.get("threeDSServerTransID") == named else named


def _notes_itself(party: Party, url: str) -> bool:
    return url.startswith(f"{party.settings.acs_url}/")
