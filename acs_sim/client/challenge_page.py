"""A challenge page as a browser sees it: its message, its form, and the form that carries the result back to the shop."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urljoin

import lxml.html
from lxml.etree import LxmlError

CHOICE_FIELD: Final = "challengeValue"
RESULT_FIELDS: Final = ("cres", "PaRes")


class NotAPage(ValueError):
    """What came back is no page that a cardholder could use."""


@dataclass(frozen=True, slots=True)
class Form:
    """What a press of a button posts: absolute address and fields."""

    url: str
    fields: dict[str, str]

    @property
    def is_result(self) -> bool:
        """Whether it carries the result to the shop (CRes to notificationURL, PaRes to TermUrl)."""
        return any(name in self.fields for name in RESULT_FIELDS)


class Page:
    """A page and where it came from."""

    def __init__(self, url: str, content: bytes) -> None:
        """Errors: `NotAPage`."""
        self._url = url
        try:
            root = lxml.html.document_fromstring(content, parser=lxml.html.HTMLParser(encoding="utf-8"))
        except (LxmlError, ValueError) as error:
            raise NotAPage(f"{url} answered no page") from error
        self._root = cast(lxml.html.HtmlElement, root)

    @property
    def message(self) -> str | None:
        """The words of `#message`, or None where the page has none."""
        element = self._element("message")
        return " ".join(str(element.text_content()).split()) if element is not None else None

    @property
    def title(self) -> str:
        """The page's heading, for a page that has nothing to fill in."""
        headings = (str(heading.text_content()) for heading in self._root.iter("h1"))
        return " ".join(" ".join(headings).split())

    @property
    def result(self) -> Form | None:
        """The form that carries the result back, when the challenge is over."""
        return next(iter(self.results), None)

    @property
    def results(self) -> list[Form]:
        """All of them: a bank that misbehaves has the browser post its result more than once."""
        forms = (self._form(form, None) for form in self._root.forms)
        return [form for form in forms if form.is_result]

    def form_with(self, field: str) -> Form | None:
        """The form that has such a field, when the page has one."""
        forms = (self._form(form, None) for form in self._root.forms)
        return next((form for form in forms if field in form.fields), None)

    @property
    def automatic(self) -> Form | None:
        """The form that the page posts by itself while the challenge goes on (`data-delay`), when it has one."""
        forms = (self._form(form, None) for form in self._root.forms if form.get("data-delay") is not None)
        return next((form for form in forms if not form.is_result), None)

    def press(self, button_id: str, entry: str | None = None, *, boxes: Sequence[str] = ()) -> Form:
        """What the button posts, with `entry` typed into `#code` or, on a page of choices, chosen (several with commas between);
        `boxes` are the ids of those to tick. Errors: `NotAPage` when the page has no such button, choice or box."""
        button_id, entry = self.hand(button_id, entry)
        button = self._element(button_id)
        form = self._owner(button) if button is not None else None
        if form is None:
            raise NotAPage(f"the page has no button #{button_id}: {self.message or self.title or 'it says nothing'}")
        pressed = self._form(form, button)
        code = self._element("code")
        if entry is not None and code is not None and code.get("name"):
            pressed.fields[code.get("name")] = entry
        elif entry is not None:
            pressed.fields.update(self._chosen(form, entry))
        for box_id in boxes:
            pressed.fields.update(self._ticked(box_id))
        return pressed

    def hand(self, button_id: str, entry: str | None) -> tuple[str, str | None]:
        """The id of the button that a hand presses, and what it enters before: each choice may be a button of its own."""
        own = f"choose-{entry}"
        if button_id == "submit" and self._element("submit") is None and self._element(own) is not None:
            return own, None
        return button_id, entry

    def _chosen(self, form: lxml.html.HtmlElement, entry: str) -> dict[str, str]:
        """A page without choices takes no entry."""
        boxes = (box for box in form.iter("input") if box.get("name") == CHOICE_FIELD)
        offered = [box.get("value", "") for box in boxes if box.get("type") in {"radio", "checkbox"}]
        if not offered:
            return {}
        missing = [value for value in entry.split(",") if value not in offered]
        if missing:
            raise NotAPage(f"the page has no choice {', '.join(missing)!r}; it has {', '.join(offered)}")
        return {CHOICE_FIELD: entry}

    def _ticked(self, box_id: str) -> dict[str, str]:
        box = self._element(box_id)
        if box is None or not box.get("name"):
            raise NotAPage(f"the page has no box #{box_id}")
        return {box.get("name"): box.get("value", "on")}

    def _element(self, element_id: str) -> lxml.html.HtmlElement | None:
        return self._root.get_element_by_id(element_id, None)

    def _owner(self, button: lxml.html.HtmlElement) -> lxml.html.HtmlElement | None:
        named = button.get("form")
        if named is not None:
            return self._element(named)
        return next(button.iterancestors("form"), None)

    def _form(self, form: lxml.html.HtmlElement, button: lxml.html.HtmlElement | None) -> Form:
        action = (button.get("formaction") if button is not None else None) or form.get("action") or ""
        fields = dict(_successful_controls(form))
        if button is not None and button.get("name"):
            fields[button.get("name")] = button.get("value", "")
        return Form(urljoin(self._url, action), fields)


def _successful_controls(form: lxml.html.HtmlElement) -> Iterator[tuple[str, str]]:
    """HTML, "constructing the form data set": what is named, enabled, and no button."""
    for control in form.iter("input", "textarea"):
        kind = control.get("type", "text").lower()
        if not control.get("name") or control.get("disabled") is not None:
            continue
        if kind in {"submit", "button", "reset", "image", "file"}:
            continue
        if kind in {"checkbox", "radio"} and control.get("checked") is None:
            continue
        yield control.get("name"), control.get("value") or ""
