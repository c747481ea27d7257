"""Every kind of fault with every setting that it has: a message is lost to its receiver where nothing of it comes that can be read,
and nowhere else. What comes is asked of the faults themselves, as whoever carries messages asks."""

import json
from collections.abc import Iterator
from datetime import datetime
from itertools import product
from typing import Any

import msgspec
import pytest

from acs_sim.findings.case import Case
from acs_sim.findings.invariants.payments import accepted_without_result
from acs_sim.findings.observed import Observed
from tests.acs_sim.findings.samples import STARTED_AT, entry
from threedsecure.faults import KINDS, POINTS, Fault, MessageFault, SignatureFault, as_document, read
from threedsecure.web.clock import Clock
from threedsecure.web.faults.answers import Answering
from threedsecure.web.faults.injector import Faults
from threedsecure.web.randomness import Randomness
from threedsecure.web.wire import WireRequest, WireResponse, json_response

NOT_SENT = {"silent", "refused", "cut"}
ALLOWS = {"transStatus": "Y", "eci": "05", "authenticationValue": "AAIBCIQ4gwAAABBol4MmdQAAAAA=", "acsURL": None}
AT = ("ARes", "RReq")


def settings_of(kind: type[Fault]) -> Iterator[dict]:
    """Every choice that a fault of this kind leaves, besides where and when."""
    choices = {
        each.name: each.type.values
        for each in msgspec.inspect.type_info(kind).fields
        if isinstance(each.type, msgspec.inspect.LiteralType) and each.name not in {"at", "from", "when"}
    }
    for values in product(*choices.values()):
        yield dict(zip(choices, values, strict=True))


def faults() -> Iterator[Fault]:
    for do, kind in KINDS.items():
        example = json.loads(kind.example)
        example.pop("from", None)
        for at in (at for at in AT if at in kind.points):
            for settings in settings_of(kind) if not issubclass(kind, MessageFault) else [{}]:
                yield read({**example, "do": do, **settings, "at": at})


FAULTS = [each for each in faults() if not isinstance(each, SignatureFault)]


def comes(fault: Fault) -> bool:
    """Whether the message itself comes, whatever else is wrong with it."""
    carriage = fault.carriage(lambda bound: bound // 2)
    return carriage.ends not in NOT_SENT and carriage.body is None and fault.do != "erro"


def paid(fault: Fault) -> Case:
    """A payment whose one result that allows it met this fault."""
    challenge = [entry("ARes")] if fault.at == "RReq" else []
    told = {name: value for name, value in as_document(fault).items() if name != "when"}
    happened = {**entry("fault", road=(POINTS[fault.at].senders[0], "3DS Server")), "message": told}
    changes = ALLOWS if fault.at == "ARes" else {}
    return Case([entry("AReq"), *challenge, entry(fault.at, **changes), happened])


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: json.dumps(as_document(each)))
def test_a_result_that_a_fault_left_readable_allows_a_payment_and_one_that_it_took_does_not(fault):
    case = paid(fault)
    (result,) = case.of(fault.at)
    assert case.lost(result) is not comes(fault)
    seen = Observed(case, outcomes=[{"outcome": "accepted"}])
    assert bool([*accepted_without_result.look(seen)]) is not comes(fault)


def test_every_setting_is_looked_at():
    kept = [as_document(each) for each in FAULTS if each.do == "status"]
    assert {each.get("body", "empty") for each in kept} == {"empty", "kept"}
    assert len(FAULTS) > 40


class Notes:
    """A journal that keeps what happened."""

    def __init__(self) -> None:
        self.kept: list[dict] = []

    def record(self, at: datetime, sender: str, receiver: str, kind: str, document: Any, **_more: Any) -> int:
        road = {"from": sender, "to": receiver, "kind": kind, "at": at.isoformat()}
        self.kept.append({**road, "transaction_id": "", "message": dict(document)})
        return len(self.kept)


async def met(*struck: Fault) -> tuple[WireResponse, Case]:
    """What is left of an ARes that meets these faults, and what the journal says of it."""
    notes, ares = Notes(), entry("ARes", **ALLOWS)
    faults = Faults(Clock(frozen_at=STARTED_AT), Randomness(1), notes)
    for fault in struck:
        faults.arm(fault)
    answering = Answering(faults, "directory server", None)
    response = await answering.answered(WireRequest("POST", "/"), json_response(ares["message"]))
    return response, Case([entry("AReq"), ares, *notes.kept])


def is_readable(response: WireResponse, message: dict) -> bool:
    """Whether somebody who looks at nothing but the body finds this ARes in it."""
    if response.disruption is not None and response.disruption.ends not in ("whole", "dribbled"):
        return False
    try:
        read_ = json.loads(response.body)
    except ValueError:
        return False
    same = ("messageType", "threeDSServerTransID", "transStatus")
    return isinstance(read_, dict) and all(read_.get(name) == message[name] for name in same)


async def test_what_one_fault_took_another_one_does_not_bring_back():
    pairs = [*product((each for each in FAULTS if each.at == "ARes"), repeat=2)]
    brought_back, readable = [], 0
    for pair in pairs:
        response, case = await met(*pair)
        (ares,) = case.answers
        if is_readable(response, ares.message):
            readable += 1
            brought_back += [[each.do for each in pair]] if case.lost(ares) else []
    assert brought_back == []
    assert len(pairs) / 2 > readable > len(pairs) / 10
