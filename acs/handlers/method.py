"""`POST /3ds2/method`: the 3DS Method page, in a frame that nobody sees. `/3ds2/method/silent` never calls back."""

import re
from typing import Any, Final
from urllib.parse import urlsplit

import orjson

from acs.handlers.answers import error_response, posted_fields
from acs.issuer import Issuer
from acs.pages import method_page, silent_method_page
from threedsecure.v2.codec import decode_base64url, encode_base64url
from threedsecure.v2.errors import MessageError
from threedsecure.web.wire import Problem, WireRequest, WireResponse, page

FIELD: Final = "threeDSMethodData"
MAX_FIELD: Final = 8 * 1024
MAX_URL: Final = 2048
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}")


async def method(issuer: Issuer, request: WireRequest) -> WireResponse:
    """Calls back at once: the simulated issuer has no use for what a browser tells."""
    try:
        data = _read(issuer, request)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    transaction_id = data["threeDSServerTransID"]
    value = encode_base64url(orjson.dumps({"threeDSServerTransID": transaction_id}))
    html = method_page(url=data["threeDSMethodNotificationURL"], fields={FIELD: value})
    return page(html, frame_ancestors="*")


async def silent_method(issuer: Issuer, request: WireRequest) -> WireResponse:
    try:
        _read(issuer, request)
    except Problem as problem:
        return error_response(problem.status, "bad-request", problem.detail)
    return page(silent_method_page(), frame_ancestors="*")


def _read(issuer: Issuer, request: WireRequest) -> dict[str, str]:
    """The two elements of the form's field. Errors: `Problem`."""
    value = posted_fields(request).get(FIELD)
    if value is None:
        raise Problem(400, "Bad Request", f"the form has no field {FIELD}")
    data = _decoded(value)
    wrong = [name for name, right in _CHECKS.items() if not right(data.get(name))]
    if wrong:
        raise Problem(400, "Bad Request", f"{FIELD}: missing or not valid: {', '.join(wrong)}")
    issuer.runtime.journal.record(issuer.runtime.clock.now(), "Browser", "ACS", "3DS Method", data)
    return data


def _decoded(value: str) -> dict[str, Any]:
    try:
        data = orjson.loads(decode_base64url(value, limit=MAX_FIELD))
    except (MessageError, orjson.JSONDecodeError) as error:
        raise Problem(400, "Bad Request", f"{FIELD} is not base64url of JSON") from error
    if not isinstance(data, dict):
        raise Problem(400, "Bad Request", f"{FIELD} is not a JSON object")
    return data


def _is_transaction_id(value: object) -> bool:
    return isinstance(value, str) and _UUID.fullmatch(value) is not None


def _is_web_address(value: object) -> bool:
    if not isinstance(value, str) or len(value) > MAX_URL:
        return False
    try:
        parts = urlsplit(value)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.netloc)


_CHECKS: Final = {"threeDSServerTransID": _is_transaction_id, "threeDSMethodNotificationURL": _is_web_address}
