"""From the authentication result to the outcome, and from there to the codes of both manners."""

import pytest
from msgspec.structs import replace

from acs_sim.gateway.e_transactions import answer as e_transactions
from acs_sim.gateway.forms import seals
from acs_sim.gateway.monetico import answer as cgi2
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.monetico.values import read_amount
from acs_sim.gateway.pages.texts import texts
from acs_sim.gateway.payment.cards import CardRefused, read_entry
from acs_sim.gateway.payment.verdict import Numbers, conclude
from acs_sim.gateway.records import states as steps
from acs_sim.gateway.records.purchase import Authentication, Outcome
from tests.acs_sim.gateway.test_seals import SIGNING_KEY
from tests.acs_sim.gateway.test_steps import CARD, NOW, REQUEST, purchase
from threedsecure.cards.authentication_values import emv_authentication_value
from threedsecure.cards.scenarios import SCENARIOS

PAN = "4000000001000001"
DS_TRANS_ID = "13c701a3-5a88-4c45-89e9-ef65e50a8bf9"
NUMBERS = Numbers("123456", "1", "2")
PROVEN = {
    "pan": PAN,
    "ds_trans_id": DS_TRANS_ID,
    "purchase_amount": 4200,
    "purchase_currency": "978",
    "purchase_date": "20260615120000",
    "version": "2.2.0",
}


def proof(scheme="visa", trans_status="Y", **changes):
    return emv_authentication_value(scheme, trans_status=trans_status, **{**PROVEN, **changes})


def authenticated(status, source="RReq", *, scheme="visa", card=CARD, **more):
    return purchase(
        state="result",
        card=card,
        scheme=scheme,
        enrolled=True,
        version="2.2.0",
        purchase_date="20260615120000",
        ds_trans_id=DS_TRANS_ID,
        authentication=Authentication(source=source, trans_status=status, **more),
    )


def outcome(found):
    ended = conclude(found, PAN, NOW, NUMBERS)
    return ended.result, ended.reason


@pytest.mark.parametrize(
    ("wish", "source", "guarantee"),
    [("01", "ARes", True), ("02", "ARes", False), ("05", "ARes", False), ("02", "RReq", True), ("03", "ARes", True)],
)
def test_a_shop_whose_wish_for_no_challenge_was_followed_is_liable_itself(wish, source, guarantee):
    found = authenticated("Y", source, eci="05", value=proof())
    asked = replace(found, request=replace(found.request, challenge_indicator=wish))
    assert conclude(asked, PAN, NOW, NUMBERS).guarantee is guarantee


@pytest.mark.parametrize(("status", "eci", "reason"), [("Y", "05", "authenticated"), ("A", "06", "attempted")])
@pytest.mark.parametrize("method", ["02", "07", "97", "98"])
def test_a_good_proof_is_authorised_with_the_issuer_liable(status, eci, reason, method):
    ended = conclude(authenticated(status, eci=eci, value=proof(trans_status=status, method=method)), PAN, NOW, NUMBERS)
    assert (ended.result, ended.reason, ended.guarantee, ended.authorisation) == ("accepted", reason, True, "123456")


@pytest.mark.parametrize("scheme", ["mastercard", "amex", "cb", "jcb", "discover", "unionpay"])
@pytest.mark.parametrize("method", ["02", "97", "33"])
def test_the_proof_of_every_scheme_is_verified_whatever_the_method_was(scheme, method):
    eci = "02" if scheme == "mastercard" else "05"
    found = authenticated("Y", scheme=scheme, eci=eci, value=proof(scheme, method=method))
    assert outcome(found) == ("accepted", "authenticated")


def test_cartes_bancaires_may_follow_the_other_brand_of_the_card():
    card = replace(CARD, networks=("cb", "mastercard"))
    assert outcome(authenticated("Y", scheme="cb", card=card, eci="02", value=proof("cb"))) == (
        "accepted",
        "authenticated",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"ds_trans_id": "11111111-2222-4333-8444-555555555555"},
        {"purchase_amount": 4201},
        {"pan": "4000000002000000"},
        {"purchase_currency": "840"},
    ],
)
def test_a_proof_of_anything_else_is_wrong(changed):
    assert outcome(authenticated("Y", eci="05", value=proof(**changed))) == ("refused", "proof-wrong")


