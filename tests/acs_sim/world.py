"""The other parties as small real services, with one purchase in the middle of its challenge. Their pages and documents are
written by hand from docs and the specification, so that the desk is not tested against its own ideas."""

import base64
import html
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from acs_sim.running.parties import PARTIES
from acs_sim.settings.addresses import Addresses
from acs_sim.settings.settings import Settings
from threedsecure.web.journal import Hop
from threedsecure.web.serving.service import Route, Runtime, Service, posted
from threedsecure.web.wire import HTML, Problem, WireRequest, WireResponse, json_response

SERVER_ID = "8a880dc0-d2d2-4067-bcb1-b08d1690b26e"
DS_ID = "f25084f0-5b16-4c0a-ae5d-b24808a95e4b"
ACS_ID = "d7c1ee99-9478-44a6-b1f2-391e29c6b340"
CODE = "407115"


def row(**changes):
    """A transaction as the directory server tells it."""
    return {
        "id": SERVER_ID,
        "dsTransID": DS_ID,
        "acsTransID": ACS_ID,
        "sdkTransID": None,
        "scheme": "visa",
        "version": "2.2.0",
        "pan": "400000******0001",
        "amount": "4200",
        "currency": "978",
        "exponent": "2",
        "merchant": "Librairie <Exemple> & Fils",
        "state": "challenged",
        "transStatus": "C",
        "results_status": None,
        "created_at": "2026-06-15T12:00:00.000+00:00",
        "updated_at": "2026-06-15T12:00:00.000+00:00",
        **changes,
    }


