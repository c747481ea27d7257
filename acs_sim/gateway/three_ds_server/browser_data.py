"""What an AReq says of the buyer's browser. Pure: from form fields and headers to message elements."""

import hashlib
import re
from collections.abc import Mapping
from typing import Any, Final

COLOR_DEPTHS: Final = (1, 4, 8, 15, 16, 24, 32, 48)
WINDOW_SIZES: Final[Mapping[str, tuple[str, str]]] = {
    "01": ("250px", "400px"),
    "02": ("390px", "400px"),
    "03": ("500px", "600px"),
    "04": ("600px", "400px"),
    "05": ("100%", "100%"),
}
"""challengeWindowSize → width and height of the frame (EMV 3DS: 05 is full screen)."""

_FALLBACK: Final = {
    "browserJavaEnabled": False,
    "browserColorDepth": "24",
    "browserScreenHeight": "1080",
    "browserScreenWidth": "1920",
    "browserTZ": "0",
}
"""What 2.1.0 demands and a browser without JavaScript cannot tell."""

MAX_HEADER: Final = 2_048
MAX_LANGUAGE: Final = 8
MAX_TAG: Final = 35
MAX_LANGUAGES: Final = 10


def browser_elements(version: str, told: Mapping[str, str], headers: Mapping[str, str], ip: str) -> dict[str, Any]:
    """The browser elements of an AReq in `version`.

    `told`: what the page's script put into the form (nothing without JavaScript); `headers`: lower-case names."""
    javascript = told.get("browserJavascriptEnabled") == "true"
    elements: dict[str, Any] = {
        "browserAcceptHeader": _header(headers.get("accept"), "*/*"),
        "browserUserAgent": _header(headers.get("user-agent"), "unknown"),
        "browserIP": ip,
        "browserLanguage": _language(told.get("browserLanguage"), headers.get("accept-language")),
    }
    if version != "2.1.0":
        elements["browserJavascriptEnabled"] = javascript
    if version == "2.3.1":
        elements["acceptLanguage"] = _languages(headers.get("accept-language"))
    if javascript:
        elements |= _told(told)
    elif version == "2.1.0":
        elements |= _FALLBACK
    return elements | {"deviceId": device_id(elements)} if version == "2.3.1" else elements


def device_id(elements: Mapping[str, Any]) -> str:
    """deviceId (2.3.1): what the gateway knows the buyer's browser again by, 64 characters. This one keeps no cookie: it is the
    same for browsers that tell the same of themselves."""
    return hashlib.sha256(repr(sorted(elements.items())).encode(errors="replace")).hexdigest()


def window_size(asked: str | None, told: str | None) -> str:
    """challengeWindowSize: as asked for, or as the page's script chose, or full screen."""
    return next((size for size in (asked, told) if size is not None and size in WINDOW_SIZES), "05")


def _told(told: Mapping[str, str]) -> dict[str, Any]:
    return {
        "browserJavaEnabled": told.get("browserJavaEnabled") == "true",
        "browserColorDepth": _color_depth(told.get("browserColorDepth", "")),
        "browserScreenHeight": _number(told.get("browserScreenHeight", ""), "1080"),
        "browserScreenWidth": _number(told.get("browserScreenWidth", ""), "1920"),
        "browserTZ": _matching(r"[+-]?[0-9]{1,4}", told.get("browserTZ", ""), "0"),
    }


def _color_depth(text: str) -> str:
    """The largest depth of the specification's list that is not above the browser's (30 becomes 24)."""
    depth = int(text) if re.fullmatch(r"[0-9]{1,3}", text, re.ASCII) else 24
    return str(max((known for known in COLOR_DEPTHS if known <= depth), default=1))


def _number(text: str, fallback: str) -> str:
    return _matching(r"[0-9]{1,6}", text, fallback)


def _matching(pattern: str, text: str, fallback: str) -> str:
    return text if re.fullmatch(pattern, text, re.ASCII) else fallback


def _language(told: str | None, header: str | None) -> str:
    """A BCP 47 tag of at most eight characters: subtags are dropped from its end until it fits."""
    tag = told or (header or "").partition(",")[0].partition(";")[0].strip()
    while len(tag) > MAX_LANGUAGE and "-" in tag:
        tag = tag.rpartition("-")[0]
    return _matching(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag[:MAX_LANGUAGE], "en")


def _languages(header: str | None) -> list[str]:
    """Those of Accept-Language, as the browser orders them."""
    tags = [part.partition(";")[0].strip() for part in (header or "").split(",")]
    known = [tag for tag in tags if re.fullmatch(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*", tag[:MAX_TAG], re.ASCII)]
    return list(dict.fromkeys(known))[:MAX_LANGUAGES] or ["en"]


def _header(value: str | None, fallback: str) -> str:
    printable = "".join(character for character in value or "" if " " <= character <= "~")
    return printable[:MAX_HEADER] or fallback
