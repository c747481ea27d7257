"""Every kind of fault at every hop, as a scenario around one payment; and drawn payments for whole packs of faults."""

from collections.abc import Iterator
from typing import Any

from acs_sim.scenarios.explore.coverage import Coverage
from acs_sim.scenarios.explore.drawing import draw
from acs_sim.scenarios.explore.exploring import source_of
from acs_sim.scenarios.explore.space import ELEMENT_FAULTS, FAULT_POINTS, SETTINGS
from threedsecure.faults import POINTS, SENSIBLE

Tree = dict[str, Any]
DECIDES = {"Erro": "errorCode", "RRes": "resultsStatus", "Method callback": "threeDSServerTransID", "SMS": "body"}
"""The element that the fault happens to, transStatus elsewhere."""
MORE = {"set": {"value": "zz"}, "rename": {"to": "renamed"}, "retype": {"to": "number"}, "erro": {"code": "101"}}
PAY: Tree = {"authenticate": {"any": True}}
RIGHT: Tree = {"cardholder": {"do": "submit", "code": "correct", "any": True}}
VERDICT: Tree = {"verdict": "acquitted"}


def met(at: str, do: str, sender: str) -> Tree:
    element = {"element": DECIDES.get(at, "transStatus")} if do in ELEMENT_FAULTS else {}
    fault = {"at": at, "from": sender, "do": do, **SETTINGS.get(do, {}), **MORE.get(do, {}), **element}
    card = "acs-error" if at == "Erro" else "challenge-otp"
    steps = [PAY, RIGHT] if card == "challenge-otp" else [PAY]
    return story(f"{do} at {at} from {sender}", card, fault, steps)


def story(name: str, card: str, fault: Tree, steps: list[Tree]) -> Tree:
    about = "One payment, and what goes wrong with it."
    return {"name": name, "about": about, "card": {"scenario": card}, "faults": [fault], "steps": steps}


MET = [met(at, do, POINTS[at].senders[0]) for at in FAULT_POINTS for do in SENSIBLE[at]]
"""At every point one sender takes all its faults."""


def judged(tree: Tree) -> Tree:
    """The same with a verdict at its end."""
    return {**tree, "steps": [*tree["steps"], VERDICT]}


WHOLE_PACKS = ("hostile", "issuer-quirks")


def without_faults(seed: int, plays: int) -> Iterator[Tree]:
    """What exploring draws, and nothing wrong of its own."""
    coverage = Coverage()
    return ({**draw(source_of(seed, number), number, coverage), "faults": []} for number in range(1, plays + 1))


def side_by_side(tree: Tree) -> Tree:
    """Without what moves the clock, which is everybody's."""
    return {**tree, "steps": [step for step in tree["steps"] if not {"clock", "verdict"} & step.keys()]}
