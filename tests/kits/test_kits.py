"""Shops that others wrote, unchanged, pay at a running simulator by an address and a key: the form is the kit's, card and code are
the buyer's, and what the shop's server is told is verified by the kit's own code."""

import json
import urllib.parse
from contextlib import ExitStack

import pytest
from msgspec.structs import replace

from tests.kits.kit import Kit, ShopServer, kit
from tests.kits.shopper import Shopper
from tests.support.process import simulator
from tests.support.third_party import post
from threedsecure.cards.scenarios import NO_METHOD, SCENARIOS
from threedsecure.cards.test_cards import compose

pytestmark = pytest.mark.slow

KEY_HEX = "00112233445566778899AABBCCDDEEFF" * 4
MONETICO_KEY = "12345678901234567890123456789012345678P0"
RETOUR = "montant:M;ref:R;Auth:A;transaction:S;appel:T;abonnement:B;jeton:U;index:Z;erreur:E;statut:F;garantie:G;K:K"


class Setting:
    """A simulator, the shop's server, the kits and a buyer."""

    def __init__(self, life: ExitStack) -> None:
        self.server = ShopServer()
        life.callback(self.server.close)
        told = f"key={MONETICO_KEY},answer-url={self.server.url}/cgi2"
        self.sim = life.enter_context(
            simulator(
                *("--fresh", "--seed", "5"),
                *("--e-transactions", f"site=7654321,rank=01,identifier=1234567,key={KEY_HEX},password=1234567X"),
                *("--monetico", f"tpe=0000001,company=monsite,{told}"),
            )
        )
        self.shopper = Shopper(self.sim.gateway, self.sim.phone, self.sim.desk)
        self._cards = 0
        self._life = life
        self._kits: dict[str, Kit] = {}

    @property
    def public_key(self) -> str:
        return self.shopper.open("/cgi/pubkey.pem").text

    def card(self) -> str:
        """A card that is challenged and has no 3DS Method; no other test has locked it."""
        self._cards += 1
        return compose("visa", replace(SCENARIOS["challenge-otp"], setup=NO_METHOD), serial=str(self._cards))

    def kit(self, driver: str) -> Kit:
        if driver not in self._kits:
            self._kits[driver] = self._life.enter_context(kit(driver))
        return self._kits[driver]

    def at(self, address: str) -> str:
        """The vendor's address at the simulator."""
        return self.sim.gateway + urllib.parse.urlsplit(address).path


@pytest.fixture(scope="module")
def setting():
    with ExitStack() as life:
        yield Setting(life)


# --- PyPI: pretix-paybox ----------------------------------------------------------------------------------------------


def pretix_form(setting, reference, **more):
    shop = setting.server.url
    addresses = {
        f"PBX_{name}": f"{shop}/{name.lower()}/" for name in ("REFUSE", "EFFECTUE", "ANNULE", "ATTENTE", "REPONDRE_A")
    }
    told = {
        "PAYBOX_SITE": "7654321",
        "PAYBOX_RANG": "01",
        "PAYBOX_IDENTIFIANT": "1234567",
        "PAYBOX_SECRETKEYTEST": KEY_HEX,
        "PBX_TOTAL": 4250,
        "PBX_CMD": reference,
        "PBX_PORTEUR": "client@example.org",
        "PBX_TIME": "2026-06-15T12:00:00",
        **addresses,
    }
    return setting.kit("pretix_paybox_kit.py").ask("form", **{"with": told}, **more)


def test_pretix_paybox_is_paid_and_verifies_what_it_is_told(setting):
    form = pretix_form(setting, "a7a6e8c2-11", retour="TO:M;REF:R;AU:A;RC:E;SIGN:K")
    receipt = setting.shopper.pay(
        setting.shopper.send(setting.at(form["action"]), form["fields"]), setting.card(), "right"
    )
    assert receipt.result == ("accepted", "authenticated")
    heard = setting.server.told()
    assert (heard.method, heard.path) == ("POST", "/repondre_a/")
    ask = setting.kit("pretix_paybox_kit.py").ask
    for line in (heard.body, receipt.back.partition("?")[2]):
        verified = ask("verify", query=line, total=4250, key=setting.public_key)
        assert verified == {"success": True, "status": "Success", "auth_code": "XXXXXX"}
    forged = heard.body.replace("TO=4250", "TO=4251")
    assert "refused" in ask("verify", query=forged, total=4251, key=setting.public_key)


def test_pretix_paybox_reads_every_variable_that_it_asks_for(setting):
    form = pretix_form(setting, "a7a6e8c2-12")
    setting.shopper.pay(setting.shopper.send(setting.at(form["action"]), form["fields"]), setting.card(), "right")
    told = setting.kit("pretix_paybox_kit.py").ask("read", query=setting.server.told().body)
    assert (told["paymentId"], told["cardType"], told["error"], told["cardExpiration"]) == (
        *("a7a6e8c2-12", "VISA", "00000", "2912"),
    )


