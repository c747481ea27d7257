"""What an app can draw, and what the ACS has it draw: acsRenderingType, and the acsUiType of every question. Pure."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from msgspec.structs import replace

from acs.cardholder.methods.table import METHODS, Question
from acs.cards.plays import Defer
from acs.cards.reasons import UNSUPPORTED_DEVICE
from acs.v2.decision.versions import LATEST
from acs.v2.records import App, Purchase
from threedsecure.cards.plays import Ask, Method, Settle
from threedsecure.v2.app.jose import NotDecrypted, public_key
from threedsecure.v2.errors import ErrorCode, MessageError

NATIVE: Final = "01"
HTML: Final = "02"
TEXT, SINGLE_SELECT, MULTI_SELECT, OUT_OF_BAND, HTML_PAGE, HTML_OUT_OF_BAND, INFORMATION = (
    "01",
    "02",
    "03",
    "04",
    "05",
    "06",
    "07",
)
"""acsUiType, acsUiTemplate."""
SPLIT: Final = "02"
STATIC: Final = frozenset({Method.PASSWORD, Method.PASSWORD_AND_SMS_CODE, Method.KNOWLEDGE})
"""authenticationMethod 01 and 06, which a limited split SDK excludes."""

_NATIVE_TYPES: Final[Mapping[Question, str]] = MappingProxyType(
    {
        Question.SMS_CODE: TEXT,
        Question.PASSWORD: TEXT,
        Question.KNOWLEDGE: TEXT,
        Question.CHOOSE_PHONE: SINGLE_SELECT,
        Question.CHOOSE_SEVERAL: MULTI_SELECT,
        Question.HTML_PAGE: SINGLE_SELECT,
        Question.BANKING_APP: OUT_OF_BAND,
        Question.NOTHING_PASS: INFORMATION,
        Question.NOTHING_FAIL: INFORMATION,
    }
)


def app_of(areq: Mapping[str, Any]) -> App:
    """What a checked AReq of channel 01 says of its app. Errors: `MessageError` 203 for a key that is no point of P-256."""
    key, options = areq["sdkEphemPubKey"], areq["deviceRenderOptions"]
    try:
        public_key(key)
    except NotDecrypted as error:
        raise MessageError(ErrorCode.FORMAT_INVALID, "sdkEphemPubKey", message=areq) from error
    return App(
        sdk_reference_number=areq["sdkReferenceNumber"],
        x=key["x"],
        y=key["y"],
        offered_interface=options["sdkInterface"],
        offered_types=tuple(options["sdkUiType"]),
        split=areq.get("sdkType") == SPLIT,
        limited=areq.get("splitSdkType", {}).get("limitedInd") == "Y",
    )


def in_the_app(decision: Settle | Ask | Defer, purchase: Purchase) -> tuple[Settle | Ask | Defer, Purchase]:
    """The decision that stands in this app, and the purchase with what it is going to draw: none where the SDK offers nothing that
    the method could be asked with, or where its limited client would pass on in clear what never changes."""
    if purchase.app is None or not isinstance(decision, Ask):
        return decision, purchase
    if purchase.app.limited and decision.method in STATIC:
        return Settle("U", UNSUPPORTED_DEVICE), purchase
    rendered = rendering(decision.method, purchase.app, purchase.version)
    if rendered is None:
        return Settle("U", UNSUPPORTED_DEVICE), purchase
    interface, template = rendered
    drawn = replace(purchase.app, interface=interface, template=template)
    return decision, replace(purchase, app=drawn, other_way=purchase.other_way and _draws_other_way(drawn, purchase))


def _draws_other_way(app: App, purchase: Purchase) -> bool:
    """Whether the screen of the banking app has a button for a code by SMS, and the SDK can ask for that code: native screens have
    a button of their own since 2.3.1."""
    has_button = app.interface == HTML or purchase.version == LATEST
    return has_button and ui_type(Question.SMS_CODE, app.interface, purchase.version) in app.offered_types


def rendering(method: Method, app: App, version: str) -> tuple[str, str] | None:
    """acsInterface and acsUiTemplate: the issuer's own page as HTML, everything else native, if the SDK offers that."""
    questions = METHODS[method].questions
    liked = (HTML, NATIVE) if method is Method.HTML_PAGE else (NATIVE, HTML)
    for interface in liked:
        types = [ui_type(question, interface, version) for question in questions]
        if app.offered_interface in ("03", interface) and set(types) <= {*app.offered_types}:
            return interface, types[0]
    return None


def ui_type(question: Question, interface: str, version: str) -> str:
    """acsUiType of a question. Before 2.3.1 there is no type for what is only read, nor one for HTML beside the banking app."""
    if interface == HTML:
        waits = question is Question.BANKING_APP and version == LATEST
        return HTML_OUT_OF_BAND if waits else HTML_PAGE
    native = _NATIVE_TYPES[question]
    return OUT_OF_BAND if native == INFORMATION and version != LATEST else native
