"""The shops' MPI: cards that only 3-D Secure 1.0.2 knows, with every party of the simulator, a script for a browser."""

import base64
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs

import aiohttp
import pytest

from acs_sim.gateway.mpi.messages import apply_ranges
from acs_sim.gateway.records.card_ranges import CachedRanges, RangesBroken
from acs_sim.running.stack import Stack, running_stack
from acs_sim.settings.settings import Settings
from tests.support.classic_mpi import packed
from tests.support.ports import with_free_ports
from tests.support.simulator import STARTED_AT
from tests.support.third_party import Page
from threedsecure.cards.scenarios import V1_SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.web.clock import Clock

pytestmark = pytest.mark.slow


@dataclass
class Desk:
    stack: Stack
    session: aiohttp.ClientSession

    @property
    def shop(self) -> str:
        return self.stack.addresses.shop

    async def json(self, method: str, url: str, document: Any = None) -> Any:
        async with self.session.request(method, url, json=document) as answer:
            return await answer.json(content_type=None)

    async def post(self, url: str, fields: dict[str, str]) -> tuple[int, str]:
        async with self.session.post(url, data=fields) as answer:
            return answer.status, await answer.text()

    async def purchase(self, scenario: str, shop: str = "e-transactions", scheme: str = "visa") -> Any:
        """A purchase up to where the browser goes to the ACS, or its end."""
        pan = compose(scheme, V1_SCENARIOS[scenario])
        wanted = {"shop": shop, "pan": pan, "expiry": "2912", "amount": 4200, "currency": "978"}
        return await self.json("POST", f"{self.shop}/api/purchases", wanted)

    async def at_acs(self, purchase: Any) -> Page:
        """The PAReq in the browser's form: the page that carries the PaRes back."""
        fields = {name: purchase[name] for name in ("PaReq", "TermUrl", "MD")}
        status, text = await self.post(purchase["acsURL"], fields)
        assert status == 200
        return Page(text)

    async def finished(self, purchase: Any) -> Any:
        return await self.json("GET", f"{self.shop}/api/purchases/{purchase['id']}?wait=30")

    async def paid(self, scenario: str, shop: str = "e-transactions", scheme: str = "visa") -> Any:
        purchase = await self.purchase(scenario, shop, scheme)
        if purchase["state"] == "challenge":
            page = await self.at_acs(purchase)
            assert (await self.post(page.action, page.fields))[0] == 200
        return await self.finished(purchase)


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    settings = with_free_ports(Settings(fresh=True, seed=3))
    async with (
        running_stack(settings, clock=Clock(frozen_at=STARTED_AT)) as stack,
        aiohttp.ClientSession() as session,
    ):
        yield Desk(stack, session)


@pytest.mark.parametrize(
    ("scenario", "result", "reason", "guarantee"),
    [
        ("frictionless", "accepted", "authenticated", True),
        ("frictionless-attempt", "accepted", "attempted", True),
        ("not-authenticated", "refused", "not-authenticated", False),
        ("unavailable", "refused", "challenge-unavailable", False),
        ("payment-refused", "refused", "challenge-unavailable", False),
        ("page-error", "error", "erro-received", False),
        ("enrolment-unknown", "accepted", "unavailable", False),
        ("enrolment-refused", "accepted", "not-enrolled", False),
        ("acs-error", "accepted", "unavailable", False),
        ("acs-down", "accepted", "unavailable", False),
        ("not-enrolled", "accepted", "not-enrolled", False),
    ],
)
async def test_every_answer_of_1_0_2_leads_to_its_verdict(
    desk: Desk, scenario: str, result: str, reason: str, guarantee: bool
):
    purchase = await desk.paid(scenario)
    assert (purchase["result"], purchase["reason"]) == (result, reason)
    assert purchase["outcome"]["guarantee"] is guarantee


@pytest.mark.parametrize("scheme", ["mastercard", "amex", "jcb", "discover"])
async def test_the_proof_of_every_scheme_passes_the_acquirer(desk: Desk, scheme: str):
    purchase = await desk.paid("frictionless", scheme=scheme)
    assert (purchase["result"], purchase["outcome"]["guarantee"]) == ("accepted", True)


@pytest.mark.parametrize("kind", ["", "-chain", "-expired", "-missing"])
async def test_a_signature_that_does_not_hold_makes_a_y_a_u_without_proof(desk: Desk, kind: str):
    purchase = await desk.paid(f"bad-signature{kind}")
    assert (purchase["result"], purchase["reason"]) == ("refused", "challenge-unavailable")
    authentication = purchase["authentication"]
    assert (authentication["trans_status"], authentication["value"], authentication["eci"]) == ("U", None, None)
    assert "PARes Y, signature N" in " ".join(entry["text"] for entry in purchase["log"])


