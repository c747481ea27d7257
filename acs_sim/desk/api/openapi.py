"""`/api/openapi.json`: the control API as an OpenAPI 3.1 document, written from its list of operations."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from acs_sim.desk.api.calls import Operation
from acs_sim.desk.api.documents import ProblemDocument

_REFERENCE: Final = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_ERRORS: Final = {
    400: "What was asked for is not well-formed",
    404: "The simulator does not know it",
    409: "It cannot be done now",
    413: "The body is too long",
    422: "It is well-formed and cannot be had",
    502: "Another party of the simulator does not answer, or answers with an error",
    504: "Another party of the simulator took too long",
}
_PATH_PARAMETERS: Final = {
    "pan": "the card number, digits only",
    "rule": "the id of the rule",
    "id": "any id of the transaction: threeDSServerTransID, dsTransID, acsTransID, sdkTransID",
    "fault": "the id of the fault",
}
EVENTS_PATH: Final = "/api/events"
AUTHORITY_PATH: Final = "/api/ca.pem"


@cache
def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """`operations`: a tuple, so that the answer is kept."""
    types = [kind for operation in operations for kind in (*operation.answers, *operation.bodies)]
    schemas, components = msgspec.json.schema_components([*types, ProblemDocument], ref_template=_REFERENCE)
    references = dict(zip([*types, ProblemDocument], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, references)
    paths[EVENTS_PATH] = {"get": _events()}
    paths[AUTHORITY_PATH] = {"get": _authority()}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "acs-sim control API",
            "version": version("acs-sim"),
            "description": "Errors are application/problem+json (RFC 9457).",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {"schemas": components},
    }


def _operation(operation: Operation, references: dict[Any, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.handler.__name__,
        "summary": operation.summary,
        "responses": {
            str(operation.status): {
                "description": "Done",
                "content": {
                    "application/json": {"schema": _any_of([references[answer] for answer in operation.answers])}
                },
            },
            **{str(status): _problem(status, references) for status in operation.errors},
        },
    }
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.body is not None:
        described["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": _any_of([references[body] for body in operation.bodies])}},
        }
    return described


def _any_of(schemas: list[dict[str, Any]]) -> dict[str, Any]:
    return schemas[0] if len(schemas) == 1 else {"anyOf": schemas}


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [(name, "path", _PATH_PARAMETERS[name]) for name in _PARAMETER.findall(operation.path)]
    in_query = [(name, "query", meaning) for name, meaning in operation.query]
    return [
        {"name": name, "in": where, "required": where == "path", "description": meaning, "schema": {"type": "string"}}
        for name, where, meaning in [*in_path, *in_query]
    ]


def _problem(status: int, references: dict[Any, Any]) -> dict[str, Any]:
    return {
        "description": _ERRORS[status],
        "content": {"application/problem+json": {"schema": references[ProblemDocument]}},
    }


def _authority() -> dict[str, Any]:
    return {
        "operationId": "show_authority",
        "summary": "The simulator's certificate authority (PEM), for callers to trust; with --tls",
        "responses": {
            "200": {
                "description": "The certificate",
                "content": {"application/x-pem-file": {"schema": {"type": "string"}}},
            },
            "404": {
                "description": "The simulator runs without TLS",
                "content": {
                    "application/problem+json": {"schema": {"$ref": _REFERENCE.format(name="ProblemDocument")}}
                },
            },
        },
    }


def _events() -> dict[str, Any]:
    return {
        "operationId": "events",
        "summary": "Every message as it crosses a hop: server-sent events whose data is a Message in JSON",
        "parameters": [
            {
                "name": "transaction",
                "in": "query",
                "required": False,
                "description": "only this transaction's, by any of its ids",
                "schema": {"type": "string"},
            }
        ],
        "responses": {
            "200": {
                "description": "A stream that ends when the caller or the simulator does",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        },
    }
