"""The rule book with dates: what a scheme's directory server does from the day on which an expectation with a date is in force.

Nothing here is asked unless a service is told a day (`--rules-as-of`); before it, and always, the rows are advice."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.context import Context
from threedsecure.v2.validation.expectations import AUTHORISATION, DATED, Enforced, Expectation
from threedsecure.v2.validation.plans import plan_for

Message = Mapping[str, Any]

# How each directory server words the end of 2.1.0: description and detail of its 102 (Cardinal, EMV 3DS 2.1.0 sunset). Visa's
# detail lists the version that it refuses; of Discover's the list is not public, and of those that are not here nothing is.
_END_OF_2_1: Final[Mapping[str, tuple[str, str]]] = MappingProxyType(
    {
        "visa": ("Message Version Number received is not valid for the receiving component", "2.1.0,2.2.0"),
        "mastercard": (
            "Message Version Number Not Supported",
            "Message Version Number received is not valid for the receiving component",
        ),
        "amex": ("Message Version Number Not Supported component", "Supported Versions are [2.2.0, 2.3.1]"),
        "discover": (
            "Message version not supported",
            "messageVersion invalid value '2.1.0' supported versions: 2.2.0,2.3.1",
        ),
        "jcb": ("Message Version Number not supported", "2.2.0,2.3.1"),
    }
)


def in_force(day: str) -> Iterator[Expectation]:
    """The rows that are in force on `day`. A year alone begins on its first day."""
    return (row for row in DATED if row.since <= day)


def check_dated(areq: Message, context: Context, scheme: str, day: str) -> None:
    """Errors: `MessageError` 102, or 201 with every element that rows in force at the directory server of `scheme` want."""
    check_version(areq, scheme, day)
    _check_there("AReq", areq, context, scheme, day)


def check_dated_creq(creq: Message, context: Context, scheme: str, day: str) -> None:
    """The same of the first CReq of an app, at the ACS of a card of `scheme`. Errors: `MessageError` 201."""
    _check_there("CReq", creq, context, scheme, day)


def _check_there(message_type: str, message: Message, context: Context, scheme: str, day: str) -> None:
    defined = plan_for(message_type, context).scope.fields
    rows = [row for row in in_force(day) if row.enforced is Enforced.MISSING and row.message == message_type]
    concerned = [row for row in rows if row.concerns(message, context, (scheme,))]
    if missing := dict.fromkeys(name for row in concerned for name in row.lacking(message, defined)):
        raise MessageError(ErrorCode.REQUIRED_ELEMENT_MISSING, ",".join(missing), message=message)


def end_of_version(message: Message, scheme: str) -> MessageError:
    """102 in the words of the scheme's directory server."""
    description, detail = _END_OF_2_1.get(scheme, (None, "2.2.0,2.3.1"))
    return MessageError(ErrorCode.VERSION_NOT_SUPPORTED, detail, description=description, message=message)


def check_version(message: Message, scheme: str, day: str) -> None:
    """Errors: `MessageError` 102 for a message of a version that the directory server of `scheme` no longer takes."""
    ended = (row.ends for row in in_force(day) if row.enforced is Enforced.VERSION and scheme in row.schemes)
    if any(message.get("messageVersion") in versions for versions in ended):
        raise end_of_version(message, scheme)


def needs_challenge(areq: Message, context: Context, schemes: tuple[str, ...], day: str) -> bool:
    """Whether a rule in force has the issuer challenge, whatever the requestor wishes."""
    return any(row.enforced is Enforced.CHALLENGED and row.concerns(areq, context, schemes) for row in in_force(day))


def needs_other_way(areq: Message, context: Context, schemes: tuple[str, ...], day: str) -> bool:
    """Whether a rule in force has the issuer offer another way beside the banking app."""
    return any(row.enforced is Enforced.OTHER_WAY and row.concerns(areq, context, schemes) for row in in_force(day))


def offers_wallet(day: str | None) -> bool:
    """Whether issuers lead to a wallet; where no rule is in force (None), too."""
    return day is None or any(row.enforced is Enforced.WALLET for row in in_force(day))


def indicator(areq: Message, context: Context, scheme: str, day: str) -> tuple[str, ...] | None:
    """What the AReq lacks for a programme that tells by an indicator whether it has all; None where no such programme asks."""
    rows = [
        row for row in in_force(day) if row.enforced is Enforced.INDICATED and row.concerns(areq, context, (scheme,))
    ]
    names = plan_for("AReq", context).scope.fields
    return tuple(name for row in rows for name in row.lacking(areq, names)) if rows else None


class Remark(Struct, frozen=True):
    """What a rule says of an authorisation that breaks it; `enforced` once it is in force."""

    words: str
    enforced: bool


def remarks(authorisation: Message, day: str | None, schemes: tuple[str, ...] = ()) -> list[Remark]:
    """What the rules say of an authorisation under `schemes`; an element that it lacks is None. `day`: None where no rule is in
    force."""
    about = (row for row in DATED if row.message == AUTHORISATION and row.concerns(authorisation, _ANY, schemes))
    lacking = ((row, row.lacking(authorisation, authorisation)) for row in about)
    return [Remark(row.told(names), day is not None and row.since <= day) for row, names in lacking if names]


_ANY: Final = Context("")
