"""News between the processes that serve one phone network: by name alone, since codes and texts stay in their rows."""

from typing import Any, Final

from issuer_sms.callbacks import Callback, callback_document
from issuer_sms.messages.records import message_document
from issuer_sms.news.subscribers import News, Publisher
from issuer_sms.prompts import prompt_document
from issuer_sms.storage import PhoneStore

TOPIC: Final = "phone"
RESET: Final = "phone reset"


def callback_news(callback: Callback) -> News:
    document = {**callback.payload, "callback": callback_document(callback)}
    return News("callback", callback.payload["to"], document)


def as_word(kind: str, phone: str, name: str | int | None) -> dict[str, Any]:
    return {"kind": kind, "phone": phone, "name": name}


async def read(word: dict[str, Any], store: PhoneStore, publisher: Publisher) -> News | None:
    """What the word is about, as far as anybody here wants to know; None when it is gone."""
    kind, phone = word["kind"], word["phone"]
    if kind == "cleared":
        return News(kind, phone, {"number": phone})
    if not publisher.subscribers:
        return News(kind, phone, {})
    if kind == "message":
        message = await store.message(word["name"])
        return None if message is None else News(kind, phone, message_document(message))
    if kind == "prompt":
        prompt = await store.prompt(word["name"])
        return None if prompt is None else News(kind, phone, prompt_document(prompt))
    callback = await store.callback(word["name"])
    return None if callback is None else callback_news(callback)
