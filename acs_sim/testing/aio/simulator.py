"""`threeds` and what it gives."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from acs_sim.settings.addresses import Addresses
from acs_sim.testing.aio.authenticator import AsyncAuthenticator, authenticator
from acs_sim.testing.aio.faults import AsyncFaults
from acs_sim.testing.findings import Findings
from acs_sim.testing.loop_thread import LoopThread
from acs_sim.testing.values import AppScreen, CardDetails, Message, Outcome, Status, Text
from acs_sim.testing.words import WAIT_SECONDS, deed, instant_of, written

if TYPE_CHECKING:
    from playwright import async_api

    from acs_sim.testing import aio
    from acs_sim.testing.calls import Calls


class AsyncThreeDS:
    """A running simulator. Whatever waits does so for real seconds and ends in `NotInTime`; whatever is asked for and cannot be
    done raises `SimulatorRefused` with the simulator's reason."""

    def __init__(self, loop: LoopThread, calls: "Calls") -> None:
        self._loop = loop
        self._calls = calls

    @property
    def addresses(self) -> Addresses:
        """The base address of every party: `desk`, `ds`, `acs`, `phone`, `shop`."""
        return self._calls.addresses

    def directory_server(self, scheme: str = "visa") -> str:
        """Where a 3DS Server posts its AReq and PReq (EMV 3DS)."""
        return f"{self.addresses.ds}/{scheme}/3ds2"

    @cached_property
    def clock(self) -> "AsyncClock":
        """The virtual clock of the whole simulator."""
        return AsyncClock(self._loop, self._calls)

    @cached_property
    def faults(self) -> AsyncFaults:
        """What goes wrong on purpose."""
        return AsyncFaults(self._loop, self._calls)

    @cached_property
    def aio(self) -> "aio.AsyncThreeDS":
        """The same for coroutines, whichever asyncio loop they run on."""
        from acs_sim.testing import aio

        return aio.AsyncThreeDS(self._loop, self._calls)

    async def card(
        self,
        scenario: str,
        scheme: str = "visa",
        *,
        version: str | None = None,
        phone: str | None = None,
        tries: int | None = None,
        language: str | None = None,
        trans_status: str | None = None,
        reason: str | None = None,
        password: str | None = None,
        failures: int | None = None,
        challenges: int | None = None,
        unasked: int | None = None,
        unasked_amount: int | None = None,
        beside: str | None = None,
        faults: Collection[Mapping[str, Any]] | None = None,
        passkey: bool = False,
    ) -> "AsyncCard":
        """Mint a card that nobody else has, with a phone of its own unless a number or an e-mail address is given.

        `version`: known to its range alone; `tries`: how often a code may be typed; `language`: of page and text; `trans_status`
        and `reason` take the place of what the scenario answers; `password`: the one of `challenge-password`; `failures`: how many
        failed purchases in a row lock it, `challenges`: how many it gets in an hour; `unasked`: how many payments in a row pass
        without a challenge, `unasked_amount`: how much they may come to; `beside`: the other brand on a card of Cartes Bancaires;
        `faults`: what goes wrong with it, as `POST /api/cards` takes them; `passkey`: it has one in software, with which
        `submit("correct")` confirms."""
        wishes = {
            "version": version,
            "phone": phone,
            "tries": tries,
            "language": language,
            "transStatus": trans_status,
            "reason": reason,
            "password": password,
            "failures": failures,
            "challenges": challenges,
            "unasked": unasked,
            "unaskedAmount": unasked_amount,
            "beside": beside,
            "faults": None if faults is None else [dict(fault) for fault in faults],
            "passkey": passkey or None,
        }
        return AsyncCard(self._loop, self._calls, await self._loop.awaited(self._calls.mint(scheme, scenario, wishes)))

    async def app(
        self,
        version: str = "2.2.0",
        scheme: str = "visa",
        *,
        encryption: str | None = None,
        interface: str | None = None,
        max_timeout: int | None = None,
        app_url: str | None = None,
        profile: str | None = None,
    ) -> "AsyncApp":
        """Open a phone app with an SDK of the simulator's. `encryption`: "A128CBC-HS256" or "A128GCM"; `interface`: what it can
        draw, "01" native, "02" HTML, "03" both; `max_timeout`: minutes that its challenge may take; `app_url`: where a banking app
        returns to; `profile`: which SDK that ships it is like, "stripe-android" or "stripe-ios"."""
        wishes = {"encryption": encryption, "interface": interface, "max_timeout": max_timeout}
        wishes |= {"app_url": app_url, "profile": profile}
        opened = await self._loop.awaited(self._calls.open_app(version, scheme, wishes))
        return AsyncApp(self._loop, self._calls, opened)

    async def authenticator(self, page: "async_api.Page") -> AsyncAuthenticator:
        """A device with passkeys in the Chromium of a Playwright page: `enrol(card.pan)` makes one at the bank."""
        return await authenticator(self._loop, self._calls, page)

    def transaction(self, identifier: str) -> "AsyncTransaction":
        """The transaction that goes by this id, whichever of its ids that is; it may begin later."""
        return AsyncTransaction(self._loop, self._calls, identifier)

    async def transactions(self) -> list[Status]:
        """The newest hundred, the newest first."""
        return await self._loop.awaited(self._calls.transactions_of(None))

    async def findings(self, severity: str = "warning") -> Findings:
        """The verdict on the gateway over the newest transactions and between them, other tests' too."""
        return await self._loop.awaited(self._calls.findings(None, severity))

    async def reset(self) -> None:
        """Forget every transaction, minted card and text, those of other tests too. Clock and seed stay."""
        await self._loop.awaited(self._calls.reset())

    async def seed(self, seed: int | None) -> None:
        """Make identifiers and codes repeatable from here on; None ends that."""
        await self._loop.awaited(self._calls.seed(seed))


