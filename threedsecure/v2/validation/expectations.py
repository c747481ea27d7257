"""What card schemes expect of an AReq although the specification lets it be absent: one row each, told as advice and never refused.

Most of it is conditional on law and availability, so that no receiver can call its absence a fault."""

from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from threedsecure.cards.schemes import networks
from threedsecure.v2.grammar.conditions import text
from threedsecure.v2.grammar.context import BRW, PA, Context

_RISK: Final = "helps the issuer to decide without a challenge"
_WANTED: Final = "schemes ask for it in payments, and a challenge is more likely without it"


class Expectation(Struct, frozen=True):
    """One of `elements` is there. `words`: what is told when none is, at the first of them. `schemes`: whose cards it is about,
    `channel` and `category`: of the AReq; all of them where nothing is said. `unless`: an element and its value that say why not.
    `missed`: worth a finding, and not only advice."""

    elements: tuple[str, ...]
    words: str
    schemes: tuple[str, ...] = ()
    channel: str = ""
    category: str = ""
    unless: tuple[str, str] = ("", "")
    missed: bool = False

    def concerns(self, message: Mapping[str, Any], context: Context) -> bool:
        """Whether this AReq is one that it is expected of."""
        element, value = self.unless
        return (
            self.channel in ("", context.device_channel)
            and self.category in ("", context.message_category)
            and not (element and text(message, element) == value)
            and (not self.schemes or not {*self.schemes}.isdisjoint(networks(text(message, "acctNumber"))))
        )


EXPECTATIONS: Final = (
    Expectation(("browserIP",), f"absent: {_WANTED}", channel=BRW, missed=True),
    Expectation(("cardholderName",), f"absent: {_WANTED}", category=PA, missed=True),
    Expectation(
        ("email", "homePhone", "mobilePhone", "workPhone"),
        f"no e-mail address and no phone number: {_WANTED}",
        category=PA,
        missed=True,
    ),
    Expectation(
        ("billAddrLine1", "billAddrPostCode", "billAddrCity", "billAddrCountry"),
        f"no billing address: it {_RISK}",
        category=PA,
        missed=True,
    ),
    Expectation(
        ("shipAddrLine1", "shipAddrCity"),
        f"no shipping address and addrMatch is not Y: it {_RISK}",
        category=PA,
        unless=("addrMatch", "Y"),
    ),
    Expectation(("cardExpiryDate",), "absent: schemes may require it", missed=True),
    Expectation(("acctInfo",), f"absent: the history of the cardholder's account {_RISK}"),
    Expectation(("merchantRiskIndicator",), f"absent: what is bought and how it is delivered {_RISK}"),
    Expectation(("threeDSRequestorAuthenticationInfo",), f"absent: how the cardholder logged in {_RISK}"),
)
