"""The PRes: card ranges in the words of each protocol version."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from types import MappingProxyType
from typing import Any, Final

import orjson

from directory_server.ranges import SUPPORTED, SUPPORTED_SINCE_2_3, Action, Change, Issuer, RangeList
from directory_server.transactions.versions import at_least
from threedsecure.cards.card_numbers import CardRange
from threedsecure.v2.codec import encode

FIRST_IN_FIRST_OUT: Final = "01"
RANGES_AT_A_TIME: Final = 500
_SINCE_2_1: Final = frozenset(
    {
        *("acsStartProtocolVersion", "acsEndProtocolVersion", "dsStartProtocolVersion", "dsEndProtocolVersion"),
        "threeDSMethodURL",
    }
)
IN_A_RANGE: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "2.1.0": _SINCE_2_1,
        "2.2.0": _SINCE_2_1 | {"acsInfoInd"},
        "2.3.1": frozenset({"issuerCountryCode", "dsProtocolVersions", "acsProtocolVersions"}),
    }
)
"""The elements of a range that can be chosen, by version of the PRes."""
IN_A_VERSION: Final = frozenset({"acsInfoInd", "threeDSMethodURL", "supportedMsgExt"})
"""In 2.3.1 those of each entry of acsProtocolVersions."""
CHOSEN: Final = frozenset().union(IN_A_VERSION, *IN_A_RANGE.values())


def head(preq: Mapping[str, Any], *, ds_trans_id: str, versions: tuple[str, ...], ranges: RangeList) -> dict[str, Any]:
    """The answer to a PReq without its cardRangeData. `versions`: what the directory server speaks, lowest first."""
    version = preq["messageVersion"]
    return {
        "messageType": "PRes",
        "messageVersion": version,
        "threeDSServerTransID": preq["threeDSServerTransID"],
        "dsTransID": ds_trans_id,
        "serialNum": str(ranges.serial),
        **_versions_spoken(version, versions),
    }


def card_range_data(version: str, ranges: RangeList, changes: list[Change] | None) -> Iterator[dict[str, Any]]:
    """The cardRangeData, one by one. `changes`: the edits since the PReq's serialNum, or None for the whole list; where there are
    none, the list stands unchanged and no ranges are told."""
    return iter(_whole(ranges, version) if changes is None else _edited(changes, version))


def written(head: Mapping[str, Any], data: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    """The PRes as bytes, a stretch of ranges at a time, so that a long list is never held whole."""
    begun = encode(head)
    stretches = iter(lambda: [*islice(data, RANGES_AT_A_TIME)], [])
    first = next(stretches, None)
    if first is None:
        yield begun
        return
    yield begun[:-1] + b',"cardRangeData":[' + orjson.dumps(first)[1:-1]
    for stretch in stretches:
        yield b"," + orjson.dumps(stretch)[1:-1]
    yield b"]}"


def _versions_spoken(version: str, versions: tuple[str, ...]) -> dict[str, Any]:
    if at_least(version, "2.3.0"):
        return {"dsProtocolVersions": list(versions), "readOrder": FIRST_IN_FIRST_OUT}
    return {"dsStartProtocolVersion": versions[0], "dsEndProtocolVersion": versions[-1]}


def _whole(ranges: Iterable[CardRange[Issuer]], version: str) -> Iterable[dict[str, Any]]:
    return (_range(card_range, version) for card_range in ranges)


def _edited(changes: Iterable[Change], version: str) -> Iterable[dict[str, Any]]:
    return (_range(change.card_range, version, change.action) for change in changes)


def _range(card_range: CardRange[Issuer], version: str, action: Action | None = None) -> dict[str, Any]:
    told = _in_2_3(card_range) if at_least(version, "2.3.0") else _before_2_3(card_range, version)
    told = _as_chosen(told, card_range.value.tells, version)
    return told if action is None else told | {"actionInd": action.value}


def _as_chosen(told: dict[str, Any], chosen: Mapping[str, Any], version: str) -> dict[str, Any]:
    """The entry with the elements that were chosen for it, as far as `version` has them; None is for one that is to be missing."""
    if not chosen:
        return told
    per_version = told.get("acsProtocolVersions")
    whole = _with(told, chosen, IN_A_RANGE[version])
    if per_version is not None and "acsProtocolVersions" not in chosen:
        whole["acsProtocolVersions"] = [_with(one, chosen, IN_A_VERSION) for one in per_version]
    return whole


def _with(told: Mapping[str, Any], chosen: Mapping[str, Any], names: frozenset[str]) -> dict[str, Any]:
    changed = {**told, **{name: value for name, value in chosen.items() if name in names}}
    return {name: value for name, value in changed.items() if value is not None}


def _before_2_3(card_range: CardRange[Issuer], version: str) -> dict[str, Any]:
    issuer = card_range.value
    told: dict[str, Any] = {
        "startRange": card_range.start,
        "endRange": card_range.end,
        "acsStartProtocolVersion": issuer.versions[0],
        "acsEndProtocolVersion": issuer.versions[-1],
    }
    if issuer.three_ds_method_url is not None:
        told["threeDSMethodURL"] = issuer.three_ds_method_url
    if at_least(version, "2.2.0") and issuer.acs_info_ind:
        told["acsInfoInd"] = list(issuer.acs_info_ind)
    return told


def _in_2_3(card_range: CardRange[Issuer]) -> dict[str, Any]:
    issuer = card_range.value
    common: dict[str, Any] = {}
    if issuer.three_ds_method_url is not None:
        common["threeDSMethodURL"] = issuer.three_ds_method_url
    return {
        "ranges": [{"start": card_range.start, "end": card_range.end}],
        "acsProtocolVersions": [
            {"version": spoken, **_supported(issuer, spoken), **common} for spoken in issuer.versions
        ],
    }


def _supported(issuer: Issuer, spoken: str) -> dict[str, Any]:
    """acsInfoInd; WebAuthn and SPC exist since 2.3.1, where the ACS of the test cards has both."""
    told = issuer.acs_info_ind
    if told == SUPPORTED and at_least(spoken, "2.3.0"):
        told = (*told, *SUPPORTED_SINCE_2_3)
    return {"acsInfoInd": list(told)} if told else {}
