"""What a 3DS Server looks at in an ARes and an RReq for a browser: EMV 3-D Secure, Annex A and B, as a table."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
LINE = r"[ -~\xa0-\U0010ffff]"
ALL = ("2.1.0", "2.2.0", "2.3.1")
BEFORE_231 = ("2.1.0", "2.2.0")
FROM_220 = ("2.2.0", "2.3.1")
BOTH = ("ARes", "RReq")
LARGEST = 81920
Message = dict[str, Any]


class Wrong(Exception):
    """`code` and `detail` of the Erro that answers the message."""

    def __init__(self, code: str, detail: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.detail = detail[:2048]


class Row(NamedTuple):
    """An element that is a text, where it is defined and what it may be."""

    name: str
    pattern: str
    messages: tuple[str, ...] = BOTH
    versions: tuple[str, ...] = ALL


def _codes(first: int, last: int) -> str:
    """A code of two digits from a range, or one that the directory server defines."""
    return "|".join(f"{code:02}" for code in (*range(first, last + 1), *range(80, 100)))


_SOURCE = _codes(1, 3)
_LIST_STATUS = "[YNEPRU]"
ROWS = (
    *(Row(name, UUID.pattern) for name in ("threeDSServerTransID", "dsTransID", "acsTransID")),
    Row("acsReferenceNumber", f"{LINE}{{1,32}}", ("ARes",)),
    Row("dsReferenceNumber", f"{LINE}{{1,32}}", ("ARes",)),
    Row("acsOperatorID", f"{LINE}{{1,32}}", ("ARes",)),
    Row("acsChallengeMandated", "[YN]", ("ARes",)),
    Row("acsDecConInd", "[YN]", ("ARes",), FROM_220),
    Row("acsURL", r"[Hh][Tt][Tt][Pp][Ss]?://[!-~]{1,2040}", ("ARes",)),
    Row("authenticationType", _codes(1, 3), BOTH, ("2.1.0",)),
    Row("authenticationType", _codes(1, 4), BOTH, ("2.2.0",)),
    Row("authenticationValue", "[A-Za-z0-9+/]{27}[A-Za-z0-9+/=]", BOTH, BEFORE_231),
    Row("authenticationValue", "[!-~]{1,4000}", BOTH, ("2.3.1",)),
    Row("cardholderInfo", r"(?s:.){1,128}", ("ARes",), BEFORE_231),
    Row("cardSecurityCodeStatus", "[YNU]", ("ARes",), ("2.3.1",)),
    Row("cardSecurityCodeStatusSource", _codes(1, 2), ("ARes",), ("2.3.1",)),
    Row("challengeCancel", "0[1-9]|10|[89][0-9]", ("RReq",)),
    Row("deviceBindingStatus", f"0[1-5]|1[1-5]|{_codes(80, 99)}", BOTH, ("2.3.1",)),
    Row("deviceBindingStatusSource", _SOURCE, BOTH, ("2.3.1",)),
    Row("eci", "[0-9A-Za-z]{2}"),
    Row("interactionCounter", "[0-9]{2}", ("RReq",)),
    Row("messageCategory", _codes(1, 2), ("RReq",)),
    Row("transChallengeExemption", f"05|08|10|11|79|{_codes(80, 99)}", ("ARes",), ("2.3.1",)),
    Row("transStatus", "[YNURAC]", ("ARes",), ("2.1.0",)),
    Row("transStatus", "[YNURACDI]", ("ARes",), ("2.2.0",)),
    Row("transStatus", "[YNURACDIS]", ("ARes",), ("2.3.1",)),
    Row("transStatus", "[YNURA]", ("RReq",), BEFORE_231),
    Row("transStatus", "[YNURAD]", ("RReq",), ("2.3.1",)),
    Row("transStatusReason", _codes(1, 21), BOTH, ("2.1.0",)),
    Row("transStatusReason", _codes(1, 26), BOTH, ("2.2.0",)),
    Row("transStatusReason", _codes(1, 30), BOTH, ("2.3.1",)),
    Row("transStatusReasonInfo", f"{LINE}{{1,256}}", BOTH, ("2.3.1",)),
    Row("whiteListStatus", _LIST_STATUS, BOTH, ("2.2.0",)),
    Row("whiteListStatusSource", _SOURCE, BOTH, ("2.2.0",)),
    Row("trustListStatus", _LIST_STATUS, BOTH, ("2.3.1",)),
    Row("trustListStatusSource", _SOURCE, BOTH, ("2.3.1",)),
)
REQUIRED = {
    "ARes": (
        *("threeDSServerTransID", "acsReferenceNumber", "acsTransID", "dsReferenceNumber", "dsTransID", "transStatus"),
    ),
    "RReq": ("threeDSServerTransID", "acsTransID", "dsTransID", "messageCategory", "transStatus"),
}
OBJECTS = (("cardholderInfo", "text"), ("spcTransData", "challenge"), ("challengeErrorReporting", "errorCode"))
"""Objects of 2.3.1, and what each of them holds at least."""
SENT_TOGETHER = (
    *(("whiteListStatusSource", "whiteListStatus", "2.2.0"), ("trustListStatusSource", "trustListStatus", "2.3.1")),
    ("deviceBindingStatusSource", "deviceBindingStatus", "2.3.1"),
)


def decoded(raw: bytes) -> Message:
    """Errors: `Wrong` 101 for what is no JSON object, 204 for a name that stands twice."""

    def once(pairs: list[tuple[str, Any]]) -> Message:
        names = [name for name, _ in pairs]
        twice.extend(name for name in set(names) if names.count(name) > 1)
        return dict(pairs)

    twice: list[str] = []
    try:
        message = json.loads(raw, object_pairs_hook=once)
    except (ValueError, RecursionError) as error:
        raise Wrong("101", "the body is no JSON", "not a message") from error
    if not isinstance(message, dict):
        raise Wrong("101", "the body is no JSON object", "not a message")
    if twice:
        raise Wrong("204", ",".join(twice), "an element stands twice")
    return message


def check(kind: str, message: Message, areq: Message, ares: Message | None = None) -> None:
    """Hold an ARes or RReq against the AReq, and against the ARes of its transaction. Errors: `Wrong`."""
    version = areq["messageVersion"]
    if message.get("messageVersion") not in ALL:
        raise Wrong("102", ",".join(ALL), "no such version")
    if message["messageVersion"] != version:
        raise Wrong("203", "messageVersion", "another version than the AReq's")
    _critical(message)
    _raise("203", _misformed(kind, message, version))
    _raise("201", _missing(kind, message, areq, ares))
    _raise("301", _strangers(message, areq, ares))
    _raise("203", _contradictions(kind, message, areq, ares))


def _raise(code: str, names: Iterator[str]) -> None:
    wrong = list(dict.fromkeys(names))
    if wrong:
        raise Wrong(code, ",".join(wrong), {"201": "missing", "203": "wrong", "301": "unknown"}[code])


def _critical(message: Message) -> None:
    extensions = message.get("messageExtension")
    listed = [each for each in extensions if isinstance(each, dict)] if isinstance(extensions, list) else []
    critical = [str(each.get("id")) for each in listed if each.get("criticalityIndicator") is True]
    if critical:
        raise Wrong("202", ",".join(critical), "a critical extension is not known")


def _misformed(kind: str, message: Message, version: str) -> Iterator[str]:
    for row in ROWS:
        if row.name in message and kind in row.messages and version in row.versions:
            value = message[row.name]
            gone = value in (None, "") and row.name in REQUIRED[kind]
            if not gone and not (isinstance(value, str) and re.fullmatch(row.pattern, value)):
                yield row.name
    if version == "2.3.1":
        yield from _methods(message)
        for name, inside in OBJECTS:
            found = message.get(name)
            if name in message and not (isinstance(found, dict) and found.get(inside)):
                yield name
        if not isinstance(message.get("webAuthnCredList", []), list):
            yield "webAuthnCredList"
    yield from _extensions(message, version)


def _methods(message: Message) -> Iterator[str]:
    methods = message.get("authenticationMethod", ["01"])
    known = isinstance(methods, list) and 0 < len(methods) < 100
    if not known or any(not (isinstance(one, str) and re.fullmatch(_codes(1, 16), one)) for one in methods):
        yield "authenticationMethod"


def _extensions(message: Message, version: str) -> Iterator[str]:
    if "messageExtension" not in message:
        return
    extensions = message["messageExtension"]
    most = 15 if version == "2.3.1" else 10
    if not isinstance(extensions, list) or not 1 <= len(extensions) <= most or len(json.dumps(extensions)) > LARGEST:
        yield "messageExtension"
        return
    if not all(isinstance(each, dict) and _is_extension(each) for each in extensions):
        yield "messageExtension"


def _is_extension(each: Message) -> bool:
    names = [each.get(name) for name in ("name", "id")]
    named = all(isinstance(name, str) and 0 < len(name) <= 64 for name in names)
    return named and isinstance(each.get("criticalityIndicator"), bool) and isinstance(each.get("data"), dict)


def _missing(kind: str, message: Message, areq: Message, ares: Message | None) -> Iterator[str]:
    for name in (*REQUIRED[kind], *_conditional(kind, message, areq, ares)):
        if (
            name == "transStatus"
            and areq.get("messageCategory") == "02"
            and not {name, "transStatusReason"} & {*message}
        ):
            continue  # as the directory server likes
        if message.get(name) in (None, "", [], {}):
            yield name


def _conditional(kind: str, message: Message, areq: Message, ares: Message | None) -> Iterator[str]:
    status, version = message.get("transStatus"), areq["messageVersion"]
    if areq.get("messageCategory") == "01":
        if status in ("Y", "A"):
            yield "authenticationValue"
        if status in ("N", "U", "R"):
            yield "transStatusReason"
    if kind == "ARes":
        yield from _of_a_challenge(status, version)
        if version != "2.1.0" and message.get("acsDecConInd") == "Y":
            yield "cardholderInfo"
    else:
        yield from _of_a_result(message, version, ares)
    for source, name, since in SENT_TOGETHER:
        if message.get(name) is not None and version == since:
            yield source


def _of_a_challenge(status: Any, version: str) -> Iterator[str]:
    if status == "C":
        yield "acsURL"
    if status == "C" or (status == "D" and version != "2.1.0"):
        yield "acsChallengeMandated"
        yield "authenticationMethod" if version == "2.3.1" else "authenticationType"
    if status == "D":
        yield "acsDecConInd"
    if status == "S":
        yield from ("spcTransData", "webAuthnCredList")


def _of_a_result(message: Message, version: str, ares: Message | None) -> Iterator[str]:
    if message.get("transStatus") in ("Y", "N") and version != "2.3.1":
        yield "authenticationType"
    if message.get("transStatus") in ("Y", "N") and version == "2.3.1":
        yield "authenticationMethod"
    if version == "2.1.0" or (ares or {}).get("acsDecConInd") != "Y":
        yield "interactionCounter"
    if message.get("transStatusReason") == "14":
        yield "challengeCancel"
    if message.get("challengeCancel") in ("09", "10") and version == "2.3.1":
        yield "challengeErrorReporting"


def _strangers(message: Message, areq: Message, ares: Message | None) -> Iterator[str]:
    """Identifiers of another transaction."""
    for known in (areq, ares or {}):
        for name in ("threeDSServerTransID", "dsTransID", "acsTransID"):
            if name in known and str(message[name]).lower() != str(known[name]).lower():
                yield name


def _contradictions(kind: str, message: Message, areq: Message, ares: Message | None) -> Iterator[str]:
    status, version = message.get("transStatus"), areq["messageVersion"]
    wished = areq.get("threeDSRequestorChallengeInd", "01")
    wished = wished if isinstance(wished, str) else wished[0]
    deferred = areq.get("threeDSRequestorDecReqInd")
    if kind == "ARes":
        informs = wished in ("05", "06", "07") or wished >= "80"
        if (status == "I" and not informs) or (status == "C" and wished == "06"):
            yield "transStatus"
        if status == "D" and (deferred not in ("Y", "B") or message.get("acsDecConInd") != "Y"):
            yield "transStatus"
        if status == "S" and areq.get("threeDSRequestorSpcSupport") != "Y":
            yield "transStatus"
        if status == "D" and version == "2.2.0" and message.get("authenticationType", "04") != "04":
            yield "authenticationType"
        return
    if message["messageCategory"] != areq["messageCategory"]:
        yield "messageCategory"
    if message.get("transStatusReason") == "14" and message.get("challengeCancel") not in ("04", "05"):
        yield "challengeCancel"
    if status == "D" and deferred not in ("F", "B"):
        yield "transStatus"
    if (ares or {}).get("transStatus") == "D" and version == "2.2.0" and message.get("authenticationType") != "04":
        yield "authenticationType"
