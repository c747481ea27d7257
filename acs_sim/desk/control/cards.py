"""`/api/cards` and `/api/scenarios`."""

from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta

from acs_sim.client.aliases import NoSuchAlias, find, is_alias
from acs_sim.client.card_list import card_document, listed_cards
from acs_sim.client.parties import Refused
from acs_sim.desk.api.calls import Desk, answered, call
from acs_sim.desk.api.documents import Card, Cards, CardStanding, CardWish, Scenario, Scenarios
from acs_sim.desk.control import faults, passkeys
from acs_sim.desk.known_cards import known_card
from threedsecure.cards.cartes_bancaires import SCHEME as CARTES_BANCAIRES
from threedsecure.cards.scenarios import (
    ALL_SCENARIOS,
    NOT_ENROLLED_DIGIT,
    SCENARIOS,
    V1_SCENARIOS,
    V1_VERSION,
    VERSIONS,
)
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES, compose, read
from threedsecure.faults import read as read_fault
from threedsecure.web.wire import Problem, WireResponse

_KEPT: Final = (
    *("phone", "tries", "language", "transStatus", "reason", "password", "failures", "challenges", "unasked"),
    "unaskedAmount",
)
"""What the issuer keeps of a wish."""


@call("GET", "/api/cards", errors=(400,))
async def list_cards(
    desk: Desk,
    scheme: Annotated[str | None, Meta(description="only cards of this scheme")] = None,
    scenario: Annotated[str | None, Meta(description="only cards with this scenario")] = None,
    version: Annotated[str | None, Meta(description="only cards whose range knows this protocol version")] = None,
) -> Cards:
    """The test cards."""
    try:
        found = listed_cards(scheme=scheme, scenario=scenario, version=version, now=desk.runtime.clock.now())
    except ValueError as error:
        raise Problem(400, "Bad Request", str(error)) from error
    return Cards([msgspec.convert(card, Card) for card in found])


@call("GET", "/api/cards/{pan}", errors=(404, 502))
async def show_card(desk: Desk, pan: str) -> Card:
    """What a card does."""
    return await find_card(desk, pan)


@call("POST", "/api/cards/{pan}/unlock", errors=(404, 502))
async def unlock_card(desk: Desk, pan: str) -> CardStanding:
    """Make a card good again that failed purchases have locked."""
    stands = await desk.parties.call("acs", "/control/cards/unlock", {"pan": known_card(pan, desk.other_cards).pan})
    return msgspec.convert(stands, CardStanding)


@call("POST", "/api/cards", status=201, errors=(400, 409, 422, 502), answer=(Card,))
async def mint_card(desk: Desk, wish: CardWish) -> WireResponse:
    """Mint a fresh card with a phone of its own, so that tests running side by side share nothing."""
    card = await mint(desk, wish)
    return answered(card, 201, {"Location": f"/api/cards/{card.pan}"})


@call("GET", "/api/scenarios")
async def list_scenarios(desk: Desk) -> Scenarios:
    """What a card can be told to do."""
    return Scenarios([Scenario(s.name, s.description, s.version + s.setup + s.code) for s in ALL_SCENARIOS.values()])


async def find_card(desk: Desk, pan: str) -> Card:
    """The card that a number stands for, with what was asked for when it was minted. Errors: `Problem` 404."""
    document = card_document(known_card(pan, desk.other_cards), desk.runtime.clock.now())
    if (other := desk.other_cards.by_number.get(pan)) is not None:
        return msgspec.convert({**document, "phone": other.then["phone"]}, Card)
    try:
        registered = await desk.parties.call("acs", "/control/cards/find", {"pan": pan})
    except Refused as refusal:
        if refusal.status != 404:
            raise
        registered = {}
    asked_for = {name: registered[name] for name in ("phone", "scenario") if registered.get(name)}
    return msgspec.convert({**document, **asked_for}, Card)


