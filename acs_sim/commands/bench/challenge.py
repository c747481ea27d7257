"""A whole challenge as gateway, browser and cardholder see it: AReq, CReq and its page, the SecureCode, CRes; and the 3DS Server
that answers the RReq."""

import asyncio
import html
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlencode

import orjson

from acs_sim.client.cardholder import creq_of, decoded_result
from acs_sim.client.challenge_page import Form
from acs_sim.commands.bench.connection import Answer, Connection, request
from acs_sim.commands.bench.load import JourneyFailed
from acs_sim.settings.addresses import Addresses
from threedsecure.web.wire import FORM

CODE_SECONDS: Final = 10
_FIELD: Final = re.compile(rb'<input[^>]*type="hidden"[^>]*>')
_ATTRIBUTE: Final = re.compile(rb'\b(name|value)="([^"]*)"')


@dataclass(slots=True)
class Lane:
    """One cardholder with a card and a phone of their own, who buys again and again."""

    addresses: Addresses
    make: Callable[[], bytes]
    number: str
    directory_server: Connection
    acs: Connection
    phone: Connection
    seen: str = ""

    async def journey(self) -> None:
        """Errors: `JourneyFailed`, OSError."""
        ares = _json(await self.directory_server.exchange(self.make()), "the AReq")
        if ares.get("transStatus") != "C":
            raise JourneyFailed(f"the AReq was answered {ares.get('transStatus') or ares}")
        creq = creq_of({**ares, "version": ares["messageVersion"]})
        page = await self._post("/3ds2/challenge", {"creq": creq})
        fields = hidden_fields(page.body)
        if "page" not in fields:
            raise JourneyFailed(f"the CReq was answered {page.status} without a form")
        answered = {**fields, "challengeValue": await self._code(), "action": "submit"}
        self._check(hidden_fields((await self._post("/3ds2/challenge/answer", answered)).body))

    async def _post(self, path: str, fields: dict[str, str]) -> Answer:
        return await self.acs.exchange(request("POST", self.addresses.acs + path, urlencode(fields).encode(), FORM))

    async def _code(self) -> str:
        """The next SecureCode that arrives on the phone."""
        after = f"&after={self.seen}" if self.seen else ""
        address = f"{self.addresses.phone}/api/phones/{quote(self.number, safe='')}/latest?wait={CODE_SECONDS}{after}"
        message = _json(await self.phone.exchange(request("GET", address)), "the phone")
        self.seen = message["id"]
        return str(message["code"])

    def _check(self, fields: dict[str, str]) -> None:
        cres = decoded_result(Form("", fields))
        if cres.get("transStatus") != "Y":
            raise JourneyFailed(f"the challenge ended with {cres or 'no CRes'}")


def hidden_fields(page: bytes) -> dict[str, str]:
    """The hidden fields of a page's forms. A search, not a reading: it must not cost what a browser costs."""
    found = (dict(_ATTRIBUTE.findall(tag)) for tag in _FIELD.findall(page))
    return {one[b"name"].decode(): html.unescape(one.get(b"value", b"").decode()) for one in found if b"name" in one}


def _json(answer: Answer, whose: str) -> dict[str, str]:
    if answer.status != 200:
        raise JourneyFailed(f"{whose} answered {answer.status}: {answer.body[:200].decode(errors='replace')}")
    document: dict[str, str] = orjson.loads(answer.body)
    return document


@asynccontextmanager
async def results_taken() -> AsyncIterator[str]:
    """A 3DS Server that acknowledges every RReq; yields its address."""
    server = await asyncio.start_server(_acknowledge, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/results"
    finally:
        server.close()


async def _acknowledge(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
            body = rres(orjson.loads(await reader.readexactly(length)))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n")
            writer.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
    except (asyncio.IncompleteReadError, ConnectionError, ValueError):
        writer.close()


def rres(rreq: dict[str, str]) -> bytes:
    names = ("messageVersion", "threeDSServerTransID", "dsTransID", "acsTransID", "sdkTransID")
    repeated = {name: rreq[name] for name in names if name in rreq}
    return orjson.dumps({"messageType": "RRes", "resultsStatus": "01", **repeated})
