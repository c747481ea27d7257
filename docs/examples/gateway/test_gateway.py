import pytest
from gateway import Gateway


@pytest.fixture
def gateway(threeds):
    gateway = Gateway(threeds.directory_server("visa"))
    yield gateway
    gateway.close()


def pay(gateway, threeds, card):
    payment = gateway.pay(card.pan, card.expiry, 4200)
    return payment, threeds.transaction(payment)


def test_the_right_code_authenticates_the_payment(gateway, threeds):
    card = threeds.card("challenge-otp")
    payment, transaction = pay(gateway, threeds, card)
    assert gateway.payments[payment] == "challenged"
    assert transaction.resend().message
    transaction.submit(card.phone.code())
    assert transaction.result.trans_status == "Y"
    assert gateway.payments[payment] == "authenticated"


def test_three_wrong_codes_refuse_it(gateway, threeds):
    payment, transaction = pay(gateway, threeds, threeds.card("challenge-otp"))
    assert [transaction.submit("wrong").tries_left for _ in range(3)] == [2, 1, 0]
    assert (transaction.result.trans_status_reason, gateway.payments[payment]) == ("19", "refused")


def test_a_cardholder_who_goes_away_is_refused_after_ten_minutes(gateway, threeds):
    payment, transaction = pay(gateway, threeds, threeds.card("challenge-otp"))
    transaction.abandon()
    threeds.clock.advance("10m")
    transaction.wait_for(state="completed")
    assert gateway.payments[payment] == "refused"
