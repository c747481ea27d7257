"""What the SDK tells of the device that the app runs on (deviceInfo)."""

from collections.abc import Mapping
from typing import Any, Final

from threedsecure.v2.app.device_data import MAX_DEVICE_INFO
from threedsecure.v2.codec import decode_base64url, decode_object
from threedsecure.v2.errors import MessageError

MAX_LANGUAGE: Final = 35
_LOCALE: Final = "C005"


def language_of(areq: Mapping[str, Any]) -> str | None:
    """The locale of the device, where it says so and can be read."""
    try:
        told = decode_object(decode_base64url(str(areq.get("deviceInfo", "")), limit=MAX_DEVICE_INFO))
    except MessageError:
        return None
    data = told.get("DD")
    locale = data.get(_LOCALE) if isinstance(data, dict) else None
    return locale if isinstance(locale, str) and locale.isascii() and len(locale) <= MAX_LANGUAGE else None
