"""The page of the cards: what each is for, a number read digit by digit, a fresh card with every option."""

import re

import pytest
from playwright.async_api import expect

from acs_sim.desk.api.documents import CardWish
from acs_sim.desk.card_words import INTENTS, answer, intent
from threedsecure.cards.plays import Ask, Method
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS

EXPECTED = {
    "frictionless": "passes",
    "challenge-auto-pass": "passes",
    "not-authenticated": "fails",
    "challenge-auto-fail": "fails",
    "challenge-otp": "asks",
    "decoupled": "asks",
    "sms-late": "late",
    "results-twice": "late",
    "method-timeout": "late",
    "acs-timeout": "late",
    "acs-error": "broken",
    "acs-down": "broken",
    "sms-lost": "broken",
    "results-contradicting": "broken",
    "app-bad-chain": "broken",
}


@pytest.mark.parametrize(("name", "end"), EXPECTED.items())
def test_a_card_stands_where_somebody_looks_for_it(name, end):
    assert intent(SCENARIOS[name]) == end


def test_every_scenario_of_both_generations_has_a_place():
    for scenario in (*SCENARIOS.values(), *V1_SCENARIOS.values()):
        assert intent(scenario) in INTENTS, scenario.name


def test_the_right_answer_of_every_question_is_told():
    silent = {Method.AUTO_PASS, Method.AUTO_FAIL}
    for scenario in SCENARIOS.values():
        if isinstance(scenario.play, Ask):
            assert bool(answer(scenario)) is (scenario.play.method not in silent), scenario.name


async def test_the_page_tells_the_answers_that_are_published(call):
    _, text, _ = await call.text("GET", "/cards")
    cells = re.findall(r"<td>([^<]+)</td>", text)
    assert {"imaginaire", "Felix", "Bicycle and Cherry"} <= set(cells)


async def test_a_number_is_read_digit_by_digit(call):
    _, text, _ = await call.text("GET", "/cards?pan=5200 0002 0101 2348")
    read = re.findall(r"<dt><code>(\d+)</code> (\w+)</dt><dd>([^<]+)</dd>", text)
    assert [part for part, _, _ in read] == ["5200000", "2", "0", "10", "1234", "8"]
    assert ("2", "versions", "its card range knows 2.2.0") in read


async def test_a_number_is_built_from_what_it_is_to_do(call):
    _, text, _ = await call.text("GET", "/cards?scheme=amex&scenario=challenge-otp&digit=3&setup=1&serial=77")
    assert "".join(re.findall(r"<dt><code>(\d+)</code>", text)) == "340000031100778"


@pytest.mark.parametrize(
    "query", ["pan=4000000001000002", "pan=x", "pan=٤", "serial=99999", "digit=7&setup=9", "scenario=%3Cb%3E"]
)
async def test_no_number_makes_the_page_fail(call, query):
    status, text, _ = await call.text("GET", f"/cards?{query}")
    assert (status, "<b>x" in text) == (200, False)


async def test_the_form_mints_with_every_option_that_the_api_has(page, stack, world):
    await page.goto(f"{stack.addresses.desk}/cards")
    form = page.locator("form.fields")
    named = await form.locator("[name]").evaluate_all("fields => fields.map((field) => field.name)")
    assert set(named) == set(CardWish.__struct_fields__)
    await form.get_by_label("Scheme").select_option("mastercard")
    await form.get_by_label("Tries").fill("2")
    await form.get_by_label("Language").select_option("de")
    await form.locator("[name=password]").fill("geheim")
    await form.get_by_role("button", name="Mint it").click()
    await expect(page.locator(".minted")).to_contain_text("Minted for you alone")
    ((pan, card),) = world.cards.items()
    assert pan.startswith("5200000")
    assert (card["tries"], card["language"], card["password"]) == (2, "de", "geheim")


@pytest.mark.parametrize(("field", "value"), [("tries", "12"), ("language", "xx"), ("faults", "{"), ("reason", "1")])
async def test_an_option_that_means_nothing_is_refused_by_its_name(call, world, field, value):
    fields = {"scheme": "visa", "scenario": "challenge-otp", field: value}
    status, text, _ = await call.text("POST", "/cards", data=fields)
    assert (status, world.cards) == (400, {})
    assert 'role="alert"' in text


async def test_cards_are_searched_as_one_types(page, stack):
    await page.goto(f"{stack.addresses.desk}/cards?scheme=amex")
    await page.get_by_label("Scenario, number, phone, words").fill("felix")
    await expect(page.locator("#cards tr[id]:visible")).to_have_count(2)
    await expect(page.locator("#cards .group:visible")).to_have_text(["The bank asks the cardholder"])
    await page.wait_for_url("**/cards?scheme=amex&q=felix")
