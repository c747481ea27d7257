"""The merchants of a running gateway: those it was told at start, and those that scripts have added since."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from acs_sim.gateway.e_transactions import form as e_transactions
from acs_sim.gateway.forms.merchants import Merchants, of_the_house, published
from acs_sim.gateway.monetico import form as monetico
from acs_sim.gateway.records.storage import PurchaseStorage
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.shops.shop import SHOPS
from acs_sim.settings.merchants import KINDS, ETransactionsMerchant, Merchant, MoneticoMerchant, shown
from threedsecure.secrets.vault import Vault

MAX_ADDED: Final = 200


class TooMany(Exception):
    """As many merchants as can be added are."""


class Added(msgspec.Struct, rename="kebab"):
    """What scripts have added, as it is kept (sealed)."""

    e_transactions: list[ETransactionsMerchant] = []
    monetico: list[MoneticoMerchant] = []


class MerchantBook:
    def __init__(self, settings: GatewaySettings, storage: PurchaseStorage, vault: Vault) -> None:
        self._storage = storage
        self._vault = vault
        cgi2 = f"{settings.public_url}/shops/{monetico.MANNER}/cgi2"
        house = of_the_house(SHOPS[e_transactions.MANNER].name, SHOPS[monetico.MANNER].name, cgi2)
        self.house = Merchants(house)
        self._at_start = [*published(), *house, *settings.merchants]
        self._told = settings.merchants

    async def known(self) -> Merchants:
        added = await self._added()
        return Merchants([*self._at_start, *added.e_transactions, *added.monetico])

    async def add(self, merchant: Merchant) -> None:
        """Errors: `TooMany`."""
        added = await self._added()
        others = [one for one in _all(added) if one.identity != merchant.identity]
        if len(others) >= MAX_ADDED:
            raise TooMany
        await self._keep([*others, merchant])

    async def forget(self) -> None:
        """Those that were added; those of the start stay."""
        await self._keep([])

    async def listed(self) -> dict[str, Any]:
        """What was set up, by setting or by script, without keys."""
        found = [*self._told, *_all(await self._added())]
        return {name: [shown(one) for one in found if isinstance(one, kind)] for name, kind in KINDS.items()}

    async def _added(self) -> Added:
        sealed = await self._storage.merchants()
        return Added() if sealed is None else msgspec.json.decode(self._vault.open(sealed), type=Added)

    async def _keep(self, merchants: list[Merchant]) -> None:
        added = Added(
            [one for one in merchants if isinstance(one, ETransactionsMerchant)],
            [one for one in merchants if isinstance(one, MoneticoMerchant)],
        )
        await self._storage.keep_merchants(self._vault.seal(msgspec.json.encode(added).decode()))


def read_merchant(document: Mapping[str, Any]) -> Merchant:
    """`{"e-transactions": {…}}` or `{"monetico": {…}}`. Errors: `ValueError`."""
    if len(document) != 1 or next(iter(document)) not in KINDS:
        raise ValueError(f"one member is expected, {' or '.join(KINDS)}, that holds a merchant")
    ((kind, told),) = document.items()
    found: Merchant = msgspec.convert(told, KINDS[kind])
    return found


def _all(added: Added) -> list[Merchant]:
    return [*added.e_transactions, *added.monetico]
