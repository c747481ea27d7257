"""`--rules-as-of today` at the ACS: what it refuses and whom it challenges, as its clock passes the days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.acs.app_stage import ROOT, areq, post
from tests.acs.stage import stage
from tests.acs.test_app_errors import sdk_of
from tests.threedsecure.v2.test_dated_rules import CASES
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

OURS = {row.since: (row, changes) for row, _, _, changes, _ in CASES if row.challenged or row.message == "CReq"}


@pytest.fixture
async def dated():
    async with stage(rules_as_of="today") as acs:
        yield acs


async def challenged(acs, changes):
    """Whether a card without a challenge is challenged."""
    pan = compose("amex", SCENARIOS["frictionless"])
    return (await acs.ask(pan, "2.3.1", **changes | {"acctNumber": pan}))["transStatus"] == "C"


async def refused(acs):
    """Whether the first CReq of an app without a way back from the banking app is refused."""
    sdk = sdk_of("2.2.0")
    _, ares = await acs.post_areq(areq(acs, sdk, compose("mastercard", SCENARIOS["challenge-oob"])))
    sdk.begin(ares, ROOT)
    answer = await post(acs, sdk, sdk.seal(sdk.creq()))
    return isinstance(answer, dict) and (answer["errorCode"], answer["errorDetail"]) == (
        "201",
        "threeDSRequestorAppURL",
    )


async def test_the_clock_goes_from_2024_to_2028_and_each_rule_comes_on_its_day(dated):
    assert len(OURS) == 3
    days = {
        each for since in OURS for each in (date.fromisoformat(since) - timedelta(days=1), date.fromisoformat(since))
    }
    for day in sorted({date(2024, 1, 1), *days, date(2028, 1, 1)}):
        dated.runtime.clock.set(datetime(day.year, day.month, day.day, 12, tzinfo=UTC))
        for since, (row, changes) in OURS.items():
            happened = await (challenged(dated, changes) if row.challenged else refused(dated))
            assert happened == (f"{day}" >= since), (day, row.words)
