"""A transcript played again to a simulator: the gateway's and the cardholder's side of it, with a new card and new identifiers.

What the file hides is found again: the card by its scenario, a typed code by what came of it. Where the clock may be moved, it is
moved as far as it was between the hops of the file.
"""

import asyncio
import base64
import ssl
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

import orjson

from acs_sim.client.cardholder import Cardholder, CardholderStuck, creq_of
from acs_sim.client.challenge_page import Form, Page
from acs_sim.desk.transactions.cardholder import entry_for
from acs_sim.scenarios.playing.gateway import Mailbox
from acs_sim.scenarios.reports.evidence import collect
from acs_sim.scenarios.simulator import Simulator
from acs_sim.transcripts.document import SIMULATED, Hop, Transcript, title
from acs_sim.transcripts.in_app import deed_of, in_app, sdk_wishes
from acs_sim.transcripts.volatile import DRAWN, INSTANTS, is_uuid
from threedsecure.redaction import HIDDEN
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.wire import Problem

REACTION_SECONDS: Final = 5.0
LOOK_AGAIN_SECONDS: Final = 0.02
OURS: Final = (*INSTANTS, *DRAWN, "threeDSServerURL", "notificationURL", "threeDSMethodNotificationURL")
"""What a replay has of its own, whatever a file declares."""


class CannotReplay(Exception):
    """The transcript holds nothing that could be played, or lacks what that needs; the message says what."""


async def replay(
    transcript: Transcript,
    simulator: Simulator,
    box: Mailbox,
    *,
    wishes: Mapping[str, Any],
    moves_clock: bool,
    tls: ssl.SSLContext | None = None,
) -> dict[str, Any]:
    """The transcript of the new transaction, to be held against the file. `wishes`: what of the card is said beside it (`scenario`,
    `pan`).

    Errors: `CannotReplay`, `CannotPlay`."""
    if not any(hop["kind"] == "AReq" and hop["to"] == "Directory Server" for hop in transcript["hops"]):
        raise CannotReplay("there is no AReq of a 3DS Server in this transcript, so there is nothing to begin with")
    async with HttpTransport.session(tls) as session:
        card = await _card(transcript, simulator, wishes)
        player = _Replay(transcript, simulator, box, card, Cardholder(HttpTransport(session)))
        await player.play(moves_clock=moves_clock)
    after = await collect(simulator, player.name, ruled=False, moved=moves_clock)
    if after is None:
        raise CannotReplay("the simulator has no transcript of the new transaction")
    after["card"]["scenario"] = after["card"]["scenario"] or card["scenario"]
    return {**after, "replayed": True, "volatile": list(dict.fromkeys((*after["volatile"], *OURS)))}


