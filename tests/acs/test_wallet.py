"""The wallet: the page redirects to it, it comes back with a presentation, and only the right one, once and in time, counts."""

import json
from datetime import timedelta
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jws
from joserfc.jwk import ECKey
from msgspec.structs import replace

from tests.acs.stage import Shown
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose, read
from threedsecure.secrets import wallet

WALLET = compose("visa", SCENARIOS["challenge-wallet"])
KEY, ANOTHERS = wallet.key_of(b"\1" * 32), wallet.key_of(b"\2" * 32)


@pytest.fixture
async def at_the_wallet(acs):
    """The ACS's stage, whose phone has a wallet with KEY."""
    acs.phone.wallet = wallet.jwk_of(KEY)
    return acs


async def led(acs, page):
    """Where the button of the page leads, and what the wallet is asked."""
    fields = {**page.form.fields, "challengeValue": "", "action": "submit"}
    async with acs.browser.post(page.form.action, data=fields, allow_redirects=False) as answer:
        assert answer.status == 303, await answer.text()
        address = urlsplit(answer.headers["Location"])
    return address, wallet.read(parse_qs(address.query)["request"][0])


async def back(acs, request, **answer):
    """The wallet sends the browser back."""
    async with acs.browser.get(f"{request.response_uri}&{urlencode(answer)}") as told:
        return Shown(told.status, await told.text(), dict(told.headers))


def signed(acs, request, key=KEY):
    return wallet.presented(request, key, acs.runtime.clock.now())


async def rreq_of(acs):
    await acs.directory.until(1)
    return acs.directory.received[-1]


async def test_the_page_leads_to_the_wallet_on_the_phone_with_what_is_paid(at_the_wallet):
    page = await at_the_wallet.challenge(WALLET)
    address, request = await led(at_the_wallet, page)
    number = read(WALLET).phone
    assert f"{address.scheme}://{address.netloc}" == at_the_wallet.settings.phone_url
    assert address.path == f"/phones/%2B{number[1:]}/wallet"
    paid = request.transaction_data
    assert (paid.payee, paid.amount, paid.currency) == ("Librairie Exemple", "42.00", "EUR")
    assert request.client_id == f"{at_the_wallet.url}/3ds2/challenge/wallet"


@pytest.mark.parametrize(("version", "method"), [("2.1.0", "10"), ("2.2.0", "10"), ("2.3.1", ["16"])])
async def test_what_the_wallet_has_signed_authenticates(at_the_wallet, version, method):
    _, request = await led(at_the_wallet, await at_the_wallet.challenge(WALLET, version))
    end = await back(at_the_wallet, request, response=signed(at_the_wallet, request))
    assert end.cres["transStatus"] == "Y"
    rreq = await rreq_of(at_the_wallet)
    assert (rreq["transStatus"], rreq["authenticationMethod"], rreq["interactionCounter"]) == ("Y", method, "01")


async def test_a_holder_who_refuses_is_not_authenticated(at_the_wallet):
    _, request = await led(at_the_wallet, await at_the_wallet.challenge(WALLET))
    end = await back(at_the_wallet, request, error="access_denied")
    assert (end.kind, end.cres["transStatus"]) == ("declined", "N")
    rreq = await rreq_of(at_the_wallet)
    assert (rreq["transStatus"], rreq["transStatusReason"]) == ("N", "01")


def altered(request, **changes):
    """The same request with other transaction data, as a browser could make it."""
    return replace(request, transaction_data=replace(request.transaction_data, **changes))


WRONG = {
    "amount": lambda acs, request: signed(acs, altered(request, amount="1.00")),
    "payee": lambda acs, request: signed(acs, altered(request, payee="Une autre")),
    "transaction": lambda acs, request: signed(acs, altered(request, transaction_id="another")),
    "another's wallet": lambda acs, request: signed(acs, request, ANOTHERS),
    "altered signature": lambda acs, request: signed(acs, request)[:-4] + "AAAA",
    "nothing that can be read": lambda acs, request: "a.b.c",
    "a code": lambda acs, request: "123456",
    "no signature": lambda acs, request: signed(acs, request).rpartition(".")[0] + ".",
}


@pytest.mark.parametrize("wrong", WRONG)
async def test_what_is_not_the_cardholders_confirmation_of_this_payment_costs_a_try(at_the_wallet, wrong):
    page = await at_the_wallet.challenge(WALLET)
    for tries_left in (2, 1, 0):
        _, request = await led(at_the_wallet, page)
        page = await back(at_the_wallet, request, response=WRONG[wrong](at_the_wallet, request))
        if tries_left:
            assert (page.kind, f"{tries_left}" in page.text) == ("wrong-wallet", True)
    assert page.cres["transStatus"] == "N"
    rreq = await rreq_of(at_the_wallet)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["interactionCounter"]) == ("N", "19", "03")


