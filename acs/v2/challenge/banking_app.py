"""The banking app's answer, and the page that waits for it."""

import hmac
from typing import Final

from acs.v2.issuer import EmvIssuer
from acs.v2.lifecycle import expire, receive_decision
from acs.v2.states import OPEN, State
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_form, read_json

_DECISIONS: Final = {"approve": True, "decline": False}


async def decision(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """`POST /banking-app/decision?acsTransID=…&token=…`: what the cardholder decided. Nobody but the phone was given the token."""
    acs_trans_id = request.query.get("acsTransID", "")
    genuine = issuer.runtime.vault.token("decision", acs_trans_id)
    if not hmac.compare_digest(genuine.encode(), request.query.get("token", "").encode(errors="replace")):
        raise Problem(403, "Forbidden", "this address was not written here")
    approved = _DECISIONS.get(str(read_json(request).get("decision")))
    if approved is None:
        raise Problem(400, "Bad Request", "decision is approve or decline")
    now = issuer.runtime.clock.now()
    found = await issuer.storage.replace(
        acs_trans_id, lambda transaction: receive_decision(transaction, now, approved=approved)
    )
    if found is None:
        raise Problem(404, "Not Found", "no transaction goes by this acsTransID")
    if found.state is State.DECIDED:
        issuer.outbox.start(acs_trans_id)
    return json_response({"state": found.state.value})


async def state(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """`POST /3ds2/challenge/state` with the fields of a page: whether it has nothing more to wait for."""
    form = read_form(request)
    acs_trans_id = form.get("acsTransID", "")
    if issuer.page_of(acs_trans_id, form.get("page", "")) is None:
        raise Problem(403, "Forbidden", "this form was not written here")
    found = await issuer.storage.load(acs_trans_id)
    if found is None:
        return json_response({"over": True})
    found = expire(found, issuer.runtime.clock.now())
    told = found.challenge is not None and found.challenge.approved is not None
    return json_response({"over": told or found.state not in OPEN})
