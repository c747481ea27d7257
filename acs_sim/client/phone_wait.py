"""Waiting for a SecureCode at the phone's API."""

import ssl
import time
from typing import Any, Final
from urllib.parse import quote, urlencode

from acs_sim.client.asking import ask

LONGEST_POLL_SECONDS: Final = 20.0


def next_code(
    phone_url: str, number: str, timeout: float, *, unseen: bool = False, tls: ssl.SSLContext | None = None
) -> str | None:
    """The code of the newest message to `number` that carries one, waiting for it up to `timeout` seconds; when it is to be
    `unseen`, what has arrived already does not count. `tls`: whom to trust, where it is not the system's authorities.

    Errors: `NoAnswer`."""
    address = f"{phone_url}/api/phones/{quote(number, safe='')}/latest"
    deadline = time.monotonic() + timeout
    seen = _latest(address, 0.0, None, tls)
    if seen is not None and seen.get("code") and not unseen:
        return str(seen["code"])
    while (wait := deadline - time.monotonic()) > 0:
        newer = _latest(address, min(wait, LONGEST_POLL_SECONDS), seen, tls)
        if newer is not None and newer.get("code"):
            return str(newer["code"])
        seen = newer or seen
    return None


def _latest(
    address: str, wait: float, after: dict[str, Any] | None, tls: ssl.SSLContext | None
) -> dict[str, Any] | None:
    asked = {"wait": f"{wait:.3f}"} | ({"after": str(after["id"])} if after is not None else {})
    where = f"the phone at {address.partition('/api/')[0]}"
    refuses = "the phone refuses: "
    found: dict[str, Any] | None = ask(f"{address}?{urlencode(asked)}", where, wait + 10, tls, refuses=refuses)
    return found
