import pytest

from tests.threedsecure.v2.golden import find
from threedsecure.v2.codec import encode_base64url
from threedsecure.v2.errors import MessageError
from threedsecure.v2.forms import check_session_data, decode_creq, decode_cres, decode_method_data, form_value

CREQ, CRES, ERRO = (find("2.2.0", name).message for name in ("creq-brw", "cres-brw", "erro"))
METHOD = find("2.2.0", "method-data").message


def refusal(call: object, value: str) -> tuple[str, str]:
    with pytest.raises(MessageError) as caught:
        call(value)  # type: ignore[operator]
    return caught.value.code, caught.value.detail


def test_what_was_put_in_a_form_field_is_read_from_it() -> None:
    assert decode_creq(form_value(CREQ)) == CREQ
    assert decode_cres(form_value(CRES)) == CRES
    assert decode_cres(form_value(ERRO)) == ERRO
    assert decode_method_data(form_value(METHOD)) == METHOD


def test_a_field_that_is_no_base64url_is_named() -> None:
    assert refusal(decode_creq, "a+b") == ("203", "creq")
    assert refusal(decode_cres, "a b") == ("203", "cres")
    assert refusal(decode_method_data, "é") == ("203", "threeDSMethodData")


def test_another_message_in_the_field_is_101() -> None:
    assert refusal(decode_creq, form_value(CRES))[0] == "101"
    assert refusal(decode_method_data, encode_base64url(b"[]"))[0] == "101"


def test_method_data_are_checked() -> None:
    assert refusal(decode_method_data, encode_base64url(b"{}")) == (
        "201",
        "threeDSServerTransID,threeDSMethodNotificationURL",
    )
    wrong = form_value({**METHOD, "threeDSMethodNotificationURL": "javascript:alert(1)"})
    assert refusal(decode_method_data, wrong) == ("203", "threeDSMethodNotificationURL")
    assert decode_method_data(form_value({**METHOD, "more": 1}))["more"] == 1


@pytest.mark.parametrize("value", ["YQ", "YQ==", "x" * 1024])
def test_session_data_are_base64url(value: str) -> None:
    check_session_data(value)


@pytest.mark.parametrize("value", ["", "a+b", "a b", "x" * 1025, "x" * 1024 + "=", "a\n"])
def test_other_session_data_are_refused(value: str) -> None:
    assert refusal(check_session_data, value) == ("203", "threeDSSessionData")
