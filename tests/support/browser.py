"""A real Chromium for tests.

One Chromium per test process serves all of its tests, which talk to it over one driver and get contexts of their own, so that
cookies, storage and settings are never shared. Scroll bars take up room, as they do on most desks.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright
from playwright.async_api import expect as expect_of_coroutines
from playwright.sync_api import expect

from acs.cardholder.pages import READING_MILLISECONDS
from tests.support.patience import PATIENCE_SECONDS

# The same Chromium without the windows around its pages takes a third of the time: where it is there, the simulators of the tests
# take it, too.
os.environ.setdefault("CHROMIUM", shutil.which("chromium-headless-shell") or "")
WHOLE_NAMES = (os.environ.get("CHROMIUM_WITH_PAYMENTS", ""), "chromium", "chromium-browser", "google-chrome")
"""Those that can confirm payments; the one without windows cannot."""
NAMES = (os.environ["CHROMIUM"], *WHOLE_NAMES[1:])
SWITCHES = (
    "--headless",
    "--no-sandbox",  # it loads only pages of the project, and containers rarely allow the sandbox
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-extensions",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--no-default-browser-check",
    "--no-first-run",
    "--password-store=basic",
    "--remote-debugging-port=0",
)
ACTION_MILLISECONDS = 60_000
expect.set_options(timeout=ACTION_MILLISECONDS)
expect_of_coroutines.set_options(timeout=ACTION_MILLISECONDS)


@pytest.fixture(scope="session")
def chromium() -> Iterator[str]:
    """The address of a running Chromium's debugging socket."""
    with running_chromium() as address:
        yield address


@pytest.fixture(scope="session")
async def paying_browser() -> AsyncIterator[Browser]:
    """A Chromium that can confirm payments (Secure Payment Confirmation), which on Linux has to be asked for."""
    switch = "--enable-features=SecurePaymentConfirmationBrowser"
    with running_chromium(None, switch, program=executable(WHOLE_NAMES)) as address:
        async with async_playwright() as playwright:
            connected = await playwright.chromium.connect_over_cdp(address)
            yield connected
            await connected.close()


@contextmanager
def running_chromium(home: Path | None = None, *switches: str, program: str | None = None) -> Iterator[str]:
    """The address of a Chromium's debugging socket. `home`: a folder to be its user's, for what it trusts."""
    with TemporaryDirectory(prefix="acs-sim-chromium-", ignore_cleanup_errors=True) as folder:
        profile = Path(folder)
        with (
            (profile / "log").open("w+b") as log,
            _started(program or executable(), profile, log, home, switches) as process,
        ):
            try:
                yield _debugging_address(process, profile)
            finally:
                os.killpg(process.pid, signal.SIGTERM)  # Debian's program is a script that waits for the real one


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    """The Chromium, for tests that need contexts of their own making (`await new_context(browser, locale="fr-FR", …)`)."""
    async with async_playwright() as playwright:
        connected = await playwright.chromium.connect_over_cdp(chromium)
        yield connected
        await connected.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """An empty page in a fresh context."""
    context = await new_context(browser)
    yield await context.new_page()
    await context.close()


async def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A fresh context whose pages are as patient as a busy machine needs."""
    context = await browser.new_context(**options)
    context.set_default_timeout(ACTION_MILLISECONDS)
    return context


async def let_last_words_stand(page: Page) -> None:
    """The page that says how the challenge ended goes on after three seconds. Here it stays until its button is pressed."""
    await page.add_init_script(
        "const later = setTimeout;"
        f"setTimeout = (call, pause, ...more) => pause === {READING_MILLISECONDS} ? 0 : later(call, pause, ...more)"
    )


async def standing_clock(page: Page) -> None:
    """From now on the page's time passes only by `page.clock.run_for`."""
    await page.clock.install(time=0)
    await page.clock.pause_at(1000)


def executable(names: tuple[str, ...] = NAMES) -> str:
    """Where the program is."""
    found = next((found for name in names if name and (found := shutil.which(name))), None)
    if found is None:
        variable = "CHROMIUM" if names is NAMES else "CHROMIUM_WITH_PAYMENTS"
        pytest.fail(f"The browser tests need Chromium: install it, or name it in the environment variable {variable}.")
    return found


def _started(
    program: str, profile: Path, log: IO[bytes], home: Path | None, switches: tuple[str, ...]
) -> subprocess.Popen[bytes]:
    command = [program, *SWITCHES, *switches, f"--user-data-dir={profile}", "about:blank"]
    environment = os.environ if home is None else {**os.environ, "HOME": str(home)}
    return subprocess.Popen(command, stdout=log, stderr=log, env=environment, start_new_session=True)


def _debugging_address(process: subprocess.Popen[bytes], profile: Path) -> str:
    """Chromium writes the port it chose and the path of its socket into a file of its profile."""
    told = profile / "DevToolsActivePort"
    give_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < give_up_at and process.poll() is None:
        if told.exists() and (lines := told.read_text().splitlines()) and len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.02)
    pytest.fail("Chromium did not start:\n" + (profile / "log").read_text(errors="replace")[-2000:])
