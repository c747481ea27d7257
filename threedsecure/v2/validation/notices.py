"""Operation messages (2.3.1): a notice of a directory server as a sequence of OReq, and the ORes that answers each of them.

The specification says that a receiver answers; whether to every part or to the last is told in two ways. Over HTTP every part is
answered, with 02 (sequence broken) to one that is not the next: the only way in which the sender learns which part is missing."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.grammar.context import Leg
from threedsecure.v2.validation.checking import check, context_of
from threedsecure.v2.validation.identifiers import one_spelling, same_id

Message = Mapping[str, Any]

VERSION: Final = "2.3.1"
RECEIVED: Final = "01"
BROKEN: Final = "02"
NOT_SUPPORTED: Final = "03"
MOST_SEQUENCES: Final = 1_000
"""That a receiver remembers: the oldest are forgotten."""


class Notice(Struct, frozen=True):
    """`parts`: the texts (opDescription), one OReq each, at most 99. `category`, `severity`: opCategory and opSeverity; `expires`:
    opExpDate; `prior`: opPriorTransRef, None for none."""

    parts: tuple[str, ...]
    category: str
    severity: str
    expires: str
    prior: Mapping[str, str] | None = None


def oreqs(notice: Notice, reference_number: str, seq_id: str, ds_trans_ids: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The OReq of a notice, each with a dsTransID of its own."""
    total = f"{len(notice.parts):02}"
    for number, (part, ds_trans_id) in enumerate(zip(notice.parts, ds_trans_ids, strict=True), start=1):
        yield {
            "messageType": "OReq",
            "messageVersion": VERSION,
            "dsReferenceNumber": reference_number,
            "dsTransID": ds_trans_id,
            "opCategory": notice.category,
            "opSeverity": notice.severity,
            "opDescription": part,
            "opExpDate": notice.expires,
            "opSeq": {"seqId": seq_id, "seqNum": f"{number:02}", "seqTotal": total},
            **({"opPriorTransRef": dict(notice.prior)} if notice.prior is not None else {}),
        }


def ores(oreq: Message, status: str, sender: Mapping[str, str]) -> dict[str, Any]:
    """The answer to an OReq. `sender`: the reference number and the fresh identifier of the 3DS Server or ACS that answers."""
    return {
        "messageType": "ORes",
        "messageVersion": oreq["messageVersion"],
        "dsTransID": oreq["dsTransID"],
        "opStatus": status,
        **sender,
    }


def check_ores(message: Message, oreq: Message, leg: Leg) -> None:
    """Hold an ORes against its OReq. Errors: `MessageError`, 301 for another dsTransID."""
    check(message, context_of(message, leg))
    if not same_id(message["dsTransID"], oreq["dsTransID"]):
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, "dsTransID", message=message)


class Sequences:
    """What a receiver has got of each sequence."""

    def __init__(self) -> None:
        self._next: OrderedDict[str, int] = OrderedDict()

    def status(self, oreq: Message) -> str:
        """opStatus for a checked OReq: 02 where it is not the next one of its sequence; the sequence then begins anew."""
        sequence = oreq["opSeq"]
        name, number, total = one_spelling(sequence["seqId"]), int(sequence["seqNum"]), int(sequence["seqTotal"])
        if number != self._next.pop(name, 1):
            return BROKEN
        if number < total:
            self._next[name] = number + 1
            if len(self._next) > MOST_SEQUENCES:
                self._next.popitem(last=False)
        return RECEIVED
