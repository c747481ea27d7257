"""`POST /cgi/RemoteMPI.cgi`: a shop that authorises by itself leaves 3-D Secure to the gateway."""

from acs_sim.gateway.forms.fields import FormRefused, read_posted
from acs_sim.gateway.handlers.gateway import Gateway
from acs_sim.gateway.payment import remote_mpi
from threedsecure.web.serving.service import Route, posted
from threedsecure.web.wire import WireRequest, WireResponse, see_other


class RemoteMpiHandlers:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> list[Route]:
        return [posted(remote_mpi.PAGE, self.enter), Route("GET", remote_mpi.PAGE, self.nothing_brought)]

    async def nothing_brought(self, _request: WireRequest) -> WireResponse:
        return self._gateway.pages.message("form-refused", "fr", 400, details=remote_mpi.MISSING)

    async def enter(self, request: WireRequest) -> WireResponse:
        """The browser brings card and amount; the page of the purchase is next."""
        gateway = self._gateway
        now = gateway.runtime.clock.now()
        try:
            fields = read_posted(request.body.decode("latin-1")).fields
            wanted, entry = remote_mpi.read(fields, now, await gateway.merchants.known())
        except FormRefused as refused:
            return gateway.pages.message("form-refused", "fr", 400, details=refused.faults)
        purchase = await gateway.payments.open(wanted)
        gateway.runtime.journal.record(now, "Shop", "MPI", "Payment form", dict(fields), transaction_id=purchase.id)
        await gateway.payments.give_card(purchase, entry, fields, request.headers)
        return see_other(f"/pay/{purchase.token}")
