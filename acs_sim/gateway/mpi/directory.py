"""The MPI's calls to the directory server: card ranges (CRReq) and enrolment (VEReq); and the root that it trusts."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from cryptography import x509

from acs_sim.gateway.mpi import messages as mpi
from acs_sim.gateway.records.card_ranges import CachedRanges, RangesBroken
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.records.storage import PurchaseStorage
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.three_ds_server.directory import DirectoryFailed
from acs_sim.gateway.three_ds_server.range_cache import RangeCache
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.errors import ExchangeBroken, PeerTimedOut, PeerUnreachable, TransportError
from threedsecure.v1 import messages
from threedsecure.v1.codec import CONTENT_TYPE, decode, encode
from threedsecure.v1.errors import ErrorCode, InvalidRequestCode, MessageError
from threedsecure.v1.identifiers import message_id
from threedsecure.v1.validation.checking import check
from threedsecure.v1.validation.rules import check_answer
from threedsecure.web.serving.service import Runtime
from threedsecure.web.wire import WireResponse

_SUFFIX: Final = "/3ds1"
RANGES_FOR: Final = "CARDRANGES"
"""The merchant id of a CRReq, which is asked for no shop in particular."""


class DirectoryV1:
    """One per gateway."""

    def __init__(self, runtime: Runtime, settings: GatewaySettings, storage: PurchaseStorage) -> None:
        self._runtime = runtime
        self._settings = settings
        self._cache = RangeCache(runtime, settings, storage, self._ranges)
        self._roots: tuple[x509.Certificate, ...] = ()

    def forget(self) -> None:
        self._cache.forget()
        self._roots = ()

    async def route(self, pan: str, networks: Sequence[str]) -> str | None:
        """The scheme in whose 1.0.2 ranges `pan` is."""
        for scheme in networks:
            if scheme not in V1_SCHEMES:
                continue
            table = await self._cache.table(scheme + _SUFFIX)
            if table is not None and table.find(pan) is not None:
                return scheme
        return None

    async def enrolment(self, purchase: Purchase, vereq: Mapping[str, Any]) -> dict[str, Any]:
        """The VERes to `vereq`, checked. Errors: `DirectoryFailed`."""
        try:
            return await self._answer(f"{purchase.scheme}{_SUFFIX}", vereq, "VERes")
        except TransportError as error:
            reason = "directory-timed-out" if isinstance(error, PeerTimedOut) else "directory-unreachable"
            raise DirectoryFailed(reason, error.reason) from error
        except mpi.ErrorReceived as error:
            raise DirectoryFailed("erro-received", str(error)) from error
        except MessageError as error:
            raise DirectoryFailed("protocol-error", f"the VERes is refused: {mpi.words(error)}") from error

    async def roots(self) -> tuple[x509.Certificate, ...]:
        """The roots under which PARes are signed; none while they cannot be had, and then no signature is believed."""
        if not self._roots:
            self._roots = await self._fetched_roots()
        return self._roots

    async def _fetched_roots(self) -> tuple[x509.Certificate, ...]:
        post, url = self._runtime.transport.post, self._settings.root_url_v1
        try:
            response = await post(url, b"{}", timeout=self._settings.ds_timeout)
            return tuple(x509.load_pem_x509_certificates(response.body)) if response.status == 200 else ()
        except (TransportError, ValueError):
            return ()

    async def _ranges(self, name: str, known: CachedRanges | None) -> CachedRanges | None:
        """One CRReq, or two when the directory server does not know our serial number any more (57)."""
        serial = known.serial_num if known else None
        crreq = messages.card_range_request(
            self._message_id(), mpi.requester(RANGES_FOR, self._settings), serial_number=serial
        )
        try:
            crres = await self._answer(name, crreq, "CRRes")
            refusal = (crres.get("IReq") or {}).get("iReqCode")
            if refusal is not None:
                forgotten = known is not None and refusal == InvalidRequestCode.SERIAL_NUMBER_UNKNOWN
                return await self._ranges(name, None) if forgotten else None
            return mpi.apply_ranges(known, crres)
        except RangesBroken as error:
            await self._complain(name, MessageError(ErrorCode.FORMAT_INVALID, f"CR: {error}", message=crreq))
            return None if known is None else await self._ranges(name, None)
        except (TransportError, MessageError, mpi.ErrorReceived):
            return None

    async def _answer(self, name: str, request: Mapping[str, Any], expected: str) -> dict[str, Any]:
        """Errors: `TransportError`, `MessageError` (of which the directory server is told), `ErrorReceived`."""
        try:
            response = await self._post(name, request)
        except TransportError as error:
            self._record_failure(error, request)
            raise
        try:
            answer = decode(response.body, accepts=frozenset({expected, "Error"}), limit=_LIMITS[expected])
            if answer["messageType"] == "Error":
                code, detail = str(answer.get("errorCode"))[:2], str(answer.get("errorDetail"))[:200]
                raise mpi.ErrorReceived(f"Error {code}: {detail}")
            check(answer)
            check_answer(answer, request)
        except MessageError as error:
            await self._complain(name, error)
            raise
        return answer

    async def _post(self, name: str, message: Mapping[str, Any]) -> WireResponse:
        """A connection that was never made is tried once more at once."""
        url, body = f"{self._settings.directory_server_url}/{name}", encode(message)
        post, timeout = self._runtime.transport.post, self._settings.ds_timeout
        try:
            return await post(url, body, timeout=timeout, content_type=CONTENT_TYPE)
        except ExchangeBroken:
            raise
        except PeerUnreachable:
            return await post(url, body, timeout=timeout, content_type=CONTENT_TYPE)

    async def _complain(self, name: str, error: MessageError) -> None:
        """Tell the directory server what is wrong with its message; whether it listens changes nothing."""
        document = messages.error(error, message_id=self._message_id())
        try:
            await self._post(name, document)
        except TransportError as unheard:
            self._record_failure(unheard, document)

    def _record_failure(self, error: TransportError, message: Mapping[str, Any]) -> None:
        document = {"messageId": message["messageId"], "reason": error.reason}
        now = self._runtime.clock.now()
        self._runtime.journal.record(now, "MPI", "Directory Server", "connection failed", document)

    def _message_id(self) -> str:
        return message_id(self._runtime.randomness.bytes)


_LIMITS: Final = {"VERes": 64 * 1024, "CRRes": 1 << 20}
