"""Passkeys in a real Chromium with a virtual authenticator: made at the bank, asked for in the frame of the reference gateway."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, FrameLocator, Page, expect

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from acs_sim.testing.aio import AsyncThreeDS
from acs_sim.testing.session import simulator
from tests.support.browser import new_context
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.system.test_shops_in_chromium import submit, verdict
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.browser

# What a frame may do is settled when a page is opened in it.
OPENED_WITHOUT_PERMISSION = """async () => {
    const frame = document.getElementById("challenge"), {allow} = frame;
    frame.allow = "";
    const loaded = new Promise((done) => frame.addEventListener("load", done, {once: true}));
    document.getElementById("challenge-form").submit();
    await loaded;
    return allow;
}"""


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    settings = with_free_ports(Settings(fresh=True, seed=7))
    async with running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as running:
        yield running


@pytest.fixture(scope="module")
async def threeds(stack: Stack) -> AsyncIterator[AsyncThreeDS]:
    running = simulator(stack.addresses.desk)
    yield (await asyncio.to_thread(running.__enter__)).aio
    await asyncio.to_thread(running.__exit__, None, None, None)


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    context = await new_context(browser, viewport={"width": 1180, "height": 860})
    yield await context.new_page()
    await context.close()


async def to_the_bank(page: Page, stack: Stack, pan: str) -> FrameLocator:
    """As far as the bank's page in the gateway's frame."""
    await page.goto(f"{stack.addresses.shop}/shops/monetico?lang=en")
    await page.click("#checkout")
    await page.fill("#card-number", pan)
    await page.fill("#expiry", "12/30")
    await page.fill("#cryptogram", "123")
    await page.click("#pay")
    return page.frame_locator("#challenge")


async def in_chromium(page: Page, threeds: AsyncThreeDS, stack: Stack):
    """A card with a passkey in this browser, its device, and the page that asks for it."""
    card = await threeds.card("challenge-passkey")
    device = await threeds.authenticator(page)
    await device.enrol(card.pan)
    return card, device, await to_the_bank(page, stack, card.pan)


async def with_payments(page: Page, threeds: AsyncThreeDS):
    """A card whose payments are confirmed by a passkey in this browser, and its device."""
    card = await threeds.card("challenge-spc")
    device = await threeds.authenticator(page)
    await device.enrol(card.pan)
    return card, device


async def told(card):
    transaction = await card.transaction()
    rreq = (await transaction.messages("RReq"))[0].message
    passkey = (await transaction.messages("passkey"))[0].message
    return rreq["authenticationMethod"], passkey["outcome"], await transaction.findings()


async def test_the_passkey_pays(page, threeds, stack):
    card, _, bank = await in_chromium(page, threeds, stack)
    await bank.locator("#submit").click()
    assert (await verdict(page))[0] == "accepted"
    method, outcome, findings = await told(card)
    assert (method, outcome, [each.rule for each in findings]) == (["13"], "chosen", [])


async def test_a_cardholder_whom_the_device_does_not_know_gets_a_code(page, threeds, stack):
    card, device, bank = await in_chromium(page, threeds, stack)
    await device.verify(verifies=False)
    await bank.locator("#submit").click()
    await bank.locator("#message[data-kind=passkey-unused]").wait_for()
    await submit(bank, await card.phone.code())
    assert (await verdict(page))[0] == "accepted"
    assert (await told(card))[:2] == (["02"], "cancelled")


async def test_a_frame_that_may_not_ask_is_a_mistake_of_the_gateways_page(page, threeds, stack):
    card, _, bank = await in_chromium(page, threeds, stack)
    await bank.locator("#submit").wait_for()
    allowed = await page.evaluate(OPENED_WITHOUT_PERMISSION)
    await bank.locator("#submit").click()
    await submit(bank, await card.phone.code())
    assert (await verdict(page))[0] == "accepted"
    method, outcome, findings = await told(card)
    assert (method, outcome) == (["02"], "not permitted")
    assert [(each.rule, each.severity) for each in findings] == [("frame-without-permission", "warning")]
    assert f'allow="{allowed}"' in findings[0].remedy


# Secure Payment Confirmation, which the browser without windows has not.


@pytest.fixture
async def paying_page(paying_browser: Browser) -> AsyncIterator[Page]:
    context = await new_context(paying_browser, viewport={"width": 1180, "height": 860})
    yield await context.new_page()
    await context.close()


async def to_the_card_form(page: Page, stack: Stack, pan: str) -> None:
    await page.goto(f"{stack.addresses.shop}/shops/monetico?lang=en")
    await page.click("#checkout")
    await page.fill("#card-number", pan)
    await page.fill("#expiry", "12/30")
    await page.fill("#cryptogram", "123")
    await expect(page.locator("[name=spc]")).to_have_value("Y")


async def test_the_bank_has_the_payment_confirmed_in_the_frame(paying_page, threeds, stack):
    card, device = await with_payments(paying_page, threeds)
    await device.when_asked_to_pay("confirms")
    await to_the_card_form(paying_page, stack, card.pan)
    await paying_page.evaluate("document.querySelector('[name=spc]').value = ''")
    await paying_page.click("#pay")
    await paying_page.frame_locator("#challenge").locator("#submit").click()
    assert (await verdict(paying_page))[0] == "accepted"
    method, outcome, findings = await told(card)
    assert (method, outcome, [each.rule for each in findings]) == (["14"], "chosen", [])


async def test_the_shop_has_the_payment_confirmed_and_every_outcome_goes_on(paying_page, threeds, stack):
    page = paying_page
    card, device = await with_payments(page, threeds)
    for answer, incomplete in (("closes", "02"), ("opts out", "02"), ("other way", "01"), ("confirms", None)):
        await device.when_asked_to_pay(answer)
        await to_the_card_form(page, stack, card.pan)
        await page.click("#pay")
        await page.click("#confirm")
        if incomplete is not None:
            bank = page.frame_locator("#challenge")
            await bank.locator("#code").wait_for()
            await submit(bank, await card.phone.code())
        assert (await verdict(page))[0] == "accepted", answer
        await card.phone.clear()
    said, passkeys, findings = [], [], []
    for each in await card.transactions():
        payment = threeds.transaction(each.id)
        said += [one.message for one in await payment.messages("AReq") if one.sender == "3DS Server"]
        passkeys += [one.message for one in await payment.messages("passkey")]
        findings += [one.rule for one in await payment.findings()]
    assert sorted(areq.get("spcIncompInd", "-") for areq in said) == ["-"] * 5 + ["01", "02", "02"]
    assert [(one["outcome"], one["accepted"]) for one in passkeys] == [("chosen", True)]
    assert findings == []
