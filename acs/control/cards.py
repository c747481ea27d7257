"""What the desk asks of the ACS: cards to register, transactions to look at, everything to forget."""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final, TypeVar

from acs import online_banking
from acs.cardholder.passkeys.ceremony import Ceremony
from acs.cardholder.right_answers import answer_of
from acs.cards.issued import NotACard, issued, register
from acs.cards.records import Registration
from acs.cards.status import described, unlocked, without_passkeys
from acs.v2.challenge.answers import open_response
from acs.v2.decision.passkeys import ceremony_of
from acs.v2.decision.payment_confirmation import requestors_ceremony
from acs.v2.decision.wallet import wallet_request
from acs.v2.issuer import RESET, EmvIssuer
from acs.v2.lifecycle import expire
from acs.v2.records import Transaction, bank_of
from acs.v2.states import State
from threedsecure.addresses import REACHED_AT
from threedsecure.cards.card_numbers import mask
from threedsecure.redaction import redact
from threedsecure.secrets.wallet import written
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_json

MAX_IDS: Final = 500
MAX_LISTED: Final = 1000
DEFAULT_LISTED: Final = 100
MAX_TRIES: Final = 9
MAX_FAILURES: Final = 99
MAX_CHALLENGES: Final = 99
MAX_AMOUNT: Final = 99_999_999
LOOKED_AT: Final = 20
"""Transactions, for what happens next: a code expires before its page does, and so in nearly the same order."""
WAITING: Final = {
    State.CREQ_AWAITED: "browser is given up",
    State.CHALLENGING: "page times out",
    State.DECOUPLED: "decision is due",
    State.SPC_AWAITED: "second AReq is given up",
}
"""What happens by itself to those that wait."""
ASKING: Final = frozenset({State.CHALLENGING, State.DECOUPLED})
_PHONE: Final = re.compile(REACHED_AT)
_LANGUAGE: Final = re.compile(r"[A-Za-z]{2,3}(?:-[A-Za-z0-9]{1,8})*")
_TRANS_STATUS: Final = re.compile("[YNUARI]")
_REASON: Final = re.compile("[0-9]{2}")
_PASSWORD: Final = re.compile(".{1,100}")
Value = TypeVar("Value")


