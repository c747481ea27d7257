"""The phone as a service."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from issuer_sms.callback_delivery import CallbackDelivery
from issuer_sms.handlers.events import EventStream
from issuer_sms.handlers.messages import MessageHandlers
from issuer_sms.handlers.pages import PageHandlers
from issuer_sms.handlers.prompts import PromptHandlers
from issuer_sms.handlers.wallet import WalletHandlers
from issuer_sms.pages import STATIC, Pages
from issuer_sms.phone import Phone
from issuer_sms.settings import PhoneSettings
from issuer_sms.storage import SCHEMA, PhoneStore
from threedsecure.web.serving.doors import Door
from threedsecure.web.serving.service import Route, Runtime, Service, Stream


def build(runtime: Runtime, settings: PhoneSettings) -> Service:
    """The phone, ready to be served. Its tables are opened here and closed at the end of its life."""
    store = PhoneStore(runtime.open_database(SCHEMA), runtime.vault, settings.network, runtime.shared.worker)
    phone = Phone(store, runtime.clock, lambda thing: runtime.randomness.of("phone", thing).uuid(), runtime.shared)
    return service(phone, runtime, settings)


def service(phone: Phone, runtime: Runtime, settings: PhoneSettings) -> Service:
    """`phone` with its endpoints and its background work; its store is closed at the end of its life."""
    callback_delivery = CallbackDelivery(
        phone, runtime.clock, runtime.transport, runtime.journal, settings.callback_timeout
    )
    kept = runtime.loops.kept

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        try:
            async with (
                kept("texts of the phone", phone.deliver_forever),
                kept("callbacks of the phone", callback_delivery.carry_forever),
            ):
                yield
        finally:
            await callback_delivery.close()
            await phone.store.close()

    return Service(
        name="phone",
        routes=[*_api(phone, runtime, settings), *_pages(phone, runtime, settings)],
        lifespan=lifespan,
        streams=[Stream("GET", "/api/events", EventStream(phone.publisher).stream)],
        static=STATIC,
        forget_before=phone.store.forget_before,
    )


def _api(phone: Phone, runtime: Runtime, settings: PhoneSettings) -> Sequence[Route]:
    messages, prompts = MessageHandlers(phone, runtime.journal, settings.base_url), PromptHandlers(phone)
    wallet = WalletHandlers(phone, runtime.vault, Pages())
    return [
        Route("POST", "/api/messages", messages.accept),
        Route("GET", "/api/messages", messages.search),
        Route("GET", "/api/messages/{id}", messages.message),
        Route("GET", "/api/phones", messages.phones),
        Route("GET", "/api/phones/{number}/messages", messages.messages),
        Route("DELETE", "/api/phones/{number}/messages", messages.clear),
        Route("GET", "/api/phones/{number}/latest", messages.latest),
        Route("GET", "/api/phones/{number}/prompts", prompts.prompts),
        Route("POST", "/api/wallet", wallet.key),
        Route("POST", "/api/phones/{number}/wallet", wallet.answer),
        Route("POST", "/api/prompts", prompts.show),
        Route("GET", "/api/prompts/{id}", prompts.prompt),
        Route("POST", "/api/prompts/{id}", prompts.decide),
        Route("POST", "/control/reset", messages.reset),
    ]


def _pages(phone: Phone, runtime: Runtime, settings: PhoneSettings) -> Sequence[Route]:
    pages = PageHandlers(phone, runtime.journal, settings)
    wallet = WalletHandlers(phone, runtime.vault, pages.pages)
    return [
        Route("GET", "/", pages.for_people(pages.inbox)),
        Route("GET", "/phones/{number}", pages.for_people(pages.phone)),
        Route("POST", "/phones/{number}/clear", pages.for_people(pages.clear), door=Door.PAGE),
        Route("GET", "/phones/{number}/wallet", pages.for_people(wallet.show)),
        Route("POST", "/phones/{number}/wallet", pages.for_people(wallet.decide), door=Door.PAGE),
        Route("POST", "/prompts/{id}", pages.for_people(pages.decide), door=Door.PAGE),
    ]
