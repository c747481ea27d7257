"""What can be set about the phone."""

from dataclasses import dataclass, field

from issuer_sms.messages.delivery import Network


@dataclass(frozen=True)
class PhoneSettings:
    """`base_url`: where the phone is reached, without a trailing slash. `callback_timeout`: real seconds that one callback may
    last. `frame_ancestors`: who may show the pages in a frame, as a Content-Security-Policy source list.
    `banking_url`: where the bank has its cardholders make passkeys."""

    base_url: str = "http://127.0.0.1:8300"
    network: Network = field(default_factory=Network)
    callback_timeout: float = 5.0
    frame_ancestors: str = "'self'"
    banking_url: str | None = None
