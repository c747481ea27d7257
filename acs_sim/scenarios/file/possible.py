"""What can come, and in which order: expectations that no play of a scenario can meet."""

from collections.abc import Iterator
from typing import Any, Final

from acs_sim.scenarios.file.elements import Fault
from acs_sim.scenarios.file.model import CLASSIC, Authenticate, Scenario, Step
from threedsecure.cards.plays import AnswerErro, Ask, DeferIfAsked, KeepSilent, Settle
from threedsecure.cards.scenarios import (
    ATTEMPT_STANDS_IN,
    ISSUER_DOWN,
    NOT_ENROLLED_DIGIT,
    SCENARIOS,
    UNAVAILABLE_STANDS_IN,
)

CHALLENGED: Final = frozenset({"C", "D"})
AFTER_A_CHALLENGE: Final = frozenset({"cardholder", "result", "returned"})
OF_A_TRANSACTION: Final = AFTER_A_CHALLENGE | {"message", "order"}
DEEDS: Final = frozenset({"submit", "resend", "cancel", "approve", "decline", "select"})
ANY: Final = ""
"""An answer that is left open."""

_OF_THE_RANGE: Final = {ISSUER_DOWN: "Erro", ATTEMPT_STANDS_IN: "A", UNAVAILABLE_STANDS_IN: "U"}
# Elements of an AReq on which the answer of a card depends.
_WISHES: Final = (
    "threeDSRequestorSpcSupport",
    "threeDSRequestorChallengeInd",
    "threeDSRequestorDecReqInd",
    "cardExpiryDate",
    "messageCategory",
)


def sequence(scenario: Scenario) -> Iterator[Fault]:
    """Steps that come too early, too late, or for nothing."""
    answered: str | None = None
    over = False
    certain = _certain(scenario)
    for index, step in enumerate(scenario.steps):
        given = [name for name in step.__struct_fields__ if getattr(step, name) is not None]
        at = f".steps[{index}]"
        if step.authenticate is not None:
            if certain is not None:
                yield from _impossible(scenario, step.authenticate, certain, at)
            answered, over, certain = _answer(step.authenticate), False, None
        elif step.enrolment is not None:
            answered, over = _enrolled(step), False
        elif step.payment is not None and answered is None:
            yield at, "nobody knows the address of the bank yet: this needs an enrolment step before it"
        elif answered is None and OF_A_TRANSACTION.intersection(given):
            yield at, f"nothing has been authenticated yet: this needs an {_first(scenario)} step before it"
        elif answered not in (None, ANY, *CHALLENGED) and AFTER_A_CHALLENGE.intersection(given):
            yield f"{at}.{given[0]}", f"there is no challenge after {answered}: this can never come"
        elif step.cardholder is not None:
            if over and step.cardholder.do in DEEDS and _expects_more(step):
                yield f"{at}.cardholder", "the challenge is over: a step before this one ended it"
            over = over or step.cardholder.transStatus is not None
        elif step.preparation is not None or step.operation is not None:
            answered = answered or "card ranges or notices alone"
        elif step.restart is not None or step.card is not None:
            certain = None


def _first(scenario: Scenario) -> str:
    return "enrolment" if scenario.version == CLASSIC else "authenticate"


def _expects_more(step: Step) -> bool:
    """Whether a deed after the end is meant to go on; to be refused or shown the same end again is no contradiction."""
    wish = step.cardholder
    return wish is not None and wish.refused is None and wish.transStatus is None


def _answer(wish: Authenticate) -> str:
    """What is expected: a transStatus, "Erro", or ANY when that is left open."""
    if wish.Erro is not None:
        return "Erro"
    if wish.fails is not None:
        return "no answer"
    if wish.any:
        return ANY
    status = (wish.ARes or {}).get("transStatus", ANY)
    return status if isinstance(status, str) and len(status) == 1 else ANY


def _enrolled(step: Step) -> str:
    wish = step.enrolment
    if wish is not None and wish.Error is not None:
        return "Error"
    told = (wish.VERes or {}).get("CH.enrolled", "Y") if wish is not None else "Y"
    return ANY if told == "Y" or not isinstance(told, str) else f"enrolled {told}"


def _certain(scenario: Scenario) -> str | None:
    """What the card alone is bound to answer to the first AReq: a transStatus, or Erro; None where something else has a say."""
    card = scenario.card
    changed = scenario.rules or scenario.faults or card.transStatus or scenario.version == CLASSIC
    plain = scenario.channel == "browser" and scenario.category == "payment"
    known = SCENARIOS.get(card.scenario or "")
    if known is None or changed or not plain or any(_fixes(step) for step in scenario.steps):
        return None
    play = known.play
    if known.version == NOT_ENROLLED_DIGIT:
        return "N"
    if known.setup in _OF_THE_RANGE:
        return _OF_THE_RANGE[known.setup]
    if isinstance(play, KeepSilent | AnswerErro):
        return "Erro"
    if isinstance(play, DeferIfAsked):
        return "N"
    status = "C" if isinstance(play, Ask) else play.trans_status if isinstance(play, Settle) else None
    return "Y" if status == "I" else status


def _fixes(step: Step) -> bool:
    """Whether a step changes what the card answers."""
    return step.fault is not None or step.edit_ranges is not None


def _impossible(scenario: Scenario, wish: Authenticate, certain: str, at: str) -> Iterator[Fault]:
    sent: dict[str, Any] = {**scenario.purchase, **wish.send}
    if wish.version or wish.channel or wish.category or scenario.card.version == CLASSIC:
        return
    if any(name in sent for name in _WISHES) or wish.ARes is None:
        return
    wanted, name = wish.ARes.get("transStatus"), scenario.card.scenario
    if scenario.card.version not in (None, scenario.version):
        words = f"a card that knows {scenario.card.version} alone answers an Erro to version {scenario.version}"
        yield f"{at}.authenticate.ARes", words
    elif certain == "Erro":
        yield f"{at}.authenticate.ARes", f"{name} answers an Erro, never an ARes"
    elif isinstance(wanted, str) and len(wanted) == 1 and wanted != certain:
        yield f"{at}.authenticate.ARes.transStatus", f"{name} answers {certain} here, never {wanted}"
