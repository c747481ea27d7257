"""What card schemes expect of an AReq although the specification lets it be absent: one row each, told as advice and never refused.

Most of it is conditional on law and availability, so that no receiver can call its absence a fault."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from threedsecure.cards.schemes import SCHEMES, networks
from threedsecure.v2.grammar.conditions import text, texts
from threedsecure.v2.grammar.context import APP, BRW, PA, THREE_RI, Context

_RISK: Final = "helps the issuer to decide without a challenge"
_WANTED: Final = "schemes ask for it in payments, and a challenge is more likely without it"
_EMPTY: Final[tuple[object, ...]] = (None, "", {}, [])


AUTHORISATION: Final = "authorisation"
"""What an acquirer is sent of a payment, in the names of 3-D Secure: `merchantCountryCode` and, after an authentication,
`transStatus` and `messageVersion`."""


class Enforced(StrEnum):
    """What a rule with a date does from its day on."""

    NOTHING = ""
    MISSING = "Erro 201"
    VERSION = "Erro 102"
    CHALLENGED = "the ACS challenges"
    INDICATED = "an indicator in the ARes"
    NOT_AUTHORISED = "the gateway refuses the payment (00040)"
    NOT_VALID = "the acquirer takes the authentication value for not valid"
    OTHER_WAY = "the bank's page offers a code by SMS"
    WALLET = "the bank's page leads to the wallet; before, it asks for a code by SMS"


class Expectation(Struct, frozen=True):
    """One of `elements` is there, or `every` one of them. `words`: what is told when it is not, at the first that is missing.
    `schemes`: whose cards it is about, `channel` and `category`: of the AReq; all of them where nothing is said. `only`: an element
    of the AReq and the values of which it must have one, `unless`: an element and its value that say why not. `ends`: values of the
    element that are no longer taken, where it is about a value and not about an absence. `missed`: worth a finding, and not only
    advice.

    `message`: the type of message that it is about, or `AUTHORISATION`. `since`: the day (ISO 8601, or as much of it as is public)
    from which a scheme or a regulator wants it, `region` where, `source` who says so. `enforced`: what it does once it is in force
    (`threedsecure.v2.validation.dated`)."""

    elements: tuple[str, ...]
    words: str
    schemes: tuple[str, ...] = ()
    channel: str = ""
    category: str = ""
    unless: tuple[str, object] = ("", "")
    missed: bool = False
    every: bool = False
    only: tuple[str, tuple[str, ...]] = ("", ())
    ends: tuple[str, ...] = ()
    since: str = ""
    region: str = ""
    source: str = ""
    enforced: Enforced = Enforced.NOTHING
    message: str = "AReq"

    def concerns(self, message: Mapping[str, Any], context: Context, schemes: Collection[str] | None = None) -> bool:
        """Whether this message is one that it is expected of. `schemes`: under which it is made; else those on the AReq's card."""
        only, unless = self.only, self.unless
        areq = message if context.request is None else context.request
        return (
            self.channel in ("", context.device_channel)
            and self.category in ("", context.message_category)
            and (not only[0] or areq.get(only[0]) in only[1])
            and not (unless[0] and message.get(unless[0]) == unless[1])
            and (not self.schemes or not {*self.schemes}.isdisjoint(schemes or networks(text(areq, "acctNumber"))))
        )

    def lacking(self, message: Mapping[str, Any], defined: Collection[str]) -> tuple[str, ...]:
        """The elements by which this AReq does not do as expected; of those in `defined`, the names that its version, channel and
        category have. None where it does, and where it cannot."""
        own = [name for name in self.elements if name in defined]
        if self.ends:
            return tuple(name for name in own if not {*self.ends}.isdisjoint(texts(message, name)))
        absent = tuple(name for name in own if message.get(name) in _EMPTY)
        return absent if self.every or len(absent) == len(own) else ()

    def told(self, names: tuple[str, ...]) -> str:
        """The advice of a rule with a date on a message that lacks `names`."""
        who = ", ".join(SCHEMES[scheme].name for scheme in self.schemes if scheme in SCHEMES) or self.region
        where = f" ({self.region})" if self.region and self.schemes else ""
        what = self.words if self.ends or len(names) == 1 else f"{self.words}; missing: {', '.join(names)}"
        return f"from {self.since} on {who}{where}: {what}"


_VISA_2024: Final = "Visa Secure programme guide as told by Clover, CCBill and Visa Acceptance (KA-04583)"
_SUNSET: Final = "Elavon (October 2024) and Cardinal, EMV 3DS 2.1.0 sunset"
_MASTERCARD_2026: Final = "Zuora, Mastercard EMV 3DS 2.x mandatory fields"
_DCAP: Final = "VGS, JPMorgan, TabaPay and Marqeta on Visa's Digital Commerce Authentication Program"
_DCAP_DATA: Final = (
    "deviceId",
    "browserIP",
    "email",
    "billAddrLine1",
    "billAddrCity",
    "billAddrPostCode",
    "billAddrCountry",
)
_CONTACT: Final = ("email", "homePhone", "mobilePhone", "workPhone")
EUROPEAN_UNION: Final = (
    *("040", "056", "100", "191", "196", "203", "208", "233", "246", "250", "276", "300", "348", "372"),
    *("380", "428", "440", "442", "470", "528", "616", "620", "642", "703", "705", "724", "752"),
)
"""Its 27 countries (ISO 3166-1, numeric)."""
_NO_CHALLENGE: Final = ("02", "05", "06", "07", "08", "10", "11")

