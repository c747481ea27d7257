"""A page as the headless cardholder reads it: what a browser would post, no more and no less."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acs_sim.client.cardholder import decoded_result
from acs_sim.client.challenge_page import Form, NotAPage, Page

ADDRESS = "http://acs.example:8200/3ds2/challenge"


def page(body):
    return Page(ADDRESS, f"<!doctype html><html><body>{body}</body></html>".encode())


def test_a_press_posts_the_hidden_fields_the_entry_and_the_button_that_was_pressed():
    shown = page(
        """<form method="post" action="/3ds2/challenge/answer"><input type="hidden" name="page" value="a&amp;b">
        <input id="code" name="challengeValue"><button id="submit" name="action" value="submit">OK</button>
        <button id="cancel" name="action" value="cancel">No</button></form>"""
    )
    assert shown.press("submit", "407115") == Form(
        "http://acs.example:8200/3ds2/challenge/answer", {"page": "a&b", "challengeValue": "407115", "action": "submit"}
    )
    assert shown.press("cancel").fields == {"page": "a&b", "challengeValue": "", "action": "cancel"}


@pytest.mark.parametrize(
    ("body", "url", "fields"),
    [
        ('<form action="a?b=1"><button id="go"></button></form>', "http://acs.example:8200/3ds2/a?b=1", {}),
        ('<form><button id="go" name="n"></button></form>', ADDRESS, {"n": ""}),
        ('<form action="a"><button id="go" formaction="/b"></button></form>', "http://acs.example:8200/b", {}),
        ('<form id="f" action="/c"></form><button id="go" form="f"></button>', "http://acs.example:8200/c", {}),
        ('<form action="http://else.example/"><button id="go"></button></form>', "http://else.example/", {}),
        (
            """<form><input name="on" type="checkbox" checked value="1"><input name="off" type="checkbox" value="1">
            <input name="r" type="radio" value="a"><input name="r" type="radio" value="b" checked>
            <input name="d" value="x" disabled><input type="submit" name="s" value="x"><input value="nameless">
            <textarea name="t"></textarea><button id="go"></button></form>""",
            ADDRESS,
            {"on": "1", "r": "b", "t": ""},
        ),
    ],
)
def test_forms_are_read_as_html_says(body, url, fields):
    assert page(body).press("go") == Form(url, fields)


@pytest.mark.parametrize(
    "body", ["", "<button id='go'></button>", "<button id='go' form='f'></button>", "<form></form>"]
)
def test_a_button_outside_every_form_cannot_be_pressed(body):
    with pytest.raises(NotAPage, match="no button #go"):
        page(body + "<p id=message>  Wait a \n moment. </p>").press("go")


def test_the_message_is_read_as_one_line_and_the_heading_stands_in_for_it():
    shown = page("<h1>Back <b>to</b> the shop</h1><p id='message'>You have\n  <b>2</b> tries left.</p>")
    assert (shown.message, shown.title) == ("You have 2 tries left.", "Back to the shop")
    assert page("<h1></h1>").message is None


def test_a_form_that_carries_a_result_ends_the_challenge_and_is_not_taken_for_a_step():
    shown = page(
        '<form action="http://shop.example/n" data-delay="0"><input type="hidden" name="cres" value="e30"></form>'
    )
    assert shown.result == Form("http://shop.example/n", {"cres": "e30"})
    assert shown.automatic is None
    assert decoded_result(shown.result) == {}


@pytest.mark.parametrize("value", ["", "?", "bm90IGpzb24", "W10", "e30=", "=" * 9, "é", "_w"])
def test_a_result_that_cannot_be_read_is_no_message(value):
    assert decoded_result(Form("http://shop.example", {"cres": value})) == {}


@given(st.binary(max_size=200))
def test_no_bytes_do_worse_than_being_no_page(content):
    try:
        shown = Page(ADDRESS, content)
    except NotAPage:
        return
    assert shown.result is None or shown.result.fields
    assert isinstance(shown.title, str)
