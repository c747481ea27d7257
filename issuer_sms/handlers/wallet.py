"""The wallet on a phone: what a bank asks it to confirm, and the way back with the presentation. It keeps nothing."""

from typing import Annotated
from urllib.parse import urlencode, urlsplit

from msgspec import Meta, Struct

from issuer_sms.handlers import requests
from issuer_sms.pages import Pages
from issuer_sms.phone import Phone
from issuer_sms.prompts import Decision
from threedsecure.addresses import is_web_address
from threedsecure.secrets import wallet
from threedsecure.secrets.vault import Vault
from threedsecure.web.wire import (
    Problem,
    WireRequest,
    WireResponse,
    json_response,
    page,
    read_form,
    see_other,
)


class WalletBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /api/phones/{number}/wallet`. `request`: as the bank's page led to it."""

    request: str
    decision: Decision


class KeyBody(Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /api/wallet`: on which phone."""

    to: Annotated[str, Meta(max_length=32)]


class WalletHandlers:
    """`/phones/{number}/wallet`, and the same for scripts. Each number has a key of its own, made from the installation's."""

    def __init__(self, phone: Phone, vault: Vault, pages: Pages) -> None:
        self._phone = phone
        self._vault = vault
        self._pages = pages

    async def key(self, request: WireRequest) -> WireResponse:
        """The public key (JWK), as banks know it from the attestation that they have issued to the wallet."""
        body = requests.read_body(request, KeyBody)
        return json_response(wallet.jwk_of(self._key(requests.parse_number(body.to))))

    async def answer(self, request: WireRequest) -> WireResponse:
        """What the holder answers: `{"response": …}` or `{"error": …}`."""
        body = requests.read_body(request, WalletBody)
        number = requests.number_in_path(request)
        return json_response(self._answer(number, self._asked(body.request), body.decision))

    async def show(self, request: WireRequest) -> WireResponse:
        """The page that asks the holder."""
        number, text = requests.number_in_path(request), request.query.get("request", "")
        asked = self._asked(text)
        html = self._pages.wallet(number, asked, text, urlsplit(asked.response_uri).netloc)
        return page(html, frame_ancestors="*")  # wherever the bank's page is, the wallet comes in its place

    async def decide(self, request: WireRequest) -> WireResponse:
        """A button of it: back to the bank."""
        form, number = read_form(request), requests.number_in_path(request)
        asked, pressed = self._asked(form.get("request", "")), form.get("decision", "")
        if pressed not in {decision.value for decision in Decision}:
            raise Problem(400, "Bad Request", "decision is approve or decline")
        answer = self._answer(number, asked, Decision(pressed))
        return see_other(f"{asked.response_uri}{'&' if '?' in asked.response_uri else '?'}{urlencode(answer)}")

    def _asked(self, text: str) -> wallet.Request:
        """Errors: `Problem` 400, 410."""
        try:
            asked = wallet.read(text)
        except wallet.NotWallets as error:
            raise Problem(400, "Bad Request", str(error)) from error
        if not is_web_address(asked.response_uri):
            raise Problem(400, "Bad Request", "response_uri is no web address")
        if asked.expires_at <= self._phone.now():
            raise Problem(410, "Gone", "the bank waits for this no more")
        return asked

    def _answer(self, number: str, asked: wallet.Request, decision: Decision) -> dict[str, str]:
        if decision is Decision.DECLINE:
            return {"error": wallet.REFUSED}
        return {"response": wallet.presented(asked, self._key(number), self._phone.now())}

    def _key(self, number: str) -> wallet.PrivateKey:
        return wallet.key_of(self._vault.secret("wallet", number))
