"""The messages typed by hand in fixtures/messages: one file each, `<version>/<kind>-<channel>-<category>-<what>.json`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from importlib.resources import files
from typing import Any

from threedsecure.v2.validation.checking import Context, Leg, context_of

VERSIONS = ("2.1.0", "2.2.0", "2.3.1")

LEGS = {
    "areq": Leg.THREE_DS_SERVER_TO_DS,
    "ares": Leg.ACS_TO_DS,
    "creq": Leg.TO_ACS,
    "cres": Leg.FROM_ACS,
    "rreq": Leg.ACS_TO_DS,
    "rres": Leg.THREE_DS_SERVER_TO_DS,
    "preq": Leg.THREE_DS_SERVER_TO_DS,
    "pres": Leg.DS_TO_THREE_DS_SERVER,
    "oreq": Leg.DS_TO_ACS,
    "ores": Leg.THREE_DS_SERVER_TO_DS,
    "erro": Leg.DS_TO_THREE_DS_SERVER,
    "method": Leg.METHOD,
}


@dataclass(frozen=True)
class Golden:
    """One message and where it stands. `text` is the file as it was typed."""

    version: str
    name: str
    text: str

    def __str__(self) -> str:
        return f"{self.version}/{self.name}"

    @property
    def kind(self) -> str:
        return self.name.partition("-")[0]

    @cached_property
    def message(self) -> dict[str, Any]:
        return json.loads(self.text)

    @property
    def leg(self) -> Leg:
        if self.name.endswith("from-ds"):
            return Leg.DS_TO_ACS
        if self.name.endswith("from-acs"):
            return Leg.ACS_TO_DS
        return LEGS[self.kind]

    @cached_property
    def request(self) -> dict[str, Any] | None:
        """The AReq of the transaction, for the messages that have one."""
        if self.kind in ("ares", "rreq", "rres"):
            return find(self.version, "areq-" + "-".join(self.name.split("-")[1:3])).message
        if self.kind in ("creq", "cres"):
            return find(self.version, f"areq-{self.name.split('-')[1]}-pa").message
        return None

    def context(self, message: dict[str, Any] | None = None) -> Context:
        if self.kind == "method":  # carries no version of its own
            return Context(self.version, leg=Leg.METHOD)
        return context_of(self.message if message is None else message, self.leg, self.request)


def _read() -> Iterator[Golden]:
    folder = files("fixtures") / "messages"
    for version in VERSIONS:
        for file in sorted((folder / version).iterdir(), key=lambda each: each.name):
            yield Golden(version, file.name.removesuffix(".json"), file.read_text("utf-8"))


GOLDEN = tuple(_read())
_BY_NAME = {(golden.version, golden.name): golden for golden in GOLDEN}


def find(version: str, name: str) -> Golden:
    return _BY_NAME[version, name]
