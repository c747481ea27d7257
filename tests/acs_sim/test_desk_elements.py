"""The reference of elements and the check of a message at the desk, over real sockets and in a real browser."""

import base64
import json
import re

import pytest
from click.testing import CliRunner
from playwright.async_api import expect

from acs_sim.checking.command import check_command
from acs_sim.checking.element_pages import address_of, all_elements, matches, message_page, names_of
from acs_sim.desk.pages.rendering import as_json
from tests.acs_sim.test_desk_pages import journal
from tests.acs_sim.world import ACS_ID, SERVER_ID
from tests.support.accessibility import findings_in_both_colours
from tests.support.browser import new_context
from threedsecure.v2.messages import MESSAGES

RRES = {
    "messageType": "RRes",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    "acsTransID": "d7c1ee99-9478-44a6-b1f2-391e29c6b340",
    "dsTransID": "f25084f0-5b16-4c0a-ae5d-b24808a95e4b",
    "resultsStatus": "01",
}
WRONG = {**RRES, "resultsStatus": "77", "acsTransID": "nobody"}
CRES = {
    "messageType": "CRes",
    "messageVersion": "2.2.0",
    "threeDSServerTransID": RRES["threeDSServerTransID"],
    "acsTransID": RRES["acsTransID"],
    "challengeCompletionInd": "Y",
    "transStatus": "Y",
}
VEREQ = (
    '<?xml version="1.0"?><ThreeDSecure><Message id="1"><VEReq><version>1.0.2</version><pan>short</pan></VEReq></Message>'
    "</ThreeDSecure>"
)


def shown_rows(text):
    return re.findall(r'<tr[^>]* data-name="([^"]+)">', text)


# The reference.


async def test_the_index_names_every_message_and_every_element(call):
    status, text, _ = await call.text("GET", "/elements")
    assert status == 200
    for message in MESSAGES:
        assert f'<a href="/elements/{message}">{message}</a>' in text
    assert set(shown_rows(text)) == {row.name for rows in MESSAGES.values() for row in rows}


async def test_a_search_leaves_the_elements_whose_name_has_it_in_whatever_case(call):
    _, text, _ = await call.text("GET", "/elements", params={"q": " chaccAGE "})
    assert shown_rows(text) == ["acctInfo.chAccAgeInd"]
    assert "<span>1</span> found" in text
    assert 'value="chaccAGE"' in text


async def test_a_search_in_one_message_leaves_its_elements_alone(call):
    _, text, _ = await call.text("GET", "/elements/AReq", params={"q": "acctInfo ind"})
    names = shown_rows(text)
    assert "acctInfo.chAccAgeInd" in names
    assert all("acctinfo" in name.lower() and "ind" in name.lower() for name in names)


@pytest.mark.parametrize("message", MESSAGES)
async def test_every_element_of_a_message_has_a_row_to_link_to(call, message):
    status, text, _ = await call.text("GET", f"/elements/{message}")
    assert status == 200
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids)), "an id names one thing"
    assert {row.name for row in MESSAGES[message]} <= set(ids)
    assert shown_rows(text) == list(dict.fromkeys(row.name for row in MESSAGES[message]))


async def test_an_element_is_also_found_by_its_name_inside_its_object(call):
    _, text, _ = await call.text("GET", "/elements/AReq")
    row = text[text.index('id="acctInfo.chAccAgeInd"') :].partition("</tr>")[0]
    assert 'id="chAccAgeInd"' in row
    assert "<code>03</code> less than 30 days" in row
    assert ">O</td>" in row


async def test_a_row_tells_presence_by_version_channel_and_category_format_condition_and_clause(call):
    _, text, _ = await call.text("GET", "/elements/AReq")
    row = text[text.index('<tr id="purchaseAmount"') :].partition("</tr>")[0]
    assert re.findall(r'class="presence">([^<]*)<', row) == ["R (NPA: C) APP, BRW", "R (NPA: C)", "R (NPA: C)"]
    assert "1 to 48 characters, digits, in minor units without separators" in row
    assert "when non-payment: threeDSRequestorAuthenticationInd is 02 or 03" in row
    assert "(Annex A, table A.1)" in row
    assert "<p>high</p>" in row


