"""The two forms as shops write them: what each field does, what is refused by name, and what a seal covers. Fields by hand."""

import base64
import json

import pytest

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.e_transactions.fields import fields_of_the_manual
from acs_sim.gateway.forms import seals
from acs_sim.gateway.forms.fields import FormRefused, Posted, read_posted
from acs_sim.gateway.forms.merchants import Merchants, published
from acs_sim.gateway.monetico import form as monetico
from acs_sim.settings.merchants import MoneticoMerchant

KNOWN = Merchants(published())
PBX = {
    "PBX_SITE": "1999888",
    "PBX_RANG": "32",
    "PBX_IDENTIFIANT": "2",
    "PBX_TOTAL": "4250",
    "PBX_DEVISE": "978",
    "PBX_CMD": "order 7",
    "PBX_PORTEUR": "client@example.org",
    "PBX_RETOUR": "m:M;e:E;k:K",
    "PBX_HASH": "SHA512",
    "PBX_TIME": "2026-06-15T12:00:00+02:00",
}
CGI2 = {
    "TPE": "9344512",
    "societe": "monsite",
    "version": "3.0",
    "lgue": "FR",
    "date": "15/06/2026:12:00:00",
    "montant": "42.50EUR",
    "reference": "ORDER7",
}
TEST_KEY = "0123456789ABCDEF" * 8


def pbx(**changes):
    fields = {**PBX, **changes}
    seal = seals.pbx_hmac(fields.items(), TEST_KEY)
    return e_transactions.read(Posted({**fields, "PBX_HMAC": seal}), KNOWN)


def cgi2(beside=None, **changes):
    fields = {**CGI2, **changes}
    return monetico.read(Posted({**fields, "MAC": seals.monetico_mac(fields, monetico.KEY), **(beside or {})}), KNOWN)


@pytest.mark.parametrize(
    ("fields", "attribute", "value"),
    [
        ({}, "answer_method", "GET"),
        ({"PBX_RUF1": "POST"}, "answer_method", "POST"),
        ({"PBX_SOUHAITAUTHENT": "04"}, "challenge_indicator", "04"),
        ({"PBX_3DS": "N"}, "without_3ds", True),
        ({"PBX_AUTOSEULE": "O"}, "capture", "never"),
        ({"PBX_DIFF": "03"}, "capture", "03"),
        ({}, "capture", "now"),
        ({"PBX_TYPEPAIEMENT": "CARTE", "PBX_TYPECARTE": "EUROCARD_MASTERCARD"}, "brand", "mastercard"),
        ({"PBX_DISPLAY": "600"}, "page_seconds", 600),
        ({"PBX_ERRORCODETEST": "00021"}, "forced_code", "00021"),
        ({"PBX_LANGUE": "GBR"}, "language", "en"),
    ],
)
def test_every_field_of_e_transactions_has_its_effect(fields, attribute, value):
    assert getattr(pbx(**fields), attribute) == value


@pytest.mark.parametrize(
    "name",
    [
        *(f"PBX_2MONT{n}" for n in (1, 2, 3)),
        *(f"PBX_DATE{n}" for n in (1, 2, 3)),
        "PBX_NBPAIE",
        "PBX_REFABONNE",
        "PBX_COLOUR",
    ],
)
def test_what_is_not_played_is_refused_by_name(name):
    with pytest.raises(FormRefused, match=name):
        pbx(**{name: "100"})


@pytest.mark.parametrize("name", sorted(set(fields_of_the_manual()) - {*PBX, "PBX_HMAC"}))
def test_an_optional_field_of_e_transactions_that_is_empty_is_not_chosen(name):
    assert pbx(**{name: ""}) == pbx()


@pytest.mark.parametrize("name", sorted(monetico.KNOWN - {*CGI2, "MAC"}))
def test_an_optional_field_of_monetico_that_is_empty_is_not_chosen(name):
    assert cgi2(**{name: ""}) == cgi2()


@pytest.mark.parametrize("name", ["nbrech", "dateech1", "montantech4"])
def test_a_payment_in_parts_is_refused_by_name(name):
    with pytest.raises(FormRefused, match=name):
        cgi2(**{name: "2"})


@pytest.mark.parametrize("context", [[], {}, {"billing": []}, {"billing": {}}, {"billing": {}, "client": []}])
def test_an_object_of_the_order_context_may_be_empty_as_php_writes_it(context):
    assert cgi2(contexte_commande=base64.b64encode(json.dumps(context).encode()).decode()).buyer == cgi2().buyer


@pytest.mark.parametrize("reference", ["A", "A" * 50, "order 7/2026 #3", "~!@$%^&*()"])
def test_a_reference_is_anything_printable_up_to_fifty(reference):
    assert cgi2(reference=reference).reference == reference


@pytest.mark.parametrize("lgue", ["FR", "EN", "DE", "IT", "ES", "NL", "PT", "SV", "JA"])
def test_every_language_of_the_kits_is_taken(lgue):
    assert cgi2(lgue=lgue)


def test_a_field_beside_the_form_is_named_and_the_vendor_s_button_is_none():
    assert cgi2(beside={"bouton": "Payer"}) == cgi2()
    with pytest.raises(FormRefused, match="panier: not a field of this form"):
        cgi2(beside={"panier": "7"})
    with pytest.raises(FormRefused, match="MAC"):
        cgi2(beside={"montant": "1.00EUR"})


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-1"])
@pytest.mark.parametrize("sealed_in", ["utf-8", "iso-8859-1"])
def test_accents_are_read_in_either_character_set_under_a_seal_in_either(charset, sealed_in):
    fields = {**CGI2, "texte-libre": "déjà"}
    seal = seals.monetico_mac(fields, monetico.KEY, sealed_in)
    read = monetico.read(Posted({**fields, "MAC": seal}, charset), KNOWN)
    assert (read.fields["texte-libre"], read.charset, read.seal_charset) == ("déjà", charset, sealed_in)


def test_bytes_that_are_no_utf_8_are_iso_8859_1():
    assert read_posted("a=d%E9j%E0&b=1&a=2") == Posted({"a": "déjà", "b": "1"}, "iso-8859-1")
    assert read_posted("a=d%C3%A9j%C3%A0") == Posted({"a": "déjà"}, "utf-8")
    with pytest.raises(FormRefused, match="fields"):
        read_posted("&".join(f"a{n}=1" for n in range(81)))


def test_of_two_merchants_of_one_terminal_the_one_of_the_company_holds():
    anybody = MoneticoMerchant(tpe="0000001", key="1" * 40)
    company = MoneticoMerchant(tpe="0000001", key="2" * 40, company="monsite")
    known = Merchants([anybody, company])
    assert known.monetico("0000001", "monsite") is company
    assert known.monetico("0000001", "another") is anybody
    assert known.monetico("0000002", "monsite") is None
