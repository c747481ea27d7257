"""What the buttons of a transaction's page do."""

from typing import Any, Final

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import CardholderAct, CardWish, ClockMove, OutcomeWish, Transaction
from acs_sim.desk.control.cards import find_card, mint
from acs_sim.desk.control.clock import move_everybodys
from acs_sim.desk.control.findings import report_outcome
from acs_sim.desk.pages.transaction.context import card_of, open_challenge, scenario_of
from acs_sim.desk.transactions.cardholder import decide, pay, played
from acs_sim.desk.transactions.list import find_transaction
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form, see_other

DEEDS: Final[dict[str, tuple[str, CardholderAct]]] = {
    "right": ("Right code", CardholderAct(do="submit", code="correct")),
    "wrong": ("Wrong code", CardholderAct(do="submit", code="wrong")),
    "resend": ("Send a new code", CardholderAct(do="resend")),
    "cancel": ("Cancel", CardholderAct(do="cancel")),
}
DECISIONS: Final = {"approve": "Approve", "decline": "Decline"}
EXPIRE: Final = {"expire": "Let it expire"}
CODE_IS_OVER: Final = ClockMove(advance="301s")
AGAIN: Final = {"again": "Pay again, with such a card", "same": "Pay again, with this card"}
OUTCOMES: Final = {"accepted": "Accepted", "refused": "Refused"}
WAITING: Final = frozenset({"enrolled", "creq-awaited", "challenging", "decoupled"})
"""States of the ACS in which there is something to do."""
AMOUNT: Final = 4200
DEFAULT_SCENARIO: Final = "challenge-otp"


async def act(desk: Desk, request: WireRequest) -> WireResponse:
    """What a button of the page does. Errors: `Problem`, told on a page."""
    identifier, deed = request.match["id"], read_form(request).get("do", "")
    if deed in AGAIN or deed == "unlock" or deed in OUTCOMES:
        one = await find_transaction(desk, identifier)
        return see_other(f"/transactions/{await _apart(desk, one, deed)}")
    if deed in EXPIRE:
        await move_everybodys(desk, CODE_IS_OVER)
    elif deed in DECISIONS:
        one = await find_transaction(desk, identifier)
        await decide(desk, one.acsTransID or "", await open_challenge(desk, one), deed)
    elif deed in DEEDS:
        await played(desk, identifier, DEEDS[deed][1])
    else:
        known = (*DEEDS, *DECISIONS, *EXPIRE, *AGAIN, *OUTCOMES, "unlock")
        raise Problem(400, "Bad Request", f"do is one of {', '.join(known)}")
    return see_other(f"/transactions/{identifier}")


def offered(challenge: dict[str, Any], state: str | None) -> dict[str, str]:
    """What a cardholder could do now, by the words of the buttons. `state`: of the ACS."""
    if state not in WAITING:
        return {}
    if challenge.get("prompt"):
        return dict(DECISIONS)
    return {name: words for name, (words, _) in DEEDS.items()} | EXPIRE


async def _apart(desk: Desk, one: Transaction, deed: str) -> str:
    """What is no answer of the cardholder's; the id of the transaction that is shown then."""
    if deed == "again":
        return await _again(desk, one, None)
    if deed in OUTCOMES:
        report_outcome(desk, one, OutcomeWish(outcome="accepted" if deed == "accepted" else "refused"))
        return one.id
    pan = (await card_of(desk, one)).get("pan")
    if pan is None:
        raise Problem(409, "Conflict", "the issuer does not know the card of this transaction any more")
    if deed == "same":
        return await _again(desk, one, pan)
    await desk.parties.call("acs", "/control/cards/unlock", {"pan": pan})
    return one.id


async def _again(desk: Desk, one: Transaction, pan: str | None) -> str:
    """Another payment at the reference gateway, with this card, or with a fresh one that does the same."""
    await desk.log.catch_up(desk.runtime.journal)
    wish = CardWish(one.scheme or "visa", scenario_of(desk, one) or DEFAULT_SCENARIO)
    card = await mint(desk, wish) if pan is None else await find_card(desk, pan)
    amount = int(one.amount) if one.amount and one.amount.isdecimal() else AMOUNT
    return await pay(desk, card, amount)
