"""The list of checks over assertions that are made, bent and published, and a second verifier that agrees on every one."""

import base64
import json
import subprocess
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from fido2 import cbor
from fido2.cose import ES256
from msgspec.structs import replace

from acs.cardholder.passkeys.assertions import Expected, Payment, verified
from acs.cardholder.passkeys.ceremony import Ceremony, Outcome, outcome_of
from acs.cardholder.passkeys.credentials import Passkey, Refused, encoded
from acs.cardholder.securecode import Verdict

NODE = Path(__file__).parents[1] / "support" / "second_verifier.mjs"
PUBLISHED = Path(__file__).with_name("spc_chromium.json")
NOW = datetime(2026, 6, 15, tzinfo=UTC)
KEY = ec.derive_private_key(20261201, ec.SECP256R1())
ID = encoded(b"a credential of this card's")
ORIGIN, TOP = "https://shop.example", "https://shop.example"
CHALLENGE = bytes(range(40))
PAYMENT = Payment("42.00", "EUR", "Librairie Exemple", ORIGIN, "Visa •••• 1234", "data:image/png;base64,AA")


def passkey(key=None, identifier=ID, counter=0):
    key = KEY.public_key() if key is None else key
    return Passkey(
        identifier, cbor.encode(dict(ES256.from_cryptography_key(key))), counter, "https://bank.example", NOW
    )


PAYS = Expected(CHALLENGE, "bank.example", (ORIGIN,), (passkey(),), PAYMENT, anywhere_on_top=False)
LOGIN = Expected(CHALLENGE, "bank.example", ("https://bank.example",), (passkey(),))


def client(expected, **bent):
    said = {"type": "payment.get", "challenge": encoded(CHALLENGE), "origin": expected.origins[0], "crossOrigin": False}
    if expected.payment is None:
        return {**said, "type": "webauthn.get", **bent}
    payment = {
        "rpId": "bank.example",
        "topOrigin": TOP,
        "payeeName": PAYMENT.payee_name,
        "payeeOrigin": PAYMENT.payee_origin,
        "total": {"value": PAYMENT.value, "currency": PAYMENT.currency},
        "instrument": {"displayName": PAYMENT.display_name, "icon": PAYMENT.icon},
    }
    return {**said, "payment": payment, "junk": "do not compare", **bent}


def paying(**bent):
    said = client(PAYS)
    return {**said, "payment": {**said["payment"], **bent}}


def assertion(said, *, rp="bank.example", flags=0x05, counter=0, key=KEY, identifier=ID):
    raw = json.dumps(said).encode() if isinstance(said, dict) else said
    data = sha256(rp.encode()).digest() + bytes([flags]) + counter.to_bytes(4)
    signature = key.sign(data + sha256(raw).digest(), ec.ECDSA(SHA256()))
    response = {"clientDataJSON": raw, "authenticatorData": data, "signature": signature}
    return {
        "id": identifier,
        "type": "public-key",
        "response": {name: encoded(value) for name, value in response.items()},
    }


def cut(brought):
    return {**brought, "response": {**brought["response"], "authenticatorData": "AA"}}


ANOTHER = ec.derive_private_key(7, ec.SECP256R1())
COUNTED = replace(PAYS, passkeys=(passkey(counter=7),))
CASES = {
    "a payment": (PAYS, assertion(client(PAYS)), "accepted"),
    "a login": (LOGIN, assertion(client(LOGIN)), "accepted"),
    "a login in a frame": (LOGIN, assertion(client(LOGIN, crossOrigin=True, topOrigin=TOP)), "accepted"),
    "a counter that rose": (COUNTED, assertion(client(PAYS), counter=8), "accepted"),
    "anywhere on top": (
        replace(PAYS, anywhere_on_top=True),
        assertion(paying(topOrigin="https://a.example")),
        "accepted",
    ),
    "a login for a payment": (PAYS, assertion(client(LOGIN)), "type"),
    "a payment for a login": (LOGIN, assertion(client(PAYS)), "type"),
    "another challenge": (PAYS, assertion(client(PAYS, challenge=encoded(bytes(40)))), "challenge"),
    "no challenge": (PAYS, assertion(client(PAYS, challenge=None)), "challenge"),
    "another page": (PAYS, assertion(client(PAYS, origin="https://evil.example")), "origin"),
    "another bank in the payment": (PAYS, assertion(paying(rpId="evil.example")), "rpId"),
    "another bank's authenticator data": (PAYS, assertion(client(PAYS), rp="evil.example"), "rpId"),
    "another page on top": (PAYS, assertion(paying(topOrigin="https://evil.example")), "topOrigin"),
    "another amount": (PAYS, assertion(paying(total={"value": "41.99", "currency": "EUR"})), "amount"),
    "an amount written otherwise": (PAYS, assertion(paying(total={"value": "42.0", "currency": "EUR"})), "amount"),
    "another currency": (PAYS, assertion(paying(total={"value": "42.00", "currency": "USD"})), "currency"),
    "no total": (PAYS, assertion(paying(total=None)), "amount"),
    "another payee": (PAYS, assertion(paying(payeeName="Evil")), "payeeName"),
    "another payee's origin": (PAYS, assertion(paying(payeeOrigin="https://evil.example")), "payeeOrigin"),
    "another card shown": (
        PAYS,
        assertion(paying(instrument={"displayName": "Visa •••• 9999", "icon": PAYMENT.icon})),
        "displayName",
    ),
    "another picture": (
        PAYS,
        assertion(paying(instrument={"displayName": PAYMENT.display_name, "icon": "data:,"})),
        "icon",
    ),
    "nobody verified": (PAYS, assertion(client(PAYS), flags=0x01), "flags"),
    "nobody present": (PAYS, assertion(client(PAYS), flags=0x04), "flags"),
    "another key": (PAYS, assertion(client(PAYS), key=ANOTHER), "signature"),
    "a counter that stood": (COUNTED, assertion(client(PAYS), counter=7), "counter"),
    "a counter that fell": (COUNTED, assertion(client(PAYS), counter=6), "counter"),
    "another card's passkey": (
        PAYS,
        assertion(client(PAYS), identifier=encoded(b"a credential of somebody")),
        "credential",
    ),
    "no JSON": (PAYS, assertion(b"payment.get"), "clientDataJSON"),
    "no response": (PAYS, {"id": ID}, "response"),
    "no id": (PAYS, {}, "credential"),
    "cut data": (PAYS, cut(assertion(client(PAYS))), "authenticatorData"),
}


