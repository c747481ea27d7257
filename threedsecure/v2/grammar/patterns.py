"""What most formats are made of: lists of values, kinds of text, dates, addresses."""

from typing import Final

from threedsecure.v2.grammar.formats import (
    ANYTHING,
    BASE64URL,
    EMV_COMMON,
    ByVersion,
    Coded,
    IsoCode,
    Text,
    by_version,
    printable_text,
)


def codes(*values: str, ds: bool = False) -> Coded:
    """`"01 native"` is the value 01 with its meaning; `ds`: 80 to 99 too. Given twice, the later meaning stands."""
    meanings = {value.partition(" ")[0]: value.partition(" ")[2] for value in values}
    numeric = all(map(str.isdigit, meanings))
    return Coded(tuple(sorted(meanings.items(), key=lambda pair: int(pair[0])) if numeric else meanings.items()), ds)


def growing(*values: str, v220: tuple[str, ...] = (), v231: tuple[str, ...] = (), ds: bool = False) -> ByVersion:
    """Coded values of 2.1.0, what 2.2.0 added, and what 2.3.1 added to both. A code given again is a meaning that changed."""
    return by_version(codes(*values, ds=ds), codes(*values, *v220, ds=ds), codes(*values, *v220, *v231, ds=ds))


def printable(least: int, most: int | None = None) -> Text:
    """Characters that can be shown, of any script; one argument is an exact length."""
    most = most or least
    narrow = f"[ -~]{{{least},{most}}}"
    return Text("characters that can be shown", printable_text(least, most), least, most, ascii=narrow)


def prose(most: int | None, least: int = 1) -> Text:
    """Any characters, line feeds too."""
    return Text("any characters", f"{ANYTHING}{{{least},{most or ''}}}", least, most, lines=True)


def digits(least: int, most: int | None = None, words: str = "digits") -> Text:
    most = most or least
    return Text(words, f"[0-9]{{{least},{most}}}", least, most)


def emv_common(least: int, most: int) -> Text:
    return Text("characters of EMV Book 4, annex B (printable ASCII)", f"{EMV_COMMON}{{{least},{most}}}", least, most)


def matching(words: str, regex: str, least: int, most: int | None) -> Text:
    """A string that `regex` matches whole; the regex sees to the lengths."""
    return Text(words, regex, least, most)


def bound(least: int, most: int | None) -> str:
    """Looks ahead that the line has `least` to `most` characters, for expressions that cannot count them."""
    return rf"(?=[^\n]{{{least},{most or ''}}}(?![^\n]))"


_AUTHORITY = r"(?:\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?|[A-Za-z0-9._~%!$&'()*+,;=:@-]+)"
_REST = r"(?:[/?#][A-Za-z0-9._~%!$&'()*+,;=:@/?#\[\]-]*)?"


def url(most: int) -> Text:
    """An absolute http or https URL (RFC 3986). Plain http is accepted: a developer's desk has no certificates."""
    return Text(
        "an absolute http or https URL", rf"{bound(8, most)}[Hh][Tt][Tt][Pp][Ss]?://{_AUTHORITY}{_REST}", 8, most
    )


def link(most: int) -> Text:
    """A URL of any scheme, as apps register them."""
    return Text("a URL", rf"{bound(3, most)}[A-Za-z][A-Za-z0-9+.-]*:[!-~]+", 3, most)


def base64url(least: int, most: int | None) -> Text:
    return Text("base64url without padding", f"{BASE64URL}{{{least},{most or ''}}}", least, most)


def exactly(words: str, regex: str, length: int) -> Text:
    """A string of one length that `regex` matches whole."""
    return Text(words, regex, length, length)


def jws(most: int | None) -> Text:
    return Text("a JWS in compact form", rf"{bound(5, most)}{BASE64URL}+(?:\.{BASE64URL}+){{2}}", 5, most)


_YEAR = "[0-9]{4}"
_MONTH_DAY = (
    "(?:(?:0[13578]|1[02])(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)(?:0[1-9]|[12][0-9]|30)|02(?:0[1-9]|1[0-9]|2[0-8]))"
)
_LEAP_DAY = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)0229"
_DATE = f"(?:{_YEAR}{_MONTH_DAY}|{_LEAP_DAY})"
_MINUTE = "(?:[01][0-9]|2[0-3])[0-5][0-9]"

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}(?:\.{_OCTET}){{3}}"
_GROUP = "[0-9A-Fa-f]{1,4}"
_IPV6_WHOLE = f"(?:{_GROUP}:){{6}}(?:{_GROUP}:{_GROUP}|{_IPV4})"
# Shortened by `::`, which stands for at least one group: n groups before it, at most 7 - n after it.
_IPV6_SHORT = "|".join(
    f"{f'{_GROUP}(?::{_GROUP}){{{before - 1}}}' if before else ''}::(?:(?:{_GROUP}:){{0,{6 - before}}}{_GROUP})?"
    for before in range(7)
)
_IPV6_SHORT_WITH_IPV4 = "|".join(
    f"{f'{_GROUP}(?::{_GROUP}){{{before - 1}}}' if before else ''}::(?:{_GROUP}:){{0,{5 - before}}}{_IPV4}"
    for before in range(6)
)
_IPV6 = f"{_IPV6_WHOLE}|{_IPV6_SHORT}|(?:{_GROUP}:){{7}}:|{_IPV6_SHORT_WITH_IPV4}"

INTERNET_ADDRESS: Final = matching("an IPv4 address in dotted form or an IPv6 address", f"{_IPV4}|{_IPV6}", 1, 45)
UUID: Final = exactly(
    "a UUID in canonical form (8-4-4-4-12)",
    "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",
    36,
)
DATE: Final = exactly("a date, YYYYMMDD", _DATE, 8)
DATE_MINUTE: Final = exactly("a time in UTC, YYYYMMDDHHMM", _DATE + _MINUTE, 12)
DATE_SECOND: Final = exactly("a time in UTC, YYYYMMDDHHMMSS", f"{_DATE}{_MINUTE}[0-5][0-9]", 14)
COUNTRY: Final = IsoCode("country")
CURRENCY: Final = IsoCode("currency")
FLAG_Y: Final = codes("Y")
YES_NO: Final = codes("Y", "N")
_ATOM = r"[\w!#$%&'*+/=?^`{|}~-]+"  # atext of RFC 5322, with the letters of RFC 6532: what is not listed is not there
EMAIL: Final = matching(
    "an e-mail address (RFC 5322 addr-spec)",
    rf'{bound(3, 254)}(?:{_ATOM}(?:\.{_ATOM})*|"(?:[\w !#-\[\]-~]|\\[ -~])*")@(?:{_ATOM}(?:\.{_ATOM})*|\[[!-Z^-~]+\])',
    3,
    254,
)
