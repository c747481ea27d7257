"""What the desk calls."""

from issuer_sms.phone import Phone
from threedsecure.web.wire import Handler, WireRequest, WireResponse, json_response


def reset(phone: Phone) -> Handler:
    """`POST /control/reset`: forget everything."""

    async def answer(_request: WireRequest) -> WireResponse:
        await phone.forget()
        return json_response({})

    return answer
