"""What the directory server does for an app's AReq, and whom it lets in."""

import json
from base64 import urlsafe_b64decode
from datetime import timedelta
from importlib.resources import files

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from acs.v2.challenge.app.keys import read_signer
from directory_server.authentication.device_information import device_info, keys
from tests.directory_server import messages
from tests.directory_server.peers import Scene, scene
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose
from threedsecure.v2.app.jose import encrypt

FRICTIONLESS = compose("visa", SCENARIOS["frictionless"])
DEVICE = {"DV": "1.6", "DD": {"C001": "Android", "C002": "Téléphone"}, "DPNA": {"C010": "RE01"}, "SW": ["SW01"]}
VISA, MASTERCARD = "A000000003", "A000000004"


def sealed(kid="acs-sim-ec", enc="A128GCM", rid=VISA, plain=None):
    return encrypt(
        json.dumps(DEVICE).encode() if plain is None else plain,
        keys()[kid].public_key(),
        enc=enc,
        random=lambda length: bytes(range(length)),
        kid=kid,
        party_v_info=rid,
        ephemeral=ec.generate_private_key(ec.SECP256R1()),
    )


def app_areq(ds: Scene, sdk_enc_data, version="2.2.0"):
    golden = json.loads((files("fixtures") / "messages" / version / "areq-app-pa-minimal.json").read_text())
    return golden | {
        "acctNumber": FRICTIONLESS,
        "sdkEncData": sdk_enc_data,
        "threeDSServerURL": f"{ds.three_ds_server.url}/results",
    }


def answered(areq):
    app = {"sdkTransID": areq["sdkTransID"]}
    if areq["messageVersion"] == "2.3.1":
        app |= {"threeDSRequestorAppURLInd": "N", "deviceInfoRecognisedVersion": "1.6"}
    return messages.ares(areq, "Y", **app)


@pytest.mark.parametrize("version", ["2.1.0", "2.2.0", "2.3.1"])
@pytest.mark.parametrize("enc", ["A128GCM", "A128CBC-HS256"])
@pytest.mark.parametrize("kid", ["acs-sim-rsa", "acs-sim-ec"])
async def test_the_device_data_of_an_app_reach_the_acs_in_clear(ds: Scene, kid, enc, version):
    ds.acs.answer = answered
    answer = await ds.post(app_areq(ds, sealed(kid, enc), version))
    assert answer["messageType"] == "ARes", answer
    received = await ds.acs.next()
    told = received["deviceInfo"]
    assert json.loads(urlsafe_b64decode(told + "=" * (-len(told) % 4))) == DEVICE
    assert "sdkEncData" not in received


def written(folder, name, key):
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / f"{name}.pem").write_bytes(pem)
    return key.public_key()


@pytest.mark.parametrize("kid", ["mine", None, "acs-sim-ec"])
async def test_keys_of_a_users_own_stand_beside_the_published_ones(tmp_path, kid):
    own = written(tmp_path, "mine", ec.generate_private_key(ec.SECP256R1()))
    public = keys()["acs-sim-ec"].public_key() if kid == "acs-sim-ec" else own
    data = encrypt(
        json.dumps(DEVICE).encode(),
        public,
        enc="A128GCM",
        random=lambda length: bytes(range(length)),
        kid=kid,
        party_v_info=VISA,
        ephemeral=ec.generate_private_key(ec.SECP256R1()),
    )
    told = device_info({"sdkEncData": data, "messageVersion": "2.2.0"}, "visa", str(tmp_path))["deviceInfo"]
    assert json.loads(urlsafe_b64decode(told + "=" * (-len(told) % 4))) == DEVICE


