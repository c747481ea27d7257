"""AReq in, ARes out."""

from __future__ import annotations  # else those of inner functions are evaluated with every message

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from directory_server.authentication import rules
from directory_server.authentication.device_information import device_info
from directory_server.authentication.rules import Trouble
from directory_server.authentication.split_sdk import check_signed_content
from directory_server.calls import Asked, Reply, ask, is_worth_telling, labels, notify
from directory_server.party import ACS, COMPONENT, Party
from directory_server.ranges import Issuer, RangeList, StandIn
from directory_server.settings import DirectoryServerSettings
from directory_server.transactions.records import Transaction, begun, concluded
from directory_server.transactions.states import Event
from threedsecure.cards.cartes_bancaires import SCHEME as CARTES_BANCAIRES
from threedsecure.cards.other_cards import OtherCards
from threedsecure.errors import PeerTimedOut, TransportError
from threedsecure.storage.ledger import More
from threedsecure.v2.codec import encode
from threedsecure.v2.erro import erro, transport_error
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.as_of import day_of
from threedsecure.v2.validation.checking import Checked, Leg, check, context_of, read
from threedsecure.v2.validation.dated import check_dated, indicator
from threedsecure.web.straight import soon, then, waits
from threedsecure.web.wire import WireRequest, WireResponse, message_response

FROM_THE_ACS: Final = frozenset({"ARes", "Erro"})

Message = Mapping[str, Any]


class Begun(Struct, frozen=True):
    """An AReq that is right, and what is known of it before anybody answers. `sent`: the AReq with the directory server's elements;
    `more`: those, where nothing of the AReq was left out; `lacking`: what a programme that tells by an indicator misses in it;
    `result_after_spc`: as in the settings."""

    scheme: str
    areq: Message
    issuer: Issuer | None
    sent: dict[str, Any]
    more: dict[str, Any] | None
    fingerprint: str
    at: datetime
    lacking: tuple[str, ...] | None = None
    result_after_spc: bool = False

    @property
    def transaction(self) -> Transaction:
        """As it stands while it waits."""
        acs_url = None if self.issuer is None else self.issuer.acs_url
        return begun(self.areq, self.scheme, self.sent["dsTransID"], self.fingerprint, self.at, acs_url)


class Outcome(Struct, frozen=True):
    """What goes to the 3DS Server, and what it makes of the transaction. `told`: the Erro of which the ACS is told as well."""

    answer: dict[str, Any]
    event: Event
    told: dict[str, Any] | None = None


def begin(
    settings: DirectoryServerSettings,
    scheme: str,
    areq: Message,
    checked: Checked,
    device: Mapping[str, str],
    issuer: Issuer | None,
    ds_trans_id: str,
    fingerprint: str,
    now: datetime,
) -> Begun:
    """What a checked AReq becomes: pure. `device`: what was decrypted of it."""
    added = {"dsReferenceNumber": settings.reference_number, "dsTransID": ds_trans_id}
    if rules.knows_ds_url(areq["messageVersion"], areq["deviceChannel"], areq["messageCategory"]):
        added["dsURL"] = settings.ds_url(scheme)
    whole = checked.whole and not device
    sent = {**(areq if whole else rules.for_the_acs(areq, checked.context, device)), **added}
    day = day_of(settings.rules_as_of, now)
    lacking = None if day is None else indicator(areq, checked.context, scheme, day)
    more = added if whole else None
    return Begun(scheme, areq, issuer, sent, more, fingerprint, now, lacking, settings.result_after_spc)


def judge(begun: Begun, reply: Reply, acs_trans_id: Callable[[], str]) -> Outcome:
    """What becomes of the answer of the ACS, or of there being none: pure. `acs_trans_id()`: for an answer of the directory
    server's own."""
    scheme, sent, answer = begun.scheme, begun.sent, reply.message
    try:
        if answer is None:
            raise reply.error  # type: ignore[misc]
        if answer["messageType"] == "Erro":
            return _refused(begun, answer, acs_trans_id)
        rules.check_answer(answer, sent)
    except TransportError as error:
        return _not_reached(begun, error, acs_trans_id)
    except MessageError as error:
        return _invalid(begun, error, acs_trans_id)
    relayed = rules.for_the_three_ds_server(answer, sent, scheme)
    if scheme == CARTES_BANCAIRES:
        relayed = rules.scored(relayed, sent)
    event = rules.event_of(answer, result_after_spc=begun.result_after_spc)
    return Outcome(rules.with_indicator(relayed, begun.lacking), event)


