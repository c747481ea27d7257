"""What an issuer's own decision service is asked, and what its answer makes of a card (docs/issuer-decides.md). Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from acs.v2.decision.preferences import shares_data_only
from threedsecure.cards.plays import Ask, Method, RReqOrder
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.v2.views import AuthenticationRequest

MAX_ANSWER_BYTES: Final = 16 * 1024
MAX_WORDS: Final = 200
_REASON: Final = "^(0[1-9]|[12][0-9]|30|[89][0-9])$"
_NAME: Final = "^[a-z0-9-]{1,40}$"


class Frictionless(Struct, frozen=True, forbid_unknown_fields=True, tag_field="decision", tag="frictionless"):
    """No challenge. I is answered where the requestor asked for it, else Y."""

    transStatus: Literal["Y", "A", "I"] = "Y"  # noqa: N815 - the specification's name


class Challenge(Struct, frozen=True, forbid_unknown_fields=True, tag_field="decision", tag="challenge"):
    """`method`: how the cardholder is asked (`Method`)."""

    method: Annotated[str, Meta(pattern=_NAME)] = Method.SMS_CODE


class Refuse(Struct, frozen=True, forbid_unknown_fields=True, tag_field="decision", tag="refuse"):
    """`reason`: transStatusReason."""

    transStatus: Literal["N", "R", "U"] = "N"  # noqa: N815 - the specification's name
    reason: Annotated[str, Meta(pattern=_REASON)] = "01"


class Defer(Struct, frozen=True, forbid_unknown_fields=True, tag_field="decision", tag="decoupled"):
    """Decided later in the banking app, where the requestor takes that; else N."""


class LeaveToCard(Struct, frozen=True, forbid_unknown_fields=True, tag_field="decision", tag="card"):
    """As if nobody had been asked."""


Chosen: TypeAlias = Frictionless | Challenge | Refuse | Defer | LeaveToCard
_READ: Final = msgspec.json.Decoder(Chosen)

MISSED: Final[Mapping[str, Chosen]] = MappingProxyType(
    {"card": LeaveToCard(), "challenge": Challenge(), "unavailable": Refuse("U", "22")}
)
"""What stands where the service did not decide, by its name in the settings."""

_UNCHALLENGED: Final = {"Y": "frictionless", "A": "frictionless-attempt", "I": "informational"}
SCENARIO_OF: Final[Mapping[str, str]] = MappingProxyType(
    {
        str(known.play.method): name
        for name, known in reversed([*SCENARIOS.items()])
        if isinstance(known.play, Ask) and known.play.rreq is RReqOrder.FIRST and known.sms is None
    }
)
"""By the method of a challenge: the first scenario that asks so."""


def question(areq: Mapping[str, Any], scheme: str, scenario: str, confirmed: bool | None = None) -> dict[str, Any]:
    """What the service is posted. The card number is in clear: nobody else can say whose card it is. `scenario`: what the card
    would do by itself; `confirmed`: whether the AReq that follows an ARes S brings a good assertion, None for any other AReq."""
    asked = {"version": "1", "scheme": scheme, "scenario": scenario, "areq": areq}
    return asked if confirmed is None else asked | {"confirmed": confirmed}


def read_answer(status: int, media_type: str, body: bytes) -> Chosen:
    """Errors: `ValueError` with words for whoever wrote the service; they repeat nothing of the answer but names."""
    if status != 200:
        raise ValueError(f"HTTP status {status} instead of 200")
    if media_type != "application/json":
        raise ValueError("the content type is not application/json")
    if len(body) > MAX_ANSWER_BYTES:
        raise ValueError(f"the answer is longer than {MAX_ANSWER_BYTES} bytes")
    try:
        chosen: Chosen = _READ.decode(body)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        words = "".join(each if each.isprintable() else "?" for each in str(error)[:MAX_WORDS])
        raise ValueError(words) from error
    if isinstance(chosen, Challenge) and chosen.method not in SCENARIO_OF:
        raise ValueError(f"no challenge is called {chosen.method}; there are {', '.join(SCENARIO_OF)}")
    return chosen


def as_rule(chosen: Chosen) -> dict[str, str] | None:
    """The decision as the `then` of a matching rule; None to leave it to the card."""
    match chosen:
        case Frictionless(status):
            return {"scenario": _UNCHALLENGED[status]}
        case Challenge(method):
            return {"scenario": SCENARIO_OF[method]}
        case Refuse(status, reason):
            return {"scenario": "not-authenticated", "transStatus": status, "reason": reason}
        case Defer():
            return {"scenario": "decoupled"}
        case LeaveToCard():
            return None


def as_decided(request: AuthenticationRequest, chosen: Chosen) -> AuthenticationRequest:
    """The request without the wishes that the service has considered. A request for information only (06) stays one, since a
    challenge would be an error, and so does every request that I is to answer."""
    kept = isinstance(chosen, LeaveToCard) or (isinstance(chosen, Frictionless) and chosen.transStatus == "I")
    return request if kept or shares_data_only(request) else replace(request, challenge_indicators=())
