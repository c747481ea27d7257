"""Passkeys in a real Chromium with a virtual authenticator: made at the bank, asked for in the frame of the reference gateway."""

import asyncio
import json
import re
from base64 import b64decode
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import aiohttp
import pytest
from cryptography.hazmat.primitives.serialization import load_der_private_key
from playwright.async_api import Browser, FrameLocator, Page, expect

from acs.cardholder.passkeys.assertions import Expected, Payment
from acs.cardholder.passkeys.credentials import decoded, encoded
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from acs_sim.testing.aio import AsyncAuthenticator, AsyncCard, AsyncThreeDS
from acs_sim.testing.session import simulator
from tests.acs.test_assertions import for_node, opinions_of_node, passkey
from tests.support.browser import new_context, standing_clock
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.system.test_shops_in_chromium import submit, verdict
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]

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
async def page(paying_browser: Browser) -> AsyncIterator[Page]:
    context = await new_context(paying_browser, viewport={"width": 1180, "height": 860})
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


async def test_the_page_in_the_frame_goes_to_the_wallet_and_comes_back(page, threeds, stack):
    refused, confirmed = await threeds.card("challenge-wallet"), await threeds.card("challenge-wallet")
    for card, button, ends in ((refused, "#decline", "refused"), (confirmed, "#approve", "accepted")):
        frame = await to_the_bank(page, stack, card.pan)
        await frame.locator("#submit").click()
        await expect(frame.locator("#payee")).to_have_text("Atelier Cyclope")
        await expect(frame.locator("#amount")).to_contain_text("EUR")
        await frame.locator(button).click()
        assert (await verdict(page))[0] == ends
    (rreq,) = [each.message for each in await (await confirmed.transaction()).messages("RReq")][:1]
    assert rreq["authenticationMethod"] == ["16"]


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


async def to_the_card_form(page: Page, stack: Stack, pan: str) -> None:
    await page.goto(f"{stack.addresses.shop}/shops/monetico?lang=en")
    await page.click("#checkout")
    await page.fill("#card-number", pan)
    await page.fill("#expiry", "12/30")
    await page.fill("#cryptogram", "123")
    await expect(page.locator("[name=spc]")).to_have_value("Y")


async def test_the_shop_has_the_payment_confirmed_and_goes_on_where_the_cardholder_closes_the_dialog(
    page, threeds, stack
):
    card, device = await with_payments(page, threeds)
    for answer, incomplete in (("closes", "02"), ("confirms", None)):
        await device.when_asked_to_pay(answer)
        await to_the_card_form(page, stack, card.pan)
        await page.click("#pay")
        await page.click("#confirm")
        if incomplete is not None:
            bank = page.frame_locator("#challenge")
            await bank.locator("#code").wait_for()
            await submit(bank, await card.phone.code())
        assert (await verdict(page))[0] == "accepted", answer
    said, passkeys, findings = [], [], []
    for each in await card.transactions():
        payment = threeds.transaction(each.id)
        said += [one.message for one in await payment.messages("AReq") if one.sender == "3DS Server"]
        passkeys += [one.message for one in await payment.messages("passkey")]
        findings += [one.rule for one in await payment.findings()]
    assert sorted(areq.get("spcIncompInd", "-") for areq in said) == ["-"] * 3 + ["02"]
    assert [(one["outcome"], one["accepted"]) for one in passkeys] == [("chosen", True)]
    assert findings == []


# The same from the messages alone: a page of ours has the browser confirm, by the script of docs/passkeys.md.

ELSEWHERE = "http://elsewhere.localhost:8099"
SCRIPT = re.search(r"```js\n(.*?)```", (ROOT / "docs" / "passkeys.md").read_text("utf-8"), re.DOTALL)[1]
AREQ = json.loads((ROOT / "fixtures" / "messages" / "2.3.1" / "areq-brw-pa.json").read_text("utf-8"))
UNWANTED = {"threeDSRequestorAuthenticationInfo", "threeDSRequestorPriorAuthenticationInfo", "spcIncompInd"}
ANOTHER_PICTURE = "data:image/gif;base64,R0lGODlhAQABAAAAACH5BAEKAAEALAAAAAABAAEAAAICTAEAOw=="
NOBODYS = encoded(bytes(range(40)))


