"""Steps of a play in which the cardholder has a browser: in front of the run's own gateway, or in front of yours, which then
does what a gateway does while the run watches the hops.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final, NoReturn

from acs_sim.client.authenticator import altered, posted, spoilt
from acs_sim.client.cardholder import CardholderStuck, creq_of, decoded_result
from acs_sim.client.challenge_page import Form, Page
from acs_sim.desk.transactions.cardholder import WAITING, entry_for
from acs_sim.findings.case import THREE_DS_SERVER, Case, Entry
from acs_sim.findings.observed import BROKEN
from acs_sim.scenarios.browser.purchases import Purchases, Wished
from acs_sim.scenarios.browser.screens import Opening, Screen, Seen
from acs_sim.scenarios.file.matching import compare
from acs_sim.scenarios.file.model import Authenticate, Cardholder, Elements, Operation
from acs_sim.scenarios.playing import steps_common
from acs_sim.scenarios.playing.judging import Judge
from acs_sim.scenarios.playing.play import Does
from acs_sim.scenarios.playing.steps_emv import creq_with
from acs_sim.scenarios.playing.turn import CannotAsk, Turn, brief
from acs_sim.scenarios.simulator import CannotPlay
from threedsecure.cards.card_numbers import mask
from threedsecure.web.wire import Problem

BEGIN_SECONDS: Final = 10.0
ANSWER_SECONDS: Final = 25.0
SET_OFF_SECONDS: Final = 0.05
SETTLED_SECONDS: Final = 5.0
LOOK_AGAIN_SECONDS: Final = 0.02
LOOK_SELDOM_SECONDS: Final = 0.16
CHALLENGED: Final = "C"
AN_ANSWER: Final = "ARes or Erro"
OF_A_SECOND_LOOK: Final = ("challenge-reused", "creq-wrong")
# Findings that are no news where the play itself brought them about.
OF_A_WRONG_WISH: Final = ("request-refused", "version-above-range")
OF_A_WISHED_WINDOW: Final = ("creq-wrong",)
OF_UNKNOWN_ELEMENTS: Final = ("elements-undefined",)
OF_A_BROWSER_THAT_STAYED_AWAY: Final = ("challenge-never-begun",)
OF_A_BROWSER_THAT_LEFT: Final = ("cres-never-fetched",)


def cannot_watch() -> Mapping[str, Does]:
    """For a play that a gateway cannot be asked for: it is not played, and says why."""

    async def refuse(_turn: Turn, _wish: Any) -> None:
        raise CannotAsk("--against plays payments in a browser with EMV 3-D Secure, and this is another one")

    return dict.fromkeys(("authenticate", "preparation", "operation", "enrolment", "payment", "method"), refuse)


async def restart(turn: Turn, party: str) -> None:
    """Errors: `CannotAsk` where the simulator is not the run's own."""
    if not turn.simulator.restarts:
        raise CannotAsk("a simulator that runs already cannot restart a party")
    await steps_common.restart(turn, party)


