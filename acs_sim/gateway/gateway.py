"""The parts of a running gateway, as its handlers see them."""

from dataclasses import dataclass

from acs_sim.gateway.classic_till import ClassicTill
from acs_sim.gateway.directory import Directory
from acs_sim.gateway.pages import Pages
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.settlement import Settlement
from acs_sim.gateway.storage import Ledger
from acs_sim.gateway.till import Till
from threedsecure.web.service import Runtime

RESET = "gateway reset"
"""What one process tells the others when everything was forgotten."""


@dataclass(frozen=True)
class Gateway:
    runtime: Runtime
    settings: GatewaySettings
    ledger: Ledger
    directory: Directory
    settlement: Settlement
    till: Till
    pages: Pages
    classic: ClassicTill

    def forget_ranges(self) -> None:
        self.directory.forget()
        self.classic.directory.forget()
