"""Addresses that others name: one rule for whatever is called, and wherever a browser is sent."""

from typing import Final
from urllib.parse import urlsplit

MAX_ADDRESS: Final = 2_048


def is_web_address(text: str) -> bool:
    """Whether `text` is an absolute http or https address that everybody reads alike (RFC 3986, 3.2): a browser takes a backslash
    for a slash and leaves out line ends, which makes another host of what stands behind them."""
    if len(text) > MAX_ADDRESS or not text.isprintable() or " " in text or "\\" in text:
        return False
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
