"""The browser of the tests."""

import time
from socket import create_connection
from urllib.parse import urlsplit

from tests.support.browser import running_chromium
from tests.support.patience import PATIENCE_SECONDS


async def test_a_page_in_chromium_runs_scripts_and_shows_text(page):
    await page.set_content("<p id=told></p><script>told.textContent = 6 * 7</script>")
    assert await page.inner_text("#told") == "42"


async def test_a_page_shares_no_cookies_with_another_context_of_the_same_browser(browser, page):
    await page.context.add_cookies([{"name": "seen", "value": "1", "url": "http://127.0.0.1/"}])
    other = await browser.new_context()
    assert [cookie["name"] for cookie in await page.context.cookies()] == ["seen"]
    assert await other.cookies() == []


def refused_at_last(place):
    gives_up_at = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < gives_up_at:
        try:
            create_connection((place.hostname, place.port), timeout=PATIENCE_SECONDS).close()
        except ConnectionRefusedError:
            return True
    return False


def test_no_chromium_is_left_when_the_tests_have_ended():
    with running_chromium() as address:
        place = urlsplit(address)
        create_connection((place.hostname, place.port), timeout=PATIENCE_SECONDS).close()
    assert refused_at_last(place)
