"""What the directory server and the buyer's browser bring to the 3DS Server: RReq, CRes, and the 3DS Method's notification."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Final

from acs_sim.gateway.handlers.browser_forms import browser_routes
from acs_sim.gateway.handlers.gateway import Gateway
from acs_sim.gateway.records.purchase import Purchase
from acs_sim.gateway.records.storage import NotKnown
from acs_sim.gateway.settings import VERSIONS
from acs_sim.gateway.three_ds_server import messages as three_ds_server
from threedsecure.errors import ProtocolError
from threedsecure.v2.codec import decode, decode_base64url, decode_object, encode
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import MessageError
from threedsecure.v2.forms import decode_cres
from threedsecure.v2.validation.checking import Leg
from threedsecure.web.serving import notices
from threedsecure.web.serving.service import Route, posted
from threedsecure.web.wire import Handler, WireRequest, WireResponse, message_response

MAX_FIELD: Final = 32 * 1024
METHOD_FIELDS: Final = ("threeDSMethodData",)
_RESULTS: Final = frozenset({"RReq", "Erro"})


class MessageHandlers:
    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    def routes(self) -> list[Route]:
        pages = self._gateway.pages
        return [
            # The directory server records this hop: it calls a peer that may be anybody's.
            posted(three_ds_server.RESULTS_PATH, self.results, answer_error=answer_error, mutual=("Directory Server",)),
            posted(
                notices.PATH,
                self._notices(),
                notices.MAX_BYTES,
                answer_error=answer_error,
                mutual=("Directory Server",),
            ),
            *browser_routes(pages, three_ds_server.NOTIFICATION_PATH, self.notification, ("cres", "erro")),
            *browser_routes(pages, three_ds_server.METHOD_NOTIFICATION_PATH, self.method_notification, METHOD_FIELDS),
        ]

    def _notices(self) -> Handler:
        settings, randomness = self._gateway.settings, self._gateway.runtime.randomness

        def sender() -> dict[str, str]:
            return {"threeDSServerRefNumber": settings.reference_number, "threeDSServerTransID": randomness.uuid()}

        return notices.takes_notices(Leg.DS_TO_THREE_DS_SERVER, sender, supported=settings.takes_operations)

    async def results(self, request: WireRequest) -> WireResponse:
        """RReq → RRes. The result is stored before it is acknowledged. An Erro is noted, and never answered by another."""
        message = decode(request.body, accepts=_RESULTS, versions=VERSIONS)
        if message["messageType"] == "Erro":
            with suppress(NotKnown):
                await self._gateway.payments.results_failed(three_ds_server.identifier_of(message), _erro_text(message))
            return WireResponse(200)
        try:
            rres = await self._gateway.payments.results(message)
        except MessageError as error:
            with suppress(NotKnown):
                await self._gateway.payments.note(
                    three_ds_server.identifier_of(message), f"an RReq was refused: {error.code} {error.detail}"
                )
            raise
        return message_response(rres, encode(rres))

    async def notification(self, form: Mapping[str, str]) -> WireResponse:
        """The browser comes back from the challenge. The CRes decides nothing: it ends the waiting in front of the frame."""
        purchase = await self._sent_by_us(form.get("threeDSSessionData", ""))
        if purchase is None:
            return self._foreign()
        try:
            message = self._read(form.get("cres") or form.get("erro") or "", purchase)
        except MessageError as error:
            return await self._unreadable(purchase, error)
        self._journal(message["messageType"], message, purchase.id)
        trans_status = message.get("transStatus") if message["messageType"] == "CRes" else None
        if trans_status is None:
            await self._gateway.payments.note(purchase.id, _erro_text(message))
        return self._gateway.pages.returning(await self._gateway.payments.returned(purchase.id, trans_status))

    async def method_notification(self, form: Mapping[str, str]) -> WireResponse:
        """The ACS is done with the browser's device; this page is in a hidden frame and tells the page around it."""
        try:
            message = decode_object(decode_base64url(form[METHOD_FIELDS[0]], limit=MAX_FIELD))
            await self._gateway.payments.method_notified(three_ds_server.identifier_of(message))
        except (MessageError, NotKnown):
            return self._gateway.pages.message("foreign-answer", "fr", 400)
        self._journal("3DS Method notification", message, three_ds_server.identifier_of(message))
        return self._gateway.pages.method_heard()

    def _read(self, text: str, purchase: Purchase) -> dict[str, Any]:
        """A CRes that passed every check, or an Erro. Errors: `MessageError`."""
        message = decode_cres(text, versions=VERSIONS)
        if message["messageType"] == "CRes":
            three_ds_server.check_challenge_result(message, purchase)
        return message

    async def _unreadable(self, purchase: Purchase, error: MessageError) -> WireResponse:
        """A CRes that cannot be used. One of another transaction moves nothing; any other is as good as none."""
        fault = {"threeDSServerTransID": purchase.id, "fault": f"{error.code} {error.detail}"}
        self._journal("CRes", fault, purchase.id)
        await self._gateway.payments.note(purchase.id, f"a CRes was refused: {error.code} {error.detail}")
        if error.code == "301":
            return self._foreign()
        return self._gateway.pages.returning(await self._gateway.payments.returned(purchase.id, None))

    async def _sent_by_us(self, session_data: str) -> Purchase | None:
        """The purchase whose challenge page gave this threeDSSessionData to the browser."""
        read = three_ds_server.read_session_data(session_data)
        if read is None or not three_ds_server.token_holds(read[1], self._gateway.payments.session_token(read[0])):
            return None
        try:
            purchase = await self._gateway.storage.purchase(read[0])
        except NotKnown:
            return None
        return purchase if purchase.acs_trans_id else None

    def _foreign(self) -> WireResponse:
        return self._gateway.pages.message("foreign-answer", "fr", 403)

    def _journal(self, kind: str, message: dict[str, Any], trans_id: str) -> None:
        runtime = self._gateway.runtime
        runtime.journal.record(runtime.clock.now(), "Browser", "3DS Server", kind, message, transaction_id=trans_id)


def answer_error(error: ProtocolError, _request: WireRequest) -> WireResponse:
    """A protocol error as the Erro of a 3DS Server, with HTTP 200 as is the custom."""
    fault = error if isinstance(error, MessageError) else MessageError("101", str(error))
    document = erro(fault, component="S")
    return message_response(document, encode(document))


def _erro_text(message: dict[str, Any]) -> str:
    code, component = str(message.get("errorCode"))[:3], str(message.get("errorComponent"))[:1]
    return f"Erro {code} from component {component}: {str(message.get('errorDetail'))[:200]}"
