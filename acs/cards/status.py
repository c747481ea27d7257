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
from acs.settings import Limits

MAX_TRUSTED: Final = 100
MAX_REMEMBERED: Final = 100
_FAILURES: Final = frozenset({Ending.TOO_MANY_TRIES, Ending.FAILED, Ending.DECLINED})


class Standing(Struct, frozen=True, omit_defaults=True):
    """`failed`: purchases that failed in a row. `asked_at`: when the cardholder was challenged of late. `trusted`: merchants;
    `keeps_list`: the cardholder has been asked about one; `devices`: those that are remembered."""

    failed: int = 0
    locked: bool = False
    asked_at: tuple[datetime, ...] = ()
    trusted: tuple[str, ...] = ()
    keeps_list: bool = False
    devices: tuple[str, ...] = ()


GOOD: Final = Standing()


def after_ending(standing: Standing, ending: Ending | None, limits: Limits) -> Standing:
    """The standing after a challenge ended."""
    if ending is Ending.PASSED and not standing.locked:
        return replace(standing, failed=0)
    if ending not in _FAILURES:
        return standing
    failed = standing.failed + 1
    return replace(standing, failed=failed, locked=standing.locked or 0 < limits.failures <= failed)


def asked(standing: Standing, now: datetime, limits: Limits) -> Standing:
    """The standing after another challenge began; remembered only where it is counted."""
    if limits.challenges == 0:
        return standing
    recent = (*_recent(standing, now, limits), now)[-MAX_REMEMBERED:]
    return replace(standing, asked_at=recent)


def asked_too_often(standing: Standing, now: datetime, limits: Limits) -> bool:
    return 0 < limits.challenges <= len(_recent(standing, now, limits))


def trusting(standing: Standing, merchant: str, *, trusted: bool) -> Standing:
    """What the cardholder answered about a merchant. The newest hundred are remembered."""
    if not trusted:
        return replace(standing, keeps_list=True)
    others = tuple(known for known in standing.trusted if known != merchant)
    return replace(standing, trusted=(*others, merchant)[-MAX_TRUSTED:], keeps_list=True)


def binding(standing: Standing, device: str) -> Standing:
    """The device is remembered, and so are the newest hundred."""
    others = tuple(known for known in standing.devices if known != device)
    return replace(standing, devices=(*others, device)[-MAX_REMEMBERED:])


def unlocked(standing: Standing) -> Standing:
    return replace(standing, failed=0, locked=False, asked_at=())


def described(standing: Standing) -> Mapping[str, object]:
    """For the control calls."""
    return MappingProxyType(
        {
            "locked": standing.locked,
            "failed_purchases": standing.failed,
            "trusted_merchants": len(standing.trusted),
            "remembered_devices": len(standing.devices),
        }
    )


def _recent(standing: Standing, now: datetime, limits: Limits) -> tuple[datetime, ...]:
    return tuple(instant for instant in standing.asked_at if instant > now - limits.window)
