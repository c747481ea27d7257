"""`POST /api/transactions/{id}/cardholder`: a person's part in a challenge, played by the desk."""

from typing import Any, Final

from acs_sim.cardholder import Cardholder, CardholderStuck, creq_of, decoded_result
from acs_sim.challenge_page import Form, Page
from acs_sim.desk.api import Desk, answered, read_body
from acs_sim.desk.documents import CardholderAct, CardholderOutcome, Notification, Transaction
from acs_sim.desk.parties import Refused
from acs_sim.desk.transactions import find_transaction
from threedsecure.web.transport import HttpTransport
from threedsecure.web.wire import Problem, WireRequest, WireResponse

OF_OTHER_CHALLENGES: Final = frozenset({"approve", "decline", "select"})
CODE_DIGITS: Final = 6
CHALLENGE: Final = "C"


async def act(desk: Desk, request: WireRequest) -> WireResponse:
    wish = read_body(request, CardholderAct)
    _check(wish)
    transaction = await find_transaction(desk, request.match["id"])
    try:
        async with HttpTransport.session() as session:
            return answered(await _play(desk, Cardholder(HttpTransport(session)), transaction, wish))
    except CardholderStuck as error:
        raise Problem(409, "Conflict", f"the cardholder is stuck: {error}") from error


async def _play(desk: Desk, cardholder: Cardholder, transaction: Transaction, wish: CardholderAct) -> CardholderOutcome:
    acs_trans_id = _challenged(transaction)
    page = await _opened(cardholder, transaction, await _challenge(desk, acs_trans_id), wish)
    if wish.do != "abandon":
        page = await cardholder.wait(page)
        if page.result is None:
            page = await cardholder.press(page, wish.do, await _entry(desk, acs_trans_id, wish))
    after = await _challenge(desk, acs_trans_id)
    return await _outcome(cardholder, page, after, deliver=wish.deliver and wish.do != "abandon")


async def _opened(
    cardholder: Cardholder, transaction: Transaction, challenge: dict[str, Any], wish: CardholderAct
) -> Page:
    if challenge.get("creq"):
        return await cardholder.open(challenge["acs_url"], challenge["creq"], challenge.get("threeDSSessionData"))
    return await cardholder.open(challenge["acs_url"], wish.creq or _creq(transaction), wish.threeDSSessionData)


def _creq(transaction: Transaction) -> str:
    return creq_of(
        {
            "version": transaction.version,
            "threeDSServerTransID": transaction.id,
            "acsTransID": transaction.acsTransID,
        }
    )


async def _entry(desk: Desk, acs_trans_id: str, wish: CardholderAct) -> str | None:
    """What is typed. The code is asked for after the page was opened, because opening it is what sends the code."""
    if wish.do != "submit" or wish.code not in {"correct", "wrong"}:
        return wish.code
    code = (await _challenge(desk, acs_trans_id)).get("code")
    if wish.code == "wrong":
        return _another(code)
    if not code:
        raise Problem(409, "Conflict", "no SecureCode is in force for this challenge: it expired, or none was sent")
    return str(code)


def _another(code: str | None) -> str:
    """Six digits that are not the code."""
    return str((int(code or 0) + 1) % 10**CODE_DIGITS).zfill(CODE_DIGITS)


async def _outcome(
    cardholder: Cardholder, page: Page, challenge: dict[str, Any], *, deliver: bool
) -> CardholderOutcome:
    result = page.result
    return CardholderOutcome(
        state=str(challenge.get("state", "unknown")),
        transStatus=decoded_result(result).get("transStatus") if result is not None else None,
        message=page.message or (page.title or None),
        tries_left=challenge.get("tries_left"),
        notification=await _notified(cardholder, result, deliver=deliver) if result is not None else None,
    )


async def _notified(cardholder: Cardholder, result: Form, *, deliver: bool) -> Notification:
    return Notification(result.url, result.fields, await cardholder.deliver(result) if deliver else None)


async def _challenge(desk: Desk, acs_trans_id: str) -> dict[str, Any]:
    try:
        return await desk.parties.call("acs", "/control/challenge", {"id": acs_trans_id})
    except Refused as refusal:
        if refusal.status == 404:
            raise Problem(
                409, "Conflict", "the ACS does not know this transaction: it was answered elsewhere"
            ) from refusal
        raise


def _challenged(transaction: Transaction) -> str:
    """Its acsTransID, while its challenge lasts. Errors: `Problem` 409."""
    challenge = transaction.challenge or {}
    status = challenge.get("transStatus") or transaction.transStatus
    if transaction.acsTransID is None or not challenge or status != CHALLENGE:
        told = f"transStatus {status}" if status else f"it is {transaction.state}"
        raise Problem(409, "Conflict", f"this transaction has no open challenge: {told}")
    return transaction.acsTransID


def _check(wish: CardholderAct) -> None:
    if wish.do in OF_OTHER_CHALLENGES:
        raise Problem(
            409,
            "Conflict",
            f"{wish.do!r} belongs to a challenge of another kind; a SecureCode takes submit, resend, cancel or abandon",
        )
    if wish.do == "submit" and wish.code is None:
        raise Problem(400, "Bad Request", 'submit needs a code: its digits, "correct" or "wrong"')
    if wish.do != "submit" and wish.code is not None:
        raise Problem(400, "Bad Request", "only submit takes a code")
