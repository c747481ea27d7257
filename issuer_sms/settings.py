"""What can be set about the phone."""

from dataclasses import dataclass, field

from issuer_sms.delivery import Network


@dataclass(frozen=True)
class PhoneSettings:
    """`callback_timeout`: real seconds that one callback may last. `frame_ancestors`: who may show the pages in a frame, as a
    Content-Security-Policy source list; the demonstration puts the phone beside the shop, from another port."""

    network: Network = field(default_factory=Network)
    callback_timeout: float = 5.0
    frame_ancestors: str = "*"
