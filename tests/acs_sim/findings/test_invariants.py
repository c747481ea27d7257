"""What holds of every gateway: what is an element as it was asked for, and what was spoilt on its way into the AReq."""

import pytest

from acs_sim.findings.case import Case
from acs_sim.findings.invariants.messages import purchase_changed
from acs_sim.findings.invariants.pages import page_contradicts
from acs_sim.findings.observed import MARKUP, Observed, Shown
from acs_sim.scenarios.browser.screens import leading_away, marked_up
from tests.acs_sim.findings.samples import entry


@pytest.mark.parametrize(
    ("asked", "said", "convicted"),
    [
        ("Saint-%41lban", "Saint-Alban", True),
        ("AT&amp;T Ville", "AT&T Ville", True),
        ("a+b", "a b", True),
        ("Hanau & Umland", "Hanau &amp; Umland", True),
        ("Orléans", "OrlÃ©ans", True),
        ("Saint-%41lban", "Saint-%41lban", False),
        ("Hanau & Umland", "HANAU & UMLAND", False),
        ("Villeneuve-sur-Lot", "Villeneuve", False),
    ],
)
def test_a_text_that_is_escaped_or_decoded_once_too_often_is_another_purchase(asked, said, convicted):
    case = Case([entry("AReq", billAddrCity=said)])
    found = [*purchase_changed.look(Observed(case, asked={"billAddrCity": asked}))]
    assert bool(found) is convicted


def test_parameters_of_an_address_are_bent_to_somewhere_else_and_to_markup():
    assert leading_away("https://shop.example/back?next=/cart&n=1") == (
        "https://shop.example/back?next=https%3A%2F%2Felsewhere.example%2F&n=1"
    )
    assert MARKUP not in (marked := str(marked_up("https://shop.example/back?next=/cart&n=1")))
    assert marked.count("data-acs-sim") == 2
    assert (leading_away("https://shop.example/back?n=1"), marked_up("https://shop.example/back")) == (None, None)


@pytest.mark.parametrize(
    ("fault", "convicted"),
    [
        ({"at": "CRes post", "do": "other-session"}, False),
        ({"at": "CRes post", "do": "swap-ids"}, False),
        ({"at": "CRes post", "do": "set", "element": "transStatus", "value": "Y"}, True),
        ({"at": "RReq", "do": "swap-ids"}, True),
    ],
)
def test_a_page_may_be_another_payments_where_the_browser_came_back_with_that_ones_session(fault, convicted):
    happened = {**entry("fault", road=("ACS", "Browser")), "message": fault}
    case = Case([entry("AReq"), entry("ARes"), entry("CReq"), entry("RReq"), entry("CRes"), happened])
    thanks = Shown("https://shop.example/receipt", 200, '<h1 data-outcome="accepted">Thank you</h1>')
    seen = Observed(case, outcomes=[{"outcome": "refused"}], shown=[thanks])
    assert bool([*page_contradicts.look(seen)]) is convicted