@pytest.mark.parametrize("what", ["no PEM", "another curve"])
def test_a_key_that_cannot_be_used_is_named(tmp_path, what):
    if what == "no PEM":
        (tmp_path / "mine.pem").write_text("no PEM")
    else:
        written(tmp_path, "mine", ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(ValueError, match=r"mine\.pem"):
        keys(str(tmp_path))


@pytest.mark.parametrize(
    "data",
    [
        "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMTI4R0NNIn0.a2V5.aXY.Y2lwaGVydGV4dA.dGFn",
        sealed(rid=MASTERCARD),
        sealed(plain=b"[]"),
        sealed(plain=b"{"),
        sealed()[:-4] + "AAAA",
    ],
    ids=["made up", "for another scheme", "no object", "no JSON", "tag changed"],
)
async def test_device_data_that_cannot_be_read_are_302(ds: Scene, data):
    answer = await ds.post(app_areq(ds, data))
    assert (answer["errorCode"], answer["errorComponent"], answer["errorMessageType"]) == ("302", "D", "AReq")
    assert answer["errorDetail"].startswith("sdkEncData: ")
    assert ds.acs.received == []


@pytest.mark.parametrize(("version", "code"), [("2.2.0", "302"), ("2.3.1", "311")])
async def test_a_key_that_is_not_ours_is_told_apart_in_2_3_1(ds: Scene, version, code):
    theirs = encrypt(
        b"{}",
        keys()["acs-sim-rsa"].public_key(),
        enc="A128GCM",
        random=lambda length: bytes(length),
        kid="theirs",
    )
    assert (await ds.post(app_areq(ds, theirs, version)))["errorCode"] == code


async def test_a_3ds_server_that_is_not_listed_has_no_access():
    async with scene(three_ds_servers=("3DS_LOA_SER_TEST_020200_00001",)) as ds:
        assert (await ds.post(ds.areq(FRICTIONLESS)))["messageType"] == "ARes"
        stranger = {"threeDSServerRefNumber": "SOMEBODY-ELSE"}
        for message in (ds.areq(FRICTIONLESS, **stranger), messages.preq(**stranger)):
            answer = await ds.post(message)
            assert (answer["errorCode"], answer["errorComponent"]) == ("303", "D")
            assert "SOMEBODY-ELSE" in answer["errorDetail"]


async def test_a_3ri_authentication_in_2_1_0_has_no_address_for_results(ds: Scene):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y", authenticationValue=None)
    golden = json.loads((files("fixtures") / "messages" / "2.1.0" / "areq-3ri-npa-minimal.json").read_text())
    golden.pop("threeDSServerURL", None)
    answer = await ds.post(golden | {"acctNumber": FRICTIONLESS})
    assert (answer["messageType"], answer.get("transStatus")) == ("ARes", "Y"), answer


def split_areq(ds: Scene, signer="acs-signing-ec.pem", now="20260615120000", **changes):
    """An AReq of a split SDK, what its server half signed in it."""
    areq = app_areq(ds, sealed(), "2.3.1")
    areq.pop("defaultSdkType", None)
    payload = {
        "sdkReferenceNumber": areq["sdkReferenceNumber"],
        "sdkTransID": areq["sdkTransID"],
        "sdkSignatureTimestamp": now,
        "splitSdkServerID": "SERVER",
    }
    signed = read_signer(signer).sign({**payload, **changes})
    return areq | {"sdkType": "02", "splitSdkType": {"sdkVariant": "01"}, "sdkServerSignedContent": signed}


async def test_what_the_server_half_of_a_split_sdk_signed_is_believed(ds: Scene):
    ds.acs.answer = lambda areq: messages.ares(areq, "Y", acsOperatorID="ACS", deviceInfoRecognisedVersion="1.6")
    await ds.post(split_areq(ds))
    assert "sdkServerSignedContent" in ds.acs.received[0]


async def test_how_old_it_may_be_is_a_setting():
    async with scene(sdk_signature_age=timedelta(minutes=1)) as strict:
        answer = await strict.post(split_areq(strict, now="20260615115859"))
    assert (answer["errorCode"], "more than 60 seconds" in answer["errorDetail"]) == ("308", True)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"signer": "acs-signing-stray.pem"}, "no path leads"),
        ({"sdkTransID": "00000000-0000-4000-8000-000000000000"}, "sdkTransID"),
        ({"sdkReferenceNumber": "ANOTHER"}, "sdkReferenceNumber"),
        ({"now": "20260615115459"}, "sdkSignatureTimestamp is more than 300 seconds"),
        ({"now": "20260615120501"}, "sdkSignatureTimestamp is more than 300 seconds"),
        ({"now": "yesterday"}, "no YYYYMMDDHHMMSS"),
        ({"sdkSignatureTimestamp": None}, "no YYYYMMDDHHMMSS"),
    ],
)
async def test_what_it_did_not_sign_for_this_transaction_is_308(ds: Scene, changes, told):
    answer = await ds.post(split_areq(ds, **changes))
    assert (answer["errorCode"], answer["errorComponent"]) == ("308", "D")
    assert told in answer["errorDetail"]
    assert ds.acs.received == []
