"""`POST /api/transactions/{id}/cardholder`: a person's part in a challenge, played by the desk."""

import asyncio
from typing import Annotated, Any, Final

from msgspec import Meta

from acs_sim.client.authenticator import Authenticator, altered, answer_of, answered, posted, spoilt, wallet_of
from acs_sim.client.cardholder import Cardholder, CardholderStuck, creq_of, decoded_result
from acs_sim.client.challenge_page import Form, Page
from acs_sim.client.sdk.actions import Entries
from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import (
    AppDocument,
    AuthenticatorAnswer,
    Card,
    CardholderAct,
    CardholderOutcome,
    Notification,
    Transaction,
)
from acs_sim.desk.transactions import cardholder_v1
from acs_sim.desk.transactions.apps import document_of, known, opened, outcome_in_app, pressed
from acs_sim.desk.transactions.challenges import challenge_of, code_for, outcome_of
from acs_sim.desk.transactions.list import find_transaction
from acs_sim.desk.transactions.list_v1 import is_classic
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.journal import EMV_IDS
from threedsecure.web.wire import Problem

METHODS_OF: Final = {
    "approve": frozenset({"out-of-band", "decoupled", "wallet"}),
    "decline": frozenset({"out-of-band", "decoupled", "wallet"}),
    "select": frozenset({"choice", "single-select", "multi-select", "html-page"}),
}
DECISION_SECONDS: Final = 10.0
LOOK_EVERY_SECONDS: Final = 0.02
WAITING: Final = frozenset({"challenging", "decoupled"})
WRONG_ANSWERS: Final = {
    "choose-several": "1",
    "html-page": "no",
    "choose-phone": "1",
    "choose-outcome": "N",
    "outcome-code": "1111",
}
"""Where a wrong answer has to be one of those that are offered. No phone is a wrong one."""
NOTHING_TO_TYPE: Final = frozenset({"banking-app", "nothing-pass", "nothing-fail"})
CHALLENGES: Final = frozenset({"C", "D"})
HTTP_ERROR: Final = 400


@call("POST", "/api/transactions/{id}/cardholder", errors=(400, 404, 409, 502))
async def act(desk: Desk, id_: str, wish: CardholderAct) -> CardholderOutcome:
    """The headless cardholder: play a person's part in the challenge."""
    return await played(desk, id_, wish)


@call("GET", "/api/transactions/{id}/assertion", errors=(404, 409, 502))
async def show_assertion(
    desk: Desk,
    id_: str,
    amount: Annotated[str | None, Meta(description="another decimal amount than is to be confirmed")] = None,
) -> AuthenticatorAnswer:
    """What the card's software passkey answers to the page that is shown, or after an ARes S to the shop's own page."""
    transaction = await find_transaction(desk, id_)
    challenge = await _challenge(desk, transaction.acsTransID or "")
    if amount is not None and "payment" in (challenge.get("passkey") or {}):
        challenge["passkey"]["payment"]["total"]["value"] = amount
    return AuthenticatorAnswer(_asked_for_passkey(desk, challenge, "correct"))


@call("POST", "/api/apps/{id}", errors=(400, 404, 409, 502))
async def act_in_app(desk: Desk, id_: str, wish: CardholderAct) -> AppDocument:
    """The same in an app of ours, and what its screen shows then."""
    await played(desk, id_, wish)
    return document_of(known(desk, id_))


async def played(desk: Desk, id_: str, wish: CardholderAct) -> CardholderOutcome:
    """Errors: `Problem`, where the deed does not suit the challenge or there is none."""
    _check(wish)
    transaction = await find_transaction(desk, id_)
    try:
        async with HttpTransport.session(desk.runtime.calling) as session:
            network = HttpTransport(session)
            if transaction.sdkTransID is not None:
                return await _play_app(desk, network, transaction, wish)
            play = cardholder_v1.play if is_classic(transaction) else _play
            return await play(desk, Cardholder(network), transaction, wish)
    except CardholderStuck as error:
        raise Problem(409, "Conflict", f"the cardholder is stuck: {error}") from error


async def _play(desk: Desk, cardholder: Cardholder, transaction: Transaction, wish: CardholderAct) -> CardholderOutcome:
    acs_trans_id = _challenged(transaction)
    challenge = await _challenge(desk, acs_trans_id)
    _suits(wish, challenge)
    if challenge.get("method") == "decoupled":
        return await _decided_apart(desk, acs_trans_id, challenge, wish)
    page = await _opened(cardholder, transaction, challenge, wish)
    if wish.do != "abandon":
        page = await _acted(desk, cardholder, acs_trans_id, await cardholder.wait(page), wish)
    after = await _challenge(desk, acs_trans_id)
    return await _outcome(desk, cardholder, page, after, deliver=wish.deliver and wish.do != "abandon")