class _Replay:
    def __init__(
        self, transcript: Transcript, simulator: Simulator, box: Mailbox, card: Mapping[str, Any], person: Cardholder
    ) -> None:
        self._hops: Sequence[Hop] = transcript["hops"]
        self._simulator = simulator
        self._box = box
        self._card = card
        self._person = person
        self._page: Page | None = None
        self._ares: dict[str, Any] = {}
        self._expected: Counter[str] = Counter()
        self._in_app = in_app(self._hops)
        self.name = str(uuid4())

    async def play(self, *, moves_clock: bool) -> None:
        began, stands = await self._simulator.now(), 0
        for number, hop in enumerate(self._hops):
            offset = int(hop.get("offset_ms", 0))
            if moves_clock and offset > stands:
                await self._move(began, offset)
                stands = offset
            await self._drive(number, hop)
            self._expected[title(hop)] += 1
            if moves_clock and offset and hop["from"] in SIMULATED and hop["to"] in SIMULATED:
                await self._reaction(title(hop))

    async def _move(self, began: datetime, offset: int) -> None:
        await self._simulator.move_clock(set=(began + timedelta(milliseconds=offset)).isoformat())

    async def _drive(self, number: int, hop: Hop) -> None:
        way = (hop["from"], hop["to"])
        if self._in_app and (deed := deed_of(self._hops, number)) is not None:
            await self._act(deed)
            return
        if way == ("3DS Server", "Directory Server") and hop["kind"] in {"AReq", "Erro"}:
            await self._post(hop)
        elif way == ("Browser", "ACS") and hop["kind"] == "3DS Method":
            await self._method()
        elif way == ("Browser", "ACS") and hop["kind"] == "CReq":
            await self._open()
        elif way == ("Browser", "ACS") and hop["kind"] == "challenge page":
            await self._press(str(hop["message"].get("action", "submit")), right=self._was_right(number))
        elif way == ("Phone", "ACS") and hop["message"].get("decision") in {"approve", "decline"}:
            await self._simulator.decide(str(self._card["phone"]), str(hop["message"]["decision"]))

    async def _act(self, deed: Mapping[str, Any]) -> None:
        """In an app. Errors: `CannotReplay`."""
        status, outcome = await self._simulator.act(self.name, deed)
        if status >= 400 and "SDK ended with" not in str(outcome.get("detail")):
            raise CannotReplay(f"the cardholder is stuck: {outcome.get('detail', status)}")

    async def _method(self) -> None:
        url = await self._simulator.method_url(str(self._card["scheme"]), str(self._card["pan"]))
        if url is None:
            raise CannotReplay("the file has a 3DS Method, and this time the card has none")
        data = {"threeDSServerTransID": self.name, "threeDSMethodNotificationURL": self._box.method_url}
        with suppress(CardholderStuck):  # a page that does not answer is nobody's business, as in a browser
            page = await self._person.visit(
                Form(url, {"threeDSMethodData": base64.urlsafe_b64encode(orjson.dumps(data)).decode().rstrip("=")})
            )
            for result in page.results:
                await self._person.deliver(result)

    async def _post(self, hop: Hop) -> None:
        message = self._with_own({name: value for name, value in hop["message"].items() if value != HIDDEN})
        if hop["kind"] == "AReq" and "purchaseDate" in message:
            message["purchaseDate"] = f"{await self._simulator.now():%Y%m%d%H%M%S}"
        if hop["kind"] == "AReq" and self._in_app:
            version, wishes = str(message.get("messageVersion")), sdk_wishes(self._hops)
            message |= await self._simulator.new_app(str(self._card["scheme"]), version, wishes)
        answer = await self._simulator.authenticate(str(self._card["scheme"]), message)
        if hop["kind"] == "AReq":
            self._ares = answer

    def _with_own(self, message: Mapping[str, Any]) -> dict[str, Any]:
        """The message of the file with our identifiers, addresses and card in the place of those it has."""
        own: dict[str, Any] = {
            "threeDSServerTransID": self.name,
            "threeDSServerURL": self._box.results_url,
            "notificationURL": self._box.notification_url,
            "acctNumber": self._card["pan"],
            "cardExpiryDate": self._card["expiry"],
            **{name: self._ares[name] for name in ("dsTransID", "acsTransID") if name in self._ares},
        }
        shown = {name: value for name, value in own.items() if name in message and _well_formed(name, message[name])}
        return {**message, **shown}

    async def _open(self) -> None:
        creq = creq_of({"version": self._ares.get("messageVersion"), **self._ids()})
        try:
            page = await self._person.open(self._acs_url(), creq)
            self._page = await self._person.wait(page)
        except CardholderStuck as error:
            raise CannotReplay(f"the cardholder is stuck: {error}") from error
        await self._deliver()

    async def _press(self, action: str, *, right: bool) -> None:
        if self._page is None or self._page.result is not None:  # over: its page went on by itself
            return
        try:
            entry = None
            if action == "submit":
                challenge = await self._simulator.challenge(self._ids()["acsTransID"])
                entry = entry_for(challenge, "correct" if right else "wrong")
            page = await self._person.press(self._page, action, entry)
            self._page = await self._person.wait(page)
        except (CardholderStuck, Problem) as error:
            raise CannotReplay(f"the cardholder is stuck: {error}") from error
        await self._deliver()

    async def _deliver(self) -> None:
        if self._page is not None and self._page.result is not None:
            await self._person.deliver(self._page.result)

    def _was_right(self, number: int) -> bool:
        """Codes are hidden: the one that was right is the last, when the challenge ended well."""
        later = self._hops[number + 1 :]
        again = any(hop["kind"] == "challenge page" for hop in later)
        ended = [hop["message"].get("transStatus") for hop in later if hop["kind"] in {"RReq", "CRes"}]
        return bool(ended) and ended[0] == "Y" and not again

    def _ids(self) -> dict[str, str]:
        return {"threeDSServerTransID": self.name, "acsTransID": str(self._ares.get("acsTransID"))}

    def _acs_url(self) -> str:
        address = self._ares.get("acsURL")
        if not isinstance(address, str):
            raise CannotReplay("the file has a challenge, and this time the bank asks for none")
        return address

    async def _reaction(self, wanted: str) -> None:
        """What time alone sets off is given a while to happen."""
        now = asyncio.get_running_loop().time
        deadline = now() + REACTION_SECONDS
        while now() < deadline:
            hops = (await self._simulator.transcript(self.name))["hops"]
            if sum(title(hop) == wanted for hop in hops) >= self._expected[wanted]:
                return
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def _card(transcript: Transcript, simulator: Simulator, wishes: Mapping[str, Any]) -> dict[str, Any]:
    """Errors: `CannotReplay`, `CannotPlay`."""
    if wishes.get("pan"):
        return await simulator.card(str(wishes["pan"]))
    kept = transcript.get("card") or {}
    scenario = wishes.get("scenario") or kept.get("scenario")
    scheme = kept.get("scheme") or transcript["transaction"].get("scheme") or "visa"
    if not scenario:
        raise CannotReplay("the file does not tell the scenario of its card; say it with --card, or name a card")
    return await simulator.mint({"scheme": scheme, "scenario": scenario})


def _well_formed(name: str, value: Any) -> bool:
    """What was wrong on purpose stays wrong."""
    if not isinstance(value, str):
        return False
    if name.endswith("TransID"):
        return is_uuid(value)
    return "://" in value if name.endswith("URL") else bool(value)
