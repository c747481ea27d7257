"""What an app's screens have beside their question: images, words that explain, a second box, the way to the banking app."""

import pytest

from acs.cardholder.methods import knowledge, static_password
from acs.cardholder.texts import HELP, LANGUAGES, translated
from tests.acs.app_stage import begin, html, send
from tests.acs.second_sdk import SecondSdk
from tests.acs.test_app_challenge import right, sdk_of

LINK = {"name": "Bridging", "id": "A000000802-004", "criticalityIndicator": False}
SUPPORTED = [{**LINK, "data": {"version": "1.0", "challengeData": {"oobAppURLInd": "01"}}}]


@pytest.mark.parametrize(("version", "kinds"), [("2.1.0", ("medium", "high", "extraHigh")), ("2.3.1", ("default",))])
async def test_bank_and_scheme_have_images_that_are_there(acs, version, kinds):
    shown = right(await send(acs, await begin(acs, sdk=sdk_of(version))), version)
    for element in ("issuerImage", "psImage"):
        assert tuple(shown[element]) == kinds
        for url in shown[element].values():
            async with acs.browser.get(url) as answer:
                assert (answer.status, answer.content_type) == (200, "image/png")
                assert (await answer.read()).startswith(b"\x89PNG")


async def test_it_is_explained_why_the_cardholder_is_asked_and_what_for(acs):
    shown = await send(acs, await begin(acs))
    assert (shown["whyInfoLabel"], shown["expandInfoLabel"]) == ("Why am I asked?", "What is this code?")
    assert "expandInfoLabel" not in await send(acs, await begin(acs, "challenge-password"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_explains_fits_the_screens_in_every_language(language):
    words = {name: translated(text, language) for name, text in HELP.items()}
    assert [name for name, text in words.items() if len(text) > (256 if name.endswith("text") else 45)] == []
    assert language == "en" or not set(words.values()) & set(HELP.values())


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
async def test_who_comes_back_from_the_banking_app_reads_other_words_before_2_3_1(acs, version):
    native = right(await send(acs, await begin(acs, "challenge-oob", sdk_of(version))), version)
    drawn = right(await send(acs, await begin(acs, "challenge-oob", sdk_of(version, interface="02"))), version)
    assert ("challengeAddInfo" in native, "acsHTMLRefresh" in drawn) == (version != "2.3.1",) * 2
    if version != "2.3.1":
        assert native["challengeAddInfo"] in html({"acsHTML": drawn["acsHTMLRefresh"]})
        assert native["challengeAddInfo"] not in html(drawn)


async def test_the_banking_app_is_opened_by_a_link_where_the_sdk_does_that(acs):
    sdk = await begin(acs, "challenge-oob", sdk_of("2.3.1"))
    shown = right(await send(acs, sdk, oobAppURLInd="01"), "2.3.1")
    assert ("/phones/" in shown["oobAppURL"], shown["oobAppLabel"]) == (True, "Open the banking app")
    told = right(await send(acs, sdk, oobAppURLInd="01", oobAppStatus="01"), "2.3.1")
    assert "could not reach your banking app" in told["challengeInfoText"]
    await acs.decide("approve")
    assert (await send(acs, sdk, oobAppURLInd="01", oobContinue="02"))["transStatus"] == "Y"


async def test_the_link_tells_the_banking_app_the_way_back(acs):
    for url, ends in (("shop://back?x=1", "?return=shop%3A%2F%2Fback%3Fx%3D1"), (None, "")):
        sdk = await begin(acs, "challenge-oob", sdk_of("2.3.1"))
        shown = right(await send(acs, sdk, oobAppURLInd="01", threeDSRequestorAppURL=url), "2.3.1")
        assert shown["oobAppURL"].partition("/phones/")[2].partition("?")[2] == ends[1:]
    sdk = await begin(acs, "challenge-oob", sdk_of("2.2.0"))
    shown = await send(acs, sdk, messageExtension=SUPPORTED, threeDSRequestorAppURL="shop://" + "b" * 240)
    assert "return" not in shown["messageExtension"][0]["data"]["challengeData"]["oobAppURL"]


async def test_who_comes_back_before_the_decision_is_asked_again(acs):
    sdk = await begin(acs, "challenge-oob", sdk_of("2.3.1"))
    await send(acs, sdk, oobAppURLInd="01")
    again = right(await send(acs, sdk, oobAppURLInd="01", oobContinue="02"), "2.3.1")
    assert (again["acsUiType"], "no answer yet" in again["challengeInfoText"]) == ("04", True)


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0"])
async def test_before_2_3_1_the_link_travels_in_the_bridging_extension(acs, version):
    sdk = await begin(acs, "challenge-oob", sdk_of(version))
    shown = right(await send(acs, sdk, messageExtension=SUPPORTED), version)
    assert "oobAppURL" not in shown
    (extension,) = shown["messageExtension"]
    told = extension["data"]["challengeData"]
    assert ({name: extension[name] for name in LINK}, told["oobAppLabel"]) == (LINK, "Open the banking app")
    assert "messageExtension" not in await send(acs, await begin(acs, "challenge-oob", sdk_of(version)))


@pytest.mark.parametrize(("scenario", "comes_back"), [("challenge-oob", "Y"), ("challenge-otp", "N")])
async def test_the_ares_says_whether_the_banking_app_comes_back(acs, scenario, comes_back):
    sdk = await begin(acs, scenario, sdk_of("2.3.1"))
    assert sdk.ares["threeDSRequestorAppURLInd"] == comes_back


async def test_the_additional_button_tells_what_to_do_and_costs_no_try(acs):
    sdk = await begin(acs, sdk=sdk_of("2.3.1"))
    assert (await send(acs, sdk))["challengeAddLabel"] == "I did not get the code"
    told = right(await send(acs, sdk, challengeAddCode="Y"), "2.3.1")
    assert "contact your bank" in told["challengeInfoText"]
    assert "3" not in (await send(acs, sdk, challengeDataEntry="000000"))["challengeInfoText"].partition("\n")[0]


TWO = "challenge-password-question"


@pytest.mark.parametrize(
    ("first", "second", "ends"),
    [
        (static_password.PASSWORD, knowledge.ANSWER, "Y"),
        (static_password.PASSWORD, None, "asks the second alone"),
        (static_password.PASSWORD, "wrong", "asks the second alone"),
        ("wrong", knowledge.ANSWER, "asks both again"),
    ],
)
async def test_two_boxes_ask_two_questions_on_one_screen(acs, first, second, ends):
    sdk = await begin(acs, TWO, sdk_of("2.3.1"))
    shown = right(await send(acs, sdk), "2.3.1")
    assert shown["challengeEntryBoxTwo"]["challengeDataEntryLabel"] == "Name of your first pet"
    after = await send(acs, sdk, challengeDataEntry=first, challengeDataEntryTwo=second)
    if ends == "Y":
        assert after["transStatus"] == "Y"
        return
    assert ("challengeEntryBoxTwo" in after) == (ends == "asks both again")
    password = {} if ends == "asks the second alone" else {"challengeDataEntryTwo": knowledge.ANSWER}
    typed = knowledge.ANSWER if not password else static_password.PASSWORD
    assert (await send(acs, sdk, challengeDataEntry=typed, **password))["transStatus"] == "Y"


async def test_before_2_3_1_they_are_asked_one_after_the_other(acs):
    sdk = await begin(acs, TWO, SecondSdk())
    await send(acs, sdk)
    following = await send(acs, sdk, challengeDataEntry=static_password.PASSWORD)
    assert following["challengeInfoLabel"] == "Name of your first pet"
    assert (await send(acs, sdk, challengeDataEntry=knowledge.ANSWER))["transStatus"] == "Y"
