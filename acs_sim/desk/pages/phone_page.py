"""The phone app: a shop's app with our SDK, drawn for people. Native screens are made of the CRes; HTML ones are shown in a frame
that runs no script and asks nobody for anything, as an SDK's web view does."""

import hmac
import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from acs_sim.client.sdk.actions import HTML_TYPES, LATEST, Entries, NoSuchButton, html_of, link_of
from acs_sim.client.sdk.phone_app import PhoneApp
from acs_sim.desk.api.calls import Desk
from acs_sim.desk.api.documents import AppWish, Card, CardWish, Transaction
from acs_sim.desk.control.cards import mint
from acs_sim.desk.pages.console import one_of, page_of
from acs_sim.desk.pages.rendering import shown
from acs_sim.desk.transactions.apps import begin, known, new_app
from acs_sim.desk.transactions.challenges import challenge_of
from acs_sim.desk.transactions.list import find_transaction
from threedsecure.cards.plays import Ask
from threedsecure.cards.scenarios import SCENARIOS
from threedsecure.cards.schemes import SCHEMES
from threedsecure.web.calling.transport import HttpTransport
from threedsecure.web.wire import HTML, Problem, WireRequest, WireResponse, read_form, see_other

AMOUNT: Final = 4_990
SCREENS: Final = tuple(name for name, known in SCENARIOS.items() if isinstance(known.play, Ask))
DRAWS: Final = {"03": "native and HTML", "01": "native only", "02": "HTML only"}
VERSIONS: Final = ("2.1.0", "2.2.0", "2.3.1")
DEEDS: Final = ("submit", "resend", "add", "cancel", "return", "stranded")
CAUGHT: Final = re.compile(rb"https://emv3ds/challenge", re.IGNORECASE)
_IMAGES: Final = ("issuerImage", "psImage")
_UNKNOWN: Final = "the ACS does not know this transaction"


async def overview(desk: Desk, request: WireRequest) -> WireResponse:
    """Which card pays, in which app; and the apps there are."""
    wish = request.query
    return await page_of(
        desk,
        "phone_start.html",
        "/app",
        schemes={name: SCHEMES[name].name for name in SCHEMES},
        scenarios={name: SCENARIOS[name].description for name in SCREENS},
        draws=DRAWS,
        versions=VERSIONS,
        scheme=one_of(wish.get("scheme"), SCHEMES, "visa"),
        scenario=one_of(wish.get("scenario"), SCREENS, "challenge-otp"),
        version=one_of(wish.get("version"), VERSIONS, "2.2.0"),
        apps=list(reversed(desk.apps.values()))[:20],
    )


async def pay(desk: Desk, request: WireRequest) -> WireResponse:
    """A payment through the reference gateway, with a fresh card, in a fresh app."""
    form = read_form(request)
    version, scheme = one_of(form.get("version"), VERSIONS, "2.2.0"), one_of(form.get("scheme"), SCHEMES, "visa")
    card = await mint(desk, CardWish(scheme, one_of(form.get("scenario"), SCREENS, "challenge-otp")))
    interface = one_of(form.get("interface"), DRAWS, "03")
    told = {"version": version, "scheme": scheme, "interface": interface, "app_url": f"{desk.addresses.desk}/app"}
    app = new_app(desk, msgspec.convert(told, AppWish))
    await _bought(desk, app, card, version)
    return see_other(f"/app/{app.transaction.sdk_trans_id}")


async def _bought(desk: Desk, app: PhoneApp, card: Card, version: str) -> None:
    wanted = {
        "pan": card.pan,
        "expiry": card.expiry,
        "amount": AMOUNT,
        "version": version,
        "app": app.transaction.elements(),
    }
    purchase = await desk.parties.call("shop", "/api/purchases", wanted)
    if (parameters := purchase.get("challengeParameters")) is not None:
        async with HttpTransport.session(desk.runtime.calling) as session:
            await begin(app, HttpTransport(session), parameters)


async def app(desk: Desk, request: WireRequest) -> WireResponse:
    page = await page_of(desk, "phone_app.html", "/app", **await _seen(desk, request))
    policy = page.headers["Content-Security-Policy"]
    policy = policy.replace("frame-src *", f"frame-src 'self' {_origin(desk.addresses.phone)}")
    policy = policy.replace("img-src 'self' data:", f"img-src 'self' data: {_origin(desk.addresses.acs)}")
    page.headers["Content-Security-Policy"] = policy
    return page


async def screen(desk: Desk, request: WireRequest) -> WireResponse:
    """What is drawn anew when a message has crossed."""
    return shown("phone_screen.html", **await _seen(desk, request))


