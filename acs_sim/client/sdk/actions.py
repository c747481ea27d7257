"""What a cardholder does on a screen, as elements of the CReq that follows it. Pure."""

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct

from acs_sim.client.challenge_page import NotAPage, Page
from threedsecure.v2.app import bridging

LATEST: Final = "2.3.1"
CAUGHT: Final = "https://emv3ds/challenge"
"""Where the forms of HTML screens go; the SDK's web view catches them."""
_TYPED: Final = frozenset({"01", "02", "03"})
_OUT_OF_BAND: Final = "04"
HTML_TYPES: Final = frozenset({"05", "06"})
_BUTTONS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "resend": ("resendInformationLabel", {"resendChallenge": "Y"}),
    "add": ("challengeAddLabel", {"challengeAddCode": "Y"}),
}
"""What belongs to a button, and what it says."""
_SWITCHES: Final = (
    ("whitelistingInfoText", "whitelistingDataEntry", "trust"),
    ("trustListInfoText", "trustListDataEntry", "trust"),
    ("deviceBindingInfoText", "deviceBindingDataEntry", "bind"),
)


class NoSuchButton(ValueError):
    """The screen has no place for what the cardholder wants to do."""


class Entries(Struct, frozen=True, kw_only=True):
    """What the cardholder fills in: `first`: what is typed, or the keys that are chosen, with commas between; `second`: in the box
    below it; the switches of `trust` and `bind`."""

    first: str | None = None
    second: str | None = None
    trust: bool = False
    bind: bool = False


NOTHING: Final = Entries()


def action(screen: Mapping[str, Any], do: str, filled: Entries = NOTHING) -> dict[str, Any]:
    """`screen`: the CRes that is shown; `do`: submit, resend, add (the additional button) or cancel; return (the banking app came
    back by itself) or stranded (it does not open). Errors: `NoSuchButton`."""
    if do == "cancel":
        return {"challengeCancel": "01"}
    if do in ("return", "stranded"):
        return _left(screen, do)
    ui_type = str(screen["acsUiType"])
    if ui_type in HTML_TYPES:
        return {"challengeHTMLDataEntry": _query(screen, do, filled)}
    if do in _BUTTONS:
        label, elements = _BUTTONS[do]
        if label not in screen:
            raise NoSuchButton(f"the screen has no {label}")
        return dict(elements)
    return _submitted(screen, ui_type, filled) | _switched(screen, filled)


def link_of(screen: Mapping[str, Any]) -> tuple[str, str] | None:
    """oobAppURL and oobAppLabel: where the banking app is opened; before 2.3.1 they are in an extension (bridging)."""
    told = bridging.read(screen) if screen["messageVersion"] != LATEST else screen
    url, label = told.get("oobAppURL"), told.get("oobAppLabel")
    return (url, label) if isinstance(url, str) and isinstance(label, str) else None


def refreshed(screen: Mapping[str, Any]) -> dict[str, Any]:
    """The screen of an app that comes back: challengeAddInfo in the place of the text and its icon, acsHTMLRefresh in that of the
    page."""
    fresh = dict(screen)
    if "challengeAddInfo" in fresh:
        fresh |= {"challengeInfoText": fresh.pop("challengeAddInfo"), "challengeInfoTextIndicator": "N"}
    if "acsHTMLRefresh" in fresh:
        fresh["acsHTML"] = fresh.pop("acsHTMLRefresh")
    return fresh


def words_of(screen: Mapping[str, Any]) -> str:
    """What is read on a screen."""
    if screen.get("acsUiType") in HTML_TYPES:
        page = _page(screen)
        return page.message or page.title
    return str(screen.get("challengeInfoText", ""))


def _left(screen: Mapping[str, Any], do: str) -> dict[str, Any]:
    """What an SDK says of itself once the banking app was opened by its link."""
    if link_of(screen) is None:
        raise NoSuchButton("the screen opens no banking app")
    if do == "return" and screen["messageVersion"] != LATEST:
        return {**bridging.extension({"oobContinue": "02"}), "oobContinue": True}
    if do == "return":
        return {"oobContinue": "02"}
    if screen["messageVersion"] != LATEST:
        raise NoSuchButton("before 2.3.1 no SDK says that the banking app does not open")
    return {"oobAppStatus": "01"}


def _submitted(screen: Mapping[str, Any], ui_type: str, filled: Entries) -> dict[str, Any]:
    latest = screen["messageVersion"] == LATEST
    if ui_type == _OUT_OF_BAND:
        return {"oobContinue": "01" if latest else True}
    if ui_type not in _TYPED:
        return {"infoContinueIndicator": True}
    typed = {"challengeDataEntry": filled.first, "challengeDataEntryTwo": filled.second}
    if any(typed.values()):
        return {name: value for name, value in typed.items() if value}
    return {} if screen["messageVersion"] == "2.1.0" else {"challengeNoEntry": "Y"}


def _switched(screen: Mapping[str, Any], filled: Entries) -> dict[str, str]:
    wanted = {"trust": filled.trust, "bind": filled.bind}
    return {element: "Y" if wanted[box] else "N" for label, element, box in _SWITCHES if label in screen}


def _query(screen: Mapping[str, Any], do: str, filled: Entries) -> str:
    """What stands behind the ? of the address that the form goes to."""
    boxes = [name for name, ticked in (("trust", filled.trust), ("bind", filled.bind)) if ticked]
    try:
        form = _page(screen).press(do, filled.first, boxes=boxes)
    except NotAPage as error:
        raise NoSuchButton(str(error)) from error
    if form.url.lower() != CAUGHT:
        raise NoSuchButton(f"the form goes to {form.url[:100]!r}, which no SDK catches")
    return urlencode(form.fields)


def html_of(screen: Mapping[str, Any], name: str = "acsHTML") -> bytes:
    """The page that a web view shows. Errors: `NoSuchButton`."""
    text = str(screen.get(name, ""))
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError as error:
        raise NoSuchButton(f"{name} is not base64url") from error


def _page(screen: Mapping[str, Any]) -> Page:
    return Page("about:blank", html_of(screen))
