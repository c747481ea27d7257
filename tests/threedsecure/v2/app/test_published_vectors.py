"""Every published value, both ways; what was superseded fails, and so does everything that differs by a bit or a half."""

import base64
import json

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.threedsecure.v2.app.published import (
    CHALLENGES,
    DEVICE,
    ROOT,
    SESSION,
    SESSION_KEY,
    SIGNED,
    WITHIN,
    certificate,
    ec_key,
    flipped,
    raw,
    rsa_key,
)
from threedsecure.v2.app import jose
from threedsecure.v2.app.jose import NotDecrypted, agreed_key, concat_kdf, decrypt, parse, public_jwk, public_key
from threedsecure.v2.app.session import DEFECTS, Sender, _with_another_tag, counted, open_challenge, seal_challenge
from threedsecure.v2.app.signed_content import ContentSigner, NotTrusted, payload_of, read_signed_content

SDK, ACS = ec_key(SESSION["sdk_eph_priv"]), ec_key(SESSION["acs_eph_priv"])
REFERENCE = SESSION["sdkReferenceNumber"]
SENDERS = {"creq": Sender.SDK, "cres": Sender.ACS}
MESSAGES = sorted(CHALLENGES)
DS_KEYS = {DEVICE["ds_rsa"]["kid"]: rsa_key(DEVICE["ds_rsa"]), DEVICE["ds_ec"]["kid"]: ec_key(DEVICE["ds_ec"])}
RID = "A000000802"
SAMPLES = sorted(DEVICE["examples"])


# --- the session's key ---


def test_both_sides_agree_on_the_published_key():
    z = SDK.exchange(ec.ECDH(), ACS.public_key())
    assert z.hex().upper() == SESSION["Z_hex"]
    assert agreed_key(SDK, ACS.public_key(), REFERENCE).hex().upper() == SESSION["derived_256_hex"]
    assert agreed_key(ACS, SDK.public_key(), REFERENCE).hex().upper() == SESSION["derived_256_hex"]


def test_the_halves_are_the_published_ones():
    assert Sender.SDK.content_key(SESSION_KEY, "A128GCM").hex().upper() == SESSION["gcm_sdk_to_acs_key_hex"]
    assert Sender.ACS.content_key(SESSION_KEY, "A128GCM").hex().upper() == SESSION["gcm_acs_to_sdk_key_hex"]
    for sender in Sender:
        assert sender.content_key(SESSION_KEY, "A128CBC-HS256") == SESSION_KEY


@pytest.mark.parametrize("reference", ["", "a dummy sdk reference number", REFERENCE + " "])
def test_another_reference_number_gives_another_key(reference):
    assert agreed_key(SDK, ACS.public_key(), reference) != SESSION_KEY


def test_a_stock_library_derives_another_key():
    z = SDK.exchange(ec.ECDH(), ACS.public_key())
    for algorithm in (b"dir", b"ECDH-ES", b"A128GCM", b"A128CBC-HS256"):
        assert concat_kdf(z, algorithm, b"", REFERENCE.encode(), 32) != SESSION_KEY


def test_keys_are_written_as_published():
    for own, jwk in ((SDK, SESSION["sdk_eph_priv"]), (ACS, SESSION["acs_eph_priv"])):
        written = public_jwk(own.public_key())
        assert (written["x"], written["y"]) == (jwk["x"], jwk["y"])
        assert public_key(jwk).public_numbers() == own.public_key().public_numbers()


# --- CReq and CRes ---


def sample(name):
    found = CHALLENGES[name]
    return found["jwe"], found["plaintext"].encode(), SENDERS[name.split("_")[0]]


@pytest.mark.parametrize("name", MESSAGES)
def test_a_published_message_opens(name):
    text, plain, sender = sample(name)
    jwe = parse(text)
    assert jwe.header == CHALLENGES[name]["header"]
    assert open_challenge(jwe, SESSION_KEY, sender) == plain


@pytest.mark.parametrize("name", MESSAGES)
def test_a_published_message_is_written_byte_for_byte(name):
    text, plain, sender = sample(name)
    written = seal_challenge(
        plain,
        SESSION_KEY,
        sender,
        enc=CHALLENGES[name]["header"]["enc"],
        kid=CHALLENGES[name]["header"]["kid"],
        counter=1,
        random=lambda length: parse(text).iv[:length],
    )
    assert written == text


@pytest.mark.parametrize("name", MESSAGES)
@pytest.mark.parametrize("bit", [0, 7])
@pytest.mark.parametrize("part", [0, 2, 3, 4])
def test_one_bit_changed_in_header_vector_text_or_tag_is_found(name, part, bit):
    text, _plain, sender = sample(name)
    with pytest.raises(NotDecrypted):
        open_challenge(parse(flipped(text, part, bit)), SESSION_KEY, sender)


