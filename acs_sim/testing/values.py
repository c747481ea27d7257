"""What tests are told, as values with Python's names, and what can go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

# The directory server waits for nothing more, or nothing that it will wait for by itself (`directory_server.transactions.states`).
OVER: Final = frozenset({"answered", "failed", "unanswered", "undelivered", "completed"})
CHALLENGE: Final = "C"


class NotInTime(TimeoutError):
    """What was waited for did not come; the message says what there was instead."""


class SimulatorUnreachable(ConnectionError):
    """The simulator does not answer; the message says where it was looked for."""


class SimulatorRefused(Exception):
    """The simulator answered with an error: `status` is HTTP's, `detail` its own words."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(f"{detail} ({status})")
        self.status = status
        self.detail = detail


@dataclass(frozen=True, slots=True)
class CardDetails:
    """A test card. `expiry` is YYMM; `versions` is empty for a card outside every range; `phone` is a number (E.164)."""

    pan: str
    expiry: str
    scheme: str
    scenario: str
    versions: tuple[str, ...]
    phone: str
    description: str

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "CardDetails":
        known = {name: document[name] for name in ("pan", "expiry", "scheme", "scenario", "phone", "description")}
        return cls(**known, versions=tuple(document["versions"]))


@dataclass(frozen=True, slots=True)
class Text:
    """A text that came to a phone. `code` is the SecureCode in its words, None when there is none."""

    id: str
    to: str
    sender: str
    body: str
    code: str | None
    state: str

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Text":
        known = {name: document[name] for name in ("id", "to", "body", "code", "state")}
        return cls(**known, sender=document["from"])


@dataclass(frozen=True, slots=True)
class Status:
    """Where a transaction stands. `state` is the directory server's; `document` is all that `GET /api/transactions/{id}` tells."""

    id: str
    state: str | None
    trans_status: str | None
    trans_status_reason: str | None
    eci: str | None
    document: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Status":
        reason = document.get("transStatusReason") or (document.get("challenge") or {}).get("transStatusReason")
        return cls(
            document["id"], document.get("state"), document.get("transStatus"), reason, document.get("eci"), document
        )

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.state in OVER

    @property
    def is_challenged(self) -> bool:
        """Whether a cardholder is awaited."""
        return self.trans_status == CHALLENGE and self.state == "challenged"


@dataclass(frozen=True, slots=True)
class Message:
    """A message that crossed a hop, decoded and redacted. `kind` is its messageType, or what else it was (`SMS`)."""

    at: str
    sender: str
    receiver: str
    kind: str
    message: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Message":
        return cls(document["at"], document["from"], document["to"], document["kind"], document["message"])


@dataclass(frozen=True, slots=True)
class AppScreen:
    """An app. `id` is its sdkTransID; `shown` the CRes on its screen, if any; `outcome` what its SDK told it in the end (completed,
    cancelled, timedout, protocolError, runtimeError), `reason` why, and `trans_status` that of the final CRes."""

    id: str
    areq: Mapping[str, Any]
    shown: Mapping[str, Any] | None
    outcome: str | None
    reason: str | None
    trans_status: str | None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "AppScreen":
        told = (document[name] for name in ("id", "areq", "screen", "outcome", "reason", "transStatus"))
        return cls(*told)


@dataclass(frozen=True, slots=True)
class Notification:
    """What the browser posted to the shop at the end. `status` is what the shop answered, None when it was not posted."""

    url: str
    fields: Mapping[str, str]
    status: int | None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the cardholder saw: `message` is the page's; `trans_status` and `notification` are there once it is over."""

    state: str
    trans_status: str | None
    message: str | None
    tries_left: int | None
    notification: Notification | None

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Outcome":
        posted = document.get("notification")
        notification = Notification(posted["url"], posted["fields"], posted.get("status")) if posted else None
        told = (document["state"], document.get("transStatus"), document.get("message"), document.get("tries_left"))
        return cls(*told, notification)