async def act(desk: Desk, request: WireRequest) -> WireResponse:
    """What the cardholder presses: a button of the screen, or one of the phone's own."""
    app, form = known(desk, request.match["id"]), read_form(request)
    do = form.get("do", "")
    if do in ("leave", "open"):
        app.leave("home" if do == "leave" else "banking app")
    elif do == "back" or (do == "stranded" and app.transaction.version != LATEST):
        app.come_back()
    elif do in DEEDS:
        filled = Entries(
            first=",".join(_chosen(request)) or form.get("entry"),
            second=form.get("second"),
            trust="trust" in form,
            bind="bind" in form,
        )
        await _pressed(desk, app, do, filled)
    else:
        raise Problem(400, "Bad Request", f"do is one of {', '.join((*DEEDS, 'leave', 'open', 'back'))}")
    return see_other(f"/app/{app.transaction.sdk_trans_id}")


async def web_view(desk: Desk, request: WireRequest) -> WireResponse:
    """The page of an HTML screen, whose form goes to this desk in the place of the address that an SDK catches."""
    app = known(desk, request.match["id"])
    if app.screen is None or app.screen["acsUiType"] not in HTML_TYPES:
        return _framed(b"", "'none'")
    own = urlsplit(desk.addresses.desk)
    host = request.headers.get("host", own.netloc)
    address = f"{own.scheme}://{host}{own.path}/app/{app.transaction.sdk_trans_id}/caught/{_token(desk, app)}"
    html = CAUGHT.sub(address.encode(), html_of(app.screen))
    return _framed(html, address)


async def caught(desk: Desk, request: WireRequest) -> WireResponse:
    """The form of an HTML screen, on the way to the ACS. Nobody but the frame was given its address."""
    app = known(desk, request.match["id"])
    if not hmac.compare_digest(request.match["token"].encode(), _token(desk, app).encode()):
        return _framed(b"", "'none'")
    async with HttpTransport.session(desk.runtime.calling) as session:
        await app.catch(HttpTransport(session), urlencode([*request.query.items()]))
    return _framed(b"", "'none'")


async def _pressed(desk: Desk, app: PhoneApp, do: str, filled: Entries) -> None:
    async with HttpTransport.session(desk.runtime.calling) as session:
        try:
            await app.press(HttpTransport(session), do, filled)
        except NoSuchButton as error:
            raise Problem(409, "Conflict", str(error)) from error


def _chosen(request: WireRequest) -> list[str]:
    """The keys that are ticked, each in a field of its own."""
    return [name.removeprefix("choice-") for name in read_form(request) if name.startswith("choice-")]


def _framed(html: bytes, form_action: str) -> WireResponse:
    policy = (
        "sandbox allow-forms; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:; base-uri 'none'; "
        f"frame-ancestors 'self'; form-action {form_action}"
    )
    headers = {"Content-Security-Policy": policy, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
    return WireResponse(200, html, HTML, {**headers, "Referrer-Policy": "no-referrer"})


def _token(desk: Desk, app: PhoneApp) -> str:
    """Where the form of this screen goes: another address for every screen."""
    transaction = app.transaction
    return desk.runtime.vault.token("web view", f"{transaction.sdk_trans_id} {transaction.counter}")


def _origin(address: str) -> str:
    """Without the path of a namespace, which a policy would want to the letter."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"


async def _seen(desk: Desk, request: WireRequest) -> dict[str, Any]:
    """All that the page of an app shows."""
    app = known(desk, request.match["id"])
    one = await _transaction(desk, app)
    challenge = await _challenge(desk, one)
    return {
        "app": app,
        "id": app.transaction.sdk_trans_id,
        "one": one,
        "screen": Told(app.screen) if app.screen is not None else None,
        "images": pictures(app.screen or {}),
        "link": link_of(app.screen) if app.screen is not None else None,
        "web_view": app.screen is not None and app.screen["acsUiType"] in HTML_TYPES,
        "version": app.transaction.counter,
        "decided": bool(challenge.get("decided")),
        "phone": challenge.get("phone"),
        "phone_page": _phone_page(desk, challenge),
    }


class Told(dict[str, Any]):
    """What a CRes says, for templates: nothing where it says nothing."""

    def __missing__(self, name: str) -> str:
        return ""

    def box(self, name: str) -> "Told":
        """An entry box; empty before 2.3.1."""
        told = self.get(name)
        return Told(told if isinstance(told, dict) else {})


def _phone_page(desk: Desk, challenge: Mapping[str, Any]) -> str | None:
    number = challenge.get("phone")
    return f"{desk.addresses.phone}/phones/{quote(str(number), safe='')}" if number else None


def pictures(screen: Mapping[str, Any]) -> dict[str, Told]:
    """The addresses of the images by how they are asked for: of the densities before 2.3.1, of the colour schemes since."""
    return {name: Told(screen[name]) for name in _IMAGES if isinstance(screen.get(name), dict)}


async def _transaction(desk: Desk, app: PhoneApp) -> Transaction | None:
    try:
        return await find_transaction(desk, app.transaction.sdk_trans_id)
    except Problem:
        return None


async def _challenge(desk: Desk, one: Transaction | None) -> Mapping[str, Any]:
    try:
        return await challenge_of(desk, "/control/challenge", one.acsTransID, _UNKNOWN) if one is not None else {}
    except Problem:
        return {}
