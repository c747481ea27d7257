"""The grammar of the test cards: every digit says what the card does, so any well-formed number works without registration.

    400000 0 0 0 10 0000 6
    │      │ │ │ │  │    └ check digit (Luhn)
    │      │ │ │ │  └ serial: four digits (three for American Express); 0000 is the card of the list, others are free to use
    │      │ │ │ └ what happens (SCENARIOS)
    │      │ │ └ how the issuer is set up (ISSUER_SETUPS)
    │      │ └ which versions the card range knows (VERSIONS); 8 is outside every range
    │      └ network: 0 the scheme's own, 2 co-badged with Cartes Bancaires
    └ a prefix that schemes and processors publish for tests, never issued

The directory server reads the digits before the scenario (they form the card range), the ACS reads the rest.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from threedsecure.cards.card_numbers import luhn_check_digit, luhn_valid
from threedsecure.cards.schemes import SCHEMES

PREFIXES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "visa": "4000000",
        "mastercard": "5200000",
        "amex": "3400000",
        "cb": "4000002",
        "jcb": "3530110",
        "discover": "6011000",
        "unionpay": "6200000",
    }
)
_SCHEME_OF_PREFIX: Final = {prefix: scheme for scheme, prefix in PREFIXES.items()}

VERSIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "0": ("2.1.0", "2.2.0", "2.3.1"),
        "1": ("2.1.0",),
        "2": ("2.2.0",),
        "3": ("2.3.1",),
        "9": ("1.0.2",),
    }
)
CLASSIC_VERSION: Final = "1.0.2"
CLASSIC_DIGIT: Final = "9"
NOT_ENROLLED_DIGIT: Final = "8"

METHOD: Final = "0"
NO_METHOD: Final = "1"
SILENT_METHOD: Final = "2"
ISSUER_DOWN: Final = "3"
ATTEMPT_STANDS_IN: Final = "4"
UNAVAILABLE_STANDS_IN: Final = "5"
LATE_METHOD: Final = "6"
ISSUER_SETUPS: Final[Mapping[str, str]] = MappingProxyType(
    {
        METHOD: "a 3DS Method URL that answers",
        NO_METHOD: "no 3DS Method URL",
        SILENT_METHOD: "a 3DS Method URL that never calls back",
        ISSUER_DOWN: "an ACS address that refuses the connection",
        ATTEMPT_STANDS_IN: "as 3, and the directory server answers in its place: an attempt (ARes A)",
        UNAVAILABLE_STANDS_IN: "as 3, and the directory server answers in its place: unavailable (ARes U)",
        LATE_METHOD: "a 3DS Method URL that calls back after twelve seconds",
    }
)


class Scenario(Struct, frozen=True):
    """What a card can be told to do. `code` stands in digits 10 and 11; `version` and `setup` are the digits 8 and 9 of the
    listed card; `sms` is the fourth digit of its phone number's family (see `phone_number`)."""

    name: str
    code: str
    description: str
    version: str = "0"
    setup: str = METHOD
    sms: str | None = None


SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario("frictionless", "00", "authenticated without a challenge (ARes Y)"),
            Scenario("frictionless-attempt", "01", "proof of an attempt (ARes A)"),
            Scenario("not-authenticated", "02", "not authenticated (ARes N)"),
            Scenario("unavailable", "03", "authentication could not be performed (ARes U)"),
            Scenario("rejected", "04", "rejected by the issuer (ARes R)"),
            Scenario("challenge-otp", "10", "SecureCode by SMS: three tries, two resends, five minutes"),
            Scenario("challenge-auto-pass", "16", "a challenge page that succeeds by itself"),
            Scenario("challenge-auto-fail", "17", "a challenge page that fails by itself"),
            Scenario("not-enrolled", "00", "outside every card range", version=NOT_ENROLLED_DIGIT),
            Scenario("method-none", "00", "no 3DS Method URL (threeDSCompInd U), then ARes Y", setup=NO_METHOD),
            Scenario("method-timeout", "00", "the 3DS Method never calls back (N), then ARes Y", setup=SILENT_METHOD),
            Scenario(
                "method-late",
                "00",
                "the 3DS Method calls back later than anybody waits (N), then ARes Y",
                setup=LATE_METHOD,
            ),
            Scenario(
                "method-required",
                "06",
                "ARes Y when the ACS has seen the 3DS Method (threeDSCompInd Y), else N (reason 11)",
            ),
            Scenario("acs-timeout", "40", "the ACS does not answer the AReq"),
            Scenario("acs-error", "41", "the ACS answers the AReq with an Erro"),
            Scenario("acs-down", "00", "the ACS refuses the connection", setup=ISSUER_DOWN),
            Scenario(
                "stand-in-attempt", "00", "the ACS is down and the scheme answers A for it", setup=ATTEMPT_STANDS_IN
            ),
            Scenario(
                "stand-in-unavailable",
                "00",
                "the ACS is down and the scheme answers U for it",
                setup=UNAVAILABLE_STANDS_IN,
            ),
            Scenario(
                "informational", "05", "information only (ARes I) when the requestor asks for 05, 06 or 07, else ARes Y"
            ),
            Scenario("challenge-mandated", "09", "SecureCode by SMS even where the requestor wishes no challenge"),
            Scenario("sms-lost", "30", "the SecureCode is sent and never arrives", sms="0"),
            Scenario("challenge-oob", "11", "approval in the banking app"),
            Scenario("challenge-single-select", "12", "choose the phone that gets the SecureCode"),
            Scenario("challenge-multi-select", "13", "choose the two pictures of a secret"),
            Scenario("challenge-html", "14", "a page of the issuer's own: was it you?"),
            Scenario("challenge-password", "15", "a password that never changes"),
            Scenario("challenge-password-otp", "18", "the password, then a SecureCode by SMS"),
            Scenario("challenge-knowledge", "19", "a question that only the cardholder can answer"),
            Scenario(
                "decoupled", "20", "decided later in the banking app (ARes D) when the requestor asks for it, else N"
            ),
            Scenario(
                "decoupled-fallback",
                "21",
                "SecureCode that is not enough (2.3.1, RReq D when the requestor takes it); then decided in the banking app",
            ),
            Scenario("results-early", "50", "SecureCode; the RReq goes out long before the CRes"),
            Scenario("results-late", "51", "SecureCode; the RReq goes out long after the CRes"),
            Scenario("results-never", "52", "SecureCode; no RReq is ever sent"),
            Scenario("results-twice", "53", "SecureCode; the RReq is sent twice"),
            Scenario("results-contradicting", "54", "SecureCode; the CRes says the opposite of the RReq"),
            Scenario("sms-late", "31", "the SecureCode arrives when it has expired", sms="1"),
            Scenario("sms-twice", "32", "the SecureCode arrives twice", sms="2"),
            Scenario("sms-refused", "33", "the carrier refuses the SecureCode", sms="3"),
        )
    }
)
CLASSIC_SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            Scenario("frictionless", "00", "enrolled; authenticated without a page (PARes Y)", CLASSIC_DIGIT),
            Scenario("frictionless-attempt", "01", "enrolled; proof of an attempt (PARes A)", CLASSIC_DIGIT),
            Scenario("not-authenticated", "02", "enrolled; not authenticated (PARes N)", CLASSIC_DIGIT),
            Scenario("unavailable", "03", "enrolled; authentication could not be performed (PARes U)", CLASSIC_DIGIT),
            Scenario("challenge-otp", "10", "SecureCode by SMS: three tries, two resends, five minutes", CLASSIC_DIGIT),
            Scenario("challenge-auto-pass", "16", "a page that succeeds by itself (PARes Y)", CLASSIC_DIGIT),
            Scenario("challenge-auto-fail", "17", "a page that fails by itself (PARes N)", CLASSIC_DIGIT),
            Scenario("not-enrolled", "00", "outside every card range (VERes N)", NOT_ENROLLED_DIGIT),
            Scenario("enrolment-unknown", "50", "enrolment cannot be told (VERes U)", CLASSIC_DIGIT),
            Scenario("enrolment-refused", "51", "the VEReq is refused (VERes N, iReqCode 98)", CLASSIC_DIGIT),
            Scenario("acs-timeout", "40", "the ACS does not answer the VEReq", CLASSIC_DIGIT),
            Scenario("acs-error", "41", "the ACS answers the VEReq with an Error", CLASSIC_DIGIT),
            Scenario("acs-down", "00", "the ACS refuses the connection", CLASSIC_DIGIT, ISSUER_DOWN),
            Scenario("page-timeout", "56", "the ACS does not answer the PAReq", CLASSIC_DIGIT),
            Scenario("page-error", "57", "the ACS answers the PAReq with an Error", CLASSIC_DIGIT),
            Scenario("payment-refused", "58", "the PAReq is refused (PARes U, iReqCode 55)", CLASSIC_DIGIT),
            Scenario("bad-signature", "52", "PARes Y, changed after it was signed", CLASSIC_DIGIT),
            Scenario("bad-signature-chain", "53", "PARes Y, signed under an unknown root", CLASSIC_DIGIT),
            Scenario("bad-signature-expired", "54", "PARes Y, signed with an expired certificate", CLASSIC_DIGIT),
            Scenario("bad-signature-missing", "55", "PARes Y, not signed", CLASSIC_DIGIT),
            Scenario("sms-lost", "30", "the SecureCode is sent and never arrives", CLASSIC_DIGIT, sms="0"),
        )
    }
)
"""What a card can be told to do in 3-D Secure 1.0.2; a scenario that is in SCENARIOS too has the same code there."""
CLASSIC_SCHEMES: Final = tuple(key for key, scheme in SCHEMES.items() if scheme.classic_programme)
ALL_SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {**SCENARIOS, **{name: known for name, known in CLASSIC_SCENARIOS.items() if name not in SCENARIOS}}
)

