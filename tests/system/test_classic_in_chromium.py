"""A buyer with a card of 3-D Secure 1.0.2 in a real Chromium: the shop's MPI, the issuer's page, every party real."""

from collections.abc import AsyncIterator

import aiohttp
import pytest

from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.browser import let_last_words_stand
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.system.test_shops_in_chromium import SHOPS, newest_code, notice, pay, submit, verdict, wrong
from threedsecure.web.clock import Clock


@pytest.fixture
async def stack() -> AsyncIterator[Stack]:
    async with running_stack(
        with_free_ports(Settings(fresh=True, seed=7)), clock=Clock(frozen_at=STARTED_AT)
    ) as running:
        yield running


async def minted(stack: Stack, scenario: str = "challenge-otp", scheme: str = "visa") -> dict[str, str]:
    wanted = {"scheme": scheme, "scenario": scenario, "version": "1.0.2"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{stack.addresses.desk}/api/cards", json=wanted) as answer,
    ):
        return await answer.json()


async def told(stack: Stack) -> dict[str, str]:
    """The newest purchase as the gateway tells it."""
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"{stack.addresses.shop}/api/purchases") as answer,
    ):
        return (await answer.json())["purchases"][0]


@pytest.mark.parametrize("shop", SHOPS)
async def test_the_code_from_the_phone_pays_through_the_mpi(page, stack, shop):
    card = await minted(stack)
    challenge = await pay(page, stack, shop, card)
    assert await challenge.get_by_text("Verified by Visa").count() == 1
    await submit(challenge, (await newest_code(stack, card))[1])
    assert (await verdict(page))[0] == "accepted"
    purchase = await told(stack)
    assert (purchase["version"], purchase["authentication"]["source"]) == ("1.0.2", "PARes")
    assert (purchase["authentication"]["trans_status"], purchase["authentication"]["eci"]) == ("Y", "05")
    assert purchase["outcome"]["guarantee"] is True


@pytest.mark.parametrize("shop", SHOPS)
async def test_three_wrong_codes_are_a_pares_n_and_the_shop_refuses(page, stack, shop):
    card = await minted(stack, scheme="mastercard")
    await let_last_words_stand(page)
    challenge = await pay(page, stack, shop, card)
    assert await challenge.get_by_text("MasterCard SecureCode").count() == 1
    _, code = await newest_code(stack, card)
    await submit(challenge, wrong(code))
    assert "2" in await notice(challenge, "2")
    await submit(challenge, wrong(code))
    assert "1" in await notice(challenge, "1")
    await submit(challenge, wrong(code))
    assert "bank" in await notice(challenge, "bank")
    await challenge.locator("#continue").click()
    result, reason = await verdict(page)
    assert result == "refused"
    assert "bank" in reason
    purchase = await told(stack)
    assert (purchase["authentication"]["source"], purchase["authentication"]["trans_status"]) == ("PARes", "N")
    assert "PARes N, signature Y" in " ".join(entry["text"] for entry in purchase["log"])
