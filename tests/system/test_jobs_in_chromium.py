"""Ten jobs of a developer's day at the desk, done by mouse alone and by keyboard alone: each counts its steps, and none takes more
than it may."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import aiohttp
import pytest
from playwright.async_api import Locator, Page, expect

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.browser import new_context
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.browser
REFUSED = "6afa6072-9412-446b-9673-2f98b3ee98a2"
MOST_TABS = 250
JOB_SECONDS = 60
"""A person is quicker; a busy machine is not."""


class Person:
    """Somebody at the desk with a mouse, who pastes at most one thing into a field; `steps`: clicks, choices and pastes so far."""

    def __init__(self, page: Page, stack: Stack, session: aiohttp.ClientSession) -> None:
        self.page, self.stack, self.session, self.steps = page, stack, session, 0

    async def opens(self, path: str = "/") -> None:
        await self.page.goto(self.stack.addresses.desk + path)

    async def clicks(self, target: Locator | str) -> None:
        self.steps += 1
        await self.activates(self.page.get_by_role("link", name=target) if isinstance(target, str) else target)

    async def presses(self, words: str) -> None:
        await self.clicks(self.page.get_by_role("button", name=words, exact=True))

    async def picks(self, field: str, value: str) -> None:
        self.steps += 1
        await self.chooses(self.page.locator(f"main [name={field}]").last, value)

    async def pastes(self, field: str, text: str) -> None:
        self.steps += 1
        await self.fills(self.page.locator(f"[name={field}]").last, text)

    async def activates(self, target: Locator) -> None:
        await target.click()

    async def chooses(self, field: Locator, value: str) -> None:
        await field.select_option(value)

    async def fills(self, field: Locator, text: str) -> None:
        await field.fill(text)

    async def sees(self, text: str) -> None:
        await expect(self.page.locator("main")).to_contain_text(text)

    async def paid(self, scenario: str = "challenge-otp", shop: str = "e-transactions") -> dict[str, Any]:
        """What somebody else did before: a payment at the reference gateway."""
        at = self.stack.addresses
        async with self.session.post(f"{at.desk}/api/cards", json={"scheme": "visa", "scenario": scenario}) as answer:
            card = await answer.json()
        wanted = {"pan": card["pan"], "expiry": card["expiry"], "amount": 4200, "shop": shop}
        async with self.session.post(f"{at.shop}/api/purchases", json=wanted) as answer:
            return await answer.json()

    async def acted(self, purchase: dict[str, Any], **deed: str) -> None:
        url = f"{self.stack.addresses.desk}/api/transactions/{purchase['id']}/cardholder"
        async with self.session.post(url, json=deed) as answer:
            assert answer.status == 200, await answer.text()

    async def saved(self, link: str) -> Path:
        """What a link brings as a file."""
        async with self.page.expect_download() as download:
            await self.clicks(link)
        return await (await download.value).path()


class Typist(Person):
    """The same without a mouse: Tab goes to what is wanted, the keys that a browser has for it do the rest."""

    async def activates(self, target: Locator) -> None:
        await self.reaches(target)
        await self.page.keyboard.press("Space" if await target.get_attribute("type") == "checkbox" else "Enter")

    async def chooses(self, field: Locator, value: str) -> None:
        await self.reaches(field)
        words = await field.locator(f"option[value='{value}'], option:text-is('{value}')").first.text_content()
        await self.page.keyboard.type(words or value)
        await expect(field).to_have_value(value)
        await self.page.keyboard.press("Enter")

    async def fills(self, field: Locator, text: str) -> None:
        await self.reaches(field)
        await self.page.keyboard.press("Control+A")
        await self.page.keyboard.insert_text(text)

    async def reaches(self, target: Locator) -> None:
        await expect(target).to_be_visible()
        for _ in range(MOST_TABS):
            if await target.evaluate("element => element === document.activeElement"):
                outline = await target.evaluate("element => getComputedStyle(element).outlineStyle")
                assert outline != "none", "what has the focus does not look so"
                return
            await self.page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not lead to {target}")


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    async with running_stack(
        with_free_ports(Settings(fresh=True, seed=7)), clock=Clock(frozen_at=STARTED_AT)
    ) as running:
        yield running


@pytest.fixture(params=[Person, Typist], ids=["mouse", "keyboard"])
async def person(request, stack, browser) -> AsyncIterator[Person]:
    context = await new_context(browser, viewport={"width": 1280, "height": 720}, accept_downloads=True)
    async with aiohttp.ClientSession() as session:
        yield request.param(await context.new_page(), stack, session)
        await session.post(f"{stack.addresses.desk}/api/reset", json={})
    await context.close()


async def see_why_my_first_areq_was_refused(person: Person) -> None:
    areq = {"messageType": "AReq", "messageVersion": "2.2.0", "threeDSServerTransID": REFUSED, "deviceChannel": "02"}
    await person.opens()
    await person.sees("Waiting for your first AReq")
    async with person.session.post(f"{person.stack.addresses.ds}/visa/3ds2", json=areq) as answer:
        assert (await answer.json())["errorCode"] == "201"
    await person.clicks(person.page.locator("tr.bad .time a"))
    wrong = person.page.locator("tr.bad", has_text="purchaseAmount")
    await expect(wrong).to_contain_text("absent")
    await expect(wrong).to_contain_text("201")


async def find_yesterdays_failed_payment_by_its_order_reference(person: Person) -> None:
    failed = await person.paid("not-authenticated")
    await person.paid("frictionless")
    person.stack.clock.advance(timedelta(days=1))
    await person.opens()
    await person.pastes("q", failed["reference"])
    await person.presses("Search")
    await expect(person.page.locator(".log tbody tr")).to_have_count(1)
    await person.clicks(person.page.locator(".log .time a"))
    await person.sees(failed["reference"])
    await person.sees("not authenticated")


async def compare_two(person: Person) -> None:
    await person.paid("frictionless")
    await person.paid("not-authenticated")
    await person.opens()
    for place in (0, 1):
        await person.clicks(person.page.locator(".log input[type=checkbox]").nth(place))
    await person.presses("Compare")
    await expect(person.page.locator("[data-differs]", has_text="transStatus").first).to_be_visible()


async def mint_a_card_with_two_tries_in_german_and_pay(person: Person) -> None:
    await person.opens("/cards")
    await person.pastes("tries", "2")
    await person.picks("language", "de")
    await person.presses("Mint it")
    await person.clicks(person.page.locator(".minted button[name=pay]"))
    await person.sees("2 tries")


async def make_the_next_rreq_come_twice_and_see_both(person: Person) -> None:
    await person.opens("/faults")
    await person.picks("what", "RReq twice")
    await person.presses("Put in force")
    await expect(person.page.locator("#bar .pill")).to_have_text("1 fault in force")
    await person.acted(await person.paid(), do="submit", code="correct")
    await person.clicks(person.page.locator(".brand"))
    await person.clicks(person.page.locator(".log .time a").first)
    twice = person.page.locator("#sequence .arrow", has_text="RReq twice")
    await expect(twice).to_contain_text("The same message a second time")
    await person.clicks(twice)
    await expect(person.page.locator("#shown-message")).to_contain_text("fault")
    await expect(person.page.locator("#sequence .arrow", has_text="copy 2")).to_contain_text("answered with HTTP 200")


async def let_a_code_expire(person: Person) -> None:
    purchase = await person.paid()
    await person.acted(purchase, do="resend")
    await person.opens(f"/transactions/{purchase['id']}")
    await expect(person.page.locator("#next")).to_have_text("next: code expires in 5:00")
    await person.presses("Let it expire")
    await expect(person.page.locator("#next")).to_contain_text("page times out")
    await person.presses("Right code")
    await expect(person.page.locator("#sequence .arrow.bad")).to_contain_text("code expired")


async def answer_a_prompt_of_the_banking_app(person: Person) -> None:
    purchase = await person.paid("challenge-oob")
    await person.acted(purchase, do="abandon")
    await person.opens()
    await person.clicks(person.page.locator(".log .time a").first)
    await person.presses("Approve")
    await expect(person.page.get_by_role("button", name="Approve", exact=True)).to_have_count(0)
    await expect(person.page.locator("#sequence")).to_contain_text("prompt decision")


async def turn_a_transaction_into_a_scenario_file_and_play_it(person: Person) -> None:
    purchase = await person.paid()
    for code in ("wrong", "correct"):
        await person.acted(purchase, do="submit", code=code)
    await person.opens(f"/transactions/{purchase['id']}")
    file = await person.saved("Scenario file")
    assert "code: wrong" in file.read_text("utf-8")
    await person.presses("Play it")
    await expect(person.page.locator("#played")).to_have_text("It came out as written.")


async def send_a_colleague_a_bug_report(person: Person) -> None:
    purchase = await person.paid("not-authenticated")
    await person.opens()
    await person.clicks(person.page.locator(".log .time a").first)
    report = (await person.saved("Bug report")).read_text("utf-8")
    assert purchase["id"] in report
    assert "http" not in report.partition("<style>")[0]
    assert "<script" not in report


async def judge_my_gateways_readiness(person: Person) -> None:
    await person.opens()
    await person.clicks("Readiness")
    await expect(person.page.locator("#verdict")).to_have_text("Not ready")
    await person.paid("frictionless")
    row = person.page.locator("tr", has_text="Authenticated").first
    await expect(row).to_contain_text("passed")
    await person.clicks(row.locator("a"))
    await person.sees("authenticated")


JOBS = (
    (see_why_my_first_areq_was_refused, 1),
    (find_yesterdays_failed_payment_by_its_order_reference, 3),
    (compare_two, 3),
    (mint_a_card_with_two_tries_in_german_and_pay, 4),
    (make_the_next_rreq_come_twice_and_see_both, 5),
    (let_a_code_expire, 2),
    (answer_a_prompt_of_the_banking_app, 2),
    (turn_a_transaction_into_a_scenario_file_and_play_it, 2),
    (send_a_colleague_a_bug_report, 2),
    (judge_my_gateways_readiness, 2),
)


@pytest.mark.parametrize(("job", "steps"), JOBS, ids=[job.__name__ for job, _ in JOBS])
async def test_a_job_is_done_by_mouse_and_by_keyboard_in_few_steps(person, job, steps):
    began = monotonic()
    await job(person)
    assert person.steps == steps
    assert monotonic() - began < JOB_SECONDS
