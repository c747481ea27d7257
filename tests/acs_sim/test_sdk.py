"""The reference SDK against an ACS that is wrong in every way of the SDK's table (app channel, section 8)."""

import json
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from acs_sim.client.sdk.actions import Entries, NoSuchButton, action, words_of
from acs_sim.client.sdk.habits import PROFILES
from acs_sim.client.sdk.phone_app import PhoneApp
from acs_sim.client.sdk.transaction import Options, create_transaction
from tests.acs.second_sdk import b64
from threedsecure.errors import PeerTimedOut, PeerUnreachable
from threedsecure.v2.app.jose import A128GCM, public_jwk
from threedsecure.v2.app.session import Sender, agreed_key, seal_challenge
from threedsecure.v2.app.signed_content import ContentSigner, payload_of
from threedsecure.web.wire import WireResponse

AT = datetime(2026, 6, 15, 12, tzinfo=UTC)
KEYS = files("fixtures") / "keys"
ROOT = x509.load_pem_x509_certificate((KEYS / "directory-server-root.pem").read_bytes())
DS = load_pem_private_key((KEYS / "directory-server-rsa.pem").read_bytes(), None)
IDS = {
    "threeDSServerTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e",
    "acsTransID": "d7c1ee99-9478-44a6-b1f2-391e29c6b340",
    "sdkTransID": "b2385523-a66c-4907-ac3c-91848e8c0067",
}
OTHER = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"
URL = "https://acs.example/challenge"
TEXT = {
    "acsUiType": "01",
    "challengeInfoHeader": "Pay",
    "challengeInfoLabel": "Code",
    "challengeInfoText": "Type it",
    "submitAuthenticationLabel": "Go",
}
FINAL = {"challengeCompletionInd": "Y", "transStatus": "Y"}


def fresh():
    return ec.generate_private_key(ec.SECP256R1())


def signer(name="acs-signing-ec.pem", **more):
    pem = (KEYS / name).read_bytes()
    return ContentSigner.of(load_pem_private_key(pem, None), x509.load_pem_x509_certificates(pem), **more)


class Bank:
    """An ACS of a test: `answers` are what it says, in order: (content type, body or a CRes), or an error."""

    def __init__(self, app, *answers):
        self.key, self.answers, self.posted = fresh(), list(answers), []
        self.app = app

    def ares(self, *, sign=None, sdk_key=None):
        own = public_jwk(self.app.transaction.key.public_key())
        sdk = own if sdk_key is None else sdk_key
        payload = payload_of(public_jwk(self.key.public_key()), sdk, URL)
        content = (sign or signer()).sign(payload)
        return IDS | {"acsSignedContent": content}

    def sealed(self, cres, *, sender=Sender.ACS, kid=IDS["acsTransID"], counter=0):
        transaction = self.app.transaction
        k = agreed_key(self.key, transaction.key.public_key(), transaction.options.reference_number)
        plain = cres if isinstance(cres, bytes) else json.dumps(cres).encode()
        enc = transaction.options.enc
        return seal_challenge(plain, k, sender, enc=enc, kid=kid, counter=counter, random=lambda n: bytes(n)).encode()

    async def post(self, url, body, *, timeout, content_type="application/json", headers=None):
        self.posted.append((url, content_type, body))
        if not self.answers:
            return WireResponse()
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return (
            answer
            if isinstance(answer, WireResponse)
            else WireResponse(200, self.sealed(answer), "application/jose; charset=utf-8")
        )

    @property
    def erros(self):
        return [json.loads(body) for _, kind, body in self.posted if kind.startswith("application/json")]


def an_app(version="2.2.0", now=lambda: AT, **options):
    transaction = create_transaction(
        version,
        directory_server_id="A000000003",
        directory_server_key=DS.public_key(),
        kid="acs-sim-rsa",
        sdk_trans_id=IDS["sdkTransID"],
        sdk_app_id=OTHER,
        key=fresh(),
        ephemeral=fresh(),
        random=lambda n: bytes(n),
        options=Options(**options),
    )
    return PhoneApp(transaction, lambda n: bytes(n), now)


def cres(version="2.2.0", counter="000", **elements):
    message = {
        "messageType": "CRes",
        "messageVersion": version,
        **IDS,
        "acsCounterAtoS": counter,
        "challengeCompletionInd": "N",
        **elements,
    }
    return {name: value for name, value in message.items() if value is not None}


async def begun(app, *answers, **signed):
    bank = Bank(app, *answers)
    await app.do_challenge(bank, bank.ares(**signed), [ROOT])
    return bank


