"""Faults that go together, under one name."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec import Struct

from threedsecure.faults.documents import read
from threedsecure.faults.fault import Fault

_Table = tuple[tuple[str, float, dict[str, Any]], ...]
QUIRK: Final = "acsSimIssuerQuirk"


class Pack(Struct, frozen=True):
    """`about`: what it is for."""

    name: str
    about: str
    faults: tuple[Fault, ...]


def _pack(name: str, about: str, *documents: Mapping[str, Any]) -> Pack:
    return Pack(name, about, tuple(read(document) for document in documents))


def _every(at: str, do: str, **more: Any) -> dict[str, Any]:
    return {"at": at, "do": do, **more, "when": "every"}


def _often(at: str, do: str, percent: float, **more: Any) -> dict[str, Any]:
    return {"at": at, "do": do, **more, "when": {"probability": percent / 100}}


_QUIRKS: Final = (
    _every("CRes post", "padded-base64"),
    _every("Method callback", "padded-base64"),
    _every("ARes", "shuffle"),
    _every("RReq", "shuffle"),
    _every("ARes", "set", element=QUIRK, value={"not": "in any specification"}),
    _every("RReq", "set", element=QUIRK, value="not in any specification"),
    _every("PRes", "set", element=QUIRK, value="not in any specification"),
    _often("ARes", "delay", 50, **{"from": "ACS"}, seconds=1, up_to=6, distribution="exponential"),
    _often("ARes", "erro", 10, **{"from": "ACS"}, code="403", detail="the bank's host does not answer"),
    _often("ARes", "status", 20, status=202, body="kept"),
    _often("challenge page", "delay", 30, seconds=1, up_to=4),
)

_BROKEN: Final[_Table] = (
    ("reset", 2, {}),
    ("truncate", 2, {}),
    ("dribble", 2, {"seconds": 0.5}),
    ("delay", 5, {"seconds": 0, "up_to": 1}),
    ("status", 2, {"status": 503}),
    ("redirect", 1, {}),
    ("content-type", 3, {}),
    ("gzip-lie", 1, {}),
    ("garbage", 2, {}),
)
_TWISTED: Final[_Table] = (
    ("shuffle", 30, {}),
    ("set", 30, {"element": QUIRK, "value": {"not": ["in any", "specification"]}}),
    ("drop", 2, {"element": "messageVersion"}),
    ("rename", 2, {"element": "threeDSServerTransID", "to": "threeDsServerTransId"}),
    ("retype", 2, {"element": "dsTransID", "to": "number"}),
    ("swap-ids", 2, {}),
    ("critical-extension", 2, {}),
    ("duplicate-key", 2, {"element": "messageType"}),
    ("erro", 2, {}),
)
_SENT: Final[_Table] = (
    ("delay", 5, {"seconds": 0, "up_to": 1}),
    ("silence", 2, {"seconds": 0.2}),
    ("reset", 3, {}),
    ("truncate", 2, {}),
    ("content-type", 2, {}),
    ("garbage", 2, {}),
    ("twice", 5, {}),
)


def _all(at: str, table: _Table) -> list[dict[str, Any]]:
    return [_often(at, do, percent, **more) for do, percent, more in table]


_HOSTILE: Final = (
    *_all("PRes", (*_BROKEN, *_TWISTED)),
    *_all("ARes", (*_BROKEN, *_TWISTED)),
    _often("ARes", "drop", 2, element="transStatus"),
    _often("ARes", "set", 2, element="transStatus", value="Z"),
    _often("ARes", "drop", 2, element="acsURL"),
    _often("ARes", "drop", 2, element="authenticationValue"),
    _often("ARes", "delay", 2, **{"from": "ACS"}, seconds=0, up_to=1),
    _often("ARes", "garbage", 2, **{"from": "ACS"}),
    _often("AReq", "refuse", 2),
    *_all("Erro", (*_BROKEN[:4], ("drop", 5, {"element": "errorCode"}))),
    *_all("RReq", (*_SENT, *_TWISTED)),
    _often("RReq", "refuse", 2),
    _often("RReq", "set", 2, element="transStatus", value="Z"),
    *_all("Method page", (("status", 5, {"status": 500}), ("reset", 3, {}), ("delay", 5, {"seconds": 0, "up_to": 1}))),
    *_all(
        "Method callback",
        (("silence", 5, {}), ("late", 5, {}), ("twice", 5, {}), ("padded-base64", 20, {}), ("garbage", 3, {})),
    ),
    *_all("challenge page", (("delay", 5, {"seconds": 0, "up_to": 1}),)),
    *_all(
        "CRes post",
        (
            ("padded-base64", 20, {}),
            ("twice", 5, {}),
            ("silence", 3, {}),
            ("other-session", 3, {}),
            ("swap-ids", 3, {}),
            ("garbage", 3, {}),
            ("set", 5, {"element": "transStatus", "value": "Y"}),
            ("drop", 3, {"element": "transStatus"}),
            ("erro", 3, {}),
            ("shuffle", 20, {}),
        ),
    ),
    *_all("VERes", (*_BROKEN, ("drop", 2, {"element": "CH.enrolled"}), ("swap-ids", 2, {}), ("erro", 2, {}))),
    *_all(
        "PARes",
        (
            ("wrong-signature", 5, {}),
            ("wrong-chain", 5, {}),
            ("expired-certificate", 5, {}),
            ("no-signature", 5, {}),
            ("swap-ids", 3, {}),
            ("garbage", 3, {}),
            ("twice", 3, {}),
            ("erro", 3, {}),
        ),
    ),
    *_all("SMS", (("delay", 5, {"seconds": 0, "up_to": 1}), ("twice", 10, {}), ("reset", 3, {}))),
)

_IN_AN_APP: Final = (
    _pack(
        "app-no-continue",
        "screens beside the banking app without oobContinueLabel",
        _every("CRes", "drop", element="oobContinueLabel"),
    ),
    _pack("app-no-text", "screens without challengeInfoText", _every("CRes", "drop", element="challengeInfoText")),
    _pack(
        "app-empty-why",
        "a first screen whose whyInfoText is empty",
        {"at": "CRes", "do": "set", "element": "whyInfoText", "value": ""},
    ),
    _pack(
        "app-long-labels",
        "a first screen with a button that is longer than 45 characters",
        {
            "at": "CRes",
            "do": "set",
            "element": "submitAuthenticationLabel",
            "value": "Confirm the payment with the code that you have got",
        },
    ),
    _pack(
        "app-lost-images",
        "a first screen whose images cannot be fetched",
        {"at": "CRes", "do": "set", "element": "issuerImage", "value": {"medium": "https://bank.invalid/logo.png"}},
        {"at": "CRes", "do": "set", "element": "psImage", "value": {"medium": "https://scheme.invalid/logo.png"}},
    ),
)

PACKS: Final[Mapping[str, Pack]] = MappingProxyType(
    {
        pack.name: pack
        for pack in (
            _pack(
                "issuer-quirks",
                "what real banks do that no specification says, and that a gateway has to live with",
                *_QUIRKS,
            ),
            *_IN_AN_APP,
            _pack("hostile", "everything that a correct gateway survives, each now and then", *_HOSTILE),
        )
    }
)
