"""The methods: what their pages ask, in which order, and what EMV 3DS calls them (authenticationType, authenticationMethod)."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from acs.cardholder.methods import html_page, knowledge, multi_select, outcome, single_select, static_password
from acs.cardholder.securecode import Verdict
from threedsecure.cards.plays import Method


class Question(StrEnum):
    """What one page asks."""

    SMS_CODE = "sms-code"
    PASSWORD = "password"  # noqa: S105 - a name, not a secret
    KNOWLEDGE = "knowledge"
    CHOOSE_PHONE = "choose-phone"
    CHOOSE_SEVERAL = "choose-several"
    HTML_PAGE = "html-page"
    CHOOSE_OUTCOME = "choose-outcome"
    OUTCOME_CODE = "outcome-code"
    BANKING_APP = "banking-app"
    PASSKEY = "passkey"
    PAYMENT_CONFIRMATION = "payment-confirmation"
    WALLET = "wallet"
    NOTHING_PASS = "nothing-pass"  # noqa: S105 - a name, not a secret
    NOTHING_FAIL = "nothing-fail"


class Described(Struct, frozen=True):
    """`authentication_methods`: one code per factor. 2.1.0 and 2.2.0 have room for one, which is the last, where `earlier` has no
    other word for them. `fallback`: how it goes on where the browser cannot do it, or the cardholder chooses another way."""

    questions: tuple[Question, ...]
    authentication_type: str
    authentication_methods: tuple[str, ...]
    earlier: Mapping[str, str] = MappingProxyType({})
    fallback: Method | None = None

    def authentication_method(self, version: str, *, by_email: bool = False) -> str | list[str]:
        """The element as `version` writes it. `by_email`: that is how the cardholder's codes come."""
        methods = [_OTHER_CODE if by_email and one == _CODE_BY_SMS else one for one in self.authentication_methods]
        if version in ("2.1.0", "2.2.0"):
            return self.earlier.get(version, methods[-1])
        return methods


_CODE_BY_SMS, _OTHER_CODE = "02", "05"
_STATIC: Final = "01"
_DYNAMIC: Final = "02"
_OUT_OF_BAND: Final = "03"
_DECOUPLED: Final = "04"
_PUSHED: Final = MappingProxyType({"2.2.0": "11"})
_OTHER: Final = MappingProxyType({"2.1.0": "10", "2.2.0": "10"})

METHODS: Final[Mapping[Method, Described]] = MappingProxyType(
    {
        Method.SMS_CODE: Described((Question.SMS_CODE,), _DYNAMIC, ("02",)),
        Method.PASSWORD: Described((Question.PASSWORD,), _STATIC, ("01",)),
        Method.PASSWORD_AND_SMS_CODE: Described((Question.PASSWORD, Question.SMS_CODE), _DYNAMIC, ("01", "02")),
        Method.PASSWORD_AND_QUESTION: Described((Question.PASSWORD, Question.KNOWLEDGE), _STATIC, ("01", "06")),
        Method.KNOWLEDGE: Described((Question.KNOWLEDGE,), _STATIC, ("06",)),
        Method.SINGLE_SELECT: Described((Question.CHOOSE_PHONE, Question.SMS_CODE), _DYNAMIC, ("02",)),
        Method.MULTI_SELECT: Described((Question.CHOOSE_SEVERAL,), _STATIC, ("06",)),
        # 2.1.0 and 2.2.0 have no word for a page that is merely confirmed, nor for one that finishes by itself.
        Method.HTML_PAGE: Described((Question.HTML_PAGE,), _DYNAMIC, ("10",)),
        Method.CHOICE: Described((Question.CHOOSE_OUTCOME,), _DYNAMIC, ("10",)),
        Method.OUTCOME_CODE: Described((Question.OUTCOME_CODE,), _DYNAMIC, ("05",)),
        Method.AUTO_PASS: Described((Question.NOTHING_PASS,), _DYNAMIC, ("10",)),
        Method.AUTO_FAIL: Described((Question.NOTHING_FAIL,), _DYNAMIC, ("10",)),
        # Push confirmation (11) exists since 2.2.0, decoupled (12) since 2.3.
        Method.OUT_OF_BAND: Described((Question.BANKING_APP,), _OUT_OF_BAND, ("09",), _PUSHED, Method.SMS_CODE),
        Method.DECOUPLED: Described((Question.BANKING_APP,), _DECOUPLED, ("12",), _PUSHED),
        # WebAuthn (13) and SPC (14) exist since 2.3.
        Method.PASSKEY: Described((Question.PASSKEY,), _DYNAMIC, ("13",), _OTHER, Method.SMS_CODE),
        Method.SPC: Described((Question.PAYMENT_CONFIRMATION,), _DYNAMIC, ("14",), _OTHER, Method.SMS_CODE),
        # Electronic ID (16) exists since 2.3.
        Method.WALLET: Described((Question.WALLET,), _DYNAMIC, ("16",), _OTHER, Method.SMS_CODE),
    }
)

