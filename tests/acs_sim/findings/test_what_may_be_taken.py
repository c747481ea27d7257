"""Every element of an ARes and an RReq, spoiled in every way: neither what a correct gateway takes convicts it, nor what it
refuses. Its checks and our tables were typed apart, from the specification."""

import json
from collections.abc import Iterator

from acs_sim.findings.case import Case
from tests.acs_sim.findings.samples import entry
from tests.support.standard_gateway.checks import Wrong, check, decoded
from tests.threedsecure.v2.golden import GOLDEN, Golden, find
from threedsecure.v2.messages import MESSAGES
from threedsecure.v2.validation.checking import Leg

GONE = object()
SPOILED = (GONE, None, "zz", "99", "N", 7, {"a": 1})
ROUTES = ("threeDSServerTransID", "dsTransID", "acsTransID")
BROWSERS = [golden for golden in GOLDEN if golden.name.startswith(("ares-brw-", "rreq-brw-"))]
LEG = Leg.DS_TO_THREE_DS_SERVER


def areq_of(golden: Golden) -> dict:
    """The AReq that this message may answer."""
    more: dict = {"threeDSServerTransID": golden.message["threeDSServerTransID"]}
    if golden.name.endswith("informational"):
        more["threeDSRequestorChallengeInd"] = ["05"] if golden.version == "2.3.1" else "05"
    if "decoupled" in golden.name:
        more["threeDSRequestorDecReqInd"] = "Y"
    if "spc" in golden.name:
        more["threeDSRequestorSpcSupport"] = "Y"
    return {**golden.request, **more}


def ares_of(golden: Golden) -> dict:
    """The ARes before this RReq."""
    asked = "decoupled" if "decoupled" in golden.name else "challenge"
    ares = find(golden.version, f"ares-brw-{golden.name.split('-')[2]}-{asked}").message
    return {**ares, **{name: golden.message[name] for name in ROUTES}}


def spoiled(message: dict) -> Iterator[tuple[str, object, dict]]:
    names = [row.name for row in MESSAGES[message["messageType"]] if "." not in row.name]
    for name in (*names, "unknown"):
        kept = {each: found for each, found in message.items() if each != name}
        for value in SPOILED if name not in ("messageType", "messageVersion") else ():
            yield name, value, kept if value is GONE else {**kept, name: value}


def disagreements(golden: Golden) -> Iterator[tuple]:
    kind, areq = golden.message["messageType"], areq_of(golden)
    ares = ares_of(golden) if kind == "RReq" else None
    before = [bare("AReq", areq), *([bare("ARes", ares)] if ares else [])]
    for name, value, message in [("nothing", "", golden.message), *spoiled(golden.message)]:
        case = Case([*before, bare(kind, message)])
        answer = case.entries[-1]
        try:
            check(kind, decoded(json.dumps(message).encode()), areq, ares)
        except Wrong as wrong:
            if not case.faults_of(answer, LEG) and not case.debatable(answer, LEG):
                yield str(golden), name, value, "refused", wrong.detail
        else:
            if found := case.overlooked(answer, LEG):
                yield str(golden), name, value, "taken", found


def bare(kind: str, message: dict) -> dict:
    return {**entry(kind), "message": message}


def test_neither_what_a_correct_gateway_takes_nor_what_it_refuses_convicts_it():
    assert len(BROWSERS) > 30
    assert [each for golden in BROWSERS for each in disagreements(golden)] == []
