"""ORes, the operation response (2.3.1)."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row, within

ROWS: Final = (
    Row("messageExtension", "- - C", when=c.owner_requires, sure="- medium"),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "- - R", sure="- medium"),
    Row("messageVersion", "- - R", sure="- medium"),
    Row("threeDSServerRefNumber", "- - C", when=c.sent_by_three_ds_server, sure="- medium"),
    Row("threeDSServerTransID", "- - C", when=c.sent_by_three_ds_server, sure="- medium"),
    Row("acsReferenceNumber", "- - C", when=c.sent_by_acs, sure="- medium"),
    Row("acsTransID", "- - C", when=c.sent_by_acs, sure="- medium"),
    Row("dsTransID", "- - R", sure="- medium"),
    Row("opStatus", "- - R", sure="- medium"),
)
