"""The reference gateway asked for purchases as another one is: through its API for scripts, the browser then going on by itself."""

from collections.abc import Mapping
from typing import Any, Final

import aiohttp
import orjson

from acs_sim.client.challenge_page import Form
from acs_sim.scenarios.browser.purchases import PURCHASE, Purchases, Wished
from acs_sim.scenarios.browser.screens import Opening, whole
from acs_sim.scenarios.simulator import CannotPlay

SHOPS: Final = ("e-transactions", "monetico")
SECONDS: Final = 30.0
EUROS: Final = "978"
ITS_CURRENCIES: Final = frozenset({"978", "840", "826", "392"})
MOST: Final = 99_999_999
OUTCOMES: Final[Mapping[str, str]] = {"accepted": "accepted"}


class OwnPurchases(Purchases):
    """`base`: where shops and gateway are. Every other purchase is made in the other shop."""

    def __init__(self, session: aiohttp.ClientSession, base: str, desk: str) -> None:
        super().__init__(session, f"{base}/api/purchases", desk)
        self._base = base
        self._count = 0

    async def begin(self, card: Mapping[str, Any], wished: Wished) -> tuple[Opening | None, str, int]:
        self._count += 1
        status, document = await self._asked("POST", self.url, _wish(card, wished, SHOPS[self._count % len(SHOPS)]))
        told = f"HTTP {status}: {document.get('state') or document.get('detail')}"
        if not document.get("creq"):
            return None, told, status
        fields = {"creq": str(document["creq"]), "threeDSSessionData": str(document["threeDSSessionData"])}
        return Opening(self._base, form=Form(str(document["acsURL"]), fields)), told, status

    def asked(self, wished: Wished) -> Mapping[str, Any]:
        """Its shops sell what they can, and not always what was drawn."""
        return {}

    async def outcome(self, transaction_id: str) -> dict[str, Any] | None:
        status, document = await self._asked("GET", f"{self.url}/{transaction_id}")
        if status >= 400:
            return None
        if not document.get("finished"):
            return {"outcome": "open"}
        return {"outcome": OUTCOMES.get(str(document.get("result")), "refused")}

    async def _asked(self, method: str, url: str, wish: Mapping[str, Any] | None = None) -> tuple[int, dict[str, Any]]:
        data = None if wish is None else orjson.dumps(wish)
        headers = {"Content-Type": "application/json"} if data is not None else {}
        timeout = aiohttp.ClientTimeout(total=SECONDS)
        try:
            async with self.session.request(method, url, data=data, headers=headers, timeout=timeout) as answer:
                return answer.status, orjson.loads(await whole(answer.content))
        except (aiohttp.ClientError, TimeoutError, orjson.JSONDecodeError) as error:
            raise CannotPlay(f"the gateway at {url} does not answer as it should: {error}") from error


def _wish(card: Mapping[str, Any], wished: Wished, shop: str) -> dict[str, Any]:
    """What its shops can sell of what was drawn."""
    elements = {**PURCHASE, **wished.elements}
    currency = str(elements["purchaseCurrency"])
    return {
        "shop": shop,
        "pan": card["pan"],
        "expiry": card["expiry"],
        "amount": min(int(elements["purchaseAmount"]), MOST),
        "currency": currency if currency in ITS_CURRENCIES else EUROS,
        "version": wished.version,
        "method": "perform",
    }
