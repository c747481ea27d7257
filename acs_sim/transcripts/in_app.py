"""What a transcript tells of a challenge in an app: how its SDK was, and what its cardholder did. What was typed is not in it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from acs_sim.transcripts.document import Hop

APP: Final = "01"
TO_ACS: Final = ("SDK", "ACS")
FROM_ACS: Final = ("ACS", "SDK")
TIMED_OUT: Final = "402"
DECISIONS: Final = {"approve", "decline"}


def in_app(hops: Sequence[Hop]) -> bool:
    """Whether the payment was one of an app."""
    return any(hop["kind"] == "AReq" and hop["message"].get("deviceChannel") == APP for hop in hops)


def sdk_wishes(hops: Sequence[Hop]) -> dict[str, Any]:
    """How the SDK was, as `POST /api/apps` takes it."""
    areq: Mapping[str, Any] = next((hop["message"] for hop in hops if hop["kind"] == "AReq"), {})
    wishes: dict[str, Any] = {}
    options = areq.get("deviceRenderOptions")
    if isinstance(options, Mapping) and options.get("sdkInterface") in ("01", "02", "03"):
        wishes["interface"] = options["sdkInterface"]
    minutes = areq.get("sdkMaxTimeout")
    if isinstance(minutes, str) and minutes.isdecimal() and int(minutes) >= 5:
        wishes["max_timeout"] = int(minutes)
    return wishes


def deed_of(hops: Sequence[Hop], number: int) -> dict[str, str] | None:
    """What the cardholder did at this hop, as the headless cardholder takes it; None where nothing."""
    hop = hops[number]
    message, way = hop["message"], (hop["from"], hop["to"])
    if way == ("Phone", "ACS") and message.get("decision") in DECISIONS:
        return {"do": message["decision"]}
    if way == TO_ACS and message.get("errorCode") == TIMED_OUT:
        return {"do": "submit", "code": "correct"}  # too late: the SDK says so when it is touched
    if way != TO_ACS or hop["kind"] != "CReq" or _came_from_the_banking_app(hops, number):
        return None
    if message.get("sdkCounterStoA") == "000":
        return {"do": "abandon"}
    if message.get("challengeCancel") is not None:
        return {"do": "cancel"}
    if message.get("resendChallenge") == "Y":
        return {"do": "resend"}
    return {"do": "submit", "code": "correct" if _was_right(hops[number + 1 :]) else "wrong"}


def _came_from_the_banking_app(hops: Sequence[Hop], number: int) -> bool:
    """Whether the CReq says no more than that the banking app has decided: the deed is that decision."""
    since = [hop for hop in hops[:number] if (hop["from"], hop["to"]) in (FROM_ACS, ("Phone", "ACS"))]
    return bool(since) and since[-1]["from"] == "Phone"


def _was_right(after: Sequence[Hop]) -> bool:
    """A wrong answer is told with a warning, and the last one by the result."""
    cres: Mapping[str, Any] = next((hop["message"] for hop in after if (hop["from"], hop["to"]) == FROM_ACS), {})
    if cres.get("challengeCompletionInd") != "Y":
        return "challengeInfoText" in cres and cres.get("challengeInfoTextIndicator") != "Y"
    rreqs = [hop["message"].get("transStatus") for hop in after if hop["kind"] == "RReq"]
    return bool(rreqs) and rreqs[0] == "Y"
