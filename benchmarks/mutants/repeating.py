"""How the tests run here: alone, without what only people look at, and with the same drawn examples each time."""

from typing import Final

import pytest
from hypothesis import Phase, settings

ARGUMENTS: Final = (
    *("-q", "-x", "--tb=no", "--assert=plain", "--no-header", "-m", "not slow"),
    *("-p", "no:cacheprovider", "-p", "no:xdist", "-p", "no:faulthandler"),
)


class Repeating:
    """No example is remembered from one mutant to the next, and none is made smaller for people to read."""

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        settings.register_profile(
            "mutants",
            settings.get_profile("tests"),
            derandomize=True,
            max_examples=25,
            database=None,
            phases=(Phase.explicit, Phase.generate),
        )
        settings.load_profile("mutants")
