"""The signature on a PARes, judged by xmlsec1, by signxml and by ours; and bad ones, which all three refuse."""

import base64
import random
import re
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from tests.support.patience import PATIENCE_SECONDS
from tests.support.signatures import signxml_accepts, xmlsec1_accepts
from tests.threedsecure.v1.samples import PAREQ, PARES, message
from threedsecure.cards.schemes import SCHEMES
from threedsecure.v1 import messages, outcomes
from threedsecure.v1.codec import decode, encode
from threedsecure.v1.envelope import pack, unpack
from threedsecure.v1.errors import MessageError
from threedsecure.v1.signature import pki, verification
from threedsecure.v1.signature.signing import (
    RSA_SHA1,
    RSA_SHA256,
    XMLDSIG,
    SignatureDefect,
    Signer,
    canonical,
    sign,
    signed,
)
from threedsecure.v1.signature.verification import SignatureFault, SignatureInvalid, carried_roots, verify
from threedsecure.v1.validation.rules import check_answer

NOW = datetime(2026, 6, 15, 12, 0, 5, tzinfo=UTC)
ALGORITHMS = pytest.mark.parametrize("algorithm", [RSA_SHA1, RSA_SHA256], ids=["rsa-sha1", "rsa-sha256"])
EXCLUSIVE = "http://www.w3.org/2001/10/xml-exc-c14n#"
INCLUSIVE = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315"
ENVELOPED = f"{XMLDSIG}enveloped-signature"
V1_SCHEMES = sorted(key for key, scheme in SCHEMES.items() if scheme.classic_programme)


@pytest.fixture(scope="module")
def keys() -> pki.SigningKeys:
    return pki.create(NOW, random.Random(1).randbytes)


@pytest.fixture(scope="module")
def good(keys) -> bytes:
    return signed(PARES.encode(), keys)


def fault_of(pares: bytes | str, keys, *, at: datetime = NOW, **options) -> SignatureFault:
    with pytest.raises(SignatureInvalid) as caught:
        verify(pares if isinstance(pares, bytes) else pares.encode(), trusted=[keys.root], at=at, **options)
    return caught.value.fault


# --- good ones -----------------------------------------------------------------------------------------------------------


@ALGORITHMS
@pytest.mark.parametrize("status", ["Y", "N", "U", "A"])
@pytest.mark.parametrize("scheme", V1_SCHEMES)
def test_every_pares_is_verified_by_three_independent_judges(scheme, status, algorithm, keys, tmp_path):
    pan = "4000000000100006"[: SCHEMES[scheme].pan_lengths[0]]
    pareq = message(PAREQ)
    transaction = outcomes.transaction(
        scheme, pan=pan, status=status, merchant_name="Boutique & Démo", transaction_number=7, now=NOW
    )
    pares = messages.payer_authentication_response(pareq, transaction, pan=pan, pares_id="PARes.7.signed")
    xml = unpack(pack(signed(encode(pares), keys, algorithm=algorithm)))
    assert xmlsec1_accepts(xml, keys.root, NOW, tmp_path)
    assert signxml_accepts(xml, keys.root, NOW, tmp_path)
    assert verify(xml, trusted=[keys.root], at=NOW).signature_method == algorithm.signature
    assert decode(xml) == pares
    check_answer(decode(xml), pareq, pan=pan)


def test_a_signature_has_the_shape_of_the_real_ones(good):
    root = etree.fromstring(good)
    envelope = root[0]
    assert [etree.QName(child).localname for child in envelope] == ["PARes", "Signature"]
    space = {"d": XMLDSIG}
    assert root.xpath("string(//d:Reference/@URI)", namespaces=space) == "#PARes.1.signed"
    assert root.xpath("//d:Transforms", namespaces=space) == []
    assert root.xpath("//d:SignedInfo/*/@Algorithm", namespaces=space) == [
        "http://www.w3.org/TR/2001/REC-xml-c14n-20010315",
        "http://www.w3.org/2000/09/xmldsig#rsa-sha1",
    ]
    assert root.xpath("//d:DigestMethod/@Algorithm", namespaces=space) == ["http://www.w3.org/2000/09/xmldsig#sha1"]


