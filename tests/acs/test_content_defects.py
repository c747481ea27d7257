"""What is wrong with acsSignedContent where a card is for that, each defect and nothing else."""

from datetime import UTC, datetime

import pytest

from acs.v2.challenge.app.keys import ANOTHER_URL, PLAIN_HTTP, SIGNERS, badly_signed, read_signer
from tests.acs.app_stage import ROOT
from threedsecure.v2.app.signed_content import ES256, PS256, NotTrusted, payload_of, read_signed_content
from threedsecure.v2.codec import encode

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
OWN, THEIRS, URL = {"kty": "EC", "x": "own"}, {"kty": "EC", "x": "theirs"}, "https://acs.example/app"
PAYLOAD = encode(payload_of(OWN, THEIRS, URL))


def signed(defect, alg=ES256):
    return read_signed_content(badly_signed(PAYLOAD, alg, defect), [ROOT], NOW)


@pytest.mark.parametrize("alg", SIGNERS)
@pytest.mark.parametrize(
    ("defect", "why"),
    [
        ("wrong-chain", "no path leads"),
        ("expired-certificate", "is not valid at"),
        ("wrong-algorithm", "alg is ES256 or PS256"),
        ("unreadable", "the payload is not JSON"),
        ("tampered", "the signature is not that of the certificate's key"),
    ],
)
def test_a_defect_is_refused_for_its_own_reason(defect, why, alg):
    with pytest.raises(NotTrusted, match=why):
        signed(defect, alg)


@pytest.mark.parametrize("alg", [ES256, PS256])
def test_what_is_signed_and_wrong_all_the_same(alg):
    assert signed(None, alg).acs_url == URL
    assert signed("plain-http", alg).acs_url == PLAIN_HTTP
    assert signed("plain-http", alg).sdk_ephem_pub_key == THEIRS
    swapped = signed("other-key", alg)
    assert (swapped.sdk_ephem_pub_key, swapped.acs_ephem_pub_key, swapped.acs_url) == (OWN, OWN, URL)
    assert ANOTHER_URL != URL


def test_a_key_of_another_kind_signs_nothing(monkeypatch, tmp_path):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    (tmp_path / "keys").mkdir()
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "keys" / "other.pem").write_bytes(pem)
    monkeypatch.setattr("acs.v2.challenge.app.keys.files", lambda _package: tmp_path)
    with pytest.raises(TypeError, match=r"other\.pem is of another kind"):
        read_signer("other.pem")
