"""A 3DS Method without a browser: post to the ACS, find the form that its page would post by itself, and post that."""

from html.parser import HTMLParser
from typing import Final
from urllib.parse import urlencode

from threedsecure.errors import TransportError
from threedsecure.web.calling.transport import Transport
from threedsecure.web.wire import FORM

TIMEOUT: Final = 10.0
FIELD: Final = "threeDSMethodData"


async def perform(transport: Transport, method_url: str, method_data: str, notification_url: str) -> bool:
    """Whether the 3DS Method came back to `notification_url`. A method that does not answer, or whose page has no such form,
    did not."""
    try:
        page = await transport.post(
            method_url, urlencode({FIELD: method_data}).encode(), timeout=TIMEOUT, content_type=FORM
        )
        found = _Form(notification_url)
        found.feed(page.body.decode(errors="replace"))
        statuses = [await _posted(transport, notification_url, value) for value in found.values]
    except TransportError:
        return False
    return 200 in statuses


async def _posted(transport: Transport, notification_url: str, value: str) -> int:
    body = urlencode({FIELD: value}).encode()
    return (await transport.post(notification_url, body, timeout=TIMEOUT, content_type=FORM)).status


class _Form(HTMLParser):
    """Reads the hidden field of every form whose action is ours; other forms are nobody's business."""

    def __init__(self, action: str) -> None:
        super().__init__()
        self._action = action
        self._inside = False
        self.values: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        if tag == "form":
            self._inside = attributes.get("action") == self._action
        elif tag == "input" and self._inside and attributes.get("name") == FIELD:
            self.values.append(attributes.get("value") or "")