@pytest.mark.parametrize("name", MESSAGES)
def test_swapped_halves_of_the_key_open_nothing(name):
    text, _plain, sender = sample(name)
    with pytest.raises(NotDecrypted):
        open_challenge(parse(text), SESSION_KEY[16:] + SESSION_KEY[:16], sender)


@pytest.mark.parametrize("name", ["creq_gcm", "cres_gcm"])
def test_with_gcm_a_message_opens_in_its_own_direction_alone(name):
    text, _plain, sender = sample(name)
    (other,) = set(Sender) - {sender}
    with pytest.raises(NotDecrypted):
        open_challenge(parse(text), SESSION_KEY, other)


@pytest.mark.parametrize("sender", Sender)
def test_with_gcm_no_vector_is_used_twice(sender):
    used = {
        parse(seal_challenge(b"{}", SESSION_KEY, sender, enc="A128GCM", kid="k", counter=counter, random=bytes)).iv
        for counter in range(256)
    }
    assert len(used) == 256
    assert {vector[:11] for vector in used} == {(b"\x00" if sender is Sender.SDK else b"\xff") * 11}
    assert not used & {(Sender.ACS if sender is Sender.SDK else Sender.SDK).iv(counter) for counter in range(256)}


def test_with_cbc_the_vector_is_whatever_chance_gives():
    drawn = iter([b"a" * 16, b"b" * 16])
    written = [
        seal_challenge(
            b"{}",
            SESSION_KEY,
            Sender.ACS,
            enc="A128CBC-HS256",
            kid="k",
            counter=0,
            random=lambda _length: next(drawn),
        )
        for _ in range(2)
    ]
    assert [parse(text).iv for text in written] == [b"a" * 16, b"b" * 16]


@pytest.mark.parametrize("header", [{"alg": "ECDH-ES"}, {"zip": "DEF"}, {"enc": "A256GCM"}, {"crit": ["x"]}])
def test_another_header_is_not_opened(header):
    text, plain, sender = sample("creq_cbc")
    jwe = parse(text)
    changed = jose.compact({**jwe.header, **header} | {"enc": "A128CBC-HS256"}, b"", SESSION_KEY, jwe.iv, plain)
    if "enc" in header:
        protected = base64.urlsafe_b64encode(json.dumps({**jwe.header, **header}).encode()).decode().rstrip("=")
        changed = ".".join([protected, *text.split(".")[1:]])
    with pytest.raises(NotDecrypted):
        open_challenge(parse(changed), SESSION_KEY, sender)


def test_a_second_part_that_is_not_empty_is_not_opened():
    protected, _empty, *rest = sample("creq_cbc")[0].split(".")
    with pytest.raises(NotDecrypted):
        open_challenge(parse(".".join([protected, "AAAA", *rest])), SESSION_KEY, Sender.SDK)


def test_counters_are_three_digits():
    assert [counted(number) for number in (0, 1, 42, 255)] == ["000", "001", "042", "255"]


def test_a_counter_beyond_a_byte_is_never_sent():
    with pytest.raises(OverflowError):
        seal_challenge(b"{}", SESSION_KEY, Sender.SDK, enc="A128GCM", kid="k", counter=256, random=bytes)


# --- sdkEncData ---


@pytest.mark.parametrize("name", SAMPLES)
def test_published_device_data_open_to_the_byte(name):
    found = DEVICE["examples"][name]
    assert parse(found["jwe"]).header == found["header"]
    assert decrypt(found["jwe"], DS_KEYS, RID) == found["plaintext"].encode()


@pytest.mark.parametrize("name", ["v3_ex3_ec_cbc", "v3_ex4_ec_gcm"])
def test_the_content_key_of_elliptic_device_data_is_the_published_one(name):
    found = DEVICE["examples"][name]
    derived = agreed_key(ec_key(DEVICE["ds_ec"]), public_key(found["header"]["epk"]), found["directoryServerID"])
    assert derived.hex().upper().startswith(found["cek_hex"])
    sdk = ec.derive_private_key(int.from_bytes(raw(DEVICE["sdk_epk_d"])), ec.SECP256R1())
    assert agreed_key(sdk, ec_key(DEVICE["ds_ec"]).public_key(), found["directoryServerID"]) == derived


@pytest.mark.parametrize("name", SAMPLES)
@pytest.mark.parametrize("part", [0, 2, 3, 4])
def test_one_bit_changed_in_device_data_is_found(name, part):
    with pytest.raises(NotDecrypted):
        decrypt(flipped(DEVICE["examples"][name]["jwe"], part), DS_KEYS, RID)


@pytest.mark.parametrize("name", ["v3_ex3_ec_cbc", "v3_ex4_ec_gcm"])
def test_elliptic_device_data_of_another_scheme_do_not_open(name):
    with pytest.raises(NotDecrypted):
        decrypt(DEVICE["examples"][name]["jwe"], DS_KEYS, "A000000003")


