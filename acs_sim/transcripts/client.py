"""Fetching a transcript from a simulator that runs."""

import ssl
from typing import Any, Final
from urllib.parse import quote

from acs_sim.client.asking import ask
from acs_sim.transcripts.document import checked

ANSWER_SECONDS: Final = 30.0


def fetch(desk_url: str, identifier: str, tls: ssl.SSLContext | None = None) -> dict[str, Any]:
    """`identifier`: any id of the transaction; `tls`: whom to trust. Errors: `NoAnswer`, `NotATranscript`."""
    address = f"{desk_url}/api/transactions/{quote(identifier, safe='')}/transcript"
    return checked(ask(address, f"the desk at {desk_url}", ANSWER_SECONDS, tls), "what the desk answers")
