"""The desk's pages in a real browser: they follow what happens, show it decoded, and hide what must be hidden."""

import json
import re
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from tests.acs_sim.test_desk_transactions import AREQ, ARES
from tests.acs_sim.world import ACS_ID, DS_ID, SERVER_ID
from tests.support.browser import new_context


def journal(stack, *kinds):
    """The messages of these kinds cross their hops."""
    known = {
        "AReq": ("3DS Server", "Directory Server", AREQ, None),
        "ARes": ("Directory Server", "3DS Server", ARES, 200),
        "Erro": ("ACS", "Directory Server", {"errorCode": "203", "errorDetail": "<b>eci</b>", "dsTransID": DS_ID}, 200),
    }
    for kind in kinds:
        sender, receiver, message, status = known[kind]
        stack.runtime.journal.record(stack.clock.now(), sender, receiver, kind, message, status=status)


@pytest.fixture
async def desk(page: Page, stack) -> Page:
    page.base = stack.addresses.desk
    page.errors = []
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
    return page


async def test_the_console_lists_transactions_and_follows_new_ones_by_itself(desk, stack, world):
    await listening(desk, "/")
    await expect(desk.locator("#transactions")).to_contain_text("Waiting for your first AReq")
    journal(stack, "AReq", "ARes")
    listed = desk.locator("#transactions tbody tr")
    await expect(listed).to_have_count(1)
    await expect(listed).to_contain_text("42.00 EUR")
    await expect(listed).to_contain_text("Librairie Exemple")
    await expect(listed).to_contain_text("C challenge: the browser has not come yet")
    assert desk.errors == []


async def listening(desk, path):
    """Open a page and return once it hears what crosses the hops: a stream tells only what comes after it has begun."""
    async with desk.expect_response(re.compile(r"/live$|/live\?|/demo/messages")):
        await desk.goto(desk.base + path)


async def test_a_transaction_is_drawn_message_by_message(desk, stack):
    journal(stack, "AReq", "ARes", "Erro")
    await desk.goto(f"{desk.base}/transactions/{ACS_ID}")
    await expect(desk.locator("h1")).to_have_text("42.00 EUR at Librairie <Exemple> & Fils")
    await expect(desk.locator(".heads span")).to_have_text(["3DS Server", "Directory Server", "ACS"])
    said = desk.locator(".arrow .said")
    await expect(said).to_have_text(
        ["AReq 2.2.0 · 42.00 EUR · Librairie Exemple", "ARes C challenge", "Erro 203 · <b>eci</b>"]
    )
    boxes = await desk.locator(".arrow .line").evaluate_all(
        "lines => lines.map((line) => line.getBoundingClientRect().toJSON())"
    )
    assert boxes[0]["x"] == pytest.approx(boxes[1]["x"], abs=2), "both run between the same two lines of life"
    assert boxes[2]["x"] == pytest.approx(boxes[0]["x"] + boxes[0]["width"], abs=4), "the third begins where they end"
    assert desk.errors == []


async def test_a_message_is_selected_with_the_keyboard_and_hides_the_card(desk, stack):
    journal(stack, "AReq", "ARes")
    await desk.goto(f"{desk.base}/transactions/{SERVER_ID}")
    await expect(desk.locator("#shown-message")).to_contain_text("ARes 2 of 2")
    await desk.keyboard.press("ArrowUp")
    await expect(desk.locator("#shown-message")).to_contain_text("AReq 1 of 2")
    await expect(desk.locator("#panel")).to_contain_text("400000******0001")
    assert desk.url == f"{desk.base}/transactions/{SERVER_ID}?m=1"
    assert "4000000001000001" not in await desk.content()
    assert desk.errors == []


async def test_a_message_is_shown_raw_checked_and_beside_the_hop_before(desk, stack):
    journal(stack, "AReq")
    changed = {**AREQ, "purchaseAmount": "4300"}
    stack.runtime.journal.record(stack.clock.now(), "Directory Server", "ACS", "AReq", changed)
    await desk.goto(f"{desk.base}/transactions/{SERVER_ID}?m=2&view=difference")
    row = desk.locator("#panel tbody tr")
    await expect(row).to_contain_text("purchaseAmount")
    await desk.locator("#view-check").click()
    await expect(desk.locator("#errors")).to_contain_text("threeDSRequestorID")
    await desk.locator("#view-raw").click()
    await expect(desk.locator("#panel pre")).to_contain_text('"purchaseAmount": "4300"')
    assert desk.url.endswith("?m=2&view=raw")


