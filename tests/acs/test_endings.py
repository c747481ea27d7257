"""Every row of the table of endings, through the HTTP surface, on the virtual clock."""

import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest

from acs.cardholder.challenge import Ending
from acs.settings import AcsSettings
from acs.v2.decision.endings import ENDINGS
from acs.v2.decision.result import reason_in
from docs.generate.endings import CASES, challenge_cancel_in
from tests.acs import app_stage
from tests.acs.second_sdk import SecondSdk, erro
from tests.acs.stage import Stage
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.grammar.context import SUPPORTED_VERSIONS
from threedsecure.v2.validation.checking import Context, Leg, check

ROOT = Path(__file__).parents[2]
MINUTE = timedelta(minutes=1)
DECOUPLED = {"threeDSRequestorDecReqInd": "Y", "threeDSRequestorDecMaxTime": "00005"}
FALLBACK = {"threeDSRequestorDecReqInd": "F", "threeDSRequestorDecMaxTime": "00005"}
PLAYS: dict[str, Callable[["Play"], Awaitable[None]]] = {}


class Play:
    """One challenge on the stage."""

    def __init__(self, acs: Stage, scenario: str, areq: dict, ares: dict) -> None:
        self.acs = acs
        self.pan = compose("visa", SCENARIOS[scenario])
        self.areq = areq
        self.ares = ares

    async def open(self):
        return await self.acs.open(self.ares)

    @property
    def right(self) -> str:
        return self.acs.phone.code

    @property
    def wrong(self) -> str:
        return self.acs.phone.wrong_code

    async def type(self, page, *answers):
        for given in answers:
            page = await self.acs.type(page, given)
        return page

    async def tick(self, page, code, box):
        return await self.acs.post(
            page.form.action, {**page.form.fields, "challengeValue": code, "action": "submit", box: "Y"}
        )

    async def resend(self, page):
        return await self.acs.type(page, "", "resend")

    def wait(self, minutes):
        self.acs.runtime.clock.advance(minutes * MINUTE)


def plays(what):
    def known(play):
        PLAYS[what] = play
        return play

    return known


@plays("the right code at once")
async def _(play):
    await play.type(await play.open(), play.right)


@plays("three wrong codes")
async def _(play):
    await play.type(await play.open(), *[play.wrong] * 3)


@plays("two wrong codes, then the right one")
async def _(play):
    await play.type(await play.open(), play.wrong, play.wrong, play.right)


@plays("the code expires, a new one is sent and typed")
@plays("the text comes late: expired, a new code is sent and typed")
async def _(play):
    page = await play.open()
    play.wait(5)
    page = await play.resend(await play.type(page, play.right))
    await play.type(page, play.right)


@plays("a new code is sent, the old one typed, then the new one")
async def _(play):
    page = await play.open()
    old = play.right
    await play.type(await play.resend(page), old, play.right)


@plays("the code of an earlier purchase, then the right one")
async def _(play):
    page = await play.acs.challenge(play.pan)
    used = play.right
    await play.acs.type(page, "", "cancel")
    play.acs.directory.bodies.clear()
    await play.type(await play.open(), used, play.right)


@plays("an empty field, then the right code")
async def _(play):
    await play.type(await play.open(), " ", play.right)


@plays("cancelled at once")
async def _(play):
    await play.acs.type(await play.open(), "", "cancel")


@plays("cancelled after a wrong code")
async def _(play):
    await play.acs.type(await play.type(await play.open(), play.wrong), "", "cancel")


@plays("an app whose SDK times out")
async def _(play):
    timed_out = erro(play.ares["messageVersion"], play.ares, "402")
    async with play.acs.browser.post(f"{play.acs.url}/3ds2/app-challenge", json=timed_out) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


@plays("the page is left idle")
@plays("the browser is closed")
@plays("the banking app is ignored")
async def _(play):
    await play.open()
    play.wait(10)


@plays("the page is left idle after a wrong code")
async def _(play):
    await play.type(await play.open(), play.wrong)
    play.wait(10)


@plays("the CReq is never sent")
async def _(play):
    play.wait(0.5)


@plays("the CReq comes too late")
async def _(play):
    play.wait(0.5)
    assert "cres" in (await play.open()).form.fields


@plays("the page is refreshed, then the right code")
async def _(play):
    await play.open()
    page = await play.open()
    assert len(play.acs.phone.messages) == 1
    await play.type(page, play.right)


