"""Purchases from basket to receipt, over real sockets."""

import asyncio
import base64
import json
from urllib.parse import parse_qsl

import pytest

from tests.acs_sim.gateway.scheme import ACS_TRANS_ID, DS_TRANS_ID, from_base64url
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Leg, check, context_of

SHOPS = ("e-transactions", "monetico")


def outcome(page):
    result = page.attributes["result"]
    return result["data-result"], result["data-reason"]


def answer(purchase):
    """The sealed answer that the shop got, as fields."""
    return dict(parse_qsl(purchase["answer"]["body"], keep_blank_values=True))


def authentication(purchase):
    return json.loads(base64.b64decode(answer(purchase)["authentification"]))


@pytest.mark.parametrize("shop", SHOPS)
async def test_a_card_that_needs_no_challenge_is_paid_and_the_shop_believes_the_sealed_answer(world, shop):
    page = await world.pay(await world.to_payment_page(shop))
    assert outcome(page) == ("accepted", "authenticated")
    back = await world.get(page.attributes["back"]["href"])
    assert outcome(back) == ("accepted", "paid")
    assert back.texts["order"] == page.texts["order"]
    assert back.texts["authorisation"] == page.texts["authorisation"]


async def test_the_answers_of_an_accepted_payment_carry_the_codes_of_each_manner(world):
    paybox = answer(await world.purchase())
    assert (paybox["erreur"], paybox["autorisation"], paybox["montant"]) == ("00000", "XXXXXX", "4200")
    assert (paybox["statut3ds"], paybox["garantie3ds"], paybox["enrolement3ds"], paybox["version3ds"]) == (
        "Y",
        "O",
        "Y",
        "2.2.0",
    )
    monetico = await world.purchase(shop="monetico")
    assert answer(monetico)["code-retour"] == "payetest"
    assert answer(monetico)["montant"] == "42.00EUR"
    assert len(answer(monetico)["numauto"]) == 6
    assert authentication(monetico)["status"] == "authenticated"
    assert authentication(monetico)["details"]["liabilityShift"] == "Y"


@pytest.mark.parametrize(
    ("status", "result", "reason", "code", "word"),
    [
        ("A", "accepted", "attempted", "00000", "authentication_attempted"),
        ("U", "accepted", "unavailable", "00000", "authentication_not_performed"),
        ("N", "refused", "not-authenticated", "00040", "not_authenticated"),
        ("R", "refused", "rejected", "00040", "authentication_rejected"),
    ],
)
async def test_every_status_of_an_ares_ends_as_it_must(world, status, result, reason, code, word):
    world.scheme.ares = {"transStatus": status}
    paybox = await world.purchase()
    assert (paybox["result"], paybox["reason"], answer(paybox)["erreur"]) == (result, reason, code)
    monetico = await world.purchase(shop="monetico")
    assert authentication(monetico)["status"] == word
    if result == "refused":
        assert (answer(monetico)["code-retour"], answer(monetico)["motifrefus"]) == ("Annulation", "3DSecure")
        assert "autorisation" not in answer(paybox)


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize(("language", "words"), [("fr", "Contactez votre banque"), ("en", "Contact your bank")])
async def test_a_buyer_who_is_not_authenticated_is_told_to_contact_the_bank(world, shop, language, words):
    world.scheme.ares = {"transStatus": "N"}
    page = await world.pay(await world.to_payment_page(shop, f"?lang={language}"))
    assert outcome(page) == ("refused", "not-authenticated")
    assert words in page.texts["reason"]
    back = await world.get(page.attributes["back"]["href"])
    assert outcome(back) == ("refused", "not-authenticated")
    assert words in back.texts["reason"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"authenticationValue": "AAAAAAAAAAAAAAAAAAAAAAAAAAA="}, "proof-wrong"),
        ({"eci": "06"}, "eci-wrong"),
    ],
)
async def test_the_acquirer_refuses_a_proof_that_does_not_hold(world, change, reason):
    world.scheme.ares = {"transStatus": "Y", **change}
    purchase = await world.purchase()
    assert (purchase["result"], purchase["reason"]) == ("refused", reason)
    assert answer(purchase)["erreur"] == "00159"