# --- PyPI: pretix-monetico, which holds Euro-Information's kit --------------------------------------------------------

BUYER = {"firstname": "Hélène", "lastname": "Exemple", "line1": "12 rue du Port", "line2": "", "city": "Brest"}


def monetico_form(setting, reference):
    settings = {
        "monetico_key": MONETICO_KEY,
        "monetico_ept_number": "0000001",
        "monetico_company_code": "monsite",
        "monetico_url_server": f"{setting.sim.gateway}/test/",
        "monetico_payment_url": "paiement.cgi",
        "shop": setting.server.url,
    }
    buyer = {**BUYER, "postal_code": "29200", "country": "FR"}
    return setting.kit("pretix_monetico_kit.py").ask(
        "form", settings=settings, order=reference, amount="42.50", buyer=buyer
    )


@pytest.mark.parametrize(
    ("codes", "result", "outcome"),
    [(("right",), ("accepted", "authenticated"), "paid"), (("wrong",) * 3, ("refused", "not-authenticated"), "failed")],
)
def test_pretix_monetico_is_paid_or_refused_as_the_code_is_and_believes_the_cgi2(setting, codes, result, outcome):
    reference = f"PM{len(codes)}A"
    form = monetico_form(setting, reference)
    receipt = setting.shopper.pay(setting.shopper.send(form["action"], form["fields"]), setting.card(), *codes)
    assert receipt.result == result
    ask = setting.kit("pretix_monetico_kit.py").ask
    heard = setting.server.told()
    answered = ask("verify", body=heard.body)
    assert (answered["status"], answered["orders"][0][:2]) == (200, [outcome, reference])
    assert ask("verify", body=heard.body.replace("42.50EUR", "1.00EUR"))["status"] == 500


# --- PHP, by the manual of Paybox -------------------------------------------------------------------------------------


def pbx_form(setting, reference, **changes):
    fields = {
        "PBX_SITE": "7654321",
        "PBX_RANG": "01",
        "PBX_IDENTIFIANT": "1234567",
        "PBX_TOTAL": "4250",
        "PBX_DEVISE": "978",
        "PBX_CMD": reference,
        "PBX_PORTEUR": "client@example.org",
        "PBX_RETOUR": RETOUR,
        "PBX_HASH": "SHA512",
        "PBX_TIME": "2026-06-15T12:00:00+02:00",
        "PBX_SOUHAITAUTHENT": "",
        "PBX_EFFECTUE": f"{setting.server.url}/merci",
        "PBX_REFUSE": f"{setting.server.url}/refus",
        "PBX_REPONDRE_A": f"{setting.server.url}/ipn?boutique=1",
        **changes,
    }
    return setting.kit("e_transactions.php").ask("form", fields=fields, key=KEY_HEX)


@pytest.mark.parametrize(
    ("path", "codes", "code"),
    [
        ("/php/", ("right",), "00000"),
        ("/cgi/MYchoix_pagepaiement.cgi", ("wrong",) * 3, "00040"),
        ("/cgi/FramepagepaiementRWD.cgi", ("wrong", "wrong", "right"), "00000"),
    ],
)
def test_a_php_shop_of_e_transactions_believes_its_ipn_which_comes_by_get(setting, path, codes, code):
    reference = f"Commande n° {len(path)}/é ~ à régler"
    form = pbx_form(setting, reference)
    receipt = setting.shopper.pay(setting.shopper.send(path, form), setting.card(), *codes)
    heard = setting.server.told()
    assert (heard.method, heard.path) == ("GET", "/ipn")
    line = heard.query.removeprefix("boutique=1&")
    php = setting.kit("e_transactions.php").ask
    for told in (line, receipt.back.partition("?")[2]):
        answer = php("verify", line=told, key=setting.public_key)
        assert (answer["good"], answer["fields"]["ref"], answer["fields"]["erreur"]) == (True, reference, code)
        assert php("verify-raw", line=told, key=setting.public_key)["good"]
        assert not php("verify-raw", line=told.replace("4250", "4251"), key=setting.public_key)["good"]
    assert ("Auth" in answer["fields"]) == (code == "00000")


