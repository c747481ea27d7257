"""The card ranges that a directory server announces (PRes), and the version to speak with a card. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from threedsecure.cards.card_numbers import CardRange, CardRangeTable

LAST_IN_FIRST_OUT: Final = "02"
"""readOrder (2.3.1)."""


class RangeFacts(msgspec.Struct, frozen=True, kw_only=True):
    """One range of a PRes: who answers for it in which versions, and its 3DS Method. Versions are inclusive bounds; a PRes of 2.3.1
    lists them instead, with a 3DS Method for each (`method_urls`)."""

    start: str
    end: str
    acs_versions: tuple[str, ...]
    ds_versions: tuple[str, ...]
    method_url: str | None = None
    listed: bool = False
    method_urls: dict[str, str] = {}

    def speaks(self, version: str) -> bool:
        """Whether the card's ACS and the directory server both do."""
        told = (self.acs_versions, self.ds_versions)
        if self.listed:
            return all(version in versions for versions in told)
        return all(_parts(low) <= _parts(version) <= _parts(high) for low, high in told)

    def method_of(self, version: str | None) -> str | None:
        return self.method_urls.get(version or "") if self.listed else self.method_url


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
    ranges = {} if known is None else {(facts.start, facts.end): facts for facts in known.ranges}
    for entry, facts in _listed(pres):
        if known is not None and entry.get("actionInd") == "D":
            ranges.pop((facts.start, facts.end), None)
        else:
            ranges[facts.start, facts.end] = facts
    serial_num = pres.get("serialNum", known.serial_num if known else None)
    result = CachedRanges(serial_num=serial_num, ranges=tuple(ranges.values()))
    result.table()
    return result


def _listed(pres: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], RangeFacts]]:
    """Every range in the order in which it counts, with the entry that it stands in: one of 2.3.1 holds several."""
    entries: Sequence[Mapping[str, Any]] = pres.get("cardRangeData", ())
    for entry in reversed(entries) if pres.get("readOrder") == LAST_IN_FIRST_OUT else entries:
        if "ranges" in entry:
            yield from ((entry, _facts_of_2_3(each, entry, pres)) for each in entry["ranges"])
        else:
            yield entry, _facts(entry, pres)


def _facts_of_2_3(each: Mapping[str, Any], entry: Mapping[str, Any], pres: Mapping[str, Any]) -> RangeFacts:
    spoken = entry["acsProtocolVersions"]
    return RangeFacts(
        start=each["start"],
        end=each["end"],
        acs_versions=tuple(one["version"] for one in spoken),
        ds_versions=tuple(entry.get("dsProtocolVersions", pres["dsProtocolVersions"])),
        listed=True,
        method_urls={one["version"]: one["threeDSMethodURL"] for one in spoken if "threeDSMethodURL" in one},
    )


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
    return next((version for version in reversed(list(spoken)) if facts.speaks(version)), None)


def _parts(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())
