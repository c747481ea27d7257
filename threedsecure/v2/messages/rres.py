"""RRes, the results response: the 3DS Server to the DS, and on to the ACS."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row, within

ROWS: Final = (
    Row("threeDSServerTransID", "R R R", note="Must equal RReq, else 301", sure="high medium"),
    Row("acsTransID", "R R R", note="Must equal RReq", sure="high medium"),
    Row("dsTransID", "R R R", note="Must equal RReq", sure="high medium"),
    Row("messageExtension", "C C C", when=c.owner_requires, sure="high medium"),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "R R R", sure="high medium"),
    Row("messageVersion", "R R R", sure="high medium"),
    Row("resultsStatus", "R R R", "APP+BRW ALL ALL", sure="high medium"),
    Row("sdkTransID", "- R R", "APP", sure="medium medium"),
)
