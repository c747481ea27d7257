"""The shortest story for each planted mistake, as exploring leaves them: scenarios in the words of a scenario file."""

from typing import Any

from acs_sim.findings.observed import MARKUP

Tree = dict[str, Any]
PAY: Tree = {"authenticate": {"any": True}}
RIGHT: Tree = {"cardholder": {"do": "submit", "code": "correct", "any": True}}
LEAVE: Tree = {"cardholder": {"do": "abandon", "any": True}}
CARD = "challenge-otp"
NOBODY = "00000000-0000-4000-8000-000000000000"
TWO_CLICKS: Tree = {"authenticate": {"any": True, "clicks": 2}}
ACQUITTED: Tree = {"verdict": "acquitted"}


def story(card: str, *steps: Tree, faults: tuple[Tree, ...] = (), **purchase: str) -> Tree:
    return {
        "name": "a story",
        "about": "What is left of a play that convicts.",
        "version": "2.2.0",
        "card": {"scenario": card},
        "purchase": purchase,
        "faults": list(faults),
        "steps": [PAY, *steps, {"verdict": "acquitted"}],
    }


def fault(at: str, do: str, **more: Any) -> Tree:
    return {"at": at, "do": do, **more}


STORIES: dict[str, Tree] = {
    "BelievesTheCRes": story("results-contradicting", {"cardholder": {"do": "cancel", "any": True}}),
    "BooksTwice": story(CARD, RIGHT, faults=(fault("RReq", "twice"),)),
    "AcceptsAfterRefusal": story(
        "results-late", RIGHT, {"clock": "31s"}, {"clock": "31s"}, faults=(fault("RReq", "delay", seconds=20),)
    ),
    "TakesAnotherSessionsCRes": story(
        CARD, LEAVE, {"card": {"scenario": CARD}}, PAY, RIGHT, faults=(fault("CRes post", "other-session"),)
    ),
    "ShowsTheCardNumber": story("frictionless"),
    "BreaksOnErro": story(CARD, RIGHT, faults=(fault("RReq", "erro", code="404"),)),
    "AnswersWithoutIds": story(CARD, RIGHT),
    "AlwaysSaysY": story("method-none"),
    "KeepsRangesForEver": story("frictionless", {"clock": "25h"}, PAY),
    "ShowsTheCode": story("frictionless"),
    "NeverTimesOut": story("results-never", RIGHT),
    "GoesByTheEci": story(
        CARD,
        RIGHT,
        faults=(
            fault("RReq", "set", element="transStatus", value="N"),
            fault("RReq", "set", element="transStatusReason", value="01"),
        ),
    ),
    "KnowsCentsOnly": story("frictionless", purchaseCurrency="392", purchaseExponent="0"),
    "BreaksOnAnApostrophe": story("frictionless", cardholderName="O'Brien"),
    "CountsInThirtyTwoBits": story("frictionless", purchaseAmount="2147483648"),
    "FailsOpen": story("acs-error"),
    "AcceptsARejection": story("rejected"),
    "ShowsItsStack": story(CARD, RIGHT, faults=(fault("CRes post", "garbage"),)),
    "InventsAResultsStatus": story(CARD, RIGHT),
    "BreaksOnPadding": story(CARD, RIGHT, faults=(fault("CRes post", "padded-base64"),)),
    "HurriesTheCardholder": story(CARD, {"clock": "61s"}, RIGHT),
    "MixesPaymentsOfACard": story(CARD, PAY, RIGHT),
    "HasOneIdForACard": story("frictionless", {"authenticate": {"any": True, "send": {"purchaseAmount": "99"}}}),
    "TurnsCardsAway": story("method-none"),
    "BreaksOnASecondCRes": story(CARD, RIGHT, {"cardholder": {"do": "return", "any": True}}),
    "ReadsWrongResults": story(CARD, RIGHT, faults=(fault("RReq", "drop", element="authenticationValue"),)),
    "FindsThePaymentByACookie": story(CARD, RIGHT),
    "PutsTheCodeIntoAnAddress": story(CARD, RIGHT),
    "LeadsAnywhere": story("frictionless"),
    "ShowsWhatAMessageSays": story("frictionless", faults=(fault("ARes", "erro", detail=MARKUP),)),
    "ThanksTooEarly": story("results-never", RIGHT),
    "LivesInItsOwnZone": story("frictionless"),
    "AsksForRangesEachTime": story("frictionless", PAY),
    "EscapesNames": story("frictionless", billAddrCity="Hanau & Umland"),
    "ReadsLatinOne": story("frictionless", billAddrCity="Orléans"),
    "KnowsOneVersion": {**story("frictionless"), "version": "2.1.0"},
    "DropsWrongResults": story(CARD, RIGHT, faults=(fault("RReq", "drop", element="transStatus"),)),
    "TakesEveryResult": story(CARD, RIGHT, faults=(fault("RReq", "set", element="acsTransID", value=NOBODY),)),
    "TakesEveryResponse": story(CARD, RIGHT, faults=(fault("ARes", "drop", element="acsReferenceNumber"),)),
    "AcknowledgesStrangers": story(CARD, RIGHT, faults=(fault("RReq", "swap-ids", **{"with": "unknown"}),)),
    "BeginsAtEveryClick": {**story(CARD), "steps": [TWO_CLICKS, ACQUITTED]},
    "BelievesALateCRes": story("results-contradicting", {"cardholder": {"do": "cancel", "any": True}}),
    "TakesACancellationForANo": story("results-never", {"cardholder": {"do": "cancel", "any": True}}),
}
