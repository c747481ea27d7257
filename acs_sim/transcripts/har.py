"""A transcript as an HTTP Archive (HAR 1.2), for the tools that read those.

Bodies are the messages as they were decoded and redacted, so what was XML or a form is shown as JSON too. What a transcript does
not know is said to be unknown the way HAR has it: -1 for sizes and times, status 0 for an answer that is not in it.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import orjson

from acs_sim.transcripts.document import Hop, Transcript

Leg = tuple[Hop, Hop | None]
"""A request and its answer, where there is one."""

REPLIES: Final = frozenset({"ARes", "RRes", "PRes", "CRes", "ORes", "VERes", "CRRes", "PARes", "Erro", "Error"})
POSTED: Final = frozenset({"AReq", "PReq", "RReq", "OReq", "VEReq", "CRReq"})
_JSON: Final = "application/json"
_UNKNOWN: Final = -1
# Where a message of a kind goes, by the element that names the address.
_TOLD_BY: Final = {"CReq": "acsURL", "PAReq": "url", "challenge page": "acsURL", "3DS Method": "threeDSMethodURL"}
_PATHS: Final = {
    ("Directory Server", "ACS"): "/3ds2/areq",
    ("ACS", "Phone"): "/api/messages",
    ("Browser", "ACS"): "/3ds2/challenge",
}


def legs(hops: Sequence[Hop]) -> list[Leg]:
    """Requests in the order in which they were sent, each with what answered it."""
    found: list[list[Hop | None]] = []
    for hop in hops:
        asked = _asked(found, hop) if hop["kind"] in REPLIES else None
        if asked is not None:
            asked[1] = hop
        else:
            found.append([hop, None])
    return [(request, answer) for request, answer in found if request is not None]


def har(transcript: Transcript) -> dict[str, Any]:
    addresses = _addresses(transcript)
    entries = [_entry(request, answer, addresses) for request, answer in legs(transcript["hops"])]
    creator = {"name": "acs-sim", "version": version("acs-sim")}
    comment = f"transaction {transcript['transaction'].get('id')}"
    return {"log": {"version": "1.2", "creator": creator, "pages": [], "entries": entries, "comment": comment}}


def address_of(hop: Hop, hops: Sequence[Hop], addresses: Mapping[str, str]) -> str | None:
    """Where a request was posted; None for an answer."""
    if hop["kind"] in REPLIES or hop["kind"] not in POSTED:
        return None
    return _url(hop, _addresses({"hops": hops, "addresses": addresses}))


def _asked(found: Sequence[list[Hop | None]], answer: Hop) -> list[Hop | None] | None:
    """The newest request without an answer that went the other way."""
    way = (answer["to"], answer["from"])
    waiting = (leg for leg in reversed(found) if leg[1] is None)
    return next((leg for leg in waiting if leg[0] and (leg[0]["from"], leg[0]["to"]) == way and _asks(leg[0])), None)


def _asks(hop: Hop) -> bool:
    """Neither an answer nor the note of a fault, which stands beside what it spoiled."""
    return hop["kind"] not in REPLIES and hop["kind"] != "fault"


def _addresses(transcript: Transcript) -> dict[str, str]:
    """Base addresses of parties, and under the names of elements the addresses that messages tell."""
    told: dict[str, str] = {}
    for hop in transcript["hops"]:
        for name in ("threeDSServerURL", "notificationURL", "acsURL", "dsURL", "threeDSMethodURL"):
            if isinstance(value := hop["message"].get(name), str):
                told.setdefault(name, value)
    return {**transcript.get("addresses", {}), **told}


def _url(request: Hop, addresses: Mapping[str, str]) -> str:
    sender, receiver, kind = request["from"], request["to"], request["kind"]
    if isinstance(own := request["message"].get("url"), str):
        return own
    if kind in _TOLD_BY and _TOLD_BY[kind] in addresses:
        return addresses[_TOLD_BY[kind]]
    if receiver == "Directory Server" and "dsURL" in addresses:
        return addresses["dsURL"]
    if receiver == "3DS Server":
        name = "notificationURL" if sender == "Browser" else "threeDSServerURL"
        return addresses.get(name, "https://3ds-server.invalid/")
    base = addresses.get(receiver) or f"https://{'-'.join(receiver.lower().split())}.invalid"
    return base + _PATHS.get((sender, receiver), "/")


def _entry(request: Hop, answer: Hop | None, addresses: Mapping[str, str]) -> dict[str, Any]:
    took = next((hop["took_ms"] for hop in (answer, request) if hop and "took_ms" in hop), None)
    at = datetime.fromisoformat(request["at"])
    return {
        "startedDateTime": at.isoformat(timespec="milliseconds"),
        "time": 0 if took is None else took,
        "request": _request(request, _url(request, addresses)),
        "response": _response(request, answer),
        "cache": {},
        "timings": {"send": 0, "wait": 0 if took is None else took, "receive": 0},
        "comment": f"{request['from']} -> {request['to']}: {request['kind']}",
    }


def _request(hop: Hop, url: str) -> dict[str, Any]:
    body = _text(hop)
    return {
        "method": "POST",
        "url": url,
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [{"name": "Content-Type", "value": _JSON}],
        "queryString": [{"name": name, "value": value} for name, value in parse_qsl(urlsplit(url).query)],
        "postData": {"mimeType": _JSON, "params": [], "text": body},
        "headersSize": _UNKNOWN,
        "bodySize": len(body.encode()),
    }


def _response(request: Hop, answer: Hop | None) -> dict[str, Any]:
    status = (answer or request).get("status", 0)
    body = "" if answer is None else _text(answer)
    response = {
        "status": status,
        "statusText": "",
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": [] if answer is None else [{"name": "Content-Type", "value": _JSON}],
        "content": {"size": len(body.encode()), "mimeType": _JSON if answer else "x-unknown", "text": body},
        "redirectURL": "",
        "headersSize": _UNKNOWN,
        "bodySize": len(body.encode()) if answer else _UNKNOWN,
    }
    return response if answer else response | {"comment": "what was answered is not in the transcript"}


def _text(hop: Hop) -> str:
    return orjson.dumps(hop["message"], option=orjson.OPT_INDENT_2).decode()
