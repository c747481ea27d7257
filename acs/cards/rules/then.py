"""What a matching rule makes of a card: the `then` of a rule. Pure."""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from acs.cards.issued import NotACard, check_outcome
from acs.cards.records import Card
from threedsecure.addresses import is_web_address
from threedsecure.cards.other_cards import nobodys_phone
from threedsecure.cards.scenarios import ALL_SCENARIOS, METHOD, NOT_ENROLLED_DIGIT, SCENARIOS, VERSIONS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import phone_number, read
from threedsecure.faults import Fault, FaultRefused
from threedsecure.faults import read as read_fault
from threedsecure.rules import Rule, RuleError

_ALL_VERSIONS: Final = tuple(version for known in VERSIONS.values() for version in known)
_OF_THE_CARD: Final = ("scheme", "phone")
TOLD: Final = frozenset(
    {
        "broadInfo",
        "cardholderInfo",
        "transStatusReasonInfo",
        "cardSecurityCodeStatus",
        "cardSecurityCodeStatusSource",
        "messageExtension",
    }
)
"""What an issuer may add without contradicting what it decides."""


class Then(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`scenario` takes the place of the card's; `phone`, `tries`, `language`, `transStatus`, `reason` and `password` as when a card
    is minted. `scheme`: whose card it is, where the number itself does not say so. `fault`: what goes wrong with it. `decides`: the
    address of a service that is asked what the card does. `tells`: elements of ARes and RReq beside what the scenario says
    (`TOLD`)."""

    scenario: str | None = None
    fault: dict[str, Any] | None = None
    scheme: str | None = None
    phone: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{6,14}$")] | None = None
    tries: Annotated[int, Meta(ge=1, le=9)] | None = None
    language: Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$")] | None = None
    transStatus: Literal["Y", "N", "U", "A", "R", "I"] | None = None  # noqa: N815 - the specification's name
    reason: Annotated[str, Meta(pattern="^[0-9]{2}$")] | None = None
    decides: str | None = None
    tells: dict[str, Any] | None = None
    password: Annotated[str, Meta(min_length=1, max_length=100)] | None = None


def read_then(rule: Rule) -> Then:
    """Errors: `RuleError` for what this issuer cannot do."""
    try:
        then = msgspec.convert(dict(rule.then), Then, strict=False)  # YAML has text where a number is meant
    except msgspec.ValidationError as error:
        raise RuleError(".then", str(error)) from error
    if then.fault is not None:
        fault_of(then.fault, "any")
    if odd := set(then.tells or {}) - TOLD:
        raise RuleError(f".then.tells.{min(odd)}", f"the issuer tells {', '.join(sorted(TOLD))}")
    if then.scenario is None:
        _check_alone(rule, then)
    else:
        _check_scenario(rule, then, then.scenario)
    return then


def fault_of(document: Mapping[str, Any], transaction: str) -> Fault:
    """The fault of a rule, for one transaction. Errors: `RuleError`."""
    if "card" in document or "transaction" in document:
        raise RuleError(
            ".then.fault", "the fault of a rule is for the transaction that matches: no card, no transaction"
        )
    try:
        return read_fault({**document, "transaction": transaction}, lax=True)
    except FaultRefused as refused:
        raise RuleError(".then.fault", str(refused)) from refused


def _check_alone(rule: Rule, then: Then) -> None:
    """Without a scenario the card stays what it is, or somebody is asked."""
    if then.fault is None and then.decides is None and then.tells is None:
        raise RuleError(".then", "then names a scenario, a service that decides, what is told, or a fault")
    if others := set(rule.then) - {"fault", "decides", "tells"}:
        raise RuleError(".then", f"{', '.join(sorted(others))} belongs to a scenario, and there is none")
    if then.decides is not None and (rule.kind == "VEReq" or not is_web_address(then.decides)):
        raise RuleError(".then.decides", "the http or https address of a service that decides on an AReq")


def _check_scenario(rule: Rule, then: Then, scenario: str) -> None:
    if then.decides is not None:
        raise RuleError(".then.decides", "a service decides in place of a scenario, not beside one")
    plays = ALL_SCENARIOS if rule.kind == "VEReq" else SCENARIOS
    if scenario not in plays:
        raise RuleError(".then.scenario", f"no scenario is called {scenario!r}; there are {', '.join(plays)}")
    if of_the_range(scenario):
        raise RuleError(
            ".then.scenario",
            f"{scenario} is decided by the card's range before the issuer hears of it: mint such a card, or edit the ranges",
        )
    if then.scheme is not None and then.scheme not in SCHEMES:
        raise RuleError(".then.scheme", f"there is no scheme {then.scheme!r}; there are {', '.join(SCHEMES)}")
    try:
        check_outcome(scenario, _ALL_VERSIONS, then.transStatus, then.reason)
    except NotACard as error:
        raise RuleError(".then", str(error)) from error


def over(other: Mapping[str, Any] | None, then: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a rule says over what a card of another system is told by itself: such a card keeps its scheme and its phone."""
    if other is None:
        return then
    return {**{name: told for name, told in other.items() if "scenario" not in then or name in _OF_THE_CARD}, **then}


def of_the_range(scenario: str) -> bool:
    """Whether the directory server plays this scenario, by the range that the card is in."""
    known = ALL_SCENARIOS[scenario]
    return known.setup != METHOD or known.version == NOT_ENROLLED_DIGIT


def instructed(card: Card | None, pan: str, then: Mapping[str, Any]) -> Card | None:
    """The card as the rule has it; `card` is None for a number that the grammar of the test cards does not read."""
    wish = msgspec.convert(dict(then), Then, strict=False)
    if wish.scenario is None:
        return card if card is None or wish.tells is None else replace(card, tells=wish.tells)
    known = card or Card(pan, wish.scheme or next(iter(SCHEMES)), wish.scenario, nobodys_phone(pan))
    return replace(
        known,
        scheme=wish.scheme or known.scheme,
        scenario=wish.scenario,
        phone=wish.phone or _phone(known, wish.scenario),
        tries=wish.tries or known.tries,
        language=wish.language or known.language,
        trans_status=wish.transStatus,
        reason=wish.reason,
        password=wish.password,
        tells=wish.tells,
    )


def _phone(card: Card, scenario: str) -> str:
    """What the network does to a text is told by the number, so a rule about that changes the number."""
    grammar = read(card.pan)
    if grammar is None or ALL_SCENARIOS[scenario].sms is None:
        return card.phone
    return phone_number(replace(grammar, scenario=ALL_SCENARIOS[scenario]))
