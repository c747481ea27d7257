"""What can be set about the phone."""

from dataclasses import dataclass, field
from datetime import timedelta

from issuer_sms.messages.delivery import Network
from threedsecure.cards.plays import CODE_VALIDITY


@dataclass(frozen=True)
class PhoneSettings:
    """`base_url`: where the phone is reached, without a trailing slash. `callback_timeout`: real seconds that one callback may
    last. `frame_ancestors`: who may show the pages in a frame, as a Content-Security-Policy source list.
    `banking_url`: where the bank has its cardholders make passkeys; `desk_url`: where the messages of a payment are shown.
    `code_validity`: for how long the bank takes a code."""

    base_url: str = "http://127.0.0.1:8300"
    network: Network = field(default_factory=Network)
    callback_timeout: float = 5.0
    frame_ancestors: str = "'self'"
    banking_url: str | None = None
    desk_url: str | None = None
    code_validity: timedelta = CODE_VALIDITY
