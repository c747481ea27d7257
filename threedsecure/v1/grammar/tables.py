"""The messages of 3-D Secure 1.0.2 and 1.0.1 as data: elements in the order of the document type definition.

`Element` is required unless it says otherwise. A row with `versions` counts for those only.
"""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from threedsecure.v1.grammar import formats as f
from threedsecure.v1.grammar.formats import Format

VERSIONS: Final = ("1.0.1", "1.0.2")
NEWEST: Final = "1.0.2"
HEAD: Final = ("messageType", "messageId")
"""What a message's mapping holds beside the elements."""

_OLD, _NEW = VERSIONS[:1], VERSIONS[1:]


class Element(Struct, frozen=True):
    """One element, or an attribute. `content` is the format of its text, or its children in order."""

    name: str
    content: "Format | tuple[Element, ...]"
    required: bool = True
    repeated: bool = False
    attribute: bool = False
    versions: tuple[str, ...] = VERSIONS

    @property
    def children(self) -> "tuple[Element, ...]":
        return self.content if isinstance(self.content, tuple) else ()


def optional(name: str, content: Format | tuple[Element, ...], *, versions: tuple[str, ...] = VERSIONS) -> Element:
    return Element(name, content, required=False, versions=versions)


def repeated(name: str, content: Format | tuple[Element, ...]) -> Element:
    return Element(name, content, required=False, repeated=True)


# What stands in an Extension is the business of whoever defined it; it is kept as text.
EXTENSION_CONTENT: Final = "content"

_VERSION: Final = Element("version", f.one_of(*VERSIONS))
_REQUESTER: Final = Element(
    "Merchant",
    (Element("acqBIN", f.ACQUIRER_BIN), Element("merID", f.MERCHANT_ID), optional("password", f.PASSWORD)),
)
_IREQ: Final = optional(
    "IReq",
    (
        Element("iReqCode", f.INVALID_REQUEST_CODE),
        optional("iReqDetail", f.DETAIL),
        optional("vendorCode", f.DETAIL),
    ),
)
_EXTENSION: Final = repeated(
    "Extension",
    (
        Element("id", f.EXTENSION_ID, attribute=True),
        Element("critical", f.CRITICAL, attribute=True),
        optional(EXTENSION_CONTENT, f.ANYTHING),
    ),
)

MESSAGES: Final[Mapping[str, tuple[Element, ...]]] = MappingProxyType(
    {
        "CRReq": (_VERSION, _REQUESTER, optional("serialNumber", f.SERIAL_NUMBER)),
        "CRRes": (
            _VERSION,
            repeated("CR", (Element("begin", f.PAN), Element("end", f.PAN), Element("action", f.ACTION))),
            optional("serialNumber", f.SERIAL_NUMBER),
            _IREQ,
        ),
        "VEReq": (
            _VERSION,
            Element("pan", f.PAN),
            _REQUESTER,
            optional(
                "Browser",
                (
                    optional("deviceCategory", f.DEVICE_CATEGORY, versions=_NEW),
                    optional("deviceCategory", f.ZERO_OR_ONE, versions=_OLD),
                    optional("accept", f.HEADER),
                    optional("userAgent", f.HEADER),
                ),
            ),
            _EXTENSION,
        ),
        "VERes": (
            _VERSION,
            Element("CH", (Element("enrolled", f.ENROLLED), optional("acctID", f.ACCOUNT_ID))),
            optional("url", f.ACS_ADDRESS),
            repeated("protocol", f.PROTOCOL),
            _IREQ,
            _EXTENSION,
        ),
        "PAReq": (
            _VERSION,
            Element(
                "Merchant",
                (
                    Element("acqBIN", f.ACQUIRER_BIN),
                    Element("merID", f.MERCHANT_ID),
                    Element("name", f.MERCHANT_NAME),
                    Element("country", f.ISO_NUMERIC),
                    Element("url", f.MERCHANT_ADDRESS),
                ),
            ),
            Element(
                "Purchase",
                (
                    Element("xid", f.TWENTY_BYTES),
                    Element("date", f.DATE_TIME),
                    Element("amount", f.DISPLAY_AMOUNT),
                    Element("purchAmount", f.AMOUNT),
                    Element("currency", f.ISO_NUMERIC),
                    Element("exponent", f.EXPONENT),
                    optional("desc", f.DESCRIPTION),
                    optional("Recur", (Element("frequency", f.FREQUENCY), Element("endRecur", f.DAY))),
                    optional("install", f.INSTALLMENTS),
                ),
            ),
            Element("CH", (Element("acctID", f.ACCOUNT_ID), Element("expiry", f.EXPIRY))),
            _EXTENSION,
        ),
        "PARes": (
            Element("id", f.PARES_ID, attribute=True),
            _VERSION,
            Element("Merchant", (Element("acqBIN", f.ACQUIRER_BIN), Element("merID", f.MERCHANT_ID))),
            Element(
                "Purchase",
                (
                    Element("xid", f.TWENTY_BYTES),
                    Element("date", f.DATE_TIME),
                    Element("purchAmount", f.AMOUNT),
                    Element("currency", f.ISO_NUMERIC),
                    Element("exponent", f.EXPONENT),
                ),
            ),
            Element("pan", f.PAN),
            Element(
                "TX",
                (
                    Element("time", f.DATE_TIME),
                    Element("status", f.STATUS, versions=_NEW),
                    Element("status", f.STATUS_1_0_1, versions=_OLD),
                    optional("cavv", f.TWENTY_BYTES),
                    optional("eci", f.ECI),
                    optional("cavvAlgorithm", f.CAVV_ALGORITHM, versions=_NEW),
                    optional("cavvAlgorithm", f.ZERO_OR_ONE, versions=_OLD),
                ),
            ),
            _IREQ,
            _EXTENSION,
        ),
        "Error": (
            _VERSION,
            Element("errorCode", f.ERROR_CODE),
            Element("errorMessage", f.ERROR_TEXT),
            Element("errorDetail", f.ERROR_TEXT),
            optional("vendorCode", f.DETAIL),
        ),
    }
)


@cache
def of_version(elements: tuple[Element, ...], version: str) -> Mapping[str, Element]:
    """The rows of `elements` that count for `version`, by name and in order."""
    return MappingProxyType({element.name: element for element in elements if version in element.versions})
