"""What goes wrong in 3-D Secure 1.0.2, under the protocol's own numbers."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from threedsecure.errors import ProtocolError


class ErrorCode(StrEnum):
    """`errorCode` of an Error: the message could not be understood at all."""

    ROOT_ELEMENT_INVALID = "1"
    MESSAGE_NOT_DEFINED = "2"
    REQUIRED_ELEMENT_MISSING = "3"
    CRITICAL_ELEMENT_NOT_RECOGNISED = "4"
    FORMAT_INVALID = "5"
    VERSION_TOO_OLD = "6"
    TRANSIENT_FAILURE = "98"
    PERMANENT_FAILURE = "99"


ERROR_MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        ErrorCode.ROOT_ELEMENT_INVALID: "Root element invalid.",
        ErrorCode.MESSAGE_NOT_DEFINED: "Message element not a defined message.",
        ErrorCode.REQUIRED_ELEMENT_MISSING: "Required element missing.",
        ErrorCode.CRITICAL_ELEMENT_NOT_RECOGNISED: "Critical element not recognized.",
        ErrorCode.FORMAT_INVALID: "Format of one or more elements is invalid according to the specification.",
        ErrorCode.VERSION_TOO_OLD: "Protocol version too old.",
        ErrorCode.TRANSIENT_FAILURE: "Transient system failure.",
        ErrorCode.PERMANENT_FAILURE: "Permanent system failure.",
    }
)


class InvalidRequestCode(StrEnum):
    """`iReqCode`: the message was understood and refused. It travels in VERes, PARes and CRRes."""

    ACQUIRER_NOT_PARTICIPATING = "50"
    MERCHANT_NOT_PARTICIPATING = "51"
    PASSWORD_MISSING = "52"  # noqa: S105 - a code of the protocol
    PASSWORD_WRONG = "53"  # noqa: S105 - a code of the protocol
    ISO_CODE_INVALID = "54"
    TRANSACTION_DATA_INVALID = "55"
    PAREQ_MISROUTED = "56"
    SERIAL_NUMBER_UNKNOWN = "57"
    ACCESS_DENIED = "58"
    TRANSIENT_FAILURE = "98"
    PERMANENT_FAILURE = "99"


class Violation(Struct, frozen=True):
    """One rule that a message breaks. `element` is dotted and indexed from below the message: `Purchase.xid`, `CR[1].begin`."""

    code: ErrorCode
    element: str
    found: str
    allowed: str


class MessageError(ProtocolError):
    """The peer's message is not 3-D Secure 1.0.2. `code`, `detail` and `description` are what an Error says of it;
    `message` is what could be read, if anything."""

    def __init__(
        self,
        code: ErrorCode,
        detail: str,
        *,
        description: str | None = None,
        violations: Sequence[Violation] = (),
        message: Mapping[str, Any] | None = None,
    ) -> None:
        self.code = code
        self.detail = detail
        self.description = description or ERROR_MESSAGES[code]
        self.violations = tuple(violations)
        self.message = message
        super().__init__(f"{code}: {self.description} {detail}")


class InvalidRequest(Struct, frozen=True):
    """Why a request that was understood is refused: an IReq. `code` is an InvalidRequestCode, `detail` names what is wrong."""

    code: InvalidRequestCode
    detail: str = ""
    vendor_code: str = ""

    def element(self) -> dict[str, str]:
        """The IReq element."""
        element = {"iReqCode": str(self.code), "iReqDetail": self.detail[:256], "vendorCode": self.vendor_code[:256]}
        return {name: value for name, value in element.items() if value}
