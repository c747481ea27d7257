"""The banking app beside the texts: what it asks the cardholder, and what became of it.

pending ──approve──► approved
   │ └────decline──► declined
   └──────expire───► expired
"""

from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from issuer_sms.callbacks import Callback, callback_document
from issuer_sms.messages.records import iso


class PromptState(StrEnum):
    """`pending` may change; the others are the end."""

    PENDING = "pending"
    APPROVED = "approved"
    DECLINED = "declined"
    EXPIRED = "expired"


class Decision(StrEnum):
    APPROVE = "approve"
    DECLINE = "decline"


OUTCOMES: Final = MappingProxyType(
    {Decision.APPROVE: PromptState.APPROVED, Decision.DECLINE: PromptState.DECLINED},
)


class AlreadyOver(ValueError):
    """The prompt has been decided otherwise, or has expired."""


class Prompt(Struct, frozen=True):
    """One question to the cardholder. `expires_at` None: it stays until it is answered. `callback` tells the issuer of the answer,
    where it asked for that at `callback_url`."""

    id: str
    to: str
    title: str
    body: str
    reference: str | None
    state: PromptState
    created_at: datetime
    expires_at: datetime | None
    decided_at: datetime | None = None
    callback_url: str | None = None
    callback: Callback | None = None


def decide(prompt: Prompt, decision: Decision, now: datetime) -> Prompt:
    """`prompt` once the cardholder has pressed a button. The same button pressed twice changes nothing. Errors: `AlreadyOver`."""
    prompt = expire(prompt, now)
    outcome = OUTCOMES[decision]
    if prompt.state is outcome:
        return prompt
    if prompt.state is not PromptState.PENDING:
        raise AlreadyOver(f"the prompt is {prompt.state.value}")
    return replace(prompt, state=outcome, decided_at=now)


def expire(prompt: Prompt, now: datetime) -> Prompt:
    if prompt.state is PromptState.PENDING and prompt.expires_at is not None and prompt.expires_at <= now:
        return replace(prompt, state=PromptState.EXPIRED)
    return prompt


def prompt_document(prompt: Prompt) -> dict[str, Any]:
    """Instants are ISO 8601 in UTC, null until they come."""
    return {
        "id": prompt.id,
        "to": prompt.to,
        "title": prompt.title,
        "body": prompt.body,
        "reference": prompt.reference,
        "state": prompt.state.value,
        "created_at": iso(prompt.created_at),
        "expires_at": iso(prompt.expires_at),
        "decided_at": iso(prompt.decided_at),
        "callback": callback_document(prompt.callback),
    }


def decision_document(prompt: Prompt, decision: Decision) -> dict[str, Any]:
    """What the issuer is told about a decision."""
    return {
        "id": prompt.id,
        "to": prompt.to,
        "reference": prompt.reference,
        "decision": decision.value,
        "state": prompt.state.value,
        "decided_at": iso(prompt.decided_at),
    }