def test_the_three_certificates_are_the_signers_the_issuing_authoritys_and_the_roots(good, keys):
    texts = etree.fromstring(good).xpath("//d:X509Certificate/text()", namespaces={"d": XMLDSIG})
    sent = [base64.b64decode(text) for text in texts]
    assert sent == [certificate.public_bytes(Encoding.DER) for certificate in keys.good.certificates]
    path = verify(good, trusted=[keys.root], at=NOW).path
    assert path == keys.good.certificates


def test_a_packed_pares_is_about_as_long_as_the_published_ones(good):
    assert 3_500 < len(pack(good)) < 5_500


def test_a_pares_signed_by_somebody_else_is_verified_when_its_layout_differs(keys, tmp_path):
    """Some issuers declare a prefix or a language on top, indent, or repeat the namespace on SignedInfo."""
    declared = '<ThreeDSecure xmlns:x="urn:x" xml:lang="fr"><Message xml:lang="en" '
    indented = PARES.replace("<ThreeDSecure><Message ", declared).replace("><", ">\n  <")
    xml = sign(indented.encode(), keys.good)
    assert xmlsec1_accepts(xml, keys.root, NOW, tmp_path)
    assert verify(xml, trusted=[keys.root], at=NOW)
    repeated = xml.replace(b"<SignedInfo>", f'<SignedInfo xmlns="{XMLDSIG}">'.encode())
    assert repeated != xml
    assert xmlsec1_accepts(repeated, keys.root, NOW, tmp_path)
    assert verify(repeated, trusted=[keys.root], at=NOW)


@pytest.mark.parametrize("transform", [ENVELOPED, EXCLUSIVE], ids=["enveloped", "exclusive"])
def test_a_pares_signed_by_xmlsec1_with_a_transform_is_verified(transform, keys, tmp_path):
    xml = signed_by_xmlsec1(PARES, keys.good, transform, tmp_path)
    assert verify(xml, trusted=[keys.root], at=NOW)