async def test_a_proof_of_another_amount_is_refused(world):
    await world.purchase(amount=100)
    other = world.scheme.proof("visa", "Y", world.scheme.areq)
    world.scheme.ares = {"transStatus": "Y", "authenticationValue": other}
    assert (await world.purchase(amount=100))["result"] == "accepted"
    assert (await world.purchase(amount=101))["reason"] == "proof-wrong"


@pytest.mark.parametrize(("network", "eci"), [("mastercard", "02"), ("amex", "05")])
async def test_other_schemes_are_paid_with_their_own_eci(world, network, eci):
    purchase = await world.purchase(compose(network, SCENARIOS["frictionless"]))
    assert (purchase["result"], purchase["scheme"], purchase["outcome"]["eci"]) == ("accepted", network, eci)


async def test_a_card_outside_every_range_goes_on_without_3d_secure_and_the_receipt_says_so(world):
    world.scheme.ranges = [world.scheme.card_range("4999000000000000", "4999999999999999")]
    page = await world.pay(await world.to_payment_page())
    assert outcome(page) == ("accepted", "not-enrolled")
    assert "3-D Secure" in page.texts["reason"]
    assert "ECI" not in page.source
    assert world.scheme.of("AReq") == []
    purchase = await world.newest()
    assert (answer(purchase)["enrolement3ds"], answer(purchase)["garantie3ds"]) == ("N", "N")


async def test_a_card_of_no_known_scheme_is_not_enrolled_either(world):
    assert (await world.purchase("9999999999999995"))["reason"] == "not-enrolled"
    assert world.scheme.received == []


@pytest.mark.parametrize("number", ["0000010000000003", "0000010000000004", "0000010000000005"])
async def test_the_published_numbers_of_monetico_do_what_its_page_says(world, number):
    world.scheme.ares = {"transStatus": "Y"}
    purchase = await world.purchase(number, shop="monetico")
    assert purchase["card"] == f"{number[:6]}******{number[-4:]}"
    enrolled, result = {"3": (False, "refused"), "4": (True, "refused"), "5": (True, "accepted")}[number[-1]]
    assert (purchase["enrolled"], purchase["result"]) == (enrolled, result)
    if result == "refused":
        assert answer(purchase)["motifrefus"] == "Refus"


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
@pytest.mark.parametrize("javascript", [True, False])
async def test_the_areq_satisfies_the_element_tables(world, version, javascript):
    told = {"browserJavascriptEnabled": "true", "browserColorDepth": "24", "browserTZ": "-120"} if javascript else {}
    await world.pay(await world.to_payment_page(query=f"?version={version}"), **told)
    areq = world.scheme.areq
    check(areq, context_of(areq, Leg.THREE_DS_SERVER_TO_DS))
    assert areq["messageVersion"] == version
    assert areq["purchaseAmount"] == "4200"
    assert areq["threeDSServerURL"] == world.url + "/3ds2/results"
    assert areq["notificationURL"] == world.url + "/3ds2/notification"
    assert areq.get("browserJavascriptEnabled") == (None if version == "2.1.0" else javascript)


async def test_a_range_that_knows_only_2_1_0_is_spoken_to_in_2_1_0(world):
    world.scheme.ranges = [world.scheme.card_range("4000000000000000", "4999999999999999", high="2.1.0")]
    assert (await world.purchase())["version"] == "2.1.0"


async def test_a_version_that_is_asked_for_is_spoken_whatever_the_range_says(world):
    world.scheme.ranges = [world.scheme.card_range("4000000000000000", "4999999999999999", high="2.1.0")]
    await world.purchase(version="2.2.0")
    assert world.scheme.areq["messageVersion"] == "2.2.0"


