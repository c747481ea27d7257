"""`/api/openapi.json`, and `/api/docs`, the same for people."""

from typing import Any, Final

import orjson

from acs_sim.desk.api.calls import Desk, Handler, Operation
from acs_sim.desk.api.openapi import document
from acs_sim.desk.pages.console import page_of
from threedsecure.web.wire import WireRequest, WireResponse, json_response

MOST_SEARCHED: Final = 100
EVENTS: Final = "text/event-stream"
# What a call to try names in its address, asks for, and posts.
_NAMED: Final = {"pan": "4000000001000001", "id": "ID", "rule": "RULE", "fault": "FAULT", "name": "team-a"}
_QUERIES: Final = {
    "list_cards": "scheme=visa&scenario=challenge-otp",
    "list_transactions": "pan=4000000001000001",
    "newest_messages": "kind=PReq",
    "show_findings": "severity=good",
    "list_findings": "format=junit",
    "list_ranges": "scheme=visa&pan=4000000001000001",
    "show_misses": "transaction=ID",
}
BODIES: Final = {
    "mint_card": '{"scheme":"visa","scenario":"challenge-otp"}',
    "act": '{"do":"submit","code":"correct"}',
    "open_app": '{"version":"2.2.0","scheme":"visa"}',
    "act_in_app": '{"do":"submit","code":"correct"}',
    "take_outcome": '{"outcome":"accepted","transStatus":"Y"}',
    "edit_ranges": '{"scheme":"visa","edits":[{"action":"M","start":"4000000030000000","end":"4000000039999999",'
    '"stand_in":"attempt"}]}',
    "send_notice": '{"scheme":"visa","category":"02","severity":"02","parts":["An issuer is slow.","We look into it."]}',
    "add_merchant": '{"monetico":{"tpe":"0000001","key":"12345678901234567890123456789012345678P0"}}',
    "add_rule": '{"if":{"amount":{"at_least":10000}},"then":{"scenario":"challenge-otp"}}',
    "mute_rule": '{"rule":"results-late","reason":"known: GW-17"}',
    "move_clock": '{"advance":"10m"}',
    "check_message": '{"message":{"messageType":"RRes","messageVersion":"2.2.0"}}',
    "make_namespace": '{"idle":"30m"}',
    "arm_fault": '{"at":"RReq","do":"twice","card":"4000000001000001"}',
    "verify_authentication_value": '{"scheme":"visa","value":"CAVV","pan":"4000000000000002","dsTransID":"ID",'
    '"purchaseAmount":4200,"purchaseCurrency":"978","purchaseDate":"20261201120000"}',
    "set_seed": '{"seed":42}',
}
_OPTIONS: Final = {"show_transcript": " -OJ", "show_authority": " -k -o acs-sim-ca.pem", "events": " -N"}


def command(method: str, path: str, name: str, desk: str) -> str:
    """A call to try, for a shell. `desk`: the address that the reader looks at."""
    address = desk + path.format_map(_NAMED)
    address = f"'{address}?{_QUERIES[name]}'" if name in _QUERIES else address
    body = f" --json '{BODIES[name]}'" if name in BODIES else ""
    asks = "" if method == "GET" or (method == "POST" and body) else f" -X {method}"
    return f"curl{_OPTIONS.get(name, '')}{asks} {address}{body}"


def openapi_handler(operations: tuple[Operation, ...]) -> Handler:
    async def openapi(_desk: Desk, _request: WireRequest) -> WireResponse:
        return json_response(document(operations))

    return openapi


def docs_handler(operations: tuple[Operation, ...]) -> Handler:
    async def docs(desk: Desk, request: WireRequest) -> WireResponse:
        whole, query = document(operations), request.query.get("q", "").strip()[:MOST_SEARCHED]
        newest = [line.id for line in desk.log.newest(lambda _: True, None, 1)]
        calls = [
            {
                "method": method,
                "path": path,
                "call": call,
                "body": _body(call, whole),
                "example": command(method.upper(), path, call["operationId"], desk.addresses.desk),
                "posts": BODIES.get(call["operationId"], "{}"),
                "here": EVENTS not in call["responses"]["200"]["content"] if "200" in call["responses"] else True,
                "is_shown": all(word in f"{path} {call['summary']}".lower() for word in query.lower().split()),
            }
            for path, methods in whole["paths"].items()
            for method, call in methods.items()
        ]
        given = _NAMED | {"id": newest[0]} if newest else _NAMED
        return await page_of(desk, "docs.html", "/api/docs", calls=calls, kind=kind, query=query, given=given)

    return docs


def _body(call: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any] | None:
    if "requestBody" not in call:
        return None
    schema = call["requestBody"]["content"]["application/json"]["schema"]
    return resolved(schema, whole) if "$ref" in schema else None


def resolved(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The schema that a reference of the document points to."""
    found: dict[str, Any] = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found


def kind(schema: dict[str, Any]) -> str:
    """What a member looks like, in a few words."""
    if "enum" in schema:
        return ", ".join(orjson.dumps(value).decode() for value in schema["enum"] if value is not None)
    if "anyOf" in schema:
        return " or ".join(part for part in (kind(one) for one in schema["anyOf"]) if part != "null")
    words = str(schema.get("type", "any"))
    if "pattern" in schema:
        words += f" {schema['pattern']}"
    if "minimum" in schema and "maximum" in schema:
        words += f" from {schema['minimum']} to {schema['maximum']}"
    return words
