"""The challenge as a cardholder lives it: forms over real sockets, the code read from the phone."""

import asyncio
from datetime import timedelta

import pytest

from tests.acs.stage import OTP, stage
from tests.support.engine import on_both_engines
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

pytestmark = on_both_engines

MINUTE = timedelta(minutes=1)


async def only_rreq(acs):
    (rreq,) = acs.directory.rreqs
    check(rreq, Context(rreq["messageVersion"], leg=Leg.ACS_TO_DS))
    return rreq


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
async def test_the_right_code_authenticates(acs, version):
    ares = await acs.ask(version=version)
    page = await acs.open(ares, session_data="c2Vzc2lvbg")
    end = await acs.type(page, acs.phone.code)
    rreq = await only_rreq(acs)
    assert (rreq["transStatus"], rreq["eci"], rreq["interactionCounter"]) == ("Y", "05", "01")
    assert (rreq["authenticationType"], rreq["authenticationMethod"]) == ("02", "02")
    assert "challengeCancel" not in rreq
    assert "transStatusReason" not in rreq
    assert end.cres == {
        "messageType": "CRes",
        "messageVersion": version,
        "threeDSServerTransID": ares["threeDSServerTransID"],
        "acsTransID": ares["acsTransID"],
        "transStatus": "Y",
    }
    assert end.form.action == "http://127.0.0.1:8400/3ds2/notification"
    assert end.form.fields["threeDSSessionData"] == "c2Vzc2lvbg"


async def test_the_text_names_issuer_merchant_and_amount(acs):
    await acs.challenge(browserLanguage="fr-FR", merchantName="Chez Léon & Cie")
    (message,) = acs.phone.messages
    assert message["from"] == "BANQUE"
    assert message["to"].startswith("+33639981")
    for words in ("Banque Imaginaire", "42,00 €", "Chez Léon & Cie", "5 minutes"):
        assert words in message["body"]


async def test_three_wrong_codes_refuse_the_payment(acs):
    ares = await acs.ask()
    page = await acs.open(ares)
    seen = []
    for _ in range(2):
        page = await acs.type(page, acs.phone.wrong_code)
        seen.append((page.kind, page.form.fields.keys() >= {"challengeValue"}))
        assert acs.directory.bodies == []
    assert seen == [("wrong-code", True)] * 2
    assert "1" in page.message
    end = await acs.type(page, acs.phone.wrong_code)
    assert end.kind == "contact-bank"
    assert "contact your bank" in end.message
    rreq = await only_rreq(acs)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["interactionCounter"]) == ("N", "19", "03")
    assert "challengeCancel" not in rreq
    assert end.cres["transStatus"] == "N"
    assert len(acs.phone.messages) == 1


async def test_two_wrong_codes_and_the_right_one_authenticate(acs):
    page = await acs.challenge()
    for _ in range(2):
        page = await acs.type(page, acs.phone.wrong_code)
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    assert (await only_rreq(acs))["interactionCounter"] == "03"


async def test_the_tries_left_are_written_as_a_digit(acs):
    page = await acs.challenge()
    page = await acs.type(page, acs.phone.wrong_code)
    assert "2" in page.message
    page = await acs.type(page, acs.phone.wrong_code)
    assert "1" in page.message


async def test_a_resent_code_supersedes_the_old_one_and_two_resends_are_all(acs):
    page = await acs.challenge()
    first = acs.phone.code
    page = await acs.type(page, "", "resend")
    assert page.kind == "resent"
    page = await acs.type(page, first)
    assert page.kind == "superseded-code"
    page = await acs.type(page, "", "resend")
    page = await acs.type(page, "", "resend")
    assert page.kind == "no-more-resends"
    assert len(acs.phone.messages) == 3
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    assert (await only_rreq(acs))["interactionCounter"] == "02"


async def test_an_expired_code_says_so_and_a_new_one_helps(acs):
    page = await acs.challenge()
    acs.runtime.clock.advance(5 * MINUTE)
    page = await acs.type(page, acs.phone.code)
    assert page.kind == "expired-code"
    assert "3" in page.message
    page = await acs.type(page, "", "resend")
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"


async def test_the_code_of_an_earlier_purchase_is_not_good_for_this_one(acs):
    page = await acs.challenge()
    used = acs.phone.code
    await acs.type(page, used)
    page = await acs.type(await acs.challenge(), used)
    assert page.kind == "replayed-code"
    assert "3" in page.message


async def test_a_blank_field_costs_nothing(acs):
    page = await acs.challenge()
    for _ in range(5):
        page = await acs.type(page, "   ")
        assert page.kind == "blank-code"
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"
    assert (await only_rreq(acs))["interactionCounter"] == "01"


