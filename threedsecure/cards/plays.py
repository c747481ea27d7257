"""The words for what a scenario has the issuer do: plain data, read by the issuer and by whoever tells what a card does."""

from datetime import timedelta
from enum import StrEnum
from typing import Final, Literal, TypeAlias

from msgspec import Struct

CODE_VALIDITY: Final = timedelta(minutes=5)
"""How long a SecureCode can be typed, from when it was sent."""


class Method(StrEnum):
    """How the cardholder is authenticated."""

    SMS_CODE = "sms-code"
    AUTO_PASS = "auto-pass"  # noqa: S105 - a name, not a secret
    AUTO_FAIL = "auto-fail"
    PASSWORD = "password"  # noqa: S105 - a name, not a secret
    PASSWORD_AND_SMS_CODE = "password-sms-code"  # noqa: S105 - a name, not a secret
    PASSWORD_AND_QUESTION = "password-question"  # noqa: S105 - a name, not a secret
    KNOWLEDGE = "knowledge"
    SINGLE_SELECT = "single-select"
    MULTI_SELECT = "multi-select"
    HTML_PAGE = "html-page"
    CHOICE = "choice"
    OUTCOME_CODE = "outcome-code"
    OUT_OF_BAND = "out-of-band"
    PASSKEY = "passkey"
    SPC = "spc"
    WALLET = "wallet"
    DECOUPLED = "decoupled"


class RReqOrder(StrEnum):
    """When the RReq goes out beside the CRes, and whether they agree. By default it goes first and they do."""

    FIRST = "first"
    LONG_BEFORE = "long before"
    LONG_AFTER = "long after"
    NEVER = "never"
    TWICE = "twice"
    CONTRADICTING = "contradicting"


# EMV 3-D Secure: what is answered to an AReq.


class Settle(Struct, frozen=True):
    """Answer with a final transStatus."""

    trans_status: str
    reason: str | None = None
    exemption: str | None = None


class Ask(Struct, frozen=True):
    """Answer transStatus C and challenge by this method. `insists`: whatever the requestor wishes. `content`: what is wrong with
    acsSignedContent, in an app."""

    method: Method
    insists: bool = False
    rreq: RReqOrder = RReqOrder.FIRST
    content: str | None = None


class DeferIfAsked(Struct, frozen=True):
    """Decoupled, when the requestor asks for it."""


class KeepSilent(Struct, frozen=True):
    """Decide as `late` says, and let the caller wait for it longer than it can."""

    late: Settle


class AnswerErro(Struct, frozen=True):
    """Answer with an Erro although the AReq is right."""

    code: str
    detail: str


# 3-D Secure 1.0.2: what is answered to a VEReq and a PAReq.


class PlayV1(Struct, frozen=True):
    """`enrolled`: for the VEReq, `refused`: the iReqCode beside it; `lookup`: what happens instead. `status` or `method`: for the
    PAReq, settled at once or challenged; `iReqCode` of a PARes U: `refusal`; `page`: what happens instead. `defect`: what is wrong
    with the signature (`threedsecure.v1.signature.signing.SignatureDefect`)."""

    enrolled: Literal["Y", "N", "U"] = "Y"
    refused: str | None = None
    lookup: Literal["silence", "error"] | None = None
    status: str | None = None
    method: Method | None = None
    refusal: str | None = None
    page: Literal["silence", "error"] | None = None
    defect: str | None = None


Play: TypeAlias = Settle | Ask | DeferIfAsked | KeepSilent | AnswerErro | PlayV1
