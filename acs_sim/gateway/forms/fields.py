"""What reading a shop's sealed form may find wrong."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

MAX_VALUE: Final = 8_192


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


def web_address(text: str) -> bool:
    """Whether `text` is an absolute http or https address of a sane length."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and len(text) <= 2_048


def _control(value: str) -> bool:
    return any(character < " " and character not in "\r\n\t" for character in value)
