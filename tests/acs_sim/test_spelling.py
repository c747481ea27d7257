"""A UUID is one in either case (RFC 9562): every identifier, at every place that is asked by it, as a 3DS Server writes it
that prints upper case."""

import asyncio
import uuid

import aiohttp
import pytest

from acs_sim.running.stack import running_stack
from acs_sim.settings.settings import Settings
from tests.support.patience import PATIENCE_SECONDS
from tests.support.ports import with_free_ports
from tests.support.third_party import base64url, three_ds_server
from threedsecure.v2.validation.identifiers import one_spelling, same_id

NAMES = ("threeDSServerTransID", "dsTransID", "acsTransID")


async def test_every_identifier_is_found_in_either_case_and_comes_back_as_it_was_sent():
    with three_ds_server() as server:
        async with (
            running_stack(with_free_ports(Settings(fresh=True, seed=4))) as stack,
            aiohttp.ClientSession() as session,
        ):
            at, sent = stack.addresses, str(uuid.uuid4()).upper()
            areq = server.areq("4000000001000001", threeDSServerTransID=sent)
            async with session.post(f"{at.ds}/visa/3ds2", json=areq) as answer:
                ares = await answer.json()
            assert (ares["transStatus"], ares["threeDSServerTransID"]) == ("C", sent)
            for name in NAMES:
                for spelt in (ares[name].upper(), ares[name].lower()):
                    async with session.get(f"{at.desk}/api/transactions/{spelt}/messages") as answer:
                        assert answer.status == 200, (name, spelt)
            creq = {**server.creq(ares), "threeDSServerTransID": sent.lower(), "acsTransID": ares["acsTransID"].upper()}
            async with session.post(ares["acsURL"], data={"creq": base64url(creq)}) as answer:
                assert answer.status == 200
            person = {"do": "submit", "code": "correct"}
            async with session.post(f"{at.desk}/api/transactions/{sent}/cardholder", json=person) as answer:
                assert answer.status == 200, await answer.text()
            rreq = await asyncio.to_thread(server.results.get, timeout=PATIENCE_SECONDS)
            assert rreq["threeDSServerTransID"] == sent


@pytest.mark.parametrize(
    ("found", "expected", "same"),
    [
        ("6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964ff", True),
        ("6F9619FF-8B86-D011-B42D-00C04FC964FF", "6f9619ff-8b86-d011-b42d-00c04fc964fe", False),
        ("Card 7", "card 7", False),
        ("Card 7", "Card 7", True),
        (None, "card 7", False),
        (7, "7", False),
        ("card 7", None, False),
        (None, None, True),
    ],
)
def test_only_uuids_have_two_spellings(found, expected, same):
    assert same_id(found, expected) is same


def test_one_spelling_changes_nothing_but_uuids():
    assert one_spelling("AbC") == "AbC"
    assert one_spelling("6F9619FF-8B86-D011-B42D-00C04FC964FF") == "6f9619ff-8b86-d011-b42d-00c04fc964ff"
