"""How the tables are written: one row per data element and message, as Annex B of the specification lays them out.

    Row("threeDSCompInd",  "R R R",        "BRW"),
    Row("purchaseAmount",  "R/C R/C R/C",  "APP+BRW ALL ALL", when=c.purchase_expected),

The second column is the inclusion in 2.1.0, 2.2.0 and 2.3.1: R required, C conditional, O optional, - not defined; `R/C` is R in a
payment (PA) and C in a non-payment (NPA) authentication. The third is the device channel, one word for all versions or one each."""

from collections.abc import Iterable, Iterator

from msgspec import Struct
from msgspec.structs import replace

from threedsecure.v2.grammar.conditions import Condition
from threedsecure.v2.grammar.context import APP, BRW, NPA, SUPPORTED_VERSIONS, THREE_RI, Leg
from threedsecure.v2.grammar.formats import ByVersion, Format

_CHANNELS = {
    "APP": {APP},
    "BRW": {BRW},
    "3RI": {THREE_RI},
    "APP+BRW": {APP, BRW},
    "ALL": {APP, BRW, THREE_RI},
    "-": set[str](),
}


class Row(Struct, frozen=True):
    """A data element of a message. `name` is dotted for what stands inside an object or an array of objects.

    `when` is the condition of a C. `legs`: where it is defined, everywhere if empty. `note` tells what sources disagree on and
    what the table does about it. `sure` is the confidence for 2.1.0 and 2.2.0, and for 2.3.1: `high` rests on two independent
    sources, `medium` on one, `low` is inferred or in conflict."""

    name: str
    inclusion: str
    channels: str = "ALL"
    when: Condition | None = None
    legs: tuple[Leg, ...] = ()
    note: str = ""
    sure: str = "high high"
    form: Format | ByVersion | None = None

    @property
    def parent(self) -> str:
        return self.name.rpartition(".")[0]

    @property
    def last_name(self) -> str:
        return self.name.rpartition(".")[2]

    def included(self, version: str, channel: str, category: str, leg: Leg | None = None) -> str:
        """ "R", "C", "O", or "" where the element is not defined."""
        column = SUPPORTED_VERSIONS.index(version)
        words = self.channels.split()
        if channel not in _CHANNELS[words[column] if len(words) > 1 else words[0]]:
            return ""
        if self.legs and leg is not None and leg not in self.legs:
            return ""
        payment, _, other = self.inclusion.split()[column].partition("/")
        letter = (other or payment) if category == NPA else payment
        return "" if letter == "-" else letter


def within(parent: str, rows: Iterable[Row], **changes: str) -> Iterator[Row]:
    """`rows` below `parent`: objects that stand in several places are written once."""
    return (replace(row, name=f"{parent}.{row.name}", **changes) for row in rows)
