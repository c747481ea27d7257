"""A transcript played again to a gateway: what the directory server and the browser brought it, under new identifiers, and what it
answers held against what it answered then.
"""

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode
from uuid import uuid4

import orjson

from acs_sim.scenarios.replay.replay import CannotReplay
from acs_sim.transcripts.difference import Change, Element, differences
from acs_sim.transcripts.document import Hop, Transcript, title
from acs_sim.transcripts.har import legs
from acs_sim.transcripts.volatile import IDENTIFIERS, is_uuid
from threedsecure.errors import TransportError
from threedsecure.web.calling.transport import Transport
from threedsecure.web.wire import FORM

ANSWER_SECONDS: Final = 15.0
GATEWAY: Final = "3DS Server"


async def replay_to(
    transcript: Transcript, network: Transport, results_url: str, notification_url: str | None, given: Mapping[str, str]
) -> tuple[list[str], list[Change]]:
    """What was posted, a line each, and what was answered otherwise than in the file.

    `given`: identifiers by their names, for a transaction that the gateway knows; all others are new ones, each the same wherever
    it stands. Errors: `CannotReplay`."""
    names = _substitutes(transcript, given)
    lines: list[str] = []
    changes: list[Change] = []
    for request, answer in legs(transcript["hops"]):
        if request["to"] == GATEWAY and request["kind"] == "RReq":
            found = await _posted_message(network, results_url, _put(request["message"], names))
            lines.append(f"{title(request)}, HTTP {found['status']}")
            changes += _compared(request, answer, found, names)
    if notification_url is not None:
        cres = next((hop for hop in transcript["hops"] if hop["kind"] == "CRes" and hop["to"] == "Browser"), None)
        if cres is not None:
            lines.append(await _posted_return(network, notification_url, _put(cres["message"], names)))
    if not lines:
        raise CannotReplay("no RReq went to a 3DS Server in this transcript, so there is nothing to bring to a gateway")
    return lines, changes


def _substitutes(transcript: Transcript, given: Mapping[str, str]) -> dict[str, str]:
    """Old identifiers and what stands for each now."""
    found: dict[str, str] = {}
    for hop in transcript["hops"]:
        for name in IDENTIFIERS:
            value = hop["message"].get(name)
            if isinstance(value, str) and is_uuid(value):
                found.setdefault(value, given.get(name) or str(uuid4()))
    return found


def _put(value: Any, names: Mapping[str, str]) -> Any:
    if isinstance(value, Mapping):
        return {key: _put(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [_put(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


async def _posted_message(network: Transport, url: str, message: Mapping[str, Any]) -> dict[str, Any]:
    """The answer as a hop has it. Errors: `CannotReplay`."""
    try:
        answer = await network.post(url, orjson.dumps(message), timeout=ANSWER_SECONDS)
    except TransportError as error:
        raise CannotReplay(f"the gateway at {url} does not answer: {error.reason}") from error
    try:
        document = orjson.loads(answer.body)
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        document = {"messageType": "something that is no message"}
    return {"status": answer.status, "message": document}


async def _posted_return(network: Transport, url: str, cres: Mapping[str, Any]) -> str:
    packed = base64.urlsafe_b64encode(orjson.dumps(cres)).decode().rstrip("=")
    try:
        body = urlencode({"cres": packed}).encode()
        answer = await network.post(url, body, timeout=ANSWER_SECONDS, content_type=FORM)
    except TransportError as error:
        raise CannotReplay(f"the gateway at {url} does not answer: {error.reason}") from error
    return f"Browser -> {GATEWAY}: CRes, HTTP {answer.status}"


def _compared(request: Hop, answer: Hop | None, found: Mapping[str, Any], names: Mapping[str, str]) -> list[Change]:
    if answer is None:
        return [Change(f"{request['to']} -> {request['from']}: {_kind(found)}", None, 1)]
    before = {"from": answer["from"], "to": answer["to"], "kind": answer["kind"]}
    then = {**before, "status": answer.get("status", 200), "message": _put(answer["message"], names)}
    now = {**before, "kind": _kind(found), **found}
    changes = differences(_alone(then), _alone(now))
    if then["kind"] != now["kind"]:  # two hops, and nobody saw what stands in them
        shown = tuple(Element(name, None, str(value)) for name, value in found["message"].items())
        return [change if change.before is not None else Change(change.title, None, 1, shown) for change in changes]
    return changes


def _alone(hop: Mapping[str, Any]) -> dict[str, Any]:
    return {"transaction": {}, "card": {}, "hops": [hop], "volatile": ["took_ms"]}


def _kind(found: Mapping[str, Any]) -> str:
    return str(found["message"].get("messageType", "something without messageType"))
