"""RemoteMPI.cgi: the result of 3-D Secure 1.0.2 for a shop that authorises by itself. The answer is read as shops read it, and its
signature verified by hand."""

import base64
from urllib.parse import unquote, unquote_to_bytes

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from tests.acs_sim.gateway.test_classic import Desk, desk
from tests.support.third_party import Page
from threedsecure.cards.scenarios import SCENARIOS, V1_SCENARIOS
from threedsecure.cards.test_cards import compose

__all__ = ["desk"]

RETURN = "https://shop.example/retour?panier=7"


def form(pan: str, **changes: str) -> dict[str, str]:
    return {
        "IdMerchant": "222",
        "IdSession": "session-é-42",
        "Amount": "0000004200",
        "Currency": "978",
        "CCNumber": pan,
        "CCExpDate": "1229",
        "CVVCode": "123",
        "URLRetour": RETURN,
        "URLHttpDirect": "https://shop.example/direct",
        **changes,
    }


async def returned(desk: Desk, scenario: str) -> dict[str, str]:
    """The fields that the browser posts to the shop, once decoded."""
    pan = compose("visa", V1_SCENARIOS[scenario])
    status, text = await desk.post(f"{desk.shop}/cgi/RemoteMPI.cgi", form(pan))
    assert status == 200
    page = Page(text)
    if "PaReq" in page.fields:
        purchase = (await desk.json("GET", f"{desk.shop}/api/purchases"))["purchases"][0]
        back = Page((await desk.post(page.action, page.fields))[1])
        await desk.post(back.action, back.fields)
        async with desk.session.get(purchase["page"]) as answer:
            page = Page(await answer.text())
    assert page.action == RETURN
    await verified(desk, page.fields)
    return {name: unquote(value, "iso-8859-1") for name, value in page.fields.items()}


async def verified(desk: Desk, fields: dict[str, str]) -> None:
    """Check is the last field, and the RSA-SHA1 signature of everything before it."""
    *names, last = fields
    assert last == "Check"
    line = "&".join(f"{name}={fields[name]}" for name in names)
    async with desk.session.get(f"{desk.shop}/cgi/pubkey.pem") as answer:
        key = load_pem_public_key(await answer.read())
    key.verify(base64.b64decode(unquote_to_bytes(fields["Check"])), line.encode(), PKCS1v15(), SHA1())


async def test_an_authenticated_cardholder_is_told_with_every_value_of_1_0_2(desk: Desk):
    told = await returned(desk, "frictionless")
    assert told["IdSession"] == "session-é-42"
    assert told["StatusPBX"] == "Autorisation à faire"
    success = {name: told[name] for name in ("3DSTATUS", "3DSIGNVAL", "3DENROLLED", "3DERROR")}
    assert success == {"3DSTATUS": "Y", "3DSIGNVAL": "Y", "3DENROLLED": "Y", "3DERROR": "0"}
    assert (told["3DECI"], told["3DCAVVALGO"]) == ("05", "02")
    assert [len(base64.b64decode(told[name])) for name in ("3DXID", "3DCAVV")] == [20, 20]
    assert told["ID3D"].isdigit()
    purchase = (await desk.json("GET", f"{desk.shop}/api/purchases"))["purchases"][0]
    assert purchase["outcome"]["authorisation"] is None


@pytest.mark.parametrize(
    ("scenario", "expected"),
    [
        ("not-authenticated", {"3DSTATUS": "N", "3DSIGNVAL": "Y", "3DERROR": "0", "3DECI": "07"}),
        ("bad-signature", {"3DSTATUS": "Y", "3DSIGNVAL": "N", "3DERROR": "0"}),
        ("page-error", {"3DENROLLED": "Y", "3DERROR": "10000"}),
    ],
)
async def test_a_shop_is_told_not_to_authorise(desk: Desk, scenario: str, expected: dict[str, str]):
    told = await returned(desk, scenario)
    assert told["StatusPBX"] == "Autorisation à ne pas faire"
    assert {name: told.get(name) for name in expected} == expected
    assert "3DCAVV" not in told


@pytest.mark.parametrize(("scenario", "enrolled"), [("enrolment-unknown", "U"), ("enrolment-refused", "N")])
async def test_a_card_that_is_not_enrolled_goes_on_without(desk: Desk, scenario: str, enrolled: str):
    told = await returned(desk, scenario)
    assert (told["StatusPBX"], told["3DENROLLED"]) == ("Autorisation à faire", enrolled)
    assert "3DSIGNVAL" not in told


@pytest.mark.parametrize(
    "changes",
    [
        {"IdMerchant": "1"},
        {"IdSession": "x" * 251},
        {"Amount": "0"},
        {"Amount": "ten"},
        {"Currency": "000"},
        {"CCNumber": "4000000901000003"},
        {"CCExpDate": "1299x"},
        {"CVVCode": ""},
        {"URLRetour": "javascript:alert(1)"},
    ],
)
async def test_a_form_that_is_wrong_is_refused_with_the_field_named(desk: Desk, changes: dict[str, str]):
    pan = compose("visa", V1_SCENARIOS["frictionless"])
    status, text = await desk.post(f"{desk.shop}/cgi/RemoteMPI.cgi", form(pan, **changes))
    assert status == 400
    assert next(iter(changes)) in text


async def test_neither_the_card_nor_its_cryptogram_reaches_the_journal(desk: Desk):
    pan = compose("visa", SCENARIOS["frictionless"])
    await desk.post(f"{desk.shop}/cgi/RemoteMPI.cgi", form(pan, CVVCode="987"))
    entries = await desk.stack.runtime.journal.newest(50)
    [posted] = [entry for entry in entries if entry["kind"] == "Payment form"]
    assert (posted["message"]["CCNumber"], posted["message"]["CVVCode"]) == (pan[:6] + "******" + pan[-4:], "***")
