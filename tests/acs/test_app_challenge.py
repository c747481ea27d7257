"""Challenges in an app, by an SDK that shares no line with the product."""

import re
from datetime import timedelta

import pytest

from acs.cardholder.methods import knowledge, multi_select, static_password
from tests.acs.app_stage import ALL_TYPES, areq, begin, html, send
from tests.acs.second_sdk import CBC, GCM, SecondSdk
from tests.acs.stage import OTP, base64url, stage
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

VERSIONS = ["2.1.0", "2.2.0", "2.3.1"]
EVERY = pytest.mark.parametrize("enc", [CBC, GCM])
IN_EVERY_VERSION = pytest.mark.parametrize("version", VERSIONS)


def sdk_of(version, enc=CBC, **more):
    return SecondSdk(version, enc, types=ALL_TYPES.get(version, SecondSdk.types), **more)


async def told(acs, sdk, status, **elements):
    """The one RReq, which went before the final CRes, right by the tables."""
    assert (await acs.until(sdk.acs_trans_id, "reported"))["transStatus"] == status
    rreq = acs.directory.rreqs[-1]
    assert len(acs.directory.rreqs) == 1
    assert rreq["transStatus"] == status
    assert rreq.get("sdkTransID") == (None if sdk.version == "2.1.0" else sdk.sdk_trans_id)
    assert {name: rreq.get(name) for name in elements} == elements
    check(rreq, Context(sdk.version, "01", leg=Leg.ACS_TO_DS))
    return rreq


def right(cres, version):
    check(cres, Context(version, "01", leg=Leg.FROM_ACS))
    return cres


@IN_EVERY_VERSION
@EVERY
async def test_text_a_code_by_sms(acs, version, enc):
    sdk = await begin(acs, "challenge-otp", sdk_of(version, enc))
    shown = right(await send(acs, sdk), version)
    assert shown["acsUiType"] == "01"
    assert "£" in shown["challengeInfoText"] or "€" in shown["challengeInfoText"]
    assert "Librairie Exemple" in shown["challengeInfoText"]
    assert acs.phone.code not in str(shown)
    final = right(await send(acs, sdk, challengeDataEntry=acs.phone.code), version)
    assert final["transStatus"] == "Y"
    rreq = await told(acs, sdk, "Y", interactionCounter="01")
    assert rreq["acsRenderingType"]["acsUiTemplate"] == "01"
    assert "authenticationValue" in rreq


@IN_EVERY_VERSION
@EVERY
async def test_single_select_and_then_a_code(acs, version, enc):
    sdk = await begin(acs, "challenge-single-select", sdk_of(version, enc))
    shown = right(await send(acs, sdk), version)
    assert shown["acsUiType"] == "02"
    assert [list(choice) for choice in shown["challengeSelectInfo"]] == [["1"], ["2"]]
    shown = right(await send(acs, sdk, challengeDataEntry="2"), version)
    assert shown["acsUiType"] == "01"
    assert (await send(acs, sdk, challengeDataEntry=acs.phone.code))["transStatus"] == "Y"
    await told(acs, sdk, "Y")


@IN_EVERY_VERSION
@EVERY
async def test_multi_select(acs, version, enc):
    sdk = await begin(acs, "challenge-multi-select", sdk_of(version, enc))
    shown = right(await send(acs, sdk), version)
    assert shown["acsUiType"] == "03"
    assert len(shown["challengeSelectInfo"]) == 6
    assert (await send(acs, sdk, challengeDataEntry="1,2"))["challengeInfoTextIndicator"] == "Y"
    final = await send(acs, sdk, challengeDataEntry=",".join(sorted(multi_select.SECRET)))
    assert final["transStatus"] == "Y"
    await told(acs, sdk, "Y", interactionCounter="02")