@pytest.mark.parametrize(
    ("enc", "published"), [("A128CBC-HS256", "4624E920"), ("A128GCM", "2D34A754")], ids=["CBC", "GCM"]
)
def test_the_superseded_derivation_of_2018_opens_nothing(enc, published):
    header = {"alg": "ECDH-ES", "epk": DEVICE["examples"]["v3_ex3_ec_cbc"]["header"]["epk"], "enc": enc}
    z = ec_key(DEVICE["ds_ec"]).exchange(ec.ECDH(), public_key(header["epk"]))
    length = {"A128CBC-HS256": 32, "A128GCM": 16}[enc]
    superseded = concat_kdf(z, enc.encode(), b"", b"", length)
    assert superseded.hex().upper().startswith(published)
    written = jose.compact(header, b"", superseded, bytes(16 if length == 32 else 12), b"{}")
    with pytest.raises(NotDecrypted):
        decrypt(written, DS_KEYS, RID)


# --- acsSignedContent ---

SIGNATURES = sorted(SIGNED["jws"])


@pytest.mark.parametrize("name", SIGNATURES)
def test_published_signed_content_is_believed(name):
    content = read_signed_content(SIGNED["jws"][name]["fixed_payload_compact"], [ROOT], WITHIN)
    assert content.acs_url == "http://acsserver.domainname.com"
    assert content.acs_ephem_pub_key["x"].startswith("mPUKT_bA")
    assert content.sdk_ephem_pub_key["x"].startswith("Ze2loSV3")


@pytest.mark.parametrize("name", SIGNATURES)
def test_the_samples_of_2018_are_signed_but_cannot_be_read(name):
    with pytest.raises(NotTrusted, match="payload is not JSON"):
        read_signed_content(SIGNED["jws"][name]["v2018_compact"], [ROOT], WITHIN)


@pytest.mark.parametrize("name", SIGNATURES)
@pytest.mark.parametrize("part", [0, 1, 2])
def test_one_bit_changed_in_signed_content_is_found(name, part):
    with pytest.raises(NotTrusted):
        read_signed_content(flipped(SIGNED["jws"][name]["fixed_payload_compact"], part), [ROOT], WITHIN)


@pytest.mark.parametrize(("year", "valid"), [(2016, False), (2020, True), (2028, False)])
def test_certificates_are_believed_in_their_time(year, valid):
    text = SIGNED["jws"]["jws_ES256"]["fixed_payload_compact"]
    if valid:
        read_signed_content(text, [ROOT], WITHIN.replace(year=year))
    else:
        with pytest.raises(NotTrusted, match="not valid at"):
            read_signed_content(text, [ROOT], WITHIN.replace(year=year))


@pytest.mark.parametrize("roots", [[], [certificate("acs_rsa_cert_der_b64")]])
def test_a_chain_to_no_known_root_is_not_believed(roots):
    with pytest.raises(NotTrusted, match="no path"):
        read_signed_content(SIGNED["jws"]["jws_ES256"]["fixed_payload_compact"], roots, WITHIN)


def own(**changes):
    named = {"key": ec_key(SIGNED["acs_ec"]), "certificates": [certificate("acs_ec_cert_der_b64")]} | changes
    signer = ContentSigner.of(named["key"], named["certificates"], alg=named.get("alg"))
    return signer.sign(payload_of(public_jwk(ACS.public_key()), public_jwk(SDK.public_key()), "https://acs.example/a"))


def test_what_is_signed_with_the_published_key_is_believed():
    content = read_signed_content(own(), [ROOT], WITHIN)
    assert content.acs_ephem_pub_key == public_jwk(ACS.public_key())
    assert content.sdk_ephem_pub_key == public_jwk(SDK.public_key())
    assert content.acs_url == "https://acs.example/a"
    header = json.loads(raw(own().split(".")[0]))
    assert header == {"alg": "ES256", "x5c": [SIGNED["acs_ec_cert_der_b64"]]}


@pytest.mark.parametrize(
    "changes",
    [
        {"alg": "RS256"},
        {"alg": "PS256"},
        {"alg": "none"},
        {"key": SDK},
        {"certificates": []},
        {"certificates": [certificate("acs_rsa_cert_der_b64"), certificate("acs_ec_cert_der_b64")]},
        {"certificates": [certificate("acs_ec_cert_der_b64")] * 6},
    ],
)
def test_what_is_signed_otherwise_is_not_believed(changes):
    with pytest.raises(NotTrusted):
        read_signed_content(own(**changes), [ROOT], WITHIN)


def test_a_certificate_that_merely_names_the_root_as_its_issuer_is_not_believed():
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(NotTrusted, match="no path"):
        read_signed_content(own(key=key, certificates=[signed_by_itself(key)]), [ROOT], WITHIN)


