"""Purchases in an app: the app hands over what its SDK says, gives the SDK what comes back, and asks how it ended."""

import json
from importlib.resources import files
from typing import Any

import aiohttp
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from joserfc import jwe
from joserfc.jwk import RSAKey

from acs.cardholder.methods.static_password import PASSWORD
from tests.acs.app_stage import JOSE, ROOT
from tests.acs.second_sdk import SecondSdk
from tests.acs_sim.gateway.conftest import VISA
from tests.acs_sim.gateway.test_latest_version import listed, whole
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.validation.checking import Leg, check, context_of

__all__ = ["whole"]
PARAMETERS = ("threeDSServerTransID", "acsTransID", "acsReferenceNumber", "acsSignedContent")
DS_KEY = load_pem_private_key((files("fixtures") / "keys" / "directory-server-rsa.pem").read_bytes(), None)


def given(sdk: SecondSdk) -> dict[str, Any]:
    """What an app knows from its SDK: it says nothing of the channel, of what it can draw, and gives its key as text."""
    header = {"alg": "RSA-OAEP-256", "enc": "A128GCM"}
    plain = json.dumps({"DV": "1.6", "DD": {"C001": "Android", "C005": "en-GB"}}).encode()
    public = RSAKey.import_key(DS_KEY.public_key())
    known = {
        "sdkEncData": jwe.encrypt_compact(header, plain, public, algorithms=[*header.values()]),
        "sdkEphemPubKey": json.dumps(sdk.jwk),
    }
    return known | {name: sdk.elements()[name] for name in ("sdkAppID", "sdkReferenceNumber", "sdkTransID")}


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
async def test_its_areq_is_one_of_an_app(world, version):
    if version == "2.3.1":
        world.scheme.pres = listed("2.2.0", version)
    world.scheme.ares = {"transStatus": "N", "transStatusReason": "01"}
    sdk = SecondSdk(version)
    await world.purchase(version=version, app=given(sdk))
    areq = world.scheme.areq
    check(areq, context_of(areq, Leg.THREE_DS_SERVER_TO_DS))
    assert (areq["deviceChannel"], areq["messageVersion"], areq["sdkEphemPubKey"]) == ("01", version, sdk.jwk)
    assert (areq["sdkMaxTimeout"], areq["deviceRenderOptions"]["sdkInterface"]) == ("05", "03")
    assert not [name for name in areq if name.startswith(("browser", "threeDSComp", "notification"))]
    assert areq.get("sdkType") == ("01" if version == "2.3.1" else None)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"sdkTransID": None}, "sdkTransID"),
        ({"sdkEphemPubKey": "no key"}, "sdkEphemPubKey"),
        ({"sdkEncData": "x" * 64_001}, "sdkEncData"),
        ({"deviceChannel": "02"}, "deviceChannel"),
        ({"acsURL": "http://127.0.0.1/"}, "acsURL"),
    ],
)
async def test_what_no_sdk_gives_is_refused_and_named(world, change, named):
    app = {name: value for name, value in {**given(SecondSdk()), **change}.items() if value is not None}
    assert named in (await world.purchase(expected=400, app=app))["detail"]


async def test_a_card_that_only_the_old_protocol_knows_pays_without_3ds_in_an_app(world):
    world.scheme.ranges = [world.scheme.card_range("52" + "0" * 14, "52" + "9" * 14)]
    paid = await world.purchase(app=given(SecondSdk()))
    assert (paid["enrolled"], paid["reason"]) == (False, "not-enrolled")