def signed_by_xmlsec1(pares: str, signer: Signer, transform: str, folder) -> bytes:
    template = (
        f'<Signature xmlns="{XMLDSIG}"><SignedInfo>'
        '<CanonicalizationMethod Algorithm="http://www.w3.org/TR/2001/REC-xml-c14n-20010315"/>'
        f'<SignatureMethod Algorithm="{XMLDSIG}rsa-sha1"/><Reference URI="#PARes.1.signed"><Transforms>'
        f'<Transform Algorithm="{transform}"/></Transforms><DigestMethod Algorithm="{XMLDSIG}sha1"/><DigestValue/>'
        "</Reference></SignedInfo><SignatureValue/><KeyInfo><X509Data/></KeyInfo></Signature>"
    )
    (folder / "key.pem").write_text(signer.to_pem())
    certificates = []
    for index, certificate in enumerate(signer.certificates):
        (folder / f"{index}.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
        certificates.append(str(folder / f"{index}.pem"))
    (folder / "in.xml").write_text(pares.replace("</Message>", f"{template}</Message>"), encoding="utf-8")
    chain = ",".join([str(folder / "key.pem"), *certificates])
    command = [
        "xmlsec1",
        "--sign",
        "--id-attr:id",
        "PARes",
        "--privkey-pem",
        chain,
        "--output",
        str(folder / "out.xml"),
    ]
    subprocess.run([*command, str(folder / "in.xml")], check=True, capture_output=True, timeout=PATIENCE_SECONDS)
    return (folder / "out.xml").read_bytes()


# --- bad ones on demand --------------------------------------------------------------------------------------------------

FAULTS = {
    SignatureDefect.TAMPERED: SignatureFault.CONTENT_CHANGED,
    SignatureDefect.WRONG_CHAIN: SignatureFault.CHAIN_UNTRUSTED,
    SignatureDefect.EXPIRED_CERTIFICATE: SignatureFault.CERTIFICATE_NOT_VALID,
    SignatureDefect.MISSING: SignatureFault.MISSING,
}


@ALGORITHMS
@pytest.mark.parametrize("defect", SignatureDefect)
def test_a_bad_signature_is_refused_by_three_independent_judges(defect, algorithm, keys, tmp_path):
    bad = signed(PARES.encode(), keys, algorithm=algorithm, defect=defect)
    assert not xmlsec1_accepts(bad, keys.root, NOW, tmp_path)
    assert not signxml_accepts(bad, keys.root, NOW, tmp_path)
    assert fault_of(bad, keys) is FAULTS[defect]


@pytest.mark.parametrize("defect", SignatureDefect)
def test_nothing_but_the_signature_tells_a_bad_pares_from_a_good_one(defect, keys):
    bad = decode(signed(PARES.encode(), keys, defect=defect))
    check_answer(bad, message(PAREQ), pan="4000000000100006")
    assert (bad["TX"]["status"], bad["TX"]["cavv"]) == ("Y", message(PARES)["TX"]["cavv"])


def test_the_expired_certificate_is_all_that_is_wrong_with_it(keys):
    bad = signed(PARES.encode(), keys, defect=SignatureDefect.EXPIRED_CERTIFICATE)
    assert verify(bad, trusted=[keys.root], at=NOW - timedelta(days=365 * 9 + 180))


def test_a_pares_without_an_id_or_a_time_is_a_mistake_of_ours(keys):
    with pytest.raises(ValueError, match="without an id"):
        sign(PARES.replace(' id="PARes.1.signed"', "").encode(), keys.good)
    with pytest.raises(ValueError, match=r"without a TX\.time"):
        signed(PARES.replace("time>", "when>").encode(), keys, defect=SignatureDefect.TAMPERED)


@pytest.mark.parametrize("second", ["00", "01", "59"])
def test_a_bad_pares_tells_another_time_whatever_its_second_is(second, keys):
    pares = re.sub(r"(<time>[^<]*:)[0-9]{2}(</time>)", rf"\g<1>{second}\2", PARES)
    bad = signed(pares.encode(), keys, defect=SignatureDefect.TAMPERED)
    assert decode(bad)["TX"]["time"][-2:] == ("01" if second == "00" else "00")


# --- forgeries -----------------------------------------------------------------------------------------------------------


def changed(xml: bytes, old: str, new: str) -> bytes:
    assert old.encode() in xml
    return xml.replace(old.encode(), new.encode())


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("<status>Y</status>", "<status>A</status>", SignatureFault.CONTENT_CHANGED),
        ("<eci>05</eci>", "<eci>05</eci >", None),
        ("<eci>05</eci>", "<eci><!-- c -->05</eci>", None),
        ("<eci>05</eci>", "<eci><?p i?>05</eci>", SignatureFault.CONTENT_CHANGED),
        ("<eci>05</eci>", "<eci> 05</eci>", SignatureFault.CONTENT_CHANGED),
        ('URI="#PARes.1.signed"', 'URI=""', SignatureFault.MALFORMED),
        ('URI="#PARes.1.signed"', 'URI="http://127.0.0.1/x"', SignatureFault.MALFORMED),
        ("#rsa-sha1", "#hmac-sha1", SignatureFault.ALGORITHM),
        ("#rsa-sha1", "#sha1", SignatureFault.ALGORITHM),
        ('xmldsig#sha1"', 'xmldsig#md5"', SignatureFault.ALGORITHM),
        ("REC-xml-c14n-20010315", "REC-xml-c14n-19990101", SignatureFault.ALGORITHM),
        ("<SignatureValue>", "<SignatureValue>AAAA", SignatureFault.VALUE_WRONG),
        ("<SignatureValue>", "<SignatureValue>!", SignatureFault.MALFORMED),
        ("<X509Certificate>MII", "<X509Certificate>AAA", SignatureFault.MALFORMED),
        ("KeyInfo", "KeyInf0", SignatureFault.MALFORMED),
        ("DigestValue", "DigestVa1ue", SignatureFault.MALFORMED),
        (f'<Signature xmlns="{XMLDSIG}">', '<Signature xmlns="urn:x">', None),
    ],
)
def test_a_signature_changed_afterwards_is_judged_by_what_was_changed(old, new, fault, good, keys):
    forged = changed(good, old, new)
    if new.endswith('"urn:x">'):
        with pytest.raises(MessageError):
            verify(forged, trusted=[keys.root], at=NOW)
    elif fault is None:
        assert verify(forged, trusted=[keys.root], at=NOW)
    else:
        assert fault_of(forged, keys) is fault


