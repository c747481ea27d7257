"""transStatusReason: what each code means, since which version it exists, and what an older version says instead.

01 to 30 are EMVCo's, 80 to 99 belong to the directory server of each scheme."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS


class Reason(Struct, frozen=True):
    """`instead`: the nearest code of the versions before `since`."""

    code: str
    words: str
    since: str = "2.1.0"
    instead: str | None = None


REASONS: Final[Mapping[str, Reason]] = MappingProxyType(
    {
        reason.code: reason
        for reason in (
            Reason("01", "card authentication failed"),
            Reason("02", "unknown device"),
            Reason("03", "unsupported device"),
            Reason("04", "authentication frequency limit exceeded"),
            Reason("05", "expired card"),
            Reason("06", "invalid card number"),
            Reason("07", "invalid transaction"),
            Reason("08", "no card record"),
            Reason("09", "security failure"),
            Reason("10", "stolen card"),
            Reason("11", "suspected fraud"),
            Reason("12", "transaction not permitted to cardholder"),
            Reason("13", "cardholder not enrolled"),
            Reason("14", "timed out at the ACS"),
            Reason("15", "low confidence"),
            Reason("16", "medium confidence"),
            Reason("17", "high confidence"),
            Reason("18", "very high confidence"),
            Reason("19", "maximum number of challenges exceeded"),
            Reason("20", "non-payment authentication not supported"),
            Reason("21", "3RI not supported"),
            Reason("22", "technical issue of the ACS", "2.2.0", "14"),
            Reason("23", "decoupled authentication needed and not asked for", "2.2.0", "01"),
            Reason("24", "decoupled authentication took too long", "2.2.0", "14"),
            Reason("25", "too little time for a decoupled authentication", "2.2.0", "14"),
            Reason("26", "authentication attempted and not performed by the cardholder", "2.2.0", "01"),
            Reason("27", "preferred authentication method not supported", "2.3.1", "22"),
            Reason("28", "content security policy check failed", "2.3.1", "09"),
            Reason("29", "not completed, going on decoupled", "2.3.1", "26"),
            Reason("30", "completed, and more needed: going on decoupled", "2.3.1", "26"),
        )
    }
)

SCHEME_REASONS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "visa": MappingProxyType(
            {
                "80": "could not connect to the ACS",
                "81": "the ACS timed out",
                "82": "invalid answer of the ACS",
                "83": "the ACS returned a system error",
                "84": "not eligible for the programme",
                "85": "not eligible for the programme",
                "86": "version not supported by the ACS",
                "87": "excluded from attempts processing",
                "88": "programme not supported by the ACS",
            }
        ),
        "mastercard": MappingProxyType(
            {"80": "data only", "81": "challenge exemption accepted", "82": "challenge mandated and impossible"}
        ),
    }
)
"""What two public pages agree on; the other codes from 80 to 99 may be used and mean what their scheme says."""


def exists_in(version: str, code: str) -> bool:
    """Whether a message of `version` may carry `code`."""
    reason = REASONS.get(code)
    if reason is None:
        return len(code) == 2 and "80" <= code <= "99" and code.isdigit()
    return SUPPORTED_VERSIONS.index(reason.since) <= SUPPORTED_VERSIONS.index(version)


def reason_in(version: str, code: str) -> str:
    """`code`, or the nearest one that `version` has."""
    while not exists_in(version, code):
        code = REASONS[code].instead or "01"
    return code


def meaning(code: str, scheme: str | None = None) -> str | None:
    """What a code means, of a scheme where it is a scheme's; None where that is not known."""
    reason = REASONS.get(code)
    return reason.words if reason is not None else SCHEME_REASONS.get(scheme or "", {}).get(code)
