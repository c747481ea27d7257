"""PRes, the preparation response: card ranges."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row, within

ROWS: Final = (
    Row("threeDSServerTransID", "R R R", note="Must equal PReq", sure="medium medium"),
    Row("dsTransID", "R R R", sure="medium medium"),
    Row("dsStartProtocolVersion", "R R -", sure="medium -"),
    Row("dsEndProtocolVersion", "R R -", sure="medium -"),
    Row("dsProtocolVersions", "- - R", sure="- medium"),
    Row("readOrder", "- - R", sure="- medium"),
    Row("serialNum", "C C C", when=c.ranges_are_supplied, sure="medium medium"),
    Row("cardRangeData", "O O C", when=c.ranges_changed, sure="medium medium"),
    *within("cardRangeData", objects.CARD_RANGE),
    Row("cardRangeDataFileURL", "- - C", when=c.file_is_served, sure="- medium"),
    Row("dsUrlList", "- - O", sure="- medium"),
    *within("dsUrlList", objects.DS_URL),
    Row("messageExtension", "C C C", when=c.owner_requires, sure="medium medium"),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "R R R", sure="medium medium"),
    Row("messageVersion", "R R R", sure="medium medium"),
)
