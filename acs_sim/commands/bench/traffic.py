"""What is sent: authentications as a gateway would send them, a fresh transaction each."""

import uuid
from collections.abc import Callable, Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Final

import orjson

from acs_sim.commands.bench.connection import request
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

MESSAGE: Final = "messages/2.2.0/areq-brw-pa.json"
_PLACE: Final = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
SPARE_SERIALS: Final = 9000
PLAIN: Final[Mapping[str, str | None]] = MappingProxyType(
    {"threeDSRequestorChallengeInd": "01", "whiteListStatus": None, "whiteListStatusSource": None}
)
"""No wish as to a challenge."""


def authentication_requests(
    url: str,
    elements: Mapping[str, str | None] = PLAIN,
    *,
    scenario: str = "frictionless",
    cards: int = 1000,
) -> Callable[[], bytes]:
    """Makes HTTP requests that post an AReq (2.2.0, 106 values, 3.3 kB) to `url`, each with a threeDSServerTransID of its own;
    the card numbers of the scenario take turns. `elements` replace or, being None, remove some."""
    message = orjson.loads((files("fixtures") / MESSAGE).read_bytes())
    message |= {
        "threeDSServerTransID": _PLACE,
        **elements,
    }
    message = {name: value for name, value in message.items() if value is not None}
    message_card = elements.get("acctNumber")
    templates = [
        _template(url, {**message, "acctNumber": message_card or card_number(scenario, number)})
        for number in range(1, cards + 1)
    ]
    turn = 0

    def make() -> bytes:
        nonlocal turn
        turn += 1
        before, after = templates[turn % cards]
        return b"%b%b%b" % (before, str(uuid.uuid4()).encode(), after)

    return make


def card_number(scenario: str, number: int) -> str:
    """A Visa card of the scenario; `number` is its serial."""
    return compose("visa", SCENARIOS[scenario], serial=str(number % SPARE_SERIALS))


def _template(url: str, message: dict[str, object]) -> tuple[bytes, bytes]:
    before, _, after = request("POST", url, orjson.dumps(message)).partition(_PLACE.encode())
    return before, after
