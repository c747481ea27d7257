"""The card ranges that a directory server announces (PRes), and the version to speak with a card. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from threedsecure.card_numbers import CardRange, CardRangeTable


class RangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One range of a PRes: who answers for it in which versions, and its 3DS Method. Versions are inclusive bounds."""

    start: str
    end: str
    acs_versions: tuple[str, str]
    ds_versions: tuple[str, str]
    method_url: str | None = None


class RangesBroken(ValueError):
    """The ranges contradict each other."""


class CachedRanges(msgspec.Struct, frozen=True, kw_only=True):
    """The ranges of one directory server as last told. `serial_num`: by which changes since then are asked for."""

    serial_num: str | None
    ranges: tuple[RangeFacts, ...]

    def table(self) -> CardRangeTable[RangeFacts]:
        """Errors: `RangesBroken` when ranges overlap."""
        try:
            return CardRangeTable(CardRange(facts.start, facts.end, facts) for facts in self.ranges)
        except ValueError as error:
            raise RangesBroken(str(error)) from error


def apply(known: CachedRanges | None, pres: Mapping[str, Any]) -> CachedRanges:
    """What is known after a PRes that passed its check. `known` is None when the full list was asked for; then the actions
    of the ranges are ignored. Errors: `RangesBroken`."""
    listed: Sequence[Mapping[str, Any]] = pres.get("cardRangeData", ())
    ranges = {} if known is None else {(facts.start, facts.end): facts for facts in known.ranges}
    for entry in listed:
        facts = _facts(entry, pres)
        if known is not None and entry.get("actionInd") == "D":
            ranges.pop((facts.start, facts.end), None)
        else:
            ranges[facts.start, facts.end] = facts
    serial_num = pres.get("serialNum", known.serial_num if known else None)
    result = CachedRanges(serial_num=serial_num, ranges=tuple(ranges.values()))
    result.table()
    return result


def _facts(entry: Mapping[str, Any], pres: Mapping[str, Any]) -> RangeFacts:
    return RangeFacts(
        start=entry["startRange"],
        end=entry["endRange"],
        acs_versions=(entry["acsStartProtocolVersion"], entry["acsEndProtocolVersion"]),
        ds_versions=(
            entry.get("dsStartProtocolVersion", pres["dsStartProtocolVersion"]),
            entry.get("dsEndProtocolVersion", pres["dsEndProtocolVersion"]),
        ),
        method_url=entry.get("threeDSMethodURL"),
    )


def common_version(facts: RangeFacts, spoken: Iterable[str]) -> str | None:
    """The highest of `spoken` (lowest first) that the card's ACS and the directory server speak too."""
    bounds = [(_parts(low), _parts(high)) for low, high in (facts.acs_versions, facts.ds_versions)]
    return next(
        (version for version in reversed(list(spoken)) if all(low <= _parts(version) <= high for low, high in bounds)),
        None,
    )


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
