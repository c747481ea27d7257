"""Who is found where: the parties of a running simulator, the ports they take by default, and their addresses."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final

# By the names that `--only` takes; the offset is added to the base port.
PORT_OFFSETS: Final = {"desk": 0, "ds": 100, "acs": 200, "phone": 300, "shop": 400}
TITLES: Final = {
    "desk": "Desk",
    "ds": "Directory server",
    "acs": "ACS",
    "phone": "Phone",
    "shop": "Shops and gateway",
}


@dataclass(frozen=True, slots=True)
class Addresses:
    """The base address of every party, without a trailing slash."""

    desk: str
    ds: str
    acs: str
    phone: str
    shop: str

    def of(self, party: str) -> str:
        """The address of a party by its name in PORT_OFFSETS."""
        address: str = getattr(self, party)
        return address

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return ((field.name, self.of(field.name)) for field in fields(self))
