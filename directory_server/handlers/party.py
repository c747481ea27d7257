"""What the handlers share: settings, storage, the card ranges, and the calls to the other parties."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import structlog

from directory_server.ranges import Issuer, RangeList, digest, listed
from directory_server.settings import DirectoryServerSettings
from directory_server.storage import Storage
from threedsecure.card_numbers import CardRangeTable
from threedsecure.errors import ExchangeBroken, PeerUnreachable, TransportError
from threedsecure.schemes import SCHEMES
from threedsecure.v2.codec import encode
from threedsecure.v2.errors import MessageError
from threedsecure.web.service import Runtime
from threedsecure.web.wire import WireResponse

log = structlog.get_logger()

DIRECTORY_SERVER: Final = "Directory Server"
THREE_DS_SERVER: Final = "3DS Server"
ACS: Final = "ACS"
COMPONENT: Final = "D"
"""errorComponent of what is found here."""

Message = Mapping[str, Any]


@dataclass(frozen=True)
class Party:
    """The directory server of every scheme. `ranges` is read at start and replaced, list by list, when one is edited.
    `reporting` holds the results that are on their way to a 3DS Server right now, by the fingerprint of their RReq."""

    runtime: Runtime
    settings: DirectoryServerSettings
    storage: Storage
    ranges: dict[str, RangeList] = field(default_factory=dict)
    reporting: dict[str, asyncio.Task[Message | MessageError]] = field(default_factory=dict)
    notices: set[asyncio.Task[None]] = field(default_factory=set)

    async def load_ranges(self) -> None:
        """Read the card ranges of every scheme."""
        for scheme in SCHEMES:
            await self._load(scheme)

    async def fresh_ranges(self, scheme: str) -> RangeList:
        """The card ranges as stored, for where the list of another process that shares the database may be newer."""
        if await self.storage.serial(scheme) != self.ranges[scheme].serial:
            await self._load(scheme)
        return self.ranges[scheme]

    def record(self, sender: str, receiver: str, message: Message, **more: Any) -> None:
        """Note in the journal what went from `sender` to `receiver`."""
        kind = message.get("messageType")
        name = kind if isinstance(kind, str) else "message"
        self.runtime.journal.record(self.runtime.clock.now(), sender, receiver, name, message, **more)

    async def call(
        self, url: str, message: Message, receiver: str, timeout: float, transaction_id: str | None = None
    ) -> WireResponse:
        """Post a message and return what came back, whatever it is; a connection that fails is tried once more. Our own ACS notes
        the exchange itself, unless it fails. Errors: `TransportError`."""
        noted = self._answers_for_itself(url)
        if not noted:
            self.record(DIRECTORY_SERVER, receiver, message)
        body = encode(message)
        try:
            return await self._post(url, body, timeout)
        except TransportError as error:
            if noted:
                self.record(DIRECTORY_SERVER, receiver, message)
            failed = {"url": error.url, "reason": error.reason}
            self.runtime.journal.record(
                self.runtime.clock.now(), receiver, DIRECTORY_SERVER, "no answer", failed, transaction_id=transaction_id
            )
            raise

    def heard(self, url: str, sender: str, answer: Message, status: int) -> None:
        """Note the answer to a call, unless the one who gave it did."""
        if not self._answers_for_itself(url):
            self.record(sender, DIRECTORY_SERVER, answer, status=status)

    def notify(self, url: str, erro: Message, receiver: str, timeout: float) -> None:
        """Post an Erro behind the exchange at hand. Whether it arrives changes nothing, so nobody waits for it."""
        task = asyncio.create_task(self._deliver_notice(url, erro, receiver, timeout), name="Erro")
        self.notices.add(task)
        task.add_done_callback(self.notices.discard)

    async def stop(self) -> None:
        """End what is still under way. A result that was not acknowledged is sent again when the ACS sends it again."""
        under_way = [*self.notices, *self.reporting.values()]
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)

    async def _deliver_notice(self, url: str, erro: Message, receiver: str, timeout: float) -> None:
        try:
            await self.call(url, erro, receiver, timeout)
        except TransportError as error:
            log.info("Erro not delivered", receiver=receiver, reason=error.reason)

    async def _post(self, url: str, body: bytes, timeout: float) -> WireResponse:
        try:
            return await self.runtime.transport.post(url, body, timeout=timeout)
        except ExchangeBroken as first:
            try:
                return await self.runtime.transport.post(url, body, timeout=timeout)
            except PeerUnreachable:
                raise first from None  # it may have arrived at the first time, and that is what counts
        except PeerUnreachable:
            return await self.runtime.transport.post(url, body, timeout=timeout)

    def _answers_for_itself(self, url: str) -> bool:
        return url.startswith(f"{self.settings.acs_url}/")

    def usual_issuer(self) -> Issuer:
        """An issuer set up as for the listed test cards, that speaks no version yet."""
        acs = self.settings.acs_url
        return Issuer((), f"{acs}/3ds2/areq", f"{acs}/3ds2/method", stand_in=self.settings.stand_in)

    async def _load(self, scheme: str) -> None:
        base = self._listed(scheme)
        stored = await self.storage.ranges(scheme, digest(base))
        self.ranges[scheme] = RangeList.restored(base, stored.serial, stored.oldest, stored.changes)

    def _listed(self, scheme: str) -> CardRangeTable[Issuer]:
        s = self.settings
        return listed(scheme, s.versions, s.acs_url, s.acs_down_url, s.stand_in)
