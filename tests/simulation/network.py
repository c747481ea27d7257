"""The network of a simulation: every exchange takes its time, and in bad weather some are lost, broken off or carried twice."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextvars import Context
from random import Random
from typing import Any, Final

from tests.simulation.loop import OWNER
from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable
from threedsecure.storage.ledger import More
from threedsecure.web.calling.transport import Body, InProcessTransport
from threedsecure.web.wire import JSON, WireResponse

Deliver = Callable[[], Awaitable[WireResponse]]
FATES: Final = ("lost", "unheard", "reset", "cut", "refused", "twice")
"""In bad weather. The request is lost; its answer is; the connection breaks before, or after it was read; nobody is there; the
request comes twice."""
ANSWERING: Final = "answering"
"""How the tasks begin that answer somebody."""
AT_ONCE_SHARE: Final = 0.5
"""What is sent at the same time comes at the same time, half of it: races are what is looked for."""
USUAL_SECONDS: Final = 0.04
SLOW_SHARE: Final = 0.03
SLOW_SECONDS: Final = 2.0


class Network:
    """Between whoever calls and whoever answers. `bad`: the share of the exchanges that the weather strikes, outside the machine;
    `bad_inside`: the same of calls from one party to the other."""

    def __init__(self, source: Random) -> None:
        self._source = source
        self.bad = 0.0
        self.bad_inside = 0.0
        self.faults = 0

    def strikes_inside(self) -> bool:
        return self.bad_inside > 0 and self._source.random() < self.bad_inside

    async def carry(
        self,
        url: str,
        deliver: Deliver,
        timeout: float,
        receiver: Context | None,
        *,
        fate: str | None = None,
        awaited: "set[asyncio.Future[WireResponse]] | None" = None,
    ) -> WireResponse:
        """The answer of `deliver`, which is done as work of `receiver`. `awaited`: among these until it is there. Errors: those
        of a transport."""
        if fate is None and self.bad and self._source.random() < self.bad:
            fate = self.fate()
        if fate == "refused":
            await asyncio.sleep(self._seconds())
            raise PeerUnreachable(url, "no connection: Connection refused")
        answer: asyncio.Future[WireResponse] = asyncio.get_running_loop().create_future()
        later = asyncio.get_running_loop().call_later
        if awaited is not None:
            awaited.add(answer)
            answer.add_done_callback(awaited.discard)
        if fate == "reset":
            later(self._seconds(), break_off, answer, url)
        elif fate != "lost":
            arrive = _Arrival(self, url, deliver, receiver, answer, fate)
            later(self._seconds(), arrive)
            if fate == "twice":
                later(self._seconds() * 3, arrive)
        try:
            async with asyncio.timeout(timeout):
                return await answer
        except TimeoutError as error:
            raise PeerTimedOut(url, f"no answer within {timeout:g} seconds") from error

    def fate(self) -> str:
        self.faults += 1
        return self._source.choice(FATES)

    def _seconds(self) -> float:
        seconds = 0.0 if self._source.random() < AT_ONCE_SHARE else self._source.random() * USUAL_SECONDS
        return seconds + (SLOW_SECONDS * self._source.random() if self._source.random() < SLOW_SHARE else 0.0)


class _Arrival:
    """A request that comes to who answers it."""

    def __init__(
        self,
        network: Network,
        url: str,
        deliver: Deliver,
        receiver: Context | None,
        answer: "asyncio.Future[WireResponse]",
        fate: str | None,
    ) -> None:
        self._network = network
        self._url = url
        self._deliver = deliver
        self._receiver = receiver
        self._answer = answer
        self._fate = fate

    def __call__(self) -> None:
        loop, receiver = asyncio.get_running_loop(), self._receiver
        owner = None if receiver is None else receiver.get(OWNER)
        if owner is not None and owner.over:
            break_off(self._answer, self._url)
            return
        context = None if receiver is None else receiver.copy()
        task = loop.create_task(self._deliver(), context=context, name=f"{ANSWERING} {self._url}")
        task.add_done_callback(self._answered, context=Context())

    def _answered(self, task: "asyncio.Task[WireResponse]") -> None:
        if task.cancelled():
            break_off(self._answer, self._url)
            return
        error = task.exception()
        later = asyncio.get_running_loop().call_later
        if error is not None:
            if not isinstance(error, ExchangeBroken):
                raise error
            later(self._network._seconds(), break_off, self._answer, self._url)
        elif self._fate == "cut":
            later(self._network._seconds(), break_off, self._answer, self._url)
        elif self._fate != "unheard":
            later(self._network._seconds(), _resolve, self._answer, task.result())


def _resolve(answer: "asyncio.Future[WireResponse]", response: WireResponse) -> None:
    if not answer.done():
        answer.set_result(response)


def break_off(answer: "asyncio.Future[WireResponse]", url: str) -> None:
    if not answer.done():
        answer.set_exception(ExchangeBroken(url, "the exchange broke off: Connection reset by peer"))


class InsideTransport(InProcessTransport):
    """From party to party in one process, where the weather strikes, too."""

    network: Network

    async def post(
        self,
        url: str,
        body: Body,
        *,
        timeout: float,
        content_type: str = JSON,
        headers: Mapping[str, str] | None = None,
    ) -> WireResponse:
        usual = super().post
        here = self._at(url)[0] is not None
        if not here or not self.network.strikes_inside():
            return await usual(url, body, timeout=timeout, content_type=content_type, headers=headers)

        async def deliver() -> WireResponse:
            return await usual(url, body, timeout=timeout, content_type=content_type, headers=headers)

        return await self.network.carry(url, deliver, timeout, None, fate=self.network.fate())

    def hand_over(
        self, url: str, message: dict[str, Any], more: More | None, *, timeout: float, headers: Mapping[str, str]
    ) -> WireResponse | Awaitable[WireResponse] | None:
        if self.network.bad_inside:
            return None
        return super().hand_over(url, message, more, timeout=timeout, headers=headers)
