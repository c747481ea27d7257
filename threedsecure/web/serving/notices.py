"""`POST /3ds2/operations`: where a 3DS Server or an ACS takes the notices of directory servers (OReq, 2.3.1)."""

from collections.abc import Callable, Mapping
from typing import Any, Final

import structlog

from threedsecure.v2.codec import encode
from threedsecure.v2.validation.checking import Leg, check, context_of
from threedsecure.v2.validation.notices import NOT_SUPPORTED, VERSION, Sequences, ores
from threedsecure.web.serving.receiving import received
from threedsecure.web.wire import Handler, WireRequest, WireResponse, message_response

log = structlog.get_logger()

PATH: Final = "/3ds2/operations"
MAX_BYTES: Final = 512 * 1024
"""opDescription alone may take 20000 characters, messageExtension 81920."""
_ACCEPTED: Final = frozenset({"OReq", "Erro"})


def takes_notices(leg: Leg, sender: Callable[[], Mapping[str, str]], *, supported: bool = True) -> Handler:
    """`leg`: on which they come; `sender`: the reference number and a fresh identifier of who answers. `supported`: False to answer
    each with 03. The directory server notes this hop: it calls a peer that may be anybody's."""
    sequences = Sequences()

    async def take(request: WireRequest) -> WireResponse:
        message: dict[str, Any] = received(request, _ACCEPTED, (VERSION,))
        request.message = message
        if message["messageType"] == "Erro":
            return WireResponse()
        check(message, context_of(message, leg))
        status = sequences.status(message) if supported else NOT_SUPPORTED
        log.info("notice of a directory server", category=message["opCategory"], severity=message["opSeverity"])
        answer = ores(message, status, sender())
        return message_response(answer, encode(answer))

    return take
