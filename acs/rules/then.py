"""What a matching rule makes of a card: the `then` of a rule. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from acs.cards import NotACard, check_outcome
from acs.classic.decision import PLAYS as CLASSIC_PLAYS
from acs.decision import PLAYS
from acs.records import Card
from threedsecure.rules import Rule, RuleError
from threedsecure.schemes import SCHEMES
from threedsecure.test_cards import ALL_SCENARIOS, METHOD, NOT_ENROLLED_DIGIT, VERSIONS, phone_number, read

_ALL_VERSIONS: Final = tuple(version for known in VERSIONS.values() for version in known)
PHONE_FOR_NOBODY: Final = "+9990000"


class Then(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`scenario` takes the place of the card's; `phone`, `tries`, `language`, `transStatus` and `reason` as when a card is minted.
    `scheme`: whose card it is, where the number itself does not say so."""

    scenario: str
    scheme: str | None = None
    phone: Annotated[str, Meta(pattern=r"^\+[1-9][0-9]{3,17}$")] | None = None
    tries: Annotated[int, Meta(ge=1, le=9)] | None = None
    language: Annotated[str, Meta(pattern="^[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8}){0,3}$")] | None = None
    transStatus: Literal["Y", "N", "U", "A", "R", "I"] | None = None  # noqa: N815 - the specification's name
    reason: Annotated[str, Meta(pattern="^[0-9]{2}$")] | None = None


def read_then(rule: Rule) -> Then:
    """Errors: `RuleError` for what this issuer cannot do."""
    try:
        then = msgspec.convert(dict(rule.then), Then)
    except msgspec.ValidationError as error:
        raise RuleError(".then", str(error)) from error
    plays = {**PLAYS, **CLASSIC_PLAYS} if rule.kind == "VEReq" else PLAYS
    if then.scenario not in plays:
        raise RuleError(".then.scenario", f"no scenario is called {then.scenario!r}; there are {', '.join(plays)}")
    if of_the_range(then.scenario):
        raise RuleError(
            ".then.scenario",
            f"{then.scenario} is decided by the card's range before the issuer hears of it: mint such a card, or edit the ranges",
        )
    if then.scheme is not None and then.scheme not in SCHEMES:
        raise RuleError(".then.scheme", f"there is no scheme {then.scheme!r}; there are {', '.join(SCHEMES)}")
    try:
        check_outcome(then.scenario, _ALL_VERSIONS, then.transStatus, then.reason)
    except NotACard as error:
        raise RuleError(".then", str(error)) from error
    return then


def of_the_range(scenario: str) -> bool:
    """Whether the directory server plays this scenario, by the range that the card is in."""
    known = ALL_SCENARIOS[scenario]
    return known.setup != METHOD or known.version == NOT_ENROLLED_DIGIT


def instructed(card: Card | None, pan: str, then: Mapping[str, Any]) -> Card:
    """The card as the rule has it; `card` is None for a number that the grammar of the test cards does not read."""
    wish = msgspec.convert(dict(then), Then)
    known = card or Card(pan, wish.scheme or next(iter(SCHEMES)), wish.scenario, PHONE_FOR_NOBODY + pan[-8:])
    return replace(
        known,
        scheme=wish.scheme or known.scheme,
        scenario=wish.scenario,
        phone=wish.phone or _phone(known, wish.scenario),
        tries=wish.tries or known.tries,
        language=wish.language or known.language,
        trans_status=wish.transStatus,
        reason=wish.reason,
    )


def _phone(card: Card, scenario: str) -> str:
    """What the network does to a text is told by the number, so a rule about that changes the number."""
    grammar = read(card.pan)
    if grammar is None or ALL_SCENARIOS[scenario].sms is None:
        return card.phone
    return phone_number(replace(grammar, scenario=ALL_SCENARIOS[scenario]))
