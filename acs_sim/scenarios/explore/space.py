"""What can be drawn, as tables. A weight says how often; what was drawn seldom is drawn sooner."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from acs_sim.findings.observed import MARKUP
from threedsecure.faults import SENSIBLE
from threedsecure.faults.points import IN_AN_APP, POINTS, THREE_DS_SERVER, Carrier, Written
from threedsecure.v2.messages import MESSAGES

SCHEMES: Final = ("visa", "mastercard", "cb", "amex", "jcb", "discover")
VERSIONS: Final = ("2.1.0", "2.2.0", "2.3.1")
WITH_NOTICES: Final = "2.3.1"
CHALLENGED: Final = "challenge-otp"
CARDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        CHALLENGED: 6.0,
        "frictionless": 2.0,
        "frictionless-attempt": 1.0,
        "not-authenticated": 1.0,
        "unavailable": 1.0,
        "rejected": 1.0,
        "challenge-auto-pass": 1.0,
        "challenge-auto-fail": 1.0,
        "challenge-oob": 1.0,
        "challenge-single-select": 0.5,
        "challenge-multi-select": 0.5,
        "challenge-html": 0.5,
        "challenge-password": 0.5,
        "method-none": 1.0,
        "method-timeout": 1.5,
        "results-late": 1.5,
        "results-never": 1.5,
        "results-contradicting": 1.5,
        "acs-error": 1.0,
        "acs-down": 0.5,
        "sms-lost": 0.5,
        "sms-twice": 0.3,
        "sms-refused": 0.3,
    }
)
WITHOUT_CHALLENGE: Final = frozenset(
    {
        *("frictionless", "frictionless-attempt", "not-authenticated", "unavailable", "rejected"),
        *("method-none", "method-timeout", "acs-error", "acs-down"),
    }
)
APPROVED: Final = frozenset({"challenge-oob"})
CHOSEN: Final = frozenset({"challenge-single-select", "challenge-multi-select", "challenge-html"})

# number of ISO 4217, its exponent, and amounts in the smallest unit
CURRENCIES: Final = (("978", "2"), ("840", "2"), ("392", "0"), ("048", "3"), ("152", "0"), ("826", "2"), ("788", "3"))
AMOUNTS: Final = ("1", "99", "4200", "100000", "2147483648", "999999999999")
NAMES: Final = ("Camille Exemple", "O'Brien", "A B", "Maximiliane-Charlotte von Hohenzollern", "Li Na")
EMAILS: Final = ("camille@example.org", "c+3ds@mail.example.org", "a@b.example", "jean-luc.o'neill@example.com")
CITIES: Final = (
    "Lyon",
    "Saint-Denis",
    "L'Isle-Adam",
    "X",
    "Orléans",
    "Łódź",
    "Hanau & Umland",
    "Saint-%41lban",
    "AT&amp;T Ville",
)
INDICATORS: Final = ("01", "02", "03", "04")
OPTIONS: Final[tuple[Mapping[str, Any], ...]] = (
    {"addrMatch": "Y"},
    {"shipAddrCity": "Saint-Denis", "shipAddrCountry": "250", "shipAddrLine1": "2 rue du Port"},
    {"transType": "01"},
    {"acctType": "02"},
    {"merchantRiskIndicator": {"shipIndicator": "01", "reorderItemsInd": "02"}},
    {"acctInfo": {"chAccAgeInd": "02", "nbPurchaseAccount": "3"}},
    {"mobilePhone": {"cc": "33", "subscriber": "612345678"}},
    {"acctID": "a shop's own name of the account"},
    {"browserColorDepth": "32"},
    {"browserLanguage": "fr"},
    {"browserTZ": "0"},
    {"threeDSRequestorAuthenticationInd": "04"},
)
"""Elements that a shop may send, and that change nothing for the bank: each is right in every version."""
WINDOWS: Final = ("01", "02", "03", "04", "05")

DEEDS: Final[Mapping[str, float]] = MappingProxyType(
    {
        "correct": 5.0,
        "wrong": 2.0,
        "resend": 1.0,
        "cancel": 1.5,
        "abandon": 1.0,
        "twice": 1.0,
        "reload": 1.0,
        "back": 1.0,
        "return": 1.5,
        "closed": 1.0,
    }
)
"""What the cardholder does: `twice` is a double click on the right code, `closed` the right code and then no way back."""
_RIGHT: Final[Mapping[str, Any]] = {"cardholder": {"do": "submit", "code": "correct", "any": True}}
_LEAVE: Final[Mapping[str, Any]] = {"cardholder": {"do": "abandon", "any": True}}
_CARD: Final[Mapping[str, Any]] = {"card": {"scenario": CHALLENGED}}
_PAY: Final[Mapping[str, Any]] = {"authenticate": {"any": True}}
RACES: Final[Mapping[str, tuple[str, tuple[Mapping[str, Any], ...], tuple[Mapping[str, Any], ...]]]] = MappingProxyType(
    {
        "RReq after the end of the wait": (
            "results-late",
            ({"at": "RReq", "do": "delay", "seconds": 20},),
            (_RIGHT, {"clock": "31s"}, {"clock": "31s"}),
        ),
        "RReq after the CRes": ("results-late", (), (_RIGHT, {"clock": "31s"})),
        "RReq never": ("results-never", (), (_RIGHT, {"clock": "61s"})),
        "RReq twice": (CHALLENGED, ({"at": "RReq", "do": "twice"},), (_RIGHT,)),
        "a second RReq that says otherwise": (
            CHALLENGED,
            (
                {"at": "RReq", "do": "reset", "when": {"nth": 1}},
                {"at": "RReq", "do": "reset", "when": {"nth": 2}},
                {"at": "RReq", "do": "set", "element": "transStatus", "value": "N", "when": {"nth": 3}},
            ),
            (_RIGHT, {"clock": "31s"}),
        ),
        "Erro for the RReq": (CHALLENGED, ({"at": "RReq", "do": "erro", "code": "404"},), (_RIGHT,)),
        "ECI against transStatus": (
            CHALLENGED,
            ({"at": "RReq", "do": "set", "element": "transStatus", "value": "N"},),
            (_RIGHT,),
        ),
        "CRes against RReq": ("results-contradicting", (), ({"cardholder": {"do": "cancel", "any": True}},)),
        "CRes of another session": (
            CHALLENGED,
            ({"at": "CRes post", "do": "other-session"},),
            (_LEAVE, _CARD, _PAY, _RIGHT),
        ),
        "RReq of another payment": (
            CHALLENGED,
            ({"at": "RReq", "do": "swap-ids", "element": "acsTransID"},),
            (_LEAVE, _CARD, _PAY, _RIGHT),
        ),
        "two payments of a card": (CHALLENGED, (), (_PAY, _RIGHT)),
        "a day later": ("frictionless", (), ({"clock": "25h"}, _PAY)),
        "no PRes a day later": (
            "frictionless",
            ({"at": "PRes", "do": "erro", "code": "404"},),
            ({"clock": "25h"}, _PAY),
        ),
        "half a PRes a day later": ("frictionless", ({"at": "PRes", "do": "truncate"},), ({"clock": "25h"}, _PAY)),
        "a slow cardholder": (CHALLENGED, (), ({"clock": "61s"}, _RIGHT)),
        "a very slow cardholder": (CHALLENGED, (), (_LEAVE, {"clock": "9m"}, _RIGHT)),
        "the last page again": (CHALLENGED, (), (_RIGHT, {"cardholder": {"do": "return", "any": True}})),
    }
)
"""Orders of events that hurt: a card, what goes wrong with it, and what happens after the first AReq. More is drawn around them."""
JUMPS: Final = ("5s", "31s", "61s", "6m", "11m", "25h", "50h")

OF_RANGES: Final = frozenset({"PReq", "PRes"})
"""Points that are met once a day."""
A_DAY_LATER: Final = "25h"
FAULT_POINTS: Final = tuple(
    name
    for name, point in POINTS.items()
    if point.written is not Written.XML and name not in (*IN_AN_APP, "ORes", "PARes page")
)
CELLS: Final = tuple(
    (at, sender, do)
    for at in FAULT_POINTS
    for sender in POINTS[at].senders
    for do in SENSIBLE[at]
    if do != "late" and (sender != THREE_DS_SERVER or POINTS[at].carrier is Carrier.ARRIVAL)
)
"""Every fault that a gateway with a browser in front of it can meet: where, from whom, and what. What becomes of its own answers is
no test of it; a PReq may be spoilt on its way."""
SETTINGS: Final[Mapping[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "delay": {"seconds": 0.02},
        "silence": {"seconds": 0.05},
        "dribble": {"seconds": 0.05},
        "status": {"status": 503},
    }
)
ELEMENT_FAULTS: Final = frozenset({"drop", "set", "rename", "retype", "duplicate-key"})
CARRIED_BY: Final[Mapping[str, str]] = MappingProxyType({"CRes post": "CRes", "CReq post": "CReq"})
_OTHER_ELEMENTS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {"Method callback": ("threeDSServerTransID",), "SMS": ("body",), "prompt": ("title", "body", "expires_at")}
)
_BRW: Final = "02"
_PA: Final = "01"
_LISTS: Final = frozenset({"cardRangeData", "messageExtension", "ranges", "broadInfo.recipients", "supportedMsgExt"})
_CODES: Final = frozenset(
    {"challenge-otp", "challenge-single-select", "challenge-password", "results-late", "results-never"}
)
_CHALLENGES: Final = frozenset(CARDS) - WITHOUT_CHALLENGE
_WITH_A_METHOD: Final = frozenset(CARDS) - {"method-none", "method-timeout"}
FITTING: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "Erro": frozenset({"acs-error", "acs-down"}),
        "SMS": _CODES - {"challenge-password"},
        "prompt": APPROVED,
        **dict.fromkeys(("Method page", "Method callback"), _WITH_A_METHOD),
        **dict.fromkeys(("RReq", "RRes", "CReq post", "challenge page", "CRes page", "CRes post"), _CHALLENGES),
    }
)
"""The cards with which a message is met at all, where not with all."""
DECISIVE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "AReq": ("threeDSServerTransID", "messageVersion", "notificationURL", "purchaseAmount", "deviceChannel"),
        "ARes": ("transStatus", "eci", "authenticationValue", "acsTransID", "acsURL", "messageVersion"),
        "RReq": ("transStatus", "transStatus", "eci", "authenticationValue", "acsTransID", "messageVersion"),
        "CReq post": ("acsTransID", "threeDSServerTransID", "messageVersion", "challengeWindowSize"),
        "CRes post": ("transStatus", "transStatus", "acsTransID"),
        "PRes": ("serialNum", "cardRangeData", "cardRangeData[0].startRange", "cardRangeData[0].threeDSMethodURL"),
    }
)
"""Elements on which a payment depends: drawn as often as all others together."""
STATUSES: Final = ("Y", "N", "R", "U", "A")
NOBODY: Final = "00000000-0000-4000-8000-000000000000"
WRONG_VALUES: Final = (
    "",
    "zz",
    "0",
    None,
    "x" * 3000,
    "Y",
    "N",
    "05",
    "99",
    NOBODY,
    {"a": 1},
    7,
    MARKUP,
)
WRONG_OF: Final[Mapping[str, tuple[Any, ...]]] = MappingProxyType(
    {"messageVersion": VERSIONS, **dict.fromkeys(("threeDSServerTransID", "acsTransID", "dsTransID"), (NOBODY,))}
)
"""Values that are right by themselves, and wrong for this payment."""
_AT_THE_RETURN: Final = tuple(
    do for do in SENSIBLE["CRes post"] if do not in ELEMENT_FAULTS | {"swap-ids", "other-session"}
)
SINGLES: Final[Mapping[str, tuple[str, str, str]]] = MappingProxyType(
    {
        f"{do} {element} of the {at}": (at, do, element)
        for at in ("ARes", "RReq", "CRes post")
        for element in dict.fromkeys((*DECISIVE[at], "threeDSServerTransID", "dsTransID"))
        for do in ("drop", "set")
        if (at, element) != ("CRes post", "dsTransID")
    }
    | {f"{do} at the CRes post": ("CRes post", do, "") for do in _AT_THE_RETURN}
)
"""One thing that is wrong in a payment where nothing else is: an element on which it depends, or how the browser comes back to the
shop, which other faults would keep it from."""
TYPES: Final = ("text", "number", "boolean", "list", "object", "null")
REASONED: Final[Mapping[str, str]] = MappingProxyType({"N": "01", "R": "11", "U": "22"})
"""A transStatusReason for each status that needs one, so that nothing else is wrong with the message."""


def elements_of(at: str, version: str) -> tuple[str, ...]:
    """The paths of all elements that may stand in what is carried at a point, nested ones too."""
    if at in _OTHER_ELEMENTS:
        return _OTHER_ELEMENTS[at]
    rows = MESSAGES[CARRIED_BY.get(at, at)]
    version = WITH_NOTICES if at == "OReq" else version
    return tuple(_path(row.name) for row in rows if row.included(version, _BRW, _PA, None))


def _path(name: str) -> str:
    """The first of each list on the way."""
    *way, last = name.split(".")
    return ".".join([*(f"{step}[0]" if step in _LISTS else step for step in way), last])