@dataclass
class Paying:
    """A page in a browser with the passkeys of two cards, and a 3DS Server made by hand."""

    page: Page
    device: AsyncAuthenticator
    threeds: AsyncThreeDS
    session: aiohttp.ClientSession
    card: AsyncCard
    shop: str

    async def asks(self, **more):
        """An AReq, and the ARes that answers it."""
        fresh = {
            "acctNumber": self.card.pan,
            "threeDSServerTransID": str(uuid4()),
            "threeDSRequestorChallengeInd": ["01"],
        }
        areq = {name: value for name, value in AREQ.items() if name not in UNWANTED} | fresh | more
        async with self.session.post(self.threeds.directory_server("visa"), json=areq) as answer:
            return await answer.json()

    async def ares_s(self):
        ares = await self.asks(threeDSRequestorSpcSupport="Y", payeeOrigin=self.shop.replace("http:", "https:"))
        assert ares["transStatus"] == "S", ares
        return ares

    async def brings(self, ares, brought):
        """What answers the AReq that follows: transStatus and authenticationMethod, and what the bank says of the assertion."""
        prior = [{"threeDSReqPriorDsTransId": ares["dsTransID"]}]
        final = await self.asks(threeDSRequestorPriorAuthenticationInfo=prior, **brought)
        noted = await self.threeds.transaction(final["threeDSServerTransID"]).messages("passkey")
        words = [one.message["words"].partition(":")[0] or "accepted" for one in noted]
        return final["transStatus"], final.get("authenticationMethod"), *words

    async def at(self, origin):
        """The page is one of this origin."""
        if not self.page.url.startswith(origin):
            await self.page.goto(f"{origin}/healthz")

    async def confirms(self, ares, at=None):
        """What the browser at a page signs of what it is handed."""
        await self.at(at or self.shop)
        return await self.page.evaluate(f"async (ares) => {{ {SCRIPT}; return confirmPayment(ares); }}", ares)


@pytest.fixture(scope="module")
async def paying(paying_browser, threeds, stack) -> AsyncIterator[Paying]:
    context = await new_context(paying_browser)
    await context.route(
        f"{ELSEWHERE}/**", lambda route: route.fulfill(content_type="text/html", body="<!doctype html>")
    )
    page = await context.new_page()
    card, device = await with_payments(page, threeds)
    other = await threeds.card("challenge-spc")
    await device.enrol(other.pan)
    await device.when_asked_to_pay("confirms")
    async with aiohttp.ClientSession() as session:
        yield Paying(page, device, threeds, session, card, f"http://localhost:{urlsplit(stack.addresses.shop).port}")
    await context.close()


def handed(ares, **bent):
    """The ARes S as a page hands it to the browser that has something else in mind."""
    listed = (
        [{**ares["webAuthnCredList"][0], "credentialIds": bent.pop("credentialIds")}]
        if "credentialIds" in bent
        else None
    )
    return {"spcTransData": {**ares["spcTransData"], **bent}, "webAuthnCredList": listed or ares["webAuthnCredList"]}


async def keys_of(device):
    """The public keys of what the device holds, by credential id."""
    found = await device.credentials()
    keys = {
        encoded(b64decode(one["credentialId"])): load_der_private_key(b64decode(one["privateKey"]), None)
        for one in found
    }
    return {name: key.public_key() for name, key in keys.items()}


