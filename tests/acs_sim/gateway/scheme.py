"""A card scheme for the gateway to talk to: a directory server and an ACS as one small real server, every message typed by hand.

It shares no line with the simulator's own services. What it does is said per test: `scheme.ranges`, `scheme.ares`, `scheme.rreq`.
"""

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
from aiohttp import web

from threedsecure.cards.authentication_values import emv_authentication_value

DS_TRANS_ID = "13c701a3-5a88-4c45-89e9-ef65e50a8bf9"
ACS_TRANS_ID = "d7c1ee99-9478-44a6-b1f2-391e29c6b340"
ECI = {"visa": {"Y": "05", "A": "06"}, "mastercard": {"Y": "02", "A": "01"}, "amex": {"Y": "05", "A": "06"}}


def to_base64url(document: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


def from_base64url(text: str) -> Any:
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


class Scheme:
    """`received`: every message posted to the directory server. `ares` and `rreq`: changes to what is answered by default;
    a value of None takes the element away. `ares_body`: raw bytes in place of an ARes. `hold`: an event that the AReq waits for.
    `unspoken`: the versions of a PReq that are answered with Erro 102."""

    def __init__(self) -> None:
        self.url = ""
        self.received: list[dict[str, Any]] = []
        self.ranges: list[dict[str, str]] | None = None
        self.pres: dict[str, Any] = {}
        self.ares: dict[str, Any] = {"transStatus": "Y"}
        self.ares_body: bytes | None = None
        self.rreq: dict[str, Any] = {}
        self.cres: dict[str, Any] = {}
        self.results_answers: list[dict[str, Any]] = []
        self.send_results = True
        self.method_posts: list[dict[str, Any]] = []
        self.challenge_posts: list[dict[str, str]] = []
        self.hold: asyncio.Event | None = None
        self.unspoken: set[str] = set()
        self.asked = asyncio.Event()

    def of(self, message_type: str) -> list[dict[str, Any]]:
        return [message for message in self.received if message["messageType"] == message_type]

    @property
    def areq(self) -> dict[str, Any]:
        return self.of("AReq")[-1]

    def card_range(
        self, start: str, end: str, *, method: bool = False, low: str = "2.1.0", high: str = "2.2.0"
    ) -> dict[str, str]:
        found = {"startRange": start, "endRange": end, "acsStartProtocolVersion": low, "acsEndProtocolVersion": high}
        return {**found, "threeDSMethodURL": f"{self.url}/method"} if method else found

    def proof(self, scheme: str, trans_status: str, areq: dict[str, Any]) -> str:
        return emv_authentication_value(
            scheme,
            pan=areq["acctNumber"],
            trans_status=trans_status,
            ds_trans_id=DS_TRANS_ID,
            purchase_amount=int(areq["purchaseAmount"]),
            purchase_currency=areq["purchaseCurrency"],
            purchase_date=areq["purchaseDate"],
            version=areq["messageVersion"],
        )

    # --- directory server ---

    async def directory(self, request: web.Request) -> web.Response:
        message, scheme = json.loads(await request.read()), request.match_info["scheme"]
        self.received.append(message)
        match message["messageType"]:
            case "PReq" if message["messageVersion"] in self.unspoken:
                return _json(
                    {
                        "messageType": "Erro",
                        "messageVersion": "2.2.0",
                        "threeDSServerTransID": message["threeDSServerTransID"],
                        "errorCode": "102",
                        "errorComponent": "D",
                        "errorDescription": "not spoken here",
                        "errorDetail": "2.1.0,2.2.0",
                    }
                )
            case "PReq":
                return _json(self._pres(message, scheme))
            case "AReq":
                self.asked.set()
                if self.hold is not None:
                    await self.hold.wait()
                if self.ares_body is not None:
                    return web.Response(body=self.ares_body, content_type="application/json")
                return _json(self._ares(message, scheme))
            case _:
                return web.Response()

    def _pres(self, preq: dict[str, Any], scheme: str) -> dict[str, Any]:
        heads = {"visa": "4", "mastercard": "52", "amex": "34", "cb": "4000002"}
        length = 15 if scheme == "amex" else 16
        head = heads.get(scheme, "9")
        everything = [self.card_range(head.ljust(length, "0"), head.ljust(length, "9"))]
        return _without_none(
            {
                "messageType": "PRes",
                "messageVersion": preq["messageVersion"],
                "threeDSServerTransID": preq["threeDSServerTransID"],
                "dsTransID": DS_TRANS_ID,
                "dsStartProtocolVersion": "2.1.0",
                "dsEndProtocolVersion": "2.2.0",
                "serialNum": "7",
                "cardRangeData": everything if self.ranges is None else self.ranges,
                **self.pres,
            }
        )

    def _ares(self, areq: dict[str, Any], scheme: str) -> dict[str, Any]:
        status = self.ares["transStatus"]
        message = {
            "messageType": "ARes",
            "messageVersion": areq["messageVersion"],
            "threeDSServerTransID": areq["threeDSServerTransID"],
            "acsTransID": ACS_TRANS_ID,
            "dsTransID": DS_TRANS_ID,
            "acsReferenceNumber": "3DS_LOA_ACS_TEST_020200_00001",
            "dsReferenceNumber": "3DS_LOA_DIS_TEST_020200_00001",
        }
        if status == "C":
            message |= {"acsURL": f"{self.url}/challenge", "acsChallengeMandated": "Y", "authenticationType": "02"}
        return _without_none({**message, **self._status(status, areq, scheme), **self.ares})

    def _status(self, status: str, areq: dict[str, Any], scheme: str) -> dict[str, Any]:
        if status in ("Y", "A"):
            return {"eci": ECI[scheme][status], "authenticationValue": self.proof(scheme, status, areq)}
        return {"transStatusReason": "19"} if status in ("N", "U", "R") else {}

    # --- ACS ---

    async def method(self, request: web.Request) -> web.Response:
        data = from_base64url((await request.post())["threeDSMethodData"])
        self.method_posts.append(data)
        back = to_base64url({"threeDSServerTransID": data["threeDSServerTransID"]})
        return _html(
            f"<form method=post action='{data['threeDSMethodNotificationURL']}'>"
            f"<input type=hidden name=threeDSMethodData value={back}></form><script>document.forms[0].submit()</script>"
        )

    async def silent_method(self, _request: web.Request) -> web.Response:
        return _html("<p>nothing happens here</p>")

    async def challenge(self, request: web.Request) -> web.Response:
        fields = {name: str(value) for name, value in (await request.post()).items()}
        self.challenge_posts.append(fields)
        hidden = f"<input type=hidden name=threeDSSessionData value='{fields.get('threeDSSessionData', '')}'>"
        return _html(
            f"<h1>Banque de test</h1><form method=post action=/answer>{hidden}"
            "<button id=pass name=status value=Y>yes</button><button id=fail name=status value=N>no</button></form>"
        )

    async def answer(self, request: web.Request) -> web.Response:
        """The cardholder pressed a button: tell the 3DS Server, then send the browser back."""
        fields = await request.post()
        if self.send_results:
            await self.post_results(str(fields["status"]))
        cres = to_base64url(self.final_cres(str(fields["status"])))
        return _html(
            f"<form id=back method=post action='{self.areq['notificationURL']}'><input type=hidden name=cres value={cres}>"
            f"<input type=hidden name=threeDSSessionData value='{fields['threeDSSessionData']}'><button id=go>go on</button></form>"
            "<script>document.forms[0].submit()</script>"
        )

    def final_cres(self, status: str) -> dict[str, Any]:
        message = {
            "messageType": "CRes",
            "messageVersion": self.areq["messageVersion"],
            "threeDSServerTransID": self.areq["threeDSServerTransID"],
            "acsTransID": ACS_TRANS_ID,
            "transStatus": status,
        }
        return _without_none({**message, **self.cres})

    def results(self, status: str, scheme: str = "visa") -> dict[str, Any]:
        """An RReq as the directory server hands it to the 3DS Server."""
        return {
            "messageType": "RReq",
            "messageVersion": self.areq["messageVersion"],
            "threeDSServerTransID": self.areq["threeDSServerTransID"],
            "acsTransID": ACS_TRANS_ID,
            "dsTransID": DS_TRANS_ID,
            "messageCategory": "01",
            "interactionCounter": "01",
            "authenticationType": "02",
            "transStatus": status,
            **self._status(status, self.areq, scheme),
        }

    async def post_results(self, status: str, **changes: Any) -> dict[str, Any]:
        """Send the RReq; returns the answer of the 3DS Server. `self.rreq` overrules `status`."""
        rreq = {**self.rreq, **changes}
        message = _without_none({**self.results(rreq.get("transStatus", status)), **rreq})
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.areq["threeDSServerURL"], data=json.dumps(message)) as answer,
        ):
            body = await answer.read()
        document = json.loads(body) if body else {}
        self.results_answers.append(document)
        return document


@asynccontextmanager
async def running_scheme() -> AsyncIterator[Scheme]:
    scheme, app = Scheme(), web.Application()
    app.router.add_post("/{scheme}/3ds2", scheme.directory)
    app.router.add_post("/method", scheme.method)
    app.router.add_post("/silent", scheme.silent_method)
    app.router.add_post("/challenge", scheme.challenge)
    app.router.add_post("/answer", scheme.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    scheme.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield scheme
    finally:
        await runner.cleanup()


def _json(document: dict[str, Any]) -> web.Response:
    return web.Response(body=json.dumps(document).encode(), content_type="application/json")


def _html(text: str) -> web.Response:
    return web.Response(text=f"<!doctype html><title>Banque de test</title>{text}", content_type="text/html")


def _without_none(message: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in message.items() if value is not None}
