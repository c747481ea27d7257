"""What the server half of a split SDK signs (2.3.1): the directory server holds it against its root, the AReq and its clock."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Final

from cryptography import x509

from threedsecure.v2.app.signed_content import NotTrusted, read_payload
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.identifiers import same_id

SIGNED_CONTENT: Final = "sdkServerSignedContent"
SPLIT: Final = "02"


def check_signed_content(areq: Mapping[str, Any], now: datetime, max_age: timedelta) -> None:
    """Nothing where the SDK is not split. `max_age`: how far sdkSignatureTimestamp may be from `now`.
    Errors: `MessageError` 308 for content that a stranger signed, of another transaction, or of another time."""
    if areq.get("sdkType") != SPLIT or SIGNED_CONTENT not in areq:
        return
    try:
        payload = read_payload(areq[SIGNED_CONTENT], roots(), now)
        _check(payload, areq, now, max_age)
    except NotTrusted as error:
        raise MessageError(ErrorCode.SDK_SIGNATURE_INVALID, f"{SIGNED_CONTENT}: {error}", message=areq) from error


def _check(payload: Mapping[str, Any], areq: Mapping[str, Any], now: datetime, max_age: timedelta) -> None:
    if payload.get("sdkReferenceNumber") != areq["sdkReferenceNumber"]:
        raise NotTrusted("sdkReferenceNumber is another SDK's")
    if not same_id(payload.get("sdkTransID"), areq["sdkTransID"]):
        raise NotTrusted("sdkTransID is another transaction's")
    if abs(now - _instant(payload.get("sdkSignatureTimestamp"))) > max_age:
        raise NotTrusted(
            f"sdkSignatureTimestamp is more than {max_age.total_seconds():g} seconds from {now:%Y%m%d%H%M%S}"
        )


def _instant(written: object) -> datetime:
    """YYYYMMDDHHMMSS in UTC, the only mask that a source has."""
    try:
        return datetime.strptime(str(written), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError as error:
        raise NotTrusted("sdkSignatureTimestamp is no YYYYMMDDHHMMSS") from error


@cache
def roots() -> Sequence[x509.Certificate]:
    """The published test root, the same for all schemes."""
    return (x509.load_pem_x509_certificate((files("fixtures") / "keys" / "directory-server-root.pem").read_bytes()),)
