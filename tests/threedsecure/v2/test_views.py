import pytest

from tests.threedsecure.v2.golden import GOLDEN, Golden, find
from threedsecure.v2.views import AuthenticationRequest


def test_the_view_of_a_payment_in_a_browser() -> None:
    view = AuthenticationRequest.from_message(find("2.2.0", "areq-brw-pa-from-ds").message)
    assert (view.version, view.device_channel, view.message_category) == ("2.2.0", "02", "01")
    assert view.challenge_indicators == ("05",)
    assert (view.decoupled_ind, view.decoupled_max_minutes) == ("Y", 60)


def test_several_challenge_indicators_of_231_are_kept_in_their_order() -> None:
    assert AuthenticationRequest.from_message(find("2.3.1", "areq-brw-pa").message).challenge_indicators == ("05", "09")


def test_what_a_non_payment_lacks_is_none() -> None:
    view = AuthenticationRequest.from_message(find("2.1.0", "areq-3ri-npa-minimal").message)
    assert (view.card_expiry_date, view.three_ds_comp_ind) == (None, None)
    assert (view.three_ri_ind, view.challenge_indicators) == ("05", ())


def test_an_element_that_the_version_does_not_define_is_not_taken_at_its_word() -> None:
    message = {**find("2.1.0", "areq-brw-pa").message, "threeDSRequestorDecMaxTime": "soon"}
    assert AuthenticationRequest.from_message(message).decoupled_max_minutes is None


@pytest.mark.parametrize("golden", [each for each in GOLDEN if each.kind == "areq"], ids=str)
def test_every_right_request_has_a_view_that_does_not_change(golden: Golden) -> None:
    view = AuthenticationRequest.from_message(golden.message)
    assert view.acct_number == golden.message["acctNumber"]
    with pytest.raises(AttributeError):
        view.acct_number = "x"  # type: ignore[misc]
