"""`POST /3ds2/method`: the 3DS Method page, in a frame that nobody sees. `/3ds2/method/silent` never calls back,
`/3ds2/method/late` later than anybody waits for it."""

from typing import Any, Final

import orjson

from acs.cardholder.answers import error_response
from acs.cardholder.pages import method_page, silent_method_page
from acs.v2.issuer import EmvIssuer
from threedsecure.v2.codec import decode_base64url, decode_object, encode_base64url
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Context, Leg, check
from threedsecure.web.scheduler import keep_waiting
from threedsecure.web.wire import Problem, WireRequest, WireResponse, page, read_form

FIELD: Final = "threeDSMethodData"
MAX_FIELD: Final = 8 * 1024
# The 3DS Method has no version of its own: its two elements are the same in all.
_CONTEXT: Final = Context("2.2.0", leg=Leg.METHOD)


async def method(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """Calls back at once: the simulated issuer has no use for what a browser tells."""
    return await _called(issuer, request, delay=0.0)


async def late_method(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    return await _called(issuer, request, delay=issuer.settings.method_delay)


async def _called(issuer: EmvIssuer, request: WireRequest, *, delay: float) -> WireResponse:
    try:
        data = _read(issuer, request, calls_back=True)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    if delay:
        await keep_waiting(issuer.runtime.clock, delay)
    transaction_id = data["threeDSServerTransID"]
    await issuer.storage.note_method_call(transaction_id, issuer.runtime.clock.now())
    value = encode_base64url(orjson.dumps({"threeDSServerTransID": transaction_id}))
    html = method_page(url=data["threeDSMethodNotificationURL"], fields={FIELD: value}, transaction_id=transaction_id)
    return page(html, frame_ancestors="*")


async def silent_method(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    try:
        _read(issuer, request, calls_back=False)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    return page(silent_method_page(), frame_ancestors="*")


def _read(issuer: EmvIssuer, request: WireRequest, *, calls_back: bool) -> dict[str, Any]:
    """What the form's field says. Errors: `Problem`."""
    value = read_form(request).get(FIELD)
    if value is None:
        raise Problem(400, "Bad Request", f"the form has no field {FIELD}")
    try:
        data = decode_object(decode_base64url(value, limit=MAX_FIELD, element=FIELD))
        check(data, _CONTEXT)
    except MessageError as error:
        raise Problem(400, "Bad Request", f"{FIELD}: {error}") from error
    facts = {"callsBack": calls_back}
    issuer.runtime.journal.record(issuer.runtime.clock.now(), "Browser", "ACS", "3DS Method", data, facts=facts)
    return data