async def test_a_payment_is_taken_only_as_it_was_asked_and_a_second_verifier_agrees(paying):
    mine = (await paying.ares_s())["webAuthnCredList"][0]["credentialIds"]
    keys = await keys_of(paying.device)
    theirs = next(name for name in keys if name != mine)
    found, asked_of_node = {}, []

    async def judged(name, ares, brought):
        found[name] = await paying.brings(ares, brought)
        shown, said = ares["spcTransData"], brought["threeDSRequestorAuthenticationInfo"][0]["threeDSReqAuthData"]
        payment = Payment(
            *(shown[one] for one in ("value", "currency", "payeeName", "payeeOrigin", "displayName", "icon"))
        )
        known = (passkey(keys[mine], mine),)
        expected = Expected(
            decoded(shown["challenge"], 100, ""), "localhost", (paying.shop,), known, payment, anywhere_on_top=False
        )
        asked_of_node.append(for_node(expected, said))

    for name, bent in {
        "amount": {"value": "1.00"},
        "currency": {"currency": "USD"},
        "payeeName": {"payeeName": "Somebody"},
        "payeeOrigin": {"payeeOrigin": "https://elsewhere.example"},
        "challenge": {"challenge": NOBODYS},
        "displayName": {"displayName": "Visa •••• 9999"},
        "icon": {"icon": ANOTHER_PICTURE},
        "credential": {"credentialIds": theirs},
        "accepted": {},
    }.items():
        ares = await paying.ares_s()
        await judged(name, ares, await paying.confirms(handed(ares, **bent)))
    taken, again = await paying.confirms(await paying.ares_s()), await paying.ares_s()
    await judged("another payment's", again, taken)
    ares = await paying.ares_s()
    cheap = await paying.confirms(handed(ares, value="1.00"))
    await judged("signature", ares, rewritten(cheap, ares["spcTransData"]["value"]))
    ares = await paying.ares_s()
    await judged("origin", ares, await paying.confirms(ares, at=ELSEWHERE))

    refused = {name: ("C", ["02"], name) for name in found}
    others = {"accepted": ("Y", ["14"], "accepted"), "another payment's": ("C", ["02"], "threeDSReqPriorDsTransId")}
    assert found == refused | others
    opinions = dict(zip(found, opinions_of_node(asked_of_node), strict=True))
    assert opinions == {name: name for name in found} | {"another payment's": "challenge"}
    used = await paying.ares_s()
    good = await paying.confirms(used)
    assert [await paying.brings(used, good) for _ in range(2)] == [
        ("Y", ["14"], "accepted"),
        ("C", ["02"], "challenge"),
    ]


def rewritten(brought, value):
    """A posted assertion in which somebody has written another amount over the one that was signed."""
    (info,) = brought["threeDSRequestorAuthenticationInfo"]
    response = info["threeDSReqAuthData"]["response"]
    said = json.loads(decoded(response["clientDataJSON"], 10_000, ""))
    said["payment"]["total"]["value"] = value
    response["clientDataJSON"] = encoded(json.dumps(said).encode())
    return brought


async def test_each_outcome_of_the_browser_has_its_indicator_and_ends_in_a_code(paying):
    found, page = {}, paying.page

    async def outcome(name, confirms=paying.confirms, **bent):
        ares = await paying.ares_s()
        brought = await confirms(handed(ares, **bent))
        found[name] = (brought["spcIncompInd"], *await paying.brings(ares, brought))

    for answer in ("closes", "opts out", "other way"):
        await paying.device.when_asked_to_pay(answer)
        await outcome(answer)
    await paying.device.when_asked_to_pay("confirms")
    await outcome("no credential", credentialIds=NOBODYS)
    await paying.device.verify(verifies=False)
    await outcome("not verified")
    await paying.device.verify(verifies=True)
    await page.set_content('<iframe name="inner" allow="payment &apos;none&apos;"></iframe>')
    inner = page.frame(name="inner")
    await outcome(
        "not permitted", lambda ares: inner.evaluate(f"async (a) => {{ {SCRIPT}; return confirmPayment(a); }}", ares)
    )
    await page.evaluate("delete globalThis.PaymentRequest")
    await outcome("not supported")
    await page.goto("about:blank")
    await paying.device.when_asked_to_pay("says nothing")
    await standing_clock(page)
    await outcome("timed out", partial(out_of_time, paying))
    indicators = {"closes": "02", "opts out": "02", "timed out": "03"}
    assert found == {name: (indicators.get(name, "01"), "C", ["02"]) for name in found}
    assert len(found) == 8


