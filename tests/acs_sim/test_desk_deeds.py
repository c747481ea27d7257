"""What can be done with a transaction at the desk, by mouse, and what can be taken away from it."""

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from playwright.async_api import expect

from acs_sim.running.stack import Stack, running_stack
from acs_sim.scenarios.file.loading import load
from acs_sim.settings.settings import Settings
from tests.support.browser import new_context
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from threedsecure.web.clock import Clock


@pytest.fixture(scope="module")
async def stack() -> AsyncIterator[Stack]:
    async with running_stack(
        with_free_ports(Settings(fresh=True, seed=7)), clock=Clock(frozen_at=STARTED_AT)
    ) as running:
        yield running


@pytest.fixture
async def session(stack) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


async def paid(stack: Stack, session: aiohttp.ClientSession, scenario: str = "challenge-otp") -> str:
    """The id of a payment at the reference gateway, whose browser waits at the bank's page where there is one."""
    at = stack.addresses
    async with session.post(f"{at.desk}/api/cards", json={"scheme": "visa", "scenario": scenario}) as answer:
        card = await answer.json()
    wanted = {"pan": card["pan"], "expiry": card["expiry"], "amount": 4200}
    async with session.post(f"{at.shop}/api/purchases", json=wanted) as answer:
        return (await answer.json())["id"]


async def deed(stack: Stack, session: aiohttp.ClientSession, name: str, do: str) -> tuple[int, str]:
    url = f"{stack.addresses.desk}/transactions/{name}/act"
    async with session.post(url, data={"do": do}, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location", await answer.text())


async def page(stack: Stack, session: aiohttp.ClientSession, path: str) -> str:
    async with session.get(stack.addresses.desk + path) as answer:
        return await answer.text()


async def test_the_buttons_are_what_a_cardholder_could_do_now(stack, session):
    name = await paid(stack, session)
    shown = await page(stack, session, f"/transactions/{name}")
    assert [do for do in ("right", "wrong", "resend", "cancel", "expire", "approve") if f'value="{do}"' in shown] == [
        "right",
        "wrong",
        "resend",
        "cancel",
        "expire",
    ]
    assert await deed(stack, session, name, "wrong") == (303, f"/transactions/{name}")
    assert await deed(stack, session, name, "right") == (303, f"/transactions/{name}")
    assert 'name="do" value="right"' not in await page(stack, session, f"/transactions/{name}")
    assert "authenticated after 2 answers" in await page(stack, session, f"/?q={name}")


async def test_what_the_bank_shows_is_looked_at_beside_the_conversation(stack, session, browser):
    name = await paid(stack, session)
    address = f"/transactions/{name}/page"
    assert "the bank shows no page" in await page(stack, session, address)
    await deed(stack, session, name, "wrong")
    async with session.get(stack.addresses.desk + address) as answer:
        assert "sandbox" in answer.headers["Content-Security-Policy"]
    context = await new_context(browser, viewport={"width": 1280, "height": 720})
    desk = await context.new_page()
    troubles = []
    desk.on("console", lambda message: troubles.append(message.text) if message.type == "error" else None)
    await desk.goto(f"{stack.addresses.desk}/transactions/{name}")
    await desk.locator("#preview summary").click()
    frame = desk.frame_locator("#preview iframe")
    await expect(frame.locator("#code")).to_be_visible()
    assert await frame.locator("body").evaluate("body => getComputedStyle(body).margin") == "0px", "its style is there"
    assert [text for text in troubles if "script" not in text] == []
    await context.close()
    await deed(stack, session, name, "right")
    assert "the bank shows no page" in await page(stack, session, address)
    assert 'id="preview"' not in await page(stack, session, f"/transactions/{name}")


async def test_a_code_expires_by_one_click(stack, session):
    name = await paid(stack, session)
    before = stack.clock.now()
    await deed(stack, session, name, "expire")
    assert (stack.clock.now() - before).total_seconds() == 301


async def test_again_is_another_payment_of_the_same_kind_that_can_be_finished(stack, session):
    name = await paid(stack, session)
    status, address = await deed(stack, session, name, "again")
    other = address.removeprefix("/transactions/")
    assert (status, other != name) == (303, True)
    await deed(stack, session, other, "right")
    async with session.get(f"{stack.addresses.shop}/api/purchases/{other}?wait=10") as answer:
        assert (await answer.json())["result"] == "accepted"


async def test_a_prompt_of_the_banking_app_is_answered_by_one_click(stack, session):
    _, address = await deed(stack, session, await paid(stack, session, "challenge-oob"), "again")
    name = address.removeprefix("/transactions/")
    shown = await page(stack, session, address)
    assert [do for do in ("right", "approve", "decline") if f'value="{do}"' in shown] == ["approve", "decline"]
    assert await deed(stack, session, name, "approve") == (303, address)


async def test_what_is_no_deed_is_told_on_a_page(stack, session):
    name = await paid(stack, session)
    status, text = await deed(stack, session, name, "dance")
    assert status == 400
    assert "do is one of right, wrong" in text


async def test_a_sequence_can_be_taken_away_as_a_picture_and_for_a_wiki(stack, session):
    base = f"/transactions/{await paid(stack, session)}/sequence"
    assert "AReq" in await page(stack, session, f"{base}.svg")
    assert (await page(stack, session, f"{base}.mmd")).startswith("sequenceDiagram")
    async with session.get(f"{stack.addresses.desk}{base}.gif") as answer:
        assert answer.status == 404


async def test_a_transaction_becomes_a_scenario_file_that_can_be_loaded(stack, session, tmp_path: Path):
    name = await paid(stack, session)
    for do in ("wrong", "right"):
        await deed(stack, session, name, do)
    file = tmp_path / "again.yaml"
    file.write_text(await page(stack, session, f"/transactions/{name}/scenario.yaml"), "utf-8")
    (play,) = load([file])
    assert len(play.scenario.steps) == 4
