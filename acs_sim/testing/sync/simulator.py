# Generated from acs_sim/testing/aio/simulator.py by `python -m tests.support.twins`. Do not edit.
"""`threeds` and what it gives."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from acs_sim.settings.addresses import Addresses
from acs_sim.testing.findings import Findings
from acs_sim.testing.loop_thread import LoopThread
from acs_sim.testing.sync.authenticator import Authenticator, authenticator
from acs_sim.testing.sync.faults import Faults
from acs_sim.testing.values import AppScreen, CardDetails, Message, Outcome, Status, Text
from acs_sim.testing.words import WAIT_SECONDS, deed, instant_of, written

if TYPE_CHECKING:
    from playwright import sync_api

    from acs_sim.testing import aio
    from acs_sim.testing.calls import Calls


class ThreeDS:
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
    def clock(self) -> "Clock":
        """The virtual clock of the whole simulator."""
        return Clock(self._loop, self._calls)

    @cached_property
    def faults(self) -> Faults:
        """What goes wrong on purpose."""
        return Faults(self._loop, self._calls)

    @cached_property
    def aio(self) -> "aio.AsyncThreeDS":
        """The same for coroutines, whichever asyncio loop they run on."""
        from acs_sim.testing import aio

        return aio.AsyncThreeDS(self._loop, self._calls)

    def card(
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
    ) -> "Card":
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
        return Card(self._loop, self._calls, self._loop.run(self._calls.mint(scheme, scenario, wishes)))

    def app(
        self,
        version: str = "2.2.0",
        scheme: str = "visa",
        *,
        encryption: str | None = None,
        interface: str | None = None,
        max_timeout: int | None = None,
        app_url: str | None = None,
        profile: str | None = None,
    ) -> "App":
        """Open a phone app with an SDK of the simulator's. `encryption`: "A128CBC-HS256" or "A128GCM"; `interface`: what it can
        draw, "01" native, "02" HTML, "03" both; `max_timeout`: minutes that its challenge may take; `app_url`: where a banking app
        returns to; `profile`: which SDK that ships it is like, "stripe-android" or "stripe-ios"."""
        wishes = {"encryption": encryption, "interface": interface, "max_timeout": max_timeout}
        wishes |= {"app_url": app_url, "profile": profile}
        opened = self._loop.run(self._calls.open_app(version, scheme, wishes))
        return App(self._loop, self._calls, opened)

    def authenticator(self, page: "sync_api.Page") -> Authenticator:
        """A device with passkeys in the Chromium of a Playwright page: `enrol(card.pan)` makes one at the bank."""
        return authenticator(self._loop, self._calls, page)

    def transaction(self, identifier: str) -> "Transaction":
        """The transaction that goes by this id, whichever of its ids that is; it may begin later."""
        return Transaction(self._loop, self._calls, identifier)

    def transactions(self) -> list[Status]:
        """The newest hundred, the newest first."""
        return self._loop.run(self._calls.transactions_of(None))

    def findings(self, severity: str = "warning") -> Findings:
        """The verdict on the gateway over the newest transactions and between them, other tests' too."""
        return self._loop.run(self._calls.findings(None, severity))

    def reset(self) -> None:
        """Forget every transaction, minted card and text, those of other tests too. Clock and seed stay."""
        self._loop.run(self._calls.reset())

    def seed(self, seed: int | None) -> None:
        """Make identifiers and codes repeatable from here on; None ends that."""
        self._loop.run(self._calls.seed(seed))


class Card:
    """A minted card and its phone."""

    def __init__(self, loop: LoopThread, calls: "Calls", details: CardDetails) -> None:
        self._loop = loop
        self._calls = calls
        self.details = details
        self.phone = Phone(loop, calls, details.phone)

    @property
    def pan(self) -> str:
        return self.details.pan

    @property
    def expiry(self) -> str:
        """YYMM."""
        return self.details.expiry

    def transaction(self, timeout: float = WAIT_SECONDS) -> "Transaction":
        """The newest transaction of this card, once there is one."""
        return Transaction(self._loop, self._calls, self._loop.run(self._calls.newest_of(self.pan, timeout)))

    def transactions(self) -> list[Status]:
        """Those of this card, the newest first."""
        return self._loop.run(self._calls.transactions_of(self.pan))

    def __repr__(self) -> str:
        return f"<Card {self.details.scheme} {self.details.scenario}>"


class Phone:
    """The cardholder's phone."""

    def __init__(self, loop: LoopThread, calls: "Calls", number: str) -> None:
        self._loop = loop
        self._calls = calls
        self.number = number

    def latest(self, wait: float = WAIT_SECONDS, after: Text | None = None) -> Text | None:
        """The newest text that arrived, waiting for one; later than `after`. None when none came in time."""
        return self._loop.run(self._calls.latest(self.number, wait, after.id if after else None))

    def code(self, wait: float = WAIT_SECONDS, after: Text | None = None) -> str:
        """The SecureCode of the newest text that carries one, waiting for it."""
        return self._loop.run(self._calls.code(self.number, wait, after.id if after else None))

    def messages(self) -> list[Text]:
        """All texts, those that did not arrive too, in the order in which they were sent."""
        return self._loop.run(self._calls.texts(self.number))

    def clear(self) -> None:
        """Forget the texts."""
        self._loop.run(self._calls.clear_phone(self.number))