def test_a_signed_pares_hidden_elsewhere_does_not_vouch_for_another(good, keys):
    inner = good[good.index(b"<PARes") : good.index(b"<Signature")].decode()
    forged = inner.replace("<status>Y", "<status>A")
    for place in ("Object", "KeyInfo"):
        if place == "Object":
            wrapped = changed(good, "</Signature>", f"<Object>{inner}</Object></Signature>")
        else:
            wrapped = changed(good, "<KeyInfo>", f"<KeyInfo>{inner}")
        assert (
            fault_of(changed(wrapped, f"{inner}<Signature", f"{forged}<Signature"), keys)
            is SignatureFault.CONTENT_CHANGED
        )
    extension = f'<Extension id="x" critical="false">{inner}</Extension></PARes><Signature'
    renamed = changed(good, "</PARes><Signature", extension).replace(
        b'<PARes id="PARes.1.signed"', b'<PARes id="other"', 1
    )
    assert fault_of(renamed, keys) is SignatureFault.MALFORMED
    twice = changed(good, f"{inner}<Signature", f"{forged}{inner}<Signature")
    with pytest.raises(MessageError, match="2 messages"):
        verify(twice, trusted=[keys.root], at=NOW)


def test_two_signatures_or_two_references_are_no_signature(good, keys):
    signature = good[good.index(b"<Signature ") : good.index(b"</Message>")]
    reference = re.search(rb"<Reference.*</Reference>", good, re.DOTALL)[0]
    assert fault_of(good.replace(signature, signature * 2), keys) is SignatureFault.MALFORMED
    assert fault_of(good.replace(reference, reference * 2), keys) is SignatureFault.MALFORMED


def test_a_transform_that_could_select_something_else_is_not_run(good, keys):
    for name in ("http://www.w3.org/TR/1999/REC-xpath-19991116", "http://www.w3.org/TR/1999/REC-xslt-19991116", ""):
        for before in ("", f'<Transform Algorithm="{ENVELOPED}"/>'):
            transforms = f'<Transforms>{before}<Transform Algorithm="{name}"/></Transforms><DigestMethod'
            assert fault_of(changed(good, "<DigestMethod", transforms), keys) is SignatureFault.ALGORITHM


@pytest.mark.parametrize(
    ("names", "exclusive"),
    [
        ([], False),
        ([ENVELOPED], False),
        *(([*before, f"{INCLUSIVE}{more}"], False) for before in ([], [ENVELOPED]) for more in ("", "#WithComments")),
        *(([*before, f"{EXCLUSIVE}{more}"], True) for before in ([], [ENVELOPED]) for more in ("", "WithComments")),
    ],
)
def test_transforms_say_whether_what_is_around_a_pares_counts(names, exclusive):
    transforms = "".join(f'<Transform Algorithm="{name}"/>' for name in names)
    reference = etree.fromstring(f'<Reference xmlns="{XMLDSIG}"><Transforms>{transforms}</Transforms></Reference>')
    assert verification._exclusive(reference) is exclusive


def test_sha_1_is_refused_where_it_is_not_allowed(good, keys):
    assert fault_of(good, keys, allow_sha1=False) is SignatureFault.ALGORITHM
    better = signed(PARES.encode(), keys, algorithm=RSA_SHA256)
    assert verify(better, trusted=[keys.root], at=NOW, allow_sha1=False)


def test_an_end_certificate_cannot_issue_another(keys):
    signer = keys.good
    child = pki._Authority("acs-sim", random.Random(2).randbytes).signer(
        signer.key, signer.key, NOW - timedelta(days=1), NOW + timedelta(days=1)
    )
    forged = sign(PARES.encode(), Signer(signer.key, (child, *signer.certificates)))
    assert fault_of(forged, keys) is SignatureFault.CHAIN_UNTRUSTED