async def test_what_was_selected_stays_selected_when_another_message_arrives(desk, stack):
    journal(stack, "AReq")
    await listening(desk, f"/transactions/{SERVER_ID}?m=1")
    journal(stack, "ARes")
    await expect(desk.locator(".arrow")).to_have_count(2)
    await expect(desk.locator("#shown-message")).to_contain_text("AReq 1 of 2")


async def test_what_has_the_focus_keeps_it_when_another_message_arrives(desk, stack):
    journal(stack, "AReq")
    await listening(desk, f"/transactions/{SERVER_ID}")
    await desk.locator("a.arrow").focus()
    journal(stack, "ARes")
    await expect(desk.locator("a.arrow")).to_have_count(2)
    await expect(desk.locator("a.arrow").first).to_be_focused()


async def test_two_ticks_lead_to_a_comparison_of_what_differs(desk, stack, world):
    names = ("threeDSServerTransID", "dsTransID", "acsTransID")
    other = {name: f"0000000{place}-0000-4000-8000-000000000000" for place, name in enumerate(names)}
    journal(stack, "AReq", "ARes")
    for kind, message in (("AReq", AREQ), ("ARes", {**ARES, "transStatus": "Y"})):
        told = {**message, **{name: value for name, value in other.items() if name in message}}
        sender, receiver = ("3DS Server", "Directory Server")[:: 1 if kind == "AReq" else -1]
        stack.runtime.journal.record(
            stack.clock.now(), sender, receiver, kind, told, status=200 if kind == "ARes" else None
        )
    world.rows = []
    await desk.goto(f"{desk.base}/")
    for tick in await desk.get_by_role("checkbox", name="Compare").all():
        await tick.check()
    await desk.get_by_role("button", name="Compare").click()
    differing = desk.locator("[data-differs]")
    await expect(differing).to_contain_text("transStatus")
    assert [await one.inner_text() for one in await differing.locator("tbody td:first-child").all()] == ["transStatus"]


DROP = """([field, text]) => {
  const held = new DataTransfer();
  held.items.add(new File([text], "transcript.json", { type: "application/json" }));
  field.dispatchEvent(new DragEvent("drop", { dataTransfer: held, bubbles: true, cancelable: true }));
}"""


async def test_files_that_are_dropped_are_compared_with_one_another_and_with_what_is_known(desk, stack, call):
    journal(stack, "AReq", "ARes")
    _, text, _ = await call.text("GET", f"/api/transactions/{SERVER_ID}/transcript")
    other = json.loads(text)
    other["hops"][1]["message"]["transStatus"] = "R"
    for first, second in ((text, json.dumps(other)), (SERVER_ID, json.dumps(other))):
        await desk.goto(f"{desk.base}/compare")
        for name, dropped in (("first", first), ("second", second)):
            field = await desk.locator(f"#{name}").element_handle()
            await desk.evaluate(DROP, [field, dropped])
        await expect(desk.locator("#second")).not_to_have_value("")
        await desk.get_by_role("button", name="Compare files").click()
        assert [await one.inner_text() for one in await desk.locator("[data-differs] tbody td:first-child").all()] == [
            "transStatus"
        ]
    assert desk.errors == []


DEEP = '{"a":' * 600 + "1" + "}" * 600
HOP = '{"from":"a","to":"b","kind":"c","at":"2026-01-01T00:00:00+00:00","message":%s}'
FILE = '{"format":"acs-sim transcript 1","transaction":{},"volatile":%s,"hops":[%s]}'


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [
        ("nobody", 404, "nobody"),
        ("{", 400, "the second file is not JSON"),
        ("{}", 400, "its format is not"),
        (FILE % ("[[]]", ""), 400, "volatile"),
        (FILE % ("[]", "1"), 400, "hop 1"),
        (FILE % ("[]", ",".join([HOP % "{}"] * 1001)), 413, "more than 1000 hops"),
    ],
)
async def test_a_file_that_is_no_transcript_is_refused_by_name(call, stack, text, status, words):
    journal(stack, "AReq", "ARes")
    _, known, _ = await call.text("GET", f"/api/transactions/{SERVER_ID}/transcript")
    answered, page, _ = await call.text("POST", "/compare", data={"first": known, "second": text})
    assert (answered, words in page) == (status, True)


async def test_a_file_is_compared_however_deep_its_messages_are(call):
    one = FILE % ("[]", HOP % DEEP)
    status, page, _ = await call.text("POST", "/compare", data={"first": one, "second": one.replace("1}", "2}")})
    assert (status in {200, 400}, "bug in the simulator" in page) == (True, False)


