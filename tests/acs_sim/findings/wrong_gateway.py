"""A payment gateway, the shop's page and its buyer's browser, small, over real sockets, written by hand from the specification.
It makes the mistakes that it is asked for and no others."""

import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from enum import StrEnum
from uuid import uuid4

import aiohttp
from aiohttp import web

from acs_sim.settings.addresses import Addresses
from tests.support.third_party import Page


class Mistake(StrEnum):
    BELIEVES_THE_CRES = "believes the CRes"
    ACCEPTS_WHAT_WAS_REFUSED = "accepts what was refused"
    DOES_NOT_ANSWER_THE_RREQ = "does not answer the RReq"
    ANSWERS_FOR_ANOTHER = "answers the RReq for another transaction"
    REFUSES_A_RIGHT_RREQ = "refuses a right RReq"
    INVENTS_THE_METHOD = "claims a 3DS Method that never ran"
    SKIPS_THE_METHOD = "skips the 3DS Method"
    KNOWS_ONE_VERSION = "speaks 2.2.0 to every card"
    OPENS_IT_AGAIN = "opens the challenge again when it is over"
    MIXES_UP_THE_CREQ = "writes another transaction's id into the CReq"
    TAKES_ANOTHER_WINDOW = "asks for a window of its own size"
    HAS_NO_NOTIFICATION_URL = "has nothing at notificationURL"
    CARRIES_THE_CARD_NUMBER = "puts the card number into threeDSSessionData"
    CARRIES_IT_IN_AN_ADDRESS = "puts the card number into notificationURL"
    USES_ONE_ID = "uses one threeDSServerTransID for all"
    POSTS_AGAIN_AND_AGAIN = "posts the AReq again and again"
    ASKS_FOR_RANGES_EVERY_TIME = "sends a PReq for every payment"
    FORGETS_THE_BUYER = "does not say who buys"
    MISSPELLS = "sends an element that does not exist"
    NEVER_OPENS_THE_CHALLENGE = "never sends the browser to the bank"
    TRIES_AGAIN = "asks again for what was refused"
    FORGETS_THE_SERIAL = "asks for the whole list of card ranges each time"
    KEEPS_A_REFUSED_SERIAL = "asks again with a serial number that was refused"
    FORGETS_THE_CURRENCY = "leaves out a required element"