async def out_of_time(paying, ares):
    """The dialog stands, and nobody answers it."""
    asking = asyncio.ensure_future(paying.confirms(ares))
    await paying.page.wait_for_url(f"{paying.shop}/**")
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not asking.done():
            await paying.page.clock.run_for(int(ares["spcTransData"]["timeout"]))
    await paying.page.clock.resume()
    return await asking


# The bank asks, in the frame of a page that is nobody's in particular.

ALLOW = "payment *; publickey-credentials-get *"


async def framed(paying, stack, pan, allow=ALLOW):
    """The bank's page in a frame, and the transaction."""
    page, wanted = paying.page, {"pan": pan, "expiry": "3012", "amount": 4200, "method": "perform"}
    async with paying.session.post(f"{stack.addresses.shop}/api/purchases", json=wanted) as answer:
        purchase = await answer.json()
    fields = "".join(f"<input name='{name}' value='{purchase[name]}'>" for name in ("creq", "threeDSSessionData"))
    await paying.at(paying.shop)
    await page.set_content(
        f"<iframe name='challenge' allow='{allow}'></iframe><form method='post' target='challenge'>{fields}"
    )
    await page.evaluate("(to) => { document.forms[0].action = to; document.forms[0].submit(); }", purchase["acsURL"])
    await page.frame_locator("iframe").locator("#submit").wait_for()
    return page.frame(name="challenge"), paying.threeds.transaction(purchase["id"])


async def noted(transaction):
    return [one.message for one in await transaction.messages("passkey")]


async def test_in_the_banks_frame_what_was_altered_is_refused_and_a_second_verifier_agrees(paying, stack):
    keys, asked, posted = await keys_of(paying.device), [], []
    paying.page.on(
        "request", lambda request: posted.extend(parse_qs(request.post_data or "").get("challengeValue", []))
    )
    await paying.device.when_asked_to_pay("confirms")
    frame, earlier = await framed(paying, stack, paying.card.pan)
    asked.append(await frame.evaluate(ASKED))
    await frame.click("#submit")
    assert (await earlier.wait_for(state="completed")).trans_status == "Y"

    frame, transaction = await framed(paying, stack, paying.card.pan)
    asked.append(await frame.evaluate(ASKED))
    bank = await frame.evaluate("location.origin")
    await frame.evaluate(BENT.format("asked.payment.total.value = '1.00'"))
    await frame.click("#submit")
    await frame.locator("#message[data-kind=wrong-passkey]", has_text="2").wait_for()
    asked.append(await frame.evaluate(ASKED))
    await frame.evaluate(REPLAY, posted[0])
    await frame.locator("#message[data-kind=wrong-passkey]", has_text="1").wait_for()
    asked.append(await frame.evaluate(ASKED))
    await frame.click("#submit")
    assert (await transaction.wait_for(state="completed")).trans_status == "Y"

    told = [*await noted(earlier), *await noted(transaction)]
    assert [one["words"].partition(":")[0] or "accepted" for one in told] == [
        "accepted",
        "amount",
        "challenge",
        "accepted",
    ]
    held = [
        for_node(as_asked(one, bank, keys), json.loads(answer)["assertion"])
        for one, answer in zip(asked, posted, strict=True)
    ]
    assert opinions_of_node(held) == ["accepted", "amount", "challenge", "accepted"]
    assert (await transaction.messages("RReq"))[0].message["authenticationMethod"] == ["14"]


