"""What the ACS has the cardholder's phone show: codes by SMS, and prompts of the banking app."""

from datetime import datetime
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from msgspec import Struct

from acs.cardholder.confirmation import Confirmation
from acs.cardholder.methods.single_select import phones
from acs.cardholder.securecode import SecureCodes
from acs.cardholder.short_messages import code_message, prompt_message
from acs.settings import AcsSettings
from threedsecure.errors import TransportError
from threedsecure.redaction import redact_text_message
from threedsecure.web.serving.service import Runtime

MAX_TITLE: Final = 80
REFUSED: Final = "failed"


class PhoneLine(Struct, frozen=True):
    """What it takes to reach a phone."""

    runtime: Runtime
    settings: AcsSettings
    codes: SecureCodes


async def send_code(line: PhoneLine, asked: Confirmation, counter: int) -> bool:
    """Whether the phone network took the code of `counter`."""
    settings = line.settings
    body = code_message(
        line.codes.code(asked.pan, counter),
        issuer=settings.of(asked.pan).issuer_name,
        purchase=asked,
        language=asked.language,
        validity=settings.timers.code_validity,
    )
    message = {
        "to": phones(asked.phone)[asked.challenge.phone] if asked.challenge else asked.phone,
        "from": settings.sms_sender,
        "body": body,
        "reference": asked.reference,
    }
    url = f"{settings.phone_url}/api/messages"
    try:
        response = await line.runtime.transport.post(url, orjson.dumps(message), timeout=settings.phone_timeout)
    except TransportError as error:
        _note_failure(line, asked, message, error.reason)
        return False
    refusal = _refusal(response.status, response.body)
    if refusal is not None:
        _note_failure(line, asked, message, refusal)
    return refusal is None


async def show_prompt(line: PhoneLine, asked: Confirmation, until: datetime | None) -> str | None:
    """The name under which the banking app asks the cardholder until `until`; None when it could not be reached."""
    settings = line.settings
    title, body = prompt_message(issuer=settings.of(asked.pan).issuer_name, purchase=asked, language=asked.language)
    token = line.runtime.vault.token("decision", asked.reference)
    named = urlencode({"acsTransID": asked.reference, "token": token})
    prompt: dict[str, Any] = {
        "to": asked.phone,
        "title": title[:MAX_TITLE],
        "body": body,
        "reference": asked.reference,
        "callback": f"{settings.decision_url}?{named}",
    }
    if until is not None:
        prompt["expires_at"] = until.isoformat()
    told = {**prompt, "callback": settings.decision_url}
    url = f"{settings.phone_url}/api/prompts"
    try:
        response = await line.runtime.transport.post(url, orjson.dumps(prompt), timeout=settings.phone_timeout)
    except TransportError as error:
        _note_failure(line, asked, told, error.reason)
        return None
    refusal, name = _refusal(response.status, response.body), _object(response.body).get("id")
    if refusal is not None or not isinstance(name, str):
        _note_failure(line, asked, told, refusal or "the banking app gave the prompt no name")
        return None
    return name


def wallet_url(settings: AcsSettings, number: str) -> str:
    """The page of the wallet on a phone."""
    return f"{settings.phone_url}/phones/{quote(number, safe='')}/wallet"


async def wallet_key(line: PhoneLine, number: str) -> dict[str, Any] | None:
    """The public key (JWK) of the wallet on a phone, which a bank has from the attestation that it issued to it; None where the
    phone could not be asked."""
    url, asked = f"{line.settings.phone_url}/api/wallet", orjson.dumps({"to": number})
    try:
        response = await line.runtime.transport.post(url, asked, timeout=line.settings.phone_timeout)
    except TransportError:
        return None
    return _object(response.body) if response.status == 200 else None


def _refusal(status: int, body: bytes) -> str | None:
    """Why the phone did not take it; None when it did. The carrier's refusal is told by `state` (docs/phone.md)."""
    if status >= 300:
        return f"the phone answered HTTP {status}"
    if _object(body).get("state") == REFUSED:
        return str(_object(body).get("failure") or "the carrier refused it")[:200]
    return None


def _object(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return document if isinstance(document, dict) else {}


def _note_failure(line: PhoneLine, asked: Confirmation, message: dict[str, Any], reason: str) -> None:
    told = {**message, "body": redact_text_message(message["body"]), "reason": reason}
    line.runtime.journal.record(
        line.runtime.clock.now(),
        "ACS",
        "Phone",
        "SMS failed" if "title" not in message else "prompt failed",
        told,
        transaction_id=asked.journal_id,
    )