class Watching:
    """One play's. `purchases`: the gateway that drives, None where the run's own does."""

    def __init__(self, screen: Screen, purchases: Purchases | None = None) -> None:
        self._screen = screen
        self._purchases = purchases
        self._answered = ""
        self._entered = self._broken = self._looked_again = False
        self._taken = 0
        self._window: str | None = None
        self._asked: list[Authenticate] = []
        self._judge = None if purchases is None else Judge(screen, purchases)

    def joins(self, turn: Turn) -> Mapping[str, Does]:
        """What takes the place of the run's own steps."""
        turn.draws_ids = self._purchases is None
        self._screen.on_method = turn.method_begins
        own: dict[str, Does] = {"cardholder": self.act}
        if self._purchases is None:
            return own
        return {
            **own,
            "operation": self.operation,
            "authenticate": self.authenticate,
            "method": self.method,
            "result": self.result,
            "returned": self.returned,
            "clock": self.clock,
            "restart": restart,
            "verdict": self.verdict,
        }

    def excuses(self) -> frozenset[str] | None:
        """The findings that are our doing and not the gateway's; None where it was asked for nothing."""
        if not self._asked:
            return None
        delivered = bool(self._screen.diary.delivered)
        wrong = any(wish.Erro is not None or wish.version is not None for wish in self._asked)
        told = {
            **dict.fromkeys(OF_A_WRONG_WISH, wrong),
            **dict.fromkeys(OF_A_SECOND_LOOK, self._looked_again),
            **dict.fromkeys(OF_A_WISHED_WINDOW, self._window is not None),
            **dict.fromkeys(OF_UNKNOWN_ELEMENTS, any(wish.besides for wish in self._asked)),
            **dict.fromkeys(OF_A_BROWSER_THAT_STAYED_AWAY, not self._entered),
            **dict.fromkeys(OF_A_BROWSER_THAT_LEFT, not delivered),
        }
        return frozenset(rule for rule, ours in told.items() if ours)

    # --- the cardholder ---

    async def act(self, turn: Turn, wish: Cardholder) -> None:
        if turn.transaction_id is None and wish.any and self._asked:
            turn.conversation.did(f"cardholder: {wish.do}: there is no payment")
            return
        try:
            outcome = await self._acted(turn, wish)
        except CardholderStuck as error:
            self._broken = True
            turn.tell_deed(wish, 409, {"detail": f"the cardholder is stuck: {error}"})
        except Problem as problem:
            turn.tell_deed(wish, problem.status, {"detail": str(problem.members.get("detail", problem))})
        else:
            turn.tell_deed(wish, 200, outcome)
        await self._look(turn)

    async def _acted(self, turn: Turn, wish: Cardholder) -> dict[str, Any]:
        known = await turn.simulator.transaction(turn.transaction)
        acs_trans_id = str(known.get("acsTransID"))
        if known.get("transStatus") == "D":
            return await _decided_apart(turn, wish, acs_trans_id)
        if wish.do in {"reload", "back", "return"}:
            return await self._look_again(turn, wish, known)
        await self._open(turn, known, wish)
        page = self._screen.page
        if page is None:
            raise CardholderStuck(f"the bank shows nothing{self._answered}")
        if wish.do != "abandon" and page.result is None:
            page = await self._pressed(turn, wish, acs_trans_id)
        return _outcome(page, await turn.simulator.challenge(acs_trans_id))

    async def _pressed(self, turn: Turn, wish: Cardholder, acs_trans_id: str) -> Page:
        if wish.do in {"approve", "decline"} and not await _at_the_wallet(turn, acs_trans_id):
            await _decide(turn, wish.do)
            await _heard(turn, acs_trans_id)
        entry = await _entry(turn, wish, acs_trans_id)
        button = wish.do if wish.do in {"resend", "cancel"} else "submit"
        if wish.clicks > 1:
            return await self._screen.twice(button, entry)
        boxes = [box for box, ticked in (("trust", wish.trust), ("bind", wish.bind)) if ticked]
        return await self._screen.press(button, entry, boxes=boxes, deliver=wish.deliver)

    async def _look_again(self, turn: Turn, wish: Cardholder, known: Mapping[str, Any]) -> dict[str, Any]:
        self._looked_again = True
        if wish.do == "return":
            await self._screen.bring_again()
        elif wish.do == "back":
            await self._screen.back()
            self._entered = False
        else:
            self._entered = True
            await self._screen.enter()
        return {"state": (await turn.simulator.challenge(str(known.get("acsTransID")))).get("state")}

    async def _look(self, turn: Turn) -> None:
        """What a step has brought about at the gateway. Errors: `Unmet`, `CannotPlay`."""
        if self._judge is not None and _is_judged(turn):
            await self._judge.look()
            return  # the verdict names what is broken
        self._nothing_broken(turn)

    async def clock(self, turn: Turn, duration: str) -> None:
        """Time passes, and what that sets off happens before anybody looks."""
        await steps_common.clock(turn, duration)
        if self._judge is not None and _is_judged(turn):
            await asyncio.sleep(SET_OFF_SECONDS)
            await self._judge.look()

    async def verdict(self, turn: Turn, wish: str) -> None:
        """Errors: `Unmet` for whatever convicts the gateway."""
        charges = await self._judge.verdict(turn, self.excuses() or frozenset()) if self._judge is not None else []
        turn.charges = charges
        found = "; ".join(str(each) for each in charges) or wish
        turn.conversation.expect("the gateway", "verdict", wish, found, met=not charges)

    async def _open(self, turn: Turn, known: Mapping[str, Any], wish: Cardholder) -> None:
        """Once: from then on the window stays where it is, unless what it shows is of no use."""
        if self._entered and not self._broken:
            return
        if self._purchases is None and not self._entered:
            await self._screen.show(await _own_opening(turn, known, wish.CReq))
        self._entered, self._broken = True, False
        await self._screen.enter()

    # --- another one's gateway ---

    async def authenticate(self, turn: Turn, wish: Authenticate) -> None:
        """Have the gateway begin, let the browser go as far as the bank's door, and look at what the gateway and the directory
        server say to each other. Errors: `Unmet`, `CannotAsk`, `CannotPlay`."""
        if self._purchases is None:
            raise CannotPlay("there is no gateway to begin a purchase")
        wished = _wished(turn, wish)
        self._window = wished.window
        if not self._asked and self._judge is not None:
            await self._judge.begins(turn)
        self._asked.append(wish)
        self._screen.clicks = wish.clicks
        turn.conversation.did(f"the gateway is asked for a purchase, version {wished.version}")
        pan = str(wished.elements.get("acctNumber") or turn.card["pan"])
        before = await self._before(turn, pan)
        turn.transaction_id, self._entered, self._broken = None, False, False
        asked = asyncio.create_task(self._began(self._purchases, turn, wished))
        try:
            begun = await self._begun(turn, pan, before, asked)
            if begun is None and self._judge is not None and wish.any:
                self._judge.ignored(self._answered)
                return
            turn.transaction_id = begun or self._no_areq(turn)
            if self._judge is not None:
                self._judge.opened(turn, {"cardExpiryDate": turn.card["expiry"], **self._purchases.asked(wished)})
            if wish.fails is not None:
                await asked
                turn.conversation.did(f"no ARes comes ({wish.fails}); the gateway answered{self._answered}")
            else:
                await self._answer(turn, wish, asked)
        finally:
            asked.cancel()
        turn.all_armed()
        await self._look(turn)

    async def _began(self, purchases: Purchases, turn: Turn, wished: Wished) -> None:
        """Ask, and let the browser have the answer."""
        opening, told, status = await purchases.begin(turn.card, wished)
        self._answered = f": the gateway answered {told}"
        met = status not in BROKEN
        if not met and _is_judged(turn):
            self._screen.diary.seen.append(Seen(purchases.url, status, b""))
        else:
            turn.conversation.expect("the gateway", "answers", "a purchase", told, met=met)
        if opening is not None:
            await self._screen.show(opening)

    async def _answer(self, turn: Turn, wish: Authenticate, asked: "asyncio.Task[None]") -> None:
        answer = await self._unhurried(turn, asked) if wish.any else await self._watched(turn, _first_answer, AN_ANSWER)
        if answer is None:
            return
        kind = answer.text("messageType")
        expected = kind if wish.any else "ARes" if wish.Erro is None else "Erro"
        if kind != expected:
            turn.conversation.instead(expected, brief(dict(answer.message)))
        turn.conversation.compare(expected, compare(wish.Erro or wish.ARes or {}, dict(answer.message)))
        challenged = answer.text("transStatus") == CHALLENGED
        await self._let_finish(asked, None if challenged else SETTLED_SECONDS)
        await self._screen.call_back()

    async def _unhurried(self, turn: Turn, asked: "asyncio.Task[None]") -> Entry | None:
        """What the directory server had answered when the gateway was done: nothing, where a fault took it away."""
        await self._let_finish(asked, ANSWER_SECONDS)
        return _first_answer(await _case(turn))

    async def _let_finish(self, asked: "asyncio.Task[None]", seconds: float | None) -> None:
        """The browser may go on and on where nothing is asked of anybody: then it is left alone after a while. Errors: `Unmet`,
        `CannotPlay`."""
        done, _ = await asyncio.wait({asked}, timeout=seconds)
        for task in done:
            try:
                task.result()
            except CardholderStuck as error:
                self._answered += f", and then {error}"

    async def operation(self, turn: Turn, wish: Operation) -> None:
        """A notice goes to where the gateway takes messages: the threeDSServerURL of its AReq. Errors: `CannotAsk`, `Unmet`."""
        areqs = (await _case(turn)).areqs if turn.transaction_id is not None else ()
        if wish.to != "3ds-server" or not (areqs and _is_judged(turn)):
            await cannot_watch()["operation"](turn, wish)
        told = {"scheme": turn.card["scheme"], "parts": wish.parts, "url": areqs[-1].text("threeDSServerURL")}
        sent = await turn.simulator.send_notice(told)
        turn.conversation.did(f"a notice of the directory server, {len(sent['parts'])} parts of it")
        answers = await turn.simulator.messages(str(sent["seqId"]))
        for each in answers:
            if each["from"] == THREE_DS_SERVER and each.get("status") in BROKEN:
                self._screen.diary.seen.append(Seen(told["url"], each["status"], b""))

    async def method(self, turn: Turn, wish: Any) -> None:
        self._screen.hold_callbacks = wish == "late"
        turn.conversation.did(f"3DS Method: left to the gateway and the browser, where the file says {wish}")

    async def result(self, turn: Turn, expected: Elements) -> None:
        rreq = await self._watched(turn, lambda case: case.as_sent(case.rreqs[-1]) if case.rreqs else None, "RReq")
        turn.conversation.compare("RReq", compare(expected, dict(rreq.message)))

    async def returned(self, turn: Turn, expected: Elements) -> None:
        """Each of these steps is about the next result that the browser brought."""
        delivered = self._screen.diary.delivered
        if self._taken >= len(delivered):
            turn.conversation.expect("the shop", "takes the CRes", "HTTP 200", "nothing was posted", met=False)
        fields, status = delivered[self._taken]
        self._taken += 1
        turn.conversation.compare("CRes", compare(expected, decoded_result(Form("", fields))))
        found = f"HTTP {status}"
        turn.conversation.expect("the shop", "takes the CRes", "HTTP 200", found, met=status < 400)

    def _nothing_broken(self, turn: Turn) -> None:
        """Whatever happens, the shop's server knows what to do. Errors: `Unmet`."""
        if self._purchases is None:
            return
        for seen in self._screen.diary.seen:
            if seen.status in BROKEN:
                turn.conversation.expect("the shop", seen.url, "a page", f"HTTP {seen.status}", met=False)

    async def _begun(
        self, turn: Turn, pan: str, before: tuple[Counter[str], Counter[str]], asked: "asyncio.Task[None]"
    ) -> str | None:
        """The transaction of the card's new AReq, None when none comes. Errors: `Unmet`, `CannotPlay`."""
        now, (taken, told), pause = asyncio.get_running_loop().time, before, LOOK_AGAIN_SECONDS
        deadline = now() + BEGIN_SECONDS
        while True:
            await asyncio.wait({asked}, timeout=pause)
            new = await _taken(turn, pan) - taken
            if not new and asked.done():
                await self._let_finish(asked, 0)
                deadline = min(deadline, now() + 1)  # it has answered: an AReq comes now or never
                new = await _told(turn, pan) - told
            if new:
                return next(iter(new))
            if now() > deadline:
                return None
            if asked.done():
                await asyncio.sleep(pause)
            pause = min(2 * pause, LOOK_SELDOM_SECONDS)

    async def _before(self, turn: Turn, pan: str) -> tuple[Counter[str], Counter[str]]:
        """What there was of the card before this purchase: nothing where it was minted for the play."""
        if len(self._asked) == 1 and turn.scenario.card.pan is None and pan == turn.card["pan"]:
            return Counter(), Counter()
        return await _taken(turn, pan), await _told(turn, pan)

    def _no_areq(self, turn: Turn) -> NoReturn:
        told = self._answered.removeprefix(": ") or "the gateway answered nothing"
        turn.conversation.instead("AReq", f"no AReq of this card; {told}")

    async def _watched(self, turn: Turn, choose: Callable[[Case], Entry | None], expected: str) -> Entry:
        """What is chosen of the messages that crossed, once it is there. Errors: `Unmet`."""
        now = asyncio.get_running_loop().time
        deadline = now() + ANSWER_SECONDS
        while (found := choose(await _case(turn))) is None:
            if now() > deadline:
                turn.conversation.instead(expected, f"nothing within {ANSWER_SECONDS:g} seconds")
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
        return found


