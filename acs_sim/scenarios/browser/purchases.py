"""Asking a gateway under test for a purchase (`acs-sim run --against`), and what it may answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urljoin

import aiohttp
import orjson

from acs_sim.client.challenge_page import Form
from acs_sim.scenarios.browser.screens import Opening, whole
from acs_sim.scenarios.file.model import CATEGORIES
from acs_sim.scenarios.simulator import CannotPlay

ANSWER_SECONDS: Final = 30.0
SECURITY_CODE: Final = "8417"
"""What is printed on every card of a run. It decides nothing; a gateway that shows or keeps it is wrong."""
OUTCOMES: Final = ("open", "accepted", "refused")
# What is bought where a scenario says nothing else: 42.00 euros at a French bookshop.
PURCHASE: Final[Mapping[str, Any]] = {
    "purchaseAmount": "4200",
    "purchaseCurrency": "978",
    "purchaseExponent": "2",
    "merchantName": "Librairie Exemple",
    "cardholderName": "Camille Exemple",
    "email": "camille@example.org",
}
# Our names for what a shop knows of a purchase, and the elements of an AReq in which a gateway says it.
NAMES: Final = {
    "amount": "purchaseAmount",
    "currency": "purchaseCurrency",
    "exponent": "purchaseExponent",
    "merchant": "merchantName",
    "cardholder": "cardholderName",
    "email": "email",
}


@dataclass(frozen=True, slots=True)
class Wished:
    """What is asked of a gateway besides the card. `elements`: those of the AReq that the scenario names; a gateway does with them
    what it can. `window`: the challengeWindowSize; `headers`: of its request to the directory server."""

    version: str
    elements: Mapping[str, Any] = field(default_factory=dict)
    category: str = "payment"
    window: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


class Purchases:
    """The gateway at one address. `desk`: where it can ask for the time, and tell what came of a payment."""

    def __init__(self, session: aiohttp.ClientSession, url: str, desk: str) -> None:
        self.session = session
        self._url = url
        self._desk = desk

    @property
    def url(self) -> str:
        return self._url

    async def begin(self, card: Mapping[str, Any], wished: Wished) -> tuple[Opening | None, str, int]:
        """Ask for a purchase. What the cardholder's browser is to open, None when the gateway is done; what was answered, in
        a few words; and the HTTP status. Errors: `CannotPlay`."""
        body = orjson.dumps(document(card, wished, self._desk))
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "text/html, application/json"}
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self.session.post(
                self._url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await whole(answer.content)
                location = answer.headers.get("Location") if 300 <= answer.status < 400 else None
                return *self._read(answer.status, answer.content_type, location, content), answer.status
        except TimeoutError as error:
            raise CannotPlay(f"the gateway at {self._url} did not answer within {ANSWER_SECONDS:g} seconds") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise CannotPlay(f"the gateway at {self._url} does not answer: {error}") from error

    def asked(self, wished: Wished) -> Mapping[str, Any]:
        """What the AReq is to say of the purchase."""
        return {**PURCHASE, "messageVersion": wished.version, **wished.elements}

    async def outcome(self, transaction_id: str) -> dict[str, Any] | None:
        """What the gateway says came of a payment, None where it has no such address. Errors: `CannotPlay`."""
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self.session.get(f"{self._url}/{transaction_id}", timeout=timeout) as answer:
                told = orjson.loads(await whole(answer.content))
        except (aiohttp.ClientError, TimeoutError) as error:
            raise CannotPlay(f"the gateway at {self._url} does not answer: {error}") from error
        except orjson.JSONDecodeError:
            return None
        known = answer.status < 400 and isinstance(told, dict) and told.get("outcome") in OUTCOMES
        return told if known else None

    def _read(self, status: int, content_type: str, location: str | None, content: bytes) -> tuple[Opening | None, str]:
        told = f"HTTP {status}"
        if location is not None:
            address = urljoin(self._url, location)
            return Opening(address), f"{told}, on to {address}"
        if content_type == "text/html" and status < 400:
            return Opening(self._url, html=content), f"{told} with a page"
        try:
            document = orjson.loads(content)
        except orjson.JSONDecodeError:
            return None, f"{told} with {content_type or 'nothing'}"
        if not isinstance(document, dict):
            return None, f"{told} with JSON that is no object"
        return self._opening(document), f"{told}: {_short(document)}"

    def _opening(self, document: Mapping[str, Any]) -> Opening | None:
        redirect, page, acs_url, creq = (document.get(name) for name in ("redirect", "html", "acsURL", "creq"))
        if isinstance(redirect, str):
            return Opening(urljoin(self._url, redirect))
        if isinstance(page, str):
            return Opening(self._url, html=page.encode())
        if isinstance(acs_url, str) and isinstance(creq, str):
            data = document.get("threeDSSessionData")
            fields = {"creq": creq} | ({"threeDSSessionData": data} if isinstance(data, str) else {})
            return Opening(self._url, form=Form(acs_url, fields))
        return None


def document(card: Mapping[str, Any], wished: Wished, desk: str) -> dict[str, Any]:
    """The purchase as JSON."""
    known = {**PURCHASE, **wished.elements}
    said = {name: PURCHASE[element] if known[element] is None else known[element] for name, element in NAMES.items()}
    return {
        "pan": card["pan"],
        "expiry": card["expiry"],
        "scheme": card["scheme"],
        "version": wished.version,
        "messageCategory": CATEGORIES[wished.category],
        "securityCode": SECURITY_CODE,
        **said,
        **({"window": wished.window} if wished.window is not None else {}),
        **({"headers": dict(wished.headers)} if wished.headers else {}),
        "elements": dict(wished.elements),
        "desk": desk,
    }


def _short(document: Mapping[str, Any]) -> str:
    text = orjson.dumps({name: value for name, value in document.items() if name not in {"html", "creq"}}).decode()
    return text if len(text) <= 200 else f"{text[:200]}…"
