"""What a card can be told to do: one row per scenario. README.md, docs, the desk, `acs-sim cards` and the issuer read it here.

A scenario whose point lies elsewhere (the card range, the 3DS Method) is authenticated without a challenge.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from threedsecure.cards.plays import AnswerErro, Ask, DeferIfAsked, KeepSilent, Method, Play, PlayV1, RReqOrder, Settle

VERSIONS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "0": ("2.1.0", "2.2.0", "2.3.1"),
        "1": ("2.1.0",),
        "2": ("2.2.0",),
        "3": ("2.3.1",),
        "9": ("1.0.2",),
    }
)
V1_VERSION: Final = "1.0.2"
V1_DIGIT: Final = "9"
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
    """What a card can be told to do. `code` stands in digits 10 and 11; `play`: what the issuer does, None in 1.0.2 where it does
    what the scenario of this name does in EMV 3DS. `version` and `setup` are the digits 8 and 9 of the listed card; `sms` is the
    fourth digit of its phone number's family (see `phone_number`)."""

    name: str
    code: str
    description: str
    play: Play | None
    version: str = "0"
    setup: str = METHOD
    sms: str | None = None


def _by_name(*scenarios: Scenario) -> Mapping[str, Scenario]:
    return MappingProxyType({scenario.name: scenario for scenario in scenarios})


AUTHENTICATED: Final = Settle("Y")
UNAVAILABLE: Final = Settle("U", "22")
_SECURECODE: Final = Ask(Method.SMS_CODE)
_CONTENT: Final = "SecureCode; in an app acsSignedContent is {}"


def _signed(defect: str) -> Ask:
    return Ask(Method.SMS_CODE, content=defect)


