"""The wallet on a phone: it shows what a bank asks, signs what its holder confirms, and sends the browser back."""

from datetime import timedelta
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from msgspec.structs import replace

from threedsecure.secrets import wallet

PAGE, API = "/phones/%2B33639981271/wallet", "/api/phones/%2B33639981271/wallet"
NUMBER, OTHER = "+33639981271", "+33639981272"
BANK = "http://127.0.0.1:8200/3ds2/challenge/wallet"
PAID = wallet.Transaction("2c0f40ad-ca51-47ab-8da9-348b162673aa", "Librairie <Exemple>", "42.00", "EUR")
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def asked(phone):
    until = phone.clock.now() + timedelta(minutes=5)
    return wallet.Request(BANK, f"{BANK}?acsTransID=1&page=1.x", "nonce", until, PAID)


async def key_of(phone, number):
    return (await phone.post("/api/wallet", {"to": number})).json


async def pressed(phone, asked, decision):
    fields = {"request": wallet.written(asked), "decision": decision}
    return await phone.post_raw(PAGE, urlencode(fields).encode(), FORM)


async def test_the_page_shows_payee_and_amount_and_who_asks(phone, asked):
    answer = await phone.get(f"{PAGE}?request={wallet.written(asked)}")
    html = answer.body.decode()
    assert "Librairie &lt;Exemple&gt;" in html
    assert "42.00 EUR" in html
    assert "127.0.0.1:8200" in html
    assert "frame-ancestors *" in answer.headers["Content-Security-Policy"]


async def test_confirmed_it_goes_back_to_the_bank_with_a_presentation_that_holds(phone, asked):
    answer = await pressed(phone, asked, "approve")
    back = urlsplit(answer.headers["Location"])
    told = parse_qs(back.query)
    assert (answer.status, back._replace(query="").geturl()) == (303, BANK)
    assert (told["acsTransID"], told["page"]) == (["1"], ["1.x"])
    key = await key_of(phone, NUMBER)
    wallet.check(told["response"][0], asked, key, phone.clock.now())
    with pytest.raises(wallet.NotWallets, match="signature"):
        wallet.check(told["response"][0], asked, await key_of(phone, OTHER), phone.clock.now())


async def test_refused_it_goes_back_with_an_error(phone, asked):
    answer = await pressed(phone, asked, "decline")
    assert parse_qs(urlsplit(answer.headers["Location"]).query)["error"] == ["access_denied"]


async def test_a_script_has_the_same_answer(phone, asked):
    wish = {"request": wallet.written(asked), "decision": "approve"}
    told = (await phone.post(API, wish)).json
    wallet.check(told["response"], asked, await key_of(phone, NUMBER), phone.clock.now())
    assert (await phone.post(API, wish | {"decision": "decline"})).json == {"error": "access_denied"}
    assert (await phone.post(API, wish | {"decision": "maybe"})).status == 400


@pytest.mark.parametrize(
    ("text", "status"), [("", 400), ("e30", 400), ("%C3%A9", 400), ("A" * 5000, 400), ("!!!", 400)]
)
async def test_a_request_that_cannot_be_read_is_told_on_a_page(phone, text, status):
    assert (await phone.get(f"{PAGE}?request={text}")).status == status


async def test_a_time_without_a_zone_is_none(phone, asked):
    naive = wallet.written(asked.__class__(BANK, BANK, "nonce", asked.expires_at.replace(tzinfo=None), PAID))
    assert (await phone.get(f"{PAGE}?request={naive}")).status == 400


async def test_it_leads_to_web_addresses_alone_and_not_after_its_time(phone, asked):
    strange = wallet.written(replace(asked, response_uri="javascript:alert(1)"))
    assert (await phone.get(f"{PAGE}?request={quote(strange)}")).status == 400
    phone.clock.advance(timedelta(minutes=5))
    assert (await phone.get(f"{PAGE}?request={wallet.written(asked)}")).status == 410
    assert (await pressed(phone, asked, "approve")).status == 410