def _is_judged(turn: Turn) -> bool:
    return any(step.verdict is not None for step in turn.scenario.steps)


async def _case(turn: Turn) -> Case:
    return Case.of_messages(await turn.simulator.messages(turn.transaction), turn.transaction)


async def _taken(turn: Turn, pan: str) -> Counter[str]:
    """How often the directory server has a transaction of a card, by its id."""
    with suppress(CannotPlay):  # a number that nobody knows
        return Counter(await turn.simulator.transactions_of(pan))
    return Counter()


async def _told(turn: Turn, pan: str) -> Counter[str]:
    """How often an AReq of a card came, by the id that it tells: one that was refused makes no transaction."""
    areqs = (each["message"] for each in await turn.simulator.newest("AReq") if each["from"] == THREE_DS_SERVER)
    return Counter(str(one.get("threeDSServerTransID")) for one in areqs if one.get("acctNumber") == mask(pan))


def _wished(turn: Turn, wish: Authenticate) -> Wished:
    """Errors: `CannotAsk` for what no browser gateway can be asked for."""
    if wish.channel not in (None, "browser"):
        raise CannotAsk(f"--against plays payments in a browser, and this step is one of the channel {wish.channel}")
    if any(step.authenticate is not None and step.authenticate.confirmed for step in turn.scenario.steps):
        raise CannotAsk(
            "--against runs no script of a shop's page, which would have the cardholder confirm the payment there"
        )
    elements = {**turn.scenario.purchase, **wish.send, **wish.besides}
    opened = [step.cardholder.CReq for step in turn.scenario.steps if step.cardholder is not None]
    window = next((str(creq["challengeWindowSize"]) for creq in opened if "challengeWindowSize" in creq), None)
    return Wished(
        version=wish.version or turn.scenario.version,
        category=wish.category or turn.scenario.category,
        elements=elements,
        window=window,
        headers=wish.headers,
    )