@plays("a wrong code, the back button, then the right code twice")
async def _(play):
    page = await play.open()
    await play.type(page, play.wrong)
    current = await play.type(page, play.right)
    assert current.kind == "stale-page"
    await play.type(current, play.right)


@plays("a double click on a wrong code, then the right one")
async def _(play):
    page = await play.open()
    await play.type(page, play.wrong)
    page = await play.type(page, play.wrong)
    assert (page.kind, "2" in page.message) == ("wrong-code", True)
    await play.type(page, play.right)


@plays("a double click on the right code")
async def _(play):
    page = await play.open()
    ends = [await play.type(page, play.right) for _ in range(2)]
    assert ends[0].cres == ends[1].cres


@plays("two tabs: a wrong code in one, the right one in the other, twice")
async def _(play):
    one, other = await play.open(), await play.open()
    await play.type(one, play.wrong)
    other = await play.type(other, play.right)
    assert other.kind == "stale-page"
    await play.type(other, play.right)


@plays("the right code, then a wrong one from an old page")
async def _(play):
    page = await play.open()
    await play.type(page, play.right)
    assert (await play.type(page, play.wrong)).cres["transStatus"] == "Y"


@plays("a CReq that is wrong")
async def _(play):
    await play.acs.open(play.ares, challengeWindowSize="09")


@plays("a second CReq that differs from the first")
async def _(play):
    await play.open()
    await play.acs.open(play.ares, challengeWindowSize="01")


@plays("the carrier refuses the text, a new code is sent and typed")
async def _(play):
    play.acs.phone.state = "failed"
    page = await play.open()
    assert page.kind == "sms-failed"
    play.acs.phone.state = "delivered"
    await play.type(await play.resend(page), play.right)


@plays("three wrong passwords")
async def _(play):
    await play.type(await play.open(), "a", "b", "c")


@plays("the password, then three wrong codes")
async def _(play):
    page = await play.type(await play.open(), "imaginaire")
    await play.type(page, *[play.wrong] * 3)


@plays("the password, then the code")
async def _(play):
    page = await play.type(await play.open(), "imaginaire")
    await play.type(page, play.right)


@plays("the right answer")
async def _(play):
    await play.type(await play.open(), "Felix")


@plays("a phone is chosen, then the right code")
async def _(play):
    page = await play.type(await play.open(), "2")
    await play.type(page, play.right)


@plays("wrong pictures, then the right ones")
async def _(play):
    await play.type(await play.open(), "1,2", "5,2")


@plays("yes, it is me")
async def _(play):
    await play.type(await play.open(), "yes")


def chooses(what, *answers):
    @plays(what)
    async def _(play):
        await play.type(await play.open(), *answers)


for letter in "YNAUR":
    chooses(f"{letter} is chosen on the page", letter)
for code in ("1234", "1111", "2222", "3333", "7777"):
    chooses(f"the code {code} is typed", code)
chooses("three codes that say nothing are typed", "4321", "0012", "Y")


@plays("no, it is not me")
async def _(play):
    await play.type(await play.open(), "no")


@plays("the page finishes by itself")
@plays("the page fails by itself")
async def _(play):
    page = await play.open()
    await play.acs.post(page.form.action, page.form.fields)


@plays("approved in the banking app")
async def _(play):
    page = await play.open()
    await play.acs.decide("approve")
    assert (await play.type(page, "")).cres["transStatus"] == "Y"


@plays("approved in the banking app after the browser was closed")
async def _(play):
    await play.open()
    await play.acs.decide("approve")


@plays("declined in the banking app")
async def _(play):
    page = await play.open()
    await play.acs.decide("decline")
    assert (await play.type(page, "")).kind == "declined"


@plays("the right code, when other purchases locked the card meanwhile")
async def _(play):
    page = await play.open()
    code = play.right
    for _number in range(AcsSettings().limits.failures):
        other = await play.acs.challenge(play.pan)
        await play.type(other, *[play.wrong] * 3)
    play.acs.directory.bodies.clear()
    assert (await play.type(page, code)).kind == "card-locked"


@plays("decoupled: approved in time")
async def _(play):
    play.wait(4)
    await play.acs.decide("approve")


@plays("decoupled: declined in time")
async def _(play):
    await play.acs.decide("decline")


