"""The headless cardholder's part in a challenge of 3-D Secure 1.0.2: PaReq in, PaRes to TermUrl."""

from typing import Any, Final

from acs_sim.client.cardholder import Cardholder
from acs_sim.client.challenge_page import Form, Page
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import CardholderAct, CardholderOutcome, Notification, Transaction
from acs_sim.desk.transactions.challenges import challenge_of, code_for, outcome_of
from threedsecure.v1.codec import decode
from threedsecure.v1.envelope import unpack
from threedsecure.v1.errors import MessageError
from threedsecure.web.wire import Problem

DEEDS: Final = frozenset({"submit", "resend", "cancel", "abandon"})
PAREQ_PATH: Final = "/3ds1/pareq"


async def play(desk: Desk, cardholder: Cardholder, transaction: Transaction, wish: CardholderAct) -> CardholderOutcome:
    """Errors: `Problem` 409, `CardholderStuck`."""
    if wish.do not in DEEDS:
        raise Problem(409, "Conflict", f"{wish.do!r} belongs to a challenge of EMV 3DS; this one is of 1.0.2")
    if (transaction.challenge or {}).get("state") == "decided":
        raise Problem(409, "Conflict", f"this authentication is over: status {transaction.transStatus}")
    page = await _opened(desk, cardholder, transaction, wish) if wish.PaReq is not None else None
    if wish.do != "abandon" and (page is None or (page.result is None and page.automatic is None)):
        page = await cardholder.visit(await _answer(desk, transaction, wish))
    page = await cardholder.wait(page) if page is not None and wish.do != "abandon" else page
    return await _outcome(desk, cardholder, transaction, page, wish)


async def _opened(desk: Desk, cardholder: Cardholder, transaction: Transaction, wish: CardholderAct) -> Page:
    if wish.TermUrl is None:
        raise Problem(400, "Bad Request", "TermUrl goes with PaReq")
    fields = {"PaReq": wish.PaReq or "", "TermUrl": wish.TermUrl, "MD": wish.MD}
    return await cardholder.visit(Form(desk.addresses.acs + PAREQ_PATH, fields))


async def _answer(desk: Desk, transaction: Transaction, wish: CardholderAct) -> Form:
    """What the page that is shown would post."""
    challenge = await _challenge(desk, transaction)
    fields = {**challenge["fields"], "action": wish.do}
    if wish.do == "submit":
        named = wish.code in {"correct", "wrong"}
        fields["challengeValue"] = code_for(challenge.get("code"), str(wish.code)) if named else wish.code or ""
    return Form(challenge["answer_url"], fields)


async def _ended(desk: Desk, transaction: Transaction) -> dict[str, Any]:
    """What the ACS tells of a challenge that is over; there was none where the PAReq was settled at once."""
    try:
        return await _challenge(desk, transaction)
    except Problem:
        return {"state": "decided"}


async def _challenge(desk: Desk, transaction: Transaction) -> dict[str, Any]:
    unknown = "no browser has brought a PaReq yet, or it was answered without a challenge: give PaReq, TermUrl and MD"
    return await challenge_of(desk, "/control/3ds1/challenge", transaction.acsTransID, unknown)


async def _outcome(
    desk: Desk, cardholder: Cardholder, transaction: Transaction, page: Page | None, wish: CardholderAct
) -> CardholderOutcome:
    if page is None or page.result is None:
        return outcome_of(await _challenge(desk, transaction), page, None, None)
    challenge, status = await _ended(desk, transaction), _status(page.result.fields.get("PaRes", ""))
    return outcome_of(challenge, page, status, await _delivered(cardholder, page.result, wish))


async def _delivered(cardholder: Cardholder, result: Form, wish: CardholderAct) -> Notification:
    deliver = wish.deliver and wish.do != "abandon"
    return Notification(result.url, result.fields, await cardholder.deliver(result) if deliver else None)


def _status(pares: str) -> str | None:
    """TX.status; None where an Error came in place of the PARes. Whether its signature holds is the merchant's to see."""
    try:
        message = decode(unpack(pares))
    except MessageError:
        return None
    status = (message.get("TX") or {}).get("status")
    return str(status) if status else None
