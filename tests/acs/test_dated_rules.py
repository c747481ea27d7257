"""`--rules-as-of today` at the ACS: what it refuses and whom it challenges, as its clock passes the days."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.acs.app_stage import ROOT, areq, begin, html, post, send
from tests.acs.stage import stage
from tests.acs.test_app_errors import sdk_of
from tests.threedsecure.v2.test_dated_rules import CASES
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.expectations import Enforced

OURS = {
    row.since: (row, changes)
    for row, _, _, changes, _ in CASES
    if row.enforced is Enforced.CHALLENGED or row.message == "CReq"
}


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
            happened = await (challenged(dated, changes) if row.message == "AReq" else refused(dated))
            assert happened == (f"{day}" >= since), (day, row.words)


OOB = compose("visa", SCENARIOS["challenge-oob"])
ENGLISH = "Use a code by SMS instead"


def on(acs, day):
    acs.runtime.clock.set(datetime.fromisoformat(day).replace(hour=12, tzinfo=UTC))


async def test_from_2027_on_a_page_that_needs_the_banking_app_has_another_way(dated):
    for day in ("2024-01-01", "2026-12-31", "2027-01-01", "2027-12-31"):
        on(dated, day)
        page = await dated.challenge(OOB)
        assert ('id="resend"' in page.text) == (ENGLISH in page.text) == (day >= "2027"), day
        assert 'id="resend"' not in (await dated.challenge(OOB, billAddrCountry="840")).text


async def test_from_2025_on_the_bank_leads_to_the_wallet_and_before_it_sends_a_code(dated):
    for codes, day in enumerate(("2024-01-01", "2024-12-31", "2025-01-01", "2027-12-31"), start=1):
        on(dated, day)
        page = await dated.challenge(compose("visa", SCENARIOS["challenge-wallet"]), "2.3.1")
        assert ("wallet" in page.text) == (day >= "2025"), day
        assert len(dated.phone.messages) == min(codes, 2)


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
async def test_who_has_no_smartphone_types_a_code_instead(dated, version):
    on(dated, "2027-01-01")
    page = await dated.type(await dated.challenge(OOB, version), "", "resend")
    assert len(dated.phone.messages) == 1
    again = await dated.type(page, "", "resend")
    assert (await dated.decide("decline"))[1] == {"state": "challenging"}, "the banking app is asked no more"
    end = await dated.type(again, dated.phone.code)
    assert end.cres["transStatus"] == "Y"
    await dated.directory.until(1)
    (rreq,) = dated.directory.received
    assert rreq["authenticationMethod"] == (["02"] if version == "2.3.1" else "02")


async def test_before_the_day_the_button_that_is_not_there_does_nothing(dated):
    on(dated, "2026-12-31")
    page = await dated.type(await dated.challenge(OOB), "", "resend")
    assert (page.kind, dated.phone.messages) == ("no-more-resends", [])


@pytest.mark.parametrize(("version", "interface"), [("2.3.1", "01"), ("2.2.0", "02"), ("2.3.1", "02")])
async def test_in_an_app_the_screen_has_a_button_for_it_where_it_can_have_one(dated, version, interface):
    on(dated, "2027-01-01")
    sdk = await begin(dated, "challenge-oob", sdk_of(version), deviceRenderOptions=drawing(version, interface))
    screen = await send(dated, sdk)
    if interface == "01":
        assert screen["challengeAddLabel"] == ENGLISH
        asked = await send(dated, sdk, challengeAddCode="Y")
    else:
        assert ENGLISH in html(screen)
        asked = await send(dated, sdk, challengeHTMLDataEntry="action=resend")
    assert asked["acsUiType"] == ("01" if interface == "01" else "05")
    typed = {
        "challengeDataEntry" if interface == "01" else "challengeHTMLDataEntry": entry(dated.phone.code, interface)
    }
    assert (await send(dated, sdk, **typed))["transStatus"] == "Y"


@pytest.mark.parametrize(
    ("version", "options"),
    [("2.2.0", ("01", ["01", "04"])), ("2.3.1", ("01", ["04"]))],
)
async def test_a_screen_that_can_have_no_such_button_has_none(dated, version, options):
    on(dated, "2027-01-01")
    drawn = dict(zip(("sdkInterface", "sdkUiType"), options, strict=True))
    sdk = await begin(dated, "challenge-oob", sdk_of(version), deviceRenderOptions=drawn)
    assert "challengeAddLabel" not in await send(dated, sdk)


def drawing(version, interface):
    html_types = ["05", "06"] if version == "2.3.1" else ["05"]
    return {"sdkInterface": interface, "sdkUiType": ["01", "02", "03", "04"] if interface == "01" else html_types}


def entry(code, interface):
    return code if interface == "01" else f"challengeValue={code}&action=submit"
