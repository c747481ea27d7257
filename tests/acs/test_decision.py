"""What the issuer decides: every scenario by a table, and the rules that stand above them."""

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from acs.cards import issued
from acs.cards.plays import expired
from acs.cards.records import Card, Registration
from acs.v2.decision.decide import decide
from threedsecure.cards.plays import AnswerErro, Ask, KeepSilent, Method, Settle
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import compose
from threedsecure.v2.views import AuthenticationRequest

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
REQUEST = AuthenticationRequest.from_message(
    {
        "messageVersion": "2.2.0",
        "deviceChannel": "02",
        "messageCategory": "01",
        "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
        "acctNumber": "4000000001000001",
        "cardExpiryDate": "3012",
        "threeDSRequestorName": "Librairie Exemple",
        "threeDSRequestorURL": "https://librairie.example",
        "threeDSRequestorID": "azerty-0001",
    }
)


def decided(scenario, **changes):
    card = Card("4000000001000001", "visa", scenario, "+33639981101")
    return decide(replace(REQUEST, **changes), card, NOW)


@pytest.mark.parametrize(
    ("scenario", "decision"),
    [
        ("frictionless", Settle("Y")),
        ("frictionless-attempt", Settle("A")),
        ("not-authenticated", Settle("N", "01")),
        ("unavailable", Settle("U", "22")),
        ("rejected", Settle("R", "11")),
        ("challenge-otp", Ask(Method.SMS_CODE)),
        ("sms-lost", Ask(Method.SMS_CODE)),
        ("challenge-auto-pass", Ask(Method.AUTO_PASS)),
        ("challenge-auto-fail", Ask(Method.AUTO_FAIL)),
        ("method-none", Settle("Y")),
        ("method-timeout", Settle("Y")),
        ("a scenario of a later release", Settle("U", "22")),
    ],
)
def test_the_answer_follows_the_scenario(scenario, decision):
    assert decided(scenario) == decision


def test_the_misbehaving_scenarios_misbehave():
    assert isinstance(decided("acs-timeout"), KeepSilent)
    assert isinstance(decided("acs-error"), AnswerErro)


@pytest.mark.parametrize(
    ("changes", "decision"),
    [
        ({"device_channel": "01"}, Ask(Method.SMS_CODE)),
        ({"device_channel": "03"}, Settle("U", "21")),
        ({"challenge_indicators": ("06",)}, Settle("I")),
        ({"challenge_indicators": ("04",)}, Ask(Method.SMS_CODE)),
        ({"card_expiry_date": "2605"}, Settle("N", "05")),
        ({"card_expiry_date": "2606"}, Ask(Method.SMS_CODE)),
        ({"card_expiry_date": None}, Ask(Method.SMS_CODE)),
    ],
)
def test_a_challenge_is_not_asked_where_it_cannot_be(changes, decision):
    assert decided("challenge-otp", **changes) == decision


def test_a_card_is_good_to_the_end_of_its_month():
    assert not expired("2606", datetime(2026, 6, 30, 23, 59, 59, tzinfo=UTC))
    assert expired("2606", datetime(2026, 7, 1, tzinfo=UTC))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_scheme_has_cards_here(scheme):
    pan = compose(scheme, SCENARIOS["challenge-otp"])
    card = issued.issued(pan, None)
    assert (card.scheme, card.scenario) == (scheme, "challenge-otp")
    assert card.phone.startswith("+")


def test_a_registration_goes_over_the_digits():
    pan = compose("visa", SCENARIOS["frictionless"], serial="77")
    card = issued.issued(pan, Registration(pan, "rejected", "+999123456", tries=5, language="fr"))
    assert card == Card(pan, "visa", "rejected", "+999123456", 5, "fr")


def test_a_minted_card_whose_message_shall_be_lost_gets_a_number_that_loses_it():
    pan = compose("visa", SCENARIOS["frictionless"], serial="77")
    assert issued.register(pan, "sms-lost").phone.startswith("+99990")


def test_a_number_that_is_not_ours_gets_advice_that_does_not_repeat_it():
    stranger = "4111111111111111"
    assert issued.issued(stranger, None) is None
    advice = issued.advice(stranger)
    assert stranger not in advice
    assert "4000 0000 0000 0002 (frictionless)" in advice
