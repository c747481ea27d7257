# Generated from acs_sim/testing/aio/pages.py by `python -m tests.support.twins`. Do not edit.
"""A person at the bank's page in a browser that Playwright drives. Playwright is the caller's; nothing here needs it installed."""

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from acs_sim.testing.values import NotInTime
from acs_sim.testing.words import WAIT_SECONDS

if TYPE_CHECKING:
    from playwright import sync_api

PAUSE_SECONDS: Final = 0.05
CODE: Final = '#code[name="challengeValue"]'  # the shop's own page may have some other #code
SUBMIT: Final = "#submit"


def complete_challenge(
    page: "sync_api.Page | sync_api.Frame",
    code: str | Callable[[], str],
    *,
    timeout: float = WAIT_SECONDS,
) -> None:
    """Wait until the bank asks for its code in `page` or in any frame within it, type `code` and confirm.

    `code` may be what fetches it (`card.phone.code`): it is asked once the page is shown, because showing it is what sends the
    code. What comes after, the page itself tells. Errors: `NotInTime`."""
    deadline = monotonic() + timeout
    while (frame := _asking(page)) is None:
        page.wait_for_timeout(_pause_before(deadline, timeout) * 1000)
    frame.locator(CODE).fill(code if isinstance(code, str) else code())
    frame.locator(SUBMIT).click()


def _asking(page: "sync_api.Page | sync_api.Frame") -> "sync_api.Frame | None":
    from playwright.sync_api import Error

    frame: sync_api.Frame
    for frame in _frames(page):
        try:
            if frame.locator(CODE).is_visible():
                return frame
        except Error:  # it went elsewhere while it was looked at
            continue
    return None


def _frames(page: Any) -> list[Any]:
    """All frames of a page; a frame and those within it."""
    frames: list[Any] | None = getattr(page, "frames", None)
    if frames is not None:
        return frames
    return [page, *(within for child in page.child_frames for within in _frames(child))]


def _pause_before(deadline: float, timeout: float) -> float:
    """How long to wait before looking again. Errors: `NotInTime`."""
    left = deadline - monotonic()
    if left <= 0:
        raise NotInTime(f"the bank did not ask for a code within {timeout:g} seconds")
    return min(PAUSE_SECONDS, left)
