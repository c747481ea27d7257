"""The pages of all methods in a real Chromium: in every window, checked by axe, and the one that goes on by itself."""

from datetime import timedelta

import pytest

from acs.cardholder.methods.pages import method_page
from acs.cardholder.methods.table import Question
from acs.cardholder.pages import Banking, Notice, banking_page, login_page, passkey_page
from acs.cardholder.passkeys.ceremony import Ceremony
from acs.settings import AcsSettings
from tests.acs.stage import stage
from tests.acs.test_assertions import NOW, PAYS
from tests.acs.test_pages_browser import bank, sites  # noqa: F401
from tests.acs.views import view
from tests.support.accessibility import findings
from tests.support.browser import new_context
from tests.support.windows import OVERFLOWS, WINDOWS
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

PHONES = ("+33639981121", "+33639981122")
ASKED = {
    Question.PASSWORD: "wrong-password",
    Question.KNOWLEDGE: "wrong-answer",
    Question.CHOOSE_PHONE: "blank-choice",
    Question.CHOOSE_SEVERAL: "wrong-choice",
    Question.HTML_PAGE: "blank-choice",
    Question.CHOOSE_OUTCOME: "blank-choice",
    Question.OUTCOME_CODE: "wrong-answer",
    Question.BANKING_APP: "not-decided",
}


@pytest.mark.parametrize("question", ASKED)
async def test_a_page_fits_every_window_and_axe_finds_nothing_wrong(page, bank, question):  # noqa: F811
    for language, notice, trust in (("en", None, False), ("de", Notice(ASKED[question]), True)):
        shown = view(language=language, notice=notice, asks_for_trust=trust)
        await page.goto(bank.put("challenge", method_page(shown, question, PHONES, AcsSettings())))
        assert await findings(page) == [], language
        for width, height in WINDOWS.values():
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(OVERFLOWS) == [], (language, width, height)


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_page_that_waits_for_the_banking_app_goes_on(browser, scripts):
    async with stage() as acs:
        context = await new_context(browser, java_script_enabled=scripts)
        page = await context.new_page()
        shown = await acs.challenge(
            compose("visa", SCENARIOS["challenge-oob"]), notificationURL=f"{acs.url}/control/transactions"
        )
        await page.route("**/start", lambda route: route.fulfill(body=shown.text, content_type="text/html"))
        await page.goto(f"{acs.url}/start")
        async with page.expect_response("**/control/transactions"):
            await acs.decide("approve")
            if not scripts:
                await page.click("#submit")
                await page.click("#continue")
        await context.close()


async def test_the_pages_of_passkeys_fit_every_window_and_axe_finds_nothing_wrong(page, bank):  # noqa: F811
    shown = view(language="de", notice=Notice("wrong-passkey", 1), asks_for_trust=True)
    made = Banking("de", "Banque Imaginaire", "0009", (NOW, NOW), "name")
    pages = {
        "passkey": passkey_page(shown, Ceremony(PAYS, timedelta(minutes=3))),
        "login": login_page("de", "Banque Imaginaire", unknown=True),
        "banking": banking_page(made),
    }
    for name, text in pages.items():
        await page.goto(bank.put(name, text))
        assert await findings(page) == [], name
        for width, height in WINDOWS.values():
            await page.set_viewport_size({"width": width, "height": height})
            assert await page.evaluate(OVERFLOWS) == [], (name, width, height)
