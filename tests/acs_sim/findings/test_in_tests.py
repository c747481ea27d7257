"""`threeds`: the verdict where a test asserts it."""

import asyncio
from collections.abc import Iterator

import pytest

from acs_sim.testing import ThreeDS
from acs_sim.testing.session import simulator
from tests.support.third_party import ThreeDSServer, post_json, three_ds_server


@pytest.fixture(scope="module")
def threeds() -> Iterator[ThreeDS]:
    with simulator() as running:
        yield running


@pytest.fixture
def gateway() -> Iterator[ThreeDSServer]:
    with three_ds_server() as running:
        yield running


def paid(threeds, gateway, scenario, deed="submit", **more):
    card = threeds.card(scenario)
    ares = post_json(threeds.directory_server(), gateway.areq(card.pan, threeDSCompInd="N"))
    transaction = threeds.transaction(ares["threeDSServerTransID"])
    if deed:
        transaction.act(deed, **more)
        assert transaction.result
    return transaction


def test_a_right_gateway_is_acquitted_and_what_it_did_well_is_there_to_see(threeds, gateway):
    transaction = paid(threeds, gateway, "challenge-otp", code="correct")
    assert transaction.report("accepted", trans_status="Y").errors == ()
    transaction.assert_acquitted()
    assert {"result-followed", "results-acknowledged"} <= {*transaction.findings("good").rules}


def test_a_wrong_gateway_fails_the_test_in_words(threeds, gateway):
    transaction = paid(threeds, gateway, "results-contradicting", "cancel")
    transaction.report("accepted")
    with pytest.raises(AssertionError, match=r"took the result from the CRes(.|\n)*RReq \d+, transStatus, N"):
        transaction.assert_acquitted()
    assert transaction.findings().errors.rules == ("result-from-cres",)
    assert transaction.id in [finding.transaction_id for finding in threeds.findings("error")]


def test_nothing_to_say_is_an_empty_tuple_that_says_so(threeds, gateway):
    transaction = paid(threeds, gateway, "frictionless", deed=None)
    assert transaction.findings("error") == ()
    assert repr(transaction.findings("error")) == "no findings"


def test_coroutines_have_the_same(threeds, gateway):
    transaction = paid(threeds, gateway, "not-authenticated", deed=None)

    async def judged():
        one = threeds.aio.transaction(transaction.id)
        told = await one.report("accepted", "N")
        with pytest.raises(AssertionError):
            await one.assert_acquitted()
        return told, await one.findings(), await threeds.aio.findings("error")

    told, found, of_all = asyncio.run(judged())
    assert told == found
    assert found.errors.rules == ("result-not-followed",)
    assert transaction.id in [finding.transaction_id for finding in of_all]