@pytest.mark.parametrize(
    ("amount", "code", "reason"),
    [
        ("900151", "00151", "acquirer-refused"),
        ("900021", "00021", "platform-refused"),
        ("900003", "00003", "platform-refused"),
    ],
)
def test_an_amount_has_a_payment_declined_that_was_authenticated(setting, amount, code, reason):
    shown = setting.shopper.send("/php/", pbx_form(setting, f"declined {amount}", PBX_TOTAL=amount))
    assert setting.shopper.pay(shown, setting.card(), "right").result[1] == reason
    answer = setting.kit("e_transactions.php").ask(
        "verify", line=setting.server.told().query[11:], key=setting.public_key
    )
    assert (answer["good"], answer["fields"]["erreur"], answer["fields"]["statut"]) == (True, code, "Y")


def test_an_order_that_was_paid_is_not_paid_again(setting):
    form = pbx_form(setting, "paid once")
    assert setting.shopper.pay(setting.shopper.send("/php/", form), setting.card(), "right").result[0] == "accepted"
    setting.server.told()
    assert setting.shopper.send("/php/", form).result == ("refused", "already-paid")
    line = setting.server.told().query[11:]
    assert (
        setting.kit("e_transactions.php").ask("verify", line=line, key=setting.public_key)["fields"]["erreur"]
        == "00015"
    )


# --- PHP, by the manual of Monetico -----------------------------------------------------------------------------------


def cgi2_form(setting, reference, do="form", **more):
    fields = {
        "TPE": "0000001",
        "societe": "monsite",
        "version": "3.0",
        "lgue": "JA",
        "date": "15/06/2026:12:00:00",
        "montant": "42.50EUR",
        "reference": reference,
        "texte-libre": "déjà vu",
        "mail": "client@example.org",
        "url_retour_ok": f"{setting.server.url}/ok",
        "url_retour_err": f"{setting.server.url}/err",
    }
    if do == "form":
        fields |= {"ThreeDSecureChallenge": "", "nbrech": "", "dateech1": ""}
    return setting.kit("monetico.php").ask(do, fields=fields, key=MONETICO_KEY, **more)


@pytest.mark.parametrize("charset", ["utf-8", "ISO-8859-1"])
@pytest.mark.parametrize("context", [[], {"billing": []}])
def test_a_php_shop_of_monetico_believes_its_cgi2_in_the_character_set_of_its_form(setting, charset, context):
    reference = f"N-{charset}/{len(context)}"
    form = cgi2_form(setting, reference, charset=charset, context=context)
    shown = setting.shopper.send("/test/paiement.cgi", {**form, "bouton": "Payer"}, charset)
    setting.server.reply = b"version=2\ncdr=0\n"
    assert setting.shopper.pay(shown, setting.card(), "right").result == ("accepted", "authenticated")
    told = setting.kit("monetico.php").ask("verify", line=setting.server.told().body, key=MONETICO_KEY)
    assert (told["good"], told["fields"]["texte-libre"], told["fields"]["reference"]) == (True, "déjà vu", reference)
    assert told["authentification"]["status"] == "authenticated"
    assert told["authentification"]["version"] in {"1.0.2", "2.1.0", "2.2.0"}


def test_a_shop_of_the_years_of_1_0_2_has_its_old_seal_and_its_old_fields(setting):
    form = cgi2_form(setting, "OLD1", "old-form")
    card = json.loads(
        post(
            f"{setting.sim.desk}/api/cards",
            b'{"scheme": "visa", "scenario": "challenge-otp", "version": "1.0.2"}',
            "application/json",
        )[1]
    )
    assert (
        setting.shopper.pay(setting.shopper.send("/paiement.cgi", form), card["pan"], "right").result[0] == "accepted"
    )
    told = setting.kit("monetico.php").ask("old-verify", line=setting.server.told().body, key=MONETICO_KEY)
    assert (told["good"], told["reply"]) == (True, "version=2\ncdr=0")
    assert [told["fields"][name] for name in ("status3ds", "veres", "pares", "code-retour")] == [
        "1",
        "Y",
        "Y",
        "payetest",
    ]


# --- PHP: RemoteMPI, and then the Direct gateway ----------------------------------------------------------------------


def mpi_form(setting, pan, session):
    return {
        "IdMerchant": "1234567",
        "IdSession": session,
        "Amount": "0000004250",
        "Currency": "978",
        "CCNumber": pan,
        "CCExpDate": "1229",
        "CVVCode": "123",
        "URLRetour": f"{setting.server.url}/retour",
        "URLHttpDirect": f"{setting.server.url}/direct",
    }


def authenticated(setting, pan, *codes):
    """What the shop's server and the browser were told, each as the kit read it."""
    shown = setting.shopper.send("/cgi/RemoteMPI.cgi", mpi_form(setting, pan, "panier é 7"))
    carried = setting.shopper.challenged(shown, pan, *codes).page
    ask, key = setting.kit("direct.php").ask, setting.public_key
    heard = setting.server.told()
    assert heard.path == "/direct"
    return ask("check", line=heard.query, key=key, **{"from": "server"}), ask(
        "check", line="", fields=carried.fields, key=key, **{"from": "browser"}
    )


