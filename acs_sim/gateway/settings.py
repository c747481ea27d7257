"""What the gateway is told at start."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from acs_sim.settings.merchants import Merchant
from threedsecure.v2.validation.as_of import NONE

VERSIONS: Final = ("2.1.0", "2.2.0", "2.3.1")
"""The EMV 3DS versions that this 3DS Server speaks, lowest first."""


@dataclass(frozen=True, slots=True)
class Waits:
    """How long the gateway waits, on the simulator's clock. The 3DS Method's ten seconds (2.1.0, 2.2.0) and five (2.3.1) are EMV
    3DS's own."""

    method: timedelta = timedelta(seconds=10)
    method_since_2_3: timedelta = timedelta(seconds=5)
    exchange: timedelta = timedelta(minutes=2)
    challenge: timedelta = timedelta(hours=1)
    results: timedelta = timedelta(seconds=30)
    confirmation: timedelta = timedelta(minutes=9)
    card_ranges: timedelta = timedelta(days=1)
    card_ranges_retry: timedelta = timedelta(minutes=1)
    answer_retry: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """`public_url` and `directory_server_url` without a trailing slash; `version`: the highest that is offered.

    `ds_timeout` and `shop_timeout` are real seconds. `frame_ancestors`: who may show the pages in a frame, as a
    Content-Security-Policy source list; anybody those of a payment whose shop says that it shows them so. `merchants`: shops that
    may pay here besides the published test sets. `browser_ip`: what the AReq says, since the buyers sit at the same desk.
    `takes_operations`: whether an OReq
    is answered as received, else as not supported. `root_url_v1`: where the root is had under which 1.0.2's PARes are signed.
    `rules_as_of`: the day whose dated rules are in force (ISO 8601), `today` by the simulator's clock, or `none`.
    `second_areq_keeps_id`: whether the AReq after an ARes S has the threeDSServerTransID of the one before; sources do not say."""

    public_url: str = "http://127.0.0.1:8400"
    directory_server_url: str = "http://127.0.0.1:8100"
    version: str = "2.3.1"
    second_areq_keeps_id: bool = False
    reference_number: str = "3DS_LOA_SER_ACSS_020200_00001"
    requestor_id: str = "acs-sim-gateway"
    acquirer_bin: str = "99999900001"
    root_url_v1: str = "http://127.0.0.1:8200/3ds1/root.pem"
    browser_ip: str = "127.0.0.1"
    takes_operations: bool = True
    ds_timeout: float = 30.0
    shop_timeout: float = 20.0
    frame_ancestors: str = "'self'"
    merchants: tuple[Merchant, ...] = ()
    rules_as_of: str = NONE
    waits: Waits = field(default_factory=Waits)

    def __post_init__(self) -> None:
        if self.version not in VERSIONS:
            raise ValueError(f"version is one of {', '.join(VERSIONS)}, not {self.version}")
