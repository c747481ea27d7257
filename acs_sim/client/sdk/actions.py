"""What a cardholder does on a screen, as elements of the CReq that follows it. Pure."""

import base64
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from acs_sim.client.challenge_page import NotAPage, Page

LATEST: Final = "2.3.1"
CAUGHT: Final = "https://emv3ds/challenge"
"""Where the forms of HTML screens go; the SDK's web view catches them."""
_TYPED: Final = frozenset({"01", "02", "03"})
_OUT_OF_BAND: Final = "04"
_HTML: Final = frozenset({"05", "06"})
_SWITCHES: Final = (
    ("whitelistingInfoText", "whitelistingDataEntry", "trust"),
    ("trustListInfoText", "trustListDataEntry", "trust"),
    ("deviceBindingInfoText", "deviceBindingDataEntry", "bind"),
)


class NoSuchButton(ValueError):
    """The screen has no place for what the cardholder wants to do."""


def action(
    screen: Mapping[str, Any], do: str, entry: str | None = None, *, trust: bool = False, bind: bool = False
) -> dict[str, Any]:
    """`screen`: the CRes that is shown; `do`: submit, resend or cancel; `entry`: what is typed, or the keys that are chosen, with
    commas between. Errors: `NoSuchButton`."""
    if do == "cancel":
        return {"challengeCancel": "01"}
    ui_type = str(screen["acsUiType"])
    if ui_type in _HTML:
        return {"challengeHTMLDataEntry": _query(screen, do, entry, trust=trust, bind=bind)}
    if do == "resend":
        if "resendInformationLabel" not in screen:
            raise NoSuchButton("the screen has no button that sends a new code")
        return {"resendChallenge": "Y"}
    return _submitted(screen, ui_type, entry) | _switched(screen, trust=trust, bind=bind)


def words_of(screen: Mapping[str, Any]) -> str:
    """What is read on a screen."""
    if screen.get("acsUiType") in _HTML:
        page = _page(screen)
        return page.message or page.title
    return str(screen.get("challengeInfoText", ""))


def _submitted(screen: Mapping[str, Any], ui_type: str, entry: str | None) -> dict[str, Any]:
    latest = screen["messageVersion"] == LATEST
    if ui_type == _OUT_OF_BAND:
        return {"oobContinue": "01" if latest else True}
    if ui_type not in _TYPED:
        return {"infoContinueIndicator": True}
    if entry:
        return {"challengeDataEntry": entry}
    return {} if screen["messageVersion"] == "2.1.0" else {"challengeNoEntry": "Y"}


def _switched(screen: Mapping[str, Any], *, trust: bool, bind: bool) -> dict[str, str]:
    wanted = {"trust": trust, "bind": bind}
    return {element: "Y" if wanted[box] else "N" for label, element, box in _SWITCHES if label in screen}


def _query(screen: Mapping[str, Any], do: str, entry: str | None, *, trust: bool, bind: bool) -> str:
    """What stands behind the ? of the address that the form goes to."""
    boxes = [name for name, ticked in (("trust", trust), ("bind", bind)) if ticked]
    try:
        form = _page(screen).press(do, entry, boxes=boxes)
    except NotAPage as error:
        raise NoSuchButton(str(error)) from error
    if form.url.lower() != CAUGHT:
        raise NoSuchButton(f"the form goes to {form.url[:100]!r}, which no SDK catches")
    return urlencode(form.fields)


def _page(screen: Mapping[str, Any]) -> Page:
    text = str(screen.get("acsHTML", ""))
    try:
        return Page("about:blank", base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except ValueError as error:
        raise NoSuchButton("acsHTML is not base64url") from error
