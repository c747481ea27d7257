"""A buyer at a desk: a real Chromium, both shops, every party real, the clock in our hand.

`make screenshots` writes the pictures of docs/images from these very runs.
"""

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import aiohttp
import pytest
from playwright.async_api import FrameLocator, Page

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.browser import let_last_words_stand
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from threedsecure.web.clock import Clock

PICTURES = Path(__file__).parents[2] / "docs" / "images"
SHOPS = ("e-transactions", "monetico")


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    async with running_stack(
        with_free_ports(Settings(fresh=True, seed=7)), clock=Clock(frozen_at=STARTED_AT)
    ) as running:
        yield running


@pytest.fixture
async def card(stack: Stack) -> dict[str, str]:
    async with aiohttp.ClientSession() as session:
        wanted = {"scheme": "visa", "scenario": "challenge-otp"}
        async with session.post(f"{stack.addresses.desk}/api/cards", json=wanted) as answer:
            return await answer.json()


async def picture(page: Page, name: str) -> None:
    if os.environ.get("ACS_SIM_SCREENSHOTS"):
        PICTURES.mkdir(exist_ok=True)
        await page.screenshot(path=PICTURES / f"{name}.png")


async def newest_code(stack: Stack, card: dict[str, str], after: str | None = None) -> tuple[str, str]:
    query = {"wait": "60"} | ({"after": after} if after else {})
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stack.addresses.phone}/api/phones/{quote(card['phone'])}/latest", params=query) as answer,
    ):
        message = await answer.json()
        return message["id"], message["code"]


async def pay(page: Page, stack: Stack, shop: str, card: dict[str, str], language: str = "en") -> FrameLocator:
    """Fill the basket's payment page and return the challenge that appears."""
    await page.set_viewport_size({"width": 1180, "height": 860})
    await page.goto(f"{stack.addresses.shop}/shops/{shop}?lang={language}")
    await page.click("#checkout")
    await page.fill("#card-number", card["pan"])
    await page.fill("#expiry", "12/30")
    await page.fill("#cryptogram", "123")
    await page.click("#pay")
    challenge = page.frame_locator("#challenge")
    await challenge.locator("#code").wait_for()
    return challenge


async def submit(challenge: FrameLocator, code: str) -> None:
    await challenge.locator("#code").fill(code)
    await challenge.locator("#code").press("Enter")


async def notice(challenge: FrameLocator, words: str) -> str:
    found = challenge.locator("#message", has_text=words)
    await found.wait_for()
    return await found.inner_text()


async def verdict(page: Page) -> tuple[str, str]:
    result = page.locator("#result")
    await result.wait_for()
    return await result.get_attribute("data-result") or "", await page.locator("#reason").inner_text()


def wrong(code: str) -> str:
    return "000000" if code != "000000" else "111111"


@pytest.mark.parametrize("shop", SHOPS)
async def test_the_code_from_the_phone_pays_the_basket(page, stack, card, shop):
    challenge = await pay(page, stack, shop, card)
    _, code = await newest_code(stack, card)
    await picture(page, f"{shop}-challenge")
    await submit(challenge, code)
    result, _ = await verdict(page)
    await picture(page, f"{shop}-accepted")
    assert result == "accepted"


@pytest.mark.parametrize("shop", SHOPS)
async def test_three_wrong_codes_refuse_the_payment_and_send_the_buyer_to_the_bank(page, stack, card, shop):
    await let_last_words_stand(page)
    challenge = await pay(page, stack, shop, card)
    _, code = await newest_code(stack, card)
    await submit(challenge, wrong(code))
    assert "2" in await notice(challenge, "2")
    await picture(page, f"{shop}-wrong-code")
    await submit(challenge, wrong(code))
    assert "1" in await notice(challenge, "1")
    await submit(challenge, wrong(code))
    assert "bank" in await notice(challenge, "bank")
    await picture(page, f"{shop}-contact-your-bank")
    await challenge.locator("#continue").click()
    result, reason = await verdict(page)
    await picture(page, f"{shop}-refused")
    assert result == "refused"
    assert "bank" in reason


@pytest.mark.parametrize("shop", SHOPS)
async def test_a_new_code_replaces_the_old_one(page, stack, card, shop):
    challenge = await pay(page, stack, shop, card)
    first, old = await newest_code(stack, card)
    await challenge.locator("#resend").click()
    _, new = await newest_code(stack, card, after=first)
    await challenge.locator("#message").wait_for()
    await submit(challenge, old)
    await notice(challenge, "newer" if old != new else "")
    await submit(challenge, new)
    assert (await verdict(page))[0] == "accepted"


@pytest.mark.parametrize("shop", SHOPS)
async def test_a_cancelled_challenge_pays_nothing(page, stack, card, shop):
    challenge = await pay(page, stack, shop, card)
    await challenge.locator("#cancel").click()
    result, _ = await verdict(page)
    assert result in {"cancelled", "refused"}


@pytest.mark.parametrize("shop", SHOPS)
async def test_an_expired_code_is_told_so_and_a_new_one_works(page, stack, card, shop):
    challenge = await pay(page, stack, shop, card)
    first, expired = await newest_code(stack, card)
    stack.clock.advance(timedelta(minutes=6))
    await submit(challenge, expired)
    await notice(challenge, "expired")
    await challenge.locator("#resend").click()
    _, fresh = await newest_code(stack, card, after=first)
    await submit(challenge, fresh)
    assert (await verdict(page))[0] == "accepted"