def question(setting, number, **fields):
    known = {
        "VERSION": "00104",
        "SITE": "7654321",
        "RANG": "01",
        "CLE": "1234567X",
        "NUMQUESTION": str(number),
        "DEVISE": "978",
    }
    asked = {**known, "MONTANT": "4250", "DATEQ": "15062026120000", **fields}
    return setting.kit("direct.php").ask("ask", url=f"{setting.sim.gateway}/PPPS.php", fields=asked)


def test_an_authentication_by_remote_mpi_leads_to_an_authorisation_that_is_captured_and_refunded(setting):
    pan = setting.card()
    server, browser = authenticated(setting, pan, "right")
    for told in (server, browser):
        assert (told["good"], told["authenticated"], told["fields"]["IdSession"]) == (True, True, "panier é 7")
        assert [len(told["fields"][name]) for name in ("3DXID", "3DCAVV", "3DCAVVALGO")] == [28, 28, 2]
        assert told["fields"]["StatusPBX"] == "Autorisation à faire"
    card = {"REFERENCE": "DIRECT 1", "PORTEUR": pan, "DATEVAL": "1229", "CVV": "123", "ACTIVITE": "024"}
    done = question(setting, 1, TYPE="00001", ID3D=server["fields"]["ID3D"], **card)
    assert (done["CODEREPONSE"], done["COMMENTAIRE"]) == ("00000", "Demande traitée avec succès")
    numbers = {"NUMTRANS": done["NUMTRANS"], "NUMAPPEL": done["NUMAPPEL"]}
    steps = [
        ("00017", "4250"),
        ("00002", "4250"),
        ("00002", "4250"),
        ("00014", "2000"),
        ("00014", "2251"),
        ("00017", "1"),
    ]
    answers = [question(setting, 2, TYPE=kind, **{**numbers, "MONTANT": amount}) for kind, amount in steps]
    assert [one["CODEREPONSE"] for one in answers] == ["00000", "00000", "00015", "00000", "00011", "00000"]
    assert [answers[0]["STATUS"], answers[-1]["STATUS"]] == ["Autorisé", "Remboursé"]
    assert question(setting, 3, TYPE="00011", REFERENCE="DIRECT 1")["CODEREPONSE"] == "00000"
    wrong = [{"ID3D": "1"}, {"ID3D": server["fields"]["ID3D"], "MONTANT": "4251"}]
    assert [question(setting, 4, TYPE="00001", **card, **one)["CODEREPONSE"] for one in wrong] == ["00012", "00012"]


def test_three_wrong_codes_lead_to_no_authorisation(setting):
    pan = setting.card()
    server, _ = authenticated(setting, pan, "wrong", "wrong", "wrong")
    assert (server["authenticated"], server["fields"]["StatusPBX"]) == (False, "Autorisation à ne pas faire")
    card = {"REFERENCE": "DIRECT 2", "PORTEUR": pan, "DATEVAL": "1229", "ID3D": server["fields"]["ID3D"]}
    assert question(setting, 5, TYPE="00003", **card)["CODEREPONSE"] == "00040"


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"TYPE": "00003"}, "00000"),
        ({"TYPE": "00004"}, "00000"),
        ({"TYPE": "00003", "CLE": "wrong"}, "00006"),
        ({"TYPE": "00003", "SITE": "1111111"}, "00006"),
        ({"TYPE": "00003", "VERSION": "00100"}, "00013"),
        ({"TYPE": "00061"}, "00009"),
        ({"TYPE": "00003", "NUMQUESTION": "x"}, "00005"),
        ({"TYPE": "00003", "MONTANT": "0"}, "00011"),
        ({"TYPE": "00003", "DEVISE": "000"}, "00010"),
        ({"TYPE": "00003", "REFERENCE": ""}, "00012"),
        ({"TYPE": "00003", "PORTEUR": "4000000001000002"}, "00004"),
        ({"TYPE": "00003", "DATEVAL": "1220"}, "00008"),
        ({"TYPE": "00003", "3DSTATUS": "N"}, "00040"),
        ({"TYPE": "00003", "MONTANT": "900105"}, "00105"),
        ({"TYPE": "00003", "ERRORCODETEST": "00021"}, "00021"),
        ({"TYPE": "00005", "NUMTRANS": "1", "NUMAPPEL": "1"}, "00018"),
    ],
)
def test_every_question_has_its_code(setting, fields, code):
    known = {"REFERENCE": "DIRECT 3", "PORTEUR": setting.card(), "DATEVAL": "1229", "CVV": "123"}
    assert question(setting, 6, **{**known, **fields})["CODEREPONSE"] == code