def as_asked(asked, bank, keys):
    """What an answer to the bank's page has to say."""
    shown = asked["payment"]
    payment = Payment(
        *(shown["total"][one] for one in ("value", "currency")),
        *(shown.get(one, "") for one in ("payeeName", "payeeOrigin")),
        *(shown["instrument"][one] for one in ("displayName", "icon")),
    )
    known = tuple(passkey(keys[name], name) for name in asked["credentialIds"])
    return Expected(decoded(asked["challenge"], 100, ""), asked["rpId"], (bank,), known, payment)


ASKED = "JSON.parse(document.querySelector('form[data-passkey]').dataset.passkey)"
BENT = """() => {{
    const form = document.querySelector("form[data-passkey]"), asked = JSON.parse(form.dataset.passkey);
    {};
    form.dataset.passkey = JSON.stringify(asked);
}}"""
REPLAY = """(old) => {
    const form = document.querySelector("form[data-passkey]");
    form.elements.code.value = old;
    const action = Object.assign(document.createElement("input"), {name: "action", value: "submit"});
    form.append(action);
    HTMLFormElement.prototype.submit.call(form);
}"""


async def test_in_the_banks_frame_each_outcome_of_the_browser_ends_in_a_code(paying, stack):
    device, page, found = paying.device, paying.page, {}

    async def outcome(name, change=None, *, allow=ALLOW, pan=paying.card.pan):
        frame, transaction = await framed(paying, stack, pan, allow)
        if change is not None:
            await frame.evaluate(change)
        clicked = asyncio.ensure_future(frame.click("#submit"))
        if name == "timed out":
            async with asyncio.timeout(PATIENCE_SECONDS):
                while not await noted(transaction):
                    await page.clock.run_for(180_000)
            await page.clock.resume()
        await clicked
        await frame.locator("#message[data-kind=passkey-unused]").wait_for()
        assert await frame.locator("#code").is_visible()
        found[name] = [one["outcome"] for one in await noted(transaction)]
        return transaction

    await device.when_asked_to_pay("closes")
    await outcome("cancelled")
    await device.when_asked_to_pay("confirms")
    await outcome("no credential", BENT.format(f"asked.credentialIds = ['{NOBODYS}']"))
    await outcome("not supported", "delete globalThis.PaymentRequest")
    refused = await outcome("not permitted", allow="publickey-credentials-get *")
    assert [each.rule for each in await refused.findings()] == ["frame-without-permission"]
    await device.when_asked_to_pay("says nothing")
    await standing_clock(page)
    await outcome("timed out")
    assert found == {name: [name] for name in found}


async def test_in_the_banks_frame_a_login_that_the_device_does_not_verify_ends_in_a_code(paying, stack):
    card = await paying.threeds.card("challenge-passkey")
    await paying.device.enrol(card.pan)
    await paying.device.verify(verifies=False)
    frame, transaction = await framed(paying, stack, card.pan)
    await frame.click("#submit")
    await frame.locator("#message[data-kind=passkey-unused]").wait_for()
    await paying.device.verify(verifies=True)
    await frame.fill("#code", await card.phone.code())
    await frame.click("#submit")
    assert (await transaction.wait_for(state="completed")).trans_status == "Y"
    assert [one["outcome"] for one in await noted(transaction)] == ["cancelled"]


@pytest.mark.parametrize("scenario", ["challenge-passkey", "challenge-spc"])
async def test_the_banks_own_button_cancels(paying, stack, scenario):
    card = await paying.threeds.card(scenario, passkey=True)
    frame, transaction = await framed(paying, stack, card.pan)
    await frame.click("#cancel")
    result = await transaction.wait_for(state="completed")
    rreq = (await transaction.messages("RReq"))[0].message
    told = (result.trans_status, result.trans_status_reason, rreq["challengeCancel"])
    assert (told, await noted(transaction)) == (("N", "26", "01"), [])