class WrongGateway:
    """`payments`: the threeDSServerTransIDs of what was paid; `asked`: those of everything else that was sent."""

    def __init__(self, session: aiohttp.ClientSession, at: Addresses, mistakes: frozenset[Mistake]) -> None:
        self._session = session
        self._at = at
        self._mistakes = mistakes
        self._ref_number = f"3DS_{uuid4().hex[:20]}"
        self._ranges: list[dict] | None = None
        self._called_back: set[str] = set()
        self._results: dict[str, str] = {}
        self._cards: dict[str, str] = {}
        self._sent: dict[str, tuple[str, dict[str, str]]] = {}
        self.url = ""
        self.payments: list[str] = []
        self.asked: list[str] = []

    def _does(self, mistake: Mistake) -> bool:
        return mistake in self._mistakes

    def routes(self) -> list[web.RouteDef]:
        routes = [web.post("/results", self._take_results), web.post("/method", self._method_notified)]
        if not self._does(Mistake.HAS_NO_NOTIFICATION_URL):
            routes.append(web.post("/notification", self._notified))
        return routes

    async def pay(self, pan: str, expiry: str, amount: str = "4200") -> dict:
        """One payment up to the page of the bank; returns the answer of the directory server."""
        known = await self._range_of(pan)
        one = self.payments[0] if self._does(Mistake.USES_ONE_ID) and self.payments else str(uuid4())
        self.payments.append(one)
        self._cards[one] = pan
        indicator = await self._run_method(one, known.get("threeDSMethodURL"))
        amount = "4200" if self._does(Mistake.TRIES_AGAIN) else amount
        areq = self._areq(one, pan, expiry, amount, known["acsEndProtocolVersion"], indicator)
        answer = await self._post(areq)
        if self._does(Mistake.POSTS_AGAIN_AND_AGAIN):
            for _ in range(3):
                answer = await self._post(areq)
        if answer.get("transStatus") == "C":
            await self._open_challenge(answer)
        elif answer["messageType"] == "ARes":
            await self._decide(one, answer["transStatus"])
        return answer

    async def back_in_the_frame(self, one: str) -> None:
        """What the browser does once the bank's last page has posted the CRes."""
        if self._does(Mistake.OPENS_IT_AGAIN):
            await self._submit(*self._sent[one])

    async def _range_of(self, pan: str) -> dict:
        forgets = self._does(Mistake.ASKS_FOR_RANGES_EVERY_TIME) or self._does(Mistake.FORGETS_THE_SERIAL)
        if self._ranges is None or forgets:
            self._ranges = (await self._post(self._preq()))["cardRangeData"]
        if self._does(Mistake.KEEPS_A_REFUSED_SERIAL):
            await self._post(self._preq() | {"serialNum": "99"})
        return next(one for one in self._ranges if one["startRange"] <= pan <= one["endRange"])

    def _preq(self) -> dict:
        self.asked.append(str(uuid4()))
        return {
            "messageType": "PReq",
            "messageVersion": "2.2.0",
            "threeDSServerTransID": self.asked[-1],
            "threeDSServerRefNumber": self._ref_number,
        }

    async def _run_method(self, one: str, url: str | None) -> str:
        if self._does(Mistake.INVENTS_THE_METHOD):
            return "Y"
        if url is None or self._does(Mistake.SKIPS_THE_METHOD):
            return "U"
        data = base64url({"threeDSServerTransID": one, "threeDSMethodNotificationURL": f"{self.url}/method"})
        page = await self._submit(url, {"threeDSMethodData": data})
        if page.action:
            await self._submit(page.action, page.fields)
        return "Y" if one in self._called_back else "N"

    async def _method_notified(self, request: web.Request) -> web.Response:
        data = from_base64url((await request.post())["threeDSMethodData"])
        self._called_back.add(data["threeDSServerTransID"])
        return web.Response()

    def _areq(self, one: str, pan: str, expiry: str, amount: str, newest: str, indicator: str) -> dict:
        areq = {
            "messageType": "AReq",
            "messageVersion": "2.2.0" if self._does(Mistake.KNOWS_ONE_VERSION) else min(newest, "2.2.0"),
            "deviceChannel": "02",
            "messageCategory": "01",
            "threeDSServerTransID": one,
            "threeDSServerRefNumber": self._ref_number,
            "threeDSServerURL": f"{self.url}/results",
            "threeDSRequestorID": "azerty-0001",
            "threeDSRequestorName": "Librairie Exemple",
            "threeDSRequestorURL": "https://librairie.example/contact",
            "threeDSRequestorAuthenticationInd": "01",
            "threeDSCompInd": indicator,
            "acctNumber": pan,
            "cardExpiryDate": expiry,
            "acquirerBIN": "400000",
            "acquirerMerchantID": "123456789012345",
            "mcc": "5942",
            "merchantCountryCode": "250",
            "merchantName": "Librairie Exemple",
            "purchaseAmount": amount,
            "purchaseCurrency": "978",
            "purchaseExponent": "2",
            "purchaseDate": "20260615120000",
            "notificationURL": f"{self.url}/notification",
            "browserAcceptHeader": "text/html",
            "browserIP": "192.0.2.17",
            "browserJavaEnabled": False,
            "browserJavascriptEnabled": True,
            "browserLanguage": "en-GB",
            "browserColorDepth": "24",
            "browserScreenHeight": "1080",
            "browserScreenWidth": "1920",
            "browserTZ": "-120",
            "browserUserAgent": "Mozilla/5.0 (X11; Linux x86_64)",
            "cardholderName": "Camille Exemple",
            "email": "camille@example.org",
            "billAddrCity": "Lyon",
            "billAddrCountry": "250",
            "billAddrLine1": "1 rue de la Paix",
            "billAddrPostCode": "69001",
        }
        if areq["messageVersion"] == "2.1.0":
            del areq["browserJavascriptEnabled"]
        return self._bent(areq)

    def _bent(self, areq: dict) -> dict:
        if self._does(Mistake.FORGETS_THE_BUYER):
            dropped = (
                "cardholderName",
                "email",
                "billAddrLine1",
                "billAddrCity",
                "billAddrPostCode",
                "billAddrCountry",
            )
            areq = {name: value for name, value in areq.items() if name not in dropped}
        if self._does(Mistake.MISSPELLS):
            areq["purchaseMood"] = "splendid"
        if self._does(Mistake.FORGETS_THE_CURRENCY):
            del areq["purchaseCurrency"]
        if self._does(Mistake.CARRIES_IT_IN_AN_ADDRESS):
            areq["notificationURL"] += f"?card={areq['acctNumber']}"
        return areq

    async def _open_challenge(self, ares: dict) -> None:
        one = ares["threeDSServerTransID"]
        creq = {
            "messageType": "CReq",
            "messageVersion": ares["messageVersion"],
            "threeDSServerTransID": str(uuid4()) if self._does(Mistake.MIXES_UP_THE_CREQ) else one,
            "acsTransID": ares["acsTransID"],
            "challengeWindowSize": "42" if self._does(Mistake.TAKES_ANOTHER_WINDOW) else "05",
        }
        session = {"card": self._cards[one]} if self._does(Mistake.CARRIES_THE_CARD_NUMBER) else {"payment": one}
        fields = {"creq": base64url(creq), "threeDSSessionData": base64url(session)}
        self._sent[one] = (ares["acsURL"], fields)
        if self._does(Mistake.NEVER_OPENS_THE_CHALLENGE):
            return
        await self._submit(ares["acsURL"], fields)

    async def _take_results(self, request: web.Request) -> web.Response:
        rreq = json.loads(await request.read())
        if self._does(Mistake.DOES_NOT_ANSWER_THE_RREQ):
            self._results[rreq["threeDSServerTransID"]] = rreq["transStatus"]
            return web.Response(status=500)
        if self._does(Mistake.REFUSES_A_RIGHT_RREQ):
            return web.json_response(self._erro(rreq))
        self._results[rreq["threeDSServerTransID"]] = rreq["transStatus"]
        same = ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID")
        rres = {"messageType": "RRes", "resultsStatus": "01", **{name: rreq[name] for name in same}}
        if self._does(Mistake.ANSWERS_FOR_ANOTHER):
            rres["acsTransID"] = str(uuid4())
        return web.json_response(rres)

    def _erro(self, rreq: dict) -> dict:
        same = ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID")
        return {
            "messageType": "Erro",
            "errorCode": "203",
            "errorComponent": "S",
            "errorDescription": "the value has another length than we like",
            "errorDetail": "authenticationValue",
            "errorMessageType": "RReq",
            **{name: rreq[name] for name in same},
        }

    async def _notified(self, request: web.Request) -> web.Response:
        cres = from_base64url((await request.post())["cres"])
        one = cres["threeDSServerTransID"]
        known = self._results.get(one, "N")
        told = cres.get("transStatus", "U") if self._does(Mistake.BELIEVES_THE_CRES) else known
        await self._decide(one, told)
        return web.Response(text="<!doctype html><title>Thank you</title>", content_type="text/html")

    async def _decide(self, one: str, status: str) -> None:
        accepted = status in ("Y", "A") or self._does(Mistake.ACCEPTS_WHAT_WAS_REFUSED)
        told = {"outcome": "accepted" if accepted else "refused"}
        url = f"{self._at.desk}/api/transactions/{one}/outcome"
        async with self._session.post(url, json=told) as answer:
            assert answer.status == 200, await answer.text()

    async def _post(self, message: dict) -> dict:
        async with self._session.post(f"{self._at.ds}/visa/3ds2", json=message) as answer:
            return await answer.json(content_type=None)

    async def _submit(self, url: str, fields: dict[str, str]) -> Page:
        async with self._session.post(url, data=fields) as answer:
            return Page(await answer.text())


@asynccontextmanager
async def wrong_gateway(at: Addresses, *mistakes: Mistake) -> AsyncIterator[WrongGateway]:
    """A gateway on a free port that makes these mistakes."""
    async with aiohttp.ClientSession() as session:
        gateway = WrongGateway(session, at, frozenset(mistakes))
        app = web.Application()
        app.add_routes(gateway.routes())
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=2.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            gateway.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield gateway
        finally:
            await runner.cleanup()


def base64url(document: dict) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def from_base64url(text: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
