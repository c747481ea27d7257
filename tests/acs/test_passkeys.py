"""The passkey challenge over real sockets, with an authenticator in software."""

import hashlib
import secrets
from datetime import timedelta

import pytest

from acs_sim.client.authenticator import Authenticator, answer_of, posted
from tests.acs.stage import Shown, base64url, stage
from tests.acs.test_methods import named, only_rreq, told
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

PASSKEY = compose("visa", SCENARIOS["challenge-passkey"])
KEY = secrets.token_bytes(32)


def secret(*parts):

    return hashlib.sha256(KEY + "\0".join(parts).encode()).digest()


OURS = Authenticator(secret)


async def passkeys(acs, pan=PASSKEY):
    return (await acs.control("cards/passkeys", {"pan": pan}))[1]


async def enrolled(acs, pan=PASSKEY, authenticator=OURS, **bent):
    """HTTP status and answer of making a passkey on the bank's page."""
    page = (await passkeys(acs, pan))["page"]
    async with acs.browser.post(f"{page}/options", json={}) as answer:
        options = await answer.json()
    origin = "/".join(page.split("/")[:3])
    registration = authenticator.made({**options, **bent}, bent.get("origin", origin), secrets.token_bytes(16))
    async with acs.browser.post(page, json={"challenge": options["challenge"], "registration": registration}) as answer:
        return answer.status, await answer.json(content_type=None)


async def asked(acs, ares):
    return (await acs.control("challenge", {"id": ares["acsTransID"]}))[1]["passkey"]


async def challenged(acs, version="2.3.1", **changes):
    """The ARes, and the page that asks for the passkey."""
    ares = await acs.ask(PASSKEY, version, **changes)
    return ares, await acs.post(ares["acsURL"], {"creq": (await creq(acs, ares))})


async def creq(acs, ares):

    return base64url(acs.creq(ares))


async def confirm(acs, ares, page: Shown, authenticator=OURS) -> Shown:
    return await acs.type(page, posted(answer_of(authenticator, await asked(acs, ares))))


@pytest.mark.parametrize(
    ("version", "called"), [("2.1.0", ("02", "10")), ("2.2.0", ("02", "10")), ("2.3.1", (None, ["13"]))]
)
async def test_a_passkey_confirms_the_payment(acs, version, called):
    assert (await enrolled(acs))[0] == 201
    ares, page = await challenged(acs, version)
    check(ares, Context(version, leg=Leg.ACS_TO_DS))
    assert "data-passkey" in page.text
    end = await confirm(acs, ares, page)
    assert end.cres["transStatus"] == "Y"
    rreq = await only_rreq(acs)
    assert told(rreq) == ("Y", None, None, "01")
    assert (rreq.get("authenticationType"), rreq["authenticationMethod"]) == called
    assert acs.phone.messages == []


async def test_a_card_without_a_passkey_gets_a_code(acs):
    page = await acs.challenge(PASSKEY)
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    assert named(await only_rreq(acs)) == ("02", "02")


@pytest.mark.parametrize(
    "error",
    [
        '{"error":"NotAllowedError","message":"timed out or was not allowed","allowed":true}',
        '{"error":"SecurityError","message":"no","allowed":false}',
        "",
        "[" * 5000,
        "x" * 40_000,
    ],
)
async def test_what_the_browser_cannot_do_a_code_does(acs, error):
    await enrolled(acs)
    _, page = await challenged(acs)
    page = await acs.type(page, error)
    assert (page.kind, len(acs.phone.messages)) == ("passkey-unused", 1)
    end = await acs.type(page, acs.phone.code)
    rreq = await only_rreq(acs)
    assert (end.cres["transStatus"], rreq["authenticationMethod"], rreq["interactionCounter"]) == ("Y", ["02"], "01")


async def test_the_cardholder_may_ask_for_a_code_and_for_another_one(acs):
    await enrolled(acs)
    _, page = await challenged(acs)
    page = await acs.type(page, "", "resend")
    assert (page.kind, len(acs.phone.messages)) == (None, 1)
    page = await acs.type(page, "", "resend")
    assert (page.kind, len(acs.phone.messages)) == ("resent", 2)


async def test_the_cardholder_cancels(acs):
    await enrolled(acs)
    _, page = await challenged(acs)
    assert (await acs.type(page, "", "cancel")).cres["transStatus"] == "N"
    assert told(await only_rreq(acs)) == ("N", "26", "01", "00")


async def test_three_assertions_of_another_key_refuse_the_payment(acs):
    await enrolled(acs)
    ares, page = await challenged(acs)
    for left in ("2", "1"):
        request = await asked(acs, ares)
        answer = answer_of(OURS, request)
        answer["assertion"]["response"]["signature"] = "AA" * 32
        page = await acs.type(page, posted(answer))
        assert (page.kind, left in page.message) == ("wrong-passkey", True)
    page = await acs.type(page, posted({"assertion": {"id": "nobody"}}))
    assert page.kind == "contact-bank"
    assert told(await only_rreq(acs)) == ("N", "19", None, "03")


