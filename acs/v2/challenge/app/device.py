"""What the SDK tells of the device that the app runs on (deviceInfo)."""

import re
from collections.abc import Mapping
from typing import Any, Final

from threedsecure.v2.app.device_data import MAX_DEVICE_INFO
from threedsecure.v2.codec import decode_base64url, decode_object
from threedsecure.v2.errors import MessageError

MAX_LANGUAGE: Final = 35
_LOCALE: Final = "C005"
_VERSION: Final = re.compile(r"\d\.\d{1,2}", re.ASCII)


def language_of(areq: Mapping[str, Any]) -> str | None:
    """The locale of the device, where it says so and can be read."""
    data = _told(areq).get("DD")
    locale = data.get(_LOCALE) if isinstance(data, dict) else None
    return locale if isinstance(locale, str) and locale.isascii() and len(locale) <= MAX_LANGUAGE else None


def version_of(areq: Mapping[str, Any]) -> str:
    """The version of the device data (DV); empty where there are none, or none that can be read."""
    version = _told(areq).get("DV")
    return version if isinstance(version, str) and _VERSION.fullmatch(version) else ""


def _told(areq: Mapping[str, Any]) -> Mapping[str, Any]:
    try:
        return decode_object(decode_base64url(str(areq.get("deviceInfo", "")), limit=MAX_DEVICE_INFO))
    except MessageError:
        return {}
