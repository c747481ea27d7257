"""Asking a gateway under test for a purchase (`acs-sim run --against`), and what it may answer."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urljoin

import aiohttp
import orjson

from acs_sim.client.challenge_page import Form
from acs_sim.scenarios.browser.screens import MAX_PAGE_BYTES, Opening
from acs_sim.scenarios.simulator import CannotPlay

ANSWER_SECONDS: Final = 30.0
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


class Purchases:
    """The gateway at one address."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self._session = session
        self._url = url

    async def begin(
        self, card: Mapping[str, Any], version: str, elements: Mapping[str, Any]
    ) -> tuple[Opening | None, str]:
        """Ask for a purchase. What the cardholder's browser is to open, None when the gateway is done; and what was answered, in
        a few words. Errors: `CannotPlay`."""
        body = orjson.dumps(wished(card, version, elements))
        headers = {"Content-Type": "application/json; charset=utf-8", "Accept": "text/html, application/json"}
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self._session.post(
                self._url, data=body, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await answer.content.read(MAX_PAGE_BYTES)
                location = answer.headers.get("Location") if 300 <= answer.status < 400 else None
                return self._read(answer.status, answer.content_type, location, content)
        except TimeoutError as error:
            raise CannotPlay(f"the gateway at {self._url} did not answer within {ANSWER_SECONDS:g} seconds") from error
        except (aiohttp.ClientError, ValueError) as error:
            raise CannotPlay(f"the gateway at {self._url} does not answer: {error}") from error

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


def wished(card: Mapping[str, Any], version: str, elements: Mapping[str, Any]) -> dict[str, Any]:
    """The purchase as JSON. `elements`: those of the AReq that the scenario names; a gateway does with them what it can."""
    known = {**PURCHASE, **elements}
    said = {name: known[element] for name, element in NAMES.items() if known.get(element) is not None}
    return {
        "pan": card["pan"],
        "expiry": card["expiry"],
        "scheme": card["scheme"],
        "version": version,
        **said,
        "elements": dict(elements),
    }


def _short(document: Mapping[str, Any]) -> str:
    text = orjson.dumps({name: value for name, value in document.items() if name not in {"html", "creq"}}).decode()
    return text if len(text) <= 200 else f"{text[:200]}…"
