"""The issuer's access control server as a service."""

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Final

from acs.handlers import asking, challenge, control, method
from acs.handlers.areq import MAX_AREQ_BYTES, answer_error, areq
from acs.issuer import Issuer, issuer
from acs.pages import STATIC
from acs.settings import ANSWER_PATH, CHALLENGE_PATH, DECISION_PATH, STATE_PATH, AcsSettings
from threedsecure.web.journal import Hop
from threedsecure.web.service import Route, Runtime, Service
from threedsecure.web.wire import WireRequest, WireResponse

DIRECTORY_SERVER: Final = Hop("Directory Server", "ACS")
BROWSER: Final = Hop("Browser", "ACS")

_Handler = Callable[[Issuer, WireRequest], Awaitable[WireResponse]]
_CONTROL: Final[dict[str, _Handler]] = {
    "/control/cards": control.register_card,
    "/control/cards/find": control.find_card,
    "/control/cards/list": control.list_cards,
    "/control/cards/unlock": control.unlock_card,
    "/control/cards/standing": control.card_standing,
    "/control/transactions": control.list_transactions,
    "/control/challenge": control.challenge,
    "/control/reset": control.reset,
}


def build(runtime: Runtime, settings: AcsSettings) -> Service:
    """The ACS. Its address is `settings.public_url`; its card range's directory server posts the AReq to `/3ds2/areq`."""
    works_with = issuer(runtime, settings)

    def at(handler: _Handler) -> Callable[[WireRequest], Awaitable[WireResponse]]:
        return partial(handler, works_with)

    routes = [
        Route("POST", "/3ds2/areq", at(areq), MAX_AREQ_BYTES, DIRECTORY_SERVER, answer_error),
        Route("POST", "/3ds2/method", at(method.method)),
        Route("POST", "/3ds2/method/silent", at(method.silent_method)),
        Route("POST", CHALLENGE_PATH, at(challenge.creq), challenge.MAX_FORM_BYTES, BROWSER, challenge.too_large),
        Route("GET", CHALLENGE_PATH, at(challenge.nothing_posted)),
        Route("POST", ANSWER_PATH, at(challenge.answer), hop=BROWSER, answer_error=challenge.too_large),
        Route("GET", ANSWER_PATH, at(challenge.nothing_posted)),
        Route("POST", STATE_PATH, at(asking.state)),
        Route("POST", DECISION_PATH, at(asking.decision)),
        *(Route("POST", path, at(handler)) for path, handler in _CONTROL.items()),
    ]
    return Service("acs", routes, works_with.working, lambda: works_with.storage.is_open, static=STATIC)
