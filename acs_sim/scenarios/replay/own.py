"""A payment that a running simulator makes with itself: its reference gateway buys, its headless cardholder answers."""

import json
import ssl
import urllib.request
from typing import Any, Final
from urllib.parse import quote

from acs_sim.client.asking import ask
from acs_sim.settings.addresses import Addresses
from acs_sim.transcripts.client import fetch

SECONDS: Final = 60.0
ENDED_SECONDS: Final = 20
AMOUNT: Final = 4200
CARRIED: Final = ("creq", "threeDSSessionData", "PaReq", "TermUrl", "MD")
"""What the browser carries from the shop to the bank."""


def own_payment(at: Addresses, scheme: str, scenario: str, tls: ssl.SSLContext | None = None) -> dict[str, Any]:
    """The transcript of a payment with a fresh card. Errors: `NoAnswer`, with what is wrong with the scheme or the scenario."""
    card = _post(f"{at.desk}/api/cards", {"scheme": scheme, "scenario": scenario}, "the desk", tls)
    wanted = {"pan": card["pan"], "expiry": card["expiry"], "amount": AMOUNT}
    paid = _post(f"{at.shop}/api/purchases", wanted, "the reference gateway", tls)
    name = quote(paid["id"], safe="")
    if paid.get("state") == "challenge":
        deed = {"do": "submit", "code": "correct", **{each: paid[each] for each in CARRIED if each in paid}}
        _post(f"{at.desk}/api/transactions/{name}/cardholder", deed, "the desk", tls)
    ask(f"{at.shop}/api/purchases/{name}?wait={ENDED_SECONDS}", "the reference gateway", SECONDS, tls)
    return fetch(at.desk, paid["id"], tls)


def _post(address: str, body: dict[str, Any], whose: str, tls: ssl.SSLContext | None) -> Any:
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(address, json.dumps(body).encode(), headers)  # noqa: S310
    return ask(request, f"{whose} at {address}", SECONDS, tls)