async def _play_app(
    desk: Desk, network: HttpTransport, transaction: Transaction, wish: CardholderAct
) -> CardholderOutcome:
    """In an app there are screens in the place of pages, and nothing is brought back to the shop."""
    acs_trans_id = _challenged(transaction)
    challenge = await _challenge(desk, acs_trans_id)
    _suits(wish, challenge)
    if challenge.get("method") == "decoupled":
        return await _decided_apart(desk, acs_trans_id, challenge, wish)
    app = await opened(desk, network, transaction)
    if wish.do in {"approve", "decline"} and app.outcome is None:
        await decide(desk, acs_trans_id, await _challenge(desk, acs_trans_id), wish.do)
    if wish.do != "abandon" and app.outcome is None:
        do = wish.do if wish.do in {"resend", "cancel"} else "submit"
        entry = await _entry(desk, acs_trans_id, wish)
        await pressed(app, network, do, Entries(first=entry, trust=wish.trust, bind=wish.bind))
    return outcome_in_app(await _challenge(desk, acs_trans_id), app)


async def _acted(desk: Desk, cardholder: Cardholder, acs_trans_id: str, page: Page, wish: CardholderAct) -> Page:
    if page.result is not None:
        return page
    if wish.do in {"approve", "decline"}:
        challenge = await _challenge(desk, acs_trans_id)
        if challenge.get("wallet") is not None:
            return await cardholder.press(page, "submit", await _presented(desk, challenge, wish.do))
        await decide(desk, acs_trans_id, challenge, wish.do)
        return await cardholder.press(page, "submit", boxes=_boxes(wish))
    button = "submit" if wish.do == "select" else wish.do
    return await cardholder.press(page, button, await _entry(desk, acs_trans_id, wish), boxes=_boxes(wish))


def _boxes(wish: CardholderAct) -> list[str]:
    return [box for box, ticked in (("trust", wish.trust), ("bind", wish.bind)) if ticked]


async def _decided_apart(
    desk: Desk, acs_trans_id: str, challenge: dict[str, Any], wish: CardholderAct
) -> CardholderOutcome:
    """A decoupled authentication has no page."""
    if wish.do in {"approve", "decline"}:
        challenge = await decide(desk, acs_trans_id, challenge, wish.do)
    elif wish.do != "abandon":
        raise Problem(
            409, "Conflict", f"a decoupled authentication has no page; it takes approve or decline, not {wish.do}"
        )
    return CardholderOutcome(state=str(challenge.get("state", "unknown")))


async def decide(desk: Desk, acs_trans_id: str, challenge: dict[str, Any], decision: str) -> dict[str, Any]:
    """Answer the banking app's prompt; the challenge once the bank has heard of it. Errors: `Problem` 409, 504."""
    prompt = challenge.get("prompt")
    if not prompt:
        raise Problem(
            409, "Conflict", "the banking app shows no prompt for this transaction: the phone was out of reach"
        )
    await desk.parties.call("phone", f"/api/prompts/{prompt}", {"decision": decision})
    try:
        async with asyncio.timeout(DECISION_SECONDS):
            while _waits(challenge := await _challenge(desk, acs_trans_id)):  # noqa: ASYNC110
                await asyncio.sleep(LOOK_EVERY_SECONDS)  # the ACS may be another process
    except TimeoutError as error:
        raise Problem(504, "Gateway Timeout", "the bank has not heard what the banking app was told") from error
    return challenge


def _waits(challenge: dict[str, Any]) -> bool:
    return challenge.get("state") in WAITING and not challenge.get("decided")


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
    """What is typed or chosen. It is asked for after the page was opened, because opening it is what sends the code."""
    if wish.do not in {"submit", "select"}:
        return None
    wanted = wish.code if wish.do == "submit" else wish.choice or "correct"
    challenge = await _challenge(desk, acs_trans_id)
    if challenge.get("passkey") is not None and wanted is not None:
        return posted(_asked_for_passkey(desk, challenge, wanted))
    if wanted not in {"correct", "wrong"}:
        return wanted
    if challenge.get("wallet") is not None:
        answer = await _presented(desk, challenge, "approve")
        return answer if wanted == "correct" else altered(answer)
    return entry_for(challenge, wanted)


async def _presented(desk: Desk, challenge: dict[str, Any], decision: str) -> str:
    """What the cardholder's wallet answers."""
    path, asked = wallet_of(challenge, decision)
    return answered(await desk.parties.call("phone", path, asked))