def _first_answer(case: Case) -> Entry | None:
    """What answered the last AReq, as it was sent."""
    after = case.areqs[-1].number if case.areqs else 0
    found = [each for each in case.told_by_the_directory_server if each.number > after]
    return case.as_sent(found[0]) if found else None


async def _decided_apart(turn: Turn, wish: Cardholder, acs_trans_id: str) -> dict[str, Any]:
    """A decoupled authentication has no page."""
    if wish.do not in {"approve", "decline", "abandon"}:
        raise CardholderStuck(f"a decoupled authentication has no page; it takes approve or decline, not {wish.do}")
    if wish.do != "abandon":
        await _decide(turn, wish.do)
    return {"state": (await _heard(turn, acs_trans_id)).get("state")}


async def _decide(turn: Turn, decision: str) -> None:
    """Errors: `CardholderStuck` where the banking app shows nothing."""
    try:
        await turn.simulator.decide(str(turn.card["phone"]), decision)
    except CannotPlay as error:
        raise CardholderStuck(str(error)) from error


async def _heard(turn: Turn, acs_trans_id: str) -> Mapping[str, Any]:
    """The challenge, once the bank has heard what the banking app was told. Errors: `CannotPlay`."""
    now = asyncio.get_running_loop().time
    deadline = now() + BEGIN_SECONDS
    while now() < deadline:
        challenge = await turn.simulator.challenge(acs_trans_id)
        if challenge.get("state") not in WAITING or challenge.get("decided"):
            return challenge
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
    raise CannotPlay("the bank has not heard what the banking app was told")