async def test_an_assertion_counts_once(acs):
    """Replayed on the next page, and in the next payment, it answers another challenge."""
    await enrolled(acs)
    ares, page = await challenged(acs)
    answer = answer_of(OURS, await asked(acs, ares))
    broken = {**answer["assertion"], "type": "public-key", "response": {**answer["assertion"]["response"]}}
    broken["response"]["signature"] = "AA" * 32
    page = await acs.type(page, posted({"assertion": broken}))
    assert (await acs.type(page, posted(answer))).kind == "wrong-passkey"
    _, page = await challenged(acs)
    assert (await acs.type(page, posted(answer))).kind == "wrong-passkey"


async def test_a_counter_that_falls_is_a_copied_passkey(acs):
    await enrolled(acs, authenticator=Authenticator(secret, 5))
    for counter, kind in ((9, None), (9, "wrong-passkey"), (8, "wrong-passkey"), (10, None)):
        ares, page = await challenged(acs)
        assert (await confirm(acs, ares, page, Authenticator(secret, counter))).kind == kind
    assert [one["counter"] for one in (await passkeys(acs))["passkeys"]] == [10]


async def test_a_passkey_of_another_card_is_none_of_this_one(acs):
    other = compose("visa", SCENARIOS["challenge-passkey"], serial="4")
    await enrolled(acs)
    await enrolled(acs, other)
    ares, page = await challenged(acs)
    theirs = (await passkeys(acs, other))["passkeys"][0]["id"]
    request = {**await asked(acs, ares), "credentialIds": [theirs]}
    assert (await acs.type(page, posted(answer_of(OURS, request)))).kind == "wrong-passkey"


@pytest.mark.parametrize(
    ("bent", "words"),
    [
        ({"origin": "http://evil.example"}, "origin"),
        ({"rp": {"id": "evil.example"}}, "rpId"),
        ({"challenge": "AAAA"}, "challenge"),
    ],
)
async def test_a_registration_of_another_page_is_refused(acs, bent, words):
    status, problem = await enrolled(acs, **bent)
    assert (status, problem["detail"].partition(":")[0]) == (422, words)
    assert (await passkeys(acs))["passkeys"] == []


@pytest.mark.parametrize(
    "attestation", ["", "AA", "gA", "a" * 9000, "gYGB" * 600, "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUEA", None, 7]
)
async def test_a_registration_that_cannot_be_read_is_refused(acs, attestation):
    page = (await passkeys(acs))["page"]
    async with acs.browser.post(f"{page}/options", json={}) as answer:
        options = await answer.json()
    registration = OURS.made(options, "/".join(page.split("/")[:3]), secrets.token_bytes(16))
    registration["response"]["attestationObject"] = attestation
    async with acs.browser.post(page, json={"challenge": options["challenge"], "registration": registration}) as answer:
        assert (answer.status, (await answer.json(content_type=None))["status"]) == (422, 422)


async def test_a_challenge_of_the_bank_is_good_for_ten_minutes(acs):
    page = (await passkeys(acs))["page"]
    async with acs.browser.post(f"{page}/options", json={}) as answer:
        options = await answer.json()
    registration = OURS.made(options, "/".join(page.split("/")[:3]), secrets.token_bytes(16))

    acs.runtime.clock.advance(timedelta(minutes=10))
    async with acs.browser.post(page, json={"challenge": options["challenge"], "registration": registration}) as answer:
        assert answer.status == 422


async def test_passkeys_are_forgotten_on_the_banks_page(acs):
    await enrolled(acs)
    shown = await passkeys(acs)
    assert len(shown["passkeys"]) == 1
    async with acs.browser.get(shown["page"]) as answer:
        assert "<time" in await answer.text()
    async with acs.browser.post(f"{shown['page']}/forget") as answer:
        assert "No passkey yet." in await answer.text()
    assert (await passkeys(acs))["passkeys"] == []


async def test_the_banks_page_asks_for_the_number_of_the_card(acs):
    async with acs.browser.post(f"{acs.url}/bank/passkeys", data={"card": "4111 1111 1111 1111"}) as answer:
        assert (answer.status, "no card of this bank" in await answer.text()) == (422, True)
    async with acs.browser.post(f"{acs.url}/bank/passkeys", data={"card": PASSKEY}) as answer:
        assert (answer.status, PASSKEY[-4:] in await answer.text(), PASSKEY in str(answer.url)) == (200, True, False)
    async with acs.browser.get(f"{acs.url}/bank/passkeys/AAAA") as answer:
        assert answer.status == 404


async def test_an_address_without_a_name_has_no_passkeys():
    async with stage(public_url="http://192.0.2.7:8200") as acs:
        assert (await passkeys(acs))["page"] is None
        async with acs.browser.post(f"{acs.url}/bank/passkeys", data={"card": PASSKEY}) as answer:
            assert (answer.status, "--bank-domain" in await answer.text()) == (409, True)
