"""The people of a run: one for each play, with a window of their own where the run asks for windows."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp

from acs_sim.scenarios.browser.purchases import Purchases
from acs_sim.scenarios.browser.screens import Headless, Screen
from acs_sim.scenarios.file.loading import Play
from acs_sim.scenarios.file.model import CLASSIC
from acs_sim.scenarios.playing.play import Company, Does
from acs_sim.scenarios.playing.turn import Turn
from acs_sim.scenarios.playing.watching import Watching, cannot_watch
from acs_sim.scenarios.simulator import Simulator

if TYPE_CHECKING:
    from playwright.async_api import Browser

BROWSER_CHANNEL = "browser"
Shots = list[tuple[str, bytes]]


class Elsewhere:
    """Where a gateway in front of a browser has no part."""

    def joins(self, _turn: Turn) -> Mapping[str, Does]:
        return cannot_watch()

    def excuses(self) -> None:
        """No gateway was asked for anything."""


class Cardholders:
    """`chromium`: None where nobody needs a window. `purchases`: the gateway that drives, None where the run's own does."""

    def __init__(
        self,
        simulator: Simulator,
        purchases: Purchases | None,
        chromium: "Browser | None",
        tls: ssl.SSLContext | None,
    ) -> None:
        self._simulator = simulator
        self._purchases = purchases
        self._chromium = chromium
        self._tls = tls

    @property
    def use_chromium(self) -> bool:
        return self._chromium is not None

    @property
    def another_drives(self) -> bool:
        """Whether the gateway is another one's, and worth a verdict."""
        return self._purchases is not None

    @asynccontextmanager
    async def one_for(self, play: Play) -> AsyncIterator[tuple[Company | None, Shots]]:
        """Who does the steps of the cardholder in another way, and where the pictures of it are put."""
        in_browser = play.scenario.version != CLASSIC and play.scenario.channel == BROWSER_CHANNEL
        if not in_browser and self._purchases is not None:
            yield Elsewhere(), []
        elif not in_browser or (self._purchases is None and self._chromium is None):
            yield None, []
        else:
            screen = await self._screen()
            try:
                yield Watching(screen, self._purchases), screen.diary.shots
            finally:
                await screen.close()

    async def _screen(self) -> Screen:
        if self._chromium is not None:
            from acs_sim.scenarios.browser.chromium import new_screen

            return await new_screen(self._chromium, self._simulator.is_bank)
        return Headless(new_session(self._tls, auto_decompress=False), self._simulator.is_bank)


@asynccontextmanager
async def cardholders(
    browser: bool, against: str | None, simulator: Simulator, tls: ssl.SSLContext | None
) -> AsyncIterator[Cardholders]:
    """Errors: `CannotPlay` where a browser is asked for and there is none."""
    async with new_session(tls) as session:
        purchases = Purchases(session, against, simulator.desk) if against is not None else None
        if not browser:
            yield Cardholders(simulator, purchases, None, tls)
            return
        from acs_sim.scenarios.browser.chromium import running_chromium

        async with running_chromium() as chromium:
            yield Cardholders(simulator, purchases, chromium, tls)


def new_session(tls: ssl.SSLContext | None, *, auto_decompress: bool = True) -> aiohttp.ClientSession:
    """With cookies, also from addresses that are numbers."""
    return aiohttp.ClientSession(
        auto_decompress=auto_decompress,
        connector=aiohttp.TCPConnector(limit=0, ssl=tls or True),
        cookie_jar=aiohttp.CookieJar(unsafe=True),
    )
