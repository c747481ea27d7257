"""What reads well in a scenario and cannot be meant: told before anything is played."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import msgspec

from acs.cards.rules.then import read_then
from acs_sim.client.aliases import NoSuchAlias, find, is_alias
from acs_sim.scenarios.file.elements import Column, Fault, expected, names, nearest
from acs_sim.scenarios.file.model import (
    CHANNELS,
    CLASSIC,
    OTHER_KINDS,
    PROTOCOL_KINDS,
    V1_KINDS,
    Authenticate,
    Cardholder,
    CardStep,
    CardWish,
    Elements,
    Enrolment,
    MessageCheck,
    Operation,
    Payment,
    Phone,
    Preparation,
    Scenario,
    Step,
)
from acs_sim.scenarios.file.possible import sequence
from acs_sim.scenarios.file.words import plain
from acs_sim.settings.durations import parse_duration
from threedsecure.cards.scenarios import ALL_SCENARIOS, V1_SCENARIOS
from threedsecure.faults import Fault as Misbehaviour
from threedsecure.faults import FaultRefused
from threedsecure.faults.documents import check as check_fault
from threedsecure.faults.documents import never_met
from threedsecure.rules import RuleError, parse
from threedsecure.v2.grammar.context import Leg

_KINDS: Final = PROTOCOL_KINDS + V1_KINDS + OTHER_KINDS
_TIMES: Final = ("at", "within", "after", "before")
_ONLY_CLASSIC: Final = frozenset({"enrolment", "payment"})
_NOT_CLASSIC: Final = frozenset({"authenticate", "result", "operation", "method"})
_WITH_ENTRY: Final = frozenset({"submit", "select"})


def faults(scenario: Scenario) -> Iterator[Fault]:
    """Everything in a scenario that reads well and cannot be meant."""
    column = Column.of(scenario)
    yield from _card(scenario.card, ".card", scenario.version)
    kind = "PAReq" if scenario.version == CLASSIC else "AReq"
    yield from names(kind, scenario.purchase, ".purchase", column, Leg.THREE_DS_SERVER_TO_DS)
    for index, rule in enumerate(scenario.rules):
        yield from _rule(msgspec.to_builtins(rule), f".rules[{index}]")
    app = "app" in {scenario.channel, *(step.authenticate.channel for step in scenario.steps if step.authenticate)}
    for at, fault in _armed(scenario):
        yield from _misbehaviour(fault, at)
        if (why := never_met(fault.at, classic=scenario.version == CLASSIC, app=app)) is not None:
            yield at, why
    for index, step in enumerate(scenario.steps):
        yield from _step(step, f".steps[{index}]", column)
    yield from sequence(scenario)


def _card(card: CardWish, at: str, version: str) -> Iterator[Fault]:
    known = V1_SCENARIOS if version == CLASSIC else ALL_SCENARIOS
    if (card.scenario is None) == (card.pan is None):
        yield at, "a card needs its scenario, or else its pan"
    elif card.scenario is not None and is_alias(card.scenario):
        yield from _alias(card.scenario, f"{at}.scenario")
    elif card.scenario is not None and card.scenario not in known:
        old = f" in {CLASSIC}" if card.scenario in ALL_SCENARIOS else ""
        yield f"{at}.scenario", f"there is no card scenario {card.scenario!r}{old}{nearest(card.scenario, known)}"


def _alias(name: str, at: str) -> Iterator[Fault]:
    try:
        find(name)
    except NoSuchAlias as error:
        yield at, str(error)


def _card_step(wish: CardStep, at: str, column: Column) -> Iterator[Fault]:
    if not wish.unlock:
        yield from _card(wish, at, column.version)
    elif wish.scenario is not None or wish.pan is not None:
        yield at, "unlock makes the card good that is there: it names no other"


def _rule(document: Mapping[str, Any], at: str) -> Iterator[Fault]:
    try:
        read_then(parse(document))
    except RuleError as error:
        told = str(error)
        yield at + error.path, plain(told) if "`" in told else told


def _armed(scenario: Scenario) -> Iterator[tuple[str, Misbehaviour]]:
    yield from ((f".faults[{index}]", fault) for index, fault in enumerate(scenario.faults))
    for index, step in enumerate(scenario.steps):
        if step.fault is not None:
            yield f".steps[{index}].fault", step.fault


def _misbehaviour(fault: Misbehaviour, at: str) -> Iterator[Fault]:
    try:
        check_fault(fault)
    except FaultRefused as refused:
        yield at, str(refused)


def _step(step: Step, at: str, column: Column) -> Iterator[Fault]:
    given = [name for name in step.__struct_fields__ if getattr(step, name) is not None]
    if len(given) != 1:
        yield at, f"a step does one thing: {', '.join(step.__struct_fields__)}"
        return
    (name,) = given
    if column.version == CLASSIC and name in _NOT_CLASSIC:
        yield (
            f"{at}.{name}",
            f"{CLASSIC} has no {name}: there are preparation, enrolment, payment, cardholder and returned",
        )
    elif column.version != CLASSIC and name in _ONLY_CLASSIC:
        yield f"{at}.{name}", f"{name} belongs to version {CLASSIC}, and this is {column.version}"
    elif name in _CHECKS:
        yield from _CHECKS[name](getattr(step, name), f"{at}.{name}", column)


def _authenticate(wish: Authenticate, at: str, column: Column) -> Iterator[Fault]:
    column = column.with_changes(wish)
    own = [name for name in ("send", "besides", "headers", "Erro", "fails", "category") if getattr(wish, name)]
    if wish.through is not None and (own or column.channel != CHANNELS["app"]):
        told = f"it takes no {own[0]}" if own else "it takes what an app's SDK gives: channel app"
        yield f"{at}.through", f"the gateway sends its own AReq: {told}"
    yield from names("AReq", wish.send, f"{at}.send", column, Leg.THREE_DS_SERVER_TO_DS)
    if len([each for each in (wish.ARes, wish.Erro, wish.fails) if each is not None]) > 1:
        yield at, "an AReq has one answer: ARes or Erro, or it fails"
    for kind, wanted in (("ARes", wish.ARes), ("Erro", wish.Erro)):
        yield from expected(kind, wanted or {}, f"{at}.{kind}", column, Leg.DS_TO_THREE_DS_SERVER)


def _enrolment(wish: Enrolment, at: str, column: Column) -> Iterator[Fault]:
    yield from names("VEReq", wish.send, f"{at}.send", column)
    if wish.VERes is not None and wish.Error is not None:
        yield at, "a VEReq has one answer: VERes or Error"
    for kind, wanted in (("VERes", wish.VERes), ("Error", wish.Error)):
        yield from expected(kind, wanted or {}, f"{at}.{kind}", column)


def _payment(wish: Payment, at: str, column: Column) -> Iterator[Fault]:
    yield from names("PAReq", wish.send, f"{at}.send", column)
    if wish.says is not None and wish.fails is not None:
        yield at, "a page says something, or none comes: says or fails"


def _preparation(wish: Preparation, at: str, column: Column) -> Iterator[Fault]:
    own, others = ({"PRes", "Erro", "range", "ranges"}, {"CRRes", "Error"})
    if column.version == CLASSIC:
        own, others = others, own
    for name in sorted(others):
        if getattr(wish, name) is not None:
            yield f"{at}.{name}", f"there is no {name} in {column.version}: there are {', '.join(sorted(own))}"
    if column.version == CLASSIC:
        yield from names("CRReq", wish.send, f"{at}.send", column)
        for kind, wanted in (("CRRes", wish.CRRes), ("Error", wish.Error)):
            yield from expected(kind, wanted or {}, f"{at}.{kind}", column)
        return
    yield from names("PReq", wish.send, f"{at}.send", column)
    if wish.Erro is not None and (wish.PRes is not None or wish.range is not None or wish.ranges is not None):
        yield at, "a PReq has one answer: PRes or Erro"
    yield from expected("PRes", wish.PRes or {}, f"{at}.PRes", column)
    yield from expected("Erro", wish.Erro or {}, f"{at}.Erro", column)
    if isinstance(wish.range, dict):
        within = {f"cardRangeData.{path}": value for path, value in wish.range.items()}
        inner = expected("PRes", within, f"{at}.range", column)
        yield from ((path.replace(".range.cardRangeData.", ".range."), words) for path, words in inner)
    elif wish.range not in (None, "<absent>"):
        yield f"{at}.range", "range holds elements of the entry for this card, or it is <absent>"


def _operation(wish: Operation, at: str, column: Column) -> Iterator[Fault]:
    if column.version != "2.3.1":
        yield at, f"OReq exists since 2.3.1, and this is {column.version}"
        return
    if wish.ORes is not None and wish.Erro is not None:
        yield at, "an OReq has one answer: ORes or Erro"
    leg = Leg.THREE_DS_SERVER_TO_DS if wish.to == "3ds-server" else Leg.ACS_TO_DS
    yield from expected("ORes", wish.ORes or {}, f"{at}.ORes", column, leg)
    yield from expected("Erro", wish.Erro or {}, f"{at}.Erro", column)
    sent = len(wish.parts) - len({*wish.left_out} & {*range(1, len(wish.parts) + 1)})
    if sent == 0 or (wish.answers is not None and len(wish.answers) != sent):
        yield at, f"{sent} parts of this notice are sent, and each has one answer"


def _cardholder(wish: Cardholder, at: str, column: Column) -> Iterator[Fault]:
    if (wish.do == "submit") != (wish.code is not None):
        yield at, "submit needs a code (its digits, correct or wrong), and nothing else takes one"
    if wish.do != "select" and wish.choice is not None:
        yield f"{at}.choice", "only select takes a choice"
    if wish.CReq and column.version == CLASSIC:
        yield f"{at}.CReq", f"{CLASSIC} has no CReq"
    elif wish.CReq:
        yield from names("CReq", wish.CReq, f"{at}.CReq", column)
    if column.version == CLASSIC and wish.do in ("approve", "decline", "select"):
        yield f"{at}.do", f"there was no {wish.do} in {CLASSIC}: banks asked for a code"


def _returned(wish: Elements, at: str, column: Column) -> Iterator[Fault]:
    kind = "CRes" if column.version != CLASSIC else "Error" if "errorCode" in wish else "PARes"
    yield from expected(kind, wish, at, column, Leg.FROM_ACS)


def _clock(duration: str, at: str, _column: Column) -> Iterator[Fault]:
    try:
        parse_duration(duration)
    except ValueError as error:
        yield at, str(error)


def _phone(wish: Phone, at: str, _column: Column) -> Iterator[Fault]:
    if wish.prompts == 0 and (wish.prompt is not None or wish.decide is not None):
        yield at, "there is nothing to read or to decide on a phone with 0 prompts"
    if wish.texts == 0 and wish.latest is not None:
        yield at, "there is nothing to read on a phone with 0 texts"


def _message(wish: MessageCheck, at: str, column: Column) -> Iterator[Fault]:
    yield from _kind(wish.kind, f"{at}.kind")
    times = [name for name in _TIMES if getattr(wish, name) is not None]
    if wish.count == 0 and (wish.has or wish.number or times):
        yield at, "nothing can stand in a message that there are 0 of"
    elif wish.count is not None and wish.number is not None and wish.number > wish.count:
        yield f"{at}.number", f"there is no number {wish.number} of {wish.count}"
    for name in times:
        yield from _clock(getattr(wish, name), f"{at}.{name}", column)
    if wish.since is not None:
        yield from _kind(wish.since, f"{at}.since")
        if not times:
            yield f"{at}.since", f"since needs a time: {', '.join(_TIMES)}"
    if wish.kind in PROTOCOL_KINDS + V1_KINDS:
        yield from _of_its_version(wish.kind, f"{at}.kind", column)
        yield from expected(wish.kind, wish.has, f"{at}.has", column)


def _of_its_version(kind: str, at: str, column: Column) -> Iterator[Fault]:
    if (kind in V1_KINDS) != (column.version == CLASSIC):
        yield at, f"there is no {kind} in version {column.version}"


def _order(kinds: list[str], at: str, _column: Column) -> Iterator[Fault]:
    for place, kind in enumerate(kinds):
        yield from _kind(kind, f"{at}[{place}]")


def _kind(kind: str, at: str) -> Iterator[Fault]:
    if kind not in _KINDS:
        yield at, f"there is no message {kind!r}; there are {', '.join(_KINDS)}"


_CHECKS: Final[Mapping[str, Callable[[Any, str, Column], Iterator[Fault]]]] = {
    "authenticate": _authenticate,
    "enrolment": _enrolment,
    "payment": _payment,
    "preparation": _preparation,
    "operation": _operation,
    "cardholder": _cardholder,
    "clock": _clock,
    "phone": _phone,
    "message": _message,
    "order": _order,
    "card": lambda wish, at, column: _card_step(wish, at, column),
    "result": lambda wish, at, column: expected("RReq", wish, at, column, Leg.DS_TO_THREE_DS_SERVER),
    "returned": _returned,
    "use": lambda wish, at, _column: iter([(at, f"{wish!r} stands beside something else: use is a step of its own")]),
}