@pytest.mark.parametrize(("version", "reason"), [("2.1.0", "01"), ("2.2.0", "26")])
async def test_cancel_ends_it(acs, version, reason):
    page = await acs.challenge(version=version)
    page = await acs.type(page, acs.phone.wrong_code)
    end = await acs.type(page, "", "cancel")
    rreq = await only_rreq(acs)
    assert (rreq["transStatus"], rreq["transStatusReason"], rreq["challengeCancel"]) == ("N", reason, "01")
    assert rreq["interactionCounter"] == "01"
    assert (end.cres["transStatus"], end.kind) == ("N", "cancelled")


@pytest.mark.parametrize(
    ("scenario", "trans_status", "reason"), [("challenge-auto-pass", "Y", None), ("challenge-auto-fail", "N", "01")]
)
async def test_a_page_that_finishes_by_itself(acs, scenario, trans_status, reason):
    page = await acs.challenge(compose("visa", SCENARIOS[scenario]))
    assert "challengeValue" not in page.form.fields
    end = await acs.post(page.form.action, page.form.fields)
    rreq = await only_rreq(acs)
    assert (rreq["transStatus"], rreq.get("transStatusReason"), rreq["interactionCounter"]) == (
        trans_status,
        reason,
        "01",
    )
    assert rreq["authenticationMethod"] == "10"
    assert end.cres["transStatus"] == trans_status
    assert acs.phone.messages == []


async def test_refreshing_shows_the_current_page_and_sends_nothing(acs):
    ares = await acs.ask()
    page = await acs.type(await acs.open(ares), acs.phone.wrong_code)
    again = await acs.open(ares)
    assert (again.kind, again.form.fields) == ("wrong-code", page.form.fields)
    assert len(acs.phone.messages) == 1
    assert (await acs.type(again, acs.phone.code)).cres["transStatus"] == "Y"


async def test_a_creq_with_padding_and_spaces_is_still_the_same_creq(acs):
    ares = await acs.ask()
    await acs.open(ares)
    import base64
    import json

    spaced = base64.urlsafe_b64encode(json.dumps(acs.creq(ares), indent=1, sort_keys=True).encode()).decode()
    again = await acs.post(acs.url + "/3ds2/challenge", {"creq": spaced})
    assert (again.status, again.form.fields["acsTransID"]) == (200, ares["acsTransID"])
    assert acs.directory.bodies == []


async def test_an_older_page_does_not_count_and_the_current_one_is_shown(acs):
    first = await acs.challenge()
    second = await acs.type(first, acs.phone.wrong_code)
    stale = await acs.type(first, acs.phone.code)
    assert (stale.kind, stale.form.fields) == ("stale-page", second.form.fields)
    assert (await acs.type(stale, acs.phone.code)).cres["transStatus"] == "Y"


async def test_a_double_click_counts_once_and_says_the_same_twice(acs):
    page = await acs.challenge()
    wrong = acs.phone.wrong_code
    first, second = await asyncio.gather(acs.type(page, wrong), acs.type(page, wrong))
    assert first.message == second.message
    assert first.kind == "wrong-code"
    assert "2" in first.message


async def test_a_double_click_on_the_right_code_gives_one_result_and_two_equal_answers(acs):
    page = await acs.challenge()
    first, second = await asyncio.gather(*(acs.type(page, acs.phone.code) for _ in range(2)))
    assert first.cres == second.cres
    assert len(acs.directory.bodies) == 1


async def test_the_back_button_after_the_end_shows_the_end_again(acs):
    page = await acs.challenge()
    end = await acs.type(page, acs.phone.code)
    assert (await acs.type(page, acs.phone.wrong_code)).cres == end.cres
    assert (await acs.type(page, "", "cancel")).cres == end.cres
    assert len(acs.directory.bodies) == 1


async def test_two_hundred_wrong_codes_at_once_count_as_one_try(acs):
    ares = await acs.ask()
    page = await acs.open(ares)
    codes = [code for code in (f"{number:06}" for number in range(201)) if code != acs.phone.code][:200]
    shown = await asyncio.gather(*(acs.type(page, code) for code in codes))
    assert [each.status for each in shown] == [200] * 200
    assert acs.directory.bodies == []
    held = (await acs.control("challenge", {"id": ares["acsTransID"]}))[1]
    assert held["tries_left"] == 2


async def test_whoever_races_on_every_page_has_three_tries_in_all(acs):
    ares = await acs.ask()
    page = await acs.open(ares)
    rounds = 0
    while "cres" not in page.form.fields:
        shown = await asyncio.gather(*(acs.type(page, acs.phone.wrong_code) for _ in range(35)))
        page = shown[0]
        rounds += 1
    assert rounds == 3
    assert (await only_rreq(acs))["interactionCounter"] == "03"
    assert (await acs.transaction(ares["acsTransID"]))["transStatusReason"] == "19"