class AsyncCard:
    """A minted card and its phone."""

    def __init__(self, loop: LoopThread, calls: "Calls", details: CardDetails) -> None:
        self._loop = loop
        self._calls = calls
        self.details = details
        self.phone = AsyncPhone(loop, calls, details.phone)

    @property
    def pan(self) -> str:
        return self.details.pan

    @property
    def expiry(self) -> str:
        """YYMM."""
        return self.details.expiry

    async def transaction(self, timeout: float = WAIT_SECONDS) -> "AsyncTransaction":
        """The newest transaction of this card, once there is one."""
        return AsyncTransaction(
            self._loop, self._calls, await self._loop.awaited(self._calls.newest_of(self.pan, timeout))
        )

    async def transactions(self) -> list[Status]:
        """Those of this card, the newest first."""
        return await self._loop.awaited(self._calls.transactions_of(self.pan))

    def __repr__(self) -> str:
        return f"<Card {self.details.scheme} {self.details.scenario}>"


class AsyncPhone:
    """The cardholder's phone."""

    def __init__(self, loop: LoopThread, calls: "Calls", number: str) -> None:
        self._loop = loop
        self._calls = calls
        self.number = number

    async def latest(self, wait: float = WAIT_SECONDS, after: Text | None = None) -> Text | None:
        """The newest text that arrived, waiting for one; later than `after`. None when none came in time."""
        return await self._loop.awaited(self._calls.latest(self.number, wait, after.id if after else None))

    async def code(self, wait: float = WAIT_SECONDS, after: Text | None = None) -> str:
        """The SecureCode of the newest text that carries one, waiting for it."""
        return await self._loop.awaited(self._calls.code(self.number, wait, after.id if after else None))

    async def messages(self) -> list[Text]:
        """All texts, those that did not arrive too, in the order in which they were sent."""
        return await self._loop.awaited(self._calls.texts(self.number))

    async def clear(self) -> None:
        """Forget the texts."""
        await self._loop.awaited(self._calls.clear_phone(self.number))


