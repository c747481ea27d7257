"""The issuer's access control server as a service."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from functools import partial
from typing import Final

from acs import online_banking
from acs.cardholder.answers import too_large
from acs.cardholder.pages import BROWSER_SEEN_PATH, STATIC
from acs.control import cards, rules
from acs.control import v1 as classic_control
from acs.settings import (
    ANSWER_PATH,
    APP_CHALLENGE_PATH,
    CHALLENGE_PATH,
    CLASSIC_ANSWER_PATH,
    DECISION_PATH,
    PAREQ_PATH,
    STATE_PATH,
    WALLET_PATH,
    AcsSettings,
)
from acs.v1 import pareq, vereq
from acs.v1.issuer import V1Context, context
from acs.v2.areq import MAX_AREQ_BYTES, answer_error, areq
from acs.v2.challenge import banking_app, creq
from acs.v2.challenge.app import receiving
from acs.v2.challenge.app.keys import badly_signed
from acs.v2.issuer import EmvIssuer, emv_issuer
from acs.v2.method import browser_seen
from acs.v2.method import page as method
from acs.v2.states import State
from threedsecure.v1.parsing import MAX_MESSAGE_BYTES
from threedsecure.v1.signature.signing import SignatureDefect
from threedsecure.v2.validation.checking import Leg
from threedsecure.web.journal import Hop
from threedsecure.web.metrics import Measured
from threedsecure.web.serving import notices
from threedsecure.web.serving.service import Route, Runtime, Service, posted
from threedsecure.web.wire import Handler, WireRequest, WireResponse, json_response

ROOT_PATH: Final = "/3ds1/root.pem"
DIRECTORY_SERVER: Final = Hop("Directory Server", "ACS")
BROWSER: Final = Hop("Browser", "ACS")
SDK: Final = Hop("SDK", "ACS")

_Handler = Callable[[EmvIssuer, WireRequest], WireResponse | Awaitable[WireResponse]]
_CONTROL: Final[dict[str, _Handler]] = {
    "/control/cards": cards.register_card,
    "/control/cards/find": cards.find_card,
    "/control/cards/list": cards.list_cards,
    "/control/cards/unlock": cards.unlock_card,
    "/control/cards/standing": cards.show_card_status,
    "/control/cards/passkeys": cards.show_passkeys,
    "/control/cards/passkeys/forget": cards.forget_passkeys,
    "/control/transactions": cards.list_transactions,
    "/control/challenge": cards.challenge,
    "/control/cards/of": cards.card_of,
    "/control/rules": rules.add_rule,
    "/control/rules/list": rules.list_rules,
    "/control/rules/remove": rules.remove_rules,
    "/control/rules/outcome": rules.rule_outcome,
}
_ClassicHandler = Callable[[V1Context, WireRequest], Awaitable[WireResponse]]
_CLASSIC_CONTROL: Final[dict[str, _ClassicHandler]] = {
    "/control/3ds1/authentications": classic_control.list_authentications,
    "/control/3ds1/challenge": classic_control.challenge,
}


def build(runtime: Runtime, settings: AcsSettings) -> Service:
    """The ACS. Its address is `settings.public_url`; its card range's directory server posts the AReq to `/3ds2/areq`."""
    works_with = emv_issuer(runtime, settings)
    classic = context(works_with)

    @asynccontextmanager
    async def working() -> AsyncIterator[None]:
        async with classic.storage.opened(), works_with.working():
            yield

    async def reset(request: WireRequest) -> WireResponse:
        await classic.storage.forget()
        return await cards.reset(works_with, request)

    async def next_deadline(_request: WireRequest) -> WireResponse:
        """What happens next by itself, when, and to which transaction; nothing where nothing waits."""
        found = [*await cards.deadlines(works_with), *await classic_control.deadlines(classic)]
        at, what, name = min(found, default=(None, "", ""))
        return json_response({} if at is None else {"at": at.isoformat(), "what": what, "acsTransID": name})

    routes = [
        *_emv_routes(works_with),
        Route("POST", "/control/reset", reset),
        Route("POST", "/control/next", next_deadline),
        *online_banking.routes(works_with),
        *_classic_routes(classic),
    ]

    async def forget_before(at: datetime) -> int:
        return await works_with.storage.forget_before(at) + await classic.storage.forget_before(at)

    return Service(
        "acs",
        routes,
        working,
        lambda: works_with.storage.is_open,
        static=STATIC,
        also_at=settings.also_at,
        resign=partial(_resign, classic, settings),
        measured=partial(_measured, works_with),
        forget_before=forget_before,
    )