def test_certificates_in_another_order_or_without_the_root_lead_to_it_all_the_same(keys, tmp_path):
    leaf, issuing, root = keys.good.certificates
    for certificates in ((root, issuing, leaf), (issuing, leaf), (leaf, issuing)):
        xml = sign(PARES.encode(), Signer(keys.good.key, certificates))
        assert verify(xml, trusted=[keys.root], at=NOW).path == keys.good.certificates
        assert xmlsec1_accepts(xml, keys.root, NOW, tmp_path)
    alone = sign(PARES.encode(), Signer(keys.good.key, (leaf,)))
    assert fault_of(alone, keys) is SignatureFault.CHAIN_UNTRUSTED


def test_the_signer_is_named(good, keys):
    assert verify(good, trusted=[keys.root], at=NOW).signer == "CN=3-D Secure Test ACS Signing,O=acs-sim"


def test_the_roots_that_a_pares_brings_along_are_those_that_issued_themselves(good, keys):
    assert carried_roots(good) == (keys.root,)
    leaf_alone = sign(PARES.encode(), Signer(keys.good.key, keys.good.certificates[:1]))
    assert carried_roots(leaf_alone) == ()
    with pytest.raises(MessageError, match="longer than 1000 bytes"):
        carried_roots(good, limit=1_000)
    with pytest.raises(SignatureInvalid, match="no Signature stands beside the PARes"):
        carried_roots(PARES.encode())


def test_a_certificate_with_a_key_of_another_kind_verifies_nothing(keys):
    certificate = (
        x509.CertificateBuilder()
        .subject_name(keys.root.subject)
        .issuer_name(keys.root.subject)
        .public_key(ec.generate_private_key(ec.SECP256R1()).public_key())
        .serial_number(7)
        .not_valid_before(NOW - timedelta(days=1))
        .not_valid_after(NOW + timedelta(days=1))
        .sign(keys.good.key, SHA256())
    )
    signed_otherwise = sign(PARES.encode(), Signer(keys.good.key, (certificate,)))
    with pytest.raises(SignatureInvalid, match="the signer's key is not an RSA key") as caught:
        verify(signed_otherwise, trusted=[certificate], at=NOW)
    assert caught.value.fault is SignatureFault.ALGORITHM


def test_of_certificates_that_issued_each_other_the_first_is_the_signers(keys):
    root, other = keys.root, keys.stray.certificates[-1]
    assert root.subject == other.subject
    with pytest.raises(SignatureInvalid) as caught:
        verify(sign(PARES.encode(), Signer(keys.good.key, (root, other))), trusted=[root], at=NOW)
    assert caught.value.fault is SignatureFault.VALUE_WRONG
    with pytest.raises(SignatureInvalid) as caught:
        verify(sign(PARES.encode(), Signer(keys.good.key, (other, root))), trusted=[root], at=NOW)
    assert caught.value.fault is SignatureFault.VALUE_WRONG
    path = verification._path((root, other), [root], allow_sha1=True)
    assert path == (root,)
    assert verification._path((other, root), [root], allow_sha1=True) == ()


def test_the_canonical_form_has_no_comments_and_the_language_of_what_is_around_it():
    root = etree.fromstring('<a xml:lang="fr" b="1"><c><!-- no -->d</c></a>')
    assert canonical(root[0]) == b'<c xml:lang="fr">d</c>'
    assert canonical(root[0], exclusive=True) == b"<c>d</c>"
    own = etree.fromstring('<a xml:lang="fr"><c xml:lang="en">d</c></a>')
    assert canonical(own[0]) == b'<c xml:lang="en">d</c>'


YEAR = timedelta(days=365)
CERTIFICATES = [
    ("good", 0, "Signing", "Issuing", -2, 5, None),
    ("good", 1, "Issuing", "Root", -11, 10, 0),
    ("good", 2, "Root", "Root", -11, 20, 1),
    ("expired", 0, "Signing", "Issuing", -10, -9, None),
    ("stray", 0, "Signing", "Issuing", -2, 5, None),
    ("stray", 1, "Issuing", "Root", -11, 10, 0),
    ("stray", 2, "Root", "Root", -11, 20, 1),
]
"""Whose, where in the chain, subject, issuer, valid from and to in years from now, and how many authorities may follow."""


