"""One asking for a passkey: what the page hands the browser, what the browser made of it, and what that is worth."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

import orjson
from msgspec import Struct

from acs.cardholder.passkeys.assertions import Expected, verified
from acs.cardholder.passkeys.credentials import Passkey, Refused, encoded
from acs.cardholder.securecode import Verdict

MAX_ANSWER: Final = 32 * 1024
"""Characters of what the page posts."""
MAX_WORDS: Final = 200
LOGIN_FEATURE: Final = "publickey-credentials-get"
PAYMENT_FEATURE: Final = "payment"
"""What a frame has to allow (Permissions Policy)."""


class Outcome(StrEnum):
    """What a browser made of it. All but `CHOSEN` end in another way to confirm."""

    CHOSEN = "chosen"
    CANCELLED = "cancelled"
    NO_CREDENTIAL = "no credential"
    NOT_SUPPORTED = "not supported"
    NOT_PERMITTED = "not permitted"
    TIMED_OUT = "timed out"


INCOMPLETE: Final[Mapping[Outcome, str]] = MappingProxyType(
    {
        Outcome.CANCELLED: "02",
        Outcome.NO_CREDENTIAL: "01",
        Outcome.NOT_SUPPORTED: "01",
        Outcome.NOT_PERMITTED: "01",
        Outcome.TIMED_OUT: "03",
    }
)
"""spcIncompInd, where the 3DS Requestor's page asked."""

_BY_ERROR: Final[Mapping[str, Outcome]] = MappingProxyType(
    {
        "AbortError": Outcome.CANCELLED,
        "OptOutError": Outcome.CANCELLED,
        "NotAllowedError": Outcome.NO_CREDENTIAL,
        "SecurityError": Outcome.NOT_PERMITTED,
        "TimeoutError": Outcome.TIMED_OUT,
    }
)
"""By the name of a DOMException; any other one is a browser that cannot."""
_UNVERIFIED: Final = "timed out or was not allowed"
"""What Chromium says beside AbortError where the cardholder could not be verified."""


class Asserted(Struct, frozen=True):
    """What a post of the page came to. `passkey`: the one that was used, with its new counter; `words`: why not, for developers."""

    verdict: Verdict
    outcome: Outcome
    passkey: Passkey | None = None
    words: str = ""


class Ceremony(Struct, frozen=True):
    """`timeout`: how long the browser asks."""

    expected: Expected
    timeout: timedelta

    @property
    def feature(self) -> str:
        """What every frame around the page has to allow."""
        return LOGIN_FEATURE if self.expected.payment is None else PAYMENT_FEATURE

    @property
    def options(self) -> dict[str, Any]:
        """What the page's script hands the browser; base64url where the browser wants bytes."""
        expected, payment = self.expected, self.expected.payment
        asked: dict[str, Any] = {
            "challenge": encoded(expected.challenge),
            "rpId": expected.rp_id,
            "credentialIds": [passkey.id for passkey in expected.passkeys],
            "timeout": int(self.timeout.total_seconds() * 1000),
            "feature": self.feature,
        }
        if payment is None:
            return asked
        named = {"payeeName": payment.payee_name, "payeeOrigin": payment.payee_origin}
        instrument = {"displayName": payment.display_name, "icon": payment.icon}
        total = {"currency": payment.currency, "value": payment.value}
        return asked | {"payment": {"total": total, "instrument": instrument, **{k: v for k, v in named.items() if v}}}

    def judge(self, value: str) -> Asserted:
        """What the page posted: `{"assertion": …}`, `{"error": …, "message": …, "allowed": …}`, or nothing where no script ran."""
        posted = _object(value)
        assertion = posted.get("assertion")
        if not isinstance(assertion, dict):
            outcome = outcome_of(posted, pays=self.expected.payment is not None)
            return Asserted(Verdict.FALLS_BACK, outcome, words=_words(posted))
        try:
            return Asserted(Verdict.CORRECT, Outcome.CHOSEN, verified(assertion, self.expected))
        except Refused as refused:
            return Asserted(Verdict.WRONG, Outcome.CHOSEN, words=str(refused))


def outcome_of(posted: Mapping[str, Any], *, pays: bool) -> Outcome:
    """By the browser's error. A frame that is not allowed to ask is told apart by what the page's script says of it (`allowed`). A
    login says the same of a cardholder who does not want to and of one who has no passkey here (WebAuthn, section 14.5.1)."""
    error, message, allowed = (posted.get(name) for name in ("error", "message", "allowed"))
    if allowed is False:
        return Outcome.NOT_PERMITTED
    match error:
        case "SecurityError" if allowed is True:
            return Outcome.NOT_SUPPORTED
        case "NotAllowedError" if not pays:
            return Outcome.CANCELLED
        case "AbortError" if isinstance(message, str) and _UNVERIFIED in message:
            return Outcome.NO_CREDENTIAL
        case str():
            return _BY_ERROR.get(error, Outcome.NOT_SUPPORTED)
        case _:
            return Outcome.NOT_SUPPORTED


def _object(value: str) -> dict[str, Any]:
    if len(value) > MAX_ANSWER:
        return {}
    try:
        posted = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return posted if isinstance(posted, dict) else {}


def _words(posted: Mapping[str, Any]) -> str:
    told = [posted.get(name) for name in ("error", "message")]
    return ": ".join(text for text in told if isinstance(text, str) and text)[:MAX_WORDS] or "no script ran on the page"
