"""The door of a scheme for 3-D Secure 1.0.2: VEReq and CRReq in, VERes, CRRes and Error out."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any, Final

from directory_server.calls import unreadable
from directory_server.party import ACS, DIRECTORY_SERVER, MPI, Party
from directory_server.ranges import Issuer, StandIn, list_name
from directory_server.transactions.refusals import noting, refusal_of
from directory_server.v1 import rules
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable, ProtocolError, TransportError
from threedsecure.v1 import messages
from threedsecure.v1.codec import CONTENT_TYPE, decode, encode
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.identifiers import message_id
from threedsecure.v1.validation.checking import check
from threedsecure.v1.views import CardRangeRequest, VerifyEnrolmentRequest, for_journal
from threedsecure.web.clock import monotonic
from threedsecure.web.wire import Handler, WireRequest, WireResponse

Message = Mapping[str, Any]

ACCEPTED: Final = frozenset({"VEReq", "CRReq", "Error"})
FROM_THE_ACS: Final = frozenset({"VERes", "Error"})
XML_MEDIA_TYPES: Final = frozenset({"application/xml", "text/xml", ""})
ATTEMPTS_PATH: Final = "/3ds1/attempts/vereq"
RANGES_IN_JOURNAL: Final = 100


def receive(party: Party, scheme: str) -> Handler:
    """The handler of `POST /{scheme}/3ds1`."""

    async def handle(request: WireRequest) -> WireResponse:
        began = monotonic()
        message = read(request)
        request.message = message
        party.record(MPI, DIRECTORY_SERVER, message)
        if message["messageType"] == "Error":
            return WireResponse(content_type=CONTENT_TYPE)  # noted, and never answered with another
        check(message)
        answer = await RECEIVERS[message["messageType"]](party, scheme, message)
        took = (monotonic() - began) * 1000
        more = _noting(party, scheme, message, answer) if "IReq" in answer else {}
        party.record(DIRECTORY_SERVER, MPI, shortened(answer), status=200, took_ms=took, **more)
        return xml_response(answer)

    return handle


def no_such_scheme(_request: WireRequest) -> Awaitable[WireResponse]:
    """An address of ours that belongs to no scheme with a 1.0.2 programme."""
    raise MessageError(ErrorCode.PERMANENT_FAILURE, f"no directory server here; the addresses are {rules.addresses()}")


def answer_error(party: Party) -> Callable[[ProtocolError, WireRequest], WireResponse]:
    """What turns a protocol error into the Error that answers it, with HTTP status 200."""

    def answer(error: ProtocolError, request: WireRequest) -> WireResponse:
        known = error if isinstance(error, MessageError) else MessageError(ErrorCode.FORMAT_INVALID, str(error))
        received = known.message or request.message
        known.message = received
        document = messages.error(known, message_id=_message_id(party, received))
        if request.message is None:
            told = received or unreadable(request.headers.get("content-type", ""), request.body)
            party.record(MPI, DIRECTORY_SERVER, told, transaction_id=document["messageId"])
        if received is not None and received.get("messageType") == "Error":
            return WireResponse(content_type=CONTENT_TYPE)
        more = _noting(party, request.path.split("/")[1], received or {}, document)
        party.record(DIRECTORY_SERVER, MPI, document, status=200, **more)
        return xml_response(document)

    return answer


def _noting(party: Party, scheme: str, received: Message, answer: Message) -> dict[str, Any]:
    """What the journal is told of an answer that refuses what was received."""
    fingerprint, now = party.runtime.vault.fingerprint, party.runtime.clock.now()
    known = scheme if scheme in V1_SCHEMES else None
    return noting(
        refusal_of(received, answer, filed=answer["messageId"], scheme=known, fingerprint=fingerprint, at=now)
    )


def read(request: WireRequest) -> dict[str, Any]:
    """Errors: `MessageError`."""
    if request.media_type not in XML_MEDIA_TYPES:
        told = request.media_type[:100]
        raise MessageError(
            ErrorCode.ROOT_ELEMENT_INVALID, f"the Content-Type is {told}; messages are posted as application/xml"
        )
    return decode(request.body, accepts=ACCEPTED)


def xml_response(message: Message) -> WireResponse:
    return WireResponse(200, encode(message), CONTENT_TYPE)


async def card_ranges(party: Party, scheme: str, crreq: Message) -> dict[str, Any]:
    """CRReq → CRRes."""
    request = CardRangeRequest.from_message(crreq)
    refusal = rules.refusal(request, party.settings.classic_acquirers, strangers=party.settings.classic_strangers)
    if refusal is not None:
        return messages.card_range_refusal(crreq, refusal)
    ranges = await party.fresh_ranges(list_name(scheme))
    changes = rules.changes(ranges, request.serial_number)
    if changes is None:
        return messages.card_range_refusal(crreq, rules.unknown_serial_number(request.serial_number))
    return messages.card_range_response(crreq, changes, str(ranges.serial))


async def enrolment(party: Party, scheme: str, vereq: Message) -> dict[str, Any]:
    """VEReq → VERes."""
    request = VerifyEnrolmentRequest.from_message(vereq)
    refusal = rules.refusal(request, party.settings.classic_acquirers, strangers=party.settings.classic_strangers)
    if refusal is not None:
        return messages.not_enrolled(vereq, refusal=refusal)
    name = list_name(scheme)
    found = party.ranges[name].find(request.pan) or (await party.fresh_ranges(name)).find(request.pan)
    if found is None:
        return messages.not_enrolled(vereq)
    return await ask_issuer(party, rules.for_the_acs(vereq), found.value)


RECEIVERS: Final[Mapping[str, Callable[[Party, str, Message], Awaitable[dict[str, Any]]]]] = {
    "CRReq": card_ranges,
    "VEReq": enrolment,
}


async def ask_issuer(party: Party, vereq: Message, issuer: Issuer) -> dict[str, Any]:
    """The ACS's VERes; where it has none, what the range's stand-in says: an attempts ACS, else VERes U."""
    veres = await ask(party, issuer.acs_url, vereq)
    if veres is None and issuer.stand_in is StandIn.ATTEMPT:
        veres = await ask(party, party.settings.attempts_acs_url or party.settings.acs_url + ATTEMPTS_PATH, vereq)
    return messages.not_enrolled(vereq, "U") if veres is None else veres


async def ask(party: Party, url: str, vereq: Message) -> dict[str, Any] | None:
    """The checked VERes, or None where the ACS is silent, unreachable, answers an Error or what is no answer to this VEReq."""
    noted = not url.startswith(f"{party.settings.acs_url}/")
    if noted:
        party.record(DIRECTORY_SERVER, ACS, vereq)
    try:
        response = await _post(party, url, vereq)
        return _veres(party, response, vereq, noted)
    except TransportError as error:
        _record_failure(party, error, vereq)
    except MessageError as error:
        _complain(party, url, error)
    return None


def _veres(party: Party, response: WireResponse, vereq: Message, noted: bool) -> dict[str, Any] | None:
    """Errors: `MessageError`."""
    answer = decode(response.body, accepts=FROM_THE_ACS)
    if noted:
        party.record(ACS, DIRECTORY_SERVER, answer, status=response.status)
    if answer["messageType"] == "Error":
        return None
    rules.check_veres(answer, vereq)
    return answer


async def _post(party: Party, url: str, message: Message) -> WireResponse:
    """A connection that was never made is tried once more at once."""
    timeout = party.settings.acs_timeout
    post = partial(party.runtime.transport.post, url, encode(message), timeout=timeout, content_type=CONTENT_TYPE)
    try:
        return await party.in_time(post(), url)
    except ExchangeBroken:
        raise
    except PeerUnreachable:
        return await party.in_time(post(), url)


def _complain(party: Party, url: str, error: MessageError) -> None:
    """The ACS is told what is wrong with its answer; nobody waits for it, and an answer that is no message is not worth it."""
    if error.message is None or error.message.get("messageType") == "Error":
        return
    document = messages.error(error, message_id=_message_id(party, error.message))
    party.record(DIRECTORY_SERVER, ACS, document)
    task = asyncio.create_task(_notify(party, url, document), name="Error")
    party.notices.add(task)
    task.add_done_callback(party.notices.discard)


def _message_id(party: Party, answered: Message | None) -> str:
    """The id of an Error about `answered`, as far as that can be read."""
    return message_id(party.runtime.randomness.of("Error", str((answered or {}).get("messageId"))).bytes)


async def _notify(party: Party, url: str, document: Message) -> None:
    try:
        await party.runtime.transport.post(
            url, encode(document), timeout=party.settings.acs_timeout, content_type=CONTENT_TYPE
        )
    except TransportError as error:
        _record_failure(party, error, document)


def _record_failure(party: Party, error: TransportError, message: Message) -> None:
    kind = "no answer" if isinstance(error, PeerTimedOut) else "connection failed"
    failure = {"messageId": message["messageId"], "url": error.url, "reason": error.reason}
    party.runtime.journal.record(party.runtime.clock.now(), DIRECTORY_SERVER, ACS, kind, failure)


def shortened(answer: Message) -> dict[str, Any]:
    """`answer` for the journal: a long list of ranges is cut."""
    ranges = answer.get("CR")
    if ranges is None or len(ranges) <= RANGES_IN_JOURNAL:
        return for_journal(answer)
    return {**answer, "CR": ranges[:RANGES_IN_JOURNAL], "leftOut": len(ranges) - RANGES_IN_JOURNAL}
