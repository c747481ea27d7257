"""A web page of another site in a real Chromium, beside the simulator: it can neither read nor change anything."""

from collections.abc import AsyncIterator
from dataclasses import dataclass

import aiohttp
import pytest
from aiohttp import web
from playwright.async_api import Browser, async_playwright

from acs_sim.running.parties import PARTIES
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.browser import new_context, running_chromium
from tests.support.ports import free_port, with_free_ports
from tests.support.simulator import runtime
from threedsecure.web.serving.application import serving
from threedsecure.web.serving.doors import SAFE_METHODS, Door

pytestmark = pytest.mark.browser

TEXT = {"to": "+33639981101", "from": "BANQUE", "body": "Votre code: 407115"}
CHANGES = {
    "desk": [
        ("POST", "/api/clock", '{"advance":"1h"}'),
        ("POST", "/api/reset", ""),
        ("POST", "/api/faults", '{"at":"RReq","do":"twice"}'),
        ("PUT", "/api/seed", '{"seed":1}'),
        ("DELETE", "/api/faults", ""),
        ("POST", "/clock", "move=1h"),
        ("POST", "/faults", "do=remove"),
    ],
    "phone": [
        ("POST", "/api/messages", '{"to":"+33639981101","from":"EVIL","body":"x"}'),
        ("POST", "/control/reset", ""),
        ("DELETE", "/api/phones/+33639981101/messages", ""),
        ("POST", "/phones/+33639981101/clear", ""),
    ],
    "acs": [("POST", "/control/clock", '{"ahead_seconds":3600}'), ("POST", "/control/reset", "")],
    "ds": [("POST", "/control/clock", '{"ahead_seconds":3600}'), ("POST", "/control/reset", "")],
    "shop": [("POST", "/control/clock", '{"ahead_seconds":3600}'), ("POST", "/control/reset", "")],
}
READS = {
    "desk": ("/api/transactions", "/api/clock", "/"),
    "phone": ("/api/phones", "/api/messages", "/"),
    "shop": ("/log",),
}
TRIED = """async ([base, changes, reads]) => {
  const told = []
  const read = async (name, work) => { try { told.push([name, await work()]) } catch (error) { told.push([name, null]) } }
  for (const [method, path, body] of changes)
    for (const mode of ["no-cors", "cors"])
      for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/json"])
        await read(path, async () => {
          const options = { method, mode, headers: { "Content-Type": type }, ...(body ? { body } : {}) }
          return (await fetch(base + path, options)).text()
        })
  for (const path of reads)
    for (const mode of ["cors", "no-cors"])
      await read(path, async () => (await fetch(base + path, { mode })).text())
  return told
}"""
EVERYTHING = """async ([base, changes, reads]) => {
  const told = []
  const tried = async (method, path, mode, type) => {
    const options = { method, mode, ...(type ? { headers: { "Content-Type": type }, body: "{}" } : {}) }
    told.push([path, await fetch(base + path, options).then(answer => answer.text()).catch(() => null)])
  }
  await Promise.all([
    ...changes.flatMap(([method, path]) => [
      tried(method, path, "no-cors", "text/plain"), tried(method, path, "cors", "application/json"),
    ]),
    ...reads.flatMap(path => [tried("GET", path, "no-cors"), tried("GET", path, "cors")]),
  ])
  return told
}"""
FORM = """([action, name, value]) => {
  const form = document.createElement("form")
  const field = document.createElement("textarea")
  form.action = action; form.method = "post"; form.target = "answer"; form.enctype = "text/plain"
  field.name = name; field.value = value
  form.append(field); document.body.append(form); form.submit()
}"""
EVENTS = """url => new Promise(told => {
  const source = new EventSource(url)
  source.onmessage = source.onopen = () => told("heard")
  source.onerror = () => told("refused")
})"""
PAGE = '<!doctype html><title>elsewhere</title><iframe name="answer"></iframe>'


async def every_address(party: str) -> tuple[list[tuple[str, str]], list[str]]:
    """What changes something at a party that no protocol leaves open, and what can be read there."""
    async with runtime() as shared:
        routes = PARTIES[party](shared, Settings(fresh=True)).routes
    known = [(route, route.path.replace("{", "").replace("}", "")) for route in routes]
    changes = [(route.method, path) for route, path in known if route.door is not Door.PROTOCOL]
    return (
        [(method, path) for method, path in changes if method not in SAFE_METHODS],
        [path for route, path in known if route.method in SAFE_METHODS],
    )