@pytest.mark.parametrize("value", ["", None])
def test_without_a_proof_the_acquirer_refuses(value):
    assert outcome(authenticated("Y", eci="05", value=value)) == ("refused", "proof-missing")


@pytest.mark.parametrize("value", ["x", "é" * 28, "A" * 28, "!" * 28])
def test_what_is_no_proof_at_all_is_wrong(value):
    for scheme in ("visa", "mastercard", "amex"):
        assert outcome(authenticated("Y", scheme=scheme, eci="05", value=value)) == ("refused", "proof-wrong")


@pytest.mark.parametrize("eci", ["06", "07", "02", None, "5"])
def test_an_eci_that_does_not_go_with_the_status_is_refused(eci):
    assert outcome(authenticated("Y", eci=eci, value=proof())) == ("refused", "eci-wrong")


@pytest.mark.parametrize(
    ("status", "source", "cancel", "ended"),
    [
        ("N", "ARes", None, ("refused", "not-authenticated")),
        ("R", "ARes", None, ("refused", "rejected")),
        ("U", "ARes", None, ("accepted", "unavailable")),
        ("I", "ARes", None, ("accepted", "informational")),
        ("N", "RReq", None, ("refused", "not-authenticated")),
        ("N", "RReq", "01", ("refused", "challenge-cancelled")),
        ("U", "RReq", "01", ("refused", "challenge-cancelled")),
        ("N", "RReq", "04", ("refused", "challenge-timed-out")),
        ("N", "RReq", "05", ("refused", "challenge-timed-out")),
        ("U", "RReq", "06", ("refused", "challenge-unavailable")),
        ("U", "RReq", None, ("refused", "challenge-unavailable")),
        ("R", "RReq", None, ("refused", "rejected")),
    ],
)
def test_every_other_status_ends_as_the_table_says(status, source, cancel, ended):
    found = authenticated(status, source, challenge_cancel=cancel)
    assert outcome(found) == ended
    assert conclude(found, PAN, NOW, NUMBERS).guarantee is False


@pytest.mark.parametrize("failure", ["cancelled-by-buyer", "page-expired"])
def test_a_buyer_who_left_has_cancelled(failure):
    assert outcome(purchase(state="result", failure=failure)) == ("cancelled", failure)


@pytest.mark.parametrize("failure", ["no-result", "protocol-error", "directory-timed-out"])
def test_whatever_went_wrong_on_the_way_is_an_error_and_is_not_authorised(failure):
    found = replace(authenticated("Y", eci="05", value=proof()), failure=failure)
    assert outcome(found) == ("error", failure)


def test_the_acquirer_may_refuse_a_card_that_was_authenticated():
    card = replace(CARD, acquirer_answer="05")
    found = authenticated("Y", card=card, eci="05", value=proof())
    assert outcome(found) == ("refused", "acquirer-refused")
    assert conclude(found, PAN, NOW, NUMBERS).guarantee is False


# --- codes ---


def ended(result, reason, **more):
    return Outcome(result=result, reason=reason, at=NOW, **more)


@pytest.mark.parametrize(
    ("result", "reason", "answer", "code"),
    [
        ("accepted", "authenticated", None, "00000"),
        ("refused", "not-authenticated", None, "00040"),
        ("refused", "rejected", None, "00040"),
        ("refused", "challenge-cancelled", None, "00040"),
        ("refused", "acquirer-refused", "05", "00105"),
        ("refused", "acquirer-refused", "51", "00151"),
        ("refused", "proof-wrong", "59", "00159"),
        ("cancelled", "cancelled-by-buyer", None, "00001"),
        ("cancelled", "page-expired", None, "00030"),
        ("error", "directory-timed-out", None, "00098"),
        ("error", "protocol-error", None, "00003"),
    ],
)
def test_the_code_of_paybox_tells_how_it_ended(result, reason, answer, code):
    assert e_transactions.error_code(ended(result, reason, acquirer_answer=answer)) == code


