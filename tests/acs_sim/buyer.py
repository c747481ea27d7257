"""Purchases at the reference gateway, as far as a buyer with a browser can bring them."""

import asyncio
from contextlib import suppress

from acs_sim.client.cardholder import Cardholder, CardholderStuck
from acs_sim.client.challenge_page import Form
from tests.support.patience import PATIENCE_SECONDS

FORM_FIELDS = ("creq", "threeDSSessionData", "PaReq", "TermUrl", "MD")


async def until(look):
    """What `look` finds, as soon as it finds something: what another connection brings."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            found = await look()
            if found:
                return found
            await asyncio.sleep(0.01)


class Buyer:
    """`session`: an aiohttp client; `network`: a transport for the browser; `at`: the addresses of a running simulator."""

    def __init__(self, session, network, at):
        self._session = session
        self.browser = Cardholder(network)
        self.at = at

    async def call(self, method, url, body=None):
        async with self._session.request(method, url, json=body) as answer:
            document = await answer.json(content_type=None)
            assert answer.status < 400, document
            return document

    async def desk(self, method, path, body=None):
        return await self.call(method, self.at.desk + path, body)

    async def mint(self, scenario, version=None, faults=()):
        wish = {"scheme": "visa", "scenario": scenario, "faults": list(faults)}
        return await self.desk("POST", "/api/cards", wish | ({"version": version} if version else {}))

    async def arm(self, at, do, **more):
        return await self.desk("POST", "/api/faults", {"at": at, "do": do, **more})

    async def advance(self, duration):
        await self.desk("POST", "/api/clock", {"advance": duration})

    async def buy(self, card):
        """The purchase once the gateway has asked the bank; with the 3DS Method."""
        wish = {"pan": card["pan"], "expiry": card["expiry"], "amount": 4200, "method": "perform"}
        return await self.call("POST", self.at.shop + "/api/purchases", wish)

    async def opened(self, purchase):
        """The bank's page."""
        fields = {name: purchase[name] for name in FORM_FIELDS if name in purchase}
        return await self.browser.visit(Form(purchase["acsURL"], fields))

    async def challenged(self, purchase):
        """Through a challenge that ends by itself; the statuses that the shop answered to what the browser brought."""
        with suppress(CardholderStuck):
            page = await self.browser.wait(await self.opened(purchase))
            return [await self.browser.deliver(result) for result in page.results]
        return []

    async def ended(self, purchase, wait=30):
        return await self.call("GET", f"{self.at.shop}/api/purchases/{purchase['id']}?wait={wait}")

    async def messages(self, purchase, kind=None):
        found = (await self.desk("GET", f"/api/transactions/{purchase['id']}/messages"))["messages"]
        return [one for one in found if kind in {None, one["kind"]}]
