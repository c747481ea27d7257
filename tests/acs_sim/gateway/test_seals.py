"""The seals, against values that others published."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from hypothesis import given
from hypothesis import strategies as st

from acs_sim.gateway.forms import seals

# A purchase that a public Paybox client prints with its seal, under the published test key.
PAYBOX = [
    ("PBX_SITE", "1999888"),
    ("PBX_RANG", "32"),
    ("PBX_IDENTIFIANT", "107904482"),
    ("PBX_TOTAL", "1000"),
    ("PBX_DEVISE", "978"),
    ("PBX_CMD", "3"),
    ("PBX_PORTEUR", "test@paybox.com"),
    ("PBX_RETOUR", "Mt:M;Ref:R;Auto:A;Erreur:E"),
    ("PBX_TIME", "2014-12-09T22:37:34+00:00"),
]
PAYBOX_SEAL = (
    "D1B2566CFC88DD0C1106D7231FCCEFFA7FEB53EE39F025930745698F202EE8BC"
    "B07D91C5DB3AA6F770F3E3A2F369FE84275F569CD9984DDAC5929887056D1D5E"
)

# Two answers that a public Monetico client prints with their seals, under its test key.
REFUSED = {
    "TPE": "9344512",
    "date": "15/11/2022_a_17:42:23",
    "montant": "17.75EUR",
    "reference": "KFPHFV7NCXWB",
    "texte-libre": "php unit",
    "code-retour": "Annulation",
    "cvx": "oui",
    "vld": "0125",
    "brand": "VI",
    "motifrefus": "-",
    "motifrefusautorisation": "-",
    "usage": "debit",
    "typecompte": "particulier",
    "ecard": "non",
    "originecb": "FRA",
    "bincb": "46334308",
    "hpancb": "07CDB0331260C06818027855F795C9F726585286",
    "ipclient": "127.0.0.1",
    "originetr": "FRA",
    "cbmasquee": "1234XXXXXXXXXXX1234",
    "modepaiement": "CB",
    "authentification": "ewogICAiZGV0YWlscyIgOiB7CiAgICAgICJBUmVzIiA6ICJDIiwKICAgICAgIkNSZXMiIDogIk4iLAogICAgICAibGlhYmlsaXR5"
    "U2hpZnQiIDogIk5BIiwKICAgICAgIm1lcmNoYW50UHJlZmVyZW5jZSIgOiAibm9fcHJlZmVyZW5jZSIsCiAgICAgICJ0cmFuc2FjdGlvbklEIiA6ICIwMGRm"
    "MzY0Ni0yMzE4LTRjOTItYjgzMC03MThlZjQ4Y2NjMTUiCiAgIH0sCiAgICJwcm90b2NvbCIgOiAiM0RTZWN1cmUiLAogICAic3RhdHVzIiA6ICJhdXRoZW50"
    "aWNhdGlvbl9ub3RfcGVyZm9ybWVkIiwKICAgInZlcnNpb24iIDogIjIuMS4wIgp9Cg==",
}
REFUSED_SEAL = "C3526D4B3B8AEFDC73483B559FF641C592203643"
ACCEPTED = {
    "TPE": "9344512",
    "date": "18/11/2022_a_12:10:48",
    "montant": "11.90EUR",
    "reference": "JXNWHZLUY65F",
    "texte-libre": "PHP Unit",
    "code-retour": "paiement",
    "cvx": "oui",
    "vld": "1125",
    "brand": "MC",
    "numauto": "248650",
    "usage": "debit",
    "typecompte": "particulier",
    "ecard": "non",
    "originecb": "ESP",
    "bincb": "51638300",
    "hpancb": "6FF1313F3B6FE9B053B21CBDEE516603CB8CF01E",
    "ipclient": "127.0.0.1",
    "originetr": "FRA",
    "cbmasquee": "51638300******66",
    "modepaiement": "CB",
    "authentification": "bnVsbAo=",
}
ACCEPTED_SEAL = "31F710AC5A6A73CC13FF20FD936AA59C099B155E"
KEY = seals.monetico_key(seals.MONETICO_TEST_KEY)


def test_the_paybox_seal_is_the_published_one():
    assert seals.pbx_hmac(PAYBOX, seals.PAYBOX_TEST_KEY) == PAYBOX_SEAL
    assert seals.pbx_hmac_holds({**dict(PAYBOX), "PBX_HMAC": PAYBOX_SEAL}, seals.PAYBOX_TEST_KEY)


def test_the_paybox_seal_depends_on_the_order_of_the_form():
    assert seals.pbx_hmac(reversed(PAYBOX), seals.PAYBOX_TEST_KEY) != PAYBOX_SEAL


@pytest.mark.parametrize("name", [name for name, _ in PAYBOX])
def test_a_paybox_form_with_one_field_changed_does_not_hold(name):
    fields = {**dict(PAYBOX), "PBX_HMAC": PAYBOX_SEAL}
    assert not seals.pbx_hmac_holds({**fields, name: fields[name] + "0"}, seals.PAYBOX_TEST_KEY)


@pytest.mark.parametrize("seal", ["", "é", PAYBOX_SEAL.lower(), PAYBOX_SEAL[:-1]])
def test_a_paybox_seal_that_is_none_does_not_hold(seal):
    assert not seals.pbx_hmac_holds({**dict(PAYBOX), "PBX_HMAC": seal}, seals.PAYBOX_TEST_KEY)


@pytest.mark.parametrize(("fields", "seal"), [(REFUSED, REFUSED_SEAL), (ACCEPTED, ACCEPTED_SEAL)])
def test_the_monetico_seal_is_the_published_one(fields, seal):
    assert seals.monetico_mac(fields, KEY) == seal
    assert seals.monetico_mac_holds({**fields, "MAC": seal}, KEY)
    assert seals.monetico_mac_holds({**fields, "MAC": seal.lower()}, KEY)


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_monetico_answer_with_one_field_changed_does_not_hold(name):
    assert not seals.monetico_mac_holds({**ACCEPTED, "MAC": ACCEPTED_SEAL, name: "x"}, KEY)


def test_a_monetico_answer_with_a_field_more_does_not_hold():
    assert not seals.monetico_mac_holds({**ACCEPTED, "MAC": ACCEPTED_SEAL, "extra": ""}, KEY)


def test_the_key_of_the_vendors_kit_is_repaired():
    assert seals.monetico_key("12345678901234567890123456789012345678P0") == bytes.fromhex("1234567890" * 4)


@pytest.mark.parametrize(("last", "repaired"), [("9M", "90"), ("Q9", "\x3a9"), ("AB", "AB")])
def test_a_key_is_repaired_in_its_last_two_characters_only(last, repaired):
    printed = "12" * 19 + last
    if repaired.isalnum():
        assert seals.monetico_key(printed) == bytes.fromhex("12" * 19 + repaired)
    else:
        with pytest.raises(ValueError, match="hex"):
            seals.monetico_key(printed)


def test_a_key_of_another_length_is_refused():
    with pytest.raises(ValueError, match="40 characters"):
        seals.monetico_key("12")


SIGNING_KEY = generate_private_key(65537, 1024)


@given(st.text(alphabet=st.characters(codec="ascii")), st.text(alphabet=st.characters(codec="ascii"), min_size=1))
def test_a_signed_line_holds_until_anything_is_added(line, more):
    signature = seals.sign_answer(line, SIGNING_KEY)
    assert len(signature) == 172
    assert seals.answer_signature_holds(line, signature, SIGNING_KEY.public_key())
    assert not seals.answer_signature_holds(line + more, signature, SIGNING_KEY.public_key())


@pytest.mark.parametrize("signature", ["", "AAAA", "not base64!", "é"])
def test_a_signature_that_is_none_does_not_hold(signature):
    assert not seals.answer_signature_holds("a=1", signature, SIGNING_KEY.public_key())
