"""`/api/merchants`: shops of one's own that pay at the reference gateway."""

from typing import Any

import msgspec

from acs_sim.desk.api.calls import Desk, answered, read_body
from acs_sim.settings.merchants import ETransactionsMerchant, MoneticoMerchant
from threedsecure.web.wire import WireRequest, WireResponse


class NewMerchant(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"):
    """One shop: a member of either name."""

    e_transactions: ETransactionsMerchant | msgspec.UnsetType = msgspec.UNSET
    monetico: MoneticoMerchant | msgspec.UnsetType = msgspec.UNSET


class KnownMerchants(msgspec.Struct, rename="kebab"):
    """The shops that were set up, by setting or by script, without what seals and opens."""

    e_transactions: list[dict[str, Any]]
    monetico: list[dict[str, Any]]


async def list_merchants(desk: Desk, _request: WireRequest) -> WireResponse:
    return answered(await _asked(desk, {}))


async def add_merchant(desk: Desk, request: WireRequest) -> WireResponse:
    wish = read_body(request, NewMerchant)
    return answered(await _asked(desk, {"add": msgspec.to_builtins(wish)}), 201)


async def forget_merchants(desk: Desk, _request: WireRequest) -> WireResponse:
    return answered(await _asked(desk, {"forget": True}))


async def _asked(desk: Desk, wish: dict[str, Any]) -> KnownMerchants:
    return msgspec.convert(await desk.parties.call("shop", "/control/merchants", wish), KnownMerchants)
