"""What ARes and RReq of 2.2.0 say by EMVCo's extensions, where the AReq has them."""

import pytest

from tests.acs.app_stage import areq as app_areq
from tests.acs.stage import base64url
from tests.acs.test_app_errors import sdk_of
from tests.acs.test_methods import only_rreq
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Context, Leg, check

BRIDGING, DEVICE = "A000000802-004", "A000000802-001"


def card(scenario):
    return compose("visa", SCENARIOS[scenario])


def extension(identifier, **data):
    return {"name": "any", "id": identifier, "criticalityIndicator": False, "data": data}


def said(message):
    return {one["id"]: one["data"] for one in message.get("messageExtension", [])}


async def asked(acs, scenario, *extensions, **more):
    brought = {"messageExtension": [*extensions]} if extensions else {}
    ares = await acs.ask(card(scenario), "2.2.0", **brought, **more)
    check(ares, Context("2.2.0", leg=Leg.ACS_TO_DS))
    return ares


@pytest.mark.parametrize("version", ["1.0", "2.0"])
async def test_bridging_says_how_the_cardholder_is_asked_in_the_version_of_the_areq(acs, version):
    ares = await asked(acs, "challenge-otp", extension(BRIDGING, version=version))
    told = {"version": version, "addData": {"authenticationMethod": ["02"]}}
    assert said(ares) == {BRIDGING: told}
    assert (await acs.type(await acs.open(ares), acs.phone.code)).cres["transStatus"] == "Y"
    assert said(await only_rreq(acs)) == {BRIDGING: told}


async def test_bridging_says_which_exemption_is_granted(acs):
    ares = await asked(acs, "challenge-otp", extension(BRIDGING, version="2.0"), threeDSRequestorChallengeInd="05")
    granted = {"version": "2.0", "addData": {"transChallengeExemption": "05"}}
    assert (ares["transStatus"], said(ares)) == ("I", {BRIDGING: granted})


@pytest.mark.parametrize(
    "extensions",
    [
        [],
        [extension("A000000999-001", version="2.0")],
        [extension(BRIDGING, version="3.0")],
        [extension(BRIDGING, version=["2.0"])],
        [extension(BRIDGING, version={"a": 1})],
        [extension(BRIDGING, other="2.0")],
        [extension(DEVICE, version="2.0")],  # a browser has no device data
    ],
)
async def test_a_side_that_does_not_know_an_extension_is_not_told_by_it(acs, extensions):
    assert said(await asked(acs, "challenge-otp", *extensions)) == {}


WITH_A_CHALLENGE = {"authenticationMethod": ["02"], "deviceUserInterfaceMode": "01"}


@pytest.mark.parametrize(
    ("device", "scenario", "told"),
    [
        ({"DV": "1.4", "DD": {}}, "challenge-otp", {"deviceInfoRecognisedVersion": "1.4", **WITH_A_CHALLENGE}),
        (None, "challenge-otp", WITH_A_CHALLENGE),
        ({"DV": "<script>"}, "challenge-otp", WITH_A_CHALLENGE),
        ({"DV": "1.6"}, "frictionless", {"deviceInfoRecognisedVersion": "1.6"}),
        (None, "frictionless", None),
    ],
)
async def test_device_data_are_acknowledged_and_with_a_challenge_how_the_cardholder_is_asked(
    acs, device, scenario, told
):
    areq = app_areq(acs, sdk_of("2.2.0"), card(scenario))
    areq.pop("deviceInfo", None)
    areq |= {"messageExtension": [extension(DEVICE, version="2.0", sdkType="01")]}
    areq |= {} if device is None else {"deviceInfo": base64url(device)}
    _, ares = await acs.post_areq(areq)
    check(ares, Context("2.2.0", device_channel="01", leg=Leg.ACS_TO_DS))
    assert said(ares) == ({} if told is None else {DEVICE: {"version": "2.0", **told}})
