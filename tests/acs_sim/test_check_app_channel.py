"""`acs-sim check` of what is signed or encrypted."""

import pytest

from acs_sim.checking.files import check_all
from tests.acs_sim.test_sdk import Bank, an_app, signer
from tests.threedsecure.v2.app.published import CHALLENGES, DEVICE, ROOT, SIGNED
from threedsecure.v2.app.jose import public_jwk
from threedsecure.v2.app.signed_content import payload_of

APP = an_app()
CONTENT = Bank(APP).ares()["acsSignedContent"]
OWN = public_jwk(APP.transaction.key.public_key())
OVER_HTTP = signer().sign(payload_of(OWN, OWN, "http://acs.example/challenge"))


def checked(text, roots=()):
    (one,) = check_all([("file", text.encode())], None, roots)
    return one


def test_signed_content_under_the_published_root_is_believed():
    one = checked(CONTENT + "\n")
    assert (one.message_type, one.errors, one.advice) == ("acsSignedContent", (), ())


def test_an_acs_url_in_plain_http_is_advised_against():
    one = checked(OVER_HTTP)
    assert (one.errors, [advice.element for advice in one.advice]) == ((), ["acsURL"])


@pytest.mark.parametrize(
    ("sign", "words"),
    [
        (signer("acs-signing-expired.pem"), "not valid at"),
        (signer("acs-signing-stray.pem"), "no path leads"),
        (signer(alg="RS256"), "alg is"),
    ],
)
def test_signed_content_that_no_sdk_believes_is_named(sign, words):
    one = checked(Bank(APP).ares(sign=sign)["acsSignedContent"])
    assert words in one.errors[0].found


def test_another_root_can_be_trusted():
    text = SIGNED["jws"]["jws_ES256"]["fixed_payload_compact"]
    assert "no path leads" in checked(text).errors[0].found
    assert checked(text, [ROOT]).errors == ()


def test_device_data_are_opened_with_the_published_keys():
    assert checked(APP.transaction.sdk_enc_data).errors == ()
    assert "published keys" in checked(DEVICE["examples"]["v3_ex3_ec_cbc"]["jwe"]).errors[0].found


def test_an_encrypted_challenge_is_told_for_what_it_is():
    one = checked(CHALLENGES["creq_cbc"]["jwe"])
    assert (one.message_type, one.errors) == ("encrypted CReq or CRes", ())
    assert checked("AAAA.BBBB.CC.DD.EE").errors
