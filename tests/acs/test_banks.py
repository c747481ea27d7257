"""Which bank issued a card, and where its pages are."""

import pytest

from acs.banks import BANKS, bank_of
from acs.cardholder.pages import challenge_page
from acs.settings import AcsSettings
from tests.acs.stage import stage
from tests.acs.views import view
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose, listed

OTP = SCENARIOS["challenge-otp"]


def card(serial, scheme="visa"):
    return compose(scheme, OTP, serial=str(serial))


def test_the_cards_of_the_list_are_of_the_first_bank():
    assert {bank_of(card.pan) for card in listed()} == {BANKS[0]}


@pytest.mark.parametrize("scheme", ["visa", "amex"])
def test_the_serial_of_a_card_says_which_bank_issued_it(scheme):
    assert [bank_of(card(serial, scheme)) for serial in range(8)] == [*BANKS, *BANKS]


@pytest.mark.parametrize("number", ["", "4111111111111111", "40000000010000x1"])
def test_what_is_no_test_card_is_of_the_first_bank(number):
    assert bank_of(number) is BANKS[0]


def test_every_bank_has_a_look_of_its_own():
    pages = [challenge_page(view(issuer_name=bank.name)) for bank in BANKS]
    assert len({page.partition('data-look="')[2][:1] for page in pages}) == len(BANKS)


@pytest.mark.parametrize(
    ("public_url", "domain", "urls"),
    [
        ("http://127.0.0.1:8200", None, ["http://127.0.0.1:8200", "http://127.0.0.1:8200"]),
        (
            "http://127.0.0.1:8200",
            "localhost",
            ["http://banque-imaginaire.localhost:8200", "http://credit-fictif.localhost:8200"],
        ),
        (
            "https://acs.test",
            "banks.test",
            ["https://banque-imaginaire.banks.test", "https://credit-fictif.banks.test"],
        ),
    ],
)
def test_with_a_domain_every_bank_has_an_address_of_its_own(public_url, domain, urls):
    settings = AcsSettings(public_url=public_url, bank_domain=domain)
    assert [settings.of(card(serial)).public_url for serial in (0, 1)] == urls


async def test_acs_url_and_the_forms_of_the_page_are_those_of_the_bank_that_issued_the_card():
    async with stage(bank_domain="localhost") as acs:
        port = acs.url.rpartition(":")[2]
        ares = await acs.ask(card(1))
        assert ares["acsURL"] == f"http://credit-fictif.localhost:{port}/3ds2/challenge"
        shown = await acs.open(ares)
        assert shown.form.action == f"http://credit-fictif.localhost:{port}/3ds2/challenge/answer"
        assert "Crédit Fictif" in shown.text
        assert "Crédit Fictif" in acs.phone.messages[-1]["body"]
        _, told = await acs.control("challenge", {"id": ares["acsTransID"]})
        assert told["acs_url"] == ares["acsURL"]
