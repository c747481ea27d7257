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


NO_COMPACT, NO_BASE64URL = "not a JWE in compact serialization", "a part of the JWE is not base64url"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", NO_COMPACT),
        (".", NO_COMPACT),
        ("a.b.c.d", NO_COMPACT),
        ("e30.....", NO_COMPACT),
        ("e30...." + "a" * 100_000, NO_COMPACT),
        ("....", "the JWE header is not JSON"),
        ("W10....", "the JWE header is not an object"),
        ("bnVsbA....", "the JWE header is not an object"),
        ("a" * 4_097 + "....", "the JWE header is too long"),
        ("a" * 4_096 + "....", "the JWE header is not JSON"),
        ("!....", NO_BASE64URL),
        ("e30=....", NO_BASE64URL),
        ("e30.AAAAA...", NO_BASE64URL),
        ("e30....", "enc is one of A128CBC-HS256, A128GCM"),
    ],
)
def test_what_is_no_jwe_is_refused_for_its_reason(text, why):
    with pytest.raises(jose.NotDecrypted, match=f"^{why}$"):
        jose.decrypt(text, KEYS, RID)


def test_a_text_may_be_exactly_as_long_as_its_bound():
    text = made()
    assert jose.parse(text, limit=len(text)).header["alg"] == "ECDH-ES"
    with pytest.raises(jose.NotDecrypted, match=NO_COMPACT):
        jose.parse(text, limit=len(text) - 1)


def test_an_elliptic_key_needs_an_ephemeral_one():
    with pytest.raises(ValueError, match="ephemeral"):
        made(ephemeral=None)


def test_a_kid_chooses_among_the_keys_and_must_be_of_the_kind_of_the_message():
    keys = {"other": rsa.generate_private_key(65537, 1024), **KEYS}
    assert jose.decrypt(made(RSA_KEY, kid="rsa"), keys, RID) == PLAIN
    with pytest.raises(jose.NotDecrypted, match="cannot be decrypted"):
        jose.decrypt(made(RSA_KEY), keys, RID)
    with pytest.raises(jose.NotDecrypted, match="does not go with alg"):
        jose.decrypt(made(kid="rsa"), keys, RID)


@pytest.mark.parametrize("enc", ENCS)
@pytest.mark.parametrize("wrong", [-1, 1])
def test_a_content_key_of_another_length_is_refused(enc, wrong):
    length = {"A128CBC-HS256": 32, "A128GCM": 16}[enc] + wrong
    encrypted = RSA_KEY.public_key().encrypt(bytes(length), jose._OAEP)
    protected, _, *rest = made(RSA_KEY, enc).split(".")
    text = ".".join([protected, urlsafe_b64encode(encrypted).decode().rstrip("="), *rest])
    with pytest.raises(jose.NotDecrypted, match="content key has the wrong length"):
        jose.decrypt(text, KEYS, RID)


@pytest.mark.parametrize("enc", ENCS)
@pytest.mark.parametrize("part", [2, 4])
def test_a_vector_or_a_tag_of_another_length_is_refused(enc, part):
    parts = made(enc=enc).split(".")
    parts[part] = parts[part][:-4]
    with pytest.raises(jose.NotDecrypted, match="vector or the tag has the wrong length"):
        jose.decrypt(".".join(parts), KEYS, RID)


def test_what_is_sealed_by_the_right_key_and_ill_padded_is_refused():
    key, iv, ciphertext, protected = bytes(32), bytes(16), bytes(32), b"e30"
    tag = jose._cbc_tag(key, iv, ciphertext, protected)
    jwe = jose.Jwe({"enc": "A128CBC-HS256"}, protected, b"", iv, ciphertext, tag)
    with pytest.raises(jose.NotDecrypted, match="not padded as it should be"):
        jose.open_content(jwe, key)


@pytest.mark.parametrize(
    ("epk", "why"),
    [
        ("AAAA", "epk is no P-256 key"),
        ({"kty": "OKP", "crv": "P-256"}, "epk is no P-256 key"),
        ({"kty": "EC", "crv": "P-384"}, "epk is no P-256 key"),
        ({"kty": "EC", "crv": "P-256", "x": "A" * 43, "y": "A" * 43}, "epk is not on the curve"),
        ({"kty": "EC", "crv": "P-256", "x": "A" * 42, "y": "A" * 43}, "epk has a coordinate that is not 32 bytes"),
        ({"kty": "EC", "crv": "P-256", "x": "A" * 43}, "epk has a coordinate that is not 32 bytes"),
    ],
)
def test_what_is_no_point_of_the_curve_is_refused_for_its_reason(epk, why):
    with pytest.raises(jose.NotDecrypted, match=why):
        jose.public_key(epk)


@given(st.sampled_from([made(key, enc) for key in KEYS.values() for enc in ENCS]), st.data())
def test_no_change_of_any_character_changes_the_text_or_breaks_it(compact, data):
    place = data.draw(st.integers(0, len(compact) - 1))
    letter = data.draw(st.sampled_from("ABCxyz019-_.é"))
    changed = compact[:place] + letter + compact[place + 1 :]
    with suppress(jose.NotDecrypted):  # the last character of a part has bits that mean nothing
        assert jose.decrypt(changed, KEYS, RID) == PLAIN
