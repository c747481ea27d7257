"""The pages as they are sent: complete without a script, and safe with any words."""

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest

from issuer_sms.pages import Pages
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import compose, read

NUMBER = "+33639981101"
PAGE = "/phones/%2B33639981101"
HOSTILE = "<script>alert(1)</script>\"'&{{7*7}} code 123456"


class Elements(HTMLParser):
    """Every element of a page as (name, attributes)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))

    def named(self, tag):
        return [attributes for name, attributes in self.found if name == tag]


async def html(phone, path, status=200):
    answer = await phone.get(path)
    assert answer.status == status
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.body.decode()


async def test_the_code_can_be_read_without_a_script(phone):
    await phone.text(NUMBER)
    elements = Elements(await html(phone, PAGE))
    assert [a for a in elements.named("span") if a.get("id") == "latest-code"] == [
        {"class": "digits", "id": "latest-code", "data-code": "123456"}
    ]


async def test_only_the_text_that_arrived_last_carries_the_latest_code(phone):
    for code in ("111111", "222222"):
        await phone.text(NUMBER, f"code {code}")
    page = await html(phone, PAGE)
    assert page.count('id="latest-code" data-code="222222"') == 1
    assert page.count('id="latest-code"') == 1
    assert page.index("111111") < page.index("222222")


async def test_what_has_not_arrived_is_told_beside_the_handset_without_its_words(phone):
    await phone.text("+33639989011", "code 918273 chez BOUTIQUE")
    page = await html(phone, "/phones/+33639989011")
    assert "sent, and lost on the way" in page
    assert "The network loses every text to this number." in page
    assert "918273" not in page
    assert "BOUTIQUE" not in page


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("+33639989111", "on its way until 12:06:00"),
        ("+33639989311", "refused by the carrier"),
        ("+33639989211", "second copy"),
    ],
)
async def test_what_the_network_does_is_told_in_words(phone, number, words):
    await phone.text(number)
    assert words in await html(phone, f"/phones/{number}")


async def test_how_long_a_late_text_was_on_its_way_stands_beneath_it(phone):
    await phone.text("+33639989111")
    phone.clock.advance(timedelta(minutes=6))
    assert "6 min on its way" in await html(phone, "/phones/+33639989111")


async def test_the_page_says_how_the_text_is_encoded(phone):
    await phone.text(NUMBER, "Boîte: code 123456 " + "a" * 60)
    assert "UCS-2, 2 segments" in await html(phone, PAGE)


async def test_the_inbox_shows_every_phone_with_its_code(phone):
    await phone.text(NUMBER, "code 111111")
    await phone.text("+33639989011", "code 222222")
    page = await html(phone, "/")
    assert 'data-code="111111"' in page
    assert "222222" not in page
    assert {a["href"] for a in Elements(page).named("a")} >= {PAGE, "/phones/%2B33639989011"}


async def test_an_empty_inbox_says_what_will_fill_it(phone):
    assert "No text yet" in await html(phone, "/")


async def test_a_search_finds_texts_and_offers_a_number(phone):
    await phone.text(NUMBER, "code 111111 chez LIBRAIRIE")
    await phone.text(NUMBER, "code 222222 chez BOULANGERIE")
    page = await html(phone, "/?q=librairie")
    assert "1 text with" in page
    assert "111111" in page
    assert "222222" not in page
    assert "Open the phone +33 6 12 34 56 78" in await html(phone, "/?q=%2B33+6+12+34+56+78")


async def test_words_stay_words(phone):
    await phone.text(NUMBER, HOSTILE)
    await phone.post("/api/prompts", {"to": NUMBER, "title": HOSTILE[:80], "body": HOSTILE})
    for path in (PAGE, "/", "/?q=%3Cscript%3Ealert(1)%3C/script%3E"):
        page = await html(phone, path)
        assert [script["src"].split("?")[0] for script in Elements(page).named("script")] == ["/static/phone.js"]
        assert "{{7*7}}" in page


async def test_pages_load_nothing_from_elsewhere_and_are_shown_in_nobodys_frame(phone):
    answer = await phone.get(PAGE)
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "frame-ancestors 'self';" in policy
    assert "form-action 'self'" in policy


async def test_the_buttons_of_a_prompt_are_a_plain_form(phone):
    prompt = (await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer 42,00 EUR ?"})).json
    elements = Elements(await html(phone, PAGE))
    assert {"method": "post", "action": f"/prompts/{prompt['id']}"} in elements.named("form")
    pressed = await phone.post_raw(f"/prompts/{prompt['id']}", b"decision=approve", "application/x-www-form-urlencoded")
    assert (pressed.status, pressed.headers["Location"]) == (303, PAGE)
    assert (await phone.get(f"/api/prompts/{prompt['id']}")).json["state"] == "approved"
    assert "Payer 42,00 EUR ?: <b>approved</b>" in await html(phone, PAGE)


async def test_a_button_pressed_too_late_leads_back_to_the_page(phone):
    prompt = (
        await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer ?", "expires_at": "2026-06-15T12:01:00Z"})
    ).json
    phone.clock.advance(timedelta(minutes=1))
    pressed = await phone.post_raw(f"/prompts/{prompt['id']}", b"decision=approve", "application/x-www-form-urlencoded")
    assert (pressed.status, pressed.headers["Location"]) == (303, PAGE)
    assert "<b>expired</b>" in await html(phone, PAGE)


async def test_clear_is_a_plain_form(phone):
    await phone.text(NUMBER)
    cleared = await phone.post_raw(f"{PAGE}/clear", b"", "application/x-www-form-urlencoded")
    assert (cleared.status, cleared.headers["Location"]) == (303, PAGE)
    assert (await phone.get(f"/api/phones/{NUMBER}/messages")).json == {"messages": []}


@pytest.mark.parametrize(
    ("path", "body", "content_type", "status"),
    [
        ("/prompts/nothing", b"decision=approve", "application/x-www-form-urlencoded", 404),
        ("/prompts/nothing", b"decision=perhaps", "application/x-www-form-urlencoded", 400),
        ("/prompts/nothing", b"", "application/x-www-form-urlencoded", 400),
        ("/prompts/nothing", b"decision=approve", "text/plain", 415),
        ("/prompts/nothing", b"\xff", "application/x-www-form-urlencoded", 400),
        ("/phones/12/clear", b"", "application/x-www-form-urlencoded", 400),
    ],
)
async def test_a_form_that_is_not_ours_is_answered_on_a_page(phone, path, body, content_type, status):
    answer = await phone.post_raw(path, body, content_type)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "text/html; charset=utf-8")


async def test_an_address_that_is_no_number_is_answered_on_a_page(phone):
    assert "+33612345678" in await html(phone, "/phones/12", status=400)


async def test_the_page_names_its_script_and_styles_and_they_are_there(phone):
    elements = Elements(await html(phone, "/"))
    addresses = [elements.named("script")[0]["src"], elements.named("link")[1]["href"]]
    kinds = [(await phone.get(address)).headers["Content-Type"] for address in addresses]
    assert kinds == ["text/javascript", "text/css"]


def test_the_phone_of_a_card_that_may_have_a_passkey_leads_to_the_bank_where_it_is_made():
    at, address = datetime(2026, 6, 15, tzinfo=UTC), "http://localhost:8200/bank/passkeys"
    cards = [
        read(compose(scheme, SCENARIOS[name], serial=serial))
        for scheme in SCHEMES
        for name in SCENARIOS
        for serial in "04"
    ]
    led = {card.scenario.name for card in cards if f'href="{address}"' in Pages(address).phone(card.phone, [], [], at)}
    others = {card.scenario.name for card in cards if address not in Pages(address).phone(card.phone, [], [], at)}
    assert (led, led & others) == ({"challenge-passkey", "challenge-spc"}, set())
    classic = read(compose("visa", SCENARIOS["challenge-passkey"], serial="4", version="9"))
    for number in (classic.phone, "+33612345678", "+3363998", "+999", "+442071838750"):
        assert address not in Pages(address).phone(number, [], [], at)
    assert "/bank/passkeys" not in Pages().phone(cards[0].phone, [], [], at)


async def returns(phone, page):
    return [a["href"] for a in Elements(await html(phone, page)).named("a") if a.get("id") == "return"]


async def pressed(phone, prompt, back):
    body = urlencode({"decision": "approve", "return": back}).encode()
    return await phone.post_raw(f"/prompts/{prompt['id']}", body, "application/x-www-form-urlencoded")


async def test_the_banking_app_leads_back_to_the_app_that_opened_it_once_it_is_done(phone):
    prompt = (await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer ?"})).json
    there = f"{PAGE}?return=shop%3A%2F%2Fback%3Fa%3D1"
    assert await returns(phone, there) == []
    answer = await pressed(phone, prompt, "shop://back?a=1")
    assert (answer.status, answer.headers["Location"]) == (303, there)
    assert await returns(phone, there) == ["shop://back?a=1"]


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        "data:text/html,x",
        "//evil.example",
        "shop://a b",
        "file:///etc/passwd",
        "x" * 3000,
    ],
)
async def test_no_page_leads_to_what_is_no_app(phone, address):
    prompt = (await phone.post("/api/prompts", {"to": NUMBER, "title": "Payer ?"})).json
    answer = await pressed(phone, prompt, address)
    assert answer.headers["Location"] == PAGE
    assert await returns(phone, f"{PAGE}?{urlencode({'return': address})}") == []
