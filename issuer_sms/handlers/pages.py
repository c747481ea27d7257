"""The pages, for people. Every button is a plain form."""

from collections.abc import Sequence
from typing import Final

from issuer_sms.handlers import requests
from issuer_sms.handlers.messages import SEARCHED
from issuer_sms.handlers.prompts import decided
from issuer_sms.messages.fates import Fate, ending_of, fates
from issuer_sms.messages.records import TextMessage
from issuer_sms.pages import RETURN, Pages, phone_address, way_back
from issuer_sms.phone import Phone
from issuer_sms.prompts import Decision
from issuer_sms.settings import PhoneSettings
from threedsecure.web.journal import Journal
from threedsecure.web.straight import soon
from threedsecure.web.wire import Handler, Problem, WireRequest, WireResponse, page, read_form, see_other

PHONES_SHOWN: Final = 100
MESSAGES_SHOWN: Final = 200
PROMPTS_SHOWN: Final = 20
FATES_TOLD: Final = 10
"""Payments, the newest ones, whose codes are told what became of."""


class PageHandlers:
    """`/`, `/phones/{number}` and the forms on them."""

    def __init__(self, phone: Phone, journal: Journal, settings: PhoneSettings) -> None:
        self._phone = phone
        self._journal = journal
        self.pages = Pages(settings.banking_url, settings.desk_url)
        self._settings = settings

    async def inbox(self, request: WireRequest) -> WireResponse:
        query = requests.words(request, "q")
        await self._phone.settle()
        if query is None:
            return self._page(self.pages.inbox(await self._phone.store.phones(PHONES_SHOWN), self._phone.now()))
        newest = await self._phone.store.newest(SEARCHED)
        found = [message for message in newest if message.holds(query)][-PHONES_SHOWN:]
        return self._page(self.pages.found(query, found, self._phone.now()))

    async def phone(self, request: WireRequest) -> WireResponse:
        number = requests.number_in_path(request)
        await self._phone.settle()
        messages = await self._phone.store.newest(MESSAGES_SHOWN, phone=number)
        prompts = await self._phone.store.prompts(number, PROMPTS_SHOWN)
        back = way_back(request.query.get(RETURN))
        became = await self._fates(messages)
        return self._page(self.pages.phone(number, messages, prompts, self._phone.now(), back, became))

    async def clear(self, request: WireRequest) -> WireResponse:
        number = requests.number_in_path(request)
        await self._phone.clear(number)
        return see_other(phone_address(number))

    async def decide(self, request: WireRequest) -> WireResponse:
        """A button of a prompt. Pressed too late it changes nothing, and the page says what became of the prompt."""
        form = read_form(request)
        prompt_id, pressed = requests.id_in_path(request), form.get("decision", "")
        if pressed not in {decision.value for decision in Decision}:
            raise Problem(400, "Bad Request", "decision is approve or decline")
        try:
            prompt = await decided(self._phone, prompt_id, Decision(pressed))
        except Problem as problem:
            if problem.status != 409:
                raise
            overtaken = await self._phone.store.prompt(prompt_id)
            if overtaken is None:
                raise
            prompt = overtaken
        return see_other(phone_address(prompt.to, way_back(form.get(RETURN))))

    async def _fates(self, messages: Sequence[TextMessage]) -> dict[str, Fate]:
        """What became of the newest codes."""
        asked = [message.reference for message in reversed(messages) if message.reference and message.code]
        newest = list(dict.fromkeys(asked))[:FATES_TOLD]
        endings = {name: ending_of(await self._journal.entries_of(name)) for name in newest}
        return fates(messages, endings, self._phone.now(), self._settings.code_validity)

    def for_people(self, handler: Handler) -> Handler:
        """`handler` with its problems told on a page."""

        async def answer(request: WireRequest) -> WireResponse:
            try:
                return await soon(handler(request))
            except Problem as problem:
                return self._page(self.pages.problem(problem.title, problem.detail), problem.status)

        return answer

    def _page(self, html: str, status: int = 200) -> WireResponse:
        return page(html, status, frame_ancestors=self._settings.frame_ancestors, form_action="'self'")
