"""One format per data element (Annex A, table A.1 and the tables it refers to).

The key is the element's name as it stands in its object; where one name looks different in different places, the longer key -
`ARes.transStatus`, `ARes.cardholderInfo.issuerImage` - wins. Where the versions differ, the format is a `ByVersion`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from threedsecure.v2.elements import cardholder, challenge, device, identity, operations, purchase, requestor, results
from threedsecure.v2.grammar.formats import ByVersion, Format
from threedsecure.v2.messages import MESSAGES

_OF_ONE_MESSAGE: Final = {
    f"{message}.{row.name}": row.form for message, rows in MESSAGES.items() for row in rows if row.form is not None
}
ELEMENTS: Final[Mapping[str, Format | ByVersion]] = MappingProxyType(
    {
        **identity.ELEMENTS,
        **requestor.ELEMENTS,
        **device.ELEMENTS,
        **cardholder.ELEMENTS,
        **purchase.ELEMENTS,
        **results.ELEMENTS,
        **challenge.ELEMENTS,
        **operations.ELEMENTS,
        **_OF_ONE_MESSAGE,
    }
)


def format_of(message_type: str, name: str, version: str) -> Format:
    """The format of the element `name` (dotted) of a message; the most specific entry wins."""
    form = ELEMENTS[_key(message_type, name)]
    return form.of(version) if isinstance(form, ByVersion) else form


def _key(message_type: str, name: str) -> str:
    parts = [message_type, *name.split(".")]
    return next(key for start in range(len(parts)) if (key := ".".join(parts[start:])) in ELEMENTS)