SCENARIOS: Final = _by_name(
    Scenario("frictionless", "00", "authenticated without a challenge (ARes Y)", AUTHENTICATED),
    Scenario("frictionless-attempt", "01", "proof of an attempt (ARes A)", Settle("A")),
    Scenario("not-authenticated", "02", "not authenticated (ARes N)", Settle("N", "01")),
    Scenario("unavailable", "03", "authentication could not be performed (ARes U)", UNAVAILABLE),
    Scenario("rejected", "04", "rejected by the issuer (ARes R)", Settle("R", "11")),
    Scenario("challenge-otp", "10", "SecureCode by SMS: three tries, two resends, five minutes", _SECURECODE),
    Scenario("challenge-auto-pass", "16", "a challenge page that succeeds by itself", Ask(Method.AUTO_PASS)),
    Scenario("challenge-auto-fail", "17", "a challenge page that fails by itself", Ask(Method.AUTO_FAIL)),
    Scenario("not-enrolled", "00", "outside every card range", AUTHENTICATED, version=NOT_ENROLLED_DIGIT),
    Scenario("method-none", "00", "no 3DS Method URL (threeDSCompInd U), then ARes Y", AUTHENTICATED, setup=NO_METHOD),
    Scenario(
        "method-timeout", "00", "the 3DS Method never calls back (N), then ARes Y", AUTHENTICATED, setup=SILENT_METHOD
    ),
    Scenario(
        "method-late",
        "00",
        "the 3DS Method calls back later than anybody waits (N), then ARes Y",
        AUTHENTICATED,
        setup=LATE_METHOD,
    ),
    Scenario(
        "method-required",
        "06",
        "ARes Y when the ACS has seen the 3DS Method (threeDSCompInd Y), else N (reason 11)",
        AUTHENTICATED,
    ),
    Scenario("acs-timeout", "40", "the ACS does not answer the AReq", KeepSilent(UNAVAILABLE)),
    Scenario(
        "acs-error",
        "41",
        "the ACS answers the AReq with an Erro",
        AnswerErro("403", "the scenario of this card asks for an error"),
    ),
    Scenario("acs-down", "00", "the ACS refuses the connection", AUTHENTICATED, setup=ISSUER_DOWN),
    Scenario(
        "stand-in-attempt",
        "00",
        "the ACS is down and the scheme answers A for it",
        AUTHENTICATED,
        setup=ATTEMPT_STANDS_IN,
    ),
    Scenario(
        "stand-in-unavailable",
        "00",
        "the ACS is down and the scheme answers U for it",
        AUTHENTICATED,
        setup=UNAVAILABLE_STANDS_IN,
    ),
    Scenario(
        "informational",
        "05",
        "information only (ARes I) when the requestor asks for 05, 06 or 07, else ARes Y",
        Settle("I"),
    ),
    Scenario(
        "challenge-mandated",
        "09",
        "SecureCode by SMS even where the requestor wishes no challenge",
        Ask(Method.SMS_CODE, insists=True),
    ),
    Scenario("sms-lost", "30", "the SecureCode is sent and never arrives", _SECURECODE, sms="0"),
    Scenario("challenge-oob", "11", "approval in the banking app", Ask(Method.OUT_OF_BAND)),
    Scenario("challenge-single-select", "12", "choose the phone that gets the SecureCode", Ask(Method.SINGLE_SELECT)),
    Scenario("challenge-multi-select", "13", "choose the two pictures of a secret", Ask(Method.MULTI_SELECT)),
    Scenario("challenge-html", "14", "a page of the issuer's own: was it you?", Ask(Method.HTML_PAGE)),
    Scenario("challenge-password", "15", "a password that never changes", Ask(Method.PASSWORD)),
    Scenario(
        "challenge-password-otp", "18", "the password, then a SecureCode by SMS", Ask(Method.PASSWORD_AND_SMS_CODE)
    ),
    Scenario("challenge-knowledge", "19", "a question that only the cardholder can answer", Ask(Method.KNOWLEDGE)),
    Scenario(
        "challenge-password-question",
        "24",
        "the password, then the question; on one screen where an app has two boxes (2.3.1)",
        Ask(Method.PASSWORD_AND_QUESTION),
    ),
    Scenario("challenge-choose", "22", "the page asks how it is to end: Y, N, A, U or R", Ask(Method.CHOICE)),
    Scenario(
        "challenge-spc",
        "26",
        "a payment confirmed by passkey (2.3.1: SPC; ARes S where the requestor can), else as challenge-passkey",
        Ask(Method.SPC),
    ),
    Scenario(
        "challenge-passkey", "25", "the card's passkey, or a SecureCode where it cannot be used", Ask(Method.PASSKEY)
    ),
    Scenario(
        "challenge-wallet",
        "27",
        "confirmed in the cardholder's wallet (EUDI), to which the page redirects, or a SecureCode instead",
        Ask(Method.WALLET),
    ),
    Scenario(
        "challenge-outcome-code",
        "23",
        "the code that is typed says how it ends: 1234 Y, 1111 N, 2222 R, 3333 U, 7777 A, 0001 to 0011 N with that reason",
        Ask(Method.OUTCOME_CODE),
    ),
    Scenario(
        "decoupled",
        "20",
        "decided later in the banking app (ARes D) when the requestor asks for it, else N",
        DeferIfAsked(),
    ),
    Scenario(
        "decoupled-fallback",
        "21",
        "SecureCode that is not enough (2.3.1, RReq D when the requestor takes it); then decided in the banking app",
        _SECURECODE,
    ),
    Scenario(
        "results-early",
        "50",
        "SecureCode; the RReq goes out long before the CRes",
        Ask(Method.SMS_CODE, rreq=RReqOrder.LONG_BEFORE),
    ),
    Scenario(
        "results-late",
        "51",
        "SecureCode; the RReq goes out long after the CRes",
        Ask(Method.SMS_CODE, rreq=RReqOrder.LONG_AFTER),
    ),
    Scenario("results-never", "52", "SecureCode; no RReq is ever sent", Ask(Method.SMS_CODE, rreq=RReqOrder.NEVER)),
    Scenario("results-twice", "53", "SecureCode; the RReq is sent twice", Ask(Method.SMS_CODE, rreq=RReqOrder.TWICE)),
    Scenario(
        "results-contradicting",
        "54",
        "SecureCode; the CRes says the opposite of the RReq",
        Ask(Method.SMS_CODE, rreq=RReqOrder.CONTRADICTING),
    ),
    Scenario("app-bad-signature", "60", _CONTENT.format("changed after it was signed"), _signed("tampered")),
    Scenario("app-bad-chain", "61", _CONTENT.format("signed under an unknown root"), _signed("wrong-chain")),
    Scenario(
        "app-bad-expired", "62", _CONTENT.format("signed with an expired certificate"), _signed("expired-certificate")
    ),
    Scenario("app-bad-key", "63", _CONTENT.format("made for another SDK's key"), _signed("other-key")),
    Scenario("app-bad-algorithm", "64", _CONTENT.format("signed with RS256"), _signed("wrong-algorithm")),
    Scenario("app-bad-content", "65", _CONTENT.format("no JSON"), _signed("unreadable")),
    Scenario("app-bad-url", "66", _CONTENT.format("for an acsURL with plain http"), _signed("plain-http")),
    Scenario("sms-late", "31", "the SecureCode arrives when it has expired", _SECURECODE, sms="1"),
    Scenario("sms-twice", "32", "the SecureCode arrives twice", _SECURECODE, sms="2"),
    Scenario("sms-refused", "33", "the carrier refuses the SecureCode", _SECURECODE, sms="3"),
)
V1_SCENARIOS: Final = _by_name(
    Scenario("frictionless", "00", "enrolled; authenticated without a page (PARes Y)", None, V1_DIGIT),
    Scenario("frictionless-attempt", "01", "enrolled; proof of an attempt (PARes A)", None, V1_DIGIT),
    Scenario("not-authenticated", "02", "enrolled; not authenticated (PARes N)", None, V1_DIGIT),
    Scenario("unavailable", "03", "enrolled; authentication could not be performed (PARes U)", None, V1_DIGIT),
    Scenario("challenge-otp", "10", "SecureCode by SMS: three tries, two resends, five minutes", None, V1_DIGIT),
    Scenario("challenge-auto-pass", "16", "a page that succeeds by itself (PARes Y)", None, V1_DIGIT),
    Scenario("challenge-auto-fail", "17", "a page that fails by itself (PARes N)", None, V1_DIGIT),
    Scenario("challenge-choose", "22", "the page asks how it is to end: Y, N, A or U", None, V1_DIGIT),
    Scenario(
        "challenge-outcome-code",
        "23",
        "the code that is typed says how it ends: 1234 Y, 1111 N, 3333 U, 7777 A",
        None,
        V1_DIGIT,
    ),
    Scenario("not-enrolled", "00", "outside every card range (VERes N)", None, NOT_ENROLLED_DIGIT),
    Scenario("enrolment-unknown", "50", "enrolment cannot be told (VERes U)", PlayV1("U"), V1_DIGIT),
    Scenario(
        "enrolment-refused",
        "51",
        "the VEReq is refused (VERes N, iReqCode 98)",
        PlayV1("N", refused="98"),
        V1_DIGIT,
    ),
    Scenario("acs-timeout", "40", "the ACS does not answer the VEReq", PlayV1("U", lookup="silence"), V1_DIGIT),
    Scenario("acs-error", "41", "the ACS answers the VEReq with an Error", PlayV1(lookup="error"), V1_DIGIT),
    Scenario("acs-down", "00", "the ACS refuses the connection", None, V1_DIGIT, ISSUER_DOWN),
    Scenario("page-timeout", "56", "the ACS does not answer the PAReq", PlayV1(status="U", page="silence"), V1_DIGIT),
    Scenario("page-error", "57", "the ACS answers the PAReq with an Error", PlayV1(page="error"), V1_DIGIT),
    Scenario(
        "payment-refused",
        "58",
        "the PAReq is refused (PARes U, iReqCode 55)",
        PlayV1(status="U", refusal="55"),
        V1_DIGIT,
    ),
    Scenario(
        "bad-signature",
        "52",
        "PARes Y, changed after it was signed",
        PlayV1(status="Y", defect="tampered"),
        V1_DIGIT,
    ),
    Scenario(
        "bad-signature-chain",
        "53",
        "PARes Y, signed under an unknown root",
        PlayV1(status="Y", defect="wrong-chain"),
        V1_DIGIT,
    ),
    Scenario(
        "bad-signature-expired",
        "54",
        "PARes Y, signed with an expired certificate",
        PlayV1(status="Y", defect="expired-certificate"),
        V1_DIGIT,
    ),
    Scenario("bad-signature-missing", "55", "PARes Y, not signed", PlayV1(status="Y", defect="missing"), V1_DIGIT),
    Scenario("sms-lost", "30", "the SecureCode is sent and never arrives", None, V1_DIGIT, sms="0"),
)
"""What a card can be told to do in 3-D Secure 1.0.2; a scenario that is in SCENARIOS too has the same code there."""

ALL_SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType(
    {**SCENARIOS, **{name: known for name, known in V1_SCENARIOS.items() if name not in SCENARIOS}}
)
