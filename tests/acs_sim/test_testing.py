"""What the plugin promises beside its work: what is said when something does not come, and a person at the bank's page."""

import json
import re
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from acs_sim.testing import NotInTime, SimulatorRefused, ThreeDS, aio, complete_challenge
from acs_sim.testing.session import simulator
from acs_sim.testing.words import written
from tests.support.browser import ACTION_MILLISECONDS
from tests.support.patience import PATIENCE_SECONDS
from tests.support.third_party import ThreeDSServer, post_json, three_ds_server

PASSKEYS = Path(__file__).parents[2] / "docs" / "passkeys.md"
APP_LACKS = ("notificationURL", "threeDSCompInd")


@pytest.fixture(scope="module")
def threeds() -> Iterator[ThreeDS]:
    with simulator() as running:
        yield running


@pytest.fixture
def gateway() -> Iterator[ThreeDSServer]:
    with three_ds_server() as running:
        yield running


def authenticated(threeds, gateway, card):
    """The transaction of an AReq that was just answered."""
    return threeds.transaction(post_json(threeds.directory_server(), gateway.areq(card.pan))["threeDSServerTransID"])


def test_texts_are_listed_followed_and_forgotten_and_so_is_everything(threeds, gateway):
    card = threeds.card("challenge-otp", language="fr")
    transaction = authenticated(threeds, gateway, card)
    transaction.abandon()
    first = card.phone.latest()
    transaction.resend()
    assert card.phone.code(after=first) != first.code
    assert [text.to for text in card.phone.messages()] == [card.phone.number] * 2
    card.phone.clear()
    assert card.phone.messages() == []
    assert transaction.id in [status.id for status in threeds.transactions()]
    threeds.reset()
    assert threeds.transactions() == card.transactions() == []


def test_what_does_not_come_is_said_with_what_there_is(threeds, gateway):
    card = threeds.card("frictionless")
    with pytest.raises(NotInTime, match=r"no SecureCode came to .* within 0\.05 seconds"):
        card.phone.code(wait=0.05)
    with pytest.raises(NotInTime, match="no AReq came for this card"):
        card.transaction(timeout=0.05)
    with pytest.raises(NotInTime, match=r"abc is not known .* waiting for state completed"):
        threeds.transaction("abc").wait_for(state="completed", timeout=0.05)
    transaction = authenticated(threeds, gateway, card)
    with pytest.raises(NotInTime, match=r"is answered, transStatus Y, .* waiting for trans_status N or R"):
        transaction.wait_for(trans_status={"N", "R"}, timeout=0.05)


def test_what_cannot_be_done_is_refused_with_the_simulators_reason(threeds, gateway):
    with pytest.raises(SimulatorRefused, match="there is no scenario 'challange-otp'"):
        threeds.card("challange-otp")
    with pytest.raises(SimulatorRefused, match="no open challenge") as refused:
        authenticated(threeds, gateway, threeds.card("frictionless")).submit("correct")
    assert refused.value.status == 409


def test_a_card_ends_with_the_reason_it_was_minted_for(threeds, gateway):
    transaction = authenticated(threeds, gateway, threeds.card("frictionless", trans_status="R", reason="11"))
    assert transaction.result.trans_status == "R"
    assert [one.message["transStatusReason"] for one in transaction.messages("ARes")] == ["11", "11"]


def test_the_same_seed_mints_the_same_card(threeds):
    minted = []
    for _ in range(2):
        threeds.reset()
        threeds.seed(42)
        minted.append(threeds.card("challenge-otp", "amex", version="2.2.0").details)
    threeds.seed(None)
    assert minted[0] == minted[1]
    assert (minted[0].scheme, minted[0].versions) == ("amex", ("2.2.0",))


@pytest.mark.parametrize(("step", "text"), [("1h30m", "1h30m"), (timedelta(days=1, minutes=1), "86460s")])
def test_the_clock_takes_words_and_time_differences(step, text):
    assert written(step) == text


def test_the_clock_takes_no_parts_of_a_second():
    with pytest.raises(ValueError, match="whole seconds"):
        written(timedelta(milliseconds=1500))


def test_a_simulator_that_is_left_has_closed_its_ports():
    with simulator() as running:
        addresses = dict(running.addresses)
    for address in addresses.values():
        with pytest.raises(OSError, match="refused"):
            urllib.request.urlopen(f"{address}/healthz", timeout=PATIENCE_SECONDS)


def test_a_simulator_that_is_left_by_an_error_is_closed_and_the_error_goes_on():
    with pytest.raises(KeyError), simulator() as running:
        raise KeyError(running.addresses.desk)


