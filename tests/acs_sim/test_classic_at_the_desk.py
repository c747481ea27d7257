"""Purchases of 3-D Secure 1.0.2 at the desk: found by any of their names, and played by the headless cardholder."""

from io import BytesIO
from urllib.parse import quote

import aiohttp
import pytest
from lxml import html

from tests.acs_sim.test_whole_run import desk, gateway, minted, received, whole  # noqa: F401
from tests.support.classic_mpi import XID, XML, Answer, packed, pareq, vereq

MESSAGE_ID = "VEReq-42"


async def looked_up(whole, pan):  # noqa: F811
    headers = {"Content-Type": XML}
    body = BytesIO(vereq(pan, MESSAGE_ID))
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{whole.addresses.ds}/visa/3ds1", data=body, headers=headers) as answer,
    ):
        return Answer(await answer.read())


@pytest.fixture
async def brought(whole, desk, gateway):  # noqa: F811
    """What the shop's page would post, for a fresh card."""
    card = await minted(desk, version="1.0.2")
    veres = await looked_up(whole, card["pan"])
    term = gateway.url + "/notification"
    fields = {"PaReq": packed(pareq(veres["VERes/CH/acctID"])), "TermUrl": term, "MD": "order 7"}
    return card, fields


async def act(desk, name, **deed):  # noqa: F811
    return await desk("POST", f"/api/transactions/{quote(name, safe='')}/cardholder", json=deed)


async def test_three_wrong_codes_in_1_0_2_played_headlessly(desk, gateway, brought):  # noqa: F811
    _, fields = brought
    left = []
    for number in range(3):
        status, outcome, _ = await act(desk, MESSAGE_ID, do="submit", code="wrong", **({} if number else fields))
        assert status == 200, outcome
        left.append(outcome["tries_left"])
    assert (left, outcome["state"], outcome["transStatus"]) == ([2, 1, 0], "decided", "N")
    assert "contact your bank" in outcome["message"]
    posted = await received(gateway.notifications)
    assert (posted["MD"], posted["PaRes"]) == ("order 7", outcome["notification"]["fields"]["PaRes"])
    status, problem, _ = await act(desk, MESSAGE_ID, do="submit", code="correct")
    assert (status, "is over" in problem["detail"]) == (409, True)


@pytest.mark.parametrize("name", [MESSAGE_ID, "PAReq-1", XID, "acctID", "acsTransID"])
async def test_one_is_found_by_any_name_that_it_has(desk, brought, name):  # noqa: F811
    card, fields = brought
    status, outcome, _ = await act(desk, MESSAGE_ID, do="abandon", **fields)
    assert (status, outcome["state"]) == (200, "challenging")
    _, listed, _ = await desk("GET", f"/api/transactions?pan={card['pan']}")
    (one,) = listed["transactions"]
    assert (one["id"], one["xid"], one["version"], one["amount"]) == (MESSAGE_ID, XID, "1.0.2", "4200")
    known = one["challenge"].get(name, name)
    status, outcome, _ = await act(desk, known, do="resend")
    assert (status, "new code" in outcome["message"]) == (200, True)
    status, outcome, _ = await act(desk, known, do="submit", code="correct", deliver=False)
    assert (outcome["transStatus"], outcome["notification"]["status"]) == ("Y", None)
    _, one, _ = await desk("GET", f"/api/transactions/{quote(known, safe='')}")
    assert (one["id"], one["state"], one["transStatus"]) == (MESSAGE_ID, "decided", "Y")
    _, told, _ = await desk("GET", f"/api/transactions/{quote(known, safe='')}/messages")
    kinds = [message["kind"] for message in told["messages"]]
    assert [kind for kind in kinds if kind in ("VEReq", "PAReq", "PARes")] == ["VEReq", "VEReq", "PAReq", "PARes"]


async def test_the_bar_says_what_happens_next_by_itself(whole, desk, brought):  # noqa: F811
    _, fields = brought
    assert 'id="next"' not in (await desk.text("GET", "/bar"))[1]
    await act(desk, MESSAGE_ID, do="abandon", **fields)
    bar = html.document_fromstring((await desk.text("GET", "/bar"))[1])
    (link,) = bar.xpath("//a[@id='next']")
    assert link.text_content().startswith("next: code expires in ")
    text = (await desk.text("GET", link.get("href")))[1]
    assert (MESSAGE_ID in text, 'id="preview"' in text) == (True, True)
    assert "Never give this code to anyone" in (await desk.text("GET", f"/transactions/{MESSAGE_ID}/page"))[1]
    await act(desk, MESSAGE_ID, do="submit", code="correct", deliver=False)
    assert 'id="next"' not in (await desk.text("GET", "/bar"))[1]


async def test_what_cannot_be_done_is_told(desk, brought):  # noqa: F811
    _, fields = brought
    status, problem, _ = await act(desk, MESSAGE_ID, do="submit", code="correct")
    assert (status, "PaReq, TermUrl and MD" in problem["detail"]) == (409, True)
    status, problem, _ = await act(desk, MESSAGE_ID, do="submit", code="correct", PaReq=fields["PaReq"])
    assert (status, "TermUrl" in problem["detail"]) == (400, True)
    status, problem, _ = await act(desk, MESSAGE_ID, do="approve", **fields)
    assert (status, "1.0.2" in problem["detail"]) == (409, True)


async def test_a_payment_that_is_settled_without_a_page_goes_straight_to_the_shop(whole, desk, gateway):  # noqa: F811
    card = await minted(desk, "frictionless", version="1.0.2")
    veres = await looked_up(whole, card["pan"])
    fields = {"PaReq": packed(pareq(veres["VERes/CH/acctID"])), "TermUrl": gateway.url + "/notification", "MD": ""}
    status, outcome, _ = await act(desk, MESSAGE_ID, do="abandon", **fields)
    assert (status, outcome["state"], outcome["transStatus"]) == (200, "decided", "Y"), outcome
    assert outcome["notification"]["status"] is None, "the browser was closed before it came back to the shop"


async def test_both_protocols_stand_in_one_list_the_newest_first(whole, desk, brought):  # noqa: F811
    _, document, _ = await desk("GET", "/api/transactions")
    assert [one["version"] for one in document["transactions"]] == ["1.0.2"]
    for page in ("/", f"/transactions/{MESSAGE_ID}", f"/transactions/{MESSAGE_ID}/conversation"):
        status, text, _ = await desk.text("GET", page)
        assert (status, MESSAGE_ID in text) == (200, True), page
    _, document, _ = await desk("GET", "/api/transactions?state=challenged")
    assert document["transactions"] == []
    _, document, _ = await desk("GET", "/api/transactions?since=2026-06-15T12:00:01Z")
    assert document["transactions"] == []
