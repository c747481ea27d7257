"""`POST /3ds1/term`: the browser brings PaRes and MD back from the ACS."""

from collections.abc import Mapping
from typing import Any, Final

from acs_sim.gateway.handlers.browser_forms import browser_routes
from acs_sim.gateway.handlers.gateway import Gateway
from acs_sim.gateway.mpi import messages as mpi
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.records.storage import NotKnown
from acs_sim.gateway.three_ds_server import messages as three_ds_server
from threedsecure.web.serving.service import Route
from threedsecure.web.wire import WireResponse

MAX_FORM_BYTES: Final = 256 * 1024


class HandlersV1:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> list[Route]:
        return browser_routes(self._gateway.pages, mpi.TERM_PATH, self.term, ("PaRes", "MD"), MAX_FORM_BYTES)

    async def term(self, form: Mapping[str, str]) -> WireResponse:
        purchase = await self._sent_by_us(form.get("MD", ""))
        if purchase is None:
            return self._gateway.pages.message("foreign-answer", "fr", 403)
        changed = await self._gateway.v1.returned(purchase, form.get("PaRes", ""))
        self._journal(changed)
        return self._gateway.pages.returning(changed)

    async def _sent_by_us(self, session: str) -> Purchase | None:
        """The purchase whose challenge page gave this MD to the browser."""
        read = three_ds_server.read_session_data(session)
        if read is None or not three_ds_server.token_holds(read[1], self._gateway.payments.session_token(read[0])):
            return None
        try:
            purchase = await self._gateway.storage.purchase(read[0])
        except NotKnown:
            return None
        return purchase if purchase.v1 is not None and purchase.v1.pareq is not None else None

    def _journal(self, purchase: Purchase) -> None:
        result = purchase.v1.result if purchase.v1 else None
        told: dict[str, Any] = {"threeDSServerTransID": purchase.id, "signature": result.signature if result else None}
        runtime = self._gateway.runtime
        runtime.journal.record(runtime.clock.now(), "Browser", "MPI", "PaRes", told, transaction_id=purchase.id)
