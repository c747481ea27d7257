"""The cardholder without a screen: opens the challenge, types, presses buttons and lets the page post the result back, over the
same HTTP as a browser.
"""

import base64
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import orjson

from acs_sim.client.challenge_page import Form, NotAPage, Page
from threedsecure.errors import TransportError
from threedsecure.v2.codec import encode_base64url
from threedsecure.web.calling.transport import Transport
from threedsecure.web.wire import FORM, WireResponse

PAGE_SECONDS: Final = 30.0
FULL_WINDOW: Final = "05"
MAX_AUTOMATIC_POSTS: Final = 3


class CardholderStuck(Exception):
    """The cardholder cannot go on; the message says what was on the screen."""


class Cardholder:
    """A browser with one window."""

    def __init__(self, network: Transport) -> None:
        self._network = network

    async def open(self, acs_url: str, creq: str, session_data: str | None = None) -> Page:
        """Post the CReq, as the shop's page does; posted again, the same CReq shows where the challenge stands.

        Errors: `CardholderStuck`."""
        fields = {"creq": creq}
        if session_data is not None:
            fields["threeDSSessionData"] = session_data
        return await self.visit(Form(acs_url, fields))

    async def visit(self, form: Form) -> Page:
        """Post a form, as a person or a page of itself does, and see what comes. Errors: `CardholderStuck`."""
        answer = await self._post(form)
        try:
            return Page(form.url, answer.body)
        except NotAPage as error:
            raise CardholderStuck(str(error)) from error

    async def wait(self, page: Page) -> Page:
        """Let a page that posts itself do so. Errors: `CardholderStuck`."""
        for _ in range(MAX_AUTOMATIC_POSTS):
            if page.result is not None or (form := page.automatic) is None:
                return page
            page = await self.visit(form)
        raise CardholderStuck("the page posts itself again and again")

    async def press(self, page: Page, button_id: str, entry: str | None = None, *, boxes: Sequence[str] = ()) -> Page:
        """Errors: `CardholderStuck`, also when the page has no such button."""
        try:
            return await self.visit(page.press(button_id, entry, boxes=boxes))
        except NotAPage as error:
            raise CardholderStuck(str(error)) from error

    async def deliver(self, result: Form) -> int:
        """Post the result to the shop, as the last page does by itself; returns the HTTP status. Errors: `CardholderStuck`."""
        return (await self._post(result)).status

    async def _post(self, form: Form) -> WireResponse:
        if urlsplit(form.url).scheme not in {"http", "https"}:
            raise CardholderStuck(f"the page posts to {form.url[:100]!r}, which is no web address")
        try:
            return await self._network.post(
                form.url, urlencode(form.fields).encode(), timeout=PAGE_SECONDS, content_type=FORM
            )
        except TransportError as error:
            raise CardholderStuck(str(error)) from error


def creq_of(transaction: dict[str, Any]) -> str:
    """The CReq that a gateway's page would post for a transaction (EMV 3DS, browser channel), base64url."""
    message = {
        "messageType": "CReq",
        "messageVersion": transaction["version"],
        "threeDSServerTransID": transaction["threeDSServerTransID"],
        "acsTransID": transaction["acsTransID"],
        "challengeWindowSize": FULL_WINDOW,
    }
    return encode_base64url(orjson.dumps(message))


def decoded_result(result: Form) -> dict[str, Any]:
    """The message in a result form, or an empty object when it is not one that can be read."""
    text = result.fields.get("cres", "")
    try:
        message = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}
