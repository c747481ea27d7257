"""What every test may ask for."""

import pytest

from tests.support.browser import browser, chromium, page

__all__ = ["browser", "chromium", "page"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a browser carries the marker `browser` without saying so."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
