"""The gateway's calls to the directory server: card ranges (PReq) and authentication (AReq)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from acs_sim.gateway.records.card_ranges import CachedRanges, RangesBroken, apply, common_version
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.records.storage import PurchaseStorage
from acs_sim.gateway.settings import VERSIONS, GatewaySettings
from acs_sim.gateway.three_ds_server import messages as three_ds_server
from acs_sim.gateway.three_ds_server.range_cache import RangeCache
from threedsecure.errors import PeerTimedOut, PeerUnreachable, TransportError
from threedsecure.v2.codec import decode, encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import MessageError
from threedsecure.v2.validation.checking import Context, Leg, check
from threedsecure.web.serving.service import Runtime
from threedsecure.web.wire import WireResponse

_VERSION_NOT_SUPPORTED: Final = "102"
_UNKNOWN_SERIAL_NUMBER: Final = "307"


class DirectoryFailed(Exception):
    """No ARes that could be used. `reason` is a word of the texts; the text says what happened."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Routing:
    """Where a card goes. `enrolled`: None when no card ranges could be had; then version and method are guesses."""

    scheme: str
    enrolled: bool | None
    version: str | None
    method_url: str | None


class Directory:
    """One per gateway; keeps the card ranges of every scheme as long as they are fresh."""

    def __init__(self, runtime: Runtime, settings: GatewaySettings, storage: PurchaseStorage) -> None:
        self._runtime = runtime
        self._settings = settings
        self._cache = RangeCache(runtime, settings, storage, self._ranges)

    def forget(self) -> None:
        self._cache.forget()

    async def route(self, pan: str, networks: Sequence[str], asked_version: str | None) -> Routing | None:
        """Which scheme answers for `pan` in which version; None when it is in no card range of `networks`.

        `asked_version` is spoken whatever the range says."""
        spoken = [version for version in VERSIONS if version <= self._settings.version]
        unknown: list[str] = []
        for scheme in networks:
            table = await self._cache.table(scheme)
            if table is None:
                unknown.append(scheme)
            elif (found := table.find(pan)) is not None:
                version = asked_version or common_version(found.value, spoken)
                return Routing(scheme, True, version, found.value.method_of(version))
        if unknown:
            return Routing(unknown[0], None, asked_version or self._settings.version, None)
        return None

    async def authenticate(self, purchase: Purchase, areq: Mapping[str, Any]) -> dict[str, Any]:
        """The ARes to `areq`, checked. Errors: `DirectoryFailed`."""
        scheme = purchase.scheme or ""
        try:
            answer = await self._post(scheme, encode(areq))
            ares = self._read(answer, "ARes")
            three_ds_server.check_response(ares, areq, purchase)
        except TransportError as error:
            self._record_failure(error, purchase.id)
            reason = "directory-timed-out" if isinstance(error, PeerTimedOut) else "directory-unreachable"
            raise DirectoryFailed(reason, error.reason) from error
        except MessageError as error:
            await self._complain(scheme, error, purchase.id, purchase.version)
            raise DirectoryFailed("protocol-error", f"the ARes is refused: {_words(error)}") from error
        return ares

    async def _ranges(self, scheme: str, known: CachedRanges | None) -> CachedRanges | None:
        try:
            return await self._ask_ranges(scheme, known, self._settings.version)
        except (DirectoryFailed, TransportError, MessageError):
            return None

    async def _ask_ranges(self, scheme: str, known: CachedRanges | None, version: str) -> CachedRanges:
        """One PReq, or another when the directory server has forgotten our serial number or does not speak `version`. A whole list
        without a range tells nothing: it is asked for again, and who pays meanwhile is authenticated all the same.

        Errors: `DirectoryFailed`, `TransportError`, `MessageError`."""
        serial_num = known.serial_num if known else None
        preq = three_ds_server.preparation_request(self._runtime.randomness.uuid(), serial_num, version, self._settings)
        trans_id: str = preq["threeDSServerTransID"]
        try:
            pres = self._read(await self._post(scheme, encode(preq)), "PRes")
            check(pres, Context(version=version, leg=Leg.DS_TO_THREE_DS_SERVER, request=preq))
            three_ds_server.same(pres, {"threeDSServerTransID": trans_id})
            return _telling(apply(known, pres), whole=known is None)
        except DirectoryFailed as failure:
            if known is not None and failure.reason == _UNKNOWN_SERIAL_NUMBER:
                return await self._ask_ranges(scheme, None, version)
            if failure.reason == _VERSION_NOT_SUPPORTED and version != VERSIONS[0]:
                return await self._ask_ranges(scheme, known, VERSIONS[VERSIONS.index(version) - 1])
            raise
        except TransportError as error:
            self._record_failure(error, trans_id)
            raise
        except RangesBroken as error:
            broken = MessageError("203", "cardRangeData", description=str(error))
            await self._complain(scheme, broken, trans_id, version)
            raise broken from error
        except MessageError as error:
            await self._complain(scheme, error, trans_id, version)
            raise

    def _read(self, answer: WireResponse, expected: str) -> dict[str, Any]:
        """Errors: `DirectoryFailed` for an Erro (its code as the reason of a PReq's failure), `MessageError`."""
        if answer.status >= 400 and not answer.body.lstrip().startswith(b"{"):
            raise DirectoryFailed("directory-error", f"the directory server answered HTTP {answer.status}")
        message = decode(answer.body, accepts=frozenset({expected, "Erro"}), versions=VERSIONS)
        if message["messageType"] != "Erro":
            return message
        code = str(message.get("errorCode", ""))[:3]
        text = f"Erro {code} from component {str(message.get('errorComponent'))[:1]}: {str(message.get('errorDetail'))[:200]}"
        raise DirectoryFailed(code if expected == "PRes" else "erro-received", text)

    async def _post(self, scheme: str, body: bytes) -> WireResponse:
        """A connection that fails is tried once more at once (EMV 3DS: then it is error 405)."""
        url = f"{self._settings.directory_server_url}/{scheme}/3ds2"
        try:
            return await self._runtime.transport.post(url, body, timeout=self._settings.ds_timeout)
        except PeerUnreachable:
            return await self._runtime.transport.post(url, body, timeout=self._settings.ds_timeout)

    async def _complain(self, scheme: str, error: MessageError, trans_id: str, version: str | None) -> None:
        """Tell the directory server what is wrong with its message; whether it listens changes nothing."""
        document = erro(error, component="S", ids={"threeDSServerTransID": trans_id}, version=version)
        try:
            await self._post(scheme, encode(document))
        except TransportError as unheard:
            self._record_failure(unheard, trans_id)

    def _record_failure(self, error: TransportError, trans_id: str) -> None:
        document = {"threeDSServerTransID": trans_id, "reason": error.reason}
        self._runtime.journal.record(
            self._runtime.clock.now(), "3DS Server", "Directory Server", "connection failed", document
        )


def _telling(applied: CachedRanges, *, whole: bool) -> CachedRanges:
    """Errors: `DirectoryFailed`."""
    if whole and not applied.ranges:
        raise DirectoryFailed("no-ranges", "the whole list was asked for, and no range is in it")
    return applied


def _words(error: MessageError) -> str:
    return f"{error.code} {error.detail}"