def authenticate(
    party: Party, scheme: str, request: WireRequest, areq: Message
) -> WireResponse | Awaitable[WireResponse]:
    """Check the AReq, find the issuer, let it answer, relay the answer. Errors: `MessageError`."""
    now = party.runtime.clock.now()
    checked = read(areq, Leg.THREE_DS_SERVER_TO_DS)
    rules.check_sender(areq, party.settings.three_ds_servers)
    rules.check_purchase_date(areq, now)
    if (day := day_of(party.settings.rules_as_of, now)) is not None:
        check_dated(areq, checked.context, scheme, day)
    check_signed_content(areq, now, party.settings.sdk_signature_age)
    device = device_info(areq, scheme, party.settings.sdk_keys)
    ranges = party.ranges[scheme]
    known = ranges if ranges.find(areq["acctNumber"]) is not None else party.fresh_ranges(scheme)
    return then(known, partial(_authenticate, party, scheme, request, areq, checked, device, now))


def _authenticate(
    party: Party,
    scheme: str,
    request: WireRequest,
    areq: Message,
    checked: Checked,
    device: Mapping[str, str],
    now: datetime,
    ranges: RangeList,
) -> WireResponse | Awaitable[WireResponse]:
    issuer = find_issuer(ranges, scheme, areq, party.settings.other_cards)

    def go_on(ds_trans_id: str) -> WireResponse | Awaitable[WireResponse]:
        fingerprint = party.runtime.vault.fingerprint(areq["acctNumber"])
        begun = begin(party.settings, scheme, areq, checked, device, issuer, ds_trans_id, fingerprint, now)
        return _asked(party, request, begun)

    return then(_ds_trans_id(party, areq), go_on)


def _ds_trans_id(party: Party, areq: Message) -> str | Awaitable[str]:
    """One that no other transaction has."""
    randomness = party.runtime.randomness
    drawn = randomness.of("dsTransID", areq["threeDSServerTransID"]).uuid()
    if not randomness.repeats:
        return drawn
    return then(party.storage.taken(drawn), lambda taken: _ds_trans_id(party, areq) if taken else drawn)


def _asked(party: Party, request: WireRequest, begun: Begun) -> WireResponse | Awaitable[WireResponse]:
    acs_trans_id = party.runtime.randomness.of("acsTransID", begun.sent["dsTransID"]).uuid
    if begun.issuer is None:
        own = rules.answered_here(begun.sent, begun.scheme, rules.not_enrolled(), acs_trans_id())
        return _told(party, request, begun, Reply(None), Outcome(own, Event.ARES_FINAL))
    rests = begun.more is not None and party.runtime.journal.is_of_this_turn(request.noted)
    more = More(request.noted, begun.more) if rests and begun.more is not None else None
    timeout, url = party.settings.acs_timeout, begun.issuer.acs_url
    asked = Asked(ACS, url, begun.sent, timeout, FROM_THE_ACS, labels(request), more)
    found = ask(party, asked)
    if waits(found):
        return _waited(party, request, begun, found, acs_trans_id)
    return _told(party, request, begun, found, judge(begun, found, acs_trans_id))  # type: ignore[arg-type]


async def _waited(
    party: Party,
    request: WireRequest,
    begun: Begun,
    asked: Awaitable[Reply],
    acs_trans_id: Callable[[], str],
) -> WireResponse:
    """A result may come before the answer: until then the transaction is kept."""
    transaction = begun.transaction
    party.storage.begin(transaction)
    reply = await asked
    outcome, now = judge(begun, reply, acs_trans_id), party.runtime.clock.now()
    await soon(party.storage.settle(transaction, lambda before: concluded(before, outcome.answer, outcome.event, now)))
    return _response(party, request, begun, reply, outcome)


