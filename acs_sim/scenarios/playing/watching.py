"""Steps of a play in which the cardholder has a browser: in front of the run's own gateway, or in front of yours, which then
does what a gateway does while the run watches the hops.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from acs_sim.client.cardholder import CardholderStuck, creq_of, decoded_result
from acs_sim.client.challenge_page import Form, Page
from acs_sim.desk.transactions.cardholder import entry_for
from acs_sim.scenarios.browser.purchases import Purchases
from acs_sim.scenarios.browser.screens import Opening, Screen
from acs_sim.scenarios.file.matching import compare
from acs_sim.scenarios.file.model import Authenticate, Cardholder, Elements
from acs_sim.scenarios.playing.turn import Turn, brief
from acs_sim.scenarios.simulator import CannotPlay
from threedsecure.web.wire import Problem

BEGIN_SECONDS: Final = 10.0
LOOK_AGAIN_SECONDS: Final = 0.02
TO_THE_GATEWAY: Final = ("Directory Server", "3DS Server")

Does = Callable[[Turn, Any], Awaitable[None]]


def cannot_watch() -> Mapping[str, Does]:
    """For a play that a gateway cannot be asked for: it fails, and says why."""

    async def refuse(_turn: Turn, _wish: Any) -> None:
        raise CannotPlay("--against plays payments in a browser with EMV 3-D Secure; leave this one out with -k")

    return dict.fromkeys(("authenticate", "preparation", "enrolment", "payment", "method"), refuse)


class Watching:
    """One play's. `purchases`: the gateway that drives, None where the run's own does."""

    def __init__(self, screen: Screen, purchases: Purchases | None = None) -> None:
        self._screen = screen
        self._purchases = purchases
        self._opening: Opening | None = None
        self._answered = ""
        self._opened = False

    def steps(self) -> Mapping[str, Does]:
        """What takes the place of the run's own steps."""
        own: dict[str, Does] = {"cardholder": self.act}
        if self._purchases is None:
            return own
        return {
            **own,
            "authenticate": self.authenticate,
            "method": self.method,
            "result": self.result,
            "returned": self.returned,
        }

    # --- the cardholder ---

    async def act(self, turn: Turn, wish: Cardholder) -> None:
        try:
            outcome = await self._acted(turn, wish)
        except CardholderStuck as error:
            turn.tell_deed(wish, 409, {"detail": f"the cardholder is stuck: {error}"})
        except Problem as problem:
            turn.tell_deed(wish, problem.status, {"detail": str(problem.members.get("detail", problem))})
        else:
            turn.tell_deed(wish, 200, outcome)

    async def _acted(self, turn: Turn, wish: Cardholder) -> dict[str, Any]:
        known = await turn.simulator.transaction(turn.transaction)
        acs_trans_id = str(known.get("acsTransID"))
        await self._open(turn, known)
        page = self._screen.page
        if page is None:
            raise CardholderStuck(f"the bank shows nothing{self._answered}")
        if wish.do != "abandon" and page.result is None:
            page = await self._pressed(turn, wish, acs_trans_id)
        return _outcome(page, await turn.simulator.challenge(acs_trans_id))

    async def _pressed(self, turn: Turn, wish: Cardholder, acs_trans_id: str) -> Page:
        if wish.do in {"approve", "decline"}:
            await turn.simulator.decide(str(turn.card["phone"]), wish.do)
        entry = await _entry(turn, wish, acs_trans_id)
        button = wish.do if wish.do in {"resend", "cancel"} else "submit"
        return await self._screen.press(button, entry, boxes=["trust"] if wish.trust else [], deliver=wish.deliver)

    async def _open(self, turn: Turn, known: Mapping[str, Any]) -> None:
        """Once: from then on the window stays where it is."""
        if self._opened:
            return
        opening = self._opening if self._purchases is not None else await _own_opening(turn, known)
        if opening is None:
            raise CardholderStuck(f"there is nothing to open{self._answered}")
        self._opened = True
        await self._screen.show(opening)

    # --- another one's gateway ---

    async def authenticate(self, turn: Turn, wish: Authenticate) -> None:
        """Have the gateway begin, and look at what it and the directory server say to each other."""
        if self._purchases is None:
            raise CannotPlay("there is no gateway to begin a purchase")
        elements = {**turn.scenario.purchase, **wish.send, **wish.besides}
        turn.conversation.did(f"the gateway is asked for a purchase, version {turn.scenario.version}")
        before = await turn.simulator.transactions_of(str(turn.card["pan"]))
        asked = asyncio.create_task(self._purchases.begin(turn.card, turn.scenario.version, elements))
        try:
            turn.transaction_id = await self._begun(turn, set(before), asked)
            answer = await self._watched(turn, ("ARes", "Erro"))
            expected = "ARes" if wish.Erro is None else "Erro"
            if answer.get("messageType") != expected:
                turn.conversation.instead(expected, brief(answer))
            turn.conversation.compare(expected, compare(wish.Erro or wish.ARes or {}, answer))
            self._opening, told = await asked
            self._answered = f": the gateway answered {told}"
        finally:
            asked.cancel()

    async def method(self, turn: Turn, wish: Any) -> None:
        turn.conversation.did(f"3DS Method: left to the gateway and the browser, where the file says {wish}")

    async def result(self, turn: Turn, expected: Elements) -> None:
        turn.conversation.compare("RReq", compare(expected, await self._watched(turn, ("RReq",))))

    async def returned(self, turn: Turn, expected: Elements) -> None:
        cres = await self._watched(turn, ("CRes",), ("ACS", "Browser"))
        turn.conversation.compare("CRes", compare(expected, cres))
        status = self._screen.returned
        met = status is not None and status < 400
        found = "nothing was posted" if status is None else f"HTTP {status}"
        turn.conversation.expect("the shop", "takes the CRes", "HTTP 200" if not met else found, found, met=met)

    async def _begun(self, turn: Turn, before: set[str], asked: "asyncio.Task[Any]") -> str:
        """The new transaction of the card. Errors: `Unmet`, `CannotPlay`."""
        now = asyncio.get_running_loop().time
        deadline = now() + BEGIN_SECONDS
        while True:
            new = [each for each in await turn.simulator.transactions_of(str(turn.card["pan"])) if each not in before]
            if new:
                return new[0]
            if asked.done() and asked.exception() is None and now() < deadline - BEGIN_SECONDS + 1:
                deadline = now() + 1  # it has answered: an AReq comes now or never
            if (asked.done() and asked.exception() is not None) or now() > deadline:
                told = (await asked)[1] if asked.done() else "nothing"
                turn.conversation.instead("AReq", f"no AReq of this card; the gateway answered {told}")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)

    async def _watched(
        self, turn: Turn, kinds: tuple[str, ...], way: tuple[str, str] = TO_THE_GATEWAY
    ) -> dict[str, Any]:
        """The last message of these kinds that went this way, once there is one. Errors: `Unmet`."""
        now = asyncio.get_running_loop().time
        deadline = now() + BEGIN_SECONDS
        while now() < deadline:
            for each in reversed(await turn.simulator.messages(turn.transaction)):
                if each["kind"] in kinds and (each["from"], each["to"]) == way:
                    message: dict[str, Any] = each["message"]
                    return message
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        turn.conversation.instead(" or ".join(kinds), f"nothing within {BEGIN_SECONDS:g} seconds")
        raise AssertionError


