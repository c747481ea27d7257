"""The door of a scheme: every message comes in here, and every protocol error is answered here."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any, Final

from directory_server.authentication.areq import authenticate
from directory_server.calls import unreadable
from directory_server.party import ACS, COMPONENT, DIRECTORY_SERVER, THREE_DS_SERVER, Party
from directory_server.preparation.preq import prepare
from directory_server.results.rreq import report
from directory_server.transactions.refusals import Refusal, noting, refusal_of
from threedsecure.cards.schemes import SCHEMES
from threedsecure.errors import ProtocolError
from threedsecure.storage.filing import is_a_name
from threedsecure.v2.codec import encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.web.clock import monotonic
from threedsecure.web.serving.receiving import received
from threedsecure.web.straight import then
from threedsecure.web.wire import Handler, WireRequest, WireResponse, message_response

JSON_MEDIA_TYPE: Final = "application/json"

Receiver = Callable[[Party, str, WireRequest, Mapping[str, Any]], WireResponse | Awaitable[WireResponse]]


async def receive_erro(_party: Party, _scheme: str, _request: WireRequest, _message: Mapping[str, Any]) -> WireResponse:
    """An Erro is noted and never answered with another. It is about an answer of ours; the transaction stays as it was."""
    return WireResponse()


RECEIVERS: Final[Mapping[str, Receiver]] = MappingProxyType(
    {"AReq": authenticate, "RReq": report, "PReq": prepare, "Erro": receive_erro}
)
ACCEPTED: Final = frozenset(RECEIVERS)


def receive(party: Party, scheme: str) -> Handler:
    """The handler of `POST /{scheme}/3ds2`."""

    facts = {"scheme": scheme}

    def handle(request: WireRequest) -> WireResponse | Awaitable[WireResponse]:
        began = monotonic()
        check_media_type(request)
        message = received(request, ACCEPTED, party.settings.versions)
        request.message = message
        sender = sender_of(message)
        told = {"facts": facts, "written": request.body}
        if not is_a_name(message.get("threeDSServerTransID")):
            request.filed = told["transaction_id"] = party.runtime.randomness.uuid()
        request.noted = party.record(sender, DIRECTORY_SERVER, message, **told)
        found = RECEIVERS[message["messageType"]](party, scheme, request, message)
        return then(found, partial(_noted, party, sender, facts, began))

    return handle


def _noted(party: Party, sender: str, facts: dict[str, str], began: float, response: WireResponse) -> WireResponse:
    if response.message is not None:
        told = {"status": response.status, "took_ms": (monotonic() - began) * 1000, "facts": facts}
        party.record(DIRECTORY_SERVER, sender, response.message, **(told | response.noting))
    return response


def no_such_scheme(_request: WireRequest) -> Awaitable[WireResponse]:
    """303: an address of ours that belongs to no scheme."""
    known = ", ".join(f"/{scheme}/3ds2" for scheme in SCHEMES)
    raise MessageError(ErrorCode.ACCESS_DENIED, f"no directory server here; the addresses are {known}")


def answer_error(party: Party) -> Callable[[ProtocolError, WireRequest], WireResponse]:
    """What turns a protocol error into the Erro that answers it, with HTTP status 200 as real directory servers do."""

    def answer(error: ProtocolError, request: WireRequest) -> WireResponse:
        known = (
            error if isinstance(error, MessageError) else MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, str(error))
        )
        received = known.message or {}
        sender = sender_of(received)
        if request.message is None:
            request.filed = None if is_a_name(received.get("threeDSServerTransID")) else party.runtime.randomness.uuid()
            told = received or unreadable(media_type(request), request.body)
            party.record(sender, DIRECTORY_SERVER, told, transaction_id=request.filed)
        if received.get("messageType") == "Erro":
            return WireResponse()
        document = erro(known, component=COMPONENT, version=spoken(received, party.settings.versions))
        more = noting(_refusal(party, request, received, document)) if sender == THREE_DS_SERVER else {}
        party.record(DIRECTORY_SERVER, sender, document, status=200, transaction_id=request.filed, **more)
        return message_response(document, encode(document))

    return answer


def _refusal(party: Party, request: WireRequest, received: Mapping[str, Any], document: Mapping[str, Any]) -> Refusal:
    scheme = request.path.split("/")[1]
    return refusal_of(
        received,
        document,
        filed=request.filed,
        scheme=scheme if scheme in SCHEMES else None,
        fingerprint=party.runtime.vault.fingerprint,
        at=party.runtime.clock.now(),
    )


def check_media_type(request: WireRequest) -> None:
    """Errors: `MessageError` 101 for a body that does not say it is JSON."""
    if request.media_type != JSON_MEDIA_TYPE:
        told = media_type(request) or "missing"
        raise MessageError(
            ErrorCode.MESSAGE_RECEIVED_INVALID, f"the Content-Type is {told}; messages are posted as {JSON_MEDIA_TYPE}"
        )


def media_type(request: WireRequest) -> str:
    """What the request says its body is, as it says it."""
    return request.headers.get("content-type", "")[:100]


def sender_of(message: Mapping[str, Any]) -> str:
    """Who sent a message, as far as the message tells: nobody but the ACS sends an RReq or signs an Erro with A."""
    if message.get("messageType") == "RReq":
        return ACS
    from_acs = message.get("messageType") == "Erro" and message.get("errorComponent") == "A"
    return ACS if from_acs else THREE_DS_SERVER


def spoken(message: Mapping[str, Any], versions: tuple[str, ...]) -> str:
    """The version that `message` is answered in: its own, or the highest of `versions` where its own is none of them."""
    version = message.get("messageVersion")
    return version if isinstance(version, str) and version in versions else versions[-1]
