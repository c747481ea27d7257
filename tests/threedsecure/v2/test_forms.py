import pytest

from tests.threedsecure.v2.golden import find
from threedsecure.v2.codec import encode_base64url
from threedsecure.v2.errors import MessageError
from threedsecure.v2.forms import decode_creq, decode_cres, form_value

CREQ, CRES, ERRO = (find("2.2.0", name).message for name in ("creq-brw", "cres-brw", "erro"))


def refusal(call: object, value: str) -> tuple[str, str]:
    with pytest.raises(MessageError) as caught:
        call(value)  # type: ignore[operator]
    return caught.value.code, caught.value.detail


def test_what_was_put_in_a_form_field_is_read_from_it() -> None:
    assert decode_creq(form_value(CREQ)) == CREQ
    assert decode_cres(form_value(CRES)) == CRES
    assert decode_cres(form_value(ERRO)) == ERRO


def test_a_field_that_is_no_base64url_is_named() -> None:
    assert refusal(decode_creq, "a+b") == ("203", "creq")
    assert refusal(decode_cres, "a b") == ("203", "cres")


def test_another_message_in_the_field_is_101() -> None:
    assert refusal(decode_creq, form_value(CRES))[0] == "101"
    assert refusal(decode_creq, encode_base64url(b"[]"))[0] == "101"
