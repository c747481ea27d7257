"""What happens in one run: purchases, and whatever comes between. Drawn from a seed, played by the world, shrunk where it breaks a
promise, and told like a scenario file."""

from collections.abc import Sequence
from random import Random
from typing import Any, Final

import msgspec
import yaml

from tests.simulation.disk import TROUBLES

SPAN_SECONDS: Final = 45.0
"""In which everything begins."""
DIRECT, SHOP, CLASSIC = "3DS Server", "shop", "1.0.2"
SCENARIOS: Final = (
    ("challenge-otp", 12),
    ("challenge-oob", 2),
    ("challenge-password-otp", 1),
    ("frictionless", 3),
    ("frictionless-attempt", 1),
    ("unavailable", 1),
    ("decoupled", 1),
)
ACTS: Final = (
    ("right", 10),
    ("wrong", 5),
    ("right twice", 2),
    ("wrong twice", 1),
    ("guess 5", 2),
    ("another's", 1),
    ("blank", 1),
    ("resend", 2),
    ("reload", 2),
    ("back", 1),
    ("cancel", 1),
    ("idle 30", 1),
    ("idle 320", 1),
)
IN_THE_APP: Final = (("approve", 6), ("decline", 2), ("approve twice", 1), ("reload", 1), ("cancel", 1))
MOODS: Final = ("busy", "silent", "late", "erro", "garbage", "gone")
"""Of the gateway: how it answers RReqs."""
DEATHS: Final = ("now", "before a commit", "after a commit", "by a signal")


class Step(msgspec.Struct, frozen=True, omit_defaults=True, tag_field="what", kw_only=True):
    """`at`: seconds after the beginning."""

    at: float


class Buy(Step, frozen=True, tag="buy"):
    """`card`: scheme, scenario and serial. `does`: what the cardholder does, once challenged; nothing more after that."""

    name: str
    card: tuple[str, str, str]
    through: str = DIRECT
    version: str = "2.2.0"
    does: tuple[str, ...] = ()


class DiskTrouble(Step, frozen=True, tag="disk"):
    how: str
    seconds: float


class Weather(Step, frozen=True, tag="network"):
    """`bad`: the share of exchanges that something happens to."""

    bad: float
    inside: bool
    seconds: float


class Mood(Step, frozen=True, tag="gateway"):
    how: str
    seconds: float


class Death(Step, frozen=True, tag="dies"):
    """`down`: seconds until it is started again."""

    how: str
    down: float


class ClockMoved(Step, frozen=True, tag="clock"):
    minutes: float


class MachineSleeps(Step, frozen=True, tag="sleep"):
    seconds: float


class Look(Step, frozen=True, tag="look"):
    """Somebody looks at the desk."""


AnyStep = Buy | DiskTrouble | Weather | Mood | Death | ClockMoved | MachineSleeps | Look


class Story(msgspec.Struct, frozen=True):
    """`seed`: from which everything is drawn that the steps do not say: order, delays, identifiers."""

    seed: int
    steps: tuple[AnyStep, ...]

    @property
    def purchases(self) -> int:
        return sum(isinstance(step, Buy) for step in self.steps)

    def text(self, comments: Sequence[str] = ()) -> str:
        """As it is shown to people, and read again by `read`."""
        head = "".join(f"# {line}\n" for line in comments)
        return head + yaml.safe_dump(msgspec.to_builtins(self), sort_keys=False, width=120, default_flow_style=None)


def read(text: str) -> Story:
    return msgspec.convert(yaml.safe_load(text), Story, strict=False)


def draw(seed: int) -> Story:
    """The story of a seed."""
    source = Random(f"story {seed}")
    serials = [f"{source.randrange(1, 10_000):04}" for _ in range(source.choice((1, 2, 4)))]
    steps: list[AnyStep] = [_purchase(source, number, serials) for number in range(1, source.randrange(10, 24))]
    steps += [_trouble(source) for _ in range(source.choice((0, 1, 2, 3, 4, 6)))]
    steps += [Look(at=_at(source)) for _ in range(source.randrange(0, 4))]
    return Story(seed, tuple(sorted(steps, key=lambda step: step.at)))


def _purchase(source: Random, number: int, serials: Sequence[str]) -> Buy:
    scheme = source.choice(("visa", "visa", "mastercard"))
    through = source.choices((DIRECT, SHOP, CLASSIC), (12, 3, 2))[0]
    scenario = "challenge-otp" if through == CLASSIC else _weighed(source, SCENARIOS)
    version = "1.0.2" if through == CLASSIC else source.choice(("2.1.0", "2.2.0", "2.2.0", "2.3.1"))
    card = (scheme, scenario, source.choice(serials))
    return Buy(
        at=_at(source), name=f"p{number}", card=card, through=through, version=version, does=_acts(source, scenario)
    )


def _acts(source: Random, scenario: str) -> tuple[str, ...]:
    if scenario == "decoupled":
        return tuple(_weighed(source, IN_THE_APP[:3]) for _ in range(source.choice((0, 1, 1))))
    if not scenario.startswith("challenge") or source.random() < 0.05:
        return ()
    table = IN_THE_APP if scenario == "challenge-oob" else ACTS
    acts = [_weighed(source, table) for _ in range(source.choice((0, 1, 1, 2, 3, 5)))]
    if source.random() < 0.6 and table is ACTS:
        acts.append("right")
    return ("open", *acts)


def _trouble(source: Random) -> AnyStep:
    at, seconds = _at(source), _round(source.choice((0.3, 2.0, 8.0, 25.0)) * source.uniform(0.5, 1.5))
    kind = source.choice(("disk", "network", "gateway", "dies", "dies", "clock", "sleep"))
    match kind:
        case "disk":
            return DiskTrouble(at=at, how=source.choice(TROUBLES), seconds=seconds)
        case "network":
            bad = source.choice((0.05, 0.2, 0.6))
            return Weather(at=at, bad=bad, inside=source.random() < 0.5, seconds=seconds)
        case "gateway":
            return Mood(at=at, how=source.choice(MOODS), seconds=seconds)
        case "dies":
            return Death(at=at, how=source.choice(DEATHS), down=_round(source.choice((0.1, 1.0, 5.0))))
        case "clock":
            return ClockMoved(at=at, minutes=source.choice((0.6, 6.0, 11.0, 61.0)))
        case _:
            return MachineSleeps(at=at, seconds=source.choice((1.0, 20.0, 400.0)))


def _weighed(source: Random, table: Sequence[tuple[str, int]]) -> Any:
    return source.choices([name for name, _ in table], [weight for _, weight in table])[0]


def _at(source: Random) -> float:
    return _round(source.random() * SPAN_SECONDS)


def _round(seconds: float) -> float:
    return round(seconds, 2)
