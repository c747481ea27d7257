"""`POST /control/merchants`: shops of one's own, set up by a script through the desk."""

from acs_sim.gateway.handlers.gateway import Gateway
from acs_sim.gateway.shops.merchant_book import MAX_ADDED, TooMany, read_merchant
from threedsecure.web.serving.service import Route
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response, read_json


class MerchantHandlers:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> list[Route]:
        return [Route("POST", "/control/merchants", self.change)]

    async def change(self, request: WireRequest) -> WireResponse:
        """`{"add": {"monetico": {…}}}`, `{"forget": true}`, or `{}` to be told who is set up; those of the settings stay."""
        book, wish = self._gateway.merchants, read_json(request)
        try:
            if wish.get("forget"):
                await book.forget()
            elif "add" in wish:
                await book.add(read_merchant(wish["add"]))
        except TooMany as full:
            raise Problem(409, "Conflict", f"{MAX_ADDED} merchants at most can be added") from full
        except ValueError as error:
            raise Problem(400, "Bad Request", str(error)) from error
        return json_response(await book.listed())
