"""A transaction as a scenario file: the card, the purchase, what the cardholder did, and how it has to end again.

What was typed is not in a transcript: an answer that ended a challenge well was the right one, any other is played as a wrong one.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import yaml

from acs_sim.transcripts.document import Transcript
from acs_sim.transcripts.in_app import deed_of, in_app, sdk_wishes

DEEDS: Final = {"resend", "cancel"}
_ENDS: Final = ("transStatus", "transStatusReason")


def as_scenario(transcript: Transcript, scenario: str) -> str:
    """The text of a file with one scenario. `scenario`: what its card does."""
    of = transcript["transaction"]
    steps = [*_beginning(transcript), *_deeds(transcript), *_end(transcript)]
    document = {
        "scenarios": [
            {
                "name": f"{of.get('merchant') or 'payment'}, once more",
                "about": f"Made of transaction {of.get('id')}.",
                **({"version": of["version"]} if of.get("version") else {}),
                **({"channel": "app", "app": sdk_wishes(transcript["hops"])} if in_app(transcript["hops"]) else {}),
                "card": {"scheme": of.get("scheme") or "visa", "scenario": scenario},
                "steps": steps,
            }
        ]
    }
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _beginning(transcript: Transcript) -> Iterator[dict[str, Any]]:
    ares = _last(transcript, "ARes")
    wanted = {name: ares[name] for name in _ENDS if name in ares}
    yield {"authenticate": {"ARes": wanted} if wanted else {}}


def _deeds(transcript: Transcript) -> Iterator[dict[str, Any]]:
    if in_app(hops := transcript["hops"]):
        deeds = [deed_of(hops, number) for number in range(len(hops))]
        yield from ({"cardholder": deed} for deed in deeds if deed is not None)
        return
    answers = [hop["message"] for hop in transcript["hops"] if hop["kind"] == "challenge page"]
    well = _last(transcript, "RReq").get("transStatus") == "Y"
    for place, answer in enumerate(answers):
        action = answer.get("action")
        if action in DEEDS:
            yield {"cardholder": {"do": action}}
        elif action == "submit":
            code = "correct" if well and place == len(answers) - 1 else "wrong"
            yield {"cardholder": {"do": "submit", "code": code}}


def _end(transcript: Transcript) -> Iterator[dict[str, Any]]:
    rreq = _last(transcript, "RReq")
    if wanted := {name: rreq[name] for name in _ENDS if name in rreq}:
        yield {"result": wanted}


def _last(transcript: Transcript, kind: str) -> Mapping[str, Any]:
    found = (hop["message"] for hop in reversed(transcript["hops"]) if hop["kind"] == kind)
    return next(found, {})
