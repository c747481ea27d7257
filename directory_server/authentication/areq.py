"""AReq in, ARes out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from directory_server.authentication import rules
from directory_server.authentication.device_information import device_info
from directory_server.authentication.rules import Trouble
from directory_server.calls import ask, is_worth_telling, labels, notify
from directory_server.party import ACS, COMPONENT, Party
from directory_server.ranges import Issuer, StandIn
from directory_server.transactions.records import Transaction, areq_elements
from directory_server.transactions.states import Event
from threedsecure.cards.card_numbers import mask
from threedsecure.errors import PeerTimedOut, TransportError
from threedsecure.redaction import redact_card_numbers
from threedsecure.v2.codec import encode
from threedsecure.v2.erro import erro, transport_error
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.web.wire import WireRequest, WireResponse, message_response

FROM_THE_ACS: Final = frozenset({"ARes", "Erro"})

Message = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What goes to the 3DS Server, and what it makes of the transaction."""

    answer: dict[str, Any]
    event: Event


async def authenticate(party: Party, scheme: str, request: WireRequest, areq: Message) -> WireResponse:
    """Check the AReq, find the issuer, let it answer, relay the answer. Errors: `MessageError`."""
    check(areq, context_of(areq, Leg.THREE_DS_SERVER_TO_DS))
    rules.check_sender(areq, party.settings.three_ds_servers)
    rules.check_purchase_date(areq, party.runtime.clock.now())
    device = device_info(areq, scheme)
    issuer = await find_issuer(party, scheme, areq)
    transaction = await begin(party, scheme, areq, issuer)
    sent = rules.for_the_acs(
        areq,
        ds_trans_id=transaction.ds_trans_id,
        ds_url=party.settings.ds_url(scheme),
        reference_number=party.settings.reference_number,
        device=device,
    )
    if issuer is None:
        own = rules.answered_here(sent, scheme, rules.not_enrolled(), _acs_trans_id(party, sent))
        outcome = Outcome(own, Event.ARES_FINAL)
    else:
        outcome = await ask_issuer(party, scheme, sent, issuer, labels(request))
    await conclude(party, transaction, outcome)
    response = message_response(outcome.answer, encode(outcome.answer))
    response.facts = facts_of(scheme, issuer)
    return response


def facts_of(scheme: str, issuer: Issuer | None) -> dict[str, Any]:
    """What the scheme announced for the card's range, for the journal."""
    if issuer is None:
        return {"scheme": scheme}
    return {"scheme": scheme, "versions": issuer.versions, "threeDSMethod": issuer.three_ds_method_url is not None}


async def find_issuer(party: Party, scheme: str, areq: Message) -> Issuer | None:
    """Who answers for the card; None for a test card of this scheme that is in no range.
    Errors: `MessageError` 305 for a number that is not ours, 102 where the issuer does not speak the version."""
    pan = areq["acctNumber"]
    card_range = party.ranges[scheme].find(pan) or (await party.fresh_ranges(scheme)).find(pan)
    if card_range is not None:
        rules.check_range_version(areq, card_range.value.versions)
        return card_range.value
    if rules.is_not_enrolled(pan, scheme):
        return None
    raise rules.unknown_card(areq, scheme)


async def begin(party: Party, scheme: str, areq: Message, issuer: Issuer | None) -> Transaction:
    """The transaction, which is written with its answer, or before anything else happens to it."""
    while True:
        ds_trans_id = party.runtime.randomness.of("dsTransID", areq["threeDSServerTransID"]).uuid()
        transaction = _transaction(party, scheme, areq, issuer, ds_trans_id)
        if await party.storage.begin(transaction, repeats=party.runtime.randomness.repeats):
            return transaction


async def ask_issuer(party: Party, scheme: str, sent: Message, issuer: Issuer, headers: Mapping[str, str]) -> Outcome:
    """Call the ACS and judge what came back."""
    timeout = party.settings.acs_timeout
    try:
        answer = await ask(party, issuer.acs_url, sent, of=ACS, timeout=timeout, accepts=FROM_THE_ACS, headers=headers)
        if answer["messageType"] == "Erro":
            return _refused(party, scheme, sent, issuer, answer)
        rules.check_answer(answer, sent)
    except TransportError as error:
        return _not_reached(party, scheme, sent, issuer, error)
    except MessageError as error:
        return _invalid(party, scheme, sent, issuer, error)
    return Outcome(rules.for_the_three_ds_server(answer, sent, scheme), rules.event_of(answer))