_SCENARIO_OF_DIGITS: Final = {
    (s.version, s.setup, s.code): s for s in (*CLASSIC_SCENARIOS.values(), *SCENARIOS.values())
}
_SCENARIO_OF_CODE: Final = {s.code: s for s in (*CLASSIC_SCENARIOS.values(), *reversed(list(SCENARIOS.values())))}
_SCHEME_DIGIT: Final = {scheme: str(index) for index, scheme in enumerate(SCHEMES, start=1)}


class TestCard(Struct, frozen=True):
    """A test card, read from its number. `versions` is empty when it is in no card range."""

    __test__ = False  # not a test class, whatever its name says to pytest

    pan: str
    scheme: str
    versions: tuple[str, ...]
    setup: str
    scenario: Scenario
    serial: str

    @property
    def phone(self) -> str:
        return phone_number(self)


def compose(scheme: str, scenario: Scenario, *, serial: str = "0", version: str | None = None) -> str:
    """The card number for a scenario; `serial` is padded with zeros, `version` is a digit of VERSIONS."""
    length = SCHEMES[scheme].pan_lengths[0]
    head = PREFIXES[scheme] + (version or scenario.version) + scenario.setup + scenario.code
    body = head + serial.zfill(length - len(head) - 1)
    return body + luhn_check_digit(body)


@lru_cache(maxsize=1024)
def read(pan: str) -> TestCard | None:
    """What the digits say, or None when the number is not one of ours."""
    scheme = _SCHEME_OF_PREFIX.get(pan[:7])
    if scheme is None or len(pan) not in SCHEMES[scheme].pan_lengths or not luhn_valid(pan):
        return None
    version, setup, code, serial = pan[7], pan[8], pan[9:11], pan[11:-1]
    known = (version, CLASSIC_DIGIT if version == CLASSIC_DIGIT else "0")
    scenario = next((found for each in known if (found := _SCENARIO_OF_DIGITS.get((each, setup, code)))), None)
    scenario = scenario or _SCENARIO_OF_CODE.get(code)
    if scenario is None or setup not in ISSUER_SETUPS or (version not in VERSIONS and version != NOT_ENROLLED_DIGIT):
        return None
    return TestCard(pan, scheme, VERSIONS.get(version, ()), setup, scenario, serial)


def phone_number(card: TestCard) -> str:
    """The cardholder's phone: for a listed card a number that the French regulator keeps for fiction (06 39 98 ...), for any
    other one under +999, which belongs to no country. Numbers that begin +33639989 or +9999 are lost, late, doubled or refused
    by the network, as the next digit says (0, 1, 2, 3)."""
    scheme = _SCHEME_DIGIT[card.scheme]
    magic = f"9{card.scenario.sms}" if card.scenario.sms is not None else ""
    if card.serial.strip("0") == "":
        tail = f"{scheme}{card.scenario.code}"
        return f"+3363998{magic}{scheme}1" if magic else f"+3363998{tail}1"
    return f"+999{magic or scheme}{scheme if magic else ''}{card.pan[7:9]}{card.scenario.code}{card.serial}"


def listed(version: str | None = None) -> Iterator[TestCard]:
    """The card of every scheme and scenario, in the order of the tables; with version 1.0.2 those that 3-D Secure 1.0.2 plays."""
    classic = version == CLASSIC_VERSION
    for scheme in CLASSIC_SCHEMES if classic else SCHEMES:
        for scenario in (CLASSIC_SCENARIOS if classic else SCENARIOS).values():
            card = read(compose(scheme, scenario))
            if card is None:
                raise ValueError(f"the grammar does not read its own card: {scheme} {scenario.name}")
            yield card


def nearest(pan: str, count: int = 3) -> list[TestCard]:
    """The listed cards that share the longest run of leading digits with `pan`: help for a number that is not ours."""

    def shared(card: TestCard) -> int:
        return next(
            (i for i, (a, b) in enumerate(zip(card.pan, pan, strict=False)) if a != b), min(len(card.pan), len(pan))
        )

    return sorted(listed(), key=shared, reverse=True)[:count]
