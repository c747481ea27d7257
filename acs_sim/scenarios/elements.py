"""What a file says about messages, held against the tables of the specification before anything is played."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, Final

from acs_sim.durations import parse_duration
from acs_sim.scenarios.matching import ABSENT, PRESENT, expression, literals
from acs_sim.scenarios.model import OTHER_KINDS, PROTOCOL_KINDS, Elements, Scenario, Step
from threedsecure.faults import Fault as Misbehaviour
from threedsecure.faults import FaultRefused
from threedsecure.faults.documents import check as check_fault
from threedsecure.test_cards import SCENARIOS
from threedsecure.v2.context import Leg
from threedsecure.v2.elements import format_of
from threedsecure.v2.formats import accepted, compile_format
from threedsecure.v2.messages import MESSAGES

BROWSER: Final = "02"
PAYMENT: Final = "01"
CHALLENGED: Final = frozenset({"C", "D"})
AFTER_A_CHALLENGE: Final = frozenset({"cardholder", "result", "returned"})
OF_A_TRANSACTION: Final = AFTER_A_CHALLENGE | {"message", "order"}

Fault = tuple[str, str]
"""A path inside the scenario, and what is wrong there."""


def faults(scenario: Scenario) -> Iterator[Fault]:
    """Everything in a scenario that reads well and cannot be meant."""
    yield from _card(scenario)
    yield from _names("AReq", scenario.purchase, ".purchase", scenario.version, Leg.THREE_DS_SERVER_TO_DS)
    for index, fault in enumerate(scenario.faults):
        yield from _misbehaviour(fault, f".faults[{index}]")
    for index, step in enumerate(scenario.steps):
        yield from _step(step, f".steps[{index}]", scenario.version)
    yield from _sequence(scenario.steps)


def _card(scenario: Scenario) -> Iterator[Fault]:
    card = scenario.card
    if (card.scenario is None) == (card.pan is None):
        yield ".card", "a card needs its scenario, or else its pan"
    elif card.scenario is not None and card.scenario not in SCENARIOS:
        yield ".card.scenario", f"there is no card scenario {card.scenario!r}{_nearest(card.scenario, SCENARIOS)}"


def _step(step: Step, at: str, version: str) -> Iterator[Fault]:
    given = [name for name in step.__struct_fields__ if getattr(step, name) is not None]
    if len(given) != 1:
        yield at, f"a step does one thing: {', '.join(step.__struct_fields__)}"
    elif step.authenticate is not None:
        yield from _authenticate(step, f"{at}.authenticate", version)
    elif step.clock is not None:
        yield from _clock(step.clock, f"{at}.clock")
    elif step.cardholder is not None and (step.cardholder.do == "submit") != (step.cardholder.code is not None):
        yield f"{at}.cardholder", "submit needs a code (its digits, correct or wrong), and nothing else takes one"
    elif step.fault is not None:
        yield from _misbehaviour(step.fault, f"{at}.fault")
    elif step.message is not None:
        yield from _message(step, f"{at}.message", version)
    elif step.order is not None:
        for place, kind in enumerate(step.order):
            yield from _kind(kind, f"{at}.order[{place}]")
    elif step.result is not None:
        yield from _expected("RReq", step.result, f"{at}.result", version, Leg.DS_TO_THREE_DS_SERVER)
    elif step.returned is not None:
        yield from _expected("CRes", step.returned, f"{at}.returned", version, Leg.FROM_ACS)


def _authenticate(step: Step, at: str, version: str) -> Iterator[Fault]:
    wish = step.authenticate
    if wish is None:
        return
    yield from _names("AReq", wish.send, f"{at}.send", version, Leg.THREE_DS_SERVER_TO_DS)
    if len([each for each in (wish.ARes, wish.Erro, wish.fails) if each is not None]) > 1:
        yield at, "an AReq has one answer: ARes or Erro, or it fails"
    for kind, expected in (("ARes", wish.ARes), ("Erro", wish.Erro)):
        yield from _expected(kind, expected or {}, f"{at}.{kind}", version, Leg.DS_TO_THREE_DS_SERVER)


def _misbehaviour(fault: Misbehaviour, at: str) -> Iterator[Fault]:
    try:
        check_fault(fault)
    except FaultRefused as refused:
        yield at, str(refused)


def _clock(duration: str, at: str) -> Iterator[Fault]:
    try:
        parse_duration(duration)
    except ValueError as error:
        yield at, str(error)


def _message(step: Step, at: str, version: str) -> Iterator[Fault]:
    wish = step.message
    if wish is None:
        return
    yield from _kind(wish.kind, f"{at}.kind")
    if wish.count == 0 and (wish.has or wish.number):
        yield at, "nothing can stand in a message that there are 0 of"
    elif wish.count is not None and wish.number is not None and wish.number > wish.count:
        yield f"{at}.number", f"there is no number {wish.number} of {wish.count}"
    if wish.kind in PROTOCOL_KINDS:
        yield from _expected(wish.kind, wish.has, f"{at}.has", version, None)


def _kind(kind: str, at: str) -> Iterator[Fault]:
    known = PROTOCOL_KINDS + OTHER_KINDS
    if kind not in known:
        yield at, f"there is no message {kind!r}; there are {', '.join(known)}"


def _names(message: str, elements: Elements, at: str, version: str, leg: Leg | None) -> Iterator[Fault]:
    rows = {row.name: row for row in MESSAGES[message]}
    for path in elements:
        name = re.sub(r"\[\d+\]", "", path)
        if name not in rows:
            yield f"{at}.{path}", f"{message} has no element {path!r}{_nearest(name, rows)}"
        elif not rows[name].included(version, BROWSER, PAYMENT, leg):
            yield f"{at}.{path}", f"{message} has no {path} in a browser payment of version {version}"


def _expected(message: str, elements: Elements, at: str, version: str, leg: Leg | None) -> Iterator[Fault]:
    wrong = list(_names(message, elements, at, version, leg))
    yield from wrong
    misnamed = {path for path, _ in wrong}
    for path, wanted in elements.items():
        if f"{at}.{path}" not in misnamed:
            yield from _possible(message, path, wanted, f"{at}.{path}", version, leg)


def _possible(message: str, path: str, wanted: Any, at: str, version: str, leg: Leg | None) -> Iterator[Fault]:
    name = re.sub(r"\[\d+\]", "", path)
    row = next(row for row in MESSAGES[message] if row.name == name)
    if wanted == ABSENT and "." not in name and row.included(version, BROWSER, PAYMENT, leg) == "R":
        yield at, f"{path} can never be absent: every {message} has it"
    if (pattern := expression(wanted)) is not None:
        try:
            re.compile(pattern)
        except re.error as error:
            yield at, f"/{pattern}/ is no regular expression: {error}"
    if isinstance(wanted, str) and wanted.startswith("<") and wanted.endswith(">") and wanted not in (ABSENT, PRESENT):
        yield at, f"{wanted} means nothing; there are {PRESENT} and {ABSENT}"
        return
    form = format_of(message, name, version)
    test = compile_format(form)
    for value in literals(wanted):
        if not isinstance(value, dict) and not accepted(test, value):
            yield at, f"{path} can never be {value!r}: {form.allowed}"


def _sequence(steps: list[Step]) -> Iterator[Fault]:
    answered: str | None = None
    for index, step in enumerate(steps):
        given = [name for name in step.__struct_fields__ if getattr(step, name) is not None]
        if step.authenticate is not None:
            answered = _answer(step)
        elif answered is None and OF_A_TRANSACTION.intersection(given):
            yield f".steps[{index}]", "nothing has been authenticated yet: this needs an authenticate step before it"
        elif answered not in (None, "", *CHALLENGED) and AFTER_A_CHALLENGE.intersection(given):
            yield f".steps[{index}].{given[0]}", f"there is no challenge after {answered}: this can never come"


def _answer(step: Step) -> str:
    """What is expected: a transStatus, "Erro", or "" when that is left open."""
    wish = step.authenticate
    if wish is None or wish.Erro is not None:
        return "Erro"
    status = (wish.ARes or {}).get("transStatus", "")
    return status if isinstance(status, str) and len(status) == 1 else ""


def _nearest(name: str, known: Any) -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""
