"""The browser of the tests."""


async def test_a_page_in_chromium_runs_scripts_and_shows_text(page):
    await page.set_content("<p id=told></p><script>told.textContent = 6 * 7</script>")
    assert await page.inner_text("#told") == "42"


async def test_a_page_shares_no_cookies_with_another_context_of_the_same_browser(browser, page):
    await page.context.add_cookies([{"name": "seen", "value": "1", "url": "http://127.0.0.1/"}])
    other = await browser.new_context()
    assert [cookie["name"] for cookie in await page.context.cookies()] == ["seen"]
    assert await other.cookies() == []
