"""`POST /3ds2/method/seen`: what the script of the 3DS Method page found out about the browser it runs in."""

import re
from typing import Final

from acs.v2.issuer import EmvIssuer
from threedsecure.web.wire import Problem, WireRequest, WireResponse, read_form

MAX_BYTES: Final = 8 * 1024
MAX_USER_AGENT: Final = 2048
MAX_VALUE: Final = 256
TRANSACTION: Final = "threeDSServerTransID"
USER_AGENT: Final = "browserUserAgent"
FIELDS: Final[tuple[str, ...]] = (
    USER_AGENT,
    "browserLanguage",
    "languages",
    "browserScreenWidth",
    "browserScreenHeight",
    "browserColorDepth",
    "browserTZ",
    "timeZone",
    "touchPoints",
    "processors",
    "cookies",
)
_UUID: Final = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


async def browser_seen(issuer: EmvIssuer, request: WireRequest) -> WireResponse:
    """Notes it beside the messages of the transaction. A real issuer would compare it with earlier visits."""
    form = read_form(request)
    if not _UUID.fullmatch(form.get(TRANSACTION, "")):
        raise Problem(400, "Bad Request", f"{TRANSACTION} is not a UUID")
    seen = {name: _bounded(name, form[name]) for name in FIELDS if name in form}
    document = {TRANSACTION: form[TRANSACTION], **seen}
    issuer.runtime.journal.record(issuer.runtime.clock.now(), "Browser", "ACS", "browser data", document)
    return WireResponse(204)


def _bounded(name: str, value: str) -> str:
    printable = "".join(character for character in value if character.isprintable())
    return printable[: MAX_USER_AGENT if name == USER_AGENT else MAX_VALUE]
