"""The parts of a running gateway, as its handlers see them."""

from dataclasses import dataclass

from acs_sim.gateway.pages.rendering import Pages
from acs_sim.gateway.payment.payments import Payments
from acs_sim.gateway.payment.payments_v1 import PaymentsV1
from acs_sim.gateway.payment.settlement import Settlement
from acs_sim.gateway.records.storage import PurchaseStorage
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
    storage: PurchaseStorage
    directory: Directory
    settlement: Settlement
    payments: Payments
    pages: Pages
    v1: PaymentsV1
    merchants: MerchantBook

    def forget_ranges(self) -> None:
        self.directory.forget()
        self.v1.directory.forget()