@pytest.mark.parametrize("enc", ["A128CBC-HS256", A128GCM])
async def test_it_shows_screens_until_the_challenge_is_completed(enc):
    app = an_app(enc=enc)
    bank = await begun(app, cres(**TEXT))
    assert (app.outcome, app.screen["challengeInfoText"], words_of(app.screen)) == (None, "Type it", "Type it")
    bank.answers.append(WireResponse(200, bank.sealed(cres(counter="001", **FINAL), counter=1), "application/jose"))
    await app.press(bank, "submit", Entries(first="123456"))
    assert (app.outcome, app.trans_status, app.screen) == ("completed", "Y", None)
    assert [kind for _, kind, _ in bank.posted] == ["application/jose; charset=utf-8"] * 2
    assert {url for url, _, _ in bank.posted} == {URL}


async def test_what_it_tells_its_app_when_the_cardholder_cancels():
    app = an_app()
    bank = await begun(app, cres(**TEXT))
    bank.answers.append(
        WireResponse(
            200,
            bank.sealed(cres(counter="001", challengeCompletionInd="Y", transStatus="N"), counter=1),
            "application/jose",
        )
    )
    await app.press(bank, "cancel")
    assert (app.outcome, app.trans_status) == ("cancelled", "N")


REFUSED = {
    "another messageType": (cres(messageType="CReq", **TEXT), "101", "messageType"),
    "no identifier": (cres(sdkTransID=None, **TEXT), "201", "sdkTransID"),
    "no UUID": (cres(acsTransID="x", **TEXT), "203", "acsTransID"),
    "another identifier": (cres(acsTransID=OTHER, **TEXT), "301", "acsTransID"),
    "no version": (cres(messageVersion=None, **TEXT), "201", "messageVersion"),
    "another version": (cres(messageVersion="2.1.0", **TEXT), "203", "messageVersion"),
    "no counter": (cres(acsCounterAtoS=None, **TEXT), "201", "acsCounterAtoS"),
    "a counter that is no number": (cres(acsCounterAtoS="0x0", **TEXT), "203", "acsCounterAtoS"),
    "the next counter": (cres(acsCounterAtoS="001", **TEXT), "302", "acsCounterAtoS"),
    "not said whether it is over": (cres(challengeCompletionInd=None, **TEXT), "201", "challengeCompletionInd"),
    "neither Y nor N": (cres(challengeCompletionInd="X", **TEXT), "203", "challengeCompletionInd"),
    "a final one that says more": (cres(**FINAL, challengeInfoText="more"), "101", "challengeInfoText"),
    "a final one without status": (cres(challengeCompletionInd="Y"), "201", "transStatus"),
    "a final one with a status that is none": (cres(challengeCompletionInd="Y", transStatus="C"), "203", "transStatus"),
    "no type": (cres(**TEXT | {"acsUiType": None}), "201", "acsUiType"),
    "a type that is none": (cres(**TEXT | {"acsUiType": "09"}), "203", "acsUiType"),
    "HTML without a page": (cres(acsUiType="05"), "201", "acsHTML"),
    "a page that is not base64url": (cres(acsUiType="05", acsHTML="<p>"), "203", "acsHTML"),
    "no button to go on": (
        cres(**TEXT | {"acsUiType": "04", "submitAuthenticationLabel": None}),
        "201",
        "oobContinueLabel",
    ),
    "no button": (cres(**TEXT | {"submitAuthenticationLabel": None}), "201", "submitAuthenticationLabel"),
    "no header": (cres(**TEXT | {"challengeInfoHeader": None}), "201", "challengeInfoHeader"),
    "no label": (cres(**TEXT | {"challengeInfoLabel": None}), "201", "challengeInfoLabel"),
    "no text": (cres(**TEXT | {"challengeInfoText": None}), "201", "challengeInfoText"),
    "nothing to choose": (cres(**TEXT | {"acsUiType": "02"}), "201", "challengeSelectInfo"),
    "choices that are none": (cres(**TEXT | {"acsUiType": "02"}, challengeSelectInfo={}), None, "challengeSelectInfo"),
    "an empty label": (cres(**TEXT, resendInformationLabel=""), "203", "resendInformationLabel"),
    "an empty reason": (cres(**TEXT, whyInfoText=""), "203", "whyInfoText"),
    "a long list text": (cres(**TEXT, whitelistingInfoText="x" * 65), "203", "whitelistingInfoText"),
    "an extension that is critical": (
        cres(
            **TEXT, messageExtension=[{"name": "x", "id": "strange", "criticalityIndicator": True, "data": {"v": "1"}}]
        ),
        "202",
        "strange",
    ),
    "eleven extensions": (
        cres(
            **TEXT,
            messageExtension=[
                {"name": "x", "id": f"e{n}", "criticalityIndicator": False, "data": {"v": "1"}} for n in range(11)
            ],
        ),
        "203",
        "messageExtension",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
async def test_a_cres_that_is_wrong_is_told_to_the_acs_in_clear(name):
    wrong, code, detail = REFUSED[name]
    app = an_app()
    bank = await begun(app, wrong)
    assert app.outcome == "protocolError", app.reason
    (erro,) = bank.erros
    assert (erro["messageType"], erro["errorComponent"], erro["errorMessageType"]) == ("Erro", "C", "CRes")
    assert erro["errorCode"] == (code or erro["errorCode"])
    assert detail in erro["errorDetail"]
    assert {name: erro[name] for name in IDS} == IDS
    assert "dsTransID" not in erro


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body[:-4] + (b"AAAA" if body[-4:] != b"AAAA" else b"BBBB"),
        lambda body: body.replace(b".", b". ", 1),
        lambda body: body + b"=",
        lambda body: b".".join(body.split(b".")[:4]),
        lambda body: b"\xff",
    ],
)
async def test_a_cres_that_does_not_open_is_302(change):
    app = an_app()
    bank = Bank(app)
    ares = bank.ares()
    bank.answers.append(WireResponse(200, change(bank.sealed(cres(**TEXT))), "application/jose"))
    await app.do_challenge(bank, ares, [ROOT])
    assert app.outcome == "protocolError"
    assert [erro["errorCode"] for erro in bank.erros] == ["302"]


