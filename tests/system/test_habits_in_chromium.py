"""What people do to a challenge page that it was not made for: two tabs, back, refresh, a double click, no JavaScript. Whatever
they do, one answer counts once and there is one result."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, Frame, Page, expect

from tests.support.browser import let_last_words_stand
from tests.support.checkout import Checkout, checkout, wrong

pytestmark = pytest.mark.browser

# What answers the first page of a method wrongly and rightly. A choice is made by its value.
ANSWERS = {
    "challenge-otp": ("", ""),
    "challenge-password": ("nonsense", "imaginaire"),
    "challenge-knowledge": ("Rex", "Felix"),
    "challenge-multi-select": ("1,2", "2,5"),
}


@pytest.fixture(scope="module")
async def shared(browser: Browser) -> AsyncIterator[Checkout]:
    async with checkout(browser) as running:
        yield running


@pytest.fixture
async def shop(shared: Checkout) -> AsyncIterator[Checkout]:
    yield shared
    await shared.clear_up()


async def answers(shop: Checkout, scenario: str, card: dict[str, str]) -> tuple[str, str]:
    if scenario != "challenge-otp":
        return ANSWERS[scenario]
    code = await shop.code(card["phone"])
    return wrong(code), code


async def enter(page: Page | Frame, value: str) -> None:
    """Type or choose, and press nothing yet."""
    if await page.query_selector("#code"):
        await page.fill("#code", value)
        return
    for choice in await page.query_selector_all("#choices input"):
        await choice.set_checked(await choice.get_attribute("value") in value.split(","))


async def submit(page: Page | Frame, value: str) -> None:
    await enter(page, value)
    await page.click("#submit")


async def told(page: Page | Frame, *kinds: str) -> None:
    await page.wait_for_selector(",".join(f'#message[data-kind="{kind}"]' for kind in kinds))


@pytest.mark.parametrize("scenario", ANSWERS)
async def test_refresh_back_double_click_and_a_second_tab_count_each_answer_once(shop, scenario):
    card = await shop.card(scenario)
    ares = await shop.ares(card)
    page = await shop.page()
    await shop.challenge_alone(page, ares)
    bad, good = await answers(shop, scenario, card)

    await page.reload()  # the same CReq again: the same page
    assert await page.locator("#message").count() == 0

    await enter(page, bad)
    await page.dblclick("#submit")
    await told(page, "wrong-code", "wrong-password", "wrong-answer", "wrong-choice")
    assert "2" in await page.inner_text("#message")  # the second click cost no second try

    await page.reload()  # the same answer again
    await page.wait_for_selector("#message")
    assert "2" in await page.inner_text("#message")

    await page.go_back()
    await page.wait_for_selector("#submit")
    await submit(page, bad)  # typed on an older page: a repetition or a stale answer, no try
    await page.wait_for_selector("#message")

    other = await page.context.new_page()
    await shop.challenge_alone(other, ares)
    await submit(other, bad)
    await told(other, "wrong-code", "wrong-password", "wrong-answer", "wrong-choice")
    assert "1" in await other.inner_text("#message")
    await submit(page, bad)  # the first tab is a page behind
    await told(page, "stale-page", "wrong-code", "wrong-password", "wrong-answer", "wrong-choice")

    await enter(page, good)
    await page.dblclick("#submit")
    await expect(page).to_have_url(f"{shop.server.url}/notification")
    await submit(other, good)  # too late, and answered with the same end
    await expect(other).to_have_url(f"{shop.server.url}/notification")

    rreq = await shop.result()
    assert (rreq["transStatus"], rreq["interactionCounter"]) == ("Y", "03")
    assert {(await shop.answer())["transStatus"] for _ in range(2)} == {"Y"}
    assert shop.server.results.empty()


async def test_refresh_and_back_after_the_end_show_the_end_again(shop):
    card = await shop.card("challenge-otp")
    page = await shop.page()
    await let_last_words_stand(page)
    frame = await shop.challenge(page, await shop.ares(card))
    code = wrong(await shop.code(card["phone"]))
    for left in ("2", "1"):
        await submit(frame, code)
        await frame.wait_for_selector(f"#message >> text={left}")
    await submit(frame, code)
    await told(frame, "contact-bank")
    await frame.evaluate("setTimeout(() => history.back())")  # and not in the middle of the evaluation
    await frame.wait_for_selector("#code")
    await submit(frame, await shop.code(card["phone"]))  # the right code, after the third wrong one
    await told(frame, "contact-bank")
    await frame.click("#continue")
    assert (await shop.result())["transStatus"] == "N"
    assert (await shop.answer())["transStatus"] == "N"
    assert shop.server.results.empty()


async def test_the_page_that_waits_for_the_banking_app_bears_tabs_and_refresh(shop):
    card = await shop.card("challenge-oob")
    ares = await shop.ares(card)
    page = await shop.page()
    await shop.challenge_alone(page, ares)
    await page.reload()
    other = await page.context.new_page()
    await shop.challenge_alone(other, ares)
    phone = await page.context.new_page()
    await phone.goto(f"{shop.stack.addresses.phone}/phones/{card['phone']}")
    assert await phone.get_by_role("button", name="Approve").count() == 1  # nobody was asked twice
    await phone.get_by_role("button", name="Approve").dblclick()
    for tab in (page, other):
        await expect(tab).to_have_url(f"{shop.server.url}/notification")
    assert (await shop.result())["transStatus"] == "Y"
    assert {(await shop.answer())["transStatus"] for _ in range(2)} == {"Y"}
    assert shop.server.results.empty()


SCRIPTLESS = {
    "challenge-otp": ["code"],
    "challenge-password": ["imaginaire"],
    "challenge-password-otp": ["imaginaire", "code"],
    "challenge-single-select": ["1", "code"],
    "challenge-multi-select": ["2,5"],
    "challenge-knowledge": ["Felix"],
    "challenge-html": ["yes"],
    "challenge-oob": ["approve"],
    "challenge-auto-pass": [""],
}


async def test_every_method_works_without_javascript(shop):
    for scenario, steps in SCRIPTLESS.items():
        card = await shop.card(scenario)
        page = await shop.page(java_script_enabled=False)
        await shop.challenge_alone(page, await shop.ares(card))
        for step in steps:
            if step == "approve":
                phone = await page.context.new_page()
                await phone.goto(f"{shop.stack.addresses.phone}/phones/{card['phone']}")
                await phone.get_by_role("button", name="Approve").click()
            if step == "code":
                await page.wait_for_selector("#resend")
            elif step == "approve" or not step:
                await page.click("#submit")
                continue
            await submit(page, await shop.code(card["phone"]) if step == "code" else step)
        await page.click("#continue")
        await expect(page).to_have_url(f"{shop.server.url}/notification")
        await shop.ended("Y")
        await shop.clear_up()
