"""The reference gateway as a service: shops, payment pages, 3DS Server."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.resources import files

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from acs_sim.gateway.handlers.direct import DirectHandlers
from acs_sim.gateway.handlers.gateway import RESET, Gateway
from acs_sim.gateway.handlers.merchants import MerchantHandlers
from acs_sim.gateway.handlers.messages import MessageHandlers
from acs_sim.gateway.handlers.payment import PaymentHandlers
from acs_sim.gateway.handlers.purchases import PurchaseHandlers
from acs_sim.gateway.handlers.remote_mpi import RemoteMpiHandlers
from acs_sim.gateway.handlers.shops import ShopHandlers
from acs_sim.gateway.handlers.v1 import HandlersV1
from acs_sim.gateway.mpi.directory import DirectoryV1
from acs_sim.gateway.pages.rendering import Pages
from acs_sim.gateway.payment.payments import Payments
from acs_sim.gateway.payment.payments_v1 import PaymentsV1
from acs_sim.gateway.payment.settlement import Settlement
from acs_sim.gateway.payment.watch import Watch
from acs_sim.gateway.records.storage import PurchaseStorage
from acs_sim.gateway.settings import GatewaySettings
from acs_sim.gateway.shops.merchant_book import MerchantBook
from acs_sim.gateway.three_ds_server.directory import Directory
from threedsecure.secrets.vault import Vault
from threedsecure.web.serving.service import Route, Runtime, Service

KEY_BITS = 1024
"""As long as Paybox's own: shops have been written for its 172 characters."""


def build(runtime: Runtime, settings: GatewaySettings) -> Service:
    """The gateway, its payment pages and its two shops."""
    storage, watch = PurchaseStorage(runtime.open_database), Watch(runtime.shared)
    directory = Directory(runtime, settings, storage)
    merchants = MerchantBook(settings, storage, runtime.vault)
    settlement = Settlement(runtime, settings, storage, watch, merchants)
    v1 = PaymentsV1(runtime, settings, storage, DirectoryV1(runtime, settings, storage), settlement, watch)
    payments = Payments(runtime, settings, storage, directory, settlement, watch, v1)
    gateway = Gateway(runtime, settings, storage, directory, settlement, payments, Pages(settings), v1, merchants)

    async def forget_ranges(_content: object) -> None:
        gateway.forget_ranges()

    runtime.shared.on(RESET, forget_ranges)

    @asynccontextmanager
    async def lifespan() -> AsyncIterator[None]:
        async with storage.opened():
            settlement.key = await _signing_key(storage, runtime.vault)
            try:
                async with runtime.loops.kept("purchases of the gateway", settlement.run):
                    yield
            finally:
                await settlement.close()
                settlement.key = None

    return Service(
        name="gateway",
        routes=_routes(gateway),
        lifespan=lifespan,
        ready=lambda: settlement.key is not None,
        static=files("acs_sim.gateway.pages") / "static",
        forget_before=storage.forget_before,
    )


def _routes(gateway: Gateway) -> list[Route]:
    shops = ShopHandlers(gateway)
    return [
        *shops.routes(),
        *PaymentHandlers(gateway).routes(),
        *MessageHandlers(gateway).routes(),
        *HandlersV1(gateway).routes(),
        *RemoteMpiHandlers(gateway).routes(),
        *DirectHandlers(gateway).routes(),
        *MerchantHandlers(gateway).routes(),
        *PurchaseHandlers(gateway, shops).routes(),
    ]


async def _signing_key(storage: PurchaseStorage, vault: Vault) -> RSAPrivateKey:
    """The key of letter K: made once, kept sealed, and therefore not proven to be a key again."""
    pem = vault.open(await storage.key("letter K", lambda: vault.seal(_new_key())))
    key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, RSAPrivateKey):
        raise TypeError("the key of letter K is not an RSA key")
    return key


def _new_key() -> str:
    key = generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
