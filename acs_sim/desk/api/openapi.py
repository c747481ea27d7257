"""`/api/openapi.json`: the control API as an OpenAPI 3.1 document, written from its list of operations."""

import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import Any, Final

import msgspec

from acs_sim.desk.api.calls import JSON, Operation
from acs_sim.desk.api.documents import ProblemDocument
from threedsecure.web.wire import PROBLEM

_REFERENCE: Final = "#/components/schemas/{name}"
_PARAMETER = re.compile(r"{(\w+)}")
_ERRORS: Final = {
    400: "What was asked for is not well-formed",
    404: "The simulator does not know it",
    409: "It cannot be done now",
    413: "The body is too long",
    422: "It is well-formed and cannot be had",
    502: "Another party of the simulator does not answer, or answers with an error",
    503: "There are as many as may be",
    504: "Another party of the simulator took too long",
}
_PATH_PARAMETERS: Final = {
    "pan": "the card number, digits only",
    "rule": "the id of the rule",
    "id": "any id of the transaction: threeDSServerTransID, dsTransID, acsTransID, sdkTransID",
    "fault": "the id of the fault",
    "name": "the name of the namespace: up to 32 of a-z, 0-9 and -",
}


@cache
def document(operations: Sequence[Operation]) -> dict[str, Any]:
    """`operations`: a tuple, so that the answer is kept."""
    types = [kind for operation in operations for kind in (*operation.answers, *operation.bodies)]
    schemas, components = msgspec.json.schema_components([*types, ProblemDocument], ref_template=_REFERENCE)
    references = dict(zip([*types, ProblemDocument], schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, references)
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
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {
            str(operation.status): _content("Done", operation.media, operation.answers, references),
            **{
                str(status): _content(_ERRORS[status], PROBLEM, (ProblemDocument,), references)
                for status in operation.errors
            },
        },
    }
    if parameters := _parameters(operation):
        described["parameters"] = parameters
    if operation.bodies:
        described["requestBody"] = {"required": True, **_content("", JSON, operation.bodies, references)}
    return described


def _content(description: str, media: str, kinds: Sequence[Any], references: dict[Any, Any]) -> dict[str, Any]:
    schemas = [references[kind] for kind in kinds]
    content = {"content": {media: {"schema": schemas[0] if len(schemas) == 1 else {"anyOf": schemas}}}}
    return {"description": description, **content} if description else content


def _parameters(operation: Operation) -> list[dict[str, Any]]:
    in_path = [
        _parameter(name, "path", {"type": "string", "description": _PATH_PARAMETERS[name]})
        for name in _PARAMETER.findall(operation.path)
    ]
    return [*in_path, *(_parameter(name, "query", _given(kind)) for name, kind in operation.query.items())]


def _parameter(name: str, where: str, schema: dict[str, Any]) -> dict[str, Any]:
    meaning = schema.pop("description")
    return {"name": name, "in": where, "required": where == "path", "description": meaning, "schema": schema}


def _given(kind: Any) -> dict[str, Any]:
    """The schema of a parameter where it is given: null stands for one that is not."""
    schema = msgspec.json.schema(kind)
    alternatives = [one for one in schema.pop("anyOf", ()) if one != {"type": "null"}]
    return {**schema, **(alternatives[0] if alternatives else {})}
