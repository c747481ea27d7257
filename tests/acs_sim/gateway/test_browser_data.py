"""What an AReq says of the browser, with and without JavaScript."""

import pytest

from acs_sim.gateway.three_ds_server.browser_data import browser_elements, window_size

HEADERS = {"accept": "text/html", "user-agent": "Mozilla/5.0", "accept-language": "fr-FR,fr;q=0.9"}
TOLD = {
    "browserJavascriptEnabled": "true",
    "browserJavaEnabled": "false",
    "browserLanguage": "fr-FR",
    "browserColorDepth": "30",
    "browserScreenHeight": "1080",
    "browserScreenWidth": "1920",
    "browserTZ": "-120",
}


def test_a_browser_with_javascript_tells_everything():
    assert browser_elements("2.2.0", TOLD, HEADERS, "127.0.0.1") == {
        "browserAcceptHeader": "text/html",
        "browserUserAgent": "Mozilla/5.0",
        "browserIP": "127.0.0.1",
        "browserLanguage": "fr-FR",
        "browserJavascriptEnabled": True,
        "browserJavaEnabled": False,
        "browserColorDepth": "24",
        "browserScreenHeight": "1080",
        "browserScreenWidth": "1920",
        "browserTZ": "-120",
    }


def test_a_browser_without_javascript_says_so_in_2_2_0_and_says_no_more():
    elements = browser_elements("2.2.0", {"browserJavascriptEnabled": "false"}, HEADERS, "127.0.0.1")
    assert elements["browserJavascriptEnabled"] is False
    assert not {
        "browserColorDepth",
        "browserScreenHeight",
        "browserScreenWidth",
        "browserTZ",
        "browserJavaEnabled",
    } & set(elements)
    assert elements["browserLanguage"] == "fr-FR"


def test_in_2_1_0_a_browser_without_javascript_gets_the_values_that_the_version_demands():
    elements = browser_elements("2.1.0", {}, HEADERS, "127.0.0.1")
    assert "browserJavascriptEnabled" not in elements
    assert elements["browserColorDepth"] == "24"
    assert elements["browserJavaEnabled"] is False


@pytest.mark.parametrize(
    ("depth", "sent"),
    [("24", "24"), ("30", "24"), ("48", "48"), ("99", "48"), ("2", "1"), ("0", "1"), ("x", "24"), ("1" * 9, "24")],
)
def test_a_colour_depth_outside_the_list_becomes_the_next_lower_one(depth, sent):
    assert browser_elements("2.2.0", {**TOLD, "browserColorDepth": depth}, HEADERS, "::1")["browserColorDepth"] == sent


@pytest.mark.parametrize(
    ("told", "sent"),
    [
        ("fr-FR", "fr-FR"),
        ("zh-Hans-CN", "zh-Hans"),
        ("de-CH-1996", "de-CH"),
        ("abcdefghij", "abcdefgh"),
        ("<b>", "en"),
        ("x", "en"),
    ],
)
def test_a_language_fits_into_eight_characters(told, sent):
    assert browser_elements("2.2.0", {**TOLD, "browserLanguage": told}, HEADERS, "::1")["browserLanguage"] == sent


def test_hostile_values_become_sane_ones():
    told = {**TOLD, "browserScreenHeight": "-1", "browserScreenWidth": "9" * 9, "browserTZ": "noon"}
    headers = {"accept": "a" * 5000, "user-agent": "x\r\ny\x00é"}
    elements = browser_elements("2.2.0", told, headers, "::1")
    assert (elements["browserScreenHeight"], elements["browserScreenWidth"], elements["browserTZ"]) == (
        "1080",
        "1920",
        "0",
    )
    assert len(elements["browserAcceptHeader"]) == 2048
    assert elements["browserUserAgent"] == "xy"


@pytest.mark.parametrize(
    ("asked", "told", "size"),
    [("02", "03", "02"), (None, "03", "03"), ("99", "01", "01"), (None, "", "05"), (None, None, "05")],
)
def test_the_window_is_the_one_asked_for_or_chosen_by_the_page_or_full(asked, told, size):
    assert window_size(asked, told) == size