@plays("decoupled: not decided in time")
async def _(play):
    play.wait(5)


@plays("the merchant is to be trusted, and the right code")
async def _(play):
    await play.tick(await play.open(), play.right, "trustMerchant")


@plays("the merchant is not to be trusted, and the right code")
@plays("the device is not to be remembered, and the right code")
async def _(play):
    await play.type(await play.open(), play.right)


@plays("the merchant is to be trusted, and three wrong codes")
async def _(play):
    page = await play.open()
    for _number in range(3):
        page = await play.tick(page, play.wrong, "trustMerchant")


@plays("the device is to be remembered, and the right code")
async def _(play):
    await play.tick(await play.open(), play.right, "bindDevice")


@plays("the right code where no RReq D is taken")
async def _(play):
    assert (await play.type(await play.open(), play.right)).cres["transStatus"] == "Y"


@plays("the right code, and it goes on decoupled")
async def _(play):
    assert (await play.type(await play.open(), play.right)).cres["transStatus"] == "D"


@plays("three wrong codes, and it goes on decoupled")
async def _(play):
    assert (await play.type(await play.open(), *[play.wrong] * 3)).cres["transStatus"] == "D"


@plays("cancelled, and nothing goes on")
async def _(play):
    assert (await play.acs.type(await play.open(), "", "cancel")).cres["transStatus"] == "N"


@plays("it went on decoupled (3RI): approved in time")
async def _(play):
    assert play.ares["transStatus"] == "D"
    await play.acs.decide("approve")


def requestor_initiated(acs, pan):
    """How the requestor comes back after an RReq D."""
    areq = json.loads((ROOT / "fixtures" / "messages" / "2.3.1" / "areq-3ri-pa-from-ds.json").read_text("utf-8"))
    return areq | DECOUPLED | {"acctNumber": pan, "threeRIInd": "19", "dsURL": acs.ds_url}


def wishes(case, version):
    """What the AReq has to ask for."""
    if "trusted" in case.what:
        return {"threeDSRequestorChallengeInd": ["09"] if version == "2.3.1" else "09"}
    if "remembered" in case.what:
        return {"threeDSRequestorChallengeInd": ["12"]}
    if case.scenario == "decoupled":
        return DECOUPLED
    if case.scenario == "decoupled-fallback" and case.since == "2.3.1":
        return FALLBACK
    return {}


def asked(acs, case, pan, version):
    """The AReq of a case."""
    if "3RI" in case.what:
        return requestor_initiated(acs, pan)
    if case.ending is Ending.APP_TIMED_OUT:
        return app_stage.areq(acs, SecondSdk(version), pan)
    return acs.areq(pan, version, **wishes(case, version))


@pytest.mark.parametrize(
    ("case", "version"),
    [(row, version) for row in CASES for version in SUPPORTED_VERSIONS if version >= row.since],
    ids=lambda value: value if isinstance(value, str) else value.what,
)
async def test_a_case_ends_as_the_table_says(acs, case, version):
    areq = asked(acs, case, compose("visa", SCENARIOS[case.scenario]), version)
    play = Play(acs, case.scenario, areq, (await acs.post_areq(areq))[1])
    await PLAYS[case.what](play)
    await acs.directory.until(1)
    await acs.until(play.ares["acsTransID"], "reported")
    (rreq,) = acs.directory.rreqs
    check(rreq, Context(version, leg=Leg.ACS_TO_DS, request=play.areq, device_channel=play.areq["deviceChannel"]))
    told = ENDINGS[case.ending]
    assert rreq["acsTransID"] == play.ares["acsTransID"]
    assert (
        rreq["transStatus"],
        rreq.get("transStatusReason"),
        rreq.get("challengeCancel"),
        rreq.get("interactionCounter"),
    ) == (
        told.trans_status,
        reason_in(version, told.reason),
        challenge_cancel_in(version, case.ending),
        None if case.counter is None else f"{case.counter:02}",
    )
    trust = "trustListStatus" if version == "2.3.1" else "whiteListStatus"
    assert (rreq.get(trust), rreq.get("deviceBindingStatus")) == (case.trust, case.binding)


def test_every_case_is_played_and_every_ending_occurs():
    assert PLAYS.keys() == {case.what for case in CASES}
    assert {case.ending for case in CASES} == set(ENDINGS)