async def test_a_presentation_is_good_for_its_own_challenge_alone(at_the_wallet):
    _, first = await led(at_the_wallet, await at_the_wallet.challenge(WALLET))
    taken = signed(at_the_wallet, first)
    _, second = await led(at_the_wallet, await at_the_wallet.challenge(WALLET))
    assert (await back(at_the_wallet, second, response=taken)).kind == "wrong-wallet"
    assert (await back(at_the_wallet, first, response=taken)).cres["transStatus"] == "Y"


async def test_it_counts_once(at_the_wallet):
    page = await at_the_wallet.challenge(WALLET)
    _, request = await led(at_the_wallet, page)
    wrong = await back(at_the_wallet, request, response=signed(at_the_wallet, request, ANOTHERS))
    assert (await back(at_the_wallet, request, response=signed(at_the_wallet, request))).kind == "stale-page"
    _, fresh = await led(at_the_wallet, wrong)
    assert fresh.nonce != request.nonce
    end = await back(at_the_wallet, fresh, response=signed(at_the_wallet, fresh))
    again = await back(at_the_wallet, fresh, response=signed(at_the_wallet, fresh))
    assert (end.cres["transStatus"], again.cres["transStatus"]) == ("Y", "Y")
    await at_the_wallet.settled()
    assert len(at_the_wallet.directory.bodies) == 1


@pytest.mark.parametrize(("minutes", "kind"), [(4.9, None), (5, "wrong-wallet")])
async def test_the_wallet_has_five_minutes(at_the_wallet, minutes, kind):
    _, request = await led(at_the_wallet, await at_the_wallet.challenge(WALLET))
    at_the_wallet.runtime.clock.advance(timedelta(minutes=minutes))
    page = await back(at_the_wallet, request, response=signed(at_the_wallet, request))
    assert page.kind == kind
    if kind is None:
        assert page.cres["transStatus"] == "Y"


async def test_a_wallet_out_of_reach_ends_in_a_code(at_the_wallet):
    _, request = await led(at_the_wallet, await at_the_wallet.challenge(WALLET))
    at_the_wallet.phone.wallet = None
    page = await back(at_the_wallet, request, response=signed(at_the_wallet, request))
    assert len(at_the_wallet.phone.messages) == 1
    assert (await at_the_wallet.type(page, at_the_wallet.phone.code)).cres["transStatus"] == "Y"
    assert (await rreq_of(at_the_wallet))["authenticationMethod"] == "02"


async def test_an_address_that_was_not_written_here_is_refused(at_the_wallet):
    _, request = await led(at_the_wallet, await at_the_wallet.challenge(WALLET))
    answer = signed(at_the_wallet, request)
    for address in (request.client_id, request.response_uri[:-1], request.response_uri.replace("page=1", "page=2")):
        async with at_the_wallet.browser.get(f"{address}{'&' if '?' in address else '?'}response={answer}") as told:
            assert told.status == 403


async def test_the_journal_says_what_came_of_it(at_the_wallet):
    page = await at_the_wallet.challenge(WALLET)
    for key, words in ((ANOTHERS, "signature: not of this cardholder's wallet"), (KEY, "")):
        _, request = await led(at_the_wallet, page)
        page = await back(at_the_wallet, request, response=signed(at_the_wallet, request, key))
        (entry,) = await at_the_wallet.runtime.journal.newest(1, "wallet")
        assert (entry["message"]["accepted"], entry["message"]["words"]) == (not words, words)


def test_another_library_agrees_on_what_a_wallet_signs(acs):
    request = wallet.Request("client", "http://127.0.0.1/", "nonce", acs.runtime.clock.now(), PAID)
    text = wallet.presented(request, KEY, acs.runtime.clock.now())
    found = jws.deserialize_compact(text, ECKey.import_key(wallet.jwk_of(KEY)), algorithms=["ES256"])
    assert json.loads(found.payload)["transaction_data"]["amount"] == "42.00"
    with pytest.raises(ValueError, match="signature"):
        wallet.check(text, request, wallet.jwk_of(ANOTHERS), acs.runtime.clock.now())


PAID = wallet.Transaction("transaction", "Librairie Exemple", "42.00", "EUR")


@pytest.mark.parametrize("text", ["", "e30", "é", "!" * 9, "A" * 5000, wallet._encoded(b"[]").decode()])
def test_a_request_that_cannot_be_read_is_none(text):
    with pytest.raises(wallet.NotWallets):
        wallet.read(text)
