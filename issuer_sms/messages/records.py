"""A text message, and the document that stands for it in the API and in the events."""

from datetime import datetime
from typing import Any

from msgspec import Struct

from issuer_sms.callbacks import Callback, callback_document
from issuer_sms.messages import codes, encoding
from issuer_sms.messages.delivery import Passage, State, treatment
from threedsecure.redaction import HIDDEN, redact_text_message


class TextMessage(Struct, frozen=True):
    """One text to one number. `copy_of` names the text that the network delivered twice; `arrival` counts arrivals, for the order
    in which a handset shows them; `callback` is the delivery receipt that the issuer asked for at `callback_url`."""

    id: str
    to: str
    sender: str
    body: str
    passage: Passage
    reference: str | None = None
    copy_of: str | None = None
    arrival: int | None = None
    callback_url: str | None = None
    callback: Callback | None = None

    @property
    def code(self) -> str | None:
        return codes.find(self.body)

    def holds(self, words: str) -> bool:
        """Whether `words` stand somewhere in it, whatever their case."""
        wanted = words.casefold()
        return any(wanted in text.casefold() for text in (self.to, self.sender, self.body, self.reference or ""))


class Mark(Struct, frozen=True):
    """A place among the texts of a phone. `number` counts what was accepted, `arrival` what arrived (None: not yet)."""

    number: int
    arrival: int | None


def message_document(message: TextMessage) -> dict[str, Any]:
    """Instants are ISO 8601 in UTC, null until they come; `network` says how this number is served, `failure` why it failed."""
    encoded = encoding.measure(message.body)
    return {
        **receipt_document(message),
        "body": message.body,
        "code": message.code,
        "copy_of": message.copy_of,
        "encoding": encoded.encoding,
        "segments": encoded.segments,
        "network": treatment(message.to).value,
        "callback": callback_document(message.callback),
    }


def receipt_document(message: TextMessage) -> dict[str, Any]:
    """What the issuer is told when the passage is over: everything but the words."""
    passage = message.passage
    return {
        "id": message.id,
        "to": message.to,
        "from": message.sender,
        "reference": message.reference,
        "state": passage.state.value,
        "failure": "refused by the carrier" if passage.state is State.FAILED else None,
        "queued_at": iso(passage.queued_at),
        "sent_at": iso(passage.sent_at),
        "delivered_at": iso(passage.delivered_at),
        "failed_at": iso(passage.failed_at),
    }


def journal_document(message: TextMessage) -> dict[str, Any]:
    """The text as the journal keeps it: without its code, however long that is."""
    body, place = message.body, codes.locate(message.body)
    if place is not None:
        body = body[: place.start] + HIDDEN + body[place.stop :]
    return {**receipt_document(message), "body": redact_text_message(body)}


def iso(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat(timespec="milliseconds")