async def test_a_cres_under_the_sdks_own_half_of_the_key_is_302():
    app = an_app(enc=A128GCM)
    bank = Bank(app)
    bank.answers.append(WireResponse(200, bank.sealed(cres(**TEXT), sender=Sender.SDK), "application/jose"))
    await app.do_challenge(bank, bank.ares(), [ROOT])
    assert [erro["errorCode"] for erro in bank.erros] == ["302"]


@pytest.mark.parametrize(
    "signed",
    [
        {"sign": signer(alg="RS256")},
        {"sign": signer("acs-signing-expired.pem")},
        {"sign": signer("acs-signing-stray.pem")},
        {"sdk_key": public_jwk(fresh().public_key())},
        {"sdk_key": {}},
    ],
    ids=["RS256", "expired", "foreign chain", "another key", "no key"],
)
async def test_signed_content_that_is_not_believed_is_answered_to_nobody(signed):
    app = an_app()
    bank = await begun(app, cres(**TEXT), **signed)
    assert app.outcome == "runtimeError"
    assert bank.posted == []


@pytest.mark.parametrize("alg", ["acs-signing-ec.pem", "acs-signing-rsa.pem"])
async def test_signed_content_of_either_kind_is_believed(alg):
    app = an_app()
    await begun(app, cres(**TEXT), sign=signer(alg))
    assert app.outcome is None


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (WireResponse(200, b'{"messageType":"Erro","errorCode":"302","errorDetail":"x"}'), "protocolError"),
        (WireResponse(200, b'{"messageType":"CRes"}'), "runtimeError"),
        (WireResponse(200, b"no JSON"), "runtimeError"),
        (WireResponse(500, b"", "application/jose"), "runtimeError"),
        (WireResponse(302, b"", "text/html"), "runtimeError"),
    ],
)
async def test_what_is_answered_in_clear_ends_it_and_is_not_answered(answer, outcome):
    app = an_app()
    bank = await begun(app, answer)
    assert (app.outcome, bank.erros) == (outcome, [])


async def test_no_cres_in_time_is_told_as_402():
    app = an_app()
    bank = await begun(app, PeerTimedOut(URL, "silent"))
    assert app.outcome == "timedout"
    assert [(erro["errorCode"], erro["errorMessageType"]) for erro in bank.erros] == [("402", "CReq")]


async def test_a_connection_that_fails_is_tried_once_more():
    app = an_app()
    await begun(app, PeerUnreachable(URL, "away"), cres(**TEXT))
    assert app.outcome is None
    app = an_app()
    await begun(app, PeerUnreachable(URL, "away"), PeerUnreachable(URL, "away"))
    assert app.outcome == "runtimeError"