async def test_a_bug_report_is_one_file_that_loads_nothing(call, stack):
    journal(stack, "AReq", "ARes")
    status, text, headers = await call.text("GET", f"/transactions/{SERVER_ID}/report.html")
    assert (status, headers["Content-Disposition"].startswith("attachment")) == (200, True)
    assert re.findall(r"<(?:link|script|img|iframe)\b|url\(", text) == []
    assert "ARes" in text
    assert "4000000001000001" not in text


async def test_what_is_the_same_is_not_drawn_anew(desk, stack, world):
    journal(stack, "AReq")
    await listening(desk, "/")
    listed = desk.locator("#transactions tbody tr")
    await listed.evaluate("row => { row.mark = 'the same' }")
    for kind in ("ARes", "Erro"):  # what the first one brought is there when the second one is asked for
        async with desk.expect_response("**/transactions/rows*"):
            journal(stack, kind)
    assert await listed.evaluate("row => row.mark") == "the same"


async def test_any_id_leads_to_the_transaction(desk, stack):
    journal(stack, "AReq", "ARes")
    await desk.goto(f"{desk.base}/")
    await desk.get_by_label("Find anything").fill(f" {DS_ID} ")
    await desk.keyboard.press("Enter")
    await desk.wait_for_url(f"**/transactions/{SERVER_ID}")


@pytest.mark.parametrize(
    ("asked", "address"),
    [
        ("5200 0000 0100 0006", "/cards?scheme=mastercard&pan=5200000001000006#builder"),
        ("+33639981101", "{phone}/phones/%2B33639981101"),
        ("purchaseAmount", "/elements/AReq#purchaseAmount"),
        ("RReq", "/elements/RReq#RReq"),
        ("TB6133419856", "/?q=TB6133419856"),
        ("", "/?q="),
    ],
)
async def test_anything_is_found_by_its_name(call, stack, world, asked, address):
    world.rows = []
    status, _, headers = await call.text("GET", f"/find?id={quote(asked)}")
    assert (status, headers["Location"]) == (303, address.format(phone=stack.addresses.phone))


async def test_what_misbehaves_is_told_on_every_page(call):
    _, before, _ = await call.text("GET", "/check")
    await call("POST", "/api/faults", json={"at": "RReq", "do": "twice"})
    _, after, _ = await call.text("GET", "/check")
    await call("DELETE", "/api/faults")
    assert ("1 fault in force" in before, "1 fault in force" in after) == (False, True)


async def test_everything_is_forgotten_by_one_button(call):
    status, _, headers = await call.text("POST", "/reset", data={"back": "/check"})
    assert (status, headers["Location"]) == (303, "/check")


async def test_an_unknown_id_is_told_on_a_page(desk, world):
    world.rows = []
    answer = await desk.goto(f"{desk.base}/transactions/%3Cscript%3E")
    assert answer.status == 404
    await expect(desk.get_by_role("alert")).to_have_text("no transaction goes by '<script>'; any of its ids would do")


async def test_the_clock_is_moved_without_leaving_the_page(desk, stack):
    await desk.goto(f"{desk.base}/")
    before = stack.clock.now()
    await desk.locator(".clock summary").click()
    await desk.get_by_role("button", name="+10m").click()
    await expect(desk.locator("#now")).to_have_text("2026-06-15 12:10:00")
    assert (stack.clock.now() - before).total_seconds() == 600
    await desk.get_by_role("button", name="Run").click()
    await expect(desk.get_by_role("button", name="Freeze")).to_be_visible()
    assert not stack.clock.frozen
    assert desk.url == f"{desk.base}/"


async def test_a_card_is_minted_from_its_row(desk, world):
    await desk.goto(f"{desk.base}/cards?scheme=amex")
    mintable = desk.get_by_role("row", name="challenge-otp").get_by_role("button", name="Mint")
    await mintable.click()
    told = desk.locator(".minted")
    await expect(told).to_contain_text("Minted for you alone")
    (pan,) = world.cards
    await expect(told.locator("code").first).to_have_text(f"{pan[:4]} {pan[4:10]} {pan[10:]}")


async def test_the_split_screen_shows_the_shop_and_the_cards_phone(desk, stack):
    await desk.goto(f"{desk.base}/demo?shop=monetico&scheme=mastercard&scenario=challenge-otp&lang=en&demo=123")
    shop = await desk.locator("iframe[title=Shop]").get_attribute("src")
    at = stack.addresses
    assert shop == f"{at.shop}/shops/monetico?lang=en&demo=123&card=mastercard%2Fchallenge-otp%2F123%2F"
    await expect(desk.locator(".phone iframe")).to_have_attribute("src", f"{at.phone}/phones/%2B999200100123")
    await expect(desk.locator("#pan")).to_have_text("5200 0000 0100 1236")
    await desk.get_by_label("that does").select_option("rejected")
    await desk.wait_for_url(re.compile("scenario=rejected"))
    await expect(desk.locator("#pan")).to_have_text("5200 0000 0040 1239")


