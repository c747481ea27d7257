"""The banking app's prompts."""

from issuer_sms.handlers import requests
from issuer_sms.phone import Phone
from issuer_sms.prompts import AlreadyOver, Decision, Prompt, PromptState, prompt_document
from threedsecure.web.wire import Problem, WireRequest, WireResponse, json_response


class PromptHandlers:
    """`/api/prompts` and `/api/phones/{number}/prompts`."""

    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    async def show(self, request: WireRequest) -> WireResponse:
        body = requests.read_body(request, requests.PromptBody)
        if body.expires_at is not None and body.expires_at <= self._phone.now():
            raise Problem(400, "Bad Request", "expires_at has passed")
        prompt = await self._phone.show(
            body.to,
            body.title,
            body.body,
            reference=body.reference,
            callback_url=body.callback,
            expires_at=body.expires_at,
        )
        response = json_response(prompt_document(prompt), 201)
        response.headers["Location"] = f"/api/prompts/{prompt.id}"
        return response

    async def prompts(self, request: WireRequest) -> WireResponse:
        """The newest prompts of one phone in the order in which they were shown; `?state=`, `?wait=`, `?limit=`."""
        found = await self._phone.prompts(
            requests.number_in_path(request),
            requests.limit(request),
            state=requests.choice(request, "state", PromptState),
            wait=requests.wait_seconds(request),
        )
        return json_response({"prompts": [prompt_document(prompt) for prompt in found]})

    async def prompt(self, request: WireRequest) -> WireResponse:
        await self._phone.settle()
        prompt = await self._phone.store.prompt(requests.id_in_path(request))
        if prompt is None:
            raise _no_such_prompt()
        return json_response(prompt_document(prompt))

    async def decide(self, request: WireRequest) -> WireResponse:
        body = requests.read_body(request, requests.DecisionBody)
        return json_response(prompt_document(await decided(self._phone, requests.id_in_path(request), body.decision)))


async def decided(phone: Phone, prompt_id: str, decision: Decision) -> Prompt:
    """The prompt once the cardholder has decided. Errors: `Problem` 404, 409."""
    try:
        prompt = await phone.decide(prompt_id, decision)
    except AlreadyOver as error:
        raise Problem(409, "Conflict", str(error)) from error
    if prompt is None:
        raise _no_such_prompt()
    return prompt


def _no_such_prompt() -> Problem:
    return Problem(404, "Not Found", "no such prompt")