async def test_what_rests_on_one_source_says_so_in_its_row(call):
    _, text, _ = await call.text("GET", "/elements/CReq")
    row = text[text.index('<tr id="challengeAddCode"') :].partition("</tr>")[0]
    assert "<p>medium</p>" in row or "<p>low</p>" in row


@pytest.mark.parametrize(
    ("path", "status", "told"),
    [
        ("/elements/XReq", 404, "there is no message"),
        ("/elements/areq", 404, "there is no message"),
        ("/elements?q=" + "a" * 101, 400, "q is longer than 100 characters"),
        ("/elements/AReq?q=" + "a" * 5000, 400, "q is longer than 100 characters"),
    ],
)
async def test_what_the_reference_does_not_have_is_told_on_a_page(call, path, status, told):
    answered, text, headers = await call.text("GET", path)
    assert answered == status
    assert headers["Content-Type"].startswith("text/html")
    assert told in text


async def test_what_is_searched_for_is_escaped(call):
    status, text, _ = await call.text("GET", "/elements", params={"q": '"><script>x</script>'})
    assert status == 200
    assert "<script>x" not in text
    assert shown_rows(text) == []


def test_the_model_is_built_once():
    assert message_page("AReq") is message_page("AReq")
    assert all_elements() is all_elements()


@pytest.mark.parametrize(
    ("name", "query", "found"),
    [
        ("acctInfo.chAccAgeInd", "", True),
        ("acctInfo.chAccAgeInd", "AGEIND", True),
        ("acctInfo.chAccAgeInd", "ind acct", True),
        ("acctInfo.chAccAgeInd", "acct amount", False),
    ],
)
def test_every_word_of_a_search_must_be_in_the_name(name, query, found):
    assert matches(name, query) is found


@pytest.mark.parametrize(
    ("message", "element", "address"),
    [
        ("AReq", "messageExtension[3].id", "/elements/AReq#messageExtension.id"),
        ("AReq", "noSuchElement", ""),
        ("SMS", "body", ""),
        (None, "acctNumber", ""),
    ],
)
def test_only_a_known_element_has_an_address(message, element, address):
    assert address_of(message, element) == address


def test_every_address_of_an_element_is_a_row_of_its_page():
    for message in MESSAGES:
        lines = [line.element for line in message_page(message).lines]
        assert set(lines) == names_of(message)


def test_names_in_a_decoded_message_link_to_their_rows_and_other_names_do_not():
    message = {"acctInfo": {"chAccAgeInd": "03"}, "messageExtension": [{"id": "x"}], "<b>": 1}
    text = str(as_json(message, "AReq"))
    assert '<a class="k" href="/elements/AReq#acctInfo.chAccAgeInd">&#34;chAccAgeInd&#34;</a>' in text
    assert 'href="/elements/AReq#messageExtension.id"' in text
    assert '<span class="k">&#34;&lt;b&gt;&#34;</span>: <span class="n">1</span>' in text
    assert "href" not in str(as_json(message))


# The check.


async def test_the_api_says_what_the_command_says(call, tmp_path):
    (tmp_path / "message").write_text(json.dumps(WRONG))
    told = CliRunner().invoke(check_command, ["--json", str(tmp_path / "message")])
    status, document, _ = await call("POST", "/api/check", json={"message": WRONG})
    assert status == 200
    expected = json.loads(told.output)
    assert document == [{**expected[0], "file": "message"}]
    assert [(fault["code"], fault["element"]) for fault in document[0]["errors"]] == [
        ("203", "acsTransID"),
        ("203", "resultsStatus"),
    ]


async def test_a_right_message_has_no_errors(call):
    _, (one,), _ = await call("POST", "/api/check", json={"message": RRES})
    assert (one["messageType"], one["messageVersion"], one["answer"], one["errors"]) == ("RRes", "2.2.0", None, [])


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (json.dumps(CRES), "CRes"),
        (base64.urlsafe_b64encode(json.dumps(CRES).encode()).decode().rstrip("="), "CRes"),
        ("cres=" + base64.urlsafe_b64encode(json.dumps(CRES).encode()).decode(), "CRes"),
        (VEREQ, "VEReq"),
    ],
    ids=["JSON", "a value", "a form", "XML"],
)
async def test_a_message_may_be_a_text_in_any_of_its_forms(call, text, kind):
    status, (one,), _ = await call("POST", "/api/check", json={"message": text})
    assert (status, one["messageType"]) == (200, kind)
    assert bool(one["errors"]) is (kind == "VEReq")