def published():
    """What a real Chromium signed (W3C's own virtual authenticator): at the bank's page, and at the merchant's."""
    for name, made in json.loads(PUBLISHED.read_text()).items():
        said = json.loads(made["clientDataJSON_text"])
        paid = said["payment"]
        payment = Payment(
            *(paid["total"][one] for one in ("value", "currency")),
            paid["payeeName"],
            paid["payeeOrigin"],
            *(paid["instrument"][one] for one in ("displayName", "icon")),
        )
        key = load_der_public_key(base64.b64decode(made["registration"]["publicKey_spki_b64"]))
        known = passkey(key, made["registration"]["credentialId"], 3)
        challenge = base64.urlsafe_b64decode(made["challenge_b64url"] + "=")
        expected = Expected(challenge, made["rpId"], (said["origin"],), (known,), payment, anywhere_on_top=False)
        yield f"Chromium, {name}", (expected, made["assertion_toJSON"], "accepted")
        dearer = replace(expected, payment=replace(payment, value="43.00"))
        yield f"Chromium, {name}, another amount", (dearer, made["assertion_toJSON"], "amount")


ALL = {**CASES, **dict(published())}


def opinion(expected, brought):
    try:
        verified(brought, expected)
    except Refused as refused:
        return refused.about
    return "accepted"


@pytest.mark.parametrize("name", ALL)
def test_every_check_of_the_list(name):
    expected, brought, outcome = ALL[name]
    assert opinion(expected, brought) == outcome


def spki(known):
    key = ec.EllipticCurvePublicNumbers(
        *(int.from_bytes(cbor.decode(known.public_key)[one]) for one in (-2, -3)), ec.SECP256R1()
    ).public_key()
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def for_node(expected, brought):
    paid = expected.payment
    payment = (
        None
        if paid is None
        else {
            "value": paid.value,
            "currency": paid.currency,
            "payeeName": paid.payee_name,
            "payeeOrigin": paid.payee_origin,
            "displayName": paid.display_name,
            "icon": paid.icon,
        }
    )
    wanted = {
        "challenge": encoded(expected.challenge),
        "rpId": expected.rp_id,
        "origins": expected.origins,
        "anywhere": expected.anywhere_on_top,
        "payment": payment,
    }
    keys = {known.id: {"spki": spki(known), "counter": known.counter} for known in expected.passkeys}
    return {"assertion": brought, "expected": wanted, "keys": keys}


def opinions_of_node(asked):
    """What the second verifier says of each (`for_node`)."""
    ran = subprocess.run(["node", NODE], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(ran.stdout)


def test_a_second_verifier_agrees_on_every_assertion():
    opinions = opinions_of_node([for_node(expected, brought) for expected, brought, _ in ALL.values()])
    assert dict(zip(ALL, opinions, strict=True)) == {name: outcome for name, (_, _, outcome) in ALL.items()}


# What browsers say in the place of an assertion.


@pytest.mark.parametrize(
    ("posted", "pays", "outcome"),
    [
        ({"error": "AbortError", "message": "User closed the Payment Request UI."}, True, Outcome.CANCELLED),
        ({"error": "OptOutError"}, True, Outcome.CANCELLED),
        ({"error": "NotAllowedError"}, True, Outcome.NO_CREDENTIAL),
        ({"error": "NotAllowedError"}, False, Outcome.CANCELLED),
        (
            {"error": "AbortError", "message": "The operation timed out or was not allowed."},
            True,
            Outcome.NO_CREDENTIAL,
        ),
        ({"error": "SecurityError"}, True, Outcome.NOT_PERMITTED),
        ({"error": "SecurityError", "allowed": True}, True, Outcome.NOT_SUPPORTED),
        ({"error": "NotAllowedError", "allowed": False}, False, Outcome.NOT_PERMITTED),
        ({"error": "TimeoutError"}, True, Outcome.TIMED_OUT),
        ({"error": "NotSupportedError"}, True, Outcome.NOT_SUPPORTED),
        ({"error": 7}, True, Outcome.NOT_SUPPORTED),
        ({}, True, Outcome.NOT_SUPPORTED),
    ],
)
def test_what_a_browser_says_has_one_meaning(posted, pays, outcome):
    assert outcome_of(posted, pays=pays) is outcome


def test_an_answer_that_is_too_long_is_none():
    ceremony = Ceremony(PAYS, timedelta(minutes=3))
    answer = json.dumps({"assertion": assertion(client(PAYS))})
    assert ceremony.judge(answer).verdict is Verdict.CORRECT
    assert ceremony.judge(answer + " " * 32_768).verdict is Verdict.FALLS_BACK
