"""What a message can do wrong: the wire codes (Annex A, error codes), one violation, and the exception that carries them."""

from collections.abc import Mapping, Sequence
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from threedsecure.errors import ProtocolError


class ErrorCode(StrEnum):
    """errorCode values. 205 to 207 and 308 to 315 exist since 2.3."""

    MESSAGE_RECEIVED_INVALID = "101"
    VERSION_NOT_SUPPORTED = "102"
    SENT_MESSAGES_LIMIT_EXCEEDED = "103"
    REQUIRED_ELEMENT_MISSING = "201"
    CRITICAL_EXTENSION_NOT_RECOGNISED = "202"
    FORMAT_INVALID = "203"
    DUPLICATE_ELEMENT = "204"
    CARD_RANGE_OVERLAP = "205"
    ACTION_IMPOSSIBLE = "206"
    RESERVED_VALUE_USED = "207"
    TRANSACTION_ID_NOT_RECOGNISED = "301"
    DATA_DECRYPTION_FAILURE = "302"
    ACCESS_DENIED = "303"
    ISO_CODE_INVALID = "304"
    TRANSACTION_DATA_NOT_VALID = "305"
    MCC_NOT_VALID = "306"
    SERIAL_NUMBER_NOT_VALID = "307"
    SDK_SIGNATURE_INVALID = "308"
    CONTENT_SECURITY_POLICY = "309"
    CRYPTOGRAPHIC_ALGORITHM_WRONG = "310"
    KEY_ID_INVALID = "311"
    DUPLICATE_MESSAGE = "312"
    RESULTS_REQUEST_NOT_EXPECTED = "313"
    MULTIPLE_CHALLENGE_REQUESTS_NOT_SUPPORTED = "314"
    CHALLENGE_REQUEST_AFTER_RESULTS = "315"
    TRANSACTION_TIMED_OUT = "402"
    TRANSIENT_FAILURE = "403"
    PERMANENT_FAILURE = "404"
    CONNECTION_FAILURE = "405"


DESCRIPTIONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        ErrorCode.MESSAGE_RECEIVED_INVALID: "The message is not one that this component receives",
        ErrorCode.VERSION_NOT_SUPPORTED: "The message version is not supported; the detail lists those that are",
        ErrorCode.SENT_MESSAGES_LIMIT_EXCEEDED: "More messages were sent than the receiver allows",
        ErrorCode.REQUIRED_ELEMENT_MISSING: "A required data element is missing",
        ErrorCode.CRITICAL_EXTENSION_NOT_RECOGNISED: "A critical message extension is not recognised",
        ErrorCode.FORMAT_INVALID: "The format or value of a data element is not valid",
        ErrorCode.DUPLICATE_ELEMENT: "A data element stands more than once",
        ErrorCode.CARD_RANGE_OVERLAP: "Card ranges overlap",
        ErrorCode.ACTION_IMPOSSIBLE: "A card range cannot be changed as asked",
        ErrorCode.RESERVED_VALUE_USED: "A value reserved for EMVCo was used",
        ErrorCode.TRANSACTION_ID_NOT_RECOGNISED: "A transaction id is not recognised",
        ErrorCode.DATA_DECRYPTION_FAILURE: "The data could not be decrypted",
        ErrorCode.ACCESS_DENIED: "The sender has no access, or the address is not valid",
        ErrorCode.ISO_CODE_INVALID: "An ISO country or currency code is not valid",
        ErrorCode.TRANSACTION_DATA_NOT_VALID: "The transaction data are not valid",
        ErrorCode.MCC_NOT_VALID: "The merchant category code is not valid for the payment system",
        ErrorCode.SERIAL_NUMBER_NOT_VALID: "The serial number is not valid",
        ErrorCode.SDK_SIGNATURE_INVALID: "The signed content of the SDK is not valid",
        ErrorCode.CONTENT_SECURITY_POLICY: "The content security policy is not valid",
        ErrorCode.CRYPTOGRAPHIC_ALGORITHM_WRONG: "The cryptographic algorithm is not the one expected",
        ErrorCode.KEY_ID_INVALID: "The key id is not known",
        ErrorCode.DUPLICATE_MESSAGE: "The message was received before",
        ErrorCode.RESULTS_REQUEST_NOT_EXPECTED: "No result is expected for the transaction",
        ErrorCode.MULTIPLE_CHALLENGE_REQUESTS_NOT_SUPPORTED: "More than one challenge request is not supported",
        ErrorCode.CHALLENGE_REQUEST_AFTER_RESULTS: "The challenge request came after the result",
        ErrorCode.TRANSACTION_TIMED_OUT: "The transaction timed out",
        ErrorCode.TRANSIENT_FAILURE: "The system failed for a moment",
        ErrorCode.PERMANENT_FAILURE: "The system failed",
        ErrorCode.CONNECTION_FAILURE: "No connection to the next component",
    }
)


class Stage(IntEnum):
    """The order in which a receiver looks for faults; the lowest stage that finds one is the one reported."""

    DECODE = 0
    FORMAT = 1
    EXTENSION = 2
    PRESENCE = 3
    IDS = 4
    RULE = 5


class Violation(Struct, frozen=True):
    """One fault: the element (dotted and indexed, `messageExtension[3].id`), what was found there, what is allowed, and where
    the specification says so. `found` carries no card number, code or key."""

    code: str
    element: str
    found: str
    allowed: str
    clause: str
    stage: Stage = Stage.FORMAT


class MessageError(ProtocolError):
    """A message that is answered with an Erro.

    `code` is the errorCode, `detail` the errorDetail (a comma list of element names, or words), `description` the
    errorDescription. `violations` holds what was found at all stages; `message` what could be decoded, if anything."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        description: str | None = None,
        violations: Sequence[Violation] = (),
        message: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = str(code)
        self.detail = detail
        self.description = description or DESCRIPTIONS.get(code, "The message was refused")
        self.violations = tuple(violations)
        self.message = message
