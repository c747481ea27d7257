"""The screens of the phone app, drawn from CRes typed by hand: everything that an ACS may say, and nothing of it believed."""

from types import SimpleNamespace

import pytest
from lxml import html as reader

from acs_sim.client.sdk.actions import HTML_TYPES, link_of
from acs_sim.desk.pages.phone_page import Told, pictures
from acs_sim.desk.pages.rendering import render

WORDS = {
    "challengeInfoHeader": "Confirm your payment",
    "challengeInfoLabel": "Code",
    "challengeInfoText": "Two\nlines",
    "submitAuthenticationLabel": "Confirm",
}


def drawn(version="2.2.0", app=None, **screen):
    cres = {"messageVersion": version, **screen}
    shown = render(
        "phone_screen.html",
        app=SimpleNamespace(outcome=None, away=None, trans_status=None, reason=None, **(app or {})),
        id="an-app",
        one=None,
        screen=Told(cres),
        images=pictures(cres),
        link=link_of(cres),
        web_view=cres["acsUiType"] in HTML_TYPES,
        version=1,
        decided=False,
        phone=None,
        phone_page=None,
    )
    return reader.fromstring(f"<div>{shown}</div>")


def buttons(screen):
    return {one.get("value"): one.text_content().strip() for one in screen.iter("button") if one.get("name") == "do"}


def switches(screen):
    return {one.get("name"): one.getparent().text_content().strip() for one in screen.xpath("//input[@role='switch']")}


@pytest.mark.parametrize(
    ("ui_type", "more", "expected"),
    [
        ("01", {"resendInformationLabel": "Again"}, {"submit": "Confirm", "resend": "Again"}),
        ("01", {"version": "2.3.1", "challengeAddLabel": "More"}, {"submit": "Confirm", "add": "More"}),
        ("02", {"challengeSelectInfo": [{"1": "One"}, {"2": "Two"}]}, {"submit": "Confirm"}),
        ("04", {"submitAuthenticationLabel": "", "oobContinueLabel": "Go on"}, {"submit": "Go on"}),
        (
            "04",
            {
                "version": "2.3.1",
                "submitAuthenticationLabel": "",
                "oobAppURL": "https://bank.example",
                "oobAppLabel": "Open",
            },
            {"open": "Open"},
        ),
        ("07", {"version": "2.3.1", "submitAuthenticationLabel": "", "infoContinueLabel": "Read"}, {"submit": "Read"}),
    ],
)
def test_every_button_of_a_screen_is_there_and_no_other(ui_type, more, expected):
    assert buttons(drawn(acsUiType=ui_type, **{**WORDS, **more})) == expected | {"cancel": "Cancel", "leave": "Home"}


def test_several_choices_are_ticked_and_one_is_picked():
    choices = {"challengeSelectInfo": [{"1": "One"}, {"2": "Two"}]}
    several, one = (drawn(acsUiType=kind, **WORDS, **choices) for kind in ("03", "02"))
    assert several.xpath("//fieldset//input/@name") == ["choice-1", "choice-2"]
    assert one.xpath("//fieldset//input/@value") == ["1", "2"]


def test_two_boxes_are_as_the_acs_wants_them():
    code = {
        "challengeDataEntryLabel": "Code",
        "challengeDataEntryKeyboardType": "01",
        "challengeDataEntryLengthMax": "06",
    }
    secret = {"challengeDataEntryLabel": "Secret", "challengeDataEntryMasking": "Y", "challengeDataEntryToggle": "Y"}
    screen = drawn("2.3.1", acsUiType="01", **WORDS, challengeEntryBox=code, challengeEntryBoxTwo=secret)
    first, second = screen.xpath("//input[@id]")
    assert (first.get("type"), first.get("inputmode"), first.get("maxlength")) == ("text", "numeric", "06")
    assert (second.get("name"), second.get("type")) == ("second", "password")
    assert screen.xpath("//button[@data-reveal]/@data-reveal") == ["second"]


@pytest.mark.parametrize(
    ("version", "told", "expected"),
    [
        ("2.2.0", {"whitelistingInfoText": "Trust?"}, {"trust": "Trust?"}),
        (
            "2.3.1",
            {"trustListInfoText": "Trust?", "deviceBindingInfoText": "Bind?"},
            {"trust": "Trust?", "bind": "Bind?"},
        ),
    ],
)
@pytest.mark.parametrize("above", [None, "01"])
def test_switches_stand_above_the_buttons_or_below(version, told, expected, above):
    screen = drawn(version, acsUiType="01", **WORDS, **told, **({"togglePositionInd": above} if above else {}))
    assert switches(screen) == expected
    order = [
        one.get("role") or one.get("value")
        for one in screen.xpath("//form[@id='native']//*[@role='switch' or @value='submit']")
    ]
    assert (order[0] == "switch") == (above is not None)


def test_images_are_those_of_the_density_or_of_the_colours():
    densities = {"medium": "https://b.example/1", "high": "https://b.example/2", "extraHigh": "https://b.example/3"}
    (old,) = drawn(acsUiType="01", **WORDS, issuerImage=densities).xpath("//img")
    assert old.get("srcset") == "https://b.example/1 1x, https://b.example/2 2x, https://b.example/3 3x"
    colours = {"default": "https://b.example/d", "dark": "https://b.example/n"}
    screen = drawn("2.3.1", acsUiType="01", **WORDS, psImage=colours)
    assert screen.xpath("//img/@src") == ["https://b.example/d"]
    assert screen.xpath("//source/@srcset") == ["https://b.example/n"]


HOSTILE = '"><script>alert(1)</script><b onmouseover=x>'


def test_what_an_acs_says_is_text_and_nothing_else():
    named = dict.fromkeys(("whyInfoLabel", "whyInfoText", "expandInfoLabel", "expandInfoText"), HOSTILE)
    named |= dict.fromkeys((*WORDS, "resendInformationLabel", "whitelistingInfoText", "oobContinueLabel"), HOSTILE)
    screens = (
        drawn(acsUiType="01", **named, issuerImage={"medium": HOSTILE}),
        drawn(acsUiType="03", **named, challengeSelectInfo=[{HOSTILE: HOSTILE}]),
        drawn("2.3.1", acsUiType="01", **named, challengeEntryBox={"challengeDataEntryLabel": HOSTILE}),
        drawn("2.3.1", acsUiType="04", **named, oobAppURL=f"javascript:{HOSTILE}", oobAppLabel=HOSTILE),
    )
    for screen in screens:
        assert screen.xpath("//script | //b | //*[@onmouseover]") == []
        assert not [href for href in screen.xpath("//@href | //@action") if not href.startswith("/app/an-app")]
        assert "<script>" in screen.text_content()
