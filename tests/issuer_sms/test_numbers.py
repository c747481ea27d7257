"""Telephone numbers."""

import pytest

from issuer_sms import numbers


@pytest.mark.parametrize("text", ["+33639981101", "+9991001000001", "+1234567", "+123456789012345"])
def test_a_number_in_international_form_is_taken_as_it_is(text):
    assert numbers.parse(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "+",
        "33639981101",
        "0639981101",
        "+033639981",
        "+123456",
        "+1234567890123456",
        "+33 6 39",
        "+3363998110a",
        "+٣٣٦٣٩٩٨١١٠١",
        "+33639981101\n",
    ],
)
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(numbers.NumberNotValid, match=r"\+33612345678"):
        numbers.parse(text)


@pytest.mark.parametrize("address", ["camille@example.org", "c.exemple+3ds@mail.example", "a@b"])
def test_an_e_mail_address_stands_where_a_number_stands(address):
    assert (numbers.parse(address), numbers.from_address(address), numbers.display(address)) == (address,) * 3


@pytest.mark.parametrize(
    "address",
    ["@example.org", "camille@", "camille@@b", "1@b", "a b@c", "é@b", "a@b\n", "a" * 32 + "@b", "a@" + "b" * 32],
)
def test_what_is_no_such_address_is_refused_too(address):
    with pytest.raises(numbers.NumberNotValid):
        numbers.parse(address)


def test_in_an_address_the_plus_sign_may_have_become_a_space():
    assert numbers.from_address(" 33639981101") == "+33639981101"


@pytest.mark.parametrize(
    ("number", "shown"),
    [("+33639981101", "+33 6 39 98 11 01"), ("+9991001000001", "+999 100 100 000 1"), ("+1234567", "+123 456 7")],
)
def test_people_see_numbers_in_groups(number, shown):
    assert numbers.display(number) == shown
