"""Every kind of fault at every hop, met by a correct gateway: nothing convicts it, because what a fault does is not its doing."""

import pytest

from acs_sim.running.stack import running_stack
from acs_sim.scenarios.explore.space import ELEMENT_FAULTS, FAULT_POINTS, SETTINGS
from acs_sim.scenarios.explore.story import play_of
from acs_sim.scenarios.reports.junit import failure
from acs_sim.scenarios.running import STARTS_AT, Means, run
from acs_sim.settings.settings import Settings
from tests.support.ports import with_free_ports
from tests.support.standard_gateway import standard_gateway
from threedsecure.faults import POINTS, SENSIBLE
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.slow

DECIDES = {"Erro": "errorCode", "RRes": "resultsStatus", "Method callback": "threeDSServerTransID", "SMS": "body"}
"""The element that the fault happens to, transStatus elsewhere."""
MORE = {"set": {"value": "zz"}, "rename": {"to": "renamed"}, "retype": {"to": "number"}, "erro": {"code": "101"}}
PAY = {"authenticate": {"any": True}}
RIGHT = {"cardholder": {"do": "submit", "code": "correct", "any": True}}


def met(at: str, do: str, sender: str):
    element = {"element": DECIDES.get(at, "transStatus")} if do in ELEMENT_FAULTS else {}
    card = "acs-error" if at == "Erro" else "challenge-otp"
    tree = {
        "name": f"{do} at {at} from {sender}",
        "about": "One payment, and what goes wrong with it.",
        "card": {"scenario": card},
        "faults": [{"at": at, "from": sender, "do": do, **SETTINGS.get(do, {}), **MORE.get(do, {}), **element}],
        "steps": [PAY, RIGHT] if card == "challenge-otp" else [PAY],
    }
    return play_of(tree)


# At every point one sender takes all its faults.
PLAYS = [met(at, do, POINTS[at].senders[0]) for at in FAULT_POINTS for do in SENSIBLE[at]]
# A message with the identifiers of another transaction is answered with those: what is played beside it is answered for, too.
SWAPPING = [play for play in PLAYS if play.name.startswith("swap-ids")]
OTHERS = [play for play in PLAYS if play not in SWAPPING]


async def test_a_correct_gateway_is_convicted_of_nothing_that_a_fault_did():
    assert len(PLAYS) > 140
    settings = with_free_ports(Settings(fresh=True, only=("desk", "ds", "acs", "phone")))
    async with running_stack(settings, clock=Clock(frozen_at=STARTS_AT)) as stack:
        with standard_gateway(stack.addresses.ds) as gateway:
            means, outcomes = Means(against=gateway.purchases), []
            for plays in (OTHERS, *([play] for play in SWAPPING)):
                outcomes += await run(plays, lambda _outcome: None, at=stack.addresses, means=means)
    assert [failure(outcome) for outcome in outcomes if not outcome.passed] == []
    assert [(each.play.name, found["rule"]) for each in outcomes for found in each.findings or ()] == []
