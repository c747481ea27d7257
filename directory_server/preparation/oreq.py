"""OReq out, ORes back: a notice of the directory server to a 3DS Server or to the ACS (2.3.1)."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from msgspec import Meta, Struct

from directory_server.calls import failure_kind, is_worth_telling, notify, unreadable
from directory_server.party import ACS, COMPONENT, DIRECTORY_SERVER, THREE_DS_SERVER, Party
from threedsecure.errors import TransportError
from threedsecure.v2.codec import decode, encode
from threedsecure.v2.erro import erro, transport_error
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.validation.notices import VERSION, Notice, check_ores, oreqs
from threedsecure.web.clock import monotonic
from threedsecure.web.wire import WireResponse

Message = Mapping[str, Any]
Text = Annotated[str, Meta(min_length=1, max_length=20_000)]
ANSWERS: Final = frozenset({"ORes", "Erro"})
GOOD_FOR: Final = timedelta(days=30)
_LEGS: Final = {THREE_DS_SERVER: Leg.THREE_DS_SERVER_TO_DS, ACS: Leg.ACS_TO_DS}
_RECEIVERS: Final = {"3ds-server": THREE_DS_SERVER, "acs": ACS}


class Prior(Struct, forbid_unknown_fields=True):
    """opPriorTransRef: the transaction that a notice is about."""

    transIdType: Literal["01", "02", "03"]  # noqa: N815 - the specification's name
    transId: Annotated[str, Meta(pattern=r"^[!-~]{1,36}\Z")]  # noqa: N815


class NoticeWanted(Struct, forbid_unknown_fields=True):
    """The body of `POST /control/operations`. `left_out`: numbers of parts that are not sent, which breaks the sequence."""

    scheme: str
    to: Literal["3ds-server", "acs"] = "3ds-server"
    url: str | None = None
    category: Literal["01", "02", "03", "04", "05", "06"] = "01"
    severity: Literal["01", "02", "03", "04"] = "04"
    parts: Annotated[tuple[Text, ...], Meta(min_length=1, max_length=99)] = ("A notice of the directory server.",)
    expires: Annotated[str, Meta(pattern=r"^[0-9]{8}\Z")] | None = None
    prior: Prior | None = None
    left_out: Annotated[list[Annotated[int, Meta(ge=1, le=99)]], Meta(max_length=99)] = []


async def send_notice(party: Party, wanted: NoticeWanted) -> dict[str, Any]:
    """Send a notice part by part, each when the one before was answered; what was sent and answered. Where nothing comes back the
    rest is not sent. Errors: `MessageError` for a notice that would be no valid OReq."""
    draws, receiver = party.runtime.randomness, _RECEIVERS[wanted.to]
    expires = wanted.expires or f"{party.runtime.clock.now() + GOOD_FOR:%Y%m%d}"
    prior = None if wanted.prior is None else {"transIdType": wanted.prior.transIdType, "transId": wanted.prior.transId}
    notice = Notice(wanted.parts, wanted.category, wanted.severity, expires, prior)
    seq_id, names = draws.uuid(), [draws.uuid() for _ in notice.parts]
    sent = [*oreqs(notice, party.settings.reference_number, seq_id, names)]
    for oreq in sent:
        check(oreq, context_of(oreq, Leg.DS_TO_THREE_DS_SERVER))
    url = wanted.url or party.settings.operations_url(wanted.to)
    chosen = [oreq for number, oreq in enumerate(sent, start=1) if number not in wanted.left_out]
    parts: list[dict[str, Any]] = []
    for oreq in chosen:
        parts.append(await _sent(party, receiver, url, oreq, seq_id))
        if parts[-1].get("reached") is False:
            break
    return {"seqId": seq_id, "parts": [{name: part[name] for name in part if name != "reached"} for part in parts]}


async def _sent(party: Party, receiver: str, url: str, oreq: dict[str, Any], seq_id: str) -> dict[str, Any]:
    """One OReq and what came of it."""
    told = {"seqNum": oreq["opSeq"]["seqNum"], "dsTransID": oreq["dsTransID"]}
    party.record(DIRECTORY_SERVER, receiver, oreq, transaction_id=seq_id)
    began = monotonic()
    try:
        response = await party.runtime.transport.post(url, encode(oreq), timeout=party.settings.results_timeout)
    except TransportError as error:
        failure, now = {"url": error.url, "reason": error.reason}, party.runtime.clock.now()
        party.runtime.journal.record(
            now, DIRECTORY_SERVER, receiver, failure_kind(error), failure, transaction_id=seq_id
        )
        return {**told, "error": f"{transport_error(error).code} {error.reason}", "reached": False}
    return {**told, **_answered(party, receiver, url, oreq, seq_id, response, (monotonic() - began) * 1000)}


def _answered(
    party: Party,
    receiver: str,
    url: str,
    oreq: dict[str, Any],
    seq_id: str,
    response: WireResponse,
    took_ms: float,
) -> dict[str, Any]:
    """The ORes or Erro that came back, and what is wrong with it, of which its sender is told."""
    try:
        answer = decode(response.body, accepts=ANSWERS, versions=(VERSION,))
    except MessageError as error:
        noted = error.message or unreadable(response.content_type, response.body)
        party.record(receiver, DIRECTORY_SERVER, noted, status=response.status, transaction_id=seq_id)
        return {"error": f"{error.code} {error.detail}"}
    party.record(receiver, DIRECTORY_SERVER, answer, status=response.status, took_ms=took_ms, transaction_id=seq_id)
    if answer["messageType"] == "Erro":
        return {"answer": answer}
    try:
        check_ores(answer, oreq, _LEGS[receiver])
    except MessageError as error:
        if is_worth_telling(error):
            document = erro(error, component=COMPONENT, version=VERSION)
            notify(party, url, document, of=receiver, timeout=party.settings.results_timeout)
        return {"answer": answer, "error": f"{error.code} {error.detail}"}
    return {"answer": answer}
