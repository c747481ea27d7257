"""Texts: what the issuer calls, and what tests and people read."""

from typing import Any, Final

from issuer_sms.handlers import requests
from issuer_sms.messages.delivery import State, Treatment, treatment
from issuer_sms.messages.records import Mark, journal_document, message_document
from issuer_sms.pages import phone_address
from issuer_sms.phone import Phone
from issuer_sms.storage import PhoneSummary
from threedsecure.web.journal import Journal
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response

# A search opens this many of the newest texts.
SEARCHED: Final = 1_000


class MessageHandlers:
    """`/api/messages` and `/api/phones`."""

    def __init__(self, phone: Phone, journal: Journal, base_url: str) -> None:
        self._phone = phone
        self._base_url = base_url
        self._journal = journal

    async def accept(self, request: WireRequest) -> WireResponse:
        """201 whatever the network will do to the text (`state` says what it has done); 404 when nobody has the number."""
        body = requests.read_body(request, requests.MessageBody)
        if treatment(body.to) is Treatment.UNKNOWN:
            self._note({"to": body.to, "from": body.sender, "state": "number unknown"}, body.reference, 404)
            raise Problem(404, "Number Unknown", f"nobody has the number {body.to}", number=body.to)
        message = await self._phone.accept(
            body.to, body.sender, body.body, reference=body.reference, callback_url=body.callback
        )
        self._note(journal_document(message), body.reference, 201)
        response = json_response(message_document(message), 201)
        response.headers["Location"] = f"/api/messages/{message.id}"
        return response

    async def message(self, request: WireRequest) -> WireResponse:
        await self._phone.settle()
        message = await self._phone.store.message(requests.id_in_path(request))
        if message is None:
            raise Problem(404, "Not Found", "no such message")
        return json_response(message_document(message))

    async def search(self, request: WireRequest) -> WireResponse:
        """The newest texts of all phones, `?q=`, `?state=`, `?reference=`, `?limit=`."""
        return await self._list(request, None)

    async def messages(self, request: WireRequest) -> WireResponse:
        """The newest texts of one phone in the order in which they were accepted, with the same filters."""
        return await self._list(request, requests.number_in_path(request))

    async def latest(self, request: WireRequest) -> WireResponse:
        """The text that arrived last, as soon as there is one; 204 when none came in time."""
        number = requests.number_in_path(request)
        message = await self._phone.latest(
            number,
            after=await self._mark(number, requests.words(request, "after")),
            reference=requests.words(request, "reference"),
            wait=requests.wait_seconds(request),
        )
        return WireResponse(204) if message is None else json_response(message_document(message))

    async def clear(self, request: WireRequest) -> WireResponse:
        number = requests.number_in_path(request)
        return json_response({"number": number, "cleared": await self._phone.clear(number)})

    async def reset(self, _request: WireRequest) -> WireResponse:
        """What the desk calls: forget everything."""
        await self._phone.forget()
        return json_response({})

    async def phones(self, request: WireRequest) -> WireResponse:
        await self._phone.settle()
        summaries = await self._phone.store.phones(requests.limit(request))
        return json_response({"phones": [self._summary(summary) for summary in summaries]})

    async def _list(self, request: WireRequest, number: str | None) -> WireResponse:
        wanted, limit = requests.words(request, "q"), requests.limit(request)
        await self._phone.settle()
        found = await self._phone.store.newest(
            limit if wanted is None else SEARCHED,
            phone=number,
            state=requests.choice(request, "state", State),
            reference=requests.words(request, "reference"),
        )
        if wanted is not None:
            found = [message for message in found if message.holds(wanted)][-limit:]
        return json_response({"messages": [message_document(message) for message in found]})

    async def _mark(self, number: str, message_id: str | None) -> Mark | None:
        if message_id is None:
            return None
        mark = await self._phone.store.mark_of(number, message_id)
        if mark is None:
            raise Problem(404, "Not Found", f"after: {number} has no message of that id; it may have been cleared")
        return mark

    def _note(self, document: dict[str, Any], reference: str | None, status: int) -> None:
        self._journal.record(
            self._phone.now(), "ACS", "Phone", "SMS", document, status=status, transaction_id=reference
        )

    def _summary(self, summary: PhoneSummary) -> dict[str, Any]:
        latest = summary.latest
        return {
            "number": summary.number,
            "page": self._base_url + phone_address(summary.number),
            "network": treatment(summary.number).value,
            "messages": summary.messages,
            "pending_prompts": summary.pending_prompts,
            "latest": None if latest is None else message_document(latest),
        }