@IN_EVERY_VERSION
@EVERY
async def test_out_of_band_approved_before_continue_is_pressed(acs, version, enc):
    sdk = await begin(acs, "challenge-oob", sdk_of(version, enc))
    pressed = "01" if version == "2.3.1" else True
    shown = right(await send(acs, sdk), version)
    assert shown["acsUiType"] == "04"
    again = right(await send(acs, sdk, oobContinue=pressed), version)
    assert again["acsUiType"] == "04"
    assert acs.directory.rreqs == []
    await acs.decide("approve")
    await told(acs, sdk, "Y", interactionCounter="01")
    assert (await send(acs, sdk, oobContinue=pressed))["transStatus"] == "Y"
    await told(acs, sdk, "Y")


async def test_out_of_band_declined(acs):
    sdk = await begin(acs, "challenge-oob")
    await send(acs, sdk)
    await acs.decide("decline")
    assert (await send(acs, sdk, oobContinue=True))["transStatus"] == "N"
    await told(acs, sdk, "N")


@IN_EVERY_VERSION
@EVERY
async def test_html(acs, version, enc):
    sdk = await begin(acs, "challenge-html", sdk_of(version, enc))
    shown = right(await send(acs, sdk), version)
    assert shown["acsUiType"] == "05"
    page = html(shown)
    assert 'method="get" action="HTTPS://EMV3DS/challenge"' in page
    assert not re.search(r"<script|<link|<img|src=|@import|url\(", page)
    final = await send(acs, sdk, challengeHTMLDataEntry="challengeValue=yes&action=submit")
    assert final["transStatus"] == "Y"
    rreq = await told(acs, sdk, "Y")
    assert rreq["acsRenderingType"]["acsInterface"] == "02"


@pytest.mark.parametrize("enc", [CBC, GCM])
async def test_html_beside_the_banking_app_and_information_exist_in_2_3_1(acs, enc):
    sdk = await begin(acs, "challenge-oob", sdk_of("2.3.1", enc, interface="02"))
    shown = right(await send(acs, sdk), "2.3.1")
    assert shown["acsUiType"] == "06"
    await acs.decide("approve")
    assert (await send(acs, sdk, oobContinue="02"))["transStatus"] == "Y"
    sdk = await begin(acs, "challenge-auto-pass", sdk_of("2.3.1", enc))
    shown = right(await send(acs, sdk), "2.3.1")
    assert shown["acsUiType"] == "07"
    assert (await send(acs, sdk, infoContinueIndicator=True))["transStatus"] == "Y"


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
async def test_what_is_only_read_is_out_of_band_before_2_3_1(acs, version):
    sdk = await begin(acs, "challenge-auto-fail", sdk_of(version))
    assert right(await send(acs, sdk), version)["acsUiType"] == "04"
    assert (await send(acs, sdk, oobContinue=True))["transStatus"] == "N"
    await told(acs, sdk, "N")


@IN_EVERY_VERSION
@pytest.mark.parametrize(
    ("scenario", "typed"), [("challenge-password", static_password.PASSWORD), ("challenge-knowledge", knowledge.ANSWER)]
)
async def test_words_that_the_cardholder_knows(acs, version, scenario, typed):
    sdk = await begin(acs, scenario, sdk_of(version))
    shown = right(await send(acs, sdk), version)
    assert shown["acsUiType"] == "01"
    assert "resendInformationLabel" not in shown
    if version == "2.3.1":
        assert ("challengeDataEntryMasking" in shown["challengeEntryBox"]) == (scenario == "challenge-password")
    assert (await send(acs, sdk, challengeDataEntry=typed))["transStatus"] == "Y"


@pytest.mark.parametrize(
    "scenario",
    ["challenge-otp", "challenge-password", "challenge-single-select", "challenge-multi-select", "challenge-oob"],
)
async def test_everything_is_html_where_the_sdk_draws_nothing_else(acs, scenario):
    sdk = await begin(acs, scenario, SecondSdk(interface="02", types=("05",)))
    shown = right(await send(acs, sdk), "2.2.0")
    assert shown["acsUiType"] == "05"
    assert "HTTPS://EMV3DS/challenge" in html(shown)