async def test_messages_fly_by_on_the_split_screen_and_can_be_cleared(desk, stack):
    await listening(desk, "/demo?demo=123")
    stack.runtime.journal.record(
        stack.clock.now(), "Shop", "3DS Server", "Payment form", {}, transaction_id=SERVER_ID, also=("demo 123",)
    )
    journal(stack, "AReq", "ARes")
    await expect(desk.locator("#flight .arrow")).to_have_count(3)
    await expect(desk.locator("#flight")).not_to_contain_text("Buy something")
    await desk.get_by_role("button", name="Clear").click()
    await expect(desk.locator("#flight .arrow")).to_have_count(0)


async def test_a_call_of_the_api_is_found_written_for_a_shell_and_made(desk, stack, world):
    await desk.goto(f"{desk.base}/api/docs")
    await desk.get_by_label("Part of an address or a summary").fill("mint fresh")
    await expect(desk.locator(".operation:visible")).to_have_count(1)
    call = desk.get_by_role("region", name="Mint a fresh card")
    await call.get_by_label("Body").fill('{"scheme":"amex","scenario":"challenge-otp"}')
    written = f'curl \'{desk.base}/api/cards\' --json \'{{"scheme":"amex","scenario":"challenge-otp"}}\''
    await expect(call.locator("#curl-mint_card")).to_have_text(written)
    await call.get_by_role("button", name="Execute").click()
    await expect(call.get_by_role("status")).to_contain_text("201")
    (pan,) = world.cards
    await expect(call.get_by_role("status")).to_contain_text(f'"pan": "{pan}"')
    assert desk.errors == []


async def test_a_copy_button_works_on_plain_http_under_any_host_name(desk):
    """There the browser gives a page no clipboard."""

    async def from_the_desk(route):
        if "/live" in route.request.url:
            return await route.abort()
        return await route.fulfill(
            response=await route.fetch(url=route.request.url.replace("http://desk.test", desk.base))
        )

    await desk.route("http://desk.test/**", from_the_desk)
    await desk.goto("http://desk.test/cards")
    assert await desk.evaluate("[isSecureContext, 'clipboard' in navigator]") == [False, False]
    await desk.locator("#challenge-otp .copy").click()
    await desk.locator("#anything").focus()
    await desk.keyboard.press("Control+V")
    await expect(desk.locator("#anything")).to_have_value("4000000001000001")


async def test_a_call_names_what_it_is_about_in_its_address(desk, stack, world):
    await desk.goto(f"{desk.base}/api/docs")
    call = desk.locator("#show_card")
    await call.locator("input[name=pan]").fill("5200000001000006")
    await call.get_by_role("button", name="Execute").click()
    await expect(call.get_by_role("status")).to_contain_text('"scheme": "mastercard"')


async def test_the_pages_work_without_javascript(browser, stack):
    context = await new_context(browser, java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{stack.addresses.desk}/demo")
    await page.get_by_label("that does").select_option("rejected")
    await page.get_by_role("button", name="Show").click()
    await expect(page.locator("[name=scenario]")).to_have_value("rejected")
    await page.locator(".clock summary").click()
    await page.get_by_role("button", name="+5m").click()
    await expect(page.locator("#now")).to_have_text("2026-06-15 12:05:00")
    await context.close()


async def test_pages_run_no_foreign_script_and_are_not_kept(call):
    for path in ("/", "/cards", "/demo", "/api/docs", "/transactions/nobody"):
        _, _, headers = await call.text("GET", path)
        assert "script-src 'self'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'self'" in headers["Content-Security-Policy"]
        assert headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example", ""])
async def test_the_way_back_from_the_clock_stays_on_the_desk(call, back):
    status, _, headers = await call.text("POST", "/clock", data={"move": "30s", "back": back})
    assert (status, headers["Location"]) == (303, "/")


@pytest.mark.parametrize(
    ("method", "path", "fields"),
    [
        ("POST", "/clock", {"move": "soon"}),
        ("POST", "/clock", {}),
        ("POST", "/cards", {"scheme": "visa", "scenario": "otp"}),
        ("GET", "/cards?minted=4242424242424242", None),
    ],
)
async def test_what_a_form_cannot_do_is_told_on_a_page(call, world, method, path, fields):
    world.rows = []
    status, text, headers = await call.text(method, path, data=fields)
    assert status in {400, 404}
    assert headers["Content-Type"].startswith("text/html")
    assert 'role="alert"' in text
