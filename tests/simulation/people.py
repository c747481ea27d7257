"""Who acts: a gateway that asks for authentications and is told their results, and cardholders with a browser and a phone."""

import asyncio
import re
from collections.abc import Mapping
from random import Random
from typing import Any, Final, Protocol
from urllib.parse import quote, urlencode
from uuid import UUID

import orjson

from acs.cardholder.methods.static_password import PASSWORD
from acs_sim.client.cardholder import creq_of, decoded_result
from acs_sim.client.challenge_page import Form, NotAPage, Page
from acs_sim.scenarios.file.elements import Column
from acs_sim.scenarios.playing.purchase import PAYMENT, areq
from tests.simulation.clocks import STARTED_AT
from tests.simulation.seen import Purchase, Seen
from tests.simulation.story import CLASSIC, DIRECT, SHOP
from threedsecure.errors import ExchangeBroken, TransportError
from threedsecure.v1.envelope import unpack
from threedsecure.v2.codec import encode_base64url
from threedsecure.web.wire import FORM, JSON, WireResponse

GATEWAY: Final = "http://gateway.example"
PATIENT_TRIES: Final = 5
THINKING_SECONDS: Final = (0.05, 0.5, 4.0)
_KIND: Final = re.compile(rb'data-kind="([a-z-]+)"')
_CODE: Final = re.compile(r"\b[0-9]{6}\b")
_STATUS: Final = re.compile(rb"<status>([YNUA])</status>")


class Visited(Protocol):
    """The simulator as it is reached from outside."""

    addresses: Any
    seen: Seen

    async def post(self, url: str, body: bytes, *, timeout: float, content_type: str = JSON) -> WireResponse: ...

    async def get(self, url: str, *, timeout: float) -> WireResponse: ...

    def now(self) -> float: ...


class Gateway:
    """A 3DS Server: `mood` is how it answers RReqs, None for well."""

    def __init__(self, seen: Seen, source: Random) -> None:
        self._seen = seen
        self._source = source
        self.mood: str | None = None
        self.faults = 0

    async def answer(self, _method: str, url: str, body: bytes) -> WireResponse:
        """Whatever is posted to one of its addresses."""
        message = orjson.loads(body)
        if message.get("messageType") != "RReq":
            return WireResponse(200, b"{}")
        if self.mood is not None:
            self.faults += 1
        if self.mood == "silent":
            await asyncio.sleep(60)
        if self.mood == "busy":
            return WireResponse(503, b"{}")
        self._seen.rreqs.setdefault(message["acsTransID"], set()).add(body)
        if self.mood == "late":
            await asyncio.sleep(self._source.uniform(1, 8))
        if self.mood == "gone":
            raise ExchangeBroken(url, "the exchange broke off: server disconnected")
        return WireResponse(200, self._reply(message))

    def _reply(self, rreq: Mapping[str, Any]) -> bytes:
        same = {name: rreq[name] for name in _IDS if name in rreq}
        if self.mood == "garbage":
            return b"<html>Welcome</html>"
        if self.mood == "erro":
            why = {"errorCode": "403", "errorComponent": "S", "errorDescription": "later", "errorDetail": "later"}
            return orjson.dumps({"messageType": "Erro", "errorMessageType": "RReq", **same, **why})
        return orjson.dumps({"messageType": "RRes", **same, "resultsStatus": "01"})


_IDS: Final = ("messageVersion", "threeDSServerTransID", "acsTransID", "dsTransID", "sdkTransID")


