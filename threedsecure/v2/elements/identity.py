"""Messages, transactions, parties, extensions and errors."""

from collections.abc import Mapping
from typing import Final

from threedsecure.v2.elements.values import OBJECTS, VERSION
from threedsecure.v2.grammar.formats import Array, ByVersion, Flag, Format, Object, by_version, printable_text
from threedsecure.v2.grammar.patterns import UUID, YES_NO, codes, exactly, printable, prose, url

ELEMENTS: Final[Mapping[str, Format | ByVersion]] = {
    # Identity of messages, transactions and parties
    "messageVersion": VERSION,
    **{f"{kind}.messageType": codes(kind) for kind in ("AReq", "ARes", "CReq", "CRes", "RReq", "RRes")},
    **{f"{kind}.messageType": codes(kind) for kind in ("PReq", "PRes", "OReq", "ORes", "Erro")},
    "messageCategory": codes("01 payment", "02 non-payment", ds=True),
    "deviceChannel": codes("01 app", "02 browser", "03 3DS Requestor initiated", ds=True),
    "threeDSServerTransID": UUID,
    "acsTransID": UUID,
    "dsTransID": UUID,
    "sdkTransID": UUID,
    "threeDSServerRefNumber": printable(1, 32),
    "threeDSServerOperatorID": printable(1, 32),
    "acsReferenceNumber": printable(1, 32),
    "acsOperatorID": printable(1, 32),
    "dsReferenceNumber": printable(1, 32),
    "threeDSServerURL": url(2048),
    "dsURL": url(2048),
    "acsURL": url(2048),
    "notificationURL": url(2048),
    "threeDSRequestorID": printable(1, 35),
    "threeDSRequestorName": printable(1, 40),
    "threeDSRequestorURL": url(2048),
    "threeDSRequestorAppURLInd": YES_NO,
    "threeDSMethodId": UUID,
    "threeDSMethodNotificationURL": by_version(url(256), url(256), url(2048)),
    # Message extension
    "messageExtension": by_version(
        Array(OBJECTS, 1, 10, 81920), Array(OBJECTS, 1, 10, 81920), Array(OBJECTS, 1, 15, 81920)
    ),
    "messageExtension.name": printable(1, 64),
    "messageExtension.id": printable(1, 64),
    "messageExtension.criticalityIndicator": Flag(),
    "messageExtension.data": Object(8059),
    # Errors
    "errorCode": printable(3),
    "errorComponent": codes("C 3DS SDK", "S 3DS Server", "D DS", "A ACS"),
    "errorDescription": prose(2048),
    "errorDetail": prose(2048),
    "errorMessageType": exactly("a message type", printable_text(4, 4), 4),
}