def test_a_challenge_in_a_frame_of_the_shops_page_is_completed_with_the_code_from_the_phone(threeds, chromium):
    card = threeds.card("challenge-otp")
    with sync_playwright() as playwright:
        context = playwright.chromium.connect_over_cdp(chromium).new_context()
        context.set_default_timeout(ACTION_MILLISECONDS)
        page = context.new_page()
        Shop(threeds, page).checkout(card.pan, card.expiry)
        complete_challenge(page, card.phone.code)
        page.wait_for_selector("#result[data-result=accepted]")
        assert card.transaction().result.trans_status == "Y"
        context.close()


def test_the_recipe_of_the_documents_pays_with_a_passkey(threeds, chromium):
    """That of docs/passkeys.md, word for word, at a shop of ours."""
    (recipe,) = re.findall(r"```python\n(def test_a_passkey_pays.*?)```", PASSKEYS.read_text("utf-8"), re.DOTALL)
    shown: dict[str, Any] = {}
    exec(recipe, shown)
    with sync_playwright() as playwright:
        context = playwright.chromium.connect_over_cdp(chromium).new_context()
        context.set_default_timeout(ACTION_MILLISECONDS)
        page = context.new_page()
        shown["test_a_passkey_pays"](page, threeds, Shop(threeds, page))
        context.close()


@dataclass
class Shop:
    """`checkout` goes as far as the page with the bank's frame."""

    threeds: ThreeDS
    page: Page

    def checkout(self, pan: str, expiry: str) -> str:
        self.page.goto(f"{self.threeds.addresses.shop}/shops/e-transactions?lang=en")
        self.page.click("#checkout")
        self.page.fill("#card-number", pan)
        self.page.fill("#expiry", f"{expiry[2:]}/{expiry[:2]}")
        self.page.fill("#cryptogram", "123")
        self.page.click("#pay")
        self.page.locator("#challenge").wait_for()
        return self.page.url


def purchase(threeds: ThreeDS, card) -> tuple[str, str]:
    """A purchase at the reference gateway that has come to its challenge: its id, and a page that opens the challenge."""
    wanted = {"pan": card.pan, "expiry": card.expiry, "amount": 4200}
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{threeds.addresses.shop}/api/purchases", json.dumps(wanted).encode(), headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
        begun = json.loads(answer.read())
    page = f"""<form method="post" action="{begun["acsURL"]}"><input name="creq" value="{begun["creq"]}">
        <input name="threeDSSessionData" value="{begun["threeDSSessionData"]}"></form>"""
    return begun["id"], page


async def test_coroutines_complete_a_challenge_that_fills_the_page_after_a_wrong_code(threeds, page):
    card = await threeds.aio.card("challenge-otp")
    identifier, content = purchase(threeds, card)
    await page.set_content(content)
    await page.evaluate("document.forms[0].submit()")
    await aio.complete_challenge(page, "000000")
    await page.locator("#message").filter(has_text="2").wait_for()
    await aio.complete_challenge(page.main_frame, card.phone.code)
    assert (await threeds.aio.transaction(identifier).result).trans_status == "Y"


async def test_a_page_on_which_only_the_shop_asks_for_a_code_is_left_alone_and_not_waited_for_for_ever(page):
    await page.set_content('<input id="code">')
    with pytest.raises(NotInTime, match=r"did not ask for a code within 0\.2 seconds"):
        await aio.complete_challenge(page, "000000", timeout=0.2)
    assert await page.locator("#code").input_value() == ""


@pytest.mark.parametrize("version", ["2.2.0", "2.1.0"])
def test_an_app_shows_the_challenge_and_ends_as_its_sdk_tells(threeds, gateway, version):
    card, app = threeds.card("challenge-otp"), threeds.app(version, encryption="A128GCM")
    areq = {name: value for name, value in gateway.areq(card.pan).items() if not name.startswith("browser")}
    areq |= {"messageVersion": version} | app.areq
    ares = post_json(threeds.directory_server(), {k: v for k, v in areq.items() if k not in APP_LACKS})
    assert ares["transStatus"] == "C", ares
    assert app.submit("wrong").tries_left == 2
    screen = app.screen()
    assert (screen.shown["acsUiType"], screen.outcome) == ("01", None)
    assert app.submit(card.phone.code()).trans_status == "Y"
    assert app.result.trans_status == "Y"
    assert (app.screen().outcome, app.screen().trans_status, app.screen().shown) == ("completed", "Y", None)
