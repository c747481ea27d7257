"""`/api/openapi.json`, and `/api/docs`, the same for people."""

from typing import Any, Final

import orjson

from acs_sim.desk.api.calls import Desk, Handler, Operation
from acs_sim.desk.api.openapi import document
from acs_sim.desk.pages.console import page_of
from threedsecure.web.wire import WireRequest, WireResponse, json_response

# A command to try, by the handler's name; {desk} is the address that the reader looks at.
EXAMPLES: Final = {
    "list_cards": "curl '{desk}/api/cards?scheme=visa&scenario=challenge-otp'",
    "show_card": "curl {desk}/api/cards/4000000001000001",
    "mint_card": """curl {desk}/api/cards -d '{{"scheme":"visa","scenario":"challenge-otp"}}'""",
    "unlock_card": "curl -X POST {desk}/api/cards/4000000001000001/unlock",
    "list_scenarios": "curl {desk}/api/scenarios",
    "list_transactions": "curl '{desk}/api/transactions?pan=4000000001000001'",
    "show_transaction": "curl {desk}/api/transactions/ID",
    "show_messages": "curl {desk}/api/transactions/ID/messages",
    "show_transcript": "curl -OJ {desk}/api/transactions/ID/transcript",
    "newest_messages": "curl '{desk}/api/messages?kind=PReq'",
    "act": """curl {desk}/api/transactions/ID/cardholder -d '{{"do":"submit","code":"correct"}}'""",
    "show_findings": "curl '{desk}/api/transactions/ID/findings?severity=good'",
    "take_outcome": """curl {desk}/api/transactions/ID/outcome -d '{{"outcome":"accepted","transStatus":"Y"}}'""",
    "list_findings": "curl '{desk}/api/findings?format=junit'",
    "list_ranges": "curl '{desk}/api/ranges?scheme=visa&pan=4000000001000001'",
    "edit_ranges": (
        """curl {desk}/api/ranges -d '{{"scheme":"visa","edits":[{{"action":"M","start":"4000000030000000","""
        """"end":"4000000039999999","stand_in":"attempt"}}]}}'"""
    ),
    "show_addresses": "curl {desk}/api/addresses",
    "list_rules": "curl {desk}/api/rules",
    "add_rule": """curl {desk}/api/rules -d '{{"if":{{"amount":{{"at_least":10000}}}},"then":{{"scenario":"challenge-otp"}}}}'""",
    "remove_rules": "curl -X DELETE {desk}/api/rules",
    "remove_rule": "curl -X DELETE {desk}/api/rules/RULE",
    "show_misses": "curl '{desk}/api/rules/misses?transaction=ID'",
    "show_authority": "curl -k {desk}/api/ca.pem -o acs-sim-ca.pem",
    "show_clock": "curl {desk}/api/clock",
    "move_clock": """curl {desk}/api/clock -d '{{"advance":"10m"}}'""",
    "check_message": """curl {desk}/api/check -d '{{"message":{{"messageType":"RRes","messageVersion":"2.2.0"}}}}'""",
    "list_faults": "curl {desk}/api/faults",
    "arm_fault": """curl {desk}/api/faults -d '{{"at":"RReq","do":"twice","card":"4000000001000001"}}'""",
    "clear_faults": "curl -X DELETE {desk}/api/faults",
    "clear_fault": "curl -X DELETE {desk}/api/faults/FAULT",
    "reset": "curl -X POST {desk}/api/reset",
    "set_seed": """curl -X PUT {desk}/api/seed -d '{{"seed":42}}'""",
    "events": "curl -N {desk}/api/events",
}


def openapi_handler(operations: tuple[Operation, ...]) -> Handler:
    async def openapi(_desk: Desk, _request: WireRequest) -> WireResponse:
        return json_response(document(operations))

    return openapi


def docs_handler(operations: tuple[Operation, ...]) -> Handler:
    async def docs(desk: Desk, _request: WireRequest) -> WireResponse:
        whole = document(operations)
        calls = [
            {"method": method, "path": path, "call": call, "body": _body(call, whole), "example": _example(call, desk)}
            for path, methods in whole["paths"].items()
            for method, call in methods.items()
        ]
        return page_of(desk, "docs.html", "/api/docs", calls=calls, kind=kind)

    return docs


def _example(call: dict[str, Any], desk: Desk) -> str:
    return EXAMPLES[call["operationId"]].format(desk=desk.addresses.desk)


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
