"""`/api/apps`: phone apps with our SDK, for whoever has none at hand. Their cardholder acts as any other (`cardholder`)."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache, partial
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from acs_sim.client.sdk.actions import Entries, NoSuchButton, words_of
from acs_sim.client.sdk.habits import PROFILES
from acs_sim.client.sdk.phone_app import PhoneApp
from acs_sim.client.sdk.transaction import REFERENCE_NUMBER, Options, create_transaction
from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import AppDocument, AppWish, CardholderOutcome, Transaction
from threedsecure.cards.schemes import SCHEMES
from threedsecure.faults import MessageFault, SignatureFault
from threedsecure.faults.changes import changed
from threedsecure.faults.points import SDK
from threedsecure.v2.app.jose import A128CBC_HS256, PublicKey
from threedsecure.v2.app.signed_content import ContentSigner
from threedsecure.v2.codec import encode
from threedsecure.web.calling.transport import Transport
from threedsecure.web.faults.injector import Faults
from threedsecure.web.wire import Problem

MOST_APPS: Final = 1_000
APP: Final = "01"
KID: Final = "acs-sim-rsa"
SPLIT_SDK_SERVER: Final = "SIM-SPLIT-SDK-SERVER"
_P256: Final = ec.SECP256R1()
_BAD_ENDS: Final = frozenset({"timedout", "protocolError", "runtimeError"})


@call("POST", "/api/apps", status=201, errors=(400,))
async def open_app(desk: Desk, wish: AppWish) -> AppDocument:
    """A phone app with an SDK: what it puts into the AReq of its payment."""
    return document_of(new_app(desk, wish))


def new_app(desk: Desk, wish: AppWish) -> PhoneApp:
    """One that `/api/apps/{id}` knows; the oldest makes room for it."""
    randomness = desk.runtime.randomness
    key, ephemeral = ec.generate_private_key(_P256), ec.generate_private_key(_P256)
    sdk_trans_id, habits = randomness.uuid(), PROFILES[wish.profile]
    transaction = create_transaction(
        wish.version,
        directory_server_id=SCHEMES[wish.scheme].directory_server_id,
        directory_server_key=directory_server_key(),
        kid=KID,
        sdk_trans_id=sdk_trans_id,
        sdk_app_id=randomness.uuid(),
        key=key,
        ephemeral=ephemeral,
        random=randomness.bytes,
        options=Options(
            enc=A128CBC_HS256 if habits.cbc_alone else wish.encryption,
            interface=wish.interface,
            max_timeout=wish.max_timeout,
            app_url=wish.app_url,
            sdk_type=sdk_type(wish, sdk_trans_id, desk.runtime.clock.now()),
            acknowledged=acknowledged(wish, sdk_trans_id, desk.runtime.clock.now()),
            plain_hosts=_plain_hosts(desk),
            habits=habits,
        ),
    )
    while len(desk.apps) >= MOST_APPS:
        del desk.apps[next(iter(desk.apps))]
    app = PhoneApp(transaction, randomness.bytes, desk.runtime.clock.now, partial(_bent, desk.runtime.faults))
    desk.apps[transaction.sdk_trans_id] = app
    return app


def sdk_type(wish: AppWish, sdk_trans_id: str, now: datetime) -> dict[str, Any]:
    """What an AReq of 2.3.1 says of the kind of SDK. The server half of a split SDK signs with the published test key."""
    if wish.split is None:
        return {"sdkType": "01", "defaultSdkType": {"sdkVariant": "01"} | ({"wrappedInd": "Y"} if wish.wrapped else {})}
    return {
        "sdkType": "02",
        "splitSdkType": {"sdkVariant": wish.split} | ({"limitedInd": "Y"} if wish.limited else {}),
        "sdkServerSignedContent": split_sdk_signer().sign(_of_the_server_half(sdk_trans_id, now)),
    }


def acknowledged(wish: AppWish, sdk_trans_id: str, now: datetime) -> dict[str, Any]:
    """What a split SDK says in 2.2.0: data of the Device Acknowledgement extension."""
    if wish.split is None:
        return {}
    told = _of_the_server_half(sdk_trans_id, now)
    return {
        "version": "2.0",
        "sdkType": "02",
        "sdkServerSignedContent": split_sdk_signer().sign(told),
        **{name: told[name] for name in ("sdkSignatureTimestamp", "splitSdkServerID")},
    }


def _of_the_server_half(sdk_trans_id: str, now: datetime) -> dict[str, str]:
    return {
        "sdkReferenceNumber": REFERENCE_NUMBER,
        "sdkTransID": sdk_trans_id,
        "sdkSignatureTimestamp": f"{now:%Y%m%d%H%M%S}",
        "splitSdkServerID": SPLIT_SDK_SERVER,
    }


@call("GET", "/api/apps/{id}", errors=(404,))
async def app_screen(desk: Desk, id_: str) -> AppDocument:
    """What an app shows, and how its challenge ended."""
    return document_of(known(desk, id_))


def document_of(app: PhoneApp) -> AppDocument:
    transaction = app.transaction
    areq = {"deviceChannel": APP, **transaction.elements()}
    return AppDocument(transaction.sdk_trans_id, areq, app.screen, app.outcome, app.reason, app.trans_status)


async def opened(desk: Desk, network: Transport, transaction: Transaction) -> PhoneApp:
    """The app of a transaction, its challenge begun. Errors: `Problem` 409."""
    app = desk.apps.get(str(transaction.sdkTransID).lower())
    if app is None:
        raise Problem(
            409, "Conflict", "the SDK of this app is not one of POST /api/apps: its challenge is on its own screen"
        )
    if app.screen is None and app.outcome is None:
        await begin(app, network, await _ares(desk, transaction.id))
    _raise_where_it_broke(app)
    return app


async def begin(app: PhoneApp, network: Transport, parameters: Mapping[str, Any]) -> None:
    """`parameters`: those of doChallenge, by their names in the ARes."""
    await app.do_challenge(network, parameters, (root(),))


async def pressed(app: PhoneApp, network: Transport, do: str, filled: Entries) -> None:
    """Errors: `Problem` 409 where the screen has no such button, or the SDK gave up."""
    try:
        await app.press(network, do, filled)
    except NoSuchButton as error:
        raise Problem(409, "Conflict", f"the cardholder is stuck: {error}") from error
    _raise_where_it_broke(app)


def outcome_in_app(challenge: dict[str, Any], app: PhoneApp) -> CardholderOutcome:
    return CardholderOutcome(
        state=str(challenge.get("state", "unknown")),
        transStatus=app.trans_status,
        message=words_of(app.screen) if app.screen is not None else app.reason or app.outcome,
        tries_left=challenge.get("tries_left"),
    )


def _raise_where_it_broke(app: PhoneApp) -> None:
    if app.outcome in _BAD_ENDS:
        raise Problem(409, "Conflict", f"the SDK ended with {app.outcome}: {app.reason}")


async def _ares(desk: Desk, transaction_id: str) -> dict[str, Any]:
    """The ARes that the 3DS Server got, from which its app is told (doChallenge parameters)."""
    entries = await desk.runtime.journal.entries_of(transaction_id)
    found = [one["message"] for one in entries if one["kind"] == "ARes" and "acsSignedContent" in one["message"]]
    if not found:
        raise Problem(409, "Conflict", "the ARes of this transaction has no acsSignedContent")
    return dict(found[-1])


def known(desk: Desk, sdk_trans_id: str) -> PhoneApp:
    """Errors: `Problem` 404."""
    app = desk.apps.get(sdk_trans_id.lower())
    if app is None:
        raise Problem(404, "Not Found", "no app goes by this sdkTransID")
    return app


@cache
def split_sdk_signer() -> ContentSigner:
    """Signs for the server half of our split SDK."""
    pem = _published("acs-signing-ec.pem")
    key: Any = load_pem_private_key(pem, None)
    return ContentSigner.of(key, x509.load_pem_x509_certificates(pem))


@cache
def root() -> x509.Certificate:
    """The published test root that our SDK trusts."""
    return x509.load_pem_x509_certificate(_published("directory-server-root.pem"))


@cache
def directory_server_key() -> PublicKey:
    """The published key that our SDK encrypts device data to."""
    key: Any = load_pem_private_key(_published("directory-server-rsa.pem"), None)
    public: PublicKey = key.public_key()
    return public


def _plain_hosts(desk: Desk) -> tuple[str, ...]:
    """Where the simulator's own ACS is, also under the names of its banks."""
    return (urlsplit(desk.addresses.acs).hostname or "", "localhost")


async def _bent(faults: Faults, creq: dict[str, Any]) -> tuple[bytes, str | None]:
    """The CReq with all that is to happen to it, and what is to be wrong with its encryption."""
    raw, defect = encode(creq), None
    if not faults.plan.active:
        return raw, defect
    names = await faults.names_of("CReq", SDK, creq)
    for fault in await faults.struck("CReq", SDK, names, raw):
        if isinstance(fault, MessageFault):
            raw = changed(fault, raw, await faults.around(fault, SDK, names))
        elif isinstance(fault, SignatureFault):
            defect = fault.defect
        faults.note(fault, creq, raw)
    return raw, defect


def _published(name: str) -> bytes:
    return (files("fixtures") / "keys" / name).read_bytes()