@pytest.mark.parametrize(("whose", "place", "subject", "issuer", "since", "until", "length"), CERTIFICATES)
def test_each_certificate_is_what_its_place_in_the_chain_wants(
    keys, whose, place, subject, issuer, since, until, length
):
    certificate = getattr(keys, whose).certificates[place]
    assert subject in certificate.subject.rfc4514_string()
    assert issuer in certificate.issuer.rfc4514_string()
    span = (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
    assert span == (NOW + since * YEAR, NOW + until * YEAR)
    authority = length is not None
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (constraints.value.ca, constraints.value.path_length, constraints.critical) == (authority, length, True)
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    assert usage.critical
    told = {name for name in USAGES if getattr(usage.value, name)}
    assert told == ({"key_cert_sign", "crl_sign"} if authority else {"digital_signature"})
    for kind in (x509.SubjectKeyIdentifier, x509.AuthorityKeyIdentifier):
        assert not certificate.extensions.get_extension_for_class(kind).critical
    assert (certificate.public_key().key_size, certificate.public_key().public_numbers().e) == (2048, 65537)
    assert certificate.serial_number.bit_length() == 121


USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign"),
)


def test_a_key_of_another_kind_is_no_signers():
    key = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(ValueError, match="the signer's key is not an RSA key"):
        Signer.from_pem(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())


@pytest.mark.parametrize("count", [0, 9])
def test_a_strange_number_of_certificates_is_malformed(count, keys):
    certificates = (keys.good.certificates * 3)[:count]
    assert fault_of(sign(PARES.encode(), Signer(keys.good.key, certificates)), keys) is SignatureFault.MALFORMED


def test_a_message_that_is_too_long_is_not_canonicalised(good, keys):
    with pytest.raises(MessageError, match="longer than 1000 bytes"):
        verify(good, trusted=[keys.root], at=NOW, limit=1_000)


@given(data=st.data())
def test_a_signed_pares_changed_anywhere_is_refused_or_says_the_same(keys, data):
    good = signed(PARES.encode(), keys)
    position = data.draw(st.integers(0, len(good) - 1))
    broken = good[:position] + data.draw(st.binary(max_size=3)) + good[position + data.draw(st.integers(0, 3)) :]
    try:
        verify(broken, trusted=[keys.root], at=NOW)
        read = decode(broken)
    except (SignatureInvalid, MessageError):
        return
    # The id of the Message stands outside of what is signed.
    assert {**read, "messageId": "pareq-1"} == message(PARES)


# --- keys ----------------------------------------------------------------------------------------------------------------


def test_keys_come_back_from_storage(keys, good):
    restored = pki.SigningKeys.from_pems(keys.to_pems())
    assert restored.root == keys.root
    assert [signer.certificates for signer in (restored.good, restored.expired, restored.stray)] == [
        signer.certificates for signer in (keys.good, keys.expired, keys.stray)
    ]
    assert sign(PARES.encode(), restored.good) == good  # RSASSA-PKCS1-v1_5 signs the same text alike


def test_the_stray_chain_has_the_names_of_the_good_one_and_none_of_its_keys(keys):
    good, stray = keys.good.certificates, keys.stray.certificates
    assert [certificate.subject for certificate in stray] == [certificate.subject for certificate in good]
    used = [certificate.public_key() for certificate in good]
    assert not [certificate for certificate in stray if certificate.public_key() in used]


def test_certificates_serve_a_clock_that_was_moved_by_years(keys, good):
    for years in (-1, 4):
        assert verify(good, trusted=[keys.root], at=NOW + timedelta(days=365 * years))
    assert fault_of(good, keys, at=NOW + timedelta(days=365 * 6)) is SignatureFault.CERTIFICATE_NOT_VALID


def test_serial_numbers_come_from_the_randomness_that_is_handed_in():
    numbers = [
        [certificate.serial_number for certificate in pki.create(NOW, random.Random(5).randbytes).good.certificates]
        for _ in range(2)
    ]
    assert numbers[0] == numbers[1]
    assert len(set(numbers[0])) == 3