def _asked_for_passkey(desk: Desk, challenge: dict[str, Any], wanted: str) -> dict[str, Any]:
    """What the page's script posts: the `correct` answer of the card's software passkey, a `wrong` one, or a browser's error.
    Errors: `Problem` 409 where no passkey is asked for."""
    asked = challenge.get("passkey")
    if asked is None:
        raise Problem(409, "Conflict", "this challenge asks for no passkey")
    if wanted not in {"correct", "wrong"}:
        return {"error": wanted}
    answer = answer_of(Authenticator(desk.runtime.vault.secret), asked)
    return spoilt(answer) if wanted == "wrong" else answer


def entry_for(challenge: dict[str, Any], wanted: str) -> str | None:
    """The `correct` or a `wrong` answer to what a challenge asks, None where nothing is typed or chosen. Errors: `Problem` 409."""
    question, answer = challenge.get("question"), challenge.get("answer")
    if question in NOTHING_TO_TYPE:
        return None
    if answer is not None:
        return str(answer) if wanted == "correct" else WRONG_ANSWERS.get(str(question), "wrong")
    return code_for(challenge.get("code"), wanted)


async def pay(desk: Desk, card: Card, amount: int) -> str:
    """The id of a payment at the reference gateway, whose cardholder has opened the bank's page and waits there."""
    wanted = {"pan": card.pan, "expiry": card.expiry, "amount": amount}
    told = await desk.parties.call("shop", "/api/purchases", wanted)
    if creq := told.get("creq"):
        opened = CardholderAct(do="abandon", creq=creq, threeDSSessionData=told.get("threeDSSessionData"))
        await played(desk, told["id"], opened)
    return str(told["id"])


async def _outcome(
    desk: Desk, cardholder: Cardholder, page: Page, challenge: dict[str, Any], *, deliver: bool
) -> CardholderOutcome:
    if page.result is None:
        return outcome_of(challenge, page, None, None)
    notification = await _notified(desk, cardholder, page.results, deliver=deliver)
    return outcome_of(challenge, page, decoded_result(page.result).get("transStatus"), notification)


async def _notified(desk: Desk, cardholder: Cardholder, results: list[Form], *, deliver: bool) -> Notification:
    statuses = [await _delivered(desk, cardholder, result) for result in results if deliver]
    return Notification(results[0].url, results[0].fields, statuses[0] if statuses else None)


async def _delivered(desk: Desk, cardholder: Cardholder, result: Form) -> int:
    """The HTTP status that the shop answers. What it does not take is noted: no other party sees it."""
    try:
        status = await cardholder.deliver(result)
    except CardholderStuck as error:
        _note_not_taken(desk, result, {"reason": str(error)})
        raise
    if status >= HTTP_ERROR:
        _note_not_taken(desk, result, {}, status=status)
    return status


def _note_not_taken(desk: Desk, result: Form, why: dict[str, Any], status: int | None = None) -> None:
    message = decoded_result(result)
    document = {"url": result.url, "fields": sorted(result.fields), **why}
    document |= {name: message[name] for name in EMV_IDS if name in message}
    desk.runtime.journal.record(
        desk.runtime.clock.now(), "Browser", "3DS Server", "CRes not taken", document, status=status
    )


async def _challenge(desk: Desk, acs_trans_id: str) -> dict[str, Any]:
    unknown = "the ACS does not know this transaction: it was answered elsewhere"
    return await challenge_of(desk, "/control/challenge", acs_trans_id, unknown)


def _challenged(transaction: Transaction) -> str:
    """Its acsTransID, while its challenge lasts. Errors: `Problem` 409."""
    challenge = transaction.challenge or {}
    status = challenge.get("transStatus") or transaction.transStatus
    if transaction.acsTransID is None or not challenge or status not in CHALLENGES:
        told = f"transStatus {status}" if status else f"it is {transaction.state}"
        raise Problem(409, "Conflict", f"this transaction has no open challenge: {told}")
    return transaction.acsTransID


def _check(wish: CardholderAct) -> None:
    if wish.do == "submit" and wish.code is None:
        raise Problem(400, "Bad Request", 'submit needs a code: its digits, "correct" or "wrong"')
    if wish.do != "submit" and wish.code is not None:
        raise Problem(400, "Bad Request", "only submit takes a code")
    if wish.do != "select" and wish.choice is not None:
        raise Problem(400, "Bad Request", "only select takes a choice")


def _suits(wish: CardholderAct, challenge: dict[str, Any]) -> None:
    """Errors: `Problem` 409 for a deed that belongs to a challenge of another kind."""
    methods, method = METHODS_OF.get(wish.do), str(challenge.get("method") or "sms-code")
    if methods is not None and method not in methods:
        raise Problem(409, "Conflict", f"{wish.do!r} belongs to a challenge of another kind; this one is {method}")
