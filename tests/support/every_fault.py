"""Every kind of fault at every hop, as a scenario around one payment; and drawn payments for whole packs of faults."""

from collections.abc import Iterator
from typing import Any

from acs_sim.scenarios.explore.coverage import Coverage
from acs_sim.scenarios.explore.drawing import draw
from acs_sim.scenarios.explore.exploring import source_of
from acs_sim.scenarios.explore.space import ELEMENT_FAULTS, FAULT_POINTS, SETTINGS
from threedsecure.faults import POINTS, SENSIBLE

Tree = dict[str, Any]
DECIDES = {
    "AReq": "messageVersion",
    "CReq post": "acsTransID",
    "Erro": "errorCode",
    "Method callback": "threeDSServerTransID",
    "OReq": "opCategory",
    "PReq": "messageVersion",
    "PRes": "serialNum",
    "RRes": "resultsStatus",
    "SMS": "body",
    "prompt": "body",
}
"""The element that the fault happens to, transStatus elsewhere."""
CARDS = {"Erro": "acs-error", "prompt": "challenge-oob"}
MORE = {"set": {"value": "zz"}, "rename": {"to": "renamed"}, "retype": {"to": "number"}, "erro": {"code": "101"}}
PAY: Tree = {"authenticate": {"any": True}}
RIGHT: Tree = {"cardholder": {"do": "submit", "code": "correct", "any": True}}
APPROVE: Tree = {"cardholder": {"do": "approve", "any": True}}
NOTICE: Tree = {"operation": {"parts": ["one", "two"]}}
VERDICT: Tree = {"verdict": "acquitted"}
A_DAY_LATER: tuple[Tree, ...] = ({"clock": "25h"}, PAY)
AFTERWARDS: dict[str, tuple[Tree, ...]] = {"PReq": A_DAY_LATER, "PRes": A_DAY_LATER, "OReq": (NOTICE, VERDICT)}


def met(at: str, do: str, sender: str) -> Tree:
    element = {"element": DECIDES.get(at, "transStatus")} if do in ELEMENT_FAULTS else {}
    fault = {"at": at, "from": sender, "do": do, **SETTINGS.get(do, {}), **MORE.get(do, {}), **element}
    card = CARDS.get(at, "challenge-otp")
    deeds = {"challenge-otp": [RIGHT], "challenge-oob": [APPROVE]}.get(card, [])
    return story(f"{do} at {at} from {sender}", card, fault, [PAY, *deeds, *AFTERWARDS.get(at, ())])


def story(name: str, card: str, fault: Tree, steps: list[Tree]) -> Tree:
    about = "One payment, and what goes wrong with it."
    version = "2.3.1" if fault["at"] == "OReq" else "2.2.0"
    tree = {"name": name, "about": about, "version": version, "card": {"scenario": card}}
    return {**tree, "faults": [fault], "steps": steps}


MET = [met(at, do, POINTS[at].senders[0]) for at in FAULT_POINTS for do in SENSIBLE[at]]
"""At every point one sender takes all its faults."""


def judged(tree: Tree) -> Tree:
    """The same with a verdict at its end."""
    return {**tree, "steps": [*(step for step in tree["steps"] if step != VERDICT), VERDICT]}


WHOLE_PACKS = ("hostile", "issuer-quirks")


def without_faults(seed: int, plays: int) -> Iterator[Tree]:
    """What exploring draws, and nothing wrong of its own."""
    coverage = Coverage()
    return ({**draw(source_of(seed, number), number, coverage), "faults": []} for number in range(1, plays + 1))


def side_by_side(tree: Tree) -> Tree:
    """Without what moves the clock, which is everybody's."""
    return {**tree, "steps": [step for step in tree["steps"] if not {"clock", "verdict"} & step.keys()]}