def signed_by_itself(key):
    return (
        x509.CertificateBuilder()
        .subject_name(ROOT.subject)
        .issuer_name(ROOT.subject)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(WITHIN.replace(year=2019))
        .not_valid_after(WITHIN.replace(year=2021))
        .sign(key, hashes.SHA256())
    )


NO_COMPACT, NO_BASE64URL = "not a JWS in compact serialization", "a part of the JWS is not base64url"
NO_CERTIFICATE = "x5c holds 1 to 5 certificates"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", NO_COMPACT),
        ("a.b", NO_COMPACT),
        ("a.b.c.d", NO_COMPACT),
        ("a.b." + "c" * 15_997, NO_COMPACT),
        ("a.b.c", NO_BASE64URL),
        ("e30=.e30.AA", NO_BASE64URL),
        ("e3+0.e30.AA", NO_BASE64URL),
        ("e3/0.e30.AA", NO_BASE64URL),
        ("\N{LATIN SMALL LETTER E WITH ACUTE}30.e30.AA", NO_BASE64URL),
        ("AAAA.e30.AA", "the JWS header is not JSON"),
        ("W10.e30.AA", "the JWS header is not an object"),
        ("e30.e30.e30", NO_CERTIFICATE),
        ("e30.e30." + "A" * 15_992, NO_CERTIFICATE),
    ],
)
def test_what_is_no_signed_content_is_not_believed_for_its_reason(text, why):
    with pytest.raises(NotTrusted, match=f"^{why}$"):
        read_signed_content(text, [ROOT], WITHIN)


@pytest.mark.parametrize("x5c", [["AAAA"], ["!"], [7], ["\N{SNOWMAN}"], [SIGNED["acs_ec_cert_der_b64"], "AAAA"]])
def test_a_certificate_that_cannot_be_read_is_not_believed(x5c):
    header = base64.urlsafe_b64encode(json.dumps({"alg": "ES256", "x5c": x5c}).encode()).decode().rstrip("=")
    with pytest.raises(NotTrusted, match="a certificate cannot be read"):
        read_signed_content(f"{header}.e30.AA", [ROOT], WITHIN)


@pytest.mark.parametrize("lacking", ["acsEphemPubKey", "sdkEphemPubKey", "acsURL"])
@pytest.mark.parametrize("instead", [..., 7])
def test_content_without_a_key_or_an_address_is_not_believed(lacking, instead):
    payload = payload_of(public_jwk(ACS.public_key()), public_jwk(SDK.public_key()), "https://acs.example/a")
    payload = {name: value for name, value in (payload | {lacking: instead}).items() if value is not ...}
    signer = ContentSigner.of(ec_key(SIGNED["acs_ec"]), [certificate("acs_ec_cert_der_b64")])
    with pytest.raises(NotTrusted, match="the payload lacks acsEphemPubKey, sdkEphemPubKey or acsURL"):
        read_signed_content(signer.sign(payload), [ROOT], WITHIN)


def test_what_is_signed_with_an_rsa_key_is_believed_with_pss_alone():
    key = rsa_key(DEVICE["ds_rsa"])
    root = signed_by_itself(key)
    text = own(key=key, certificates=[root])
    assert json.loads(raw(text.split(".")[0]))["alg"] == "PS256"
    assert read_signed_content(text, [root], WITHIN).acs_url == "https://acs.example/a"
    with pytest.raises(NotTrusted, match="the signature is not that of the certificate's key"):
        read_signed_content(text[:-4] + "AAAA", [root], WITHIN)
    for alg in ("RS256", "ES256"):
        with pytest.raises(NotTrusted, match="alg is ES256 or PS256"):
            read_signed_content(own(key=key, certificates=[root], alg=alg), [root], WITHIN)


@pytest.mark.parametrize("defect", DEFECTS)
@pytest.mark.parametrize("enc", ["A128CBC-HS256", "A128GCM"])
def test_a_message_with_a_defect_differs_and_is_opened_by_nobody(defect, enc):
    named = {"enc": enc, "kid": "k", "counter": 7, "random": bytes}
    right, wrong = (seal_challenge(b"{}", SESSION_KEY, Sender.ACS, **named, defect=one) for one in (None, defect))
    assert open_challenge(parse(right), SESSION_KEY, Sender.ACS) == b"{}"
    with pytest.raises(NotDecrypted, match="tag"):
        open_challenge(parse(wrong), SESSION_KEY, Sender.ACS)


@pytest.mark.parametrize(("tag", "other"), [("A", "B"), ("B", "A"), ("x", "A")])
def test_another_tag_is_another(tag, other):
    assert _with_another_tag(f"e30...e30.{tag}yz") == f"e30...e30.{other}yz"