@dataclass
class Desk:
    stack: Stack
    browser: Browser
    page_port: int

    async def standing(self) -> tuple[object, ...]:
        """What a page might have changed."""
        at = self.stack.addresses
        async with aiohttp.ClientSession() as session:
            async with session.get(at.phone + "/api/messages") as answer:
                messages = [each["body"] for each in (await answer.json())["messages"]]
            async with session.get(at.desk + "/api/faults") as answer:
                faults = await answer.json()
        return self.stack.clock.setting, messages, faults


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    """A simulator with a code on a phone, and a site beside it that any name but its own leads to."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(text=PAGE, content_type="text/html")

    app, port = web.Application(), free_port()
    app.router.add_get("/{any:.*}", page)
    switches = ("--host-resolver-rules=MAP *.test 127.0.0.1", "--disable-features=LocalNetworkAccessChecks")
    with running_chromium(None, *switches) as address:
        async with (
            running_stack(with_free_ports(Settings(fresh=True))) as stack,
            serving(app, "127.0.0.1", port),
            async_playwright() as playwright,
            aiohttp.ClientSession() as session,
        ):
            async with session.post(stack.addresses.phone + "/api/messages", json=TEXT) as answer:
                assert answer.status == 201
            browser = await playwright.chromium.connect_over_cdp(address)
            yield Desk(stack, browser, port)
            await browser.close()


@pytest.mark.parametrize("site", ["http://evil.test", "http://localhost", "http://127.0.0.1"])
async def test_a_page_of_another_origin_neither_reads_nor_changes_anything(desk, site):
    before = await desk.standing()
    context = await new_context(desk.browser)
    page = await context.new_page()
    for party, changes in CHANGES.items():
        base = desk.stack.addresses.of(party)
        await page.goto(f"{site}:{desk.page_port}/")
        told = await page.evaluate(TRIED, [base, changes, READS.get(party, ())])
        assert [text for _, text in told if text] == [], party
        for _, path, body in changes:
            name, _, value = body.partition("=")
            await page.evaluate(FORM, [base + path, name or "x", value])
            await page.frame_locator("[name=answer]").locator("body").wait_for()
    assert await page.evaluate(EVENTS, desk.stack.addresses.phone + "/api/events") == "refused"
    assert await page.evaluate(EVENTS, desk.stack.addresses.desk + "/api/events") == "refused"
    assert await desk.standing() == before
    assert before[1] == [TEXT["body"]]
    await context.close()


async def test_no_address_that_there_is_tells_a_page_of_another_origin_anything_or_does_what_it_asks(desk):
    before = await desk.standing()
    context = await new_context(desk.browser)
    page = await context.new_page()
    for party in PARTIES:
        await page.goto(f"http://evil.test:{desk.page_port}/")
        changes, reads = await every_address(party)
        told = await page.evaluate(EVERYTHING, [desk.stack.addresses.of(party), changes, reads])
        assert len(told) == 2 * (len(changes) + len(reads)) > 2
        assert [text for _, text in told if text] == [], party
        base = desk.stack.addresses.of(party).replace("127.0.0.1", "rebound.test")
        await page.route(base + "/before", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        await page.goto(base + "/before")
        told = await page.evaluate(EVERYTHING, [base, changes, reads])
        assert len(told) == 2 * (len(changes) + len(reads))
        assert all(text is None or '"status":421' in text for _, text in told), party
    assert await desk.standing() == before
    await context.close()


async def test_a_page_whose_name_is_led_to_the_simulator_neither_reads_nor_changes_anything(desk):
    before = await desk.standing()
    context = await new_context(desk.browser)
    page = await context.new_page()
    for party, changes in CHANGES.items():
        base = desk.stack.addresses.of(party).replace("127.0.0.1", "rebound.test")
        # What its own server gave before its name led here.
        await page.route(base + "/before", lambda route: route.fulfill(body=PAGE, content_type="text/html"))
        await page.goto(base + "/before")
        told = await page.evaluate(TRIED, [base, changes, READS.get(party, ())])
        assert told
        assert all(text is None or '"status":421' in text for _, text in told)
        opened = await page.goto(base + "/")
        assert opened is not None
        assert opened.status == 421
    assert await desk.standing() == before
    await context.close()


async def test_the_own_pages_still_change_what_they_are_there_for(desk):
    context = await new_context(desk.browser)
    page = await context.new_page()
    answers = []
    page.on("response", lambda answer: answers.append((answer.request.method, answer.status)))
    await page.goto(desk.stack.addresses.desk + "/cards")
    await page.locator("form[action='/cards'] button[name=scenario]").first.click()
    await page.wait_for_url("**/cards?*minted=*")
    await page.goto(desk.stack.addresses.phone + "/phones/%2B33639981101")
    async with page.expect_navigation():
        await page.locator("form[action$='/clear'] button").click()
    assert (await desk.standing())[1] == []
    assert [status for method, status in answers if method == "POST"] == [303, 303]
    await context.close()
