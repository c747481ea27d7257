"""The sequence diagram: who stands where, and the gist of each message."""

import pytest
from lxml import etree

from acs_sim.desk.pages.picture import svg_file
from acs_sim.desk.transactions.diagram import LIVE, diagram, gist, tone
from acs_sim.desk.transactions.sequence import mermaid
from acs_sim.desk.words import amount_text


def entry(sender, receiver, kind="AReq", at="2026-06-15T12:00:00.000+00:00", **message):
    return {"at": at, "from": sender, "to": receiver, "kind": kind, "transaction_id": "t", "message": message}


def test_parties_stand_in_the_order_of_the_protocol_whoever_speaks_first():
    picture = diagram([entry("ACS", "Phone"), entry("Browser", "ACS"), entry("Postman", "Shop")])
    assert picture.parties == ("Shop", "Browser", "ACS", "Phone", "Postman")


def test_an_arrow_spans_from_its_sender_to_its_receiver():
    there, back = diagram([entry("Browser", "ACS"), entry("ACS", "Browser")], LIVE).arrows
    assert (there.first, there.last, there.span, there.backward) == (2, 5, 4, False)
    assert (back.first, back.last, back.backward) == (2, 5, True)


def test_time_counts_from_the_first_message():
    arrows = diagram([entry("A", "B"), entry("B", "A", at="2026-06-15T12:00:01.250+00:00")]).arrows
    assert [arrow.after_ms for arrow in arrows] == [0, 1250]


def test_no_message_is_an_empty_picture():
    assert diagram([]).arrows == ()


@pytest.mark.parametrize(
    ("kind", "message", "told", "mood"),
    [
        ("ARes", {"transStatus": "Y", "eci": "05"}, "Y authenticated · ECI 05", "good"),
        ("ARes", {"transStatus": "C"}, "C challenge", "wait"),
        (
            "RReq",
            {"transStatus": "N", "transStatusReason": "19", "interactionCounter": "03"},
            "N not authenticated · reason 19 · tries 03",
            "bad",
        ),
        ("ARes", {"transStatus": "?"}, "?", "bad"),
        ("Erro", {"errorCode": "203", "errorDetail": "eci"}, "203 · eci", "bad"),
        ("RRes", {"resultsStatus": "01"}, "results 01", ""),
        ("connection failed", {"reason": "no answer"}, "no answer", "bad"),
        ("SMS", {"state": "delivered", "body": "***"}, "delivered", ""),
        ("AReq", {"messageVersion": 7, "purchaseAmount": {"x": 1}, "merchantName": None}, "7", ""),
        ("challenge page", {"action": "submit"}, "submit", ""),
        ("whatever", {}, "", ""),
    ],
)
def test_the_gist_is_what_a_reader_wants_before_opening_the_message(kind, message, told, mood):
    assert (gist(kind, message), tone(kind, message)) == (told, mood)


@pytest.mark.parametrize(
    ("facts", "told", "mood"),
    [
        ({"notice": "wrong-code", "tries_left": 2}, "submit · code wrong · 2 left", "bad"),
        ({"notice": "expired-code", "tries_left": 1}, "submit · code expired · 1 left", "bad"),
        ({"notice": "resent", "tries_left": 3}, "submit · a new code is sent · 3 left", "wait"),
        ({"ending": "passed"}, "submit · passed", "good"),
        ({"ending": "too many tries"}, "submit · too many tries", "bad"),
        ({"refused": "no such page"}, "submit · no such page", "bad"),
    ],
)
def test_an_answer_to_the_banks_page_carries_its_verdict(facts, told, mood):
    message = {"action": "submit"}
    assert (gist("challenge page", message, facts), tone("challenge page", message, facts)) == (told, mood)


def test_a_fault_is_told_by_its_name():
    assert gist("fault", {"at": "RReq", "do": "twice", "says": "Once more"}) == "RReq twice · Once more"
    assert gist("copy", {"at": "RReq", "says": "copy 2"}) == "RReq · copy 2"


def test_a_long_error_detail_names_its_first_elements_whole():
    assert gist("Erro", {"errorCode": "201", "errorDetail": "a,b,c,d,e"}) == "201 · a, b, c and 2 more"


@pytest.mark.parametrize(
    ("amount", "currency", "exponent", "text"),
    [
        ("4200", "978", "2", "42.00 EUR"),
        ("5", "978", "2", "0.05 EUR"),
        ("500", "392", "0", "500 JPY"),
        ("1234", "048", "3", "1.234 BHD"),
        ("4200", "000", None, "42.00 000"),
        ("", "978", "2", ""),
        (None, None, None, ""),
        ("-1", "978", "2", ""),
        ("٤٢", "978", "2", ""),
    ],
)
def test_amounts_are_written_with_their_decimals(amount, currency, exponent, text):
    assert amount_text(amount, currency, exponent) == text


SPOKEN = [
    entry("3DS Server", "Directory Server", messageVersion="2.2.0", merchantName="Tea & <Co>; #1"),
    entry("ACS", "Directory Server", "ARes", transStatus="N"),
]


def test_a_conversation_is_told_in_mermaid_with_nothing_that_it_reads_as_its_own():
    lines = mermaid(SPOKEN).splitlines()
    assert lines[0] == "sequenceDiagram"
    assert "    P1->>P2: AReq 2.2.0 · Tea #38; #60;Co#62;#59; #35;1" in lines
    assert any(line.startswith("    P3-xP2: ARes N") for line in lines)


def test_a_conversation_is_a_picture_that_needs_nothing_else():
    picture = etree.fromstring(svg_file(SPOKEN).encode())
    words = " ".join(" ".join(picture.itertext()).split())
    assert "Tea & <Co>; #1" in words
    assert "prefers-color-scheme: dark" in words
    assert "2 messages between 3DS Server, Directory Server, ACS" in words