async def test_a_name_that_stands_twice_is_seen_in_a_message_that_is_no_text(call):
    body = b'{"message":' + json.dumps(RRES).encode()[:-1] + b',"resultsStatus":"01"}}'
    _, (one,), _ = await call("POST", "/api/check", data=body)
    assert one["answer"] == {"errorCode": "204", "errorDetail": "resultsStatus"}


async def test_a_message_is_read_as_what_the_caller_says(call):
    _, (one,), _ = await call("POST", "/api/check", json={"message": RRES, "as": "RReq"})
    assert one["messageType"] == "RReq"
    assert one["answer"]["errorCode"] == "101"


@pytest.mark.parametrize(
    ("body", "status", "told"),
    [
        (b"", 400, "message"),
        (b"{}", 400, "message"),
        (b'{"message":"x","type":"AReq"}', 400, "type"),
        (b'{"message":"x","as":"XReq"}', 400, "there is no message 'XReq'"),
        (b'{"message":"\\ud800"}', 400, "the body is not JSON"),
        (b'{"message":"\xff"}', 400, "message is no text"),
        (b'{"message":"' + b"a" * 131073 + b'"}', 413, "longer than 131072 bytes"),
        (b'{"message":"' + b"a" * 600000 + b'"}', 413, ""),
    ],
    ids=[
        "nothing",
        "no message",
        "unknown member",
        "unknown type",
        "half a character",
        "no character",
        "long",
        "too long to read",
    ],
)
async def test_what_cannot_be_checked_is_refused_by_name(call, body, status, told):
    answered, problem, headers = await call("POST", "/api/check", data=body)
    assert (answered, headers["Content-Type"]) == (status, "application/problem+json")
    assert told in problem["detail"]


@pytest.mark.parametrize(
    "message", [b"null", b"[]", b"5", b'""', b'"<"', b'"eJ"', b'{"messageType":"\\ud800"}', b'"\\u0000"', b"[" * 300]
)
async def test_nothing_that_is_checked_makes_the_desk_fail(call, message):
    status, _, _ = await call("POST", "/api/check", data=b'{"message":' + message + b"}")
    assert status in {200, 400}


async def test_the_page_tells_errors_and_advice_apart_without_a_card_number(call):
    areq = {"messageType": "AReq", "messageVersion": "2.2.0", "acctNumber": "4000000001000001x", "notDefined": "1"}
    status, text, _ = await call.text("POST", "/check", data={"message": json.dumps(areq), "as": ""})
    assert status == 200
    errors, advice = text[text.index('id="errors"') : text.index("</table>")], text[text.index('id="advice"') :]
    assert 'href="/elements/AReq#acctNumber"' in errors
    assert "4000000001000001" not in errors
    assert "notDefined" in advice.partition("</ul>")[0]
    assert "notDefined" not in errors


async def test_the_page_shows_the_first_of_a_flood_and_escapes_it(call):
    flood = {**RRES, "messageType": "PRes", "cardRangeData": [{"startRange": f"<b>{n}"} for n in range(150)]}
    status, text, _ = await call.text("POST", "/check", data={"message": json.dumps(flood)})
    assert status == 200
    assert text.count("<tr><td>") == 200
    assert "The first 200 of 6" in text
    assert "&lt;b&gt;1" in text
    assert "<b>1" not in text


async def test_the_page_tells_a_bounded_number_of_undefined_names(call):
    flood = {**RRES, **{f"<b>{number}": "x" for number in range(400)}}
    status, text, _ = await call.text("POST", "/check", data={"message": json.dumps(flood)})
    assert status == 200
    assert text.count("<li>") == 101
    assert "only the first 100 such names are told" in text
    assert "<b>1" not in text