JUDGES: Final[Mapping[Question, Callable[[str], Verdict]]] = MappingProxyType(
    {
        Question.PASSWORD: static_password.judge,
        Question.KNOWLEDGE: knowledge.judge,
        Question.CHOOSE_PHONE: single_select.judge,
        Question.CHOOSE_SEVERAL: multi_select.judge,
        Question.HTML_PAGE: html_page.judge,
        # The banking app tells its decision by itself; until then there is nothing to answer.
        Question.BANKING_APP: lambda _value: Verdict.BLANK,
        Question.NOTHING_PASS: lambda _value: Verdict.CORRECT,
        Question.NOTHING_FAIL: lambda _value: Verdict.DECLINED,
    }
)
"""What an answer is worth. A code by SMS is judged by `acs.cardholder.securecode`, which knows what was sent."""

OUTCOMES: Final[Mapping[Question, Callable[[str], outcome.Chosen | None]]] = MappingProxyType(
    {Question.CHOOSE_OUTCOME: outcome.pressed, Question.OUTCOME_CODE: outcome.typed}
)
"""Questions whose answer says how the challenge ends; None for what says nothing."""

ASSERTED: Final = frozenset({Question.PASSKEY, Question.PAYMENT_CONFIRMATION, Question.WALLET})
"""Questions that the cardholder's authenticator or wallet answers by a signature; what that is worth is judged by
`acs.cardholder.passkeys` and `acs.v2.decision.wallet`."""

_BLANK_NOTICES: Final[Mapping[Question, str]] = MappingProxyType(
    {
        Question.PASSWORD: "blank-password",
        Question.KNOWLEDGE: "blank-answer",
        Question.CHOOSE_PHONE: "blank-choice",
        Question.CHOOSE_SEVERAL: "blank-choice",
        Question.HTML_PAGE: "blank-choice",
        Question.CHOOSE_OUTCOME: "blank-choice",
        Question.OUTCOME_CODE: "blank-answer",
        Question.BANKING_APP: "not-decided",
        Question.WALLET: "blank-choice",
    }
)
_WRONG_NOTICES: Final[Mapping[Question, str]] = MappingProxyType(
    {
        Question.PASSWORD: "wrong-password",
        Question.KNOWLEDGE: "wrong-answer",
        Question.OUTCOME_CODE: "wrong-answer",
        Question.CHOOSE_SEVERAL: "wrong-choice",
        Question.PASSKEY: "wrong-passkey",
        Question.PAYMENT_CONFIRMATION: "wrong-passkey",
        Question.WALLET: "wrong-wallet",
    }
)


def notice(question: Question, verdict: Verdict) -> str:
    """What the page says about an answer that does not end it (a kind of `acs.cardholder.texts.Notice`)."""
    told = {Verdict.BLANK: _BLANK_NOTICES, Verdict.WRONG: _WRONG_NOTICES}.get(verdict, {})
    return told.get(question, f"{verdict}-code")
