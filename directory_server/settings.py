"""What can be set on the directory server."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from directory_server.ranges import StandIn
from threedsecure.cards.other_cards import NO_OTHER_CARDS, OtherCards
from threedsecure.v1.errors import InvalidRequestCode
from threedsecure.v2.validation.as_of import NONE

# The parties of the hops that the directory server has a part in, in the words of the specifications.
DIRECTORY_SERVER: Final = "Directory Server"
THREE_DS_SERVER: Final = "3DS Server"
MPI: Final = "MPI"
ACS: Final = "ACS"
COMPONENT: Final = "D"
"""errorComponent of what is found here."""


@dataclass(frozen=True, slots=True)
class Acquirer:
    """An acquirer by its BIN. `merchants`: those that take part, None for all; `password`: what its merchants authenticate with
    where the region wants one; `refusal`: the code with which all of them are refused."""

    acq_bin: str
    merchants: frozenset[str] | None = None
    password: str | None = None
    refusal: InvalidRequestCode | None = None


TEST_ACQUIRERS: Final = (
    Acquirer("99999900050", refusal=InvalidRequestCode.ACQUIRER_NOT_PARTICIPATING),
    Acquirer("99999900051", merchants=frozenset({"PARTICIPANT"})),
    Acquirer("99999900052", password="SECRET52"),  # noqa: S106 - printed in the documentation, for tests
    Acquirer("99999900058", refusal=InvalidRequestCode.ACCESS_DENIED),
)
"""Acquirer BINs that are there to be refused."""


@dataclass(frozen=True, slots=True)
class DirectoryServerSettings:
    """Addresses are base URLs without a trailing slash; time-outs are real seconds.

    `public_url`: where the ACS reaches this service (it becomes dsURL). `acs_url`: the ACS of every listed test card;
    `acs_down_url`: the one of cards whose issuer is down, an address that refuses connections. `acs_timeout`: how long an ARes may
    take, `results_timeout`: an RRes. `versions`: the protocol versions that are spoken, lowest first. `stand_in`: what the listed
    ranges answer for an ACS that does not. `preq_limit_per_hour`: how many PReq a 3DS Server may send in an hour of the simulator's
    clock before it is told 103; 0 for any number. `reference_number`: dsReferenceNumber, and acsReferenceNumber where the
    directory server answers in the issuer's place. `three_ds_servers`: the threeDSServerRefNumber of those that have access, others
    are told 303; nobody is refused where it is empty. `sdk_keys`: a folder with keys that SDKs encrypt their device data to, beside
    the published ones (KID.pem). `classic_acquirers`: who may send 3-D Secure 1.0.2 messages;
    `classic_strangers`: whether others may too. `rules_as_of`: the day whose dated rules are in force (ISO 8601), `today` by the
    simulator's clock, or `none`. `attempts_acs_url`: where a VEReq goes when the ACS is silent and the range's `stand_in` is an
    attempt; None for the attempts ACS beside the usual ACS. `other_cards`: numbers of other systems that EMV 3-D Secure knows here
    beside the listed test cards. `sdk_signature_age`: how old what a split SDK signed may be (virtual
    time; no source says it). `three_ds_server_operations_url`, `acs_operations_url`: where they take an OReq, which no message
    tells; None for the ACS's own. `result_after_spc`: an ARes S is followed by an RReq of its own, which
    is then waited for; sources disagree.
    """

    public_url: str = "http://127.0.0.1:8100"
    acs_url: str = "http://127.0.0.1:8200"
    acs_down_url: str = "http://127.0.0.1:1"
    acs_timeout: float = 10.0
    results_timeout: float = 3.0
    versions: tuple[str, ...] = ("2.1.0", "2.2.0", "2.3.1")
    stand_in: StandIn = StandIn.ERRO
    preq_limit_per_hour: int = 0
    three_ds_servers: tuple[str, ...] = ()
    sdk_keys: str | None = None
    sdk_signature_age: timedelta = timedelta(minutes=5)
    rules_as_of: str = NONE
    result_after_spc: bool = False
    three_ds_server_operations_url: str = "http://127.0.0.1:8400/3ds2/operations"
    acs_operations_url: str | None = None
    reference_number: str = "3DS_LOA_DIS_SIMU_020200_00001"

    classic_acquirers: tuple[Acquirer, ...] = TEST_ACQUIRERS
    classic_strangers: bool = True
    attempts_acs_url: str | None = None
    other_cards: OtherCards = NO_OTHER_CARDS

    def ds_url(self, scheme: str) -> str:
        """Where the ACS posts the RReq of a transaction of this scheme."""
        return f"{self.public_url}/{scheme}/3ds2"

    def operations_url(self, to: str) -> str:
        """Where an OReq goes to `3ds-server` or `acs`."""
        return (
            self.three_ds_server_operations_url
            if to == "3ds-server"
            else self.acs_operations_url or (f"{self.acs_url}/3ds2/operations")
        )
