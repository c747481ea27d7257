"""docs/gateway.md says what there is."""

import re
from pathlib import Path

from acs_sim.gateway.app import build
from acs_sim.gateway.e_transactions.fields import fields_of_the_manual
from acs_sim.gateway.forms import merchants, seals
from acs_sim.gateway.pages.texts import texts
from acs_sim.gateway.payment.cards import VENDOR_CARDS
from acs_sim.gateway.settings import GatewaySettings
from tests.support.simulator import runtime

PAGE = (Path(__file__).parents[3] / "docs" / "gateway.md").read_text("utf-8")
OF_THE_PAGES_THEMSELVES = ("/pay/", "/return/", "/orders", "/ipn", "/cgi2", "/shops/{shop}")


async def test_every_address_that_others_use_is_on_the_page():
    async with runtime() as shared:
        paths = {route.path for route in build(shared, GatewaySettings()).routes}
    others = {path for path in paths if not any(part in path for part in OF_THE_PAGES_THEMSELVES)} - {"/"}
    assert [path for path in others if path not in PAGE] == []


def test_every_reason_stands_in_the_table_and_every_reason_of_the_table_exists():
    reasons = {word.removeprefix("reason-") for word in texts("en") if word.startswith("reason-")}
    table = PAGE.split("## How it ends")[1].split("##")[0]
    cells = [
        row.split("|")[3]
        for row in table.splitlines()
        if row.startswith("| ") and "`" in row and "data-result" not in row
    ]
    assert {reason for cell in cells for reason in re.findall(r"`([a-z-]+)`", cell)} == reasons


def test_the_published_credentials_and_numbers_are_the_ones_that_work():
    for site, (ranks, identifiers) in merchants.SITES.items():
        assert all(text in PAGE for text in (site, *ranks, *identifiers))
    assert merchants.TERMINAL in PAGE
    assert seals.MONETICO_TEST_KEY in PAGE
    assert all(number in PAGE for cards in VENDOR_CARDS.values() for number in cards)


def test_every_field_of_the_form_is_on_the_page():
    assert [name for name in fields_of_the_manual() if f"`{name}`" not in PAGE] == []
