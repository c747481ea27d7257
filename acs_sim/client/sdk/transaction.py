"""One transaction of an app's SDK: what the app hands to its 3DS Server, and the encrypted challenge. Pure.

The order of events is that of the SDK specification: `create_transaction`, the app's 3DS Server authenticates, `begin`
(doChallenge), then CReq and CRes by turns until the final CRes."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from msgspec import Struct
from msgspec.structs import replace

from acs_sim.client.sdk.habits import STRICT, Habits
from acs_sim.client.sdk.judging import ProtocolFailure, judged
from threedsecure.v2.app import bridging
from threedsecure.v2.app.extensions import DEVICE_ACKNOWLEDGEMENT, extension
from threedsecure.v2.app.jose import (
    A128CBC_HS256,
    NotDecrypted,
    PublicKey,
    Random,
    encrypt,
    parse,
    public_jwk,
    public_key,
)
from threedsecure.v2.app.session import Sender, agreed_key, counted, open_challenge, seal_challenge
from threedsecure.v2.app.signed_content import NotTrusted, read_signed_content
from threedsecure.v2.codec import encode
from threedsecure.v2.errors import ErrorCode

REFERENCE_NUMBER: Final = "3DS_LOA_SDK_SIMU_020200_00001"
NATIVE_AND_HTML: Final = "03"
UI_TYPES: Final = ("01", "02", "03", "04", "05")
NEW_UI_TYPES: Final = ("06", "07")
LATEST: Final = "2.3.1"
_ENTRIES: Final = frozenset(
    {"challengeDataEntry", "challengeHTMLDataEntry", "challengeCancel", "infoContinueIndicator"}
)
MAX_CRES: Final = 600_000
"""Characters: acsHTML alone may have 300000."""
DEVICE: Final[Mapping[str, Any]] = {"DV": "1.6", "DD": {"C001": "Android", "C002": "Exemple One", "C005": "en-GB"}}


class Options(Struct, frozen=True, kw_only=True):
    """How this SDK is. `enc`: content encryption of the challenge; `interface` and `ui_types`: what it can draw; `max_timeout`:
    minutes that the whole challenge may take, at least 5; `app_url`: where the banking app returns to (2.2.0 and later);
    `plain_hosts`: where plain http will do, and at what is below them: a desk has no certificates. `sdk_type` (2.3.1): sdkType
    and what goes with it; `acknowledged` (2.2.0): the same as data of an extension (Device Acknowledgement); `habits`: in what it
    is like one that ships."""

    enc: str = A128CBC_HS256
    interface: str = NATIVE_AND_HTML
    ui_types: tuple[str, ...] | None = None
    max_timeout: int = 5
    reference_number: str = REFERENCE_NUMBER
    app_url: str | None = None
    sdk_type: Mapping[str, Any] = MappingProxyType({"sdkType": "01", "defaultSdkType": {"sdkVariant": "01"}})
    acknowledged: Mapping[str, Any] = MappingProxyType({})
    plain_hosts: tuple[str, ...] = ()
    habits: Habits = STRICT

    def trusts(self, url: str) -> bool:
        """Whether an SDK posts to such an acsURL."""
        try:
            parts = urlsplit(url)
        except ValueError:
            return False
        host = parts.hostname or ""
        plain = parts.scheme == "http" and any(host == one or host.endswith(f".{one}") for one in self.plain_hosts)
        return bool(host) and (plain or parts.scheme == "https")


class SdkTransaction(Struct, frozen=True, kw_only=True):
    """`acs_url`, `session_key` and the identifiers of the other parties are known once the challenge has begun."""

    version: str
    options: Options
    key: ec.EllipticCurvePrivateKey
    sdk_trans_id: str
    sdk_app_id: str
    sdk_enc_data: str
    counter: int = 0
    acs_url: str = ""
    session_key: bytes = b""
    acs_trans_id: str = ""
    three_ds_server_trans_id: str = ""

    def elements(self) -> dict[str, Any]:
        """What goes into the AReq (authentication request parameters)."""
        options, use = self.options, self.options.habits.key_use
        types = options.ui_types or UI_TYPES + (NEW_UI_TYPES if self.version == LATEST else ())
        told: dict[str, Any] = {
            "sdkAppID": self.sdk_app_id,
            "sdkEncData": self.sdk_enc_data,
            "sdkEphemPubKey": public_jwk(self.key.public_key()) | ({} if use is None else {"use": use}),
            "sdkMaxTimeout": f"{options.max_timeout:02}",
            "sdkReferenceNumber": options.reference_number,
            "sdkTransID": self.sdk_trans_id,
            "deviceRenderOptions": {"sdkInterface": options.interface, "sdkUiType": list(types)},
        }
        if self.version == LATEST:
            told |= options.sdk_type
        elif self.version == "2.2.0" and options.acknowledged:
            told["messageExtension"] = [extension(DEVICE_ACKNOWLEDGEMENT, options.acknowledged)]
        return told

    def begin(self, ares: Mapping[str, Any], roots: Sequence[x509.Certificate], at: datetime) -> "SdkTransaction":
        """The transaction once acsSignedContent is believed and the key agreed on. Errors: `NotTrusted`."""
        content = read_signed_content(str(ares["acsSignedContent"]), roots, at)
        own = public_jwk(self.key.public_key())
        compared = self.options.habits.compares_key
        if compared and {name: content.sdk_ephem_pub_key.get(name) for name in own} != own:
            raise NotTrusted("sdkEphemPubKey is not the key of this transaction")
        if not self.options.trusts(content.acs_url):
            raise NotTrusted("acsURL is not https")
        try:
            theirs = public_key(content.acs_ephem_pub_key)
        except NotDecrypted as error:
            raise NotTrusted("acsEphemPubKey is no P-256 key") from error
        return replace(
            self,
            acs_url=content.acs_url,
            session_key=agreed_key(self.key, theirs, self.options.reference_number),
            acs_trans_id=str(ares["acsTransID"]),
            three_ds_server_trans_id=str(ares["threeDSServerTransID"]),
        )

    def identifiers(self) -> dict[str, str]:
        return {
            "threeDSServerTransID": self.three_ds_server_trans_id,
            "acsTransID": self.acs_trans_id,
            "sdkTransID": self.sdk_trans_id,
        }

    def creq(self, action: Mapping[str, Any]) -> dict[str, Any]:
        """The next CReq, with the elements of what the cardholder did."""
        message = {
            "messageType": "CReq",
            "messageVersion": self.version,
            **self.identifiers(),
            "sdkCounterStoA": counted(self.counter),
        }
        if self.version == LATEST:
            message["oobAppURLInd"] = "01" if self.options.app_url else "02"
        elif self.options.app_url and self.counter == 0:
            message |= bridging.extension({"oobAppURLInd": "01"})
        if self.options.app_url is not None and self.version != "2.1.0":
            message["threeDSRequestorAppURL"] = self.options.app_url
        if self.options.habits.no_entry_always and self.version != "2.1.0" and not _ENTRIES & action.keys():
            message["challengeNoEntry"] = "Y"
        return {**message, **action}

    def seal(self, plain: bytes, random: Random, defect: str | None = None) -> str:
        """The body of a POST: a CReq, encrypted; badly where a defect is named."""
        return seal_challenge(
            plain,
            self.session_key,
            Sender.SDK,
            enc=self.options.enc,
            kid=self.acs_trans_id,
            counter=self.counter,
            random=random,
            defect=defect,
        )

    def read(self, body: bytes) -> tuple[dict[str, Any], "SdkTransaction"]:
        """The CRes in a body, and the transaction that waits for the next. Errors: `ProtocolFailure`."""
        try:
            jwe = parse(body.decode("ascii"), limit=MAX_CRES)
            plain = open_challenge(jwe, self.session_key, Sender.ACS)
        except (NotDecrypted, UnicodeDecodeError) as error:
            raise ProtocolFailure(ErrorCode.DATA_DECRYPTION_FAILURE, str(error)[:200]) from error
        cres = judged(plain, self.version, self.identifiers(), counted(self.counter), self.options.habits)
        return cres, replace(self, counter=self.counter + 1)


def create_transaction(
    version: str,
    *,
    directory_server_id: str,
    directory_server_key: PublicKey,
    kid: str | None,
    sdk_trans_id: str,
    sdk_app_id: str,
    key: ec.EllipticCurvePrivateKey,
    ephemeral: ec.EllipticCurvePrivateKey,
    random: Random,
    options: Options | None = None,
) -> SdkTransaction:
    """A transaction with a key of its own, its device data encrypted to the directory server. `key` and `ephemeral`, for those data
    alone, are fresh."""
    options = options or Options()
    encrypted = encrypt(
        encode(DEVICE),
        directory_server_key,
        enc=options.enc,
        random=random,
        kid=kid,
        party_v_info=directory_server_id,
        ephemeral=ephemeral,
    )
    return SdkTransaction(
        version=version,
        options=options,
        key=key,
        sdk_trans_id=sdk_trans_id,
        sdk_app_id=sdk_app_id,
        sdk_enc_data=encrypted,
    )
