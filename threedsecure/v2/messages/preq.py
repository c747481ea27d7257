"""PReq, the preparation request: the 3DS Server asks the DS for card ranges."""

from typing import Final

from threedsecure.v2 import objects
from threedsecure.v2.grammar import conditions as c
from threedsecure.v2.grammar.table import Row, within

ROWS: Final = (
    Row("threeDSServerOperatorID", "C C C", when=c.directory_server_requires, sure="medium medium"),
    Row("threeDSServerRefNumber", "R R R", sure="medium medium"),
    Row("threeDSServerTransID", "R R R", sure="medium medium"),
    Row("cardRangeDataDownloadInd", "- - C", when=c.file_can_be_fetched, sure="- medium"),
    Row(
        "serialNum",
        "O O O",
        note="Absent = full list; Unknown -> 307; lengths before 2.3.1 are those of 2.3.1",
        sure="medium medium",
    ),
    Row("messageExtension", "C C C", when=c.owner_requires, sure="medium medium"),
    *within("messageExtension", objects.MESSAGE_EXTENSION),
    Row("messageType", "R R R", sure="medium medium"),
    Row("messageVersion", "R R R", sure="medium medium"),
)