def test_a_paybox_answer_keeps_the_order_and_names_that_the_shop_asked_for():
    asked = "Mt:M;Réf:R;trans:S;carte:C;date:W;heure:Q;f6:N;j2:J;pays:Y;vide:B;e:E;sign:K"
    found = authenticated("Y", eci="05")
    found = replace(found, request=replace(REQUEST, fields={"PBX_RETOUR": asked}))
    line = e_transactions.answer_line(found, ended("accepted", "authenticated", transaction_number="77"), SIGNING_KEY)
    body, _, signature = line.rpartition("&sign=")
    assert (
        body
        == "Mt=4200&R%C3%A9f=TB1&trans=77&carte=VISA&date=15062026&heure=12%3A00%3A00&f6=400000&j2=01&pays=FRA&e=00000"
    )
    assert "%2F" in signature or "%2B" in signature or "%3D" in signature


def test_a_paybox_answer_without_letter_k_is_not_signed():
    found = replace(authenticated("N"), request=replace(REQUEST, fields={"PBX_RETOUR": "Mt:M;Ref:R;Auto:A;Erreur:E"}))
    line = e_transactions.answer_line(found, ended("refused", "not-authenticated"), SIGNING_KEY)
    assert line == "Mt=4200&Ref=TB1&Erreur=00040"


@pytest.mark.parametrize(
    ("result", "reason", "answer", "code", "motive"),
    [
        ("accepted", "authenticated", None, "payetest", None),
        ("refused", "not-authenticated", None, "Annulation", "3DSecure"),
        ("refused", "acquirer-refused", "05", "Annulation", "Refus"),
        ("error", "no-result", None, "Annulation", "3DSecure"),
    ],
)
def test_the_monetico_answer_tells_how_it_ended_under_its_seal(result, reason, answer, code, motive):
    fields = cgi2.answer_form(
        authenticated("Y"), ended(result, reason, acquirer_answer=answer, authorisation="123456"), monetico.KEY
    )
    assert (fields["code-retour"], fields.get("motifrefus")) == (code, motive)
    assert ("numauto" in fields) == (result == "accepted")
    assert seals.monetico_mac_holds(fields, monetico.KEY)
    assert (fields["vld"], fields["brand"], fields["date"]) == ("1229", "VI", "15/06/2026_a_12:00:00")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("95.25EUR", (9525, "978")),
        ("95EUR", (9500, "978")),
        ("0.5EUR", (50, "978")),
        ("4200JPY", (4200, "392")),
        ("1.234BHD", (1234, "048")),
        ("42.0JPY", None),
        ("0.00EUR", None),
        ("-1EUR", None),
        ("1,5EUR", None),
        ("EUR", None),
        ("1eur", None),
        ("1" * 11 + "EUR", None),
        ("1XXX", None),
    ],
)
def test_an_amount_of_monetico_is_read_or_refused(text, read):
    assert read_amount(text) == read


# --- words ---


def test_both_languages_have_the_same_words():
    french, english = set(texts("fr")), set(texts("en"))
    assert {word for word in french if not word.startswith("scenario-")} == english


def test_every_reason_that_can_come_out_has_words():
    reasons = {
        "authenticated",
        "attempted",
        "informational",
        "not-enrolled",
        "unavailable",
        "acquirer-refused",
        "proof-missing",
        "proof-wrong",
        "eci-wrong",
    }
    reasons |= {"not-authenticated", "rejected", "challenge-cancelled", "challenge-timed-out", "challenge-unavailable"}
    reasons |= {"erro-received", "directory-error", "directory-unreachable", "directory-timed-out", "protocol-error"}
    reasons |= {"cancelled-by-buyer", *steps.EXPIRED_REASONS.values()}
    assert {f"reason-{reason}" for reason in reasons} <= set(texts("en"))
    with pytest.raises(CardRefused) as refused:
        read_entry("monetico", "", "", "", NOW)
    assert set(refused.value.faults.values()) <= set(texts("en"))


def test_french_keeps_its_double_punctuation_on_the_line():
    assert not [word for word, text in texts("fr").items() if any(f" {sign}" in text for sign in ":;!?")]


def test_every_listed_scenario_is_described_in_french():
    assert {f"scenario-{name}" for name in SCENARIOS} <= set(texts("fr"))