async def test_html_takes_several_choices_and_a_code_that_is_resent(acs):
    sdk = await begin(acs, "challenge-multi-select", SecondSdk(interface="02", types=("05",)))
    await send(acs, sdk)
    chosen = "&".join(f"challengeValue={one}" for one in sorted(multi_select.SECRET))
    assert (await send(acs, sdk, challengeHTMLDataEntry=f"{chosen}&action=submit"))["transStatus"] == "Y"
    sdk = await begin(acs, "challenge-otp", SecondSdk(interface="02", types=("05",)))
    assert 'value="resend"' in html(await send(acs, sdk))
    await send(acs, sdk, challengeHTMLDataEntry="challengeValue=&action=resend")
    assert len(acs.phone.messages) == 2
    typed = f"challengeValue={acs.phone.code}&action=submit"
    assert (await send(acs, sdk, challengeHTMLDataEntry=typed))["transStatus"] == "Y"


@pytest.mark.parametrize(
    ("scenario", "offered"),
    [("challenge-otp", ("02", "03")), ("challenge-single-select", ("02",)), ("challenge-oob", ("01",))],
)
async def test_an_sdk_that_cannot_draw_the_question_is_an_unsupported_device(acs, scenario, offered):
    sdk = SecondSdk(interface="01", types=offered)
    _, ares = await acs.post_areq(areq(acs, sdk, compose("visa", SCENARIOS[scenario])))
    assert (ares["transStatus"], ares["transStatusReason"]) == ("U", "03")
    assert "acsSignedContent" not in ares


async def test_three_wrong_codes_end_it(acs):
    sdk = await begin(acs)
    await send(acs, sdk)
    for left in ("2", "1"):
        shown = await send(acs, sdk, challengeDataEntry=acs.phone.wrong_code)
        assert shown["challengeInfoTextIndicator"] == "Y"
        assert re.findall(r"\d", shown["challengeInfoText"].split("\n")[0]) == [left]
    assert (await send(acs, sdk, challengeDataEntry=acs.phone.wrong_code))["transStatus"] == "N"
    await told(acs, sdk, "N", transStatusReason="19", interactionCounter="03")


async def test_a_code_is_resent_and_only_the_new_one_counts(acs):
    sdk = await begin(acs)
    await send(acs, sdk)
    first = acs.phone.code
    shown = await send(acs, sdk, resendChallenge="Y")
    assert "challengeInfoTextIndicator" not in shown
    assert len(acs.phone.messages) == 2
    assert (await send(acs, sdk, challengeDataEntry=first))["challengeInfoTextIndicator"] == "Y"
    assert "resendInformationLabel" in await send(acs, sdk, challengeNoEntry="Y")
    await send(acs, sdk, resendChallenge="Y", challengeNoEntry="Y")
    assert "resendInformationLabel" not in await send(acs, sdk)
    assert (await send(acs, sdk, challengeDataEntry=acs.phone.code))["transStatus"] == "Y"


@IN_EVERY_VERSION
async def test_the_cardholder_cancels(acs, version):
    sdk = await begin(acs, sdk=sdk_of(version))
    await send(acs, sdk)
    final = await send(acs, sdk, challengeCancel="01")
    assert (final["transStatus"], final["challengeCompletionInd"]) == ("N", "Y")
    await told(acs, sdk, "N", challengeCancel="01")


async def test_a_first_creq_that_cancels_ends_it(acs):
    sdk = await begin(acs)
    assert (await send(acs, sdk, challengeCancel="01"))["transStatus"] == "N"
    await told(acs, sdk, "N", challengeCancel="01")


