"""RReq in from the ACS, on to the 3DS Server; its RRes back."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import orjson

from directory_server.calls import Asked, ask, is_worth_telling, notify
from directory_server.party import COMPONENT, REPORTED, THREE_DS_SERVER, Party
from directory_server.results import rules
from directory_server.results.rules import Forward, Refuse, Repeat
from directory_server.transactions.records import Transaction
from directory_server.transactions.storage.transactions import BeingReported
from threedsecure.errors import ExchangeBroken, PeerTimedOut, TransportError
from threedsecure.v2.codec import encode
from threedsecure.v2.erro import erro, transport_error
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.web.straight import soon
from threedsecure.web.wire import WireRequest, WireResponse, message_response

FROM_THE_THREE_DS_SERVER: Final = frozenset({"RRes", "Erro"})

Message = Mapping[str, Any]


async def report(party: Party, scheme: str, _request: WireRequest, rreq: Message) -> WireResponse:
    """Check the RReq, forward it once, relay the RRes. Errors: `MessageError`, of which the 3DS Server is told as well where the
    transaction is recognised and still waits for its result."""
    transaction = await _found(party, scheme, rreq)
    try:
        rules.check_results(rreq, transaction)
    except MessageError as error:
        if transaction is not None and rules.waits_for(rreq, transaction):
            _tell_three_ds_server(party, transaction, error)
        raise
    answer = await _answer(party, rreq)
    return message_response(answer, encode(answer))


async def _found(party: Party, scheme: str, rreq: Message) -> Transaction | None:
    """The transaction that an RReq names, unless it is another scheme's."""
    named = rreq.get("dsTransID")
    transaction = await party.storage.find(named.lower()) if isinstance(named, str) else None
    return transaction if transaction is not None and transaction.scheme == scheme else None


async def _answer(party: Party, rreq: Message) -> Message:
    """One delivery at a time for one result: who repeats it meanwhile waits for the same answer. A caller that gives up does not
    end the delivery."""
    fingerprint = party.runtime.vault.fingerprint(orjson.dumps(rreq, option=orjson.OPT_SORT_KEYS).decode())
    under_way = party.reporting.get(fingerprint)
    if under_way is None:
        under_way = asyncio.create_task(_deliver(party, rreq, fingerprint), name="RReq")
        party.reporting[fingerprint] = under_way
        under_way.add_done_callback(lambda _done: party.reporting.pop(fingerprint, None))
    answer = await asyncio.shield(under_way)
    if isinstance(answer, MessageError):
        raise answer
    return answer


async def _deliver(party: Party, rreq: Message, fingerprint: str) -> Message | MessageError:
    ds_trans_id = rreq["dsTransID"].lower()
    while True:
        try:
            return await _deliver_here(party, rreq, ds_trans_id, fingerprint)
        except BeingReported:
            await party.reported_elsewhere(ds_trans_id)


async def _deliver_here(party: Party, rreq: Message, ds_trans_id: str, fingerprint: str) -> Message | MessageError:
    """Errors: `BeingReported`."""
    now = party.runtime.clock.now()

    def claim(transaction: Transaction) -> tuple[Transaction, tuple[Transaction, rules.Decision]]:
        after, decision = rules.decide(transaction, rreq, fingerprint, now)
        return after, (after, decision)

    def forwards(found: tuple[Transaction, rules.Decision]) -> bool:
        return isinstance(found[1], Forward)

    match await party.storage.report(ds_trans_id, claim, forwards):
        case (_, Repeat(answer)):
            return answer
        case (_, Refuse(error)):
            return error
        case (transaction, Forward()):
            try:
                return await _forward(party, transaction, rreq)
            finally:
                await party.storage.reported(ds_trans_id)
                party.runtime.shared.tell(REPORTED, ds_trans_id)
        case _:
            return rules.not_recognised(rreq)


async def _forward(party: Party, transaction: Transaction, rreq: Message) -> Message:
    """Bring the result to the 3DS Server; returns what the ACS is told of it."""
    sent = rules.for_the_three_ds_server(rreq, transaction)
    url, timeout = party.storage.results_url(transaction), party.settings.results_timeout
    try:
        reply = await soon(ask(party, Asked(THREE_DS_SERVER, url, sent, timeout, FROM_THE_THREE_DS_SERVER)))
        answer = reply.message
        if answer is None:
            raise reply.error  # type: ignore[misc]
        if answer["messageType"] == "Erro":
            return await _refused(party, transaction, answer)
        rules.check_answer(answer, sent, transaction)
    except TransportError as error:
        return await _not_reached(party, transaction, sent, error)
    except MessageError as error:
        return _invalid(party, transaction, error)
    relayed = rules.for_the_acs(answer, transaction)
    await _note(party, transaction, partial(rules.acknowledged, rres=relayed))
    return relayed


async def _not_reached(party: Party, transaction: Transaction, sent: Message, error: TransportError) -> Message:
    """402 to both sides for silence; 405 to the ACS alone for a 3DS Server that nobody reaches."""
    told = transport_error(error, message=sent)
    if isinstance(error, PeerTimedOut):
        _tell_three_ds_server(party, transaction, told)
    elif not isinstance(error, ExchangeBroken):
        await _note(party, transaction, rules.not_delivered)
    return erro(told, component=COMPONENT, ids=transaction.identifiers, version=transaction.version)


async def _refused(party: Party, transaction: Transaction, answer: Message) -> Message:
    """The 3DS Server's own Erro goes on to the ACS, under the identifiers of this transaction."""
    check(answer, context_of(answer, Leg.THREE_DS_SERVER_TO_DS, transaction.areq, transaction.ares))
    await _note(party, transaction, rules.not_delivered)
    return {**answer, **transaction.identifiers}


def _invalid(party: Party, transaction: Transaction, error: MessageError) -> Message:
    """Both sides are told what is wrong with the RRes. A 3DS Server that is out of order has sent none, and an Erro is never
    answered with another."""
    if is_worth_telling(error):
        _tell_three_ds_server(party, transaction, error)
    return erro(error, component=COMPONENT, ids=transaction.identifiers, version=transaction.version)


async def _note(party: Party, transaction: Transaction, change: Callable[..., Transaction]) -> None:
    fingerprint, now = transaction.results_fingerprint, party.runtime.clock.now()

    def noted(before: Transaction) -> tuple[Transaction, None]:
        return change(before, fingerprint=fingerprint, now=now), None

    await party.storage.step(transaction.ds_trans_id, noted)


def _tell_three_ds_server(party: Party, transaction: Transaction, error: MessageError) -> None:
    document = erro(error, component=COMPONENT, ids=transaction.identifiers, version=transaction.version)
    timeout = party.settings.results_timeout
    notify(party, party.storage.results_url(transaction), document, of=THREE_DS_SERVER, timeout=timeout)
