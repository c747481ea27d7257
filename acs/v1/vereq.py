"""`POST /3ds1/vereq`: the directory server asks whether a cardholder takes part. Beside it the attempts ACS, for which all do."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from msgspec.structs import replace

from acs.cards.issued import issued
from acs.cards.plays import ATTEMPT_V1, play_v1_of
from acs.cards.records import Card
from acs.cards.rules.then import instructed
from acs.v1.decision import refusal_of
from acs.v1.issuer import V1Context
from acs.v1.records import Authentication
from acs.v1.states import State
from threedsecure.cards.plays import PlayV1
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.errors import ProtocolError
from threedsecure.rules import Seen
from threedsecure.v1 import messages
from threedsecure.v1.codec import CONTENT_TYPE, decode, encode
from threedsecure.v1.errors import ErrorCode, MessageError
from threedsecure.v1.identifiers import account_id, message_id
from threedsecure.v1.validation.checking import check
from threedsecure.v1.views import VerifyEnrolmentRequest, for_journal
from threedsecure.web.straight import soon
from threedsecure.web.wire import WireRequest, WireResponse

ATTEMPT_SCENARIO: Final = "frictionless-attempt"
_ACCEPTED: Final = frozenset({"VEReq", "Error"})


async def vereq(context: V1Context, request: WireRequest) -> WireResponse:
    return await _answer(context, request, attempts=False)


async def attempts_vereq(context: V1Context, request: WireRequest) -> WireResponse:
    return await _answer(context, request, attempts=True)


def answer_error(context: V1Context, error: ProtocolError, request: WireRequest) -> WireResponse:
    """The Error that answers a VEReq, with HTTP 200."""
    known = error if isinstance(error, MessageError) else MessageError(ErrorCode.FORMAT_INVALID, str(error))
    known.message = known.message or request.message
    return xml_response(messages.error(known, message_id=message_id(context.issuer.draws_for(known.message).bytes)))


def xml_response(message: Mapping[str, Any]) -> WireResponse:
    return WireResponse(200, encode(message), CONTENT_TYPE, message=for_journal(message))


async def _answer(context: V1Context, request: WireRequest, *, attempts: bool) -> WireResponse:
    message = decode(request.body, accepts=_ACCEPTED)
    request.message = message
    if message["messageType"] == "Error":
        return WireResponse(content_type=CONTENT_TYPE)
    check(message)
    view = VerifyEnrolmentRequest.from_message(message)
    card = issued(view.pan, await context.issuer.cards.registration(view.pan))
    rule = await soon(context.issuer.rulebook.consult(Seen("VEReq", message, request.headers), view.message_id))
    if rule is not None:
        card = instructed(card, view.pan, rule)
    if card is None or card.scheme not in V1_SCHEMES:
        return xml_response(messages.not_enrolled(message))
    if attempts:
        card = replace(card, scenario=ATTEMPT_SCENARIO)
    play = ATTEMPT_V1 if attempts else play_v1_of(card.scenario)
    await _misbehave(context, play, message)
    if play.enrolled != "Y":
        return xml_response(messages.not_enrolled(message, play.enrolled, refusal=refusal_of(play.refused)))
    acct_id = await _enrol(context, view, card)
    return xml_response(
        messages.enrolled(message, acct_id=acct_id, url=context.issuer.settings.of(card.pan).classic_acs_url)
    )


async def _misbehave(context: V1Context, play: PlayV1, message: Mapping[str, Any]) -> None:
    """Errors: `MessageError` 98 where the scenario asks for one."""
    if play.lookup == "silence":
        await asyncio.sleep(context.issuer.settings.silence)  # whoever waits by the virtual clock gives up first
    if play.lookup == "error":
        detail = "the scenario of this card asks for an error"
        raise MessageError(ErrorCode.TRANSIENT_FAILURE, detail, message=message)


async def _enrol(context: V1Context, view: VerifyEnrolmentRequest, card: Card) -> str:
    """The acctID of a new authentication."""
    now = context.issuer.runtime.clock.now()
    while True:
        randomness = context.issuer.runtime.randomness.of("acctID", view.message_id)
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
        if await context.storage.add(begun):
            return begun.acct_id
