"""What the cards are for, in words: to what end one takes them, what their questions are answered, what each digit says."""

from collections.abc import Mapping
from typing import Final

from acs.cardholder.methods.knowledge import ANSWER
from acs.cardholder.methods.multi_select import CHOICES, SECRET
from acs.cardholder.methods.static_password import PASSWORD
from threedsecure.cards.plays import AnswerErro, Ask, KeepSilent, Method, PlayV1, RReqOrder, Settle
from threedsecure.cards.scenarios import (
    ATTEMPT_STANDS_IN,
    ISSUER_DOWN,
    ISSUER_SETUPS,
    LATE_METHOD,
    NOT_ENROLLED_DIGIT,
    SCENARIOS,
    SILENT_METHOD,
    UNAVAILABLE_STANDS_IN,
    VERSIONS,
    Scenario,
)
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import TestCard

INTENTS: Final = {
    "asks": "The bank asks the cardholder",
    "passes": "It passes without a question",
    "fails": "It fails",
    "late": "Something is late, or comes otherwise than expected",
    "broken": "Something is broken",
}
_CODE: Final = "the code on the phone"
ANSWERS: Final[Mapping[Method, str]] = {
    Method.SMS_CODE: _CODE,
    Method.PASSWORD: PASSWORD,
    Method.PASSWORD_AND_SMS_CODE: f"{PASSWORD}, then {_CODE}",
    Method.PASSWORD_AND_QUESTION: f"{PASSWORD}, then {ANSWER}",
    Method.KNOWLEDGE: ANSWER,
    Method.SINGLE_SELECT: f"either phone, then {_CODE}",
    Method.MULTI_SELECT: " and ".join(CHOICES[key] for key in sorted(SECRET)),
    Method.HTML_PAGE: "yes, it was me",
    Method.CHOICE: "the outcome that is wanted",
    Method.OUTCOME_CODE: "1234",
    Method.OUT_OF_BAND: "Approve, on the phone",
    Method.PASSKEY: f"the card's passkey, or {_CODE}",
    Method.SPC: f"the card's passkey, or {_CODE}",
    Method.WALLET: f"Confirm, in the wallet on the phone, or {_CODE}",
    Method.DECOUPLED: "Approve, on the phone",
}
_GOOD: Final = "YAI"
_SMS: Final = {"0": "broken", "1": "late", "2": "late", "3": "broken"}
_SETUPS: Final = {
    SILENT_METHOD: "late",
    LATE_METHOD: "late",
    ISSUER_DOWN: "broken",
    ATTEMPT_STANDS_IN: "broken",
    UNAVAILABLE_STANDS_IN: "broken",
}
_RREQS: Final = {RReqOrder.FIRST: "asks", RReqOrder.CONTRADICTING: "broken"}


def intent(scenario: Scenario) -> str:
    """To what end somebody takes a card that does this: a key of INTENTS, told by what is played."""
    play = scenario.play or SCENARIOS[scenario.name].play
    if (found := _SETUPS.get(scenario.setup) or _SMS.get(scenario.sms or "")) is not None:
        return found
    match play:
        case Settle(trans_status=status):
            return "passes" if status in _GOOD else "fails"
        case Ask(method=Method.AUTO_PASS | Method.AUTO_FAIL as method):
            return "passes" if method is Method.AUTO_PASS else "fails"
        case Ask(content=content, rreq=order):
            return "broken" if content else _RREQS.get(order, "late")
        case KeepSilent() | PlayV1(lookup="silence") | PlayV1(page="silence"):
            return "late"
        case AnswerErro() | PlayV1(lookup="error") | PlayV1(page="error"):
            return "broken"
        case PlayV1():
            return "broken" if play.defect else "passes" if play.status in {*_GOOD} else "fails"
        case _:
            return "asks"


def answer(scenario: Scenario) -> str:
    """What its question is answered; nothing where none is asked."""
    play = scenario.play or SCENARIOS[scenario.name].play
    if isinstance(play, Ask | PlayV1):
        return ANSWERS.get(play.method, "") if play.method else ""
    return ANSWERS[Method.DECOUPLED] if intent(scenario) == "asks" else ""


def digits(card: TestCard) -> list[tuple[str, str, str]]:
    """Every part of its number: the digits, what they are called, what these say."""
    pan = card.pan
    known = (
        "outside every card range"
        if pan[7] == NOT_ENROLLED_DIGIT
        else f"its card range knows {', '.join(card.versions)}"
    )
    last = "" if int(card.serial) else ": the card of the list"
    return [
        (pan[:7], "prefix", f"{SCHEMES[card.scheme].name}; published for tests, never issued"),
        (pan[7], "versions", known),
        (pan[8], "issuer", ISSUER_SETUPS[card.setup]),
        (pan[9:11], "scenario", f"{card.scenario.name}: {card.scenario.description}"),
        (card.serial, "serial", f"yours to choose{last}"),
        (pan[-1], "check", "the Luhn digit"),
    ]


def version_digits() -> dict[str, str]:
    """What the eighth digit can be."""
    return {digit: " ".join(versions) for digit, versions in VERSIONS.items()} | {NOT_ENROLLED_DIGIT: "no card range"}
