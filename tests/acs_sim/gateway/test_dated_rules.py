"""Rules with a date at the gateway: a payment without 3-D Secure, where that is obligatory, is noted, then refused."""

from datetime import UTC, datetime

import pytest

from acs_sim.gateway.forms import seals
from tests.acs_sim.gateway.test_forms import CGI2
from tests.acs_sim.gateway.test_merchants import pbx_form
from tests.acs_sim.gateway.test_purchases import outcome

KEY = "12345678901234567890123456789012345678P0"
E_TRANSACTIONS = {"site": "7654321", "rank": "01", "identifier": "1234567", "key": "0123456789ABCDEF" * 8}
MONETICO = {"tpe": "0000001", "key": KEY, "company": "monsite"}
DAYS = ("2024-01-01", "2024-12-31", "2025-01-01", "2027-12-31")
RULE = "from 2025 on Japan: 3-D Secure is obligatory for card payments online"
QUESTION = {
    "VERSION": "00104", "SITE": "7654321", "RANG": "01", "CLE": "1999888I", "NUMQUESTION": "1", "MONTANT": "4200",
    "DEVISE": "392", "REFERENCE": "order", "PORTEUR": "4000000001000001", "DATEVAL": "1229", "CVV": "123",
}  # fmt: skip


@pytest.fixture
def settings():
    return {"rules_as_of": "today"}


@pytest.fixture
def at_the_shops(world):
    """Sets up a shop of either manner in this country, and the day that it is."""

    async def opened(country, day):
        world.runtime.clock.set(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))
        for manner, shop in (("e-transactions", E_TRANSACTIONS), ("monetico", MONETICO)):
            await world.json("POST", "/control/merchants", {"add": {manner: {**shop, "country": country}}})

    return opened


def form_of(manner, reference, *, waived):
    if manner == "e-transactions":
        named = {"PBX_SITE": "7654321", "PBX_RANG": "01", "PBX_IDENTIFIANT": "1234567"}
        return "/php/", pbx_form(**named, PBX_CMD=reference, **({"PBX_3DS": "N"} if waived else {}))
    fields = {**CGI2, "TPE": "0000001", "reference": reference, "3dsdebrayable": "1" if waived else "0"}
    return "/paiement.cgi", {**fields, "MAC": seals.monetico_mac(fields, seals.monetico_key(KEY))}


async def paid(world, manner, reference, *, waived=True):
    path, form = form_of(manner, reference, waived=waived)
    return outcome(await world.pay(await world.post(path, form)))


async def asked(world, **changes):
    """CODEREPONSE of a server's question, and what the journal says of rules beside it."""
    async with world.session.post(f"{world.url}/PPPS.php", data=QUESTION | changes) as answer:
        text = await answer.text("latin-1")
    (entry,) = await world.runtime.journal.newest(1, "Direct question")
    return dict(pair.split("=", 1) for pair in text.split("&"))["CODEREPONSE"], entry["message"].get("rules")


@pytest.mark.parametrize("manner", ["e-transactions", "monetico"])
async def test_in_japan_a_payment_without_3_d_secure_is_refused_from_2025_on(world, at_the_shops, manner):
    for day in DAYS:
        await at_the_shops("392", day)
        found = await paid(world, manner, f"of {day}")
        log = [entry["text"] for entry in (await world.newest())["log"]]
        if day < "2025":
            assert found == ("accepted", "authentication-waived")
            assert f"advice: {RULE}" in log
        else:
            assert found == ("refused", "authentication-required")
            assert RULE in log


@pytest.mark.parametrize(("country", "waived"), [("392", False), ("250", True)])
async def test_elsewhere_and_with_3_d_secure_nothing_is_said(world, at_the_shops, country, waived):
    await at_the_shops(country, "2027-12-31")
    assert (await paid(world, "e-transactions", "order", waived=waived))[0] == "accepted"
    assert not [entry for entry in (await world.newest())["log"] if "Japan" in entry["text"]]
    if not waived:
        assert world.scheme.areq["merchantCountryCode"] == country


@pytest.mark.parametrize("kind", ["00001", "00003"])
async def test_a_server_in_japan_charges_no_card_without_3_d_secure_from_2025_on(world, at_the_shops, kind):
    for day in DAYS:
        await at_the_shops("392", day)
        code = "00000" if day < "2025" else "00040"
        assert await asked(world, TYPE=kind, ACTIVITE="024") == (code, [RULE])
        assert await asked(world, TYPE=kind) == (code, [RULE])


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"TYPE": "00001", "3DSTATUS": "Y"}, "00000"),
        ({"TYPE": "00001", "ACTIVITE": "021"}, "00000"),
        ({"TYPE": "00001", "ACTIVITE": "027"}, "00000"),
        ({"TYPE": "00004"}, "00000"),
        ({"TYPE": "00001", "ID3D": "123"}, "00012"),
    ],
)
async def test_what_is_authenticated_or_not_paid_online_is_no_matter_of_the_rule(world, at_the_shops, question, code):
    await at_the_shops("392", "2027-12-31")
    assert await asked(world, **question) == (code, None)