async def conclude(party: Party, transaction: Transaction, outcome: Outcome) -> None:
    """Write down what the 3DS Server is about to be told."""
    now = party.runtime.clock.now()

    def concluded(before: Transaction) -> tuple[Transaction, None]:
        return rules.concluded(before, outcome.answer, outcome.event, now), None

    await party.storage.settle(transaction, concluded)


def _not_reached(party: Party, scheme: str, sent: Message, issuer: Issuer, error: TransportError) -> Outcome:
    silent = isinstance(error, PeerTimedOut)
    document = erro(
        transport_error(error, message=sent),
        component=COMPONENT,
        ids=rules.identifiers(sent),
        version=sent["messageVersion"],
    )
    event = Event.ARES_MISSED if silent else Event.ARES_FAILED
    trouble = Trouble.SILENT if silent else Trouble.UNREACHABLE
    return _stand_in(party, scheme, sent, issuer, trouble) or Outcome(document, event)


def _refused(party: Party, scheme: str, sent: Message, issuer: Issuer, answer: Message) -> Outcome:
    """The ACS's own Erro goes on to the 3DS Server, under the identifiers of this transaction."""
    check(answer, context_of(answer, Leg.ACS_TO_DS, sent))
    relayed = {**answer, **rules.identifiers(sent)}
    return _stand_in(party, scheme, sent, issuer, Trouble.ERRO) or Outcome(relayed, Event.ARES_FAILED)


def _invalid(party: Party, scheme: str, sent: Message, issuer: Issuer, error: MessageError) -> Outcome:
    """Both sides are told what is wrong with the ARes. An ACS that is out of order has sent none, and an Erro is never answered
    with another."""
    document = erro(error, component=COMPONENT, ids=rules.identifiers(sent), version=sent["messageVersion"])
    if is_worth_telling(error):
        notify(party, issuer.acs_url, document, of=ACS, timeout=party.settings.acs_timeout)
    trouble = Trouble.ERRO if error.code == ErrorCode.TRANSIENT_FAILURE else Trouble.INVALID
    return _stand_in(party, scheme, sent, issuer, trouble) or Outcome(document, Event.ARES_FAILED)


def _stand_in(party: Party, scheme: str, sent: Message, issuer: Issuer, trouble: Trouble) -> Outcome | None:
    if issuer.stand_in == StandIn.ERRO:
        return None
    own = rules.standing_in(sent, scheme, issuer.stand_in, trouble, _acs_trans_id(party, sent))
    return Outcome(own, Event.ARES_FINAL)


def _acs_trans_id(party: Party, sent: Message) -> str:
    """For a transaction that the directory server answers itself."""
    return party.runtime.randomness.of("acsTransID", sent["dsTransID"]).uuid()


def _transaction(party: Party, scheme: str, areq: Message, issuer: Issuer | None, ds_trans_id: str) -> Transaction:
    now = party.runtime.clock.now()
    merchant = areq.get("merchantName")
    return Transaction(
        ds_trans_id=ds_trans_id,
        three_ds_server_trans_id=areq["threeDSServerTransID"],
        sdk_trans_id=areq.get("sdkTransID"),
        scheme=scheme,
        version=areq["messageVersion"],
        pan_masked=mask(areq["acctNumber"]),
        pan_fingerprint=party.runtime.vault.fingerprint(areq["acctNumber"]),
        amount=areq.get("purchaseAmount"),
        currency=areq.get("purchaseCurrency"),
        exponent=areq.get("purchaseExponent"),
        merchant=None if merchant is None else redact_card_numbers(merchant),
        three_ds_server_url=areq.get("threeDSServerURL", ""),
        acs_url=None if issuer is None else issuer.acs_url,
        areq=areq_elements(areq) | {"dsTransID": ds_trans_id},
        created_at=now,
        updated_at=now,
    )