class Buyer:
    """One purchase from its beginning to where the cardholder goes away."""

    def __init__(self, visited: Visited, purchase: Purchase, source: Random) -> None:
        self._visited = visited
        self._seen = visited.seen
        self._purchase = purchase
        self._source = source
        self._page: Page | None = None
        self._pages: list[Page] = []
        self._start: Form | None = None
        self._asks_for_password = False

    async def buy(self) -> None:
        challenged = await self._begun()
        if challenged or self._purchase.buy.card[1] == "decoupled":
            for act in self._purchase.buy.does:
                await asyncio.sleep(self._source.choice(THINKING_SECONDS) * self._source.random())
                await self._do(act)
                self._purchase.acts += 1
        if self._purchase.shop_id is not None:
            await self.look_at_the_shop()

    # --- how it begins ---

    async def _begun(self) -> bool:
        """Whether the cardholder is challenged. Who gets no answer asks again, which makes another authentication of it."""
        ask = self._ask_directory if self._purchase.buy.through == DIRECT else self._ask_shop
        for _ in range(PATIENT_TRIES):
            try:
                challenged = await ask()
            except TransportError:
                challenged = None
            if challenged is not None:
                return challenged
            await asyncio.sleep(1 + 5 * self._source.random())
        return False

    async def _ask_directory(self) -> bool | None:
        """None where no authentication came of it, as far as anybody was told."""
        purchase, buy = self._purchase, self._purchase.buy
        purchase.told.clear()
        purchase.server_id = str(UUID(int=self._source.getrandbits(128), version=4))
        own = {
            "threeDSServerTransID": purchase.server_id,
            "threeDSServerURL": f"{GATEWAY}/{buy.name}/results",
            "notificationURL": f"{GATEWAY}/{buy.name}/notification",
            "acctNumber": purchase.pan,
            "cardExpiryDate": "2912",
        }
        if buy.card[1] == "decoupled":
            own |= {"threeDSRequestorDecReqInd": "Y", "threeDSRequestorDecMaxTime": "00005"}
        message = areq(Column(buy.version, "02", PAYMENT), STARTED_AT, own)
        url = f"{self._visited.addresses.ds}/{buy.card[0]}/3ds2"
        answer = await self._visited.post(url, orjson.dumps(message), timeout=15)
        told = orjson.loads(answer.body)
        if answer.status != 200 or told["messageType"] != "ARes":
            return None
        purchase.ares, purchase.acs_id = told, told["acsTransID"]
        purchase.hears("ARes", told["transStatus"])
        if told["transStatus"] != "C":
            return False
        creq = creq_of({**told, "version": told["messageVersion"]})
        self._start = Form(told["acsURL"], {"creq": creq, "threeDSSessionData": encode_base64url(buy.name.encode())})
        return True

    async def _ask_shop(self) -> bool | None:
        purchase, buy = self._purchase, self._purchase.buy
        shop = self._source.choice(("e-transactions", "monetico"))
        wanted = {"shop": shop, "pan": purchase.pan, "expiry": "2912", "amount": 4200, "language": "en"}
        if buy.through == SHOP:
            wanted["version"] = buy.version
        url = f"{self._visited.addresses.shop}/api/purchases"
        answer = await self._visited.post(url, orjson.dumps(wanted), timeout=40)
        if answer.status != 201:
            return None
        told = orjson.loads(answer.body)
        purchase.shop_id = purchase.server_id = told["id"]
        purchase.acs_id, purchase.xid = told["acsTransID"], told.get("classic", {}).get("xid")
        self._note_outcome(told)
        if told["state"] != "challenge":
            return False
        names = ("PaReq", "TermUrl", "MD") if buy.through == CLASSIC else ("creq", "threeDSSessionData")
        self._start = Form(told["acsURL"], {name: told[name] for name in names})
        return True

    async def look_at_the_shop(self) -> None:
        url = f"{self._visited.addresses.shop}/api/purchases/{self._purchase.shop_id}"
        try:
            answer = await self._visited.get(url, timeout=10)
        except TransportError:
            return
        if answer.status == 200:
            self._note_outcome(orjson.loads(answer.body))

    def _note_outcome(self, told: Mapping[str, Any]) -> None:
        purchase = self._purchase
        if told.get("outcome") is not None:
            purchase.outcomes.append(told["outcome"]["result"])
        authentication = told.get("authentication")
        if authentication is not None and purchase.buy.through == SHOP:
            purchase.hears("shop", authentication["trans_status"])

    # --- what the cardholder does ---

    async def _do(self, act: str) -> None:
        name, _, how = act.partition(" ")
        if name == "idle":
            await asyncio.sleep(float(how))
        elif name in {"open", "reload"}:
            await self._patiently(self._start)
        elif name == "back":
            self._page = self._source.choice(self._pages) if self._pages else None
        elif name in {"approve", "decline"}:
            await self._decide(name, times=2 if how == "twice" else 1)
        elif self._page is not None and self._page.result is None:
            await self._answer(name, how)

    async def _answer(self, name: str, how: str) -> None:
        if name in {"cancel", "resend"}:
            await self._patiently(self._pressed(name))
        elif name == "guess":
            typed = [f"{self._source.randrange(10**6):06}" for _ in range(int(how))]
            await self._at_once(typed)
        else:
            typed = await self._value(name)
            if how == "twice":
                await self._at_once([typed, typed])
            else:
                await self._type(typed)

    async def _at_once(self, typed: list[str]) -> None:
        """Impatient fingers, or somebody who guesses: all on the page that is shown."""
        page = self._page
        shown = await asyncio.gather(*(self._type(value, page, tries=1) for value in typed))
        self._page = next((one for one in shown if one is not None), page)

    async def _type(self, value: str, page: Page | None = None, tries: int = PATIENT_TRIES) -> Page | None:
        page = page or self._page
        form = self._pressed("submit", value, page)
        if form is None:
            return None
        self._purchase.submitted.add(value)
        return await self._patiently(form, tries, typed=value)

    async def _value(self, name: str) -> str:
        if name == "blank":
            return ""
        if name == "wrong":
            return f"{self._source.randrange(10**6):06}"
        if self._asks_for_password:
            return PASSWORD
        if name == "another's":
            foreign = sorted(set().union(*self._seen.texts.values()) if self._seen.texts else set())
            return self._source.choice(foreign) if foreign else "000000"
        return await self._code()

    async def _code(self) -> str:
        """What the phone shows for this purchase, if it does."""
        number = quote(self._purchase.phone, safe="")
        reference = f"&reference={self._purchase.acs_id}" if self._purchase.acs_id else ""
        url = f"{self._visited.addresses.phone}/api/phones/{number}/latest?wait=3{reference}"
        try:
            answer = await self._visited.get(url, timeout=8)
        except TransportError:
            return "000000"
        if answer.status != 200:
            return "000000"
        self._seen.note_text(orjson.loads(answer.body))
        found = orjson.loads(answer.body).get("code")
        return str(found) if found else "000000"

    async def _decide(self, decision: str, times: int) -> None:
        """In the banking app."""
        number = quote(self._purchase.phone, safe="")
        base = self._visited.addresses.phone
        try:
            answer = await self._visited.get(f"{base}/api/phones/{number}/prompts?wait=3", timeout=8)
            if answer.status != 200:
                return
            prompts = orjson.loads(answer.body)["prompts"]
            own = [one for one in prompts if one.get("reference") == self._purchase.acs_id]
            for one in own[-1:] * times:
                body = orjson.dumps({"decision": decision})
                await self._visited.post(f"{base}/api/prompts/{one['id']}", body, timeout=8)
        except TransportError:
            return
        await asyncio.sleep(2)
        if self._page is not None and (form := self._page.automatic) is not None:
            await self._patiently(form)

    # --- the browser ---

    def _pressed(self, button: str, entry: str | None = None, page: Page | None = None) -> Form | None:
        page = page or self._page
        if page is None:
            return None
        try:
            return page.press(button, entry)
        except NotAPage:
            return None

    async def _patiently(self, form: Form | None, tries: int = PATIENT_TRIES, typed: str | None = None) -> Page | None:
        """Post a form, again and again where nothing comes of it, and see the page."""
        for _ in range(tries if form is not None else 0):
            page = await self._posted(form, typed)
            if page is not None:
                self._page = page
                self._pages.append(page)
                return page
            await asyncio.sleep(1 + self._source.random() * 3)
        return None

    async def _posted(self, form: Form, typed: str | None) -> Page | None:
        try:
            answer = await self._visited.post(form.url, urlencode(form.fields).encode(), timeout=30, content_type=FORM)
        except TransportError:
            return None
        if answer.status >= 500:
            return None
        found = _KIND.search(answer.body)
        if typed is not None and found is not None and found[1] == b"wrong-code":
            self._purchase.wrong.add((form.fields.get("page", ""), typed))
        try:
            page = Page(form.url, answer.body)
        except NotAPage:
            return None
        self._asks_for_password = b'type="password"' in answer.body
        if page.result is not None:
            await self._deliver(page.result)
        return page

    async def _deliver(self, result: Form) -> None:
        """The last page posts the result to the shop."""
        if "PaRes" in result.fields:
            self._hear_pares(result.fields["PaRes"])
        else:
            self._purchase.hears("CRes", decoded_result(result).get("transStatus"))
        if not result.url.startswith(GATEWAY):
            try:
                await self._visited.post(result.url, urlencode(result.fields).encode(), timeout=30, content_type=FORM)
            except TransportError:
                return

    def _hear_pares(self, field: str) -> None:
        """One with an IReq refuses a message, and says nothing of the authentication."""
        pares = unpack(field)
        found = _STATUS.search(pares)
        if found is not None and b"<IReq>" not in pares:
            self._purchase.hears("PARes", found[1].decode())