async def _entry(turn: Turn, wish: Cardholder, acs_trans_id: str) -> str | None:
    if wish.do not in {"submit", "select"}:
        return None
    wanted = wish.code if wish.do == "submit" else wish.choice or "correct"
    if wanted not in {"correct", "wrong"}:
        return wanted
    return entry_for(await turn.simulator.challenge(acs_trans_id), str(wanted))


async def _own_opening(turn: Turn, known: Mapping[str, Any]) -> Opening:
    """As the run's own gateway sends the browser to the bank."""
    acs_url = next(
        (
            each["message"]["acsURL"]
            for each in await turn.simulator.messages(turn.transaction)
            if "acsURL" in each["message"]
        ),
        None,
    )
    if acs_url is None:
        raise CardholderStuck(f"this transaction has no open challenge: transStatus {known.get('transStatus')}")
    ids = {"threeDSServerTransID": turn.transaction, "acsTransID": known.get("acsTransID")}
    creq = creq_of({"version": turn.scenario.version, **ids})
    return Opening(turn.box.notification_url, form=Form(acs_url, {"creq": creq}))


def _outcome(page: Page, challenge: Mapping[str, Any]) -> dict[str, Any]:
    """As the desk's headless cardholder tells it."""
    result = page.result
    return {
        "state": challenge.get("state"),
        "transStatus": decoded_result(result).get("transStatus") if result is not None else None,
        "message": page.message or page.title or None,
        "tries_left": challenge.get("tries_left"),
    }
