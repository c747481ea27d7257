"""What a browser without scripts makes of a page on its way from a shop to a bank: where it goes by itself, and what it posts."""

import re
from base64 import urlsafe_b64decode
from typing import Final, cast
from urllib.parse import urljoin, urlsplit

import lxml.html
import orjson
from lxml.etree import LxmlError

from acs_sim.client.challenge_page import Form

_REFRESH: Final = re.compile(r"\s*\d*\s*[;,]\s*(?:url\s*=\s*)?['\"]?(?P<url>[^'\"\s]+)", re.IGNORECASE)
_OF_A_PERSON: Final = frozenset({"text", "password", "tel", "number", "email", "radio", "checkbox"})
METHOD_FIELD: Final = "threeDSMethodData"


class ShopPage:
    """A page and where it came from. What is no HTML is an empty page."""

    def __init__(self, url: str, content: bytes) -> None:
        self.url = url
        self._root: lxml.html.HtmlElement | None = None
        try:
            root = lxml.html.document_fromstring(content, parser=lxml.html.HTMLParser(encoding="utf-8"))
            self._root = cast(lxml.html.HtmlElement, root)
        except (LxmlError, ValueError):
            return

    @property
    def frames(self) -> list[str]:
        """The addresses that the page shows within itself."""
        return [urljoin(self.url, frame.get("src")) for frame in self._all("iframe") if frame.get("src")]

    @property
    def refresh(self) -> str | None:
        """Where the page goes after a while by itself."""
        for meta in self._all("meta"):
            if (meta.get("http-equiv") or "").lower() == "refresh" and (
                found := _REFRESH.match(meta.get("content", ""))
            ):
                return str(urljoin(self.url, found["url"]))
        return None

    @property
    def forms(self) -> list[Form]:
        """The forms in which nobody has to type anything: a script posts them, or a press of their button."""
        return [self._form(form) for form in self._all("form") if not _asks(form)]

    @property
    def links(self) -> list[str]:
        """Where the page's links lead, on the same host."""
        own = urlsplit(self.url).netloc
        found = [urljoin(self.url, link.get("href")) for link in self._all("a") if link.get("href")]
        return [address for address in found if urlsplit(address).netloc == own]

    @property
    def outcome(self) -> dict[str, str] | None:
        """What the page says of the payment (`data-outcome`, `data-trans-status`), None where it says nothing."""
        for element in self._root.iter() if self._root is not None else ():
            if element.get("data-outcome"):
                status = element.get("data-trans-status")
                return {"outcome": element.get("data-outcome"), **({"transStatus": status} if status else {})}
        return None

    @property
    def text(self) -> str:
        """Some of its words, for whoever expected another page."""
        words = " ".join(str(self._root.text_content()).split()) if self._root is not None else ""
        return words if len(words) <= 120 else f"{words[:120]}…"

    def _all(self, tag: str) -> list[lxml.html.HtmlElement]:
        return list(self._root.iter(tag)) if self._root is not None else []

    def _form(self, form: lxml.html.HtmlElement) -> Form:
        fields = {
            each.get("name"): each.get("value") or "" for each in form.iter("input", "textarea") if each.get("name")
        }
        return Form(urljoin(self.url, form.get("action") or ""), {str(name): value for name, value in fields.items()})


def method_transaction(form: Form) -> str:
    """The threeDSServerTransID for which a shop opens a 3DS Method's page, empty where that cannot be read."""
    text = form.fields.get(METHOD_FIELD, "")
    try:
        data = orjson.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError:
        return ""
    return str(data.get("threeDSServerTransID", "")) if isinstance(data, dict) else ""


def _asks(form: lxml.html.HtmlElement) -> bool:
    return any((each.get("type") or "text").lower() in _OF_A_PERSON for each in form.iter("input"))
