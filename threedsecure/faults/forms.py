"""What faults do to a page that has the browser post a message: the message is in a field of its form."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from html import escape, unescape
from typing import Final

_FORM: Final = re.compile(rb"<form\b[^>]*>.*?</form>", re.DOTALL)
_ACTION: Final = re.compile(r'<form\b[^>]*\baction="([^"]*)"')
_FIRST: Final = b'<iframe name="first-post" hidden title="first post"></iframe>'
SESSION_FIELD: Final = "threeDSSessionData"


def field_of(page: str, name: str) -> str | None:
    """The value of a hidden field, or None."""
    found = _input(name).search(page)
    return unescape(found[2]) if found else None


def with_field(page: str, name: str, value: str) -> str:
    """The page with another value in the field."""
    return _input(name).sub(lambda found: f"{found[1]}{escape(value)}{found[3]}", page)


def action_of(page: str) -> str:
    """Where the page's form posts to."""
    found = _ACTION.search(page)
    return unescape(found[1]) if found else ""


def without_form(page: bytes) -> bytes:
    """A page that posts nothing."""
    return _FORM.sub(b"", page)


def posted_twice(page: bytes) -> bytes:
    """A page that posts its form into a frame that nobody sees, and then once more."""
    found = _FORM.search(page)
    if found is None:
        return page
    form = found[0]
    unseen = form.replace(b"<form ", b'<form hidden target="first-post" ', 1)
    unseen = re.sub(rb'\bid="[^"]*"', b"", re.sub(rb'data-delay="\d+"', b'data-delay="0"', unseen))
    again = re.sub(rb'data-delay="(\d+)"', lambda delay: b'data-delay="%d"' % (int(delay[1]) + 500), form)
    return page[: found.start()] + _FIRST + unseen + again + page[found.end() :]


def raw_of(value: str) -> bytes | None:
    """What a base64url value holds, or None."""
    try:
        return urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except (NotBase64, ValueError):
        return None


def value_of(raw: bytes) -> str:
    """base64url without padding (RFC 4648 section 5)."""
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def padded_value(raw: bytes) -> str:
    """base64url with padding; a message whose length needs none gets blanks behind it, which change nothing."""
    while len(raw) % 3 == 0:
        raw += b" "
    return urlsafe_b64encode(raw).decode()


def _input(name: str) -> re.Pattern[str]:
    return re.compile(rf'(<input\b[^>]*\bname="{re.escape(name)}"[^>]*\bvalue=")([^"]*)(")')
