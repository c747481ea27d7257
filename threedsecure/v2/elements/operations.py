"""Card ranges (PReq, PRes) and operation messages (OReq, ORes)."""

from collections.abc import Mapping
from typing import Final

from threedsecure.v2.elements.values import OBJECTS, VERSION
from threedsecure.v2.grammar.formats import Array, ByVersion, Format, by_version
from threedsecure.v2.grammar.patterns import (
    COUNTRY,
    DATE,
    FLAG_Y,
    UUID,
    codes,
    digits,
    exactly,
    growing,
    printable,
    prose,
    url,
)

_INFO_IND = growing(
    "01 authentication available",
    "02 attempts supported",
    "03 decoupled supported",
    "04 trust list supported",
    v231=(
        "05 device binding",
        "06 WebAuthn",
        "07 SPC",
        "08 risk analysis exemption",
        "09 trust list exemption",
        "10 low value exemption",
        "11 secure corporate exemption",
    ),
    ds=True,
)

ELEMENTS: Final[Mapping[str, Format | ByVersion]] = {
    # Card ranges
    "cardRangeDataDownloadInd": FLAG_Y,
    "serialNum": printable(1, 20),
    "dsStartProtocolVersion": VERSION,
    "dsEndProtocolVersion": VERSION,
    "dsProtocolVersions": Array(VERSION, 1, 10),
    "readOrder": codes("01 first in, first out", "02 last in, first out"),
    "cardRangeData": by_version(Array(OBJECTS, 1, None), Array(OBJECTS, 1, None), Array(OBJECTS, 1, 200000)),
    "cardRangeDataFileURL": url(2048),
    "dsUrlList": Array(OBJECTS, 1, 99),
    "threeDSServerToDsUrl": url(2048),
    "dsCountryCode": COUNTRY,
    "startRange": digits(13, 19),
    "endRange": digits(13, 19),
    "ranges": Array(OBJECTS, 1, 5000),
    "ranges.start": digits(13, 19),
    "ranges.end": digits(13, 19),
    "actionInd": codes("A add", "D delete", "M modify"),
    "acsStartProtocolVersion": VERSION,
    "acsEndProtocolVersion": VERSION,
    "threeDSMethodURL": url(256),
    "acsInfoInd": Array(_INFO_IND.v220, 1, None),
    "issuerCountryCode": COUNTRY,
    "acsProtocolVersions": Array(OBJECTS, 1, 10),
    "acsProtocolVersions.version": VERSION,
    "acsProtocolVersions.acsInfoInd": Array(_INFO_IND.v231, 1, None),
    "acsProtocolVersions.threeDSMethodURL": url(2048),
    "supportedMsgExt": Array(OBJECTS, 1, 15),
    "supportedMsgExt.id": printable(14),
    "supportedMsgExt.version": printable(3),
    # Operation messages
    "opCategory": codes(
        "01 general",
        "02 operational alert",
        "03 certificate expiry",
        "04 letter of approval expiry",
        "05 fraud",
        "06 other",
    ),
    "opDescription": prose(20000),
    "opExpDate": DATE,
    "opPriorTransRef": OBJECTS,
    "transIdType": codes("01", "02", "03"),
    "transId": printable(1, 36),
    "opSeq": OBJECTS,
    "seqId": UUID,
    "seqNum": exactly("01 to 99", "0[1-9]|[1-9][0-9]", 2),
    "seqTotal": exactly("01 to 99", "0[1-9]|[1-9][0-9]", 2),
    "opSeverity": codes("01", "02", "03", "04"),
    "opStatus": codes("01 received", "02 sequence broken", "03 not supported"),
}