async def test_the_right_code_among_the_wrong_ones_gives_one_result(acs):
    page = await acs.challenge()
    codes = [acs.phone.wrong_code] * 20 + [acs.phone.code] + [acs.phone.wrong_code] * 20
    shown = await asyncio.gather(*(acs.type(page, code) for code in codes))
    results = {each.cres["transStatus"] for each in shown if "cres" in each.form.fields}
    assert len(results) <= 1
    assert len(acs.directory.bodies) <= 1


async def test_two_purchases_with_one_card_have_a_code_each(acs):
    first = await acs.challenge()
    code_of_first = acs.phone.code
    second = await acs.challenge()
    code_of_second = acs.phone.code
    assert (await acs.type(second, code_of_first)).kind == "replayed-code"
    assert (await acs.type(first, code_of_second)).kind == "wrong-code"


async def test_a_phone_that_cannot_be_reached_is_said_and_a_new_code_can_be_asked(acs):
    acs.phone.status = 503
    ares = await acs.ask()
    page = await acs.open(ares)
    assert page.kind == "sms-failed"
    assert (await acs.open(ares)).kind == "sms-failed"
    acs.phone.status = 201
    page = await acs.type(page, "", "resend")
    assert page.kind == "resent"
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"


async def test_a_phone_that_is_not_there_is_said_too():
    async with stage(phone_url="http://127.0.0.1:1") as acs:
        assert (await acs.challenge()).kind == "sms-failed"


async def test_the_page_speaks_the_cardholders_language(acs):
    assert '<html lang="fr"' in (await acs.challenge(browserLanguage="fr")).text


async def test_every_gateway_may_frame_the_page_and_only_the_back_button_finds_it_again(acs):
    page = await acs.challenge()
    assert "frame-ancestors *" in page.headers["Content-Security-Policy"]
    assert page.headers["Cache-Control"] == "private, no-cache"


async def test_what_a_merchant_is_called_stays_text(acs):
    page = await acs.challenge(merchantName="<script>alert(1)</script>")
    assert "<script>alert" not in page.text
    assert "&lt;script&gt;" in page.text


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"page": "1.0000"}, 403),
        ({"page": "2." + "0" * 36}, 403),
        ({"page": ""}, 403),
        ({"page": "é"}, 403),
        ({"page": "99999999999999999999.0"}, 403),
        ({"acsTransID": "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"}, 403),
        ({"acsTransID": "\0"}, 403),
        ({"action": "approve"}, 400),
    ],
)
async def test_a_forged_form_changes_nothing(acs, changes, status):
    page = await acs.challenge()
    forged = await acs.post(page.form.action, {**page.form.fields, "challengeValue": acs.phone.code, **changes})
    assert forged.status == status
    assert "cres" not in forged.form.fields
    assert acs.directory.bodies == []
    assert (await acs.type(page, acs.phone.code)).cres["transStatus"] == "Y"


async def test_a_form_of_another_content_type_is_refused_with_a_page(acs):
    async with acs.browser.post(acs.url + "/3ds2/challenge/answer", json={}) as answer:
        assert answer.status == 415
        assert "text/html" in answer.headers["Content-Type"]


@pytest.mark.parametrize("path", ["/3ds2/challenge", "/3ds2/challenge/answer"])
async def test_a_person_who_opens_the_address_of_a_form_sees_a_page(acs, path):
    async with acs.browser.get(acs.url + path) as answer:
        assert answer.status == 405
        assert "text/html" in answer.headers["Content-Type"]


async def test_a_form_that_is_too_long_is_refused_with_a_page(acs):
    shown = await acs.post(acs.url + "/3ds2/challenge", {"creq": "A" * 400_000})
    assert (shown.status, "text/html" in shown.headers["Content-Type"]) == (413, True)


async def test_after_a_reset_the_pages_of_before_are_unknown(acs):
    page = await acs.challenge()
    await acs.control("reset")
    assert (await acs.type(page, "123456")).status == 404


async def test_the_journal_shows_the_hops_without_card_numbers_and_codes(acs):
    ares = await acs.ask()
    end = await acs.type(await acs.open(ares), acs.phone.code)
    entries = await acs.runtime.journal.entries_of(ares["threeDSServerTransID"])
    hops = [(entry["from"], entry["to"], entry["kind"]) for entry in entries]
    assert hops == [
        ("Directory Server", "ACS", "AReq"),
        ("ACS", "Directory Server", "ARes"),
        ("Browser", "ACS", "CReq"),
        ("Browser", "ACS", "challenge page"),
        ("ACS", "Browser", "CRes"),
    ]
    assert entries[-1]["message"] == end.cres
    assert OTP not in str(entries)
    assert acs.phone.code not in str(entries)
