"""3DS Method data: the JSON behind the form field threeDSMethodData, from the requestor's page to the ACS."""

from typing import Final

from threedsecure.v2.grammar.table import Row

ROWS: Final = (
    Row("threeDSServerTransID", "R R R", "BRW", note="form field threeDSMethodData = base64url(JSON)"),
    Row("threeDSMethodNotificationURL", "R R R", "BRW", note="the notification back carries only threeDSServerTransID"),
)
