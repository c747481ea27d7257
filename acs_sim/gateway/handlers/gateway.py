"""The parts of a running gateway, as its handlers see them."""

from dataclasses import dataclass

from acs_sim.gateway.pages.rendering import Pages
from acs_sim.gateway.payment.progress import Till
from acs_sim.gateway.payment.progress_v1 import ClassicTill
from acs_sim.gateway.payment.settlement import Settlement
from acs_sim.gateway.records.storage import Ledger
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.shops.merchant_book import MerchantBook
from acs_sim.gateway.three_ds_server.directory import Directory
from threedsecure.web.serving.service import Runtime

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
    merchants: MerchantBook

    def forget_ranges(self) -> None:
        self.directory.forget()
        self.classic.directory.forget()
