"""The rules of the issuer for an AReq, called as what they are: a function of what was asked, what is on file, and the time."""

from datetime import UTC, datetime

import pytest

from acs.cards.records import OnFile, Registration
from acs.cards.status import GOOD, CardStatus
from acs.settings import AcsSettings
from acs.v2.areq import decided_for
from acs.v2.lifecycle import purchase_of
from acs.v2.messages import ares
from acs.v2.states import State
from tests.threedsecure.v2.golden import GOLDEN
from threedsecure.cards.test_cards import SCENARIOS, compose
from threedsecure.v2.views import AuthenticationRequest
from threedsecure.web.randomness import Randomness

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
SETTINGS = AcsSettings()
AREQ = next(
    golden.message
    for golden in GOLDEN
    if golden.version == "2.2.0" and golden.kind == "areq" and golden.message["deviceChannel"] == "02"
)
FROM_DS = {"dsReferenceNumber": "DS", "dsTransID": AREQ["threeDSServerTransID"], "dsURL": "http://ds.example/visa/3ds2"}


def decided(scenario="frictionless", registration=None, card_status=GOOD):
    pan = compose("visa", SCENARIOS[scenario])
    message = {**AREQ, **FROM_DS, "acctNumber": pan, "threeDSRequestorChallengeInd": "01", "cardExpiryDate": "3012"}
    view = AuthenticationRequest.from_message(message)
    purchase = purchase_of(message, view)
    on_file = OnFile(registration, card_status, None)
    return decided_for(view, purchase, None, on_file, NOW, SETTINGS, Randomness(1))


@pytest.mark.parametrize(
    ("scenario", "state", "status"),
    [
        ("frictionless", State.ANSWERED, "Y"),
        ("not-authenticated", State.ANSWERED, "N"),
        ("challenge-otp", State.CREQ_AWAITED, "C"),
    ],
)
def test_the_transaction_and_its_ares_follow_the_card(scenario, state, status):
    transaction, card_status = decided(scenario)
    assert transaction.state is state
    assert ares(transaction, SETTINGS)["transStatus"] == status
    assert card_status == GOOD or state is State.CREQ_AWAITED


def test_a_minted_card_does_what_it_was_told():
    pan = compose("visa", SCENARIOS["frictionless"])
    transaction, _ = decided(registration=Registration(pan, "rejected", "+33639980000"))
    assert transaction.result.trans_status == "R"


def test_a_locked_card_is_refused():
    transaction, _ = decided("challenge-otp", card_status=CardStatus(failed=5, locked=True))
    assert transaction.result.trans_status == "N"
