"""Every kind of fault. One that stands in a module here is known everywhere: it can be asked for, happens, and is told of."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from threedsecure.faults.fault import Fault
from threedsecure.faults.kinds import browser, carriage, message, signatures
from threedsecure.faults.points import POINTS

KINDS: Final[Mapping[str, type[Fault]]] = MappingProxyType(
    {
        str(kind.__struct_config__.tag): kind
        for module in (carriage, message, browser, signatures)
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, Fault) and kind.points
    }
)
"""By what they are called (`do`)."""

if TYPE_CHECKING:
    FaultDocument: TypeAlias = Fault
else:
    FaultDocument = reduce(or_, KINDS.values())
"""Any fault, told by `do`."""

SENSIBLE: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {at: tuple(do for do, kind in KINDS.items() if at in kind.points) for at in POINTS}
)
"""Which kinds make sense at which point."""
