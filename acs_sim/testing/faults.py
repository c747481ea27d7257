"""A fault as tests ask for it and are told of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

When = str | Mapping[str, Any]
# What Python keeps for itself.
_WRITTEN: Final = {"sender": "from", "of": "with"}


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault in force, or one that was. `document` is all that the control API told of it when it was asked for."""

    id: str
    at: str
    do: str
    fired: int
    document: Mapping[str, Any]

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> "Fault":
        return cls(document["id"], document["at"], document["do"], document["fired"], document)


class HasNumber(Protocol):
    """A card."""

    @property
    def pan(self) -> str: ...


class HasId(Protocol):
    """A transaction."""

    id: str


def fault_document(
    at: str,
    do: str,
    when: When,
    card: HasNumber | str | None,
    transaction: HasId | str | None,
    parameters: Mapping[str, Any],
) -> dict[str, Any]:
    """A fault as the control API takes it."""
    limits = {
        "card": card if card is None or isinstance(card, str) else card.pan,
        "transaction": transaction if transaction is None or isinstance(transaction, str) else transaction.id,
    }
    given = {_WRITTEN.get(name, name): value for name, value in parameters.items()}
    known = {name: value for name, value in limits.items() if value is not None}
    return {"at": at, "do": do, "when": when, **known, **given}
