"""OReq, the operation request (2.3.1): a message of the DS for people."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row, within

ROWS: Final = (
    Row("dsReferenceNumber", "- - R", sure="- medium"),
    Row("dsTransID", "- - R", sure="- medium"),
    Row("opCategory", "- - R", sure="- medium"),
    Row("opDescription", "- - R", sure="- medium"),
    Row("opExpDate", "- - R", sure="- medium"),
    Row("opPriorTransRef", "- - O", sure="- medium"),
    *within("opPriorTransRef", objects.OP_PRIOR_TRANS_REF),
    Row("opSeq", "- - R", sure="- medium"),
    *within("opSeq", objects.OP_SEQ),
    Row("opSeverity", "- - R", sure="- medium"),
    Row("messageExtension", "- - C", when=c.owner_requires, sure="- medium"),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "- - R", sure="- medium"),
    Row("messageVersion", "- - R", sure="- medium"),
)
