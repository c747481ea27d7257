"""What reading a shop's sealed form may find wrong."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl

MAX_VALUE: Final = 8_192
MAX_FIELDS: Final = 80
UTF_8: Final = "utf-8"
LATIN_1: Final = "iso-8859-1"


@dataclass(frozen=True, slots=True)
class Posted:
    """A form as it came: its fields in their order, and the character set in which its bytes are text."""

    fields: Mapping[str, str]
    charset: str = UTF_8


def read_posted(written: str) -> Posted:
    """A url-encoded form, of a body or of an address. Bytes that are not UTF-8 are ISO-8859-1, which the payment pages spoke first.
    Of a field that stands twice the first counts. Errors: `FormRefused`."""
    try:
        return Posted(_fields(written, UTF_8))
    except UnicodeDecodeError:
        return Posted(_fields(written, LATIN_1), LATIN_1)
    except ValueError as error:  # raised before a byte is decoded
        raise FormRefused(f"more than {MAX_FIELDS} fields") from error


def _fields(written: str, charset: str) -> dict[str, str]:
    pairs = parse_qsl(written, keep_blank_values=True, encoding=charset, errors="strict", max_num_fields=MAX_FIELDS)
    fields: dict[str, str] = {}
    for name, value in pairs:
        fields.setdefault(name, value)
    return fields


class FormRefused(Exception):
    """The payment page is not shown; `faults` says why, each beginning with the names of the fields."""

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def require(fields: Mapping[str, str], names: Iterable[str]) -> None:
    """Errors: `FormRefused` for fields that are missing, empty, too long or full of control characters."""
    faults = [f"{name}: missing" for name in names if not fields.get(name)]
    faults += [f"{name[:40]}: too long" for name, value in fields.items() if len(value) > MAX_VALUE]
    faults += [f"{name[:40]}: control characters" for name, value in fields.items() if _control(value)]
    if faults:
        raise FormRefused(*faults)


def _control(value: str) -> bool:
    return any(character < " " and character not in "\r\n\t" for character in value)