def _told(party: Party, request: WireRequest, begun: Begun, reply: Reply, outcome: Outcome) -> WireResponse:
    """Write down what the 3DS Server is about to be told, where the ledger does not say it all."""
    if outcome.event is not Event.ARES_FINAL:
        now = party.runtime.clock.now()
        party.storage.conclude(concluded(begun.transaction, outcome.answer, outcome.event, now))
    return _response(party, request, begun, reply, outcome)


def _response(party: Party, request: WireRequest, begun: Begun, reply: Reply, outcome: Outcome) -> WireResponse:
    if outcome.told is not None and begun.issuer is not None:
        notify(party, begun.issuer.acs_url, outcome.told, of=ACS, timeout=party.settings.acs_timeout)
    answer, journal = outcome.answer, party.runtime.journal
    same = reply.message == answer
    response = message_response(answer, reply.body if same else encode(answer))
    response.promises = True
    response.noting = {"facts": facts_of(begun.scheme, begun.issuer), "also": (begun.fingerprint,)}
    if outcome.event is Event.ARES_FINAL and not journal.is_of_this_turn(request.noted):
        now = party.runtime.clock.now()
        response.noting["kept"] = concluded(begun.transaction, answer, outcome.event, now)
    if same and journal.is_of_this_turn(reply.noted):
        response.noting["written"] = More(reply.noted, {})
    return response


def facts_of(scheme: str, issuer: Issuer | None) -> dict[str, Any]:
    """What the scheme announced for the card's range, for the journal."""
    if issuer is None:
        return {"scheme": scheme}
    return {"scheme": scheme, "versions": issuer.versions, "threeDSMethod": issuer.three_ds_method_url is not None}


def find_issuer(ranges: RangeList, scheme: str, areq: Message, others: OtherCards) -> Issuer | None:
    """Who answers for the card; None for a test card of this scheme that is in no range.
    Errors: `MessageError` 305 for a number that is not ours, 102 where the issuer does not speak the version."""
    pan = areq["acctNumber"]
    card_range = ranges.find(pan)
    if card_range is not None:
        rules.check_range_version(areq, card_range.value.versions)
        return card_range.value
    if rules.is_not_enrolled(pan, scheme, others):
        return None
    raise rules.unknown_card(areq, scheme)


def _not_reached(begun: Begun, error: TransportError, acs_trans_id: Callable[[], str]) -> Outcome:
    silent, sent = isinstance(error, PeerTimedOut), begun.sent
    event = Event.ARES_MISSED if silent else Event.ARES_FAILED
    trouble = Trouble.SILENT if silent else Trouble.UNREACHABLE
    return _stand_in(begun, trouble, acs_trans_id) or Outcome(_erro(begun, transport_error(error, message=sent)), event)


def _refused(begun: Begun, answer: Message, acs_trans_id: Callable[[], str]) -> Outcome:
    """The ACS's own Erro goes on to the 3DS Server, under the identifiers of this transaction."""
    check(answer, context_of(answer, Leg.ACS_TO_DS, begun.sent))
    relayed = {**answer, **rules.identifiers(begun.sent)}
    return _stand_in(begun, Trouble.ERRO, acs_trans_id) or Outcome(relayed, Event.ARES_FAILED)


def _invalid(begun: Begun, error: MessageError, acs_trans_id: Callable[[], str]) -> Outcome:
    """Both sides are told what is wrong with the ARes. An ACS that is out of order has sent none, and an Erro is never answered
    with another."""
    document = _erro(begun, error)
    told = document if is_worth_telling(error) else None
    trouble = Trouble.ERRO if error.code == ErrorCode.TRANSIENT_FAILURE else Trouble.INVALID
    outcome = _stand_in(begun, trouble, acs_trans_id) or Outcome(document, Event.ARES_FAILED)
    return replace(outcome, told=told)


def _erro(begun: Begun, error: MessageError) -> dict[str, Any]:
    return erro(error, component=COMPONENT, ids=rules.identifiers(begun.sent), version=begun.sent["messageVersion"])


def _stand_in(begun: Begun, trouble: Trouble, acs_trans_id: Callable[[], str]) -> Outcome | None:
    issuer = begun.issuer
    if issuer is None or issuer.stand_in == StandIn.ERRO:
        return None
    own = rules.standing_in(begun.sent, begun.scheme, issuer.stand_in, trouble, acs_trans_id())
    return Outcome(own, Event.ARES_FINAL)
