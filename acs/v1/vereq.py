"""`POST /3ds1/vereq`: the directory server asks whether a cardholder takes part. Beside it the attempts ACS, for which all do."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from acs.cards.issued import issued
from acs.cards.plays_v1 import ATTEMPT, Misbehaviour, Play, play_of
from acs.cards.records import Card
from acs.cards.rules.then import instructed
from acs.v1.issuer import Office
from acs.v1.records import Authentication
from acs.v1.states import State
from threedsecure.cards.test_cards import CLASSIC_SCHEMES
from threedsecure.errors import ProtocolError
from threedsecure.rules import Seen
from threedsecure.v1 import messages
from threedsecure.v1.codec import CONTENT_TYPE, decode, encode
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.identifiers import account_id, message_id
from threedsecure.v1.validation.checking import check
from threedsecure.v1.views import VerifyEnrolmentRequest, for_journal
from threedsecure.web.waiting import keep_waiting
from threedsecure.web.wire import WireRequest, WireResponse

ATTEMPT_SCENARIO: Final = "frictionless-attempt"
_ACCEPTED: Final = frozenset({"VEReq", "Error"})


async def vereq(office: Office, request: WireRequest) -> WireResponse:
    return await _answer(office, request, attempts=False)


async def attempts_vereq(office: Office, request: WireRequest) -> WireResponse:
    return await _answer(office, request, attempts=True)


def answer_error(office: Office, error: ProtocolError, request: WireRequest) -> WireResponse:
    """The Error that answers a VEReq, with HTTP 200."""
    known = error if isinstance(error, MessageError) else MessageError(ErrorCode.FORMAT_INVALID, str(error))
    known.message = known.message or request.message
    return xml_response(messages.error(known, message_id=message_id(office.issuer.draws_for(known.message).bytes)))


def xml_response(message: Mapping[str, Any]) -> WireResponse:
    return WireResponse(200, encode(message), CONTENT_TYPE, message=for_journal(message))


async def _answer(office: Office, request: WireRequest, *, attempts: bool) -> WireResponse:
    message = decode(request.body, accepts=_ACCEPTED)
    request.message = message
    if message["messageType"] == "Error":
        return WireResponse(content_type=CONTENT_TYPE)
    check(message)
    view = VerifyEnrolmentRequest.from_message(message)
    card = issued(view.pan, await office.issuer.cards.registration(view.pan))
    rule = await office.issuer.rulebook.consult(Seen("VEReq", message, request.headers), view.message_id)
    if rule is not None:
        card = instructed(card, view.pan, rule)
    if card is None or card.scheme not in CLASSIC_SCHEMES:
        return xml_response(messages.not_enrolled(message))
    if attempts:
        card = replace(card, scenario=ATTEMPT_SCENARIO)
    play = ATTEMPT if attempts else play_of(card.scenario)
    await _misbehave(office, play, message)
    if play.enrolled != "Y":
        return xml_response(messages.not_enrolled(message, play.enrolled, refusal=play.not_looked_up))
    acct_id = await _enrol(office, view, card)
    return xml_response(
        messages.enrolled(message, acct_id=acct_id, url=office.issuer.settings.of(card.pan).classic_acs_url)
    )


async def _misbehave(office: Office, play: Play, message: Mapping[str, Any]) -> None:
    """Errors: `MessageError` 98 where the scenario asks for one."""
    if play.lookup is Misbehaviour.SILENCE:
        await keep_waiting(office.issuer.runtime.clock, office.issuer.settings.silence)
    if play.lookup is Misbehaviour.ERROR:
        detail = "the scenario of this card asks for an error"
        raise MessageError(ErrorCode.TRANSIENT_FAILURE, detail, message=message)


async def _enrol(office: Office, view: VerifyEnrolmentRequest, card: Card) -> str:
    """The acctID of a new authentication."""
    now = office.issuer.runtime.clock.now()
    while True:
        randomness = office.issuer.runtime.randomness.of("acctID", view.message_id)
        begun = Authentication(
            name=randomness.uuid(),
            acct_id=account_id(randomness.bytes),
            state=State.ENROLLED,
            card=card,
            vereq_id=view.message_id,
            version=view.version,
            acq_bin=view.acq_bin,
            mer_id=view.mer_id,
            created_at=now,
            updated_at=now,
        )
        if await office.storage.add(begun):
            return begun.acct_id
