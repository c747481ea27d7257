"""An app on the stage of the ACS: the directory server's AReq, and posts of the second SDK."""

import base64
import json
from importlib.resources import files
from typing import Any

from cryptography import x509

from tests.acs.second_sdk import SecondSdk
from tests.acs.stage import Stage, base64url
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.test_cards import compose

ROOT = x509.load_pem_x509_certificate((files("fixtures") / "keys" / "directory-server-root.pem").read_bytes())
DEVICE = {"DV": "1.6", "DD": {"C001": "Android", "C005": "en-GB"}}
ALL_TYPES = {"2.3.1": ("01", "02", "03", "04", "05", "06", "07")}
JOSE = {"Content-Type": "application/jose; charset=utf-8"}


def areq(acs: Stage, sdk: SecondSdk, pan: str, **changes: Any) -> dict[str, Any]:
    message = acs.areq(pan, sdk.version, **sdk.elements(), deviceInfo=base64url(DEVICE), threeDSCompInd=None)
    gone = ("browser", "notificationURL", "acceptLanguage")
    message = {name: value for name, value in message.items() if not name.startswith(gone)} | changes
    return {name: value for name, value in message.items() if value is not None}


async def begin(acs: Stage, scenario: str = "challenge-otp", sdk: SecondSdk | None = None, **changes: Any) -> SecondSdk:
    """An SDK whose cardholder is challenged, before its first CReq."""
    sdk = sdk or SecondSdk()
    pan = compose("visa", SCENARIOS[scenario])
    _, ares = await acs.post_areq(areq(acs, sdk, pan, **changes))
    assert ares.get("transStatus") == "C", ares
    assert "acsURL" not in ares
    return sdk.begin(ares, ROOT)


async def post(acs: Stage, sdk: SecondSdk, body: str | bytes, headers: dict[str, str] | None = None) -> Any:
    """What the ACS answers: text where it is encrypted, a document where it is not."""
    async with acs.browser.post(sdk.acs_url, data=body, headers=headers or JOSE) as answer:
        assert answer.status == 200, await answer.text()
        if answer.content_type == "application/jose":
            return await answer.text()
        assert answer.content_type == "application/json"
        raw = await answer.read()
        return json.loads(raw) if raw else None


async def send(acs: Stage, sdk: SecondSdk, **elements: Any) -> dict[str, Any]:
    """The CRes that answers a CReq with these elements."""
    answer = await post(acs, sdk, sdk.seal(sdk.creq(**elements)))
    assert isinstance(answer, str), answer
    return sdk.open(answer)


def html(cres: dict[str, Any]) -> str:
    text = cres["acsHTML"]
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode()