@pytest.mark.parametrize(("version", "typed", "ends"), [("2.1.0", "right", "accepted"), ("2.3.1", "wrong", "refused")])
async def test_an_sdk_that_knows_nothing_of_us_pays_at_the_gateway(whole, version, typed, ends):
    desk, shops = whole
    sdk = SecondSdk(version)
    pan = compose("visa", SCENARIOS["challenge-password"], serial="4")
    wish = {"pan": pan, "expiry": "3012", "amount": 4200, "version": version, "app": given(sdk)}
    status, purchase, _ = await shops("POST", "/api/purchases", json=wish)
    assert (status, purchase["state"], purchase["transStatus"]) == (201, "challenge", "C")
    parameters = purchase["challengeParameters"]
    assert (tuple(parameters), purchase.get("acsURL"), purchase.get("creq")) == (PARAMETERS, None, None)
    sdk.begin(parameters, ROOT)
    first = await sent(sdk)
    for _ in range(3 if typed == "wrong" else 1):
        last = await sent(sdk, challengeDataEntry=PASSWORD if typed == "right" else "wrong")
    assert (first["acsUiType"], last["transStatus"]) == ("01", "Y" if typed == "right" else "N")
    _, over, _ = await shops("GET", f"/api/purchases/{purchase['id']}?wait=30")
    assert (over["result"], over["authentication"]["source"], over.get("challengeParameters")) == (ends, "RReq", None)
    _, told, _ = await desk("GET", f"/api/transactions/{purchase['id']}/findings")
    assert [one["rule"] for one in told["findings"] if one["severity"] == "error"] == []


async def sent(sdk: SecondSdk, **elements: Any) -> dict[str, Any]:
    body = sdk.seal(sdk.creq(**elements))
    async with aiohttp.ClientSession() as app, app.post(sdk.acs_url, data=body, headers=JOSE) as answer:
        return sdk.open(await answer.text())


async def test_the_gateway_goes_by_the_results_of_this_sdk_alone(world):
    sdk = SecondSdk()
    world.scheme.ares = {
        "transStatus": "C",
        "acsSignedContent": "a.b.c",
        "acsURL": None,
        "sdkTransID": sdk.sdk_trans_id,
    }
    world.scheme.ares["acsRenderingType"] = {"acsInterface": "01", "acsUiTemplate": "01"}
    purchase = await world.purchase(VISA, app=given(sdk))
    assert purchase["challengeParameters"]["acsSignedContent"] == "a.b.c"
    rreq = {
        "messageType": "RReq",
        "messageVersion": "2.2.0",
        "threeDSServerTransID": purchase["id"],
        "acsTransID": purchase["acsTransID"],
        "dsTransID": purchase["dsTransID"],
        "messageCategory": "01",
        "authenticationType": "02",
        "interactionCounter": "03",
        "transStatus": "N",
        "transStatusReason": "19",
        "sdkTransID": SecondSdk().sdk_trans_id,
        "acsRenderingType": {"acsInterface": "01", "acsUiTemplate": "01"},
    }
    refused = await world.json("POST", "/3ds2/results", rreq)
    assert (refused["errorCode"], refused["errorDetail"]) == ("301", "sdkTransID")
    rres = await world.json("POST", "/3ds2/results", {**rreq, "sdkTransID": sdk.sdk_trans_id})
    assert (rres["messageType"], rres["sdkTransID"]) == ("RRes", sdk.sdk_trans_id)
    over = await world.json("GET", f"/api/purchases/{purchase['id']}?wait=10")
    assert (over["result"], over["reason"]) == ("refused", "not-authenticated")


async def test_what_is_typed_is_never_shown_not_even_where_the_creq_goes_wrong(whole):
    desk, shops = whole
    _, app, _ = await desk("POST", "/api/apps", json={"version": "2.2.0"})
    pan = compose("visa", SCENARIOS["challenge-password"], serial="8")
    wish = {"pan": pan, "expiry": "3012", "amount": 4200, "version": "2.2.0", "app": app["areq"]}
    _, purchase, _ = await shops("POST", "/api/purchases", json=wish)
    await desk("POST", "/api/faults", json={"at": "CReq", "do": "counter", "when": {"nth": 2}})
    status, told, _ = await desk("POST", f"/api/apps/{app['id']}", json={"do": "submit", "code": "drossel-spezial"})
    assert (status, "Erro 302" in told["detail"]) == (409, True)
    _, page, _ = await desk.text("GET", f"/api/transactions/{purchase['id']}/messages")
    assert ("counter" in page, "challengeDataEntry" in page, "drossel" in page) == (True, True, False)
    _, page, _ = await desk.text("GET", f"/transactions/{purchase['id']}?m=2")
    assert ("deviceInfo.DD.C002" in page, "device model" in page) == (True, True)