async def test_ranges_without_a_common_version_are_not_enrolled(world):
    world.scheme.ranges = [world.scheme.card_range("4000000000000000", "4999999999999999", low="2.3.1", high="2.3.1")]
    purchase = await world.purchase()
    assert purchase["reason"] == "not-enrolled"
    assert any("no common version" in line["text"] for line in purchase["log"])


# --- 3DS Method ---


def with_method(world, path="method"):
    found = world.scheme.card_range("4000000000000000", "4999999999999999", method=True)
    world.scheme.ranges = [{**found, "threeDSMethodURL": f"{world.scheme.url}/{path}"}]


async def test_a_method_that_comes_back_is_told_as_y(world):
    with_method(world)
    purchase = await world.purchase(method="perform")
    assert (purchase["threeDSCompInd"], world.scheme.areq["threeDSCompInd"]) == ("Y", "Y")
    assert world.scheme.method_posts == [
        {
            "threeDSServerTransID": purchase["id"],
            "threeDSMethodNotificationURL": world.url + "/3ds2/method-notification",
        }
    ]
    kinds = [entry["kind"] for entry in await world.runtime.journal.entries_of(purchase["id"])]
    assert "3DS Method notification" in kinds


async def test_a_method_that_never_comes_back_is_told_as_n(world):
    with_method(world, "silent")
    assert (await world.purchase(method="perform"))["threeDSCompInd"] == "N"


async def test_a_method_that_is_skipped_is_told_as_n_and_a_missing_one_as_u(world):
    with_method(world)
    assert (await world.purchase())["threeDSCompInd"] == "N"
    assert world.scheme.method_posts == []


async def test_a_card_range_without_a_method_is_told_as_u(world):
    assert (await world.purchase())["threeDSCompInd"] == "U"


async def test_the_page_of_the_method_waits_until_the_clock_says_ten_seconds(world):
    with_method(world)
    page = await world.pay(await world.to_payment_page())
    poll = page.attributes["continue-form"]["data-poll"]
    assert await world.json("GET", poll) == {"running": True}
    world.advance(seconds=10)
    assert await world.json("GET", poll) == {"running": False}
    paid = await world.post(page.forms["continue-form"]["action"], {})
    assert outcome(paid) == ("accepted", "authenticated")
    assert world.scheme.areq["threeDSCompInd"] == "N"


async def test_without_javascript_a_button_goes_on(world):
    with_method(world)
    page = await world.pay(await world.to_payment_page())
    assert "continue" in page.attributes
    assert from_base64url(page.forms["method-form"]["fields"]["threeDSMethodData"])["threeDSServerTransID"]


async def test_a_method_notification_that_is_not_ours_is_refused(world):
    for value in ("", "%%%", "e30", "eyJ0aHJlZURTU2VydmVyVHJhbnNJRCI6IngifQ"):
        await world.post("/3ds2/method-notification", {"threeDSMethodData": value}, 400)


async def test_a_method_notification_after_the_areq_changes_nothing(world):
    with_method(world)
    purchase = await world.purchase()
    data = base64.urlsafe_b64encode(json.dumps({"threeDSServerTransID": purchase["id"]}).encode()).decode()
    await world.post("/3ds2/method-notification", {"threeDSMethodData": data})
    assert (await world.newest())["threeDSCompInd"] == "N"


# --- challenge ---


async def start_challenge(world, shop="e-transactions", query=""):
    world.scheme.ares = {"transStatus": "C"}
    page = await world.pay(await world.to_payment_page(shop, query))
    return page, page.forms["challenge-form"]