async def register_card(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    body = read_json(request)
    pan, scenario = _required(body, "pan", str), _required(body, "scenario", str)
    try:
        registration = register(
            pan,
            scenario,
            phone=_phone(body),
            tries=_at_most(body, "tries", MAX_TRIES, least=1),
            language=_matching(body, "language", _LANGUAGE),
            trans_status=_matching(body, "transStatus", _TRANS_STATUS),
            reason=_matching(body, "reason", _REASON),
            password=_matching(body, "password", _PASSWORD),
            failures=_at_most(body, "failures", MAX_FAILURES),
            challenges=_at_most(body, "challenges", MAX_CHALLENGES),
            unasked=_at_most(body, "unasked", MAX_CHALLENGES),
            unasked_amount=_at_most(body, "unaskedAmount", MAX_AMOUNT),
        )
    except NotACard as error:
        raise Problem(422, "Unprocessable Content", str(error)) from error
    if not await issuer.storage.register(registration):
        raise Problem(409, "Conflict", "the card is registered already")
    return json_response(_card(registration), 201)


async def find_card(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    registration = await issuer.storage.registration(_required(read_json(request), "pan", str))
    if registration is None:
        raise Problem(404, "Not Found", "no such card is registered")
    return json_response(_card(registration))


async def card_of(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """The card of a transaction and its standing, for the desk to pay with it again."""
    found = await issuer.storage.load(_required(read_json(request), "id", str))
    if found is None:
        raise Problem(404, "Not Found", "no transaction goes by this acsTransID")
    return json_response({"pan": found.card.pan, **described(await issuer.storage.card_status(found.card.pan))})


async def list_cards(issuer: EmvIssuer, _request: WireRequest) -> WireResponse:
    return json_response({"cards": [_card(known) for known in await issuer.storage.registrations()]})


async def list_transactions(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    body = read_json(request)
    limit = _optional(body, "limit", int)
    limit = DEFAULT_LISTED if limit is None else limit
    if not 1 <= limit <= MAX_LISTED:
        raise Problem(400, "Bad Request", f"limit is a number from 1 to {MAX_LISTED}")
    names = _names(body)
    found = await issuer.storage.newest(limit) if names is None else await issuer.storage.several(names)
    return json_response({"transactions": [redact(_transaction(transaction)) for transaction in found]})


async def challenge(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """What a cardholder without eyes needs: where to go, and what the phone shows; with `page` what one with eyes sees, too."""
    wanted = read_json(request)
    found = await issuer.storage.load(_required(wanted, "id", str))
    if found is None or found.method is None:
        raise Problem(404, "Not Found", "no challenge goes by this acsTransID")
    transaction = expire(found, issuer.runtime.clock.now())
    held = transaction.challenge
    code = held.code if held is not None and transaction.state is State.CHALLENGING else None
    shows = bool(wanted.get("page")) and transaction.state is State.CHALLENGING and transaction.session is not None
    return json_response(
        {
            "state": transaction.state.value,
            "creq": transaction.session.creq if transaction.session else None,
            "threeDSSessionData": transaction.session.session_data if transaction.session else None,
            "acs_url": bank_of(transaction, issuer.settings).acs_url,
            "phone": transaction.card.phone,
            "code": issuer.codes.code(transaction.card.pan, code.counter) if code else None,
            "tries_left": held.tries_left if held else transaction.card.tries or issuer.settings.tries,
            "resends_left": held.resends_left if held else issuer.settings.resends,
            "notification_url": transaction.purchase.notification_url,
            "method": found.method.value,
            "question": held.question.value if held and transaction.state in ASKING else None,
            "answer": answer_of(held) if held and transaction.state in ASKING else None,
            "prompt": held.prompt if held else None,
            "decided": held is not None and held.approved is not None,
            "passkey": _asked(_ceremony(issuer, transaction)),
            "wallet": _led_to(issuer, transaction),
            "code_expires_at": _instant(code.sent_at + issuer.settings.timers.code_validity if code else None),
            "ends_at": _instant(transaction.due_at if transaction.state in WAITING else None),
            "page": open_response(issuer, transaction, None).body.decode() if shows else None,
        }
    )


Deadline = tuple[datetime, str, str]
"""When something happens by itself, what, and to the transaction of which acsTransID."""


async def deadlines(issuer: EmvIssuer) -> list[Deadline]:
    """What happens next by itself to those that wait; those that wait longest need not be among them."""
    now = issuer.runtime.clock.now()
    waiting = await issuer.storage.several(await issuer.storage.waiting(now, LOOKED_AT))
    return [one for each in waiting for one in _deadlines(issuer, each) if one[0] > now]


def _deadlines(issuer: EmvIssuer, transaction: Transaction) -> Iterator[Deadline]:
    held, name = transaction.challenge, transaction.acs_trans_id
    if transaction.state is State.CHALLENGING and held is not None and held.code is not None:
        yield held.code.sent_at + issuer.settings.timers.code_validity, "code expires", name
    if transaction.due_at is not None and transaction.state in WAITING:
        yield transaction.due_at, WAITING[transaction.state], name


def _instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


async def unlock_card(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """A locked card is good again, and its failures are forgotten."""
    pan = _own_card(issuer, request)
    return json_response(dict(described(await issuer.storage.keep_status(pan, unlocked))))


async def show_card_status(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    pan = _own_card(issuer, request)
    return json_response(dict(described(await issuer.storage.card_status(pan))))


async def show_passkeys(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """Those of a card, and the bank's page where they are made."""
    pan = _own_card(issuer, request)
    return json_response(online_banking.described(issuer, pan, await issuer.storage.card_status(pan)))


async def forget_passkeys(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    pan = _own_card(issuer, request)
    kept = await issuer.storage.keep_status(pan, without_passkeys)
    return json_response(online_banking.described(issuer, pan, kept))


def _own_card(issuer: EmvIssuer, request: WireRequest) -> str:
    """Errors: `Problem` 404 for a number that is none of this issuer's."""
    pan = _required(read_json(request), "pan", str)
    if issued(pan, None) is None and pan not in issuer.settings.other_cards.by_number:
        raise Problem(404, "Not Found", "the card is not one of this issuer")
    return pan


async def reset(issuer: EmvIssuer, _request: WireRequest) -> WireResponse:
    await issuer.break_off()
    await issuer.runtime.shared.tell_all(RESET)
    await issuer.storage.forget()
    await issuer.rulebook.forget()
    return json_response({})


def _card(registration: Registration) -> dict[str, Any]:
    attributes = {
        "pan": registration.pan,
        "scenario": registration.scenario,
        "phone": registration.phone,
        "tries": registration.tries,
        "language": registration.language,
        "transStatus": registration.trans_status,
        "reason": registration.reason,
        "password": registration.password,
        "failures": registration.failures,
        "challenges": registration.challenges,
        "unasked": registration.unasked,
        "unaskedAmount": registration.unasked_amount,
    }
    return {name: value for name, value in attributes.items() if value is not None}


def _unsettled(transaction: Transaction) -> str:
    """transStatus of an ARes without a result."""
    if transaction.state in (State.SPC_AWAITED, State.SPC_OVER):
        return "S"
    return "D" if transaction.purchase.decoupled else "C"


def _transaction(transaction: Transaction) -> dict[str, Any]:
    purchase, result, delivery = transaction.purchase, transaction.result, transaction.delivery
    described: dict[str, Any] = {
        "acsTransID": transaction.acs_trans_id,
        "threeDSServerTransID": purchase.three_ds_server_trans_id,
        "dsTransID": purchase.ds_trans_id,
        "messageVersion": purchase.version,
        "state": transaction.state.value,
        "transStatus": result.trans_status if result else _unsettled(transaction),
        "transStatusReason": result.trans_status_reason if result else None,
        "challengeCancel": result.challenge_cancel if result else None,
        "interactionCounter": result.interaction_counter if result else None,
        "eci": result.eci if result else None,
        "scenario": transaction.card.scenario,
        "scheme": transaction.card.scheme,
        "pan": mask(transaction.card.pan),
        "phone": transaction.card.phone,
        "created_at": transaction.created_at.isoformat(),
        "updated_at": transaction.updated_at.isoformat(),
        "methodSeen": purchase.method_seen,
        "results": None,
    }
    if delivery is not None:
        described["results"] = {
            "attempts": delivery.attempts,
            "resultsStatus": delivery.results_status,
            "acknowledged_at": delivery.acknowledged_at.isoformat() if delivery.acknowledged_at else None,
            "last_failure": delivery.last_failure,
            "given_up": delivery.given_up,
        }
    return described


def _ceremony(issuer: EmvIssuer, transaction: Transaction) -> Ceremony | None:
    """What is asked for now, by a page of the bank or, after an ARes S, of the requestor."""
    settings, secret = issuer.settings, issuer.runtime.vault.secret
    if transaction.state is State.SPC_AWAITED:
        return requestors_ceremony(transaction, settings, secret)
    return ceremony_of(transaction, settings, secret)


def _led_to(issuer: EmvIssuer, transaction: Transaction) -> str | None:
    """What the page leads the wallet to."""
    token = issuer.page_token(transaction.acs_trans_id, transaction.challenge.page if transaction.challenge else 0)
    asked = wallet_request(transaction, issuer.settings, issuer.runtime.vault.secret, token)
    return None if asked is None else written(asked)


def _asked(ceremony: Ceremony | None) -> dict[str, Any] | None:
    """What an authenticator without a browser has to know."""
    return None if ceremony is None else {**ceremony.options, "origin": ceremony.expected.origins[0]}


def _required(body: Mapping[str, Any], name: str, kind: type[Value]) -> Value:
    value = _optional(body, name, kind)
    if value is None:
        raise Problem(400, "Bad Request", f"{name} is missing")
    return value


def _optional(body: Mapping[str, Any], name: str, kind: type[Value]) -> Value | None:
    value = body.get(name)
    if value is None:
        return None
    if not isinstance(value, kind) or isinstance(value, bool):
        raise Problem(400, "Bad Request", f"{name} is not a {'text' if kind is str else 'number'}")
    return value


def _names(body: Mapping[str, Any]) -> list[str] | None:
    names = body.get("ids")
    if names is None:
        return None
    if not isinstance(names, list) or len(names) > MAX_IDS or not all(isinstance(name, str) for name in names):
        raise Problem(400, "Bad Request", f"ids is a list of at most {MAX_IDS} texts")
    return names


def _phone(body: Mapping[str, Any]) -> str | None:
    return _matching(body, "phone", _PHONE)


def _matching(body: Mapping[str, Any], name: str, pattern: re.Pattern[str]) -> str | None:
    value = _optional(body, name, str)
    if value is not None and not pattern.fullmatch(value):
        raise Problem(400, "Bad Request", f"{name} is not well formed")
    return value


def _at_most(body: Mapping[str, Any], name: str, most: int, least: int = 0) -> int | None:
    value = _optional(body, name, int)
    if value is not None and not least <= value <= most:
        raise Problem(400, "Bad Request", f"{name} is a number from {least} to {most}")
    return value
