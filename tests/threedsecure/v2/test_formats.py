import re
from datetime import date, timedelta
from ipaddress import ip_address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from threedsecure.v2.elements import ELEMENTS, format_of
from threedsecure.v2.grammar import patterns
from threedsecure.v2.grammar.formats import ByVersion, Format, accepted, compile_format, encoded_length, line_pattern


def accepts(form: Format, value: object) -> bool:
    return accepted(compile_format(form), value)


def test_every_day_of_the_calendar_is_a_date_and_no_other_is() -> None:
    test = compile_format(patterns.DATE)
    for year in (1896, 1900, 1999, 2000, 2023, 2024, 2026, 2100):
        days = {(date(year, 1, 1) + timedelta(days=n)).strftime("%Y%m%d") for n in range(366)}
        days = {day for day in days if day.startswith(str(year))}
        for month in range(14):
            for day in range(33):
                text = f"{year}{month:02}{day:02}"
                assert bool(test(text)) == (text in days), text


@pytest.mark.parametrize("text", ["20260615235959", "20240229000000"])
def test_times_to_the_second_are_accepted(text: str) -> None:
    assert accepts(patterns.DATE_SECOND, text)
    assert accepts(patterns.DATE_MINUTE, text[:12])


@pytest.mark.parametrize(
    "text", ["20260615240000", "20260615236000", "20260615235960", "20230229000000", "2026061523595"]
)
def test_times_that_do_not_exist_are_not(text: str) -> None:
    assert not accepts(patterns.DATE_SECOND, text)


@given(st.ip_addresses().map(str))
@example("::")
@example("::1")
@example("1::")
@example("::ffff:192.0.2.1")
@example("2001:db8::192.0.2.33")
@example("1:2:3:4:5:6:7::")
@example("::2:3:4:5:6:7:8")
@example("1:2:3:4:5:6:192.0.2.1")
def test_internet_addresses_are_accepted(text: str) -> None:
    assert accepts(patterns.INTERNET_ADDRESS, text)


@given(st.text(alphabet="0123456789abF:.", max_size=45))
@example("1:2:3:4:5:6:7:8:9")
@example("1::2::3")
@example(":::")
@example("1:2:3:4:5:6:7:")
@example("::192.0.2.256")
@example("1:2:3:4:5:6:7:192.0.2.1")
@example("192.0.2")
def test_an_internet_address_is_what_the_standard_library_reads_as_one(text: str) -> None:
    try:
        ip_address(text)
    except ValueError:
        expected = False
    else:
        expected = True
    assert accepts(patterns.INTERNET_ADDRESS, text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:8400/3ds2/results",
        "https://boutique.example",
        "HTTPS://a.example/p?q=1&r=%20#f",
        "http://[::1]:8000/",
    ],
)
def test_absolute_addresses_of_web_pages_are_urls(text: str) -> None:
    assert accepts(patterns.url(2048), text)


@pytest.mark.parametrize(
    "text",
    [
        "boutique.example",
        "/results",
        "https://",
        "https:///results",
        "ftp://a.example",
        "javascript:alert(1)",
        "https://a.example/é",
        "https://a.example/a b",
        'https://a.example/"',
        "https://a.example/<script>",
        "https://a.example/\n",
        " https://a.example",
        "https://a.example/" + "x" * 2048,
    ],
)
def test_anything_else_is_none(text: str) -> None:
    assert not accepts(patterns.url(2048), text)


def test_a_url_may_be_exactly_as_long_as_its_bound() -> None:
    longest = "https://a.example/" + "x" * (256 - 18)
    assert accepts(patterns.url(256), longest)
    assert not accepts(patterns.url(256), longest + "x")


@pytest.mark.parametrize(
    "text", ["a@b.example", "a.b+c@d-e.example", '"a b"@c.example', "a@[192.0.2.1]", "é@b.example"]
)
def test_mail_addresses_are_accepted(text: str) -> None:
    assert accepts(patterns.EMAIL, text)


@pytest.mark.parametrize("text", ["a", "@b", "a@", "a b@c", "a@b@c", "a..b@c", ".a@b", "a@b\n", "a@" + "b" * 254])
def test_what_is_no_mail_address_is_not(text: str) -> None:
    assert not accepts(patterns.EMAIL, text)