@pytest.mark.parametrize("shop", SHOPS)
@pytest.mark.parametrize(
    ("status", "result"), [("Y", ("accepted", "authenticated")), ("N", ("refused", "not-authenticated"))]
)
async def test_a_challenge_ends_as_the_rreq_says(world, shop, status, result):
    _, form = await start_challenge(world, shop)
    acs = await world.post(form["action"], form["fields"])
    back = await world.post(world.scheme.url + "/answer", {**acs.forms["form-0"]["fields"], "status": status})
    returning = await world.post(back.forms["back"]["action"], back.forms["back"]["fields"])
    assert returning.attributes["to-payment"]["target"] == "_parent"
    page = await world.get(returning.forms["to-payment"]["action"])
    assert outcome(page) == result
    assert world.scheme.results_answers[0]["messageType"] == "RRes"
    kinds = [entry["kind"] for entry in await world.runtime.journal.entries_of((await world.newest())["id"])]
    assert kinds.count("CRes") == 1


async def test_the_creq_names_the_transaction_and_the_window(world):
    page, form = await start_challenge(world, query="?window=02")
    purchase = await world.newest()
    assert from_base64url(form["fields"]["creq"]) == {
        "messageType": "CReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": purchase["id"],
        "acsTransID": ACS_TRANS_ID,
        "challengeWindowSize": "02",
    }
    assert "=" not in form["fields"]["creq"]
    assert len(form["fields"]["threeDSSessionData"]) <= 1024
    assert "width: 390px; height: 400px" in page.attributes["challenge"]["style"]
    assert purchase["dsTransID"] == DS_TRANS_ID


@pytest.mark.parametrize(
    ("window", "style"),
    [("01", "250px"), ("02", "390px"), ("03", "500px"), ("04", "600px"), ("05", "100%")],
)
async def test_five_sizes_of_window_can_be_asked_for(world, window, style):
    page, _ = await start_challenge(world, query=f"?window={window}")
    assert page.attributes["challenge"]["style"].startswith(f"width: {style}")


async def test_a_purchase_by_script_gets_what_it_needs_for_the_challenge_and_then_its_outcome(world):
    world.scheme.ares = {"transStatus": "C"}
    purchase = await world.purchase()
    assert (purchase["transStatus"], purchase["state"], purchase["finished"]) == ("C", "challenge", False)
    assert purchase["acsURL"] == world.scheme.url + "/challenge"
    assert from_base64url(purchase["creq"])["acsTransID"] == purchase["acsTransID"] == ACS_TRANS_ID
    waiting = asyncio.create_task(world.json("GET", f"/api/purchases/{purchase['id']}?wait=30"))
    await world.scheme.post_results("Y")
    ended = await waiting
    assert (ended["finished"], ended["result"], answer(ended)["erreur"]) == (True, "accepted", "00000")
    assert ended["authentication"]["source"] == "RReq"


async def test_a_challenge_that_the_cardholder_cancels_is_refused(world):
    world.scheme.ares = {"transStatus": "C"}
    purchase = await world.purchase()
    await world.scheme.post_results("N", transStatusReason="01", challengeCancel="01")
    ended = await world.json("GET", f"/api/purchases/{purchase['id']}?wait=30")
    assert (ended["result"], ended["reason"], answer(ended)["erreur"]) == ("refused", "challenge-cancelled", "00040")


async def test_what_could_not_be_finished_after_a_challenge_is_refused(world):
    world.scheme.ares = {"transStatus": "C"}
    purchase = await world.purchase()
    await world.scheme.post_results("U", transStatusReason="22")
    ended = await world.json("GET", f"/api/purchases/{purchase['id']}?wait=30")
    assert (ended["result"], ended["reason"]) == ("refused", "challenge-unavailable")


async def test_a_message_of_the_issuer_to_the_cardholder_is_shown(world):
    world.scheme.ares = {"transStatus": "N", "cardholderInfo": "Appelez le <b>service</b> client"}
    page = await world.pay(await world.to_payment_page())
    assert "Appelez le <b>service</b> client" in page.texts["cardholder-info"]
    assert "<b>service</b>" not in page.source
