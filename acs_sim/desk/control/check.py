"""`/api/check`, and what the page `/check` shows: one message held against the specification."""

import asyncio
from typing import Final

import msgspec

from acs_sim.checking.files import Checked, check_all, known_types
from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import CheckWish
from threedsecure.web.wire import Problem

MAX_MESSAGE_BYTES: Final = 128 * 1024
BODY_LIMIT: Final = 4 * MAX_MESSAGE_BYTES  # a form, or JSON in JSON, takes up to three bytes for one
SOURCE: Final = "message"


@call("POST", "/api/check", errors=(400, 413), limit=BODY_LIMIT)
async def check_message(desk: Desk, wish: CheckWish) -> list[Checked]:
    """Hold a message against the specification, as `acs-sim check --json` does."""
    return [await checked_message(_content(bytes(wish.message)), wish.message_type)]


async def checked_message(content: bytes, message_type: str | None) -> Checked:
    """What is wrong with a message, worked out beside the loop: a long one takes a second.

    Errors: `Problem` 413 for a message longer than `MAX_MESSAGE_BYTES`, 400 for a type that does not exist."""
    if len(content) > MAX_MESSAGE_BYTES:
        words = f"the message is longer than {MAX_MESSAGE_BYTES} bytes; `acs-sim check FILE` reads longer ones"
        raise Problem(413, "Content Too Large", words)
    if message_type is not None and message_type not in known_types():
        words = f"as: there is no message {message_type[:40]!r}; there are {', '.join(known_types())}"
        raise Problem(400, "Bad Request", words)
    (checked,) = await asyncio.to_thread(check_all, [(SOURCE, content)], message_type)
    return checked


def _content(message: bytes) -> bytes:
    """The text that was posted as a string; the very bytes of anything else, so that names that stand twice are seen."""
    try:
        return msgspec.json.decode(message, type=str).encode() if message[:1] == b'"' else message
    except (msgspec.DecodeError, UnicodeError) as error:
        raise Problem(400, "Bad Request", f"message is no text: {error}") from error