DATED: Final = (
    Expectation(
        ("cardholderName", "browserIP"),
        "name and address of who pays in a browser (its screen the specification itself requires)",
        ("visa",),
        BRW,
        every=True,
        since="2024-08-12",
        source=_VISA_2024,
        enforced=Enforced.MISSING,
    ),
    Expectation(
        ("cardholderName",),
        "the name of who pays in an app",
        ("visa",),
        APP,
        since="2024-08-12",
        source=_VISA_2024,
        enforced=Enforced.MISSING,
    ),
    Expectation(
        _CONTACT,
        "an e-mail address or a phone number",
        ("visa",),
        unless=("deviceChannel", THREE_RI),
        since="2024-08-12",
        source=_VISA_2024,
        enforced=Enforced.MISSING,
    ),
    Expectation(
        ("messageVersion",),
        "2.1.0 is no longer taken",
        ("mastercard", "amex", "cb", "jcb", "discover", "unionpay"),
        ends=("2.1.0",),
        since="2024-09-24",
        source=_SUNSET,
        enforced=Enforced.VERSION,
    ),
    Expectation(
        ("threeDSRequestorAppURL",),
        "where the banking app returns to, in the first CReq of a challenge that it takes part in",
        ("mastercard",),
        APP,
        since="2024-09-24",
        source="Elavon (October 2024), braintree_ios pull request 1480",
        enforced=Enforced.MISSING,
        message="CReq",
    ),
    Expectation(
        ("messageVersion",),
        "2.1.0 is no longer taken",
        ("visa",),
        ends=("2.1.0",),
        since="2024-09-25",
        source=_SUNSET,
        enforced=Enforced.VERSION,
    ),
    Expectation(
        ("threeDSRequestorChallengeInd",),
        "two factors, one of them dynamic (OTP stays allowed): a wish for no challenge is not followed",
        only=("merchantCountryCode", ("356",)),
        unless=("deviceChannel", THREE_RI),
        ends=_NO_CHALLENGE,
        since="2026-04-01",
        region="India (RBI)",
        source="Reserve Bank of India, as the press tells it",
        enforced=Enforced.CHALLENGED,
    ),
    Expectation(
        _DCAP_DATA,
        "all of it, by data-only or full 3-D Secure, for the programme's protection",
        ("visa",),
        only=("merchantCountryCode", ("840",)),
        every=True,
        since="2026-04-18",
        region="United States",
        source=_DCAP,
        enforced=Enforced.INDICATED,
    ),
    Expectation(
        ("cardholderName", "billAddrLine1"),
        "in every AReq",
        ("mastercard",),
        every=True,
        since="2026-07-01",
        source=_MASTERCARD_2026,
        enforced=Enforced.MISSING,
    ),
    Expectation(
        _CONTACT,
        "an e-mail address or a phone number in every AReq",
        ("mastercard",),
        since="2026-07-01",
        source=_MASTERCARD_2026,
        enforced=Enforced.MISSING,
    ),
    Expectation(
        ("deviceId", "browserIP", "sdkAppID"),
        "a device identifier (which element it is, sources do not say: any of these is taken)",
        ("mastercard",),
        unless=("deviceChannel", THREE_RI),
        since="2026-07-01",
        source=_MASTERCARD_2026,
        enforced=Enforced.MISSING,
    ),
    Expectation(
        _DCAP_DATA,
        "all of it, by data-only or full 3-D Secure, for the programme's protection",
        ("visa",),
        unless=("merchantCountryCode", "840"),
        every=True,
        since="2026-10-24",
        region="outside the United States",
        source=_DCAP,
        enforced=Enforced.INDICATED,
    ),
    Expectation(
        ("threeDSRequestorChallengeInd",),
        "the same where an Indian card pays abroad (billAddrCountry stands for the country of the card)",
        only=("billAddrCountry", ("356",)),
        unless=("deviceChannel", THREE_RI),
        ends=_NO_CHALLENGE,
        since="2026-10-01",
        region="India (RBI), abroad",
        source="Reserve Bank of India, as the press tells it",
        enforced=Enforced.CHALLENGED,
    ),
    Expectation(
        ("transStatus",),
        "3-D Secure is obligatory for card payments online",
        only=("merchantCountryCode", ("392",)),
        since="2025",
        region="Japan",
        source="ACP issue 55",
        enforced=Enforced.NOT_AUTHORISED,
        message=AUTHORISATION,
    ),
    Expectation(
        ("messageVersion",),
        "the Data Integrity programme watches the version in authorisations: major.minor as in the authentication",
        ("mastercard",),
        since="2026",
        source="Cybersource release note of 2026-02-06",
        enforced=Enforced.NOT_VALID,
        message=AUTHORISATION,
    ),
    # 2.3.1 says by authenticationMethod what earlier versions say by authenticationType.
    *(
        Expectation(
            (element,),
            "PSR and PSD3: beside the banking app there is a way to authenticate without a smartphone (billAddrCountry stands "
            "for the country of the card; dates differ)",
            only=("billAddrCountry", EUROPEAN_UNION),
            ends=(out_of_band,),
            since="2027",
            region="European Union",
            source="several, on the agreement of 2025-11-27",
            enforced=Enforced.OTHER_WAY,
            message="ARes",
        )
        for element, out_of_band in (("authenticationType", "03"), ("authenticationMethod", "09"))
    ),
    Expectation(
        ("authenticationMethod",),
        "an issuer may lead to the cardholder's wallet (EUDI, TS12) by a redirect from the ACS page, which the frame has to allow",
        ends=("16",),
        since="2025",
        region="European Union",
        source="eudi standards documents",
        enforced=Enforced.WALLET,
        message="ARes",
    ),
)
"""What is wanted from a day on."""

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
    *DATED,
)
