"""A transaction as the directory server remembers it: enough to route its result and to hold an RReq against its AReq."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from directory_server.transactions.states import Event, State, step
from threedsecure.cards.card_numbers import mask
from threedsecure.redaction import redact_card_numbers

# What the rules between messages read of the AReq. No card data, nothing of the cardholder.
AREQ_ELEMENTS: Final = (
    "messageType",
    "messageVersion",
    "messageCategory",
    "deviceChannel",
    "threeDSServerTransID",
    "dsTransID",
    "sdkTransID",
    "deviceRenderOptions",
    "threeDSRequestorChallengeInd",
    "threeDSRequestorDecReqInd",
    "threeDSRequestorDecMaxTime",
    "threeDSRequestorSpcSupport",
    "threeRIInd",
)
ARES_ELEMENTS: Final = (
    "messageType",
    "messageVersion",
    "dsTransID",
    "acsTransID",
    "transStatus",
    "acsDecConInd",
    "acsRenderingType",
    "authenticationType",
    "authenticationMethod",
)


class Transaction(Struct, frozen=True, kw_only=True):
    """`areq` and `ares`: the elements that later messages are held against. `pan_fingerprint` finds the card without storing
    it. `amount`, `currency` and `exponent` are as in the AReq. `acs_url` is None where the directory server answered by
    itself. `results_fingerprint` stands for the RReq that was forwarded,
    `results_answer` is the RRes that acknowledged it."""

    ds_trans_id: str
    three_ds_server_trans_id: str
    acs_trans_id: str | None = None
    sdk_trans_id: str | None = None
    scheme: str
    version: str
    state: State = State.RECEIVED
    pan_masked: str
    pan_fingerprint: str
    amount: str | None = None
    currency: str | None = None
    exponent: str | None = None
    merchant: str | None = None
    three_ds_server_url: str
    acs_url: str | None = None
    areq: Mapping[str, Any]
    ares: Mapping[str, Any] | None = None
    trans_status: str | None = None
    trans_status_reason: str | None = None
    eci: str | None = None
    results_fingerprint: str | None = None
    results_answer: Mapping[str, Any] | None = None
    results_status: str | None = None
    created_at: datetime
    updated_at: datetime

    @property
    def identifiers(self) -> dict[str, str]:
        """Every identifier known, by its name in the messages."""
        named = {
            "threeDSServerTransID": self.three_ds_server_trans_id,
            "dsTransID": self.ds_trans_id,
            "acsTransID": self.acs_trans_id,
            "sdkTransID": self.sdk_trans_id,
        }
        return {name: value for name, value in named.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which transactions to show: newest first, at most `limit`. `identifier` may be any identifier a transaction has."""

    identifier: str | None = None
    pan_fingerprint: str | None = None
    state: State | None = None
    since: datetime | None = None
    limit: int = 100

    def fits(self, transaction: Transaction) -> bool:
        """Whether a transaction is wanted."""
        if self.identifier is not None and self.identifier not in transaction.identifiers.values():
            return False
        if self.pan_fingerprint is not None and self.pan_fingerprint != transaction.pan_fingerprint:
            return False
        if self.state is not None and self.state is not transaction.state:
            return False
        return self.since is None or transaction.created_at >= self.since


def areq_elements(areq: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an AReq that is kept."""
    return {name: areq[name] for name in AREQ_ELEMENTS if name in areq}


def ares_elements(ares: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an ARes that is kept."""
    return {name: ares[name] for name in ARES_ELEMENTS if name in ares}


def begun(
    areq: Mapping[str, Any],
    scheme: str,
    ds_trans_id: str,
    fingerprint: str,
    now: datetime,
    acs_url: str | None = None,
) -> Transaction:
    """The transaction that an AReq begins. `fingerprint` stands for its card number."""
    merchant, amount = areq.get("merchantName"), areq.get("purchaseAmount")
    return Transaction(
        ds_trans_id=ds_trans_id,
        three_ds_server_trans_id=areq["threeDSServerTransID"],
        sdk_trans_id=areq.get("sdkTransID"),
        scheme=scheme,
        version=areq["messageVersion"],
        pan_masked=mask(areq["acctNumber"]),
        pan_fingerprint=fingerprint,
        amount=None if amount is None else redact_card_numbers(amount),
        currency=areq.get("purchaseCurrency"),
        exponent=areq.get("purchaseExponent"),
        merchant=None if merchant is None else redact_card_numbers(merchant),
        three_ds_server_url=areq.get("threeDSServerURL", ""),
        acs_url=acs_url,
        areq=areq_elements(areq) | {"dsTransID": ds_trans_id},
        created_at=now,
        updated_at=now,
    )


def concluded(transaction: Transaction, answer: Mapping[str, Any], event: Event, now: datetime) -> Transaction:
    """What the answer to the AReq makes of a transaction; nothing where a result came before it."""
    state = step(transaction.state, event)
    if state is transaction.state:
        return transaction
    if answer["messageType"] != "ARes":
        return replace(transaction, state=state, updated_at=now)
    return replace(
        transaction,
        state=state,
        acs_trans_id=answer["acsTransID"],
        trans_status=answer.get("transStatus"),
        trans_status_reason=answer.get("transStatusReason"),
        eci=answer.get("eci"),
        ares=ares_elements(answer),
        updated_at=now,
    )
