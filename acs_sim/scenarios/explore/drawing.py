"""One payment drawn: a scenario in the words of a scenario file, so that what was drawn can be read, kept and played again."""

from random import Random
from typing import Any, Final

from acs_sim.findings.observed import MARKUP
from acs_sim.scenarios.explore import space
from acs_sim.scenarios.explore.coverage import Coverage

Tree = dict[str, Any]
Drawn = tuple[str, list[Tree], list[Tree]]
"""The scenario of the card, faults, steps."""
_NOTICE: Final[Tree] = {"operation": {"parts": ["A notice.", "Its second part."]}}
FAULTS: Final = (0, 1, 1, 1, 1, 1, 2, 2, 2, 2)
MOST_DEEDS: Final = 4
INDICATOR: Final = "threeDSRequestorChallengeInd"
SHARES: Final = (0.4, 0.2, 0.4)
"""Of races, of single faults, of whole payments."""
SECOND_PAYMENT: Final = 0.2
OF_ANOTHER: Final = (
    {"at": "CRes post", "do": "other-session"},
    {"at": "CRes post", "do": "swap-ids"},
    {"at": "RReq", "do": "swap-ids", "element": "acsTransID"},
    {"at": "ARes", "do": "swap-ids"},
)
"""Faults that need another payment which is open at the same time."""


def draw(random: Random, number: int, coverage: Coverage) -> Tree:
    """A scenario. `number`: its place among those of the seed."""
    version = random.choice(space.VERSIONS)
    kind = random.choices((_race, _single, _whole), SHARES)[0]
    return _story(random, number, version, *kind(random, coverage, version))


def _whole(random: Random, coverage: Coverage, version: str) -> Drawn:
    """A card, what goes wrong with it, and what the cardholder does."""
    faults = [_fault(random, coverage, version) for _ in range(random.choice(FAULTS))]
    points = {fault["at"] for fault in faults}
    fitting = [space.FITTING[at] for at in points if at in space.FITTING]
    names = frozenset(space.CARDS).intersection(*fitting) or fitting[0]
    card = coverage.choose(random, "card", {name: space.CARDS[name] for name in space.CARDS if name in names})
    steps: list[Tree] = [{"authenticate": _authenticate(random)}]
    if random.random() < SECOND_PAYMENT:
        card = card if fitting else space.CHALLENGED
        faults.append(dict(random.choice(OF_ANOTHER)))
        steps += [{"cardholder": {"do": "abandon", "any": True}}, {"card": {"scenario": card}}, _another(random)]
    if card not in space.WITHOUT_CHALLENGE:
        steps += _deeds(random, coverage, card, least=bool(fitting))
    if points & space.OF_RANGES:
        steps += [{"clock": space.A_DAY_LATER}, _another(random)]
    elif random.random() < 0.2:
        steps.append({"clock": random.choice(space.JUMPS)})
        steps += [_another(random)] * (random.random() < 0.5)
    return card, faults, steps


def _single(random: Random, coverage: Coverage, version: str) -> Drawn:
    """A payment that goes well but for one thing."""
    at, do, element = space.SINGLES[coverage.choose(random, "single", dict.fromkeys(space.SINGLES, 1.0))]
    fault: Tree = {"at": at, "do": do, **space.SETTINGS.get(do, {}), **({"element": element} if element else {})}
    if do == "set":
        fault["value"] = _wrong_value(random, element)
    card = random.choice(("frictionless", space.CHALLENGED)) if at == "ARes" else space.CHALLENGED
    deeds = [] if card in space.WITHOUT_CHALLENGE else [{"cardholder": _deed("correct", card)}]
    return card, [fault], [{"authenticate": {"any": True}}, *deeds]


def _wrong_value(random: Random, element: str) -> Any:
    if element == "transStatus" and random.random() < 0.8:
        return random.choice(space.STATUSES)
    return random.choice(space.WRONG_OF.get(element, space.WRONG_VALUES))


def _race(random: Random, coverage: Coverage, version: str) -> Drawn:
    name = coverage.choose(random, "race", dict.fromkeys(space.RACES, 1.0))
    card, faults, steps = space.RACES[name]
    again = coverage.drawn["race", name] > 1  # the first time it is drawn as it stands
    more = [_fault(random, coverage, version)] if again and random.random() < 0.25 else []
    later = _deeds(random, coverage, card) if again and random.random() < 0.25 else []
    return (
        card,
        [*map(dict, faults), *more],
        [
            {"authenticate": {"any": True}},
            *(_another(random) if "authenticate" in step else dict(step) for step in steps),
            *later,
        ],
    )