async def mint(desk: Desk, wish: CardWish) -> Card:
    """A card that nobody has been given before. Errors: `Problem` 400 for a wish that cannot be met, 409 when all are given."""
    if is_alias(wish.scenario):
        return await _mint_alias(desk, wish)
    digits = {**_digits(wish), "beside": _beside(wish)}
    bound = [faults.bound_to_card(fault) for fault in wish.faults]
    asked_for = {name: value for name in _KEPT if (value := getattr(wish, name)) is not None}
    for card in unlisted(desk, **digits):
        try:
            await desk.parties.call(
                "acs", "/control/cards", {"pan": card.pan, "scenario": card.scenario.name, **asked_for}
            )
        except Refused as refusal:
            if refusal.status != 409:
                raise
            continue
        await faults.arm(desk, [msgspec.structs.replace(fault, card=card.pan) for fault in bound])
        if wish.passkey:
            await passkeys.enrol(desk, card.pan)
        return msgspec.convert({**card_document(card, desk.runtime.clock.now()), **_shown(asked_for)}, Card)
    raise Problem(
        409, "Conflict", f"every {wish.scheme} card for {wish.scenario} is given; POST /api/reset takes them back"
    )


async def _mint_alias(desk: Desk, wish: CardWish) -> Card:
    """A card under the name that another system has for it; what goes wrong with it goes wrong every time."""
    try:
        alias = find(wish.scenario)
    except NoSuchAlias as error:
        raise Problem(400, "Bad Request", str(error)) from error
    misbehaves = [read_fault({**fault, "when": "every"}) for fault in alias.faults]
    return await mint(
        desk,
        msgspec.structs.replace(
            wish,
            scenario=alias.scenario,
            version=wish.version or alias.version,
            reason=wish.reason or alias.reason,
            password=wish.password or alias.password,
            faults=[*wish.faults, *misbehaves],
        ),
    )


def _shown(asked_for: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked_for.items() if name == "phone"}


def _digits(wish: CardWish) -> dict[str, Any]:
    scenarios = V1_SCENARIOS if wish.version == V1_VERSION else ALL_SCENARIOS
    scenario = scenarios.get(wish.scenario)
    if wish.scheme not in SCHEMES:
        raise Problem(400, "Bad Request", f"there is no scheme {wish.scheme[:40]!r}; there are {', '.join(SCHEMES)}")
    if scenario is None:
        known = ", ".join(scenarios)
        raise Problem(400, "Bad Request", f"there is no scenario {wish.scenario[:40]!r}; there are {known}")
    if scenario.name not in SCENARIOS or wish.version == V1_VERSION:
        _check_classic(wish)
    if wish.version is None:
        return {"scheme": wish.scheme, "scenario": scenario, "version": None}
    if scenario.version == NOT_ENROLLED_DIGIT:
        raise Problem(400, "Bad Request", f"{scenario.name} is outside every card range, so it has no version")
    digit = next((digit for digit, versions in VERSIONS.items() if versions == (wish.version,)), None)
    if digit is None:
        single = ", ".join(versions[0] for versions in VERSIONS.values() if len(versions) == 1)
        raise Problem(
            400, "Bad Request", f"no card range knows version {wish.version[:40]!r} alone; there are {single}"
        )
    return {"scheme": wish.scheme, "scenario": scenario, "version": digit}


def _check_classic(wish: CardWish) -> None:
    """Errors: `Problem` 400 for a scheme that had no 1.0.2 programme, or a scenario that only 1.0.2 plays in another version."""
    if wish.scheme not in V1_SCHEMES:
        raise Problem(400, "Bad Request", f"{wish.scheme} never spoke 1.0.2; there are {', '.join(V1_SCHEMES)}")
    if wish.version not in {None, V1_VERSION}:
        raise Problem(400, "Bad Request", f"only 1.0.2 plays {wish.scenario}")


def _beside(wish: CardWish) -> str | None:
    """Errors: `Problem` 400 for another brand on a card that bears one alone."""
    if wish.beside is not None and wish.scheme != CARTES_BANCAIRES:
        raise Problem(400, "Bad Request", f"beside: cards of {wish.scheme[:40]} bear one brand; those of cb bear two")
    return wish.beside


def unlisted(desk: Desk, *, scheme: str, scenario: Any, version: str | None, beside: str | None = None) -> Any:
    """Every card but the listed one (serial 0), once, from a random one on."""
    places = SCHEMES[scheme].pan_lengths[0] - 12
    count = 10**places - 1
    first = desk.runtime.randomness.below(count)
    for step in range(count):
        serial = str(1 + (first + step) % count)
        card = read(compose(scheme, scenario, serial=serial, version=version, beside=beside))
        if card is not None and card.pan not in desk.other_cards.by_number:
            yield card
