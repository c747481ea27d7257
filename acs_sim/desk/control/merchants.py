"""`/api/merchants`: shops of one's own that pay at the reference gateway."""

from typing import Any

import msgspec

from acs_sim.desk.api.calls import Desk, call
from acs_sim.settings.merchants import ETransactionsMerchant, MoneticoMerchant


class NewMerchant(msgspec.Struct, forbid_unknown_fields=True, omit_defaults=True, rename="kebab"):
    """One shop: a member of either name."""

    e_transactions: ETransactionsMerchant | msgspec.UnsetType = msgspec.UNSET
    monetico: MoneticoMerchant | msgspec.UnsetType = msgspec.UNSET


class KnownMerchants(msgspec.Struct, rename="kebab"):
    """The shops that were set up, by setting or by script, without what seals and opens."""

    e_transactions: list[dict[str, Any]]
    monetico: list[dict[str, Any]]


@call("GET", "/api/merchants", errors=(502,))
async def list_merchants(desk: Desk) -> KnownMerchants:
    """The shops of your own that were set up."""
    return await _asked(desk, {})


@call("POST", "/api/merchants", status=201, errors=(400, 409, 502))
async def add_merchant(desk: Desk, wish: NewMerchant) -> KnownMerchants:
    """Set up a shop of your own."""
    return await _asked(desk, {"add": msgspec.to_builtins(wish)})


@call("DELETE", "/api/merchants", errors=(502,))
async def forget_merchants(desk: Desk) -> KnownMerchants:
    """Forget the shops that scripts have set up."""
    return await _asked(desk, {"forget": True})


async def _asked(desk: Desk, wish: dict[str, Any]) -> KnownMerchants:
    return msgspec.convert(await desk.parties.call("shop", "/control/merchants", wish), KnownMerchants)