@pytest.mark.parametrize(
    ("code", "good"), [("250", True), ("840", True), ("901", False), ("983", False), ("999", False), ("000", False)]
)
def test_country_codes_are_those_of_iso_3166_without_the_excluded_ones(code: str, good: bool) -> None:
    assert accepts(patterns.COUNTRY, code) == good


@pytest.mark.parametrize(
    ("code", "good"), [("978", True), ("008", True), ("955", False), ("964", False), ("999", False), ("997", True)]
)
def test_currency_codes_are_those_of_iso_4217_without_the_excluded_ones(code: str, good: bool) -> None:
    assert accepts(patterns.CURRENCY, code) == good


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("threeDSRequestorDecMaxTime", ["00001", "09999", "10000", "10080"], ["00000", "10081", "99999", "1", "0001 "]),
        ("sdkMaxTimeout", ["05", "09", "10", "99"], ["00", "04", "5", "100"]),
        ("purchaseInstalData", ["2", "02", "002", "999", "10"], ["0", "1", "01", "001", "1000", "0002"]),
        ("recurringFrequency", ["1", "0001", "28", "9999"], ["0", "0000", "10000"]),
        ("browserTZ", ["0", "-120", "+840", "60"], ["--1", "1.5", "-12000", ""]),
        ("cardExpiryDate", ["2601", "2612"], ["2600", "2613", "261"]),
        ("browserColorDepth", ["24", "48", "1"], ["30", "0", "024"]),
        ("sdkCounterStoA", ["000", "199", "255"], ["256", "300", "00"]),
        ("cardholderName", ["AB", "O'NEILL/J"], ["A", "FRANÇOISE"]),
        ("browserLanguage", ["fr", "fr-FR", "zh-Hans"], ["fr_FR", "-", "zh-Hans-CN"]),
        ("messageVersion", ["2.2.0", "10.10.10"], ["2.2", "2.2.0.1", "2.2.a"]),
        (
            "authenticationValue",
            ["AAABBWcSNIdjeUZThmNHAAAAAAA=", "xgRN2sY8AAAAAAAAAAAAAAAAAAAA"],
            ["AAABBWcSNIdjeUZThmNHAAAAAA==", "AA="],
        ),
    ],
)
def test_bounds_inside_a_format_are_held(name: str, good: list[str], bad: list[str]) -> None:
    form = format_of("AReq", name, "2.2.0")
    assert [value for value in good if not accepts(form, value)] == []
    assert [value for value in bad if accepts(form, value)] == []


def all_formats() -> list[Format]:
    found: list[Format] = []
    for form in ELEMENTS.values():
        found += [form.v210, form.v220, form.v231] if isinstance(form, ByVersion) else [form]
    return found


def test_no_format_that_is_matched_together_with_others_takes_a_line_feed() -> None:
    for form in all_formats():
        pattern = line_pattern(form)
        if pattern is not None:
            compiled = re.compile(pattern)
            for text in ("\n", "a\nb", "1\n1", "aa@b.example\n", 'a"\n"@b.c', "https://a.example/\nb", "a:b\nc"):
                assert not compiled.fullmatch(text), (form, text)


def test_every_format_says_what_is_allowed_and_refuses_nothing_at_all() -> None:
    for form in all_formats():
        assert form.allowed
        for value in (None, "", {}, []):
            assert not accepts(form, value), (form, value)


def test_a_format_of_which_another_json_type_is_shown_refuses_in_its_own_words() -> None:
    chosen = format_of("CRes", "challengeSelectInfo", "2.1.0")
    assert chosen.item.allowed == '{"key": "label"} with a label of at most 45 characters'
    either = format_of("AReq", "threeDSRequestorAuthenticationInfo.threeDSReqAuthData", "2.3.1")
    for form in (chosen.item, either, chosen):
        assert form.code(7, "2.1.0") == form.code("x", "2.3.1") == "203"


def test_a_length_counts_what_is_written() -> None:
    assert encoded_length({"a": "é", "b": [1, 2]}) == len('{"a":"é","b":[1,2]}'.encode())
    assert encoded_length({"a": "é", "b": 10**30}) == len(f'{{"a":"é","b":{10**30}}}'.encode())
