"""Card ranges: which issuer answers for a card number, and how that list changes.

The list of a scheme begins with the ranges of the test card grammar and is then edited; each edit has a serial number, so that
a 3DS Server can ask for what changed since the one it holds (PReq.serialNum).
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from threedsecure.cards import scenarios, test_cards
from threedsecure.cards.card_numbers import CardRange, CardRangeTable
from threedsecure.cards.other_cards import OtherCard
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES

AREQ_PATH: Final = "/3ds2/areq"
VEREQ_PATH: Final = "/3ds1/vereq"


class StandIn(StrEnum):
    """What the directory server answers for an ACS that cannot be reached, is silent, or answers what it should not."""

    ERRO = "erro"
    ATTEMPT = "attempt"
    UNAVAILABLE = "unavailable"


class Action(StrEnum):
    """actionInd: what happened to a range."""

    ADD = "A"
    MODIFY = "M"
    DELETE = "D"


SUPPORTED: Final = ("01", "02")
"""acsInfoInd of the ACS of the test cards: authentication, attempts."""
SUPPORTED_SINCE_2_3: Final = ("06", "07")
"""WebAuthn, SPC."""


@dataclass(frozen=True, slots=True)
class Issuer:
    """What is known of the cards in a range. `versions`: the protocol versions its ACS speaks, lowest first. `acs_url`: where
    the AReq is posted. `acs_info_ind`: what its ACS supports, in the specification's codes. `tells`: elements that the range has in
    the PRes in the place of what follows from all this, None for one that it has not."""

    versions: tuple[str, ...]
    acs_url: str
    three_ds_method_url: str | None = None
    acs_info_ind: tuple[str, ...] = SUPPORTED
    stand_in: StandIn = StandIn.ERRO
    tells: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """One edit of the list. `card_range` is the range as it stands after the edit, or as it stood before it was deleted."""

    serial: int
    action: Action
    card_range: CardRange[Issuer]


class RangesInConflict(ValueError):
    """An edit that the list cannot take: an overlap (205 in EMV 3DS 2.3.1), an addition of what exists, or a
    change of what does not (206). `ranges` names the ranges concerned, as `start-end`."""

    def __init__(self, reason: str, *ranges: str) -> None:
        super().__init__(f"{reason}: {', '.join(ranges)}")
        self.ranges = ranges


class RangeList:
    """The card ranges of one scheme as they stand at `serial`, and the edits since `oldest`. It never changes: an edit gives
    another."""

    def __init__(
        self, table: CardRangeTable[Issuer], serial: int, oldest: int, changes: tuple[Change, ...] = ()
    ) -> None:
        self.table = table
        self.serial = serial
        self.oldest = oldest
        self._changes = changes

    def __iter__(self) -> Iterator[CardRange[Issuer]]:
        return iter(self.table)

    def find(self, pan: str) -> CardRange[Issuer] | None:
        return self.table.find(pan)

    def since(self, serial: int) -> list[Change] | None:
        """The edits after `serial`, oldest first; None for a serial number that this list never had or no longer remembers."""
        if not self.oldest <= serial <= self.serial:
            return None
        return [change for change in self._changes if change.serial > serial]

    def edited(self, edits: Iterable[tuple[Action, CardRange[Issuer]]]) -> "RangeList":
        """The list with one more serial number. Errors: `RangesInConflict`, and then nothing of the edit stands."""
        serial = self.serial + 1
        standing = {_key(card_range): card_range for card_range in self.table}
        made = tuple(Change(serial, action, _edit(standing, action, edit)) for action, edit in edits)
        return RangeList(_table(standing.values()), serial, self.oldest, self._changes + made)

    @classmethod
    def restored(
        cls, base: CardRangeTable[Issuer], serial: int, oldest: int, changes: tuple[Change, ...]
    ) -> "RangeList":
        """The list that began with `base` and went through `changes`. A change that no longer fits its base is passed over; where
        what remains overlaps, the base stands alone."""
        standing = {_key(card_range): card_range for card_range in base}
        for change in changes:
            with suppress(RangesInConflict):
                _edit(standing, change.action, change.card_range)
        try:
            table = _table(standing.values())
        except RangesInConflict:
            table = base
        return cls(table, serial, oldest, changes)

    def edits_at(self, serial: int) -> list[Change]:
        return [change for change in self._changes if change.serial == serial]


_STAND_INS: Final = {
    scenarios.ATTEMPT_STANDS_IN: StandIn.ATTEMPT,
    scenarios.UNAVAILABLE_STANDS_IN: StandIn.UNAVAILABLE,
}
_ISSUER_DOWN: Final = frozenset({scenarios.ISSUER_DOWN, *_STAND_INS})


def listed(
    scheme: str, versions: tuple[str, ...], acs_url: str, acs_down_url: str, stand_in: StandIn
) -> CardRangeTable[Issuer]:
    """The ranges of the test card grammar, one per version digit and issuer setup digit, and those of co-badged cards. `acs_url`:
    the base address of the ACS; versions that are not in `versions` are left out, and ranges that would know none."""
    return CardRangeTable(
        _listed_range(scheme, prefix + version_digit, setup, known, acs_url, acs_down_url, stand_in)
        for prefix in test_cards.PREFIXES_WITH_BADGES[scheme]
        for version_digit, all_versions in scenarios.VERSIONS.items()
        if (known := tuple(version for version in all_versions if version in versions))
        for setup in scenarios.ISSUER_SETUPS
    )


def with_others(
    table: CardRangeTable[Issuer],
    others: Iterable[OtherCard],
    spoken: tuple[str, ...],
    acs_url: str,
    acs_down_url: str,
    stand_in: StandIn,
) -> CardRangeTable[Issuer]:
    """The ranges with a range for each number of another system, where the range that it is in says something else: a hole for one
    that is not enrolled. The other arguments as for `listed`."""
    alone: dict[str, Issuer | None] = {}
    for card in others:
        versions = tuple(version for version in card.versions if version in spoken)
        issuer = _issuer(card.setup, versions, acs_url, acs_down_url, stand_in) if versions else None
        around = table.find(card.pan)
        if issuer != (around.value if around is not None else None):
            alone[card.pan] = issuer
    pieces = (piece for found in table for piece in _pieces(found, alone))
    own = (CardRange(pan, pan, issuer) for pan, issuer in alone.items() if issuer is not None)
    return CardRangeTable([*pieces, *own])


def _pieces(found: CardRange[Issuer], out: Mapping[str, object]) -> Iterator[CardRange[Issuer]]:
    """What is left of a range without the numbers in `out`."""
    length, start = len(found.start), found.start
    for pan in sorted(pan for pan in out if len(pan) == length and found.start <= pan <= found.end):
        if start < pan:
            yield CardRange(start, f"{int(pan) - 1:0{length}}", found.value)
        start = f"{int(pan) + 1:0{length}}"
    if len(start) == length and start <= found.end:
        yield CardRange(start, found.end, found.value)


def listed_classic(scheme: str, acs_url: str, acs_down_url: str, stand_in: StandIn) -> CardRangeTable[Issuer]:
    """The ranges of the grammar whose issuers speak 3-D Secure 1.0.2; their `acs_url` takes the VEReq."""
    known = (scenarios.V1_VERSION,)
    return CardRangeTable(
        CardRange(found.start, found.end, replace(found.value, acs_url=classic_url(found.value.acs_url)))
        for found in listed(scheme, known, acs_url, acs_down_url, stand_in)
    )


def classic_url(acs_url: str) -> str:
    """The address for a VEReq at the ACS whose address for an AReq is `acs_url`."""
    return acs_url.removesuffix(AREQ_PATH) + VEREQ_PATH


def digest(table: CardRangeTable[Issuer]) -> str:
    """64 hexadecimal digits that change when the table does."""
    return hashlib.sha256("\n".join(map(repr, table)).encode()).hexdigest()


def _listed_range(
    scheme: str,
    begins: str,
    setup: str,
    versions: tuple[str, ...],
    acs_url: str,
    acs_down_url: str,
    stand_in: StandIn,
) -> CardRange[Issuer]:
    head = begins + setup
    length = SCHEMES[scheme].pan_lengths[0]
    issuer = _issuer(setup, versions, acs_url, acs_down_url, stand_in)
    return CardRange(head.ljust(length, "0"), head.ljust(length, "9"), issuer)


def _issuer(setup: str, versions: tuple[str, ...], acs_url: str, acs_down_url: str, stand_in: StandIn) -> Issuer:
    base = acs_down_url if setup in _ISSUER_DOWN else acs_url
    own = _STAND_INS.get(setup, stand_in)
    return Issuer(versions, base + AREQ_PATH, _method_url(setup, acs_url), stand_in=own)


def _method_url(setup: str, acs_url: str) -> str | None:
    match setup:
        case scenarios.NO_METHOD:
            return None
        case scenarios.LATE_METHOD:
            return f"{acs_url}/3ds2/method/late"
        case scenarios.SILENT_METHOD:
            return f"{acs_url}/3ds2/method/silent"  # the form posted there does not say which card it is for
        case _:
            return f"{acs_url}/3ds2/method"


def _edit(
    standing: dict[tuple[int, str, str], CardRange[Issuer]], action: Action, edit: CardRange[Issuer]
) -> CardRange[Issuer]:
    key = _key(edit)
    if action is Action.ADD and key in standing:
        raise RangesInConflict("this range exists already", named(edit))
    if action is not Action.ADD and key not in standing:
        raise RangesInConflict("there is no such range", named(edit))
    if action is Action.DELETE:
        return standing.pop(key)
    standing[key] = edit
    return edit


def _table(ranges: Iterable[CardRange[Issuer]]) -> CardRangeTable[Issuer]:
    try:
        return CardRangeTable(ranges)
    except ValueError as error:
        raise RangesInConflict(str(error)) from error


def named(card_range: CardRange[Issuer]) -> str:
    return f"{card_range.start}-{card_range.end}"


def _key(card_range: CardRange[Issuer]) -> tuple[int, str, str]:
    return len(card_range.start), card_range.start, card_range.end


_LIST_SUFFIX: Final = "/3ds1"


def list_name(scheme: str) -> str:
    """The name of the scheme's 1.0.2 card ranges among all lists; its EMV 3DS list is called like the scheme itself."""
    return scheme + _LIST_SUFFIX


def scheme_of(name: str) -> str:
    """The scheme whose list goes by `name`."""
    return name.removesuffix(_LIST_SUFFIX)


V1_LISTS: Final = tuple(list_name(scheme) for scheme in V1_SCHEMES)
