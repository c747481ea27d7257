"""Transcripts for tests, written by hand."""

from typing import Any

SERVER = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
DS = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"
ACS = "d7c1ee99-9478-44a6-b1f2-391e29c6b340"
OTHERS = {
    SERVER: "11111111-d2d2-4067-bcb1-b08d1690b26e",
    DS: "22222222-5b16-4c0a-ae5d-b24808a95e4b",
    ACS: "33333333-9478-44a6-b1f2-391e29c6b340",
}
VOLATILE = ["took_ms", "port", "at", "threeDSServerTransID", "dsTransID", "acsTransID", "id", "pan", "acctNumber"]


def hop(sender: str, receiver: str, kind: str, after: float = 0, **more: Any) -> dict[str, Any]:
    """`status` and `took_ms` are the hop's own; everything else is an element of the message."""
    own = {name: more.pop(name) for name in ("status", "took_ms") if name in more}
    at = f"2026-06-15T12:00:{after:06.3f}+00:00"
    return {
        "at": at,
        "offset_ms": round(after * 1000),
        "from": sender,
        "to": receiver,
        "kind": kind,
        **own,
        "message": {"messageType": kind, "threeDSServerTransID": SERVER, **more},
    }


def transcript(*hops: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "format": "acs-sim transcript 1",
        "transaction": {"id": SERVER, "scheme": "visa", "version": "2.2.0", "pan": "400000******0001"},
        "card": {"scheme": "visa", "pan": "400000******0001", "scenario": "challenge-otp"},
        "addresses": {"Directory Server": "http://127.0.0.1:8100", "ACS": "http://127.0.0.1:8200"},
        "hops": list(hops),
        "volatile": VOLATILE,
        **changes,
    }


def conversation() -> dict[str, Any]:
    return transcript(
        hop("3DS Server", "Directory Server", "AReq", acctNumber="400000******0001", purchaseAmount="4200"),
        hop("Directory Server", "3DS Server", "ARes", status=200, took_ms=12.5, transStatus="C", acsTransID=ACS,
            dsTransID=DS, acsURL="http://127.0.0.1:8200/3ds2/challenge?of=" + ACS),
        hop("Browser", "ACS", "CReq", 1.5, acsTransID=ACS, challengeWindowSize="05"),
        hop("Directory Server", "3DS Server", "RReq", 2, acsTransID=ACS, dsTransID=DS, transStatus="Y", eci="05"),
        hop("3DS Server", "Directory Server", "RRes", 2, status=200, took_ms=3.25, acsTransID=ACS, dsTransID=DS,
            resultsStatus="01"),
        hop("ACS", "Browser", "CRes", 2, status=200, took_ms=9, acsTransID=ACS, transStatus="Y"),
    )  # fmt: skip


def renamed(document: Any, names: dict[str, str]) -> Any:
    """A copy with other values wherever these stand, also within text."""
    if isinstance(document, dict):
        return {name: renamed(value, names) for name, value in document.items()}
    if isinstance(document, list):
        return [renamed(value, names) for value in document]
    if isinstance(document, str):
        for old, new in names.items():
            document = document.replace(old, new)
    return document
