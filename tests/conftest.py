"""What every test may ask for."""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.support.browser import browser, chromium, page
from tests.support.postgresql import Cluster, cluster

__all__ = ["browser", "chromium", "page"]

# A busy machine is no finding: time is measured where it matters, not by every property.
settings.register_profile("tests", deadline=None)
settings.load_profile("tests")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A running PostgreSQL; `postgresql.fresh_database()` gives the address of an empty database."""
    with cluster() as running:
        yield running


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A test that asks for a browser carries the marker `browser` without saying so."""
    for item in items:
        if "chromium" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