@pytest.mark.parametrize(
    ("fields", "status"),
    [({}, 400), ({"message": "  "}, 400), ({"message": "x", "as": "XReq"}, 400), ({"message": "x" * 131073}, 413)],
)
async def test_what_the_form_cannot_check_is_told_on_a_page(call, fields, status):
    answered, text, headers = await call.text("POST", "/check", data=fields)
    assert answered == status
    assert headers["Content-Type"].startswith("text/html")
    assert 'role="alert"' in text


async def test_a_message_of_a_transaction_is_loaded_and_judged(call, stack):
    journal(stack, "AReq", "ARes")
    status, text, _ = await call.text("GET", f"/check?id={ACS_ID}&m=2")
    assert status == 200
    assert re.findall(r"m=(\d)[^>]*>(\d \w+)", text) == [("1", "1 AReq"), ("2", "2 ARes")]
    assert "&#34;messageType&#34;: &#34;ARes&#34;" in text
    assert '<h2 id="result">ARes 2.2.0' in text


# In a browser.


async def test_a_message_is_judged_while_it_is_typed(page, stack):
    await page.goto(f"{stack.addresses.desk}/check")
    await expect(page.locator("#verdict")).to_contain_text("Nothing to judge yet")
    await page.get_by_label("Message", exact=True).fill(json.dumps(WRONG))
    await expect(page.locator("#verdict")).to_contain_text("2 errors.")
    await page.get_by_label("Message", exact=True).fill(json.dumps(RRES))
    await expect(page.locator("#verdict")).to_contain_text("No errors.")
    await page.get_by_label("Read it as").select_option("RReq")
    await expect(page.locator("#verdict")).to_contain_text("A receiver answers 101")


async def test_the_reference_is_searched_as_one_types_and_reached_from_a_message(page, stack):
    desk = stack.addresses.desk
    journal(stack, "AReq")
    await page.goto(f"{desk}/transactions/{SERVER_ID}")
    await page.get_by_role("link", name="acctNumber", exact=True).click()
    await page.wait_for_url("**/elements/AReq#acctNumber")
    await expect(page.locator("tr:target")).to_contain_text("the digits of a card number")
    await page.get_by_label("Part of an element's name").press_sequentially("chAccAge")
    await expect(page.locator("#rows tr:visible")).to_have_count(1)
    await expect(page.locator("#found")).to_have_text("1 found")
    await page.wait_for_url("**/elements/AReq?q=chAccAge*")
    await page.get_by_label("Part of an element's name").fill("")
    await expect(page.locator("#rows tr:visible")).to_have_count(len(names_of("AReq")))


async def test_the_pages_for_reading_break_no_rule_of_accessibility(page, stack):
    desk = stack.addresses.desk
    for path in ("/elements", "/elements/RReq", "/check"):
        await page.goto(desk + path)
        assert await findings_in_both_colours(page) == [], path
    await page.get_by_label("Message", exact=True).fill(json.dumps({**WRONG, "notDefined": 1}))
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(page.get_by_role("status")).to_contain_text("2 errors.")
    assert await findings_in_both_colours(page) == []


async def test_the_pages_for_reading_work_without_javascript_on_a_narrow_screen(browser, stack):
    context = await new_context(browser, java_script_enabled=False, viewport={"width": 360, "height": 800})
    page = await context.new_page()
    await page.goto(f"{stack.addresses.desk}/elements")
    await page.get_by_label("Part of an element's name").fill("chAccAge")
    await page.get_by_role("button", name="Search").click()
    await page.locator("#rows tr:visible").get_by_role("link", name="AReq").click()
    await page.wait_for_url("**/elements/AReq#acctInfo.chAccAgeInd")
    await page.goto(f"{stack.addresses.desk}/check")
    await page.get_by_label("Message", exact=True).fill(VEREQ)
    await page.get_by_role("button", name="Check", exact=True).click()
    await expect(page.locator("#errors")).to_be_visible()
    await context.close()


@pytest.mark.parametrize("width", [360, 1400])
async def test_no_page_for_reading_is_wider_than_the_window(page, stack, width):
    await page.set_viewport_size({"width": width, "height": 800})
    for path in ("/elements", "/elements/AReq", "/check"):
        await page.goto(stack.addresses.desk + path)
        too_wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        assert await page.evaluate(too_wide) <= 0, path
