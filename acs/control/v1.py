"""What others ask of the ACS about 3-D Secure 1.0.2: the root that signs, and the authentications."""

from datetime import datetime
from typing import Any, Final

from acs.cardholder.answers import challenge_response
from acs.v1.issuer import V1Context
from acs.v1.lifecycle import Drawn, expire
from acs.v1.records import Authentication, confirmation
from acs.v1.states import State
from threedsecure.cards.card_numbers import mask
from threedsecure.redaction import redact
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_json

PEM: Final = "application/x-pem-file"
LISTED: Final = 500
LOOKED_AT: Final = 20
"""For what happens next."""


async def root(context: V1Context, _request: WireRequest) -> WireResponse:
    """The root certificate that a merchant plug-in is to trust."""
    return WireResponse(200, (await context.signing.root()).encode(), PEM)


async def list_authentications(context: V1Context, request: WireRequest) -> WireResponse:
    """The newest, oldest first; `id`: those that go by it (acsTransID, acctID, xid or a message id), `pan`: those of a card."""
    wanted, found = read_json(request), await context.storage.newest(LISTED)
    chosen = [each for each in found if _is_wanted(each, wanted.get("id"), wanted.get("pan"))]
    now = context.issuer.runtime.clock.now()
    return json_response({"authentications": [redact(_document(_as_of(now, each))) for each in chosen]})


async def challenge(context: V1Context, request: WireRequest) -> WireResponse:
    """What a cardholder without eyes needs: the phone's number, and what it shows; with `page` what one with eyes sees, too."""
    wanted = read_json(request)
    name = wanted.get("id")
    found = await context.storage.load(name) if isinstance(name, str) else None
    if found is None or found.payment is None or found.challenge is None:
        raise Problem(404, "Not Found", "no challenge of 1.0.2 goes by this acsTransID")
    found = _as_of(context.issuer.runtime.clock.now(), found)
    held, timers = found.challenge, context.issuer.settings.timers
    token = context.issuer.page_token(found.name, held.page) if held is not None else None
    code = held.code if held is not None and found.state is State.CHALLENGING else None
    return json_response(
        {
            "state": found.state.value,
            "phone": found.card.phone,
            "code": context.issuer.codes.code(found.card.pan, code.counter) if code else None,
            "tries_left": held.tries_left if held else 0,
            "resends_left": held.resends_left if held else 0,
            "code_expires_at": (code.sent_at + timers.code_validity).isoformat() if code else None,
            "ends_at": found.due_at.isoformat() if found.due_at else None,
            "answer_url": context.issuer.settings.classic_answer_url,
            "fields": {"acsTransID": found.name, "page": token},
            "page": _page(context, found).body.decode()
            if wanted.get("page") and found.state is State.CHALLENGING
            else None,
        }
    )


def _page(context: V1Context, found: Authentication) -> WireResponse:
    settings = context.issuer.settings.of(found.card.pan)
    return challenge_response(confirmation(found, settings), None, settings, context.issuer.page_token)


async def deadlines(context: V1Context) -> list[tuple[datetime, str, str]]:
    """When something happens by itself to one of the newest that wait: what, and its acsTransID."""
    now, timers = context.issuer.runtime.clock.now(), context.issuer.settings.timers
    found = []
    for each in await context.storage.newest(LOOKED_AT):
        if each.state is State.CHALLENGING and each.due_at is not None:
            code = each.challenge.code if each.challenge is not None else None
            found += [(code.sent_at + timers.code_validity, "code expires", each.name)] if code is not None else []
            found.append((each.due_at, "page times out", each.name))
    return [one for one in found if one[0] > now]


def _as_of(now: datetime, found: Authentication) -> Authentication:
    """What time alone has made of it, which is written down when its cardholder comes back. What chance adds to that, nobody is
    shown."""
    return expire(found, now, Drawn(pares_id="", number=0, counter=0))


def _is_wanted(found: Authentication, name: object, pan: object) -> bool:
    pareq = found.payment.pareq if found.payment else None
    names = {found.name, found.acct_id, found.vereq_id}
    names |= {pareq["Purchase"]["xid"], pareq["messageId"]} if pareq else set()
    return (name is None or name in names) and pan in (None, found.card.pan)


def _document(found: Authentication) -> dict[str, Any]:
    outcome, payment = found.outcome, found.payment
    return {
        "acsTransID": found.name,
        "acctID": found.acct_id,
        "vereq": found.vereq_id,
        "xid": payment.pareq["Purchase"]["xid"] if payment else None,
        "pareq": payment.pareq["messageId"] if payment else None,
        "amount": payment.pareq["Purchase"]["purchAmount"] if payment else None,
        "currency": payment.pareq["Purchase"]["currency"] if payment else None,
        "exponent": payment.pareq["Purchase"]["exponent"] if payment else None,
        "merchant": payment.pareq["Merchant"]["name"] if payment else None,
        "version": found.version,
        "state": found.state.value,
        "status": outcome.status if outcome else None,
        "ending": outcome.ending.value if outcome and outcome.ending else None,
        "iReqCode": str(outcome.refusal.code) if outcome and outcome.refusal else None,
        "scenario": found.card.scenario,
        "scheme": found.card.scheme,
        "pan": mask(found.card.pan),
        "phone": found.card.phone,
        "created_at": found.created_at.isoformat(),
        "updated_at": found.updated_at.isoformat(),
    }
