"""How the desk looks in: transactions, card ranges, and forgetting everything. JSON both ways, identifiers in the body."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from directory_server.party import RANGES, Party
from directory_server.preparation.card_range_data import CHOSEN
from directory_server.preparation.oreq import NoticeWanted, send_notice
from directory_server.ranges import Action, Issuer, RangeList, RangesInConflict, StandIn
from directory_server.transactions.records import Filter, Transaction
from directory_server.transactions.refusals import Refusal, newest
from directory_server.transactions.states import State
from directory_server.transactions.storage.lists import SerialMoved
from threedsecure.addresses import is_web_address
from threedsecure.cards.card_numbers import CardRange
from threedsecure.cards.schemes import SCHEMES
from threedsecure.v2.errors import MessageError
from threedsecure.web.wire import Handler, Problem, WireRequest, WireResponse, json_response

Body = TypeVar("Body")
Digits = Annotated[str, Meta(pattern=r"^[0-9]{13,19}\Z")]
Url = Annotated[str, Meta(pattern=r"^https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[!-~]*)?\Z", max_length=256)]
MAX_TELLS: Final = 4_096
Code = Annotated[str, Meta(pattern=r"^[0-9]{2}\Z")]


class TransactionsWanted(Struct, forbid_unknown_fields=True):
    """The body of `POST /control/transactions`. `id`: any identifier that the transaction has."""

    pan: Annotated[str, Meta(max_length=19)] | None = None
    state: State | None = None
    since: datetime | None = None
    id: Annotated[str, Meta(max_length=64)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class RefusalsWanted(Struct, forbid_unknown_fields=True):
    """The body of `POST /control/refusals`. `id`: what the message goes by."""

    pan: Annotated[str, Meta(max_length=19)] | None = None
    since: datetime | None = None
    id: Annotated[str, Meta(max_length=64)] | None = None
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class RangesWanted(Struct, forbid_unknown_fields=True):
    """The body of `POST /control/ranges`."""

    scheme: str


class RangeEdit(Struct, forbid_unknown_fields=True):
    """One edit. What is left out stays as it stands; in a new range it is as for a listed test card, but `versions` has to be said.
    A `three_ds_method_url` of null takes the 3DS Method away. `tells`: elements of the range in the PRes, by their names there."""

    action: Action
    start: Digits
    end: Digits
    versions: Annotated[list[str], Meta(min_length=1, max_length=10)] | UnsetType = UNSET
    acs_url: Url | UnsetType = UNSET
    three_ds_method_url: Url | UnsetType | None = UNSET
    acs_info_ind: list[Code] | UnsetType = UNSET
    stand_in: StandIn | UnsetType = UNSET
    tells: Annotated[dict[str, Any], Meta(max_length=10)] | UnsetType = UNSET


class RangesEdited(Struct, forbid_unknown_fields=True):
    """The body of `POST /control/ranges/edit`: edits that stand or fall together and get one serial number."""

    scheme: str
    edits: Annotated[list[RangeEdit], Meta(min_length=1, max_length=200_000)]


def reset(party: Party) -> Handler:
    async def handle(_request: WireRequest) -> WireResponse:
        """Forget every transaction and every edit of the card ranges."""
        await party.storage.forget()
        await party.load_ranges()
        await party.runtime.shared.tell_all(RANGES)
        return json_response({})

    return handle


def transactions(party: Party) -> Handler:
    async def handle(request: WireRequest) -> WireResponse:
        wanted = read(request, TransactionsWanted)
        found = await party.storage.select(replace(_filter(party, wanted), state=wanted.state))
        return json_response({"transactions": [transaction_document(transaction) for transaction in found]})

    return handle


def refusals(party: Party) -> Handler:
    async def handle(request: WireRequest) -> WireResponse:
        wanted = _filter(party, read(request, RefusalsWanted))
        found = await party.runtime.journal.read(lambda records: newest(records, wanted))
        return json_response({"refusals": [refusal_document(refusal) for refusal in found]})

    return handle


def _filter(party: Party, wanted: TransactionsWanted | RefusalsWanted) -> Filter:
    fingerprint = None if wanted.pan is None else party.runtime.vault.fingerprint(wanted.pan)
    return Filter(identifier=wanted.id, pan_fingerprint=fingerprint, since=aware(wanted.since), limit=wanted.limit)


def ranges(party: Party) -> Handler:
    async def handle(request: WireRequest) -> WireResponse:
        scheme = known_list(party, read(request, RangesWanted).scheme)
        return json_response(ranges_document(scheme, await party.fresh_ranges(scheme)))

    return handle


def operations(party: Party) -> Handler:
    """Send a notice (OReq), and tell what was answered."""

    async def handle(request: WireRequest) -> WireResponse:
        wanted = read(request, NoticeWanted)
        if wanted.scheme not in SCHEMES:
            raise Problem(404, "Not Found", f"no scheme {wanted.scheme[:40]!r}; there are {', '.join(SCHEMES)}")
        if wanted.url is not None and not is_web_address(wanted.url):
            raise Problem(400, "Bad Request", "url: an http or https address")
        try:
            return json_response(await send_notice(party, wanted))
        except MessageError as error:
            raise Problem(400, "Bad Request", f"{error.code} {error.detail}") from error

    return handle


def edit_ranges(party: Party) -> Handler:
    async def handle(request: WireRequest) -> WireResponse:
        wanted = read(request, RangesEdited)
        scheme = known_list(party, wanted.scheme)
        try:
            standing = await party.fresh_ranges(scheme)
            edited = standing.edited(
                [(edit.action, card_range(party, scheme, edit, standing)) for edit in wanted.edits]
            )
            await party.storage.change_ranges(scheme, edited.edits_at(edited.serial))
        except (RangesInConflict, SerialMoved) as error:
            raise Problem(409, "Conflict", str(error)) from error
        party.ranges[scheme] = edited
        await party.runtime.shared.tell_all(RANGES, scheme)
        return json_response({"serial": str(edited.serial)})

    return handle


def card_range(party: Party, scheme: str, edit: RangeEdit, standing: RangeList) -> CardRange[Issuer]:
    """The range after `edit`. Errors: `Problem` 400."""
    if len(edit.start) != len(edit.end) or edit.start > edit.end:
        raise Problem(400, "Bad Request", f"{edit.start}-{edit.end} is no range: one length, and start not after end")
    found = standing.find(edit.start)
    known = found.value if found is not None and edit.action is not Action.ADD else party.usual_issuer(scheme)
    issuer = Issuer(
        versions=known.versions if edit.versions is UNSET else spoken_versions(party.versions(scheme), edit.versions),
        acs_url=known.acs_url if edit.acs_url is UNSET else edit.acs_url,
        three_ds_method_url=(
            known.three_ds_method_url if edit.three_ds_method_url is UNSET else edit.three_ds_method_url
        ),
        acs_info_ind=known.acs_info_ind if edit.acs_info_ind is UNSET else tuple(edit.acs_info_ind),
        stand_in=known.stand_in if edit.stand_in is UNSET else edit.stand_in,
        tells=known.tells if edit.tells is UNSET else chosen_elements(edit.tells),
    )
    if edit.action is Action.ADD and not issuer.versions:
        raise Problem(
            400, "Bad Request", f"versions: a new range needs one or more of {', '.join(party.versions(scheme))}"
        )
    return CardRange(edit.start, edit.end, issuer)


def chosen_elements(tells: dict[str, Any]) -> dict[str, Any]:
    """Errors: `Problem` 400 for what no range of a PRes has, and for what is too long to be one."""
    unknown = [name for name in tells if name not in CHOSEN]
    if unknown:
        raise Problem(400, "Bad Request", f"tells: there are {', '.join(sorted(CHOSEN))}; found {unknown[0][:40]}")
    if len(msgspec.json.encode(tells)) > MAX_TELLS:
        raise Problem(400, "Bad Request", f"tells: at most {MAX_TELLS} bytes")
    return tells


def spoken_versions(spoken: tuple[str, ...], versions: list[str]) -> tuple[str, ...]:
    """`versions`, lowest first. Errors: `Problem` 400."""
    unknown = [version for version in versions if version not in spoken]
    if unknown:
        raise Problem(400, "Bad Request", f"versions: there are {', '.join(spoken)}; found {', '.join(unknown)[:100]}")
    return tuple(version for version in spoken if version in versions)


def ranges_document(scheme: str, listed: RangeList) -> dict[str, Any]:
    told = [
        {
            "start": found.start,
            "end": found.end,
            "versions": found.value.versions,
            "acs_url": found.value.acs_url,
            "three_ds_method_url": found.value.three_ds_method_url,
            "acs_info_ind": found.value.acs_info_ind,
            "stand_in": found.value.stand_in.value,
            "tells": dict(found.value.tells),
        }
        for found in listed
    ]
    return {"scheme": scheme, "serial": str(listed.serial), "ranges": told}


def transaction_document(transaction: Transaction) -> dict[str, Any]:
    """A transaction as the desk shows it: identifiers by their names in the messages, the card masked."""
    return {
        "id": transaction.three_ds_server_trans_id,
        "dsTransID": transaction.ds_trans_id,
        "acsTransID": transaction.acs_trans_id,
        "sdkTransID": transaction.sdk_trans_id,
        "scheme": transaction.scheme,
        "version": transaction.version,
        "pan": transaction.pan_masked,
        "amount": transaction.amount,
        "currency": transaction.currency,
        "exponent": transaction.exponent,
        "merchant": transaction.merchant,
        "state": transaction.state.value,
        "transStatus": transaction.trans_status,
        "transStatusReason": transaction.trans_status_reason,
        "eci": transaction.eci,
        "results_status": transaction.results_status,
        "created_at": transaction.created_at.isoformat(timespec="milliseconds"),
        "updated_at": transaction.updated_at.isoformat(timespec="milliseconds"),
    }


def refusal_document(refusal: Refusal) -> dict[str, Any]:
    """What was refused, under the names that a transaction has for it."""
    return {
        "id": refusal.id,
        "scheme": refusal.scheme,
        "version": refusal.version,
        "pan": refusal.pan_masked,
        "amount": refusal.amount,
        "currency": refusal.currency,
        "exponent": refusal.exponent,
        "merchant": refusal.merchant,
        "created_at": refusal.at.isoformat(timespec="milliseconds"),
        "refusal": {"refused": refusal.kind, **told_by(refusal.answer)},
    }


def told_by(answer: Mapping[str, Any]) -> dict[str, Any]:
    """Why a message was refused, in the words of the Erro, whatever kind of answer said it."""
    refused = answer.get("IReq")
    if refused is None:
        words = {"errorDescription": answer.get("errorDescription", answer.get("errorMessage"))}
        return {**{name: answer.get(name) for name in ("errorCode", "errorDetail", "errorComponent")}, **words}
    return {"errorCode": refused["iReqCode"], "errorDetail": refused.get("iReqDetail"), "errorComponent": None}


def read(request: WireRequest, kind: type[Body]) -> Body:
    """The body as a `kind`; an empty body is an empty object. Errors: `Problem` 400 saying where it is wrong."""
    try:
        return msgspec.json.decode(request.body or b"{}", type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Problem(400, "Bad Request", str(error)) from error


def known_list(party: Party, scheme: str) -> str:
    """The name of a list of card ranges: a scheme for EMV 3DS, `visa/3ds1` and its like for 3-D Secure 1.0.2.
    Errors: `Problem` 404."""
    if scheme not in party.ranges:
        raise Problem(404, "Not Found", f"no scheme {scheme[:40]!r}; there are {', '.join(party.ranges)}")
    return scheme


def aware(instant: datetime | None) -> datetime | None:
    """Errors: `Problem` 400 for an instant without its offset from UTC, which could be any."""
    if instant is not None and instant.tzinfo is None:
        raise Problem(400, "Bad Request", "since: the offset from UTC is missing, such as Z")
    return instant