class AsyncClock:
    """The simulator's clock. It is one for all tests of the process, and back at the wall clock after each."""

    def __init__(self, loop: LoopThread, calls: "Calls") -> None:
        self._loop = loop
        self._calls = calls

    async def now(self) -> datetime:
        return await self._loop.awaited(self._calls.now())

    async def advance(self, step: str | timedelta) -> datetime:
        """Jump ahead (`"90s"`, `"10m"`, `"1h30m"`, `"7d"`); what falls due on the way happens, soon after. Returns the new time."""
        return await self._loop.awaited(self._calls.move_clock(advance=written(step)))

    async def set(self, instant: str | datetime) -> datetime:
        """Jump to an instant (RFC 3339)."""
        return await self._loop.awaited(self._calls.move_clock(set=instant_of(instant)))

    async def freeze(self) -> datetime:
        """Stand still."""
        return await self._loop.awaited(self._calls.move_clock(freeze=True))

    async def resume(self) -> datetime:
        """Back to the wall clock."""
        return await self._loop.awaited(self._calls.move_clock(resume=True))

    async def put_back(self) -> None:
        """Back to the wall clock, when a test of this process has moved it."""
        if self._calls.clock_moved:
            await self.resume()


class AsyncTransaction:
    """One authentication. `id` is the one it was asked for by."""

    def __init__(self, loop: LoopThread, calls: "Calls", identifier: str) -> None:
        self._loop = loop
        self._calls = calls
        self.id = identifier

    async def status(self) -> Status:
        """Where it stands now."""
        return await self._loop.awaited(self._calls.status(self.id))

    async def wait_for(
        self,
        state: str | Collection[str] | None = None,
        trans_status: str | Collection[str] | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> Status:
        """Wait until it is in this state of the directory server, or one of these, with this transStatus, or one of these."""
        return await self._loop.awaited(self._calls.wait_for(self.id, state, trans_status, timeout))

    @property
    async def result(self) -> Status:
        """How it ended, waiting for that."""
        return await self._loop.awaited(self._calls.result(self.id, WAIT_SECONDS))

    async def messages(self, kind: str | None = None) -> list[Message]:
        """Every message that crossed a hop so far, or those of one kind (`"RReq"`), in order."""
        return await self._loop.awaited(self._calls.messages(self.id, kind))

    async def findings(self, severity: str = "warning") -> Findings:
        """What the gateway did wrong in this transaction; with `severity="good"` also what it did well."""
        return await self._loop.awaited(self._calls.findings(self.id, severity))

    async def report(self, outcome: str, trans_status: str | None = None) -> Findings:
        """Tell what your gateway did with the payment: `"accepted"` or `"refused"`, and the transStatus that it went by. What a
        gateway makes of a result cannot be seen from outside; from here on the verdict knows. Returns the findings."""
        return await self._loop.awaited(self._calls.report(self.id, outcome, trans_status))

    async def assert_acquitted(self) -> None:
        """Errors: `AssertionError` that names every mistake of the gateway with its evidence. Warnings pass."""
        (await self.findings("error")).acquit()

    async def submit(self, code: str, **more: Any) -> Outcome:
        """The cardholder types a code and confirms: the digits, `"correct"` or `"wrong"`. `more`: `deliver=False` keeps the
        result from being posted to the shop; `creq` and `threeDSSessionData` are what the shop's page would have posted."""
        return await self.act("submit", code=code, **more)

    async def resend(self, **more: Any) -> Outcome:
        """The cardholder asks for another code."""
        return await self.act("resend", **more)

    async def cancel(self, **more: Any) -> Outcome:
        """The cardholder gives up."""
        return await self.act("cancel", **more)

    async def abandon(self, **more: Any) -> Outcome:
        """The cardholder opens the page and goes away."""
        return await self.act("abandon", **more)

    async def act(self, do: str, *, timeout: float = WAIT_SECONDS, **more: Any) -> Outcome:
        """Any deed of `POST /api/transactions/{id}/cardholder`, once a cardholder is awaited."""
        return await self._loop.awaited(self._calls.act(self.id, deed(do, more), timeout))

    def __repr__(self) -> str:
        return f"<Transaction {self.id}>"


class AsyncApp(AsyncTransaction):
    """A phone app, and the transaction of its payment: the cardholder acts on its screen. `areq`: what its SDK puts into the AReq
    of your 3DS Server."""

    def __init__(self, loop: LoopThread, calls: "Calls", opened: AppScreen) -> None:
        super().__init__(loop, calls, opened.id)
        self.areq = opened.areq

    async def screen(self) -> AppScreen:
        """What the app shows, and how its challenge ended."""
        return await self._loop.awaited(self._calls.app_screen(self.id))
