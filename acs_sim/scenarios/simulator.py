"""The simulator under the scenarios, as they see it: its control API, its directory server, its phones."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import aiohttp
import orjson

from acs_sim.client.authenticator import answered, wallet_of
from acs_sim.client.cardholder import Cardholder
from acs_sim.settings.addresses import Addresses
from threedsecure.addresses import at_a_name
from threedsecure.v1.codec import CONTENT_TYPE
from threedsecure.web.calling.transport import HttpTransport

ANSWER_SECONDS: Final = 20.0
NEWEST: Final = 60
WAITING: Final = "pending"
"""The state of a prompt that nobody has answered."""

Restart = Callable[[str], Awaitable[None]]


class CannotPlay(Exception):
    """The simulator did not do what a step needs; the message says what it answered."""


class NoAnswer(CannotPlay):
    """The directory server answered an AReq with something that is no message."""


class Simulator:
    """Errors of every call: `CannotPlay`."""

    def __init__(self, session: aiohttp.ClientSession, addresses: Addresses, restart: Restart | None = None) -> None:
        """`restart`: stops and starts one of the parties, where that can be done."""
        self._session = session
        self._at = addresses
        self._restart = restart
        self.browser = Cardholder(HttpTransport(session))

    async def mint(self, wishes: Mapping[str, Any]) -> dict[str, Any]:
        return await self._done("POST", "/api/cards", wishes)

    async def card(self, pan: str) -> dict[str, Any]:
        return await self._done("GET", f"/api/cards/{pan}")

    async def unlock(self, pan: str) -> None:
        await self._done("POST", f"/api/cards/{pan}/unlock")

    async def authenticate(
        self, scheme: str, message: Mapping[str, Any], headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        """Post an AReq or a PReq as a 3DS Server does; the answer is an ARes, a PRes or an Erro. Errors: `NoAnswer` for anything
        else."""
        try:
            status, answer = await self._call("POST", f"{self._at.ds}/{scheme}/3ds2", message, headers)
        except CannotPlay as error:
            raise NoAnswer(str(error)) from error
        if status >= 300:
            raise NoAnswer(f"HTTP {status}")
        return answer

    async def arm(self, fault: Mapping[str, Any]) -> str:
        """Put a fault in force; returns its id."""
        return str((await self._done("POST", "/api/faults", fault))["id"])

    async def arm_pack(self, name: str) -> None:
        """Put a whole pack of faults in force, for everybody."""
        await self._done("POST", "/api/faults", {"pack": name})

    async def disarm(self, fault_id: str) -> None:
        """One that has happened and is over already is no matter."""
        await self._call("DELETE", f"{self._at.desk}/api/faults/{fault_id}")

    async def act(self, transaction_id: str, deed: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        return await self._call("POST", f"{self._at.desk}/api/transactions/{transaction_id}/cardholder", deed)

    async def new_app(self, scheme: str, version: str, wishes: Mapping[str, Any]) -> dict[str, Any]:
        """What a phone app with an SDK of the simulator's puts into its AReq."""
        made = await self._done("POST", "/api/apps", {"scheme": scheme, "version": version, **wishes})
        elements: dict[str, Any] = made["areq"]
        return elements

    async def buy_in_app(self, card: Mapping[str, Any], version: str, app: Mapping[str, Any]) -> str:
        """Have the reference gateway pay in an app; the purchase's id, which is its threeDSServerTransID."""
        wanted = {"pan": card["pan"], "expiry": card["expiry"], "amount": 4_990, "version": version, "app": app}
        status, purchase = await self._call("POST", f"{self._at.shop}/api/purchases", wanted)
        if status >= 400:
            raise CannotPlay(f"the reference gateway refuses the purchase: {purchase.get('detail', status)}")
        return str(purchase["id"])

    async def post_xml(self, scheme: str, message: bytes) -> bytes:
        """Post a VEReq as a merchant plug-in does; what is answered, whatever it is."""
        url = f"{self._at.ds}/{scheme}/3ds1"
        return (await self._exchange("POST", url, message, {"Content-Type": CONTENT_TYPE}))[1]

    async def classic_root(self) -> bytes:
        """The root certificate under which PARes are signed, in PEM."""
        return (await self._exchange("GET", f"{self._at.acs}/3ds1/root.pem", None, {}))[1]

    async def ranges(self, scheme: str, pan: str | None = None) -> list[dict[str, Any]]:
        """The card ranges of a scheme, or the one that holds `pan`."""
        query = f"?scheme={scheme}" + (f"&pan={pan}" if pan else "")
        found: list[dict[str, Any]] = (await self._done("GET", f"/api/ranges{query}"))["ranges"]
        return found

    async def edit_ranges(self, scheme: str, edits: list[dict[str, Any]]) -> None:
        await self._done("POST", "/api/ranges", {"scheme": scheme, "edits": edits})

    async def method_url(self, scheme: str, pan: str) -> str | None:
        """Where the card's 3DS Method is, None without one."""
        return next((one["three_ds_method_url"] for one in await self.ranges(scheme, pan)), None)

    async def send_notice(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Have a directory server send a notice; what was answered to each part."""
        return await self._done("POST", "/api/operations", wish)

    async def make_rule(self, rule: Mapping[str, Any]) -> str:
        """Make a matching rule; returns its id."""
        return str((await self._done("POST", "/api/rules", rule))["id"])

    async def remove_rule(self, rule_id: str) -> None:
        """One that was used up is no matter."""
        await self._call("DELETE", f"{self._at.desk}/api/rules/{rule_id}")

    async def restart(self, party: str) -> None:
        if self._restart is None:
            raise CannotPlay(
                "a party of a simulator that runs already cannot be restarted: play this without --running"
            )
        await self._restart(party)

    async def challenge(self, acs_trans_id: str) -> dict[str, Any]:
        """What the ACS asks in a challenge, and the answer to it."""
        return (await self._call("POST", f"{self._at.acs}/control/challenge", {"id": acs_trans_id}))[1]

    async def assertion(self, transaction_id: str, amount: str | None = None) -> dict[str, Any]:
        """What the page's script posts where the card's software passkey answers. `amount`: another one than is to be confirmed."""
        asked = f"?amount={amount}" if amount is not None else ""
        told = await self._done("GET", f"/api/transactions/{transaction_id}/assertion{asked}")
        posted: dict[str, Any] = told["posted"]
        return posted

    async def decide(self, number: str, decision: str) -> None:
        """`approve` or `decline` the newest prompt that the banking app shows."""
        _, found = await self._call("GET", f"{self._at.phone}/api/phones/{quote(number, safe='')}/prompts")
        prompts = found.get("prompts", [])
        if not prompts:
            raise CannotPlay(f"the banking app of {number} shows no prompt")
        await self._call("POST", f"{self._at.phone}/api/prompts/{prompts[-1]['id']}", {"decision": decision})

    async def presented(self, challenge: dict[str, Any], decision: str) -> str:
        """What the cardholder's wallet answers to what the bank's page leads it to."""
        path, asked = wallet_of(challenge, decision)
        return answered((await self._call("POST", f"{self._at.phone}{path}", asked))[1])

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

    async def newest(self, kind: str) -> list[dict[str, Any]]:
        """The newest messages of a kind, oldest first, whichever transaction they belong to."""
        found: list[dict[str, Any]] = (await self._done("GET", f"/api/messages?kind={kind}&limit={NEWEST}"))["messages"]
        return found

    async def transactions_of(self, pan: str) -> list[str]:
        """The transactions of a card by their ids, the newest first."""
        found = (await self._done("GET", f"/api/transactions?pan={pan}"))["transactions"]
        return [str(each["id"]) for each in found]

    @property
    def restarts(self) -> bool:
        """Whether its parties can be restarted."""
        return self._restart is not None

    @property
    def desk(self) -> str:
        return self._at.desk

    def is_bank(self, url: str) -> bool:
        """Whether an address is the ACS's, which asks for passkeys under a name."""
        return url.startswith((f"{self._at.acs}/", f"{at_a_name(self._at.acs)}/"))

    async def transaction(self, transaction_id: str) -> dict[str, Any]:
        return await self._done("GET", f"/api/transactions/{transaction_id}")

    async def transcript(self, transaction_id: str) -> dict[str, Any]:
        return await self._done("GET", f"/api/transactions/{transaction_id}/transcript")

    async def findings(self, transaction_id: str, told: Mapping[str, Any] | None = None) -> list[dict[str, Any]] | None:
        """What the gateway did well or badly; None where the simulator gives no verdict. `told`: what it made of the payment, to be
        judged as well."""
        of = f"{self._at.desk}/api/transactions/{transaction_id}"
        wish = {name: told[name] for name in ("outcome", "transStatus") if told.get(name)} if told is not None else None
        status, document = await (
            self._call("GET", f"{of}/findings") if wish is None else self._call("POST", f"{of}/outcome", wish)
        )
        found = document.get("findings")
        return found if status < 400 and isinstance(found, list) else None

    async def findings_of_all(self, rule: str) -> list[dict[str, Any]]:
        """What a rule found in all transactions, and between them."""
        found: list[dict[str, Any]] = (await self._done("GET", f"/api/findings?rule={rule}"))["findings"]
        return found

    async def texts(self, number: str) -> list[dict[str, Any]]:
        """What the phone shows, oldest first: what the network lost or still carries is not there."""
        address = f"{self._at.phone}/api/phones/{quote(number, safe='')}/messages"
        _, document = await self._call("GET", address)
        return [text for text in document.get("messages", []) if text.get("delivered_at")]

    async def clear_texts(self, number: str) -> None:
        await self._call("DELETE", f"{self._at.phone}/api/phones/{quote(number, safe='')}/messages")

    async def prompts(self, number: str) -> list[dict[str, Any]]:
        """What the banking app asks and nobody has answered, oldest first."""
        address = f"{self._at.phone}/api/phones/{quote(number, safe='')}/prompts?state={WAITING}"
        found: list[dict[str, Any]] = (await self._call("GET", address))[1].get("prompts", [])
        return found

    async def _done(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        status, document = await self._call(method, self._at.desk + path, body)
        if status >= 400:
            raise CannotPlay(f"{method} {path} is refused: {document.get('detail', status)}")
        return document

    async def _call(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, Any]]:
        data = None if body is None else orjson.dumps(body)
        own = {"Content-Type": "application/json; charset=utf-8"} if data is not None else {}
        status, content = await self._exchange(method, url, data, {**own, **(headers or {})})
        try:
            document = orjson.loads(content) if content or status < 300 else {}
        except orjson.JSONDecodeError as error:
            if status >= 300:
                return status, {}
            raise CannotPlay(f"{url} does not answer as it should: {error}") from error
        if not isinstance(document, dict):
            raise CannotPlay(f"{url} answers something else than a JSON object")
        return status, document

    async def _exchange(
        self, method: str, url: str, data: bytes | None, headers: Mapping[str, str]
    ) -> tuple[int, bytes]:
        timeout = aiohttp.ClientTimeout(total=ANSWER_SECONDS)
        try:
            async with self._session.request(
                method, url, data=data, headers=headers, timeout=timeout, allow_redirects=False
            ) as answer:
                return answer.status, await answer.read()
        except TimeoutError as error:
            raise CannotPlay(f"{url} did not answer within {ANSWER_SECONDS:g} seconds") from error
        except (aiohttp.ClientError, OSError) as error:
            raise CannotPlay(f"{url} does not answer as it should: {error}") from error