@dataclass
class World:
    """What the parties know; tests look at it and bend it."""

    rows: list = field(default_factory=lambda: [row()])
    asked: list = field(default_factory=list)
    cards: dict = field(default_factory=dict)
    reset: list = field(default_factory=list)
    delivered: list = field(default_factory=list)
    creq: str | None = None
    entries: list = field(default_factory=list)
    session_data: str | None = None
    tries_left: int = 3
    trans_status: str | None = None
    sends_itself: bool = False
    notification_url: str = ""

    def parties(self):
        return {
            "shop": self.shop,
            "ds": self.directory_server,
            "phone": self.phone,
            "acs": self.acs,
            "desk": PARTIES["desk"],
        }

    def directory_server(self, _runtime: Runtime, _settings: Settings) -> Service:
        async def transactions(request: WireRequest) -> WireResponse:
            wish = json.loads(request.body)
            self.asked.append(wish)
            found = [
                one for one in self.rows if wish.get("id") in {None, one["id"], one["dsTransID"], one["acsTransID"]}
            ]
            if wish.get("pan", "4000000001000001") != "4000000001000001":
                found = []
            return json_response({"transactions": found[: wish.get("limit", 100)]})

        return self._service("directory server", Route("POST", "/control/transactions", transactions))

    def phone(self, _runtime: Runtime, _settings: Settings) -> Service:
        return self._service("phone")

    def shop(self, runtime: Runtime, settings: Settings) -> Service:
        self.notification_url = f"{settings.addresses.shop}/3ds2/notification"

        async def notification(request: WireRequest) -> WireResponse:
            fields = {
                name: values[0] for name, values in parse_qs(request.body.decode(), keep_blank_values=True).items()
            }
            self.delivered.append(fields)
            return WireResponse(303, b"", HTML, {"Location": "/receipt"})

        return self._service("shop", posted("/3ds2/notification", notification))

    def acs(self, runtime: Runtime, settings: Settings) -> Service:
        hop = Hop("Browser", "ACS")
        return self._service(
            "acs",
            Route("POST", "/control/cards", self._register),
            Route("POST", "/control/cards/find", self._find_card),
            Route("POST", "/control/transactions", self._acs_transactions),
            Route("POST", "/control/challenge", self._challenge(settings.addresses)),
            posted("/3ds2/challenge", self._open, hop=hop),
            posted("/3ds2/challenge/answer", self._answer),
        )

    async def _register(self, request: WireRequest) -> WireResponse:
        card = json.loads(request.body)
        if card["pan"] in self.cards:
            raise Problem(409, "Conflict", "registered already")
        self.cards[card["pan"]] = card
        return json_response({}, 201)

    async def _find_card(self, request: WireRequest) -> WireResponse:
        found = self.cards.get(json.loads(request.body)["pan"])
        if found is None:
            raise Problem(404, "Not Found", "not registered")
        return json_response(found)

    async def _acs_transactions(self, request: WireRequest) -> WireResponse:
        ids = json.loads(request.body)["ids"]
        known = {
            "acsTransID": ACS_ID,
            "state": self._state(),
            "phone": "+33639981101",
            "transStatus": self.trans_status or "C",
        }
        return json_response({"transactions": [known] if ACS_ID in ids else []})

    def _challenge(self, at: Addresses):
        async def challenge(request: WireRequest) -> WireResponse:
            if json.loads(request.body)["id"] != ACS_ID:
                raise Problem(404, "Not Found", "no such transaction")
            return json_response(
                {
                    "state": self._state(),
                    "creq": self.creq,
                    "threeDSSessionData": self.session_data,
                    "acs_url": f"{at.acs}/3ds2/challenge",
                    "phone": "+33639981101",
                    "code": CODE if self.creq and not self.trans_status else None,
                    "tries_left": self.tries_left,
                    "resends_left": 2,
                    "notification_url": self.notification_url,
                }
            )

        return challenge

    async def _open(self, request: WireRequest) -> WireResponse:
        fields = parse_qs(request.body.decode())
        self.creq = fields["creq"][0]
        self.session_data = fields.get("threeDSSessionData", [None])[0]
        request.message = json.loads(base64.urlsafe_b64decode(self.creq + "==="))
        return self._page("Enter the code.")

    async def _answer(self, request: WireRequest) -> WireResponse:
        fields = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        assert fields["page"] == "unguessable", "the hidden fields come back with the answer"
        self.entries.append((fields["action"], fields.get("challengeValue")))
        if fields["action"] == "cancel":
            self.trans_status = "N"
        elif fields["action"] == "submit":
            self._try(fields.get("challengeValue"))
        return self._page(f"That is not the code. Tries left: {self.tries_left}.")

    def _try(self, entry: str | None) -> None:
        self.tries_left -= entry != CODE
        if entry == CODE or self.sends_itself:
            self.trans_status = "Y"
        elif self.tries_left == 0:
            self.trans_status = "N"

    def _state(self) -> str:
        return "over" if self.trans_status else ("open" if self.creq else "waiting")

    def _page(self, message: str) -> WireResponse:
        hidden = '<input type="hidden" name="page" value="unguessable">'
        if self.trans_status:
            cres = {"messageType": "CRes", "transStatus": self.trans_status or "C", "threeDSServerTransID": SERVER_ID}
            text = base64.urlsafe_b64encode(json.dumps(cres).encode()).decode().rstrip("=")
            body = f"""<form method="post" action="{html.escape(self.notification_url)}">
                <input type="hidden" name="cres" value="{text}"></form>"""
        elif self.sends_itself:
            body = f"""<form method="post" action="/3ds2/challenge/answer" data-delay="0">{hidden}
                <input type="hidden" name="action" value="submit"></form>"""
        else:
            body = f"""<form method="post" action="/3ds2/challenge/answer">{hidden}
                <p id="message" role="alert">{message}</p><input id="code" name="challengeValue">
                <button id="submit" name="action" value="submit">OK</button>
                <button id="cancel" name="action" value="cancel">Cancel</button></form>"""
        return WireResponse(200, f"<!doctype html><title>Bank</title>{body}".encode(), HTML)

    def _service(self, name: str, *routes: Route) -> Service:
        async def reset(_request: WireRequest) -> WireResponse:
            self.reset.append(name)
            return json_response({})

        @asynccontextmanager
        async def lifespan() -> AsyncIterator[None]:
            yield

        return Service(name, [Route("POST", "/control/reset", reset), *routes], lifespan)
