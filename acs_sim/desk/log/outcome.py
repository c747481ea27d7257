"""What came of an exchange, in words: "N · wrong code three times"."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from acs_sim.checking.reference import meaning
from acs_sim.desk.words import TONES, TRANS_STATUS

TOLD_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "ARes": ("transStatus", "transStatusReason"),
    "RReq": ("transStatus", "transStatusReason", "interactionCounter", "challengeCancel"),
    "CRes": ("transStatus",),
    "VERes": ("CH.enrolled", "IReq.iReqCode"),
    "PARes": ("TX.status",),
    "Erro": ("errorCode", "errorDescription", "errorDetail", "errorMessageType"),
    "Error": ("errorCode", "errorMessage", "errorDetail"),
}
MOST_NAMED: Final = 6
"""Elements of an errorDetail."""
CANCELLED: Final = {
    "01": "cancelled by the cardholder",
    "02": "cancelled by the 3DS Server",
    "03": "given up",
    "04": "time was up",
    "05": "the browser never came",
    "06": "an error broke it off",
    "07": "cancelled, nobody knows why",
    "08": "time was up in the app",
}
LONGEST: Final = 300
TIMES: Final = {"01": "once", "02": "twice", "03": "three times"}
TOO_MANY: Final = "19"
"""transStatusReason: exceeds the ACS's maximum of challenges."""


class Outcome(NamedTuple):
    """`result`: a transStatus, `refused`, `open`, or empty; `reason`: a code; `tone`: good, bad, wait or empty."""

    result: str
    reason: str
    words: str
    tone: str


def outcome_of(kinds: Mapping[str, int], end: Mapping[str, str]) -> Outcome:
    """`kinds`: how many messages of each kind crossed; `end`: elements of TOLD_BY, as `kind.element`."""
    if (status := end.get("RReq.transStatus")) is not None:
        return _result(status, end.get("RReq.transStatusReason", ""), _why(end))
    status = end.get("ARes.transStatus") or end.get("PARes.TX.status")
    if status is not None and status not in {"C", "D", "S"}:
        return _result(status, end.get("ARes.transStatusReason", ""), "")
    if (refused := _refused(end)) is not None:
        return refused
    if status is not None:
        return Outcome(status, "", _how_far(kinds, status), "wait")
    if (enrolled := end.get("VERes.CH.enrolled")) is not None:
        return Outcome(f"VERes {enrolled}", "", _ENROLLED.get(enrolled, ""), "wait" if enrolled == "Y" else "bad")
    return Outcome(
        "", "", "no answer" if {"AReq", "VEReq"} & kinds.keys() else "begun", "bad" if "AReq" in kinds else ""
    )


_ENROLLED: Final = {"Y": "enrolled", "N": "not enrolled", "U": "enrolment unknown"}


def _result(status: str, reason: str, why: str) -> Outcome:
    words = why or meaning("ARes", "transStatusReason", reason) or TRANS_STATUS.get(status, "")
    return Outcome(status, reason, words, TONES.get(status, "bad"))


def _why(end: Mapping[str, str]) -> str:
    """Of a challenge that is over."""
    if cancelled := CANCELLED.get(end.get("RReq.challengeCancel", "")):
        return cancelled
    counter = end.get("RReq.interactionCounter", "")
    if end.get("RReq.transStatusReason") == TOO_MANY:
        return f"wrong code {TIMES.get(counter, f'{counter} times')}"
    if end["RReq.transStatus"] == "Y" and counter not in {"", "00", "01"}:
        return f"authenticated after {counter.lstrip('0')} answers"
    return ""


def _refused(end: Mapping[str, str]) -> Outcome | None:
    for kind in ("Erro", "Error"):
        if (code := end.get(f"{kind}.errorCode")) is not None:
            what = end.get(f"{kind}.errorDescription") or end.get(f"{kind}.errorMessage", "")
            return Outcome("refused", code, " · ".join(filter(None, (what, _first_named(end, kind)))), "bad")
    return None


def _first_named(end: Mapping[str, str], kind: str) -> str:
    """What is wrong, as far as a line has room for it: the transaction's own page names all."""
    named = end.get(f"{kind}.errorDetail", "").split(",")
    return ", ".join(named[:MOST_NAMED]) + (" …" if len(named) > MOST_NAMED else "")


def _how_far(kinds: Mapping[str, int], status: str) -> str:
    if status == "D":
        return "decided later in the banking app"
    if "CReq" not in kinds:
        return "challenge: the browser has not come yet"
    answers = kinds.get("challenge page", 0)
    told = f"{answers} {'answer' if answers == 1 else 'answers'} so far" if answers else "the page is shown"
    return f"challenge: {told}"


def element(message: Mapping[str, Any], path: str) -> str:
    """The text of an element by its path; empty where it is none."""
    value: Any = message
    for part in path.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return str(value)[:LONGEST] if isinstance(value, str | int) else ""