@pytest.mark.parametrize("ticked", ["Y", "N"])
@pytest.mark.parametrize("version", ["2.2.0", "2.3.1"])
async def test_the_merchant_is_trusted_by_a_switch(acs, version, ticked):
    new = version == "2.3.1"
    asked = ["09"] if new else "09"
    sdk = await begin(acs, sdk=sdk_of(version), threeDSRequestorChallengeInd=asked)
    shown = right(await send(acs, sdk), version)
    assert ("trustListInfoText" if new else "whitelistingInfoText") in shown
    entry = {"trustListDataEntry" if new else "whitelistingDataEntry": ticked}
    assert (await send(acs, sdk, challengeDataEntry=acs.phone.code, **entry))["transStatus"] == "Y"
    name = "trustListStatus" if new else "whiteListStatus"
    await told(acs, sdk, "Y", **{name: "Y" if ticked == "Y" else "R"})


async def test_the_device_is_remembered_by_a_switch_in_2_3_1(acs):
    sdk = await begin(acs, sdk=sdk_of("2.3.1"), threeDSRequestorChallengeInd=["12"])
    assert "deviceBindingInfoText" in right(await send(acs, sdk), "2.3.1")
    await send(acs, sdk, challengeDataEntry=acs.phone.code, deviceBindingDataEntry="Y")
    await told(acs, sdk, "Y", deviceBindingStatus="14")


async def test_words_are_in_the_language_of_the_device(acs):
    device = base64url({"DV": "1.6", "DD": {"C005": "fr-FR"}})
    sdk = await begin(acs, deviceInfo=device)
    assert (await send(acs, sdk))["challengeInfoHeader"] == "Confirmez votre paiement"


@pytest.mark.parametrize("device", ["W10", "bm90IGpzb24", "eyJERCI6eyJDMDA1IjpbXX19"])
async def test_device_data_that_say_nothing_are_let_be(acs, device):
    sdk = await begin(acs, deviceInfo=device)
    assert (await send(acs, sdk))["challengeInfoHeader"] == "Confirm your payment"


async def test_every_challenge_has_keys_of_its_own(acs):
    one, two = await begin(acs), await begin(acs)
    assert one.acs_key != two.acs_key
    assert one.k != two.k


@pytest.mark.parametrize("alg", ["ES256", "PS256"])
async def test_signed_content_is_signed_as_the_setting_says(alg):
    async with stage(content_signature=alg) as acs:
        sdk = await begin(acs)
        assert (await send(acs, sdk))["acsUiType"] == "01"


async def test_a_key_that_is_no_point_of_the_curve_is_203(acs):
    sdk = SecondSdk()
    wrong = sdk.jwk | {"y": sdk.jwk["x"]}
    _, answer = await acs.post_areq(areq(acs, sdk, OTP, sdkEphemPubKey=wrong))
    assert (answer["errorCode"], answer["errorDetail"]) == ("203", "sdkEphemPubKey")


async def test_idle_time_counts_from_every_cres(acs):
    sdk = await begin(acs)
    await send(acs, sdk)
    for _ in range(3):
        acs.runtime.clock.advance(timedelta(minutes=9))
        await send(acs, sdk)
    assert acs.directory.rreqs == []


async def test_the_journal_shows_both_messages_in_clear_and_the_code_never(acs):
    sdk = await begin(acs)
    await send(acs, sdk)
    code = acs.phone.code
    await send(acs, sdk, challengeDataEntry=code)
    html_sdk = await begin(acs, "challenge-otp", SecondSdk(interface="02", types=("05",)))
    await send(acs, html_sdk)
    second = acs.phone.code
    await send(acs, html_sdk, challengeHTMLDataEntry=f"challengeValue={second}&action=submit")
    entries = [
        entry
        for one in (sdk, html_sdk)
        for entry in await acs.runtime.journal.entries_of(one.server_trans_id)
        if {entry["from"], entry["to"]} == {"SDK", "ACS"}
    ]
    assert [entry["kind"] for entry in entries] == ["CReq", "CRes", "CReq", "CRes"] * 2
    assert entries[2]["message"]["challengeDataEntry"] == "***"
    assert entries[1]["message"]["challengeInfoHeader"] == "Confirm your payment"
    assert code not in str(entries)
    assert second not in str(entries)
