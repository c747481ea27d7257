"""Addresses that others name: one rule for whatever is called, and wherever a browser is sent; and whose they are, where several
simulators share their ports."""

import re
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

MAX_ADDRESS: Final = 2_048
NAMESPACE_NAME: Final = r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?"
"""Of a simulator that shares the ports of another one (`threedsecure.web.serving.ways`)."""
PHONE_NUMBER: Final = r"\+[1-9][0-9]{6,14}"
"""In international form (ITU-T E.164)."""
EMAIL_ADDRESS: Final = r"[A-Za-z][A-Za-z0-9._%+-]{0,30}@[A-Za-z0-9][A-Za-z0-9.-]{0,30}"
"""As far as codes are sent to one. It begins with a letter, so that nothing takes it for a number."""
REACHED_AT: Final = rf"(?:{PHONE_NUMBER}|{EMAIL_ADDRESS})"
"""Where a cardholder's codes go."""
_NAMESPACE: Final = re.compile(rf"/~{NAMESPACE_NAME}(?=/|\Z)")


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


def is_email(reached_at: str) -> bool:
    """Of what `REACHED_AT` allows."""
    return "@" in reached_at


def at_namespace(name: str) -> str:
    """What stands before every path of a namespace, in whose name there is nothing but `NAMESPACE_NAME`."""
    return f"/~{name}"


def split_namespace(path: str) -> tuple[str, str]:
    """What a path says of a namespace, and the path within it: `/~team-a/visa/3ds2` is `/~team-a` and `/visa/3ds2`. Without a
    namespace the first is empty."""
    found = _NAMESPACE.match(path)
    return ("", path) if found is None else (found[0], path[found.end() :] or "/")


def namespace_of(path: str) -> str | None:
    """The name of the namespace that a path leads to; None where it leads to none."""
    return split_namespace(path)[0].removeprefix("/~") or None


def at_a_name(url: str) -> str | None:
    """The same base address under a name, which passkeys want (WebAuthn, relying party identifier): this machine is `localhost`.
    None for the address of another one in digits."""
    parts = urlsplit(url)
    try:
        address = ip_address(parts.hostname or "")
    except ValueError:
        return url
    if not address.is_loopback:
        return None
    return f"{parts.scheme}://localhost" + (f":{parts.port}" if parts.port else "") + parts.path