def _story(random: Random, number: int, version: str, card: str, faults: list[Tree], steps: list[Tree]) -> Tree:
    notices = [dict(_NOTICE)] if any(fault["at"] == "OReq" for fault in faults) else []
    version = space.WITH_NOTICES if notices else version
    return {
        "name": f"play {number}",
        "about": f"Drawn as play {number}.",
        "version": version,
        "card": {"scenario": card, "scheme": random.choice(space.SCHEMES)},
        "purchase": _purchase(random),
        "faults": reasoned(faults),
        "steps": [*(_in_version(step, version) for step in [*steps, *notices]), {"verdict": "acquitted"}],
    }


def _another(random: Random) -> Tree:
    """Another payment of the card."""
    wish: Tree = {"any": True, "send": {"purchaseAmount": random.choice(space.AMOUNTS)}}
    return {"authenticate": wish}


def _in_version(step: Tree, version: str) -> Tree:
    """Since 2.3.1 there may be several challenge indicators."""
    sent = step.get("authenticate", {}).get("send", {})
    if version != "2.3.1" or INDICATOR not in sent:
        return step
    return {"authenticate": {**step["authenticate"], "send": {**sent, INDICATOR: [sent[INDICATOR]]}}}


def _authenticate(random: Random) -> Tree:
    wish: Tree = {"any": True}
    sent: Tree = {INDICATOR: random.choice(space.INDICATORS)} if random.random() < 0.3 else {}
    if random.random() < 0.3:
        sent |= random.choice(space.OPTIONS)
    if sent:
        wish["send"] = sent
    if random.random() < 0.15:
        wish["clicks"] = 2
    return wish


def _purchase(random: Random) -> Tree:
    currency, exponent = random.choice(space.CURRENCIES)
    elements = {
        "purchaseAmount": random.choice(space.AMOUNTS),
        "purchaseCurrency": currency,
        "purchaseExponent": exponent,
        "cardholderName": random.choice(space.NAMES),
        "email": random.choice(space.EMAILS),
        "billAddrCity": random.choice(space.CITIES),
    }
    return {name: value for name, value in elements.items() if name.startswith("purchase") or random.random() < 0.5}


def _deeds(random: Random, coverage: Coverage, card: str, *, least: bool = False) -> list[Tree]:
    """`least`: at least one, so that there is a challenge for what is to go wrong with it."""
    steps: list[Tree] = []
    for _ in range(random.randint(int(least), MOST_DEEDS)):
        steps.append({"cardholder": _deed(coverage.choose(random, "deed", space.DEEDS), card)})
        if random.random() < 0.15:
            steps.append({"clock": random.choice(space.JUMPS)})
    if steps and random.random() < 0.15:
        steps[0]["cardholder"]["CReq"] = {"challengeWindowSize": random.choice(space.WINDOWS)}
    return steps


def _deed(name: str, card: str) -> Tree:
    """What the name means in front of this card's challenge."""
    if name in {"correct", "twice", "closed", "wrong"}:
        answer = _answer("wrong" if name == "wrong" else "correct", card)
        more: Tree = {"clicks": 2} if name == "twice" else {"deliver": False} if name == "closed" else {}
        return {**answer, **more, "any": True}
    return {"do": name, "any": True}


def _answer(which: str, card: str) -> Tree:
    if card in space.APPROVED:
        return {"do": "approve" if which == "correct" else "decline"}
    if card in space.CHOSEN:
        return {"do": "select", "choice": which}
    return {"do": "submit", "code": which}


def _fault(random: Random, coverage: Coverage, version: str) -> Tree:
    at, sender, do = coverage.choose_fault(random)
    fault: Tree = {"at": at, "from": sender, "do": do, **space.SETTINGS.get(do, {})}
    if random.random() < 0.2:
        fault["when"] = "every"
    if do in space.ELEMENT_FAULTS:
        fault |= _element(random, at, do, version)
    if do == "erro" and random.random() < 0.7:
        fault["detail"] = MARKUP
    if do == "swap-ids" and (at == "RReq" or random.random() < 0.5):
        fault["with"] = "unknown"  # a result with all the identifiers of another payment is one of that payment
    return fault


def _element(random: Random, at: str, do: str, version: str) -> Tree:
    decisive = space.DECISIVE.get(at, ())
    name = random.choice(decisive if decisive and random.random() < 0.6 else space.elements_of(at, version))
    if do == "rename":
        return {"element": name, "to": f"{name.rpartition('.')[2][:40]}s"}
    if do == "retype":
        return {"element": name, "to": random.choice(space.TYPES)}
    if do == "set":
        return {"element": name, "value": _wrong_value(random, name)}
    return {"element": name}


def reasoned(faults: list[Tree]) -> list[Tree]:
    """The faults, with a transStatusReason beside each status that needs one: the message is right then, and says another."""
    more: list[Tree] = []
    for fault in faults:
        more.append(fault)
        status = fault.get("value") if fault.get("element") == "transStatus" and fault["do"] == "set" else None
        if fault["at"] in ("ARes", "RReq") and isinstance(status, str) and status in space.REASONED:
            more.append({**fault, "element": "transStatusReason", "value": space.REASONED[status]})
    return more
