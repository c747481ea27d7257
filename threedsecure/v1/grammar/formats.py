"""What the values of 3-D Secure 1.0.2 look like: what is accepted, and where it differs, what is sent.

Lengths and shapes: the published schema of the messages and the validators of open-source merchant plug-ins. Real traffic breaks
some of them, and then `accepts` is wider than `sends`.
"""

import base64
import re
from collections.abc import Callable
from datetime import datetime
from typing import Final

from msgspec import Struct

from threedsecure.addresses import is_web_address

MAX_MESSAGE_ID: Final = 64
"""The longest message id accepted; 44 characters have been seen, 30 are allowed."""

Test = Callable[[str], bool]


class Format(Struct, frozen=True):
    """`allowed` says in words what `sends` tests."""

    allowed: str
    accepts: Test
    sends: Test


def pattern(allowed: str, expression: str, *, accepts: str | None = None) -> Format:
    """Values that match the whole of `expression`; `accepts` widens it for what comes in."""
    return Format(allowed, _matches(accepts or expression), _matches(expression))


def one_of(*values: str) -> Format:
    return Format(", ".join(values[:-1]) + " or " + values[-1], values.__contains__, values.__contains__)


def text(least: int, most: int) -> Format:
    """Any characters, `least` to `most` of them."""
    return pattern(f"{least} to {most} characters", f"(?s:.{{{least},{most}}})")


def _matches(expression: str) -> Test:
    return lambda value: re.fullmatch(expression, value) is not None


def _strptime(shape: str) -> Test:
    def test(value: str) -> bool:
        try:
            datetime.strptime(value, shape)
        except ValueError:
            return False
        return True

    return test


def _both(first: Test, second: Test) -> Test:
    return lambda value: first(value) and second(value)


def _date(allowed: str, expression: str, shape: str) -> Format:
    test = _both(_matches(expression), _strptime(shape))
    return Format(allowed, test, test)


def _twenty_bytes(value: str) -> bool:
    """Base64 of exactly 20 bytes; the line breaks that some encoders add are no part of it."""
    if len(value) > 64:
        return False
    try:
        return len(base64.b64decode("".join(value.split()), validate=True)) == 20
    except ValueError:
        return False


def _address(most: int, most_sent: int) -> Format:
    return Format(
        f"an absolute http or https address of at most {most_sent} characters",
        lambda value: len(value) <= most and is_web_address(value),
        lambda value: len(value) <= most_sent and is_web_address(value),
    )


MESSAGE_ID: Final = pattern("1 to 30 characters", r"[!-~]{1,30}", accepts=rf"[ -~]{{1,{MAX_MESSAGE_ID}}}")
PARES_ID: Final = pattern(
    "an XML name of at most 64 characters", r"[A-Za-z_][A-Za-z0-9._-]{0,63}", accepts=r"[ -~]{1,128}"
)
PAN: Final = pattern("13 to 19 digits", r"[0-9]{13,19}")
ACQUIRER_BIN: Final = pattern("1 to 11 digits", r"[0-9]{1,11}")
MERCHANT_ID: Final = text(1, 24)
PASSWORD: Final = text(8, 8)
SERIAL_NUMBER: Final = pattern("1 to 20 digits", r"[0-9]{1,20}")
ACTION: Final = one_of("A", "D")
DEVICE_CATEGORY: Final = pattern("an integer of at most 2 digits", r"[0-9]{1,2}")
ZERO_OR_ONE: Final = one_of("0", "1")
HEADER: Final = text(1, 2048)
ENROLLED: Final = one_of("Y", "N", "U")
ACCOUNT_ID: Final = text(1, 28)
ACS_ADDRESS: Final = _address(2048, 256)
PROTOCOL: Final = one_of("ThreeDSecure", "SET")
MERCHANT_NAME: Final = text(1, 25)
MERCHANT_ADDRESS: Final = _address(255, 255)
ISO_NUMERIC: Final = pattern("3 digits", r"[0-9]{3}")
TWENTY_BYTES: Final = Format(
    "base64 of exactly 20 bytes (28 characters)", _twenty_bytes, lambda v: len(v) == 28 and _twenty_bytes(v)
)
DATE_TIME: Final = _date("YYYYMMDD HH:MM:SS", r"[0-9]{8} [0-9]{2}:[0-9]{2}:[0-9]{2}", "%Y%m%d %H:%M:%S")
DAY: Final = _date("YYYYMMDD", r"[0-9]{8}", "%Y%m%d")
EXPIRY: Final = pattern("YYMM", r"[0-9]{2}(0[1-9]|1[0-2])")
DISPLAY_AMOUNT: Final = text(1, 20)
AMOUNT: Final = pattern("1 to 12 digits, in minor units", r"[0-9]{1,12}")
EXPONENT: Final = pattern("1 digit", r"[0-9]")
DESCRIPTION: Final = text(1, 125)
FREQUENCY: Final = pattern("1 to 3 digits, in days", r"[0-9]{1,3}")
INSTALLMENTS: Final = pattern("an integer above 1 of at most 3 digits", r"(?!0*1$)0*[1-9][0-9]{0,2}", accepts=None)
STATUS: Final = one_of("Y", "N", "U", "A")
STATUS_1_0_1: Final = one_of("Y", "N", "U")
ECI: Final = pattern("2 digits", r"[0-9]{2}")
CAVV_ALGORITHM: Final = pattern("an integer of at most 2 digits", r"[0-9]{1,2}")
INVALID_REQUEST_CODE: Final = pattern("50 to 58, 98 or 99", r"5[0-8]|9[89]", accepts=r"[0-9]{1,2}")
ERROR_CODE: Final = pattern("1 to 6, 98 or 99", r"[1-6]|9[89]", accepts=r"[0-9]{1,2}")
DETAIL: Final = text(1, 256)
ERROR_TEXT: Final = Format("1 to 256 characters", _matches(r"(?s:.{1,2048})"), _matches(r"(?s:.{1,256})"))
EXTENSION_ID: Final = text(1, 128)
CRITICAL: Final = one_of("true", "false")
ANYTHING: Final = Format("anything", lambda _value: True, lambda _value: True)