class Clock:
    """The simulator's clock. It is one for all tests of the process, and back at the wall clock after each."""

    def __init__(self, loop: LoopThread, calls: "Calls") -> None:
        self._loop = loop
        self._calls = calls

    def now(self) -> datetime:
        return self._loop.run(self._calls.now())

    def advance(self, step: str | timedelta) -> datetime:
        """Jump ahead (`"90s"`, `"10m"`, `"1h30m"`, `"7d"`); what falls due on the way happens, soon after. Returns the new time."""
        return self._loop.run(self._calls.move_clock(advance=written(step)))

    def set(self, instant: str | datetime) -> datetime:
        """Jump to an instant (RFC 3339)."""
        return self._loop.run(self._calls.move_clock(set=instant_of(instant)))

    def freeze(self) -> datetime:
        """Stand still."""
        return self._loop.run(self._calls.move_clock(freeze=True))

    def resume(self) -> datetime:
        """Back to the wall clock."""
        return self._loop.run(self._calls.move_clock(resume=True))

    def put_back(self) -> None:
        """Back to the wall clock, when a test of this process has moved it."""
        if self._calls.clock_moved:
            self.resume()


class Transaction:
    """One authentication. `id` is the one it was asked for by."""

    def __init__(self, loop: LoopThread, calls: "Calls", identifier: str) -> None:
        self._loop = loop
        self._calls = calls
        self.id = identifier

    def status(self) -> Status:
        """Where it stands now."""
        return self._loop.run(self._calls.status(self.id))

    def wait_for(
        self,
        state: str | Collection[str] | None = None,
        trans_status: str | Collection[str] | None = None,
        timeout: float = WAIT_SECONDS,
    ) -> Status:
        """Wait until it is in this state of the directory server, or one of these, with this transStatus, or one of these."""
        return self._loop.run(self._calls.wait_for(self.id, state, trans_status, timeout))

    @property
    def result(self) -> Status:
        """How it ended, waiting for that."""
        return self._loop.run(self._calls.result(self.id, WAIT_SECONDS))

    def messages(self, kind: str | None = None) -> list[Message]:
        """Every message that crossed a hop so far, or those of one kind (`"RReq"`), in order."""
        return self._loop.run(self._calls.messages(self.id, kind))

    def findings(self, severity: str = "warning") -> Findings:
        """What the gateway did wrong in this transaction; with `severity="good"` also what it did well."""
        return self._loop.run(self._calls.findings(self.id, severity))

    def report(self, outcome: str, trans_status: str | None = None) -> Findings:
        """Tell what your gateway did with the payment: `"accepted"` or `"refused"`, and the transStatus that it went by. What a
        gateway makes of a result cannot be seen from outside; from here on the verdict knows. Returns the findings."""
        return self._loop.run(self._calls.report(self.id, outcome, trans_status))

    def assert_acquitted(self) -> None:
        """Errors: `AssertionError` that names every mistake of the gateway with its evidence. Warnings pass."""
        (self.findings("error")).acquit()

    def submit(self, code: str, **more: Any) -> Outcome:
        """The cardholder types a code and confirms: the digits, `"correct"` or `"wrong"`. `more`: `deliver=False` keeps the
        result from being posted to the shop; `creq` and `threeDSSessionData` are what the shop's page would have posted."""
        return self.act("submit", code=code, **more)

    def resend(self, **more: Any) -> Outcome:
        """The cardholder asks for another code."""
        return self.act("resend", **more)

    def cancel(self, **more: Any) -> Outcome:
        """The cardholder gives up."""
        return self.act("cancel", **more)

    def abandon(self, **more: Any) -> Outcome:
        """The cardholder opens the page and goes away."""
        return self.act("abandon", **more)

    def act(self, do: str, *, timeout: float = WAIT_SECONDS, **more: Any) -> Outcome:
        """Any deed of `POST /api/transactions/{id}/cardholder`, once a cardholder is awaited."""
        return self._loop.run(self._calls.act(self.id, deed(do, more), timeout))

    def __repr__(self) -> str:
        return f"<Transaction {self.id}>"


class App(Transaction):
    """A phone app, and the transaction of its payment: the cardholder acts on its screen. `areq`: what its SDK puts into the AReq
    of your 3DS Server."""

    def __init__(self, loop: LoopThread, calls: "Calls", opened: AppScreen) -> None:
        super().__init__(loop, calls, opened.id)
        self.areq = opened.areq

    def screen(self) -> AppScreen:
        """What the app shows, and how its challenge ended."""
        return self._loop.run(self._calls.app_screen(self.id))