async def _at_the_wallet(turn: Turn, acs_trans_id: str) -> bool:
    """Whether the page leads to the cardholder's wallet."""
    return (await turn.simulator.challenge(acs_trans_id)).get("wallet") is not None


async def _entry(turn: Turn, wish: Cardholder, acs_trans_id: str) -> str | None:
    if wish.do not in {"submit", "select", "approve", "decline"}:
        return None
    wanted = wish.code if wish.do == "submit" else wish.choice or "correct"
    challenge = await turn.simulator.challenge(acs_trans_id)
    if challenge.get("wallet") is not None and (wish.do != "submit" or wanted in {"correct", "wrong"}):
        shown = await turn.simulator.presented(challenge, "decline" if wish.do == "decline" else "approve")
        return altered(shown) if wanted == "wrong" else shown
    if wish.do in {"approve", "decline"}:
        return None
    if challenge.get("passkey") is not None:
        if wanted not in {"correct", "wrong"}:
            return posted({"error": wanted})
        answer = await turn.simulator.assertion(turn.transaction)
        return posted(spoilt(answer) if wanted == "wrong" else answer)
    return entry_for(challenge, str(wanted)) if wanted in {"correct", "wrong"} else wanted


async def _own_opening(turn: Turn, known: Mapping[str, Any], changes: Elements) -> Opening:
    """As the run's own gateway sends the browser to the bank. Errors: `CardholderStuck`."""
    messages = await turn.simulator.messages(turn.transaction)
    acs_url = next((each["message"]["acsURL"] for each in messages if "acsURL" in each["message"]), None)
    if acs_url is None:
        raise CardholderStuck(f"this transaction has no open challenge: transStatus {known.get('transStatus')}")
    ids = {"threeDSServerTransID": turn.transaction, "acsTransID": known.get("acsTransID")}
    creq = await creq_with(turn, changes) if changes else creq_of({"version": turn.scenario.version, **ids})
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
