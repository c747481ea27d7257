"""What an AReq says of the app that the buyer pays in: the SDK's authentication request parameters, as the app hands them over."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

LATEST: Final = "2.3.1"
MAX_KEY: Final = 1_000
ALL_TYPES: Final = ("01", "02", "03", "04", "05")
NEW_TYPES: Final = ("06", "07")
_NEW: Final = ("sdkType", "defaultSdkType", "splitSdkType", "sdkServerSignedContent", "sdkSignatureTimestamp")


class AppParameters(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """By the names of the AReq. SDKs give their key as JSON text, which is taken too. What the app decides and no SDK says has a
    value of its own: `sdkMaxTimeout` in minutes, `deviceRenderOptions` everything, `sdkType` (2.3.1) a default SDK."""

    sdkAppID: str  # noqa: N815 - the specification's names
    sdkEncData: Annotated[str, Meta(max_length=64_000)]  # noqa: N815
    sdkEphemPubKey: dict[str, Any] | Annotated[str, Meta(max_length=MAX_KEY)]  # noqa: N815
    sdkReferenceNumber: str  # noqa: N815
    sdkTransID: str  # noqa: N815
    sdkMaxTimeout: str = "05"  # noqa: N815
    deviceRenderOptions: dict[str, Any] | None = None  # noqa: N815
    deviceChannel: Literal["01"] = "01"  # noqa: N815
    sdkType: str | None = None  # noqa: N815
    defaultSdkType: dict[str, Any] | None = None  # noqa: N815
    splitSdkType: dict[str, Any] | None = None  # noqa: N815
    sdkServerSignedContent: str | None = None  # noqa: N815
    sdkSignatureTimestamp: str | None = None  # noqa: N815

    def __post_init__(self) -> None:
        self.sdkEphemPubKey = _object(self.sdkEphemPubKey)

    def elements(self, version: str) -> dict[str, Any]:
        """The elements of an AReq in `version`."""
        latest = version == LATEST
        types = list(ALL_TYPES + (NEW_TYPES if latest else ()))
        elements = {
            "sdkAppID": self.sdkAppID,
            "sdkEncData": self.sdkEncData,
            "sdkEphemPubKey": self.sdkEphemPubKey,
            "sdkMaxTimeout": self.sdkMaxTimeout,
            "sdkReferenceNumber": self.sdkReferenceNumber,
            "sdkTransID": self.sdkTransID,
            "deviceRenderOptions": self.deviceRenderOptions or {"sdkInterface": "03", "sdkUiType": types},
        }
        if not latest:
            return elements
        told = {name: value for name in _NEW if (value := getattr(self, name)) is not None}
        return elements | (told or {"sdkType": "01", "defaultSdkType": {"sdkVariant": "01"}})


def _object(key: dict[str, Any] | str) -> dict[str, Any]:
    """Errors: `ValueError`."""
    if isinstance(key, dict):
        return key
    try:
        return msgspec.json.decode(key, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise ValueError("sdkEphemPubKey is no JSON object") from error
