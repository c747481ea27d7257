"""What became of a code: valid, used, superseded, expired or over, told by what crossed the hops."""

from datetime import timedelta

import pytest

NUMBER = "+33639981101"
PAGE = "/phones/%2B33639981101"
REFERENCE = "9d3c4e9f-4a4e-4d3b-8a35-6f1d2c3b4a59"


def marks(html):
    return [part.partition('"')[0] for part in html.split('class="fate ')[1:]]


async def told(phone):
    return marks((await phone.get(PAGE)).body.decode())


def result(phone, status, kind="RReq", sender="ACS"):
    message = {"transStatus": status} if kind == "RReq" else {"TX": {"status": status}}
    phone.shared.journal.record(phone.clock.now(), sender, "Directory Server", kind, message, transaction_id=REFERENCE)


async def test_a_code_is_valid_until_it_has_expired(phone):
    await phone.text(NUMBER, reference=REFERENCE)
    assert await told(phone) == ["valid"]
    phone.clock.advance(timedelta(minutes=5))
    assert await told(phone) == ["expired"]


async def test_a_newer_code_of_the_same_payment_supersedes_it_and_that_of_another_does_not(phone):
    await phone.text(NUMBER, "code 111111", reference=REFERENCE)
    await phone.text(NUMBER, "code 222222", reference="another")
    await phone.text(NUMBER, "code 333333", reference=REFERENCE)
    assert await told(phone) == ["superseded", "valid", "valid"]


@pytest.mark.parametrize(
    ("kind", "status", "fate"),
    [("RReq", "Y", "used"), ("RReq", "N", "over"), ("PARes", "Y", "used"), ("PARes", "U", "over")],
)
async def test_a_code_is_used_once_its_payment_is_authenticated(phone, kind, status, fate):
    await phone.text(NUMBER, "code 111111", reference=REFERENCE)
    await phone.text(NUMBER, "code 222222", reference=REFERENCE)
    result(phone, status, kind)
    assert await told(phone) == ["superseded", fate]


async def test_a_text_of_no_payment_tells_nothing_of_its_code(phone):
    await phone.text(NUMBER)
    assert await told(phone) == []


async def test_a_hit_of_a_search_can_be_copied(phone):
    await phone.text(NUMBER, "code 918273")
    assert 'data-copy="918273"' in (await phone.get("/?q=code")).body.decode()