def _signed(works_with: EmvIssuer) -> dict[str, str]:
    """Who answers a notice of a directory server."""
    own = works_with.settings.acs_reference_number
    return {"acsReferenceNumber": own, "acsTransID": works_with.runtime.randomness.uuid()}


async def _resign(classic: V1Context, settings: AcsSettings, raw: bytes, defect: str | None) -> bytes:
    """A PARes with another signature, or acsSignedContent of a payload. Errors: `ValueError` for one that cannot be signed."""
    if not raw.startswith(b"<"):
        return badly_signed(raw, settings.content_signature, defect).encode()
    return await classic.signing.sign(raw, SignatureDefect(defect) if defect else None)


async def _measured(works_with: EmvIssuer) -> list[Measured]:
    """What is under way: challenges by state, and the results that are being delivered right now."""
    states, flights = await works_with.storage.open_by_state(), {"RReq": len(works_with.outbox)}
    return [
        Measured("transactions_open", "Transactions to which something has still to happen", "state", states),
        Measured("outbox_depth", "Results not acknowledged yet", "message", {"RReq": states.get(State.DECIDED, 0)}),
        Measured("outbox_in_flight", "Results that are being delivered", "message", flights, of_process=True),
    ]


def _emv_routes(works_with: EmvIssuer) -> list[Route]:
    """EMV 3DS, and the calls of the desk."""
    takes_notices = works_with.settings.takes_operations

    def at(handler: _Handler) -> Handler:
        return partial(handler, works_with)

    return [
        posted(
            "/3ds2/areq",
            at(areq),
            MAX_AREQ_BYTES,
            DIRECTORY_SERVER,
            answer_error,
            mutual=(DIRECTORY_SERVER.sender,),
            at_the_edge=True,
        ),
        posted("/3ds2/method", at(method.method)),
        posted("/3ds2/method/silent", at(method.silent_method)),
        posted("/3ds2/method/late", at(method.late_method)),
        posted(BROWSER_SEEN_PATH, at(browser_seen.browser_seen), browser_seen.MAX_BYTES),
        posted(CHALLENGE_PATH, at(creq.creq), creq.MAX_FORM_BYTES, BROWSER, too_large, at_the_edge=True),
        posted(
            APP_CHALLENGE_PATH,
            at(receiving.app_challenge),
            receiving.MAX_BODY_BYTES,
            SDK,
            receiving.answer_error,
            at_the_edge=True,
        ),
        *(Route("GET", path, at(creq.nothing_posted)) for path in (CHALLENGE_PATH, "/3ds2/method", PAREQ_PATH)),
        posted(ANSWER_PATH, at(creq.answer), hop=BROWSER, answer_error=too_large, at_the_edge=True),
        Route("GET", ANSWER_PATH, at(creq.nothing_posted)),
        posted(
            notices.PATH,
            notices.takes_notices(Leg.DS_TO_ACS, partial(_signed, works_with), supported=takes_notices),
            notices.MAX_BYTES,
            answer_error=answer_error,
            mutual=(DIRECTORY_SERVER.sender,),
        ),
        Route("GET", WALLET_PATH, at(creq.back_from_wallet)),
        posted(STATE_PATH, at(banking_app.state)),
        posted(DECISION_PATH, at(banking_app.decision)),
        *(Route("POST", path, at(handler)) for path, handler in _CONTROL.items()),
    ]


def _classic_routes(classic: V1Context) -> list[Route]:
    """3-D Secure 1.0.2."""

    def at(handler: _ClassicHandler) -> Callable[[WireRequest], Awaitable[WireResponse]]:
        return partial(handler, classic)

    answer_error = partial(vereq.answer_error, classic)
    limit = MAX_MESSAGE_BYTES
    return [
        posted(
            "/3ds1/vereq", at(vereq.vereq), limit, DIRECTORY_SERVER, answer_error, mutual=(DIRECTORY_SERVER.sender,)
        ),
        posted(
            "/3ds1/attempts/vereq",
            at(vereq.attempts_vereq),
            limit,
            DIRECTORY_SERVER,
            answer_error,
            mutual=(DIRECTORY_SERVER.sender,),
        ),
        posted(PAREQ_PATH, at(pareq.pareq), pareq.MAX_FORM_BYTES, answer_error=too_large),
        posted(CLASSIC_ANSWER_PATH, at(pareq.answer), answer_error=too_large),
        posted(ROOT_PATH, at(classic_control.root)),
        Route("GET", ROOT_PATH, at(classic_control.root)),
        *(Route("POST", path, at(handler)) for path, handler in _CLASSIC_CONTROL.items()),
    ]
