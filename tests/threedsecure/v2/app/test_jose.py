"""JWE by its published vectors, and by everything that can be wrong with one."""

import json
from base64 import urlsafe_b64encode
from contextlib import suppress

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st

from threedsecure.v2.app import jose

RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
KEYS = {"rsa": RSA_KEY, "ec": EC_KEY}
RID = "A000000003"
ENCS = ["A128CBC-HS256", "A128GCM"]
PLAIN = b'{"DV":"1.6","DD":{"C001":"Android"}}'


def counted(length):
    return bytes(range(length))


def made(key=EC_KEY, enc="A128GCM", **changes):
    named = {"enc": enc, "random": counted, "party_v_info": RID, "ephemeral": ec.generate_private_key(ec.SECP256R1())}
    return jose.encrypt(PLAIN, key.public_key(), **(named | changes))


def with_header(compact, **changes):
    protected, *rest = compact.split(".")
    header = json.loads(jose._decoded(protected)) | changes
    header = {name: value for name, value in header.items() if value is not None}
    return ".".join([urlsafe_b64encode(json.dumps(header).encode()).decode().rstrip("="), *rest])


def test_aes_cbc_with_hmac_is_that_of_rfc_7518_appendix_b_1():
    plain = (
        b"A cipher system must not be required to be secret, and it must be able to fall into the hands of the enemy "
        b"without inconvenience"
    )
    iv = bytes.fromhex("1af38c2dc2b96ffdd86694092341bc04")
    covered = b"The second principle of Auguste Kerckhoffs"
    ciphertext, tag = jose._seal("A128CBC-HS256", bytes(range(32)), iv, plain, covered)
    assert ciphertext.hex().startswith("c80edfa32ddf39d5ef00c0b468834279a2e46a1b8049f792f76bfe54b903a9c9")
    assert tag.hex() == "652c3fa36b0a7c5b3219fab3a30bc1c4"


def test_the_key_derivation_is_that_of_rfc_7518_appendix_c():
    alice = ec.derive_private_key(_number("0_NxaRPUMQoAJt50Gz8YiTr8gRTwyEaCumd-MToTmIo"), ec.SECP256R1())
    bob = ec.derive_private_key(_number("VEmDZpDXXK8p8N0Cndsxs924q6nS1RXFASRl6BfUqdw"), ec.SECP256R1())
    z = alice.exchange(ec.ECDH(), bob.public_key())
    derived = jose.concat_kdf(z, b"A128GCM", b"Alice", b"Bob", 16)
    assert urlsafe_b64encode(derived).decode().rstrip("=") == "VqqN6vgjbSBcIijNcacQGg"


def _number(text):
    return int.from_bytes(jose._decoded(text))


def test_emv_derives_256_bits_from_nothing_but_the_receivers_name():
    import hashlib

    z = EC_KEY.exchange(ec.ECDH(), EC_KEY.public_key())
    hashed = b"\0\0\0\1" + z + bytes(4) + bytes(4) + (10).to_bytes(4) + RID.encode() + (256).to_bytes(4)
    assert jose.agreed_key(EC_KEY, EC_KEY.public_key(), RID) == hashlib.sha256(hashed).digest()


@pytest.mark.parametrize("enc", ENCS)
@pytest.mark.parametrize("kid", [None, "named"])
@pytest.mark.parametrize("kind", ["rsa", "ec"])
def test_what_is_encrypted_is_decrypted(kind, enc, kid):
    compact = made(KEYS[kind], enc, kid=kid and kind)
    assert jose.decrypt(compact, KEYS, RID) == PLAIN


def test_old_sdks_say_dir_and_mean_ecdh(monkeypatch):
    monkeypatch.setattr(jose, "ECDH_ES", "dir")
    compact = made()
    monkeypatch.undo()
    assert jose.parse(compact).header["alg"] == "dir"
    assert jose.decrypt(compact, KEYS, RID) == PLAIN


def test_another_receivers_name_is_another_key():
    with pytest.raises(jose.NotDecrypted, match="tag"):
        jose.decrypt(made(), KEYS, "A000000004")


def test_a_kid_that_is_not_ours_is_told_apart():
    with pytest.raises(jose.KeyUnknown):
        jose.decrypt(made(kid="theirs"), KEYS, RID)


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "RSA1_5"},
        {"alg": None},
        {"alg": ["dir"]},
        {"enc": "A256GCM"},
        {"enc": None},
        {"enc": []},
        {"zip": "DEF"},
        {"crit": ["x"]},
        {"kid": "rsa"},
        {"kid": {}},
        {"epk": None},
        {"epk": {"kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"}},
        {"epk": {"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}},
        {"epk": {"kty": "EC", "crv": "P-256", "x": 1}},
    ],
    ids=str,
)
def test_a_header_that_asks_for_something_else_is_refused(changes):
    with pytest.raises(jose.NotDecrypted):
        jose.decrypt(with_header(made(), **changes), KEYS, RID)


@pytest.mark.parametrize(
    "text", ["", ".", "....", "a.b.c.d", "e30....", "W10....", "!....", "a" * 200_000, "bnVsbA...."]
)
def test_what_is_no_jwe_is_refused(text):
    with pytest.raises(jose.NotDecrypted):
        jose.decrypt(text, KEYS, RID)


@given(st.sampled_from([made(key, enc) for key in KEYS.values() for enc in ENCS]), st.data())
def test_no_change_of_any_character_changes_the_text_or_breaks_it(compact, data):
    place = data.draw(st.integers(0, len(compact) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.é"))
    changed = compact[:place] + letter + compact[place + 1 :]
    with suppress(jose.NotDecrypted):  # the last character of a part has bits that mean nothing
        assert jose.decrypt(changed, KEYS, RID) == PLAIN
