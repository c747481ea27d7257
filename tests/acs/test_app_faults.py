"""What goes wrong on purpose in an app is refused by an SDK that knows nothing of us, and right again afterwards."""

import json

import pytest
from cryptography.exceptions import InvalidSignature
from joserfc.errors import JoseError

from acs_sim.client.sdk.habits import PROFILES
from acs_sim.client.sdk.judging import ProtocolFailure, judged
from tests.acs.app_stage import ROOT, areq, begin, post, send
from tests.acs.second_sdk import CBC, GCM, SecondSdk
from tests.acs.test_app_challenge import sdk_of
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.faults import read
from threedsecure.faults.packs import PACKS
from threedsecure.v2.app.jose import parse
from threedsecure.v2.app.session import Sender, open_challenge, seal_challenge

REFUSED = (AssertionError, JoseError, InvalidSignature, ValueError)
CARDS = [name for name in SCENARIOS if name.startswith("app-bad-")]
CONTENT = [
    {"do": "wrong-signature"},
    {"do": "wrong-chain"},
    {"do": "expired-certificate"},
    {"do": "other-key"},
    {"do": "wrong-algorithm"},
    {"do": "unreadable-content"},
    {"do": "set", "element": "acsURL", "value": "http://acs.example/"},
]
CRES = [
    {"do": "drop", "element": "acsUiType"},
    {"do": "set", "element": "messageVersion", "value": "9.9.9"},
    {"do": "swap-ids", "with": "unknown"},
    {"do": "counter"},
    {"do": "counter", "by": -1},
    {"do": "wrong-tag"},
    {"do": "wrong-half"},
]


def strict(sdk, ares):
    """As `SecondSdk.begin`, and what it leaves to the network and the clock."""
    sdk.begin(ares, ROOT)
    assert sdk.leaf.not_valid_after_utc.year > 2016
    assert not sdk.acs_url.startswith("http://acs.example")


@pytest.mark.parametrize("name", CARDS)
async def test_no_sdk_believes_what_a_card_has_the_acs_sign_badly(acs, name):
    sdk = SecondSdk()
    _, ares = await acs.post_areq(areq(acs, sdk, compose("visa", SCENARIOS[name])))
    assert ares["transStatus"] == "C"
    with pytest.raises(REFUSED):
        strict(sdk, ares)


@pytest.mark.parametrize("fault", CONTENT, ids=lambda fault: fault["do"])
async def test_no_sdk_believes_content_that_went_wrong(acs, fault):
    acs.runtime.faults.arm(read({"at": "acsSignedContent", **fault}))
    pan = compose("visa", SCENARIOS["challenge-otp"])
    _, ares = await acs.post_areq(areq(acs, sdk := SecondSdk(), pan))
    with pytest.raises(REFUSED):
        strict(sdk, ares)
    _, ares = await acs.post_areq(areq(acs, sdk := SecondSdk(), pan))
    strict(sdk, ares)


@pytest.mark.parametrize("enc", [CBC, GCM])
@pytest.mark.parametrize("fault", CRES, ids=lambda fault: f"{fault['do']}{fault.get('by', '')}")
async def test_no_sdk_takes_a_cres_that_went_wrong_inside_its_encryption(acs, enc, fault):
    sdk = await begin(acs, sdk=sdk_of("2.2.0", enc))
    await send(acs, sdk)
    acs.runtime.faults.arm(read({"at": "CRes", **fault}))
    answer = await post(acs, sdk, sdk.seal(sdk.creq(challengeDataEntry="000000")))
    with pytest.raises((*REFUSED, KeyError)):
        sdk.open(answer)


def test_a_message_that_was_sealed_badly_is_another_in_nothing_else():
    told = {"kid": "id", "counter": 7, "random": bytes}
    for enc in (CBC, GCM):
        whole, bad = (
            seal_challenge(b"{}", bytes(range(32)), Sender.ACS, enc=enc, defect=defect, **told)
            for defect in (None, "wrong-tag")
        )
        assert whole.rpartition(".")[0] == bad.rpartition(".")[0]
        assert json.loads(open_challenge(parse(whole), bytes(range(32)), Sender.ACS)) == {}


@pytest.mark.parametrize(
    ("pack", "scenario", "profile", "refused"),
    [
        ("app-no-continue", "challenge-oob", "strict", "201: oobContinueLabel"),
        ("app-no-text", "challenge-otp", "strict", "201: challengeInfoText"),
        ("app-no-text", "challenge-otp", "stripe-android", None),
        ("app-empty-why", "challenge-otp", "strict", "203: whyInfoText"),
        ("app-empty-why", "challenge-otp", "stripe-android", "203: whyInfoText"),
        ("app-long-labels", "challenge-otp", "strict", "203: submitAuthenticationLabel"),
        ("app-lost-images", "challenge-otp", "strict", None),
    ],
)
async def test_what_issuers_get_wrong_is_taken_by_the_sdks_that_take_it(acs, pack, scenario, profile, refused):
    sdk = await begin(acs, scenario)
    for fault in PACKS[pack].faults:
        acs.runtime.faults.arm(fault)
    text = await post(acs, sdk, sdk.seal(sdk.creq()))
    plain = open_challenge(parse(text), sdk.k, Sender.ACS)
    ids = {name: sdk.creq()[name] for name in ("threeDSServerTransID", "acsTransID", "sdkTransID")}
    try:
        judged(plain, "2.2.0", ids, "000", PROFILES[profile])
        told = None
    except ProtocolFailure as failure:
        told = str(failure)
    assert told == refused
