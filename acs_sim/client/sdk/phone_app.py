"""The SDK at work in an app: it posts to the ACS, keeps the time, and tells the app how the challenge ended."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final, Literal

from cryptography import x509

from acs_sim.client.sdk.actions import NOTHING, Entries, action, refreshed
from acs_sim.client.sdk.judging import ProtocolFailure, is_final
from acs_sim.client.sdk.transaction import SdkTransaction
from threedsecure.errors import PeerTimedOut, PeerUnreachable, TransportError
from threedsecure.v2.app.jose import Random
from threedsecure.v2.app.signed_content import NotTrusted
from threedsecure.v2.codec import decode_object, encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.web.calling.transport import Transport
from threedsecure.web.wire import WireResponse

JOSE: Final = "application/jose; charset=utf-8"
CRES_SECONDS: Final = 10.0
Outcome = Literal["completed", "cancelled", "timedout", "protocolError", "runtimeError"]
"""What the app is told, in the words of the SDK specification (ChallengeStatusReceiver)."""


Bend = Callable[[dict[str, Any]], Awaitable[tuple[bytes, str | None]]]
"""What a CReq becomes before it is encrypted, and what is wrong with its encryption (`threedsecure.v2.app.session.DEFECTS`)."""


class PhoneApp:
    """`screen`: the CRes that is shown; `outcome`: how it ended, None before; `trans_status`: of the final CRes; `reason`: what was
    wrong, in words; `bend`: what goes wrong on purpose with a CReq; `away`: where the cardholder is instead of in the app."""

    def __init__(
        self,
        transaction: SdkTransaction,
        random: Random,
        now: Callable[[], datetime],
        bend: Bend | None = None,
    ) -> None:
        self.transaction = transaction
        self.screen: dict[str, Any] | None = None
        self.outcome: Outcome | None = None
        self.trans_status: str | None = None
        self.reason: str | None = None
        self.away: Literal["home", "banking app"] | None = None
        self._random = random
        self._now = now
        self._bend = bend
        self._ends_at: datetime | None = None
        self._cancels = False
        self._turn = asyncio.Lock()

    async def do_challenge(
        self, network: Transport, ares: Mapping[str, Any], roots: Sequence[x509.Certificate]
    ) -> None:
        """Believe the ACS and open the first screen. What is not believed is answered to nobody."""
        try:
            self.transaction = self.transaction.begin(ares, roots, self._now())
        except NotTrusted as error:
            self._end("runtimeError", str(error))
            return
        self._ends_at = self._now() + timedelta(minutes=self.transaction.options.max_timeout)
        await self._exchange(network, {})

    async def press(self, network: Transport, do: str, filled: Entries = NOTHING) -> None:
        """Do something on the screen (`action`). Errors: `NoSuchButton`."""
        await self._go_on(network, lambda screen: action(screen, do, filled), cancels=do == "cancel")

    async def catch(self, network: Transport, query: str) -> None:
        """The web view caught the form of an HTML screen: `query` is what stood behind the ? of its address."""
        await self._go_on(network, lambda screen: {"challengeHTMLDataEntry": query})

    def leave(self, where: Literal["home", "banking app"]) -> None:
        """The cardholder goes to another app."""
        if self.screen is not None:
            self.away = where

    def come_back(self) -> None:
        """The app is in the foreground again: what the ACS has for that takes the place of what was shown (Req 64, 65)."""
        if self.away is not None and self.screen is not None:
            self.away, self.screen = None, refreshed(self.screen)

    async def _go_on(
        self, network: Transport, act: Callable[[Mapping[str, Any]], Mapping[str, Any]], *, cancels: bool = False
    ) -> None:
        async with self._turn:
            if self.outcome is not None or self.screen is None or await self.has_timed_out(network):
                return
            elements = act(self.screen)
            self._cancels = cancels
            await self._exchange(network, elements)

    async def has_timed_out(self, network: Transport) -> bool:
        """Whether sdkMaxTimeout is over, which the ACS is told then."""
        if self._ends_at is None or self._now() < self._ends_at or self.outcome is not None:
            return self.outcome == "timedout"
        self._end("timedout", "sdkMaxTimeout is over")
        await self._tell(network, ErrorCode.TRANSACTION_TIMED_OUT, "sdkMaxTimeout", of="CReq")
        return True

    async def _exchange(self, network: Transport, elements: Mapping[str, Any]) -> None:
        creq = self.transaction.creq(elements)
        plain, defect = (encode(creq), None) if self._bend is None else await self._bend(creq)
        body = self.transaction.seal(plain, self._random, defect).encode()
        try:
            answer = await self._posted(network, body)
        except PeerTimedOut:
            self._end("timedout", f"no CRes within {CRES_SECONDS:g} seconds")
            await self._tell(network, ErrorCode.TRANSACTION_TIMED_OUT, "no CRes in time", of="CReq")
        except TransportError as error:
            self._end("runtimeError", error.reason)
        else:
            await self._answered(network, answer)

    async def _posted(self, network: Transport, body: bytes) -> WireResponse:
        """A connection that fails is tried once more at once (Req 236)."""
        url = self.transaction.acs_url
        try:
            return await network.post(url, body, timeout=CRES_SECONDS, content_type=JOSE)
        except PeerUnreachable:
            return await network.post(url, body, timeout=CRES_SECONDS, content_type=JOSE)

    async def _answered(self, network: Transport, answer: WireResponse) -> None:
        media_type = answer.content_type.partition(";")[0].strip().lower()
        if not 200 <= answer.status < 300:
            self._end("runtimeError", f"the ACS answered HTTP {answer.status}")
        elif media_type == "application/json":
            self._end(*_erro_in(answer.body))
        else:
            await self._taken(network, answer.body)

    async def _taken(self, network: Transport, body: bytes) -> None:
        try:
            cres, self.transaction = self.transaction.read(body)
        except ProtocolFailure as failure:
            self._end("protocolError", str(failure))
            await self._tell(network, failure.code, failure.detail, of="CRes")
            return
        if is_final(cres):
            self.trans_status = cres["transStatus"]
            self._end("cancelled" if self._cancels else "completed", None)
        else:
            self.screen, self.away = cres, None

    async def _tell(self, network: Transport, code: str, detail: str, *, of: str) -> None:
        """An Erro in clear, whose answer nobody reads."""
        wrong = MessageError(code, detail, message={"messageType": of})
        message = erro(wrong, component="C", ids=self.transaction.identifiers(), version=self.transaction.version)
        try:
            await network.post(self.transaction.acs_url, encode(message), timeout=CRES_SECONDS)
        except TransportError as error:
            self.reason = f"{self.reason}; the ACS could not be told: {error.reason}"

    def _end(self, outcome: Outcome, reason: str | None) -> None:
        self.outcome, self.reason = outcome, reason
        self.screen = self.away = None


def _erro_in(body: bytes) -> tuple[Outcome, str]:
    try:
        message = decode_object(body)
    except MessageError:
        message = {}
    if message.get("messageType") != "Erro":
        return "runtimeError", "the ACS answered JSON that is no Erro"
    return "protocolError", f"Erro {message.get('errorCode')}: {str(message.get('errorDetail'))[:200]}"
