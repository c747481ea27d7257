"""Where something can go wrong: the messages that the simulator sends and gets, and how each of them is carried."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

DIRECTORY_SERVER: Final = "Directory Server"
ACS: Final = "ACS"
THREE_DS_SERVER: Final = "3DS Server"
SDK: Final = "SDK"
MPI: Final = "MPI"
BROWSER: Final = "Browser"


class Carrier(StrEnum):
    """How a message travels, which decides what can happen to it."""

    ANSWER = "answer"
    """The HTTP answer to a message."""
    REQUEST = "request"
    """An HTTP request that the simulator makes."""
    PAGE = "page"
    """The HTTP answer that shows a page."""
    POST = "post"
    """What a page of the ACS has the browser post elsewhere."""
    ARRIVAL = "arrival"
    """What others send to the simulator, before it is read."""


class Written(StrEnum):
    """What a message is written in."""

    JSON = "JSON"
    XML = "XML"
    PAGE = "HTML"


class Point(Struct, frozen=True):
    """`senders`: by whom; the first one when nothing is said. `field`: the form field that carries it, at a post."""

    name: str
    carrier: Carrier
    written: Written
    senders: tuple[str, ...]
    about: str
    field: str | None = None


_POINTS: Final = (
    Point("PRes", Carrier.ANSWER, Written.JSON, (DIRECTORY_SERVER,), "the card ranges, answering a PReq"),
    Point("ARes", Carrier.ANSWER, Written.JSON, (DIRECTORY_SERVER, ACS), "the answer to an AReq"),
    Point("RRes", Carrier.ANSWER, Written.JSON, (DIRECTORY_SERVER, THREE_DS_SERVER), "the answer to an RReq"),
    Point("Erro", Carrier.ANSWER, Written.JSON, (DIRECTORY_SERVER, ACS), "an Erro that answers a message"),
    Point("VERes", Carrier.ANSWER, Written.XML, (DIRECTORY_SERVER, ACS), "the answer to a VEReq (1.0.2)"),
    Point("CRRes", Carrier.ANSWER, Written.XML, (DIRECTORY_SERVER,), "the card ranges, answering a CRReq (1.0.2)"),
    Point("Error", Carrier.ANSWER, Written.XML, (DIRECTORY_SERVER, ACS), "an Error that answers a message (1.0.2)"),
    Point("ORes", Carrier.ANSWER, Written.JSON, (THREE_DS_SERVER, ACS), "the answer to an OReq (2.3.1)"),
    Point("OReq", Carrier.REQUEST, Written.JSON, (DIRECTORY_SERVER,), "a notice of the directory server (2.3.1)"),
    Point("AReq", Carrier.REQUEST, Written.JSON, (DIRECTORY_SERVER,), "the AReq on its way to the ACS"),
    Point("RReq", Carrier.REQUEST, Written.JSON, (DIRECTORY_SERVER, ACS), "the result of a challenge"),
    Point("VEReq", Carrier.REQUEST, Written.XML, (DIRECTORY_SERVER,), "the VEReq on its way to the ACS (1.0.2)"),
    Point("SMS", Carrier.REQUEST, Written.JSON, (ACS,), "the text with the SecureCode, on its way to the phone"),
    Point("prompt", Carrier.REQUEST, Written.JSON, (ACS,), "the banking app's prompt, on its way to the phone"),
    Point("Method page", Carrier.PAGE, Written.PAGE, (ACS,), "the 3DS Method's page"),
    Point("challenge page", Carrier.PAGE, Written.PAGE, (ACS,), "a page that asks the cardholder something"),
    Point("CRes page", Carrier.PAGE, Written.PAGE, (ACS,), "the last page, which brings the browser back to the shop"),
    Point("PARes page", Carrier.PAGE, Written.PAGE, (ACS,), "the last page in 1.0.2"),
    Point(
        "Method callback",
        Carrier.POST,
        Written.JSON,
        (ACS,),
        "what the browser posts to threeDSMethodNotificationURL",
        "threeDSMethodData",
    ),
    Point("CRes post", Carrier.POST, Written.JSON, (ACS,), "what the browser posts to notificationURL", "cres"),
    Point("PARes", Carrier.POST, Written.XML, (ACS,), "what the browser posts to TermUrl (1.0.2)", "PaRes"),
    Point("PReq", Carrier.ARRIVAL, Written.JSON, (THREE_DS_SERVER,), "the PReq that reaches the directory server"),
    Point("CRReq", Carrier.ARRIVAL, Written.XML, (MPI,), "the CRReq that reaches the directory server (1.0.2)"),
    Point("CReq post", Carrier.ARRIVAL, Written.JSON, (BROWSER,), "what the browser posts to acsURL", "creq"),
    Point("PAReq", Carrier.ARRIVAL, Written.XML, (BROWSER,), "what the browser posts to the bank (1.0.2)", "PaReq"),
    Point("acsSignedContent", Carrier.ANSWER, Written.JSON, (ACS,), "what the ACS signs for the SDK of an app"),
    Point("CReq", Carrier.REQUEST, Written.JSON, (SDK,), "what an app of the desk's sends, inside its encryption"),
    Point("CRes", Carrier.ANSWER, Written.JSON, (ACS,), "what the ACS shows in an app, inside its encryption"),
)
POINTS: Final[Mapping[str, Point]] = MappingProxyType({point.name: point for point in _POINTS})

# Points at which the same things can happen.
ANSWERS: Final = ("PRes", "ARes", "RRes", "Erro", "VERes", "CRRes", "Error", "ORes")
PAGES: Final = ("Method page", "challenge page", "CRes page", "PARes page")
REQUESTS: Final = ("AReq", "RReq", "VEReq", "OReq")
TO_THE_PHONE: Final = ("SMS", "prompt")
POSTS: Final = ("Method callback", "CRes post", "PARes")
ARRIVALS: Final = ("PReq", "CRReq", "CReq post", "PAReq")
IN_AN_APP: Final = ("acsSignedContent", "CReq", "CRes")
