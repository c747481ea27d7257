"""The simulator under the scenarios, as they see it: its control API, its directory server, its phones."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import orjson

from acs_sim.addresses import Addresses

ANSWER_SECONDS: Final = 20.0


class CannotPlay(Exception):
    """The simulator did not do what a step needs; the message says what it answered."""


class NoAnswer(CannotPlay):
    """The directory server answered an AReq with something that is no message."""


class Simulator:
    """Errors of every call: `CannotPlay`."""

    def __init__(self, session: aiohttp.ClientSession, addresses: Addresses) -> None:
        self._session = session
        self._at = addresses

    async def mint(self, wishes: Mapping[str, Any]) -> dict[str, Any]:
        return await self._done("POST", "/api/cards", wishes)

    async def card(self, pan: str) -> dict[str, Any]:
        return await self._done("GET", f"/api/cards/{pan}")

    async def authenticate(self, scheme: str, areq: Mapping[str, Any]) -> dict[str, Any]:
        """Post an AReq as a 3DS Server does; the answer is an ARes or an Erro. Errors: `NoAnswer` for anything else."""
        try:
            status, answer = await self._call("POST", f"{self._at.ds}/{scheme}/3ds2", areq)
        except CannotPlay as error:
            raise NoAnswer(str(error)) from error
        if status >= 300:
            raise NoAnswer(f"HTTP {status}")
        return answer

    async def arm(self, fault: Mapping[str, Any]) -> str:
        """Put a fault in force; returns its id."""
        return str((await self._done("POST", "/api/faults", fault))["id"])

    async def disarm(self, fault_id: str) -> None:
        """One that has happened and is over already is no matter."""
        await self._call("DELETE", f"{self._at.desk}/api/faults/{fault_id}")

    async def act(self, transaction_id: str, deed: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        return await self._call("POST", f"{self._at.desk}/api/transactions/{transaction_id}/cardholder", deed)

    async def challenge(self, acs_trans_id: str) -> dict[str, Any]:
        """What the ACS asks in a challenge, and the answer to it."""
        return (await self._call("POST", f"{self._at.acs}/control/challenge", {"id": acs_trans_id}))[1]

    async def decide(self, number: str, decision: str) -> None:
        """`approve` or `decline` the newest prompt that the banking app shows."""
        _, found = await self._call("GET", f"{self._at.phone}/api/phones/{quote(number, safe='')}/prompts")
        prompts = found.get("prompts", [])
        if not prompts:
            raise CannotPlay(f"the banking app of {number} shows no prompt")
        await self._call("POST", f"{self._at.phone}/api/prompts/{prompts[-1]['id']}", {"decision": decision})

    async def now(self) -> datetime:
        return datetime.fromisoformat((await self._done("GET", "/api/clock"))["now"])

    async def move_clock(self, **move: Any) -> dict[str, Any]:
        return await self._done("POST", "/api/clock", move)

    async def forget(self) -> None:
        await self._done("POST", "/api/reset")

    async def seed(self, seed: int) -> None:
        """Draw the same identifiers and codes as every other time with `seed`."""
        await self._done("PUT", "/api/seed", {"seed": seed})

    async def messages(self, transaction_id: str) -> list[dict[str, Any]]:
        """Every message that crossed a hop, oldest first."""
        found: list[dict[str, Any]] = (await self._done("GET", f"/api/transactions/{transaction_id}/messages"))[
            "messages"
        ]
        return found

    async def transcript(self, transaction_id: str) -> dict[str, Any]:
        return await self._done("GET", f"/api/transactions/{transaction_id}/transcript")

    async def findings(self, transaction_id: str) -> list[dict[str, Any]] | None:
        """What the gateway did well or badly; None where the simulator gives no verdict."""
        status, document = await self._call("GET", f"{self._at.desk}/api/transactions/{transaction_id}/findings")
        found = document.get("findings")
        return found if status < 400 and isinstance(found, list) else None

    async def texts(self, number: str) -> list[dict[str, Any]]:
        """What the phone shows, oldest first: what the network lost or still carries is not there."""
        address = f"{self._at.phone}/api/phones/{quote(number, safe='')}/messages"
        _, document = await self._call("GET", address)
        return [text for text in document.get("messages", []) if text.get("delivered_at")]

    async def _done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        status, document = await self._call(method, self._at.desk + path, body)
        if status >= 400:
            raise CannotPlay(f"{method} {path} is refused: {document.get('detail', status)}")
        return document

    async def _call(self, method: str, url: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        data = None if body is None else orjson.dumps(body)
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        headers = {"Content-Type": "application/json; charset=utf-8"} if data is not None else {}
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                content = await answer.read()
                document = orjson.loads(content) if content or answer.status < 300 else {}
        except TimeoutError as error:
            raise CannotPlay(f"{url} did not answer within {ANSWER_SECONDS:g} seconds") from error
        except (aiohttp.ClientError, OSError, orjson.JSONDecodeError) as error:
            raise CannotPlay(f"{url} does not answer as it should: {error}") from error
        if not isinstance(document, dict):
            raise CannotPlay(f"{url} answers something else than a JSON object")
        return answer.status, document