async def test_monetico_tells_a_form_of_today_in_the_fields_of_today_alone(desk: Desk):
    """A kit that seals what it knows must know every field."""
    purchase = await desk.paid("frictionless", shop="monetico")
    told = {name: values[0] for name, values in parse_qs(purchase["answer"]["body"]).items()}
    assert not {"status3ds", "veres", "pares"} & told.keys()
    assert json.loads(base64.b64decode(told["authentification"])) == {
        "details": {"VERes": "Y", "PARes": "Y", "status3DS": "1"},
        "protocol": "3DSecure",
        "status": "authenticated",
        "version": "1.0.2",
    }
    assert purchase["answer"]["delivered"] is True
    refused = await desk.paid("not-authenticated", shop="monetico")
    assert "motifrefus=3DSecure" in refused["answer"]["body"]


async def test_a_pares_of_another_purchase_is_believed_by_none(desk: Desk):
    first, second = await desk.purchase("frictionless"), await desk.purchase("frictionless")
    page = await desk.at_acs(first)
    swapped = {**page.fields, "MD": second["MD"]}
    await desk.post(page.action, swapped)
    assert (await desk.finished(second))["reason"] == "protocol-error"
    await desk.post(page.action, page.fields)
    assert (await desk.finished(first))["result"] == "accepted"


async def test_the_browsers_second_post_of_the_pares_changes_nothing(desk: Desk):
    purchase = await desk.purchase("frictionless")
    page = await desk.at_acs(purchase)
    for _ in range(2):
        assert (await desk.post(page.action, page.fields))[0] == 200
    assert (await desk.finished(purchase))["result"] == "accepted"


@pytest.mark.parametrize("value", ["", "eJ", "x" * 1000, packed(b"<ThreeDSecure/>"), packed(b"a" * 200_000)])
async def test_a_pares_that_is_none_ends_the_purchase_in_an_error(desk: Desk, value: str):
    purchase = await desk.purchase("frictionless")
    await desk.post(purchase["TermUrl"], {"PaRes": value, "MD": purchase["MD"]})
    assert (await desk.finished(purchase))["reason"] == "protocol-error"


async def test_an_md_that_the_gateway_did_not_write_is_refused(desk: Desk):
    purchase = await desk.purchase("frictionless")
    page = await desk.at_acs(purchase)
    for md in ("", "é", purchase["MD"][:-2] + "AA"):
        assert (await desk.post(purchase["TermUrl"], {**page.fields, "MD": md}))[0] == 403
    assert (await desk.json("GET", f"{desk.shop}/api/purchases/{purchase['id']}"))["state"] == "challenge"


async def test_the_card_ranges_are_asked_for_once(desk: Desk):
    for _ in range(2):
        await desk.paid("frictionless")
    entries = await desk.stack.runtime.journal.newest(200)
    assert [entry["kind"] for entry in entries].count("CRReq") == 1


async def test_the_whole_conversation_is_filed_under_the_purchase(desk: Desk):
    purchase = await desk.paid("frictionless")
    entries = await desk.stack.runtime.journal.entries_of(purchase["id"])
    kinds = [entry["kind"] for entry in entries]
    assert [kind for kind in kinds if kind in {"VEReq", "VERes", "PAReq", "PARes"}] == [
        "VEReq",
        "VEReq",
        "VERes",
        "VERes",
        "PAReq",
        "PARes",
    ]
    assert await desk.stack.runtime.journal.transaction_of(purchase["classic"]["xid"]) == purchase["id"]


def test_changes_are_applied_to_what_is_known_and_a_delete_of_nothing_is_refused():
    added = {"begin": "4000000900000000", "end": "4000000909999999", "action": "A"}
    known = apply_ranges(None, {"CR": [added], "serialNumber": "1"})
    assert known.table().find("4000000901000006") is not None
    assert apply_ranges(known, {"serialNumber": "1"}) == known
    gone = apply_ranges(known, {"CR": [added | {"action": "D"}], "serialNumber": "2"})
    assert gone == CachedRanges(serial_num="2", ranges=())
    with pytest.raises(RangesBroken, match="never there"):
        apply_ranges(gone, {"CR": [added | {"action": "D"}], "serialNumber": "3"})
