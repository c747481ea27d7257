"""What is drawn for pages that follow, before they ask: the parts that many look at at once."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from acs_sim.desk.api.calls import Desk
from acs_sim.desk.pages import console, log_page
from threedsecure.storage.errors import DatabaseAway
from threedsecure.web.wire import Problem

LONGEST: Final = 2000
"""Characters of an address."""
DRAWN: Final[Mapping[str, Callable[[Desk, Mapping[str, str]], Awaitable[str]]]] = {
    "/bar": console.drawn_bar,
    "/transactions/rows": log_page.drawn,
}


def parts_of(desk: Desk) -> Callable[[str], Awaitable[str | None]]:
    """The HTML of a part by its address; None for what a page has to ask for itself, and then is told what is wrong."""

    async def draw(part: str) -> str | None:
        address = urlsplit(part[:LONGEST])
        draws = DRAWN.get(address.path)
        try:
            return None if draws is None else await draws(desk, dict(parse_qsl(address.query)))
        except (Problem, DatabaseAway):
            return None

    return draw
