"""fixtures/emv-3ds-elements.csv read for tests: an account of the specification that the tables were not made from at run time."""

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files

VERSIONS = ("2.1.0", "2.2.0", "2.3.1")
CHANNELS = {"-": set(), "n/a": {"01", "02", "03"}}


@dataclass(frozen=True)
class Specified:
    """One row of the file, as it reads for one version."""

    message: str
    element: str
    version: str
    json_type: str
    least: int | None
    most: int | None
    total: int | None
    format: str
    payment: str
    non_payment: str
    channels: frozenset[str]
    confidence: str

    def inclusion(self, channel: str, category: str) -> str:
        """R, C, O, or "" where it is not defined."""
        if channel not in self.channels:
            return ""
        return self.payment if category == "01" else self.non_payment

    @property
    def is_array(self) -> bool:
        return self.json_type.startswith("array")

    @property
    def is_coded(self) -> bool:
        """Whether it is a list of two-digit values."""
        return re.search(r"\b01\b", self.format) is not None and not re.search("numeric|interface|01-45", self.format)

    @property
    def values(self) -> set[str]:
        """Every two-digit value that the words of the format mention or span, whatever the version."""
        spans = re.findall(r"\b(\d\d)(?:-(\d\d))?\b", self.format)
        return {f"{value:02}" for first, last in spans for value in range(int(first), int(last or first) + 1)}

    @property
    def is_iso(self) -> bool:
        return "ISO 3166-1 numeric" in self.format or "ISO 4217" in self.format


def read() -> Iterator[Specified]:
    """All rows, each once per version."""
    with (files("fixtures") / "emv-3ds-elements.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            for version in VERSIONS:
                yield _one(row, version)


def _one(row: dict[str, str], version: str) -> Specified:
    inclusion = row[f"inclusion_{version}"]
    payment, non_payment = (
        (part.split("=")[1] for part in inclusion.split(";")) if ";" in inclusion else (inclusion,) * 2
    )
    if row["message_categories"] == "PA":
        non_payment = "absent"
    channels = row[f"channels_{version}"]
    least, most, total = length(row["length"], version)
    confidence = row["confidence_2.3.1" if version == "2.3.1" else "confidence_2.1_2.2"]
    return Specified(
        message=row["message"],
        element=row["element"],
        version=version,
        json_type=_of_version(row["json_type"], version),
        least=least,
        most=most,
        total=total,
        format=row["format"],
        payment="" if payment == "absent" else payment,
        non_payment="" if non_payment == "absent" else non_payment,
        channels=frozenset(CHANNELS.get(channels, set(channels.split(",")))),
        confidence="-" if confidence == "n/a" else confidence,
    )


def _of_version(words: str, version: str) -> str:
    """`string (2.1,2.2); object (2.3.1)` for one version."""
    for part in words.split(";"):
        text, _, versions = part.strip().partition(" (")
        if not versions or "core text" in versions or version.startswith(tuple(versions.rstrip(")").split(","))):
            return text.strip()
    raise ValueError(f"{words} says nothing for {version}")


def length(words: str, version: str) -> tuple[int | None, int | None, int | None]:
    """Least and most characters or items, and the total, for one version; None where the file gives no bound."""
    least, most, total = None, None, None
    for part in words.split(";"):
        if "total" in part:
            total = int(part.split("<=")[1])
            continue
        mentioned = re.findall(r"\b2\.\d(?:\.\d)?\b", part)
        if mentioned and not version.startswith(tuple(mentioned)):
            continue
        bound = re.sub(r"\b2\.\d(\.\d)?\b|\(.*?\)|, each .*", "", part)
        if found := re.search(r"<=(\d+)", bound):
            least, most = 1, int(found[1])
        elif found := re.search(r">=(\d+)", bound):
            least = int(found[1])
        elif found := re.search(r"=(\d+)", bound):
            least = most = int(found[1])
        elif found := re.search(r"(\d+)-(\d+|n)", bound):
            least, most = int(found[1]), None if found[2] == "n" else int(found[2])
    return least, most, total
