"""The code itself: RFC 4226, and what each typed value is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs.cardholder.securecode import LOOK_BACK, SecureCodes, SentCode, Verdict

NOW = datetime(2026, 6, 15, 12, 0, tzinfo=UTC)
PAN = "4000000001000001"
OTHER_PAN = "5200000001000006"
CODES = SecureCodes(b"k" * 32, timedelta(minutes=5))
SENT = SentCode(100, NOW, superseded=(97, 99))


def judged(typed: str, now: datetime = NOW, sent: SentCode = SENT) -> Verdict:
    return CODES.judge(PAN, sent, typed, now)


def code(counter: int) -> str:
    return CODES.code(PAN, counter)


def test_the_code_is_hotp_as_rfc_4226_computes_it():
    import base64
    import hmac

    import pyotp

    secret = hmac.digest(b"k" * 32, PAN.encode(), "sha1")
    assert pyotp.HOTP(base64.b32encode(secret).decode()).at(100) == code(100)
    digest = hmac.digest(secret, (100).to_bytes(8), "sha1")
    start = digest[-1] & 15
    assert code(100) == f"{(int.from_bytes(digest[start : start + 4]) & 0x7FFFFFFF) % 10**6:06}"


@pytest.mark.parametrize(
    ("typed", "now", "verdict"),
    [
        (code(100), NOW, Verdict.CORRECT),
        (code(100), NOW + timedelta(minutes=4, seconds=59), Verdict.CORRECT),
        (code(100), NOW + timedelta(minutes=5), Verdict.EXPIRED),
        (code(99), NOW, Verdict.SUPERSEDED),
        (code(97), NOW, Verdict.SUPERSEDED),
        (code(96), NOW, Verdict.REPLAYED),
        (code(97 - LOOK_BACK), NOW, Verdict.REPLAYED),
        (code(97 - LOOK_BACK - 1), NOW, Verdict.WRONG),
        (code(98), NOW, Verdict.WRONG),
        (code(101), NOW, Verdict.WRONG),
        ("", NOW, Verdict.BLANK),
        (" \t-\N{NO-BREAK SPACE}", NOW, Verdict.BLANK),
        (f" {code(100)[:3]} {code(100)[3:]} ", NOW, Verdict.CORRECT),
        (code(100)[:5], NOW, Verdict.WRONG),
        (code(100) + "0", NOW, Verdict.WRONG),
        (code(100).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")), NOW, Verdict.WRONG),
        ("\ud800", NOW, Verdict.WRONG),
    ],
)
def test_what_a_typed_value_is(typed, now, verdict):
    assert judged(typed, now) is verdict


def test_the_first_codes_of_a_card_have_no_predecessors():
    assert judged("000000", sent=SentCode(0, NOW)) in {Verdict.WRONG, Verdict.CORRECT}


def test_another_card_or_another_installation_has_other_codes():
    counters = range(5)
    assert [CODES.code(PAN, n) for n in counters] != [CODES.code(OTHER_PAN, n) for n in counters]
    assert [CODES.code(PAN, n) for n in counters] != [
        SecureCodes(b"x" * 32, timedelta(1)).code(PAN, n) for n in counters
    ]


@given(st.text(max_size=80))
def test_whatever_is_typed_gets_a_verdict(typed):
    assert judged(typed) in Verdict
