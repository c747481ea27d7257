"""How a card stands with its issuer across purchases: failures that lock it, how often it was asked, whom its holder trusts.

Pure. A purchase failed when its challenge ended in too many tries, in a refusal of the right answer, or in a decline. One that
passes wipes the failures out; one that was cancelled or timed out is neither.
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from acs.cardholder.challenge import Ending
from acs.cardholder.passkeys.credentials import Passkey
from acs.settings import Limits

MAX_TRUSTED: Final = 100
MAX_REMEMBERED: Final = 100
MAX_PASSKEYS: Final = 10
"""What webAuthnCredList has room for."""
_FAILURES: Final = frozenset({Ending.TOO_MANY_TRIES, Ending.FAILED, Ending.DECLINED})


class CardStatus(Struct, frozen=True, omit_defaults=True):
    """`failed`: purchases that failed in a row. `unasked`: payments in a row that passed without a challenge, and `unasked_amount`:
    what they come to. `asked_at`: when the cardholder was challenged of late. `trusted`: merchants;
    `keeps_list`: the cardholder has been asked about one; `devices`: those that are remembered; `passkeys`: those that the
    cardholder has made at the bank."""

    failed: int = 0
    unasked: int = 0
    unasked_amount: int = 0
    locked: bool = False
    asked_at: tuple[datetime, ...] = ()
    trusted: tuple[str, ...] = ()
    keeps_list: bool = False
    devices: tuple[str, ...] = ()
    passkeys: tuple[Passkey, ...] = ()


GOOD: Final = CardStatus()


def after_ending(card_status: CardStatus, ending: Ending | None, limits: Limits) -> CardStatus:
    """The status after a challenge ended."""
    if ending is Ending.PASSED and not card_status.locked:
        return replace(card_status, failed=0, unasked=0, unasked_amount=0)
    if ending not in _FAILURES:
        return card_status
    failed = card_status.failed + 1
    return replace(card_status, failed=failed, locked=card_status.locked or 0 < limits.failures <= failed)


def asked(card_status: CardStatus, now: datetime, limits: Limits) -> CardStatus:
    """The status after another challenge began; remembered only where it is counted."""
    if limits.challenges == 0:
        return card_status
    recent = (*_recent(card_status, now, limits), now)[-MAX_REMEMBERED:]
    return replace(card_status, asked_at=recent)


def asked_too_often(card_status: CardStatus, now: datetime, limits: Limits) -> bool:
    return 0 < limits.challenges <= len(_recent(card_status, now, limits))


def passed_unasked(card_status: CardStatus, amount: int) -> CardStatus:
    """The status after a payment that passed without a challenge, where that is counted."""
    return replace(card_status, unasked=card_status.unasked + 1, unasked_amount=card_status.unasked_amount + amount)


def is_due(card_status: CardStatus, amount: int, limits: Limits) -> bool:
    """Whether a payment has to be challenged, because enough of them were not (Delegated Regulation (EU) 2018/389, Article 16)."""
    return 0 < limits.unasked <= card_status.unasked or 0 < limits.unasked_amount < card_status.unasked_amount + amount


def trusting(card_status: CardStatus, merchant: str, *, trusted: bool) -> CardStatus:
    """What the cardholder answered about a merchant. The newest hundred are remembered."""
    if not trusted:
        return replace(card_status, keeps_list=True)
    others = tuple(known for known in card_status.trusted if known != merchant)
    return replace(card_status, trusted=(*others, merchant)[-MAX_TRUSTED:], keeps_list=True)


def binding(card_status: CardStatus, device: str) -> CardStatus:
    """The device is remembered, and so are the newest hundred."""
    others = tuple(known for known in card_status.devices if known != device)
    return replace(card_status, devices=(*others, device)[-MAX_REMEMBERED:])


def with_passkey(card_status: CardStatus, passkey: Passkey) -> CardStatus:
    """A passkey that was made or used, as it is now. The newest ten are remembered."""
    others = tuple(known for known in card_status.passkeys if known.id != passkey.id)
    return replace(card_status, passkeys=(*others, passkey)[-MAX_PASSKEYS:])


def without_passkeys(card_status: CardStatus) -> CardStatus:
    return replace(card_status, passkeys=())


def using(card_status: CardStatus, passkey: Passkey) -> CardStatus:
    """The counter after a use; a passkey that was removed meanwhile stays so."""
    known = next((one for one in card_status.passkeys if one.id == passkey.id), None)
    if known is None or known.counter >= passkey.counter:
        return card_status
    others = (passkey if one is known else one for one in card_status.passkeys)
    return replace(card_status, passkeys=tuple(others))


def unlocked(card_status: CardStatus) -> CardStatus:
    return replace(card_status, failed=0, unasked=0, unasked_amount=0, locked=False, asked_at=())


def described(card_status: CardStatus) -> Mapping[str, object]:
    """For the control calls."""
    return MappingProxyType(
        {
            "locked": card_status.locked,
            "failed_purchases": card_status.failed,
            "unasked_payments": card_status.unasked,
            "unasked_amount": card_status.unasked_amount,
            "trusted_merchants": len(card_status.trusted),
            "remembered_devices": len(card_status.devices),
        }
    )


def _recent(card_status: CardStatus, now: datetime, limits: Limits) -> tuple[datetime, ...]:
    return tuple(instant for instant in card_status.asked_at if instant > now - limits.window)
