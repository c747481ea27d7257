"""The cards of this issuer: what the digits of a test card say, and what a minted card was told instead."""

from collections.abc import Container
from typing import Final

from msgspec.structs import replace

from acs.cards.records import Card, Registration
from threedsecure.cards.plays import Ask, Settle
from threedsecure.cards.scenarios import ALL_SCENARIOS, SCENARIOS
from threedsecure.cards.schemes import badge, co_badged
from threedsecure.cards.test_cards import nearest, phone_number, read
from threedsecure.secrets.remembering import remembering
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.reasons import exists_in

NEAREST_NAMED: Final = 3
CO_BADGED: Final = frozenset(names[0] for names in co_badged().values())
"""Schemes whose cards bear another one beside it."""


class NotACard(ValueError):
    """Words for whoever asked to register it."""


def issued(pan: str, registration: Registration | None) -> Card | None:
    """The card of this number, or None when this issuer has none such."""
    printed = _printed(pan)
    if printed is None or registration is None:
        return printed
    return Card(
        pan,
        printed.scheme,
        registration.scenario,
        registration.phone,
        registration.tries,
        registration.language,
        registration.trans_status,
        registration.reason,
        registration.password,
        registration.failures,
        registration.challenges,
        registration.unasked,
        registration.unasked_amount,
    )


def under(card: Card, schemes: Container[str]) -> Card:
    """A co-badged card as the one of its schemes that asks; any other card as it is."""
    asking = badge(card.pan, schemes)
    return card if asking in (None, card.scheme) else replace(card, scheme=asking)


@remembering(1024)
def _printed(pan: str) -> Card | None:
    """What the digits alone say."""
    known = read(pan)
    return None if known is None else Card(pan, known.scheme, known.scenario.name, known.phone)


def register(
    pan: str,
    scenario: str,
    *,
    phone: str | None = None,
    tries: int | None = None,
    language: str | None = None,
    trans_status: str | None = None,
    reason: str | None = None,
    password: str | None = None,
    failures: int | None = None,
    challenges: int | None = None,
    unasked: int | None = None,
    unasked_amount: int | None = None,
) -> Registration:
    """Errors: `NotACard`."""
    known = read(pan)
    if known is None:
        raise NotACard("the card number is not one that the grammar of the test cards reads")
    if scenario not in ALL_SCENARIOS:
        raise NotACard(f"no scenario is called {scenario!r}; this issuer plays {', '.join(ALL_SCENARIOS)}")
    check_outcome(scenario, known.versions, trans_status, reason)
    spoken = replace(known, scenario=ALL_SCENARIOS[scenario])
    number = phone or phone_number(spoken)
    own = (tries, language, trans_status, reason, password, failures, challenges, unasked, unasked_amount)
    return Registration(pan, scenario, number, *own)


def check_outcome(scenario: str, versions: tuple[str, ...], trans_status: str | None, reason: str | None) -> None:
    """Errors: `NotACard` for an outcome that the scenario cannot have, or that no version of the card knows."""
    play = SCENARIOS[scenario].play if scenario in SCENARIOS else None
    if trans_status is not None and not isinstance(play, Settle):
        raise NotACard(f"transStatus: {scenario} decides that by itself; ask for a scenario without a challenge")
    if reason is None:
        return
    if not isinstance(play, Settle | Ask):
        raise NotACard(f"reason: {scenario} gives none")
    if not any(exists_in(version, reason) for version in versions if version in SUPPORTED_VERSIONS):
        spoken = ", ".join(versions) or "no version"
        raise NotACard(f"reason: transStatusReason {reason} does not exist for a card that knows {spoken}")


def advice(pan: str) -> str:
    """Words about a number that is not a card of this issuer; they do not repeat the number."""
    # In groups of four, because these numbers are for reading: an Erro masks what looks like the number of somebody's card.
    names = ", ".join(f"{_grouped(card.pan)} ({card.scenario.name})" for card in nearest(pan, NEAREST_NAMED))
    return f"acctNumber is not a card of this issuer; the nearest test cards are {names}"


def _grouped(pan: str) -> str:
    return " ".join(pan[start : start + 4] for start in range(0, len(pan), 4))