async def test_its_own_time_is_five_minutes_at_least_and_the_acs_is_told():
    at = [AT]
    app = an_app(now=lambda: at[0])
    bank = await begun(app, cres(**TEXT))
    at[0] += timedelta(minutes=5)
    await app.press(bank, "submit", Entries(first="1"))
    assert app.outcome == "timedout"
    assert [erro["errorCode"] for erro in bank.erros] == ["402"]
    assert len(bank.posted) == 2


def test_it_says_what_the_specification_wants():
    elements = an_app("2.3.1", max_timeout=12).transaction.elements()
    assert elements["sdkMaxTimeout"] == "12"
    assert elements["deviceRenderOptions"]["sdkUiType"][-2:] == ["06", "07"]
    assert elements["sdkType"] == "01"
    assert "sdkType" not in an_app().transaction.elements()


@pytest.mark.parametrize(("version", "expected"), [("2.1.0", None), ("2.2.0", "app://back"), ("2.3.1", "app://back")])
async def test_the_address_of_the_app_is_in_every_creq_since_2_2_0(version, expected):
    creq = an_app(version, app_url="app://back").transaction.creq({})
    assert creq.get("threeDSRequestorAppURL") == expected
    assert creq.get("oobAppURLInd") == ("01" if version == "2.3.1" else None)


LATEST = {"messageVersion": "2.3.1"}
PAGE = (
    '<form action="HTTPS://EMV3DS/challenge"><input id="code" name="challengeValue">'
    '<button id="submit" name="action" value="submit"></form>'
)


@pytest.mark.parametrize(
    ("screen", "do", "entry", "elements"),
    [
        (TEXT, "submit", "1", {"challengeDataEntry": "1"}),
        (TEXT, "submit", "", {"challengeNoEntry": "Y"}),
        (TEXT | {"messageVersion": "2.1.0"}, "submit", "", {}),
        (TEXT, "cancel", None, {"challengeCancel": "01"}),
        (TEXT | {"resendInformationLabel": "Again"}, "resend", None, {"resendChallenge": "Y"}),
        ({"acsUiType": "04"}, "submit", None, {"oobContinue": True}),
        ({"acsUiType": "04"} | LATEST, "submit", None, {"oobContinue": "01"}),
        ({"acsUiType": "07"} | LATEST, "submit", None, {"infoContinueIndicator": True}),
        ({"acsUiType": "03"}, "submit", "1,2", {"challengeDataEntry": "1,2"}),
        (
            {"acsUiType": "05", "acsHTML": b64(PAGE.encode())},
            "submit",
            "a b",
            {"challengeHTMLDataEntry": "challengeValue=a+b&action=submit"},
        ),
        (
            TEXT | {"whitelistingInfoText": "Trust?"},
            "submit",
            "1",
            {"challengeDataEntry": "1", "whitelistingDataEntry": "N"},
        ),
    ],
)
def test_what_the_cardholder_does_becomes_elements(screen, do, entry, elements):
    assert action({"messageVersion": "2.2.0"} | screen, do, Entries(first=entry)) == elements


@pytest.mark.parametrize(
    "screen",
    [
        TEXT,
        {"acsUiType": "05", "acsHTML": b64(b"<p>nothing</p>")},
        {"acsUiType": "05", "acsHTML": b64(b'<form action="https://evil.example"><button id="resend"></form>')},
    ],
)
def test_a_button_that_is_not_there_cannot_be_pressed(screen):
    with pytest.raises(NoSuchButton):
        action({"messageVersion": "2.2.0"} | screen, "resend")


def test_an_sdk_that_ships_says_no_entry_where_nothing_was_entered():
    for version, says in (("2.1.0", None), ("2.2.0", "Y"), ("2.3.1", "Y")):
        transaction = an_app(version, habits=PROFILES["stripe-android"]).transaction
        assert transaction.creq({}).get("challengeNoEntry") == says
        assert "challengeNoEntry" not in transaction.creq({"challengeDataEntry": "1"})
        assert transaction.elements()["sdkEphemPubKey"]["use"] == "sig"


async def test_an_sdk_that_ships_does_not_compare_its_key():
    app = an_app(habits=PROFILES["stripe-ios"])
    bank = Bank(app, cres(**TEXT))
    own = {"sdk_key": public_jwk(fresh().public_key())}
    await app.do_challenge(bank, bank.ares(**own), [ROOT])
    assert app.screen["challengeInfoText"] == "Type it"


async def test_an_sdk_that_ships_has_another_code_for_another_version():
    bank = await begun(an_app(habits=PROFILES["stripe-android"]), cres(messageVersion="2.1.0", **TEXT))
    assert [erro["errorCode"] for erro in bank.erros] == ["102"]
