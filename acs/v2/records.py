"""What the ACS remembers of a transaction. Plain data: storage writes it, the pure modules replace it."""

from datetime import datetime

from msgspec import Struct, field

from acs.cardholder.challenge import Challenge, Ending
from acs.cardholder.confirmation import Confirmation
from acs.cardholder.passkeys.credentials import Passkey
from acs.cards.records import Card
from acs.settings import AcsSettings
from acs.v2.states import State
from threedsecure.cards.plays import Method
from threedsecure.cards.schemes import SCHEMES
from threedsecure.redaction import redact_card_numbers


class App(Struct, frozen=True, omit_defaults=True):
    """What the AReq says of the app that the cardholder is challenged in: its SDK, the SDK's key of this transaction (JWK: x, y),
    what it can draw (sdkInterface, sdkUiType), whether it is split (sdkType 02), and its client limited: it cannot encrypt
    what is typed. `interface` and `template`: acsRenderingType, once
    the cardholder is to be challenged."""

    sdk_reference_number: str
    x: str
    y: str
    offered_interface: str
    offered_types: tuple[str, ...]
    split: bool = False
    limited: bool = False
    interface: str = ""
    template: str = ""

    @property
    def sdk_ephem_pub_key(self) -> dict[str, str]:
        """The JWK."""
        return {"kty": "EC", "crv": "P-256", "x": self.x, "y": self.y}


class Extensions(Struct, frozen=True, omit_defaults=True):
    """Which versions of the extensions Device Acknowledgement and Bridging an AReq before 2.3.1 has (empty: none), and the version
    of its device data."""

    acknowledges: str = ""
    bridges: str = ""
    device_version: str = ""


class Purchase(Struct, frozen=True, omit_defaults=True):
    """What the AReq said that is needed after the ARes. `amount`: digits, in minor units (up to 48 of them). `echoed`: what the
    ARes repeats.
    `merchant`: how the trust list knows the merchant; `trust_status`: whiteListStatus of the ARes; `asks_for_trust`: the page
    offers to trust the merchant. `decoupled_minutes`: how long the requestor waits for a decoupled authentication;
    `decoupled_missed`: transStatus when they pass; `may_go_decoupled`: the requestor takes an RReq D (2.3.1).
    `method_seen`: whether the 3DS Method was called, where the requestor says so (threeDSCompInd Y).
    `three_ds_server_url`: whom the directory server tells the result.
    `device`: how the browser is known again; `binding_status`: deviceBindingStatus of the ARes; `asks_to_bind`: the page offers
    to remember the device. `payee_origin`: of a requestor whose page can run Secure Payment Confirmation.
    `other_way`: beside the banking app, a code by SMS is offered."""

    version: str
    device_channel: str
    message_category: str
    three_ds_server_trans_id: str
    ds_trans_id: str
    ds_url: str
    ds_reference_number: str
    challenge_mandated: bool
    sdk_trans_id: str | None = None
    notification_url: str | None = None
    merchant_name: str = ""
    amount: str | None = None
    currency: str | None = None
    exponent: int = 0
    purchase_date: str | None = None
    language: str | None = None
    echoed: dict[str, str] = field(default_factory=dict)
    merchant: str = ""
    trust_status: str | None = None
    asks_for_trust: bool = False
    decoupled_minutes: int | None = None
    decoupled_missed: str = "N"
    may_go_decoupled: bool = False
    method_seen: bool | None = None
    device: str = ""
    binding_status: str | None = None
    asks_to_bind: bool = False
    three_ds_server_url: str = ""
    payee_origin: str = ""
    app: App | None = None
    extensions: Extensions | None = None
    other_way: bool = False

    @property
    def decoupled(self) -> bool:
        """Whether the ARes was D."""
        return self.decoupled_minutes is not None


class Session(Struct, frozen=True, omit_defaults=True):
    """The other side of a challenge. A browser: `creq`: the form value as it came first; `digest`: of its elements, so that a
    refresh can be told from another CReq; `session_data`: threeDSSessionData, which goes back with the CRes.

    An app: `enc`: the content encryption that its SDK chose; `counter`: what its next CReq has to carry; `told`: it was given the
    final CRes; `opens_app`: its SDK opens the banking app by a link; `app_url`: where the banking app returns to."""

    creq: str
    digest: str
    window_size: str
    session_data: str | None
    begun_at: datetime
    enc: str = ""
    counter: int = 0
    told: bool = False
    opens_app: bool = False
    app_url: str | None = None


class Result(Struct, frozen=True, omit_defaults=True):
    """What ARes or RReq say. `ending` and `interaction_counter` exist only after a challenge; `trust_status` when the cardholder
    was asked to trust the merchant, `binding_status` when asked to have the device remembered. `exemption`: why there was no
    challenge."""

    trans_status: str
    trans_status_reason: str | None = None
    challenge_cancel: str | None = None
    eci: str | None = None
    authentication_value: str | None = None
    interaction_counter: int | None = None
    trust_status: str | None = None
    binding_status: str | None = None
    ending: Ending | None = None
    exemption: str | None = None


class Delivery(Struct, frozen=True, omit_defaults=True):
    """The RReq and what became of it. `body` is sent as it stands, however often it takes."""

    url: str
    body: bytes
    attempts: int = 0
    last_failure: str | None = None
    acknowledged_at: datetime | None = None
    results_status: str | None = None
    given_up: str | None = None


class Transaction(Struct, frozen=True, omit_defaults=True):
    """`due_at`: when something has to happen by itself - a deadline while the challenge is open, the next attempt to deliver the
    RReq once it is decided, None when nothing is due any more. `method`: None without a challenge. `passkeys`: those of the card
    that it may be answered with."""

    acs_trans_id: str
    state: State
    card: Card
    purchase: Purchase
    created_at: datetime
    updated_at: datetime
    due_at: datetime | None = None
    method: Method | None = None
    challenge: Challenge | None = None
    session: Session | None = None
    result: Result | None = None
    delivery: Delivery | None = None
    passkeys: tuple[Passkey, ...] = ()

    @property
    def wakes_at(self) -> datetime | None:
        """When something has to be done for it: at its deadline, or before that when the phone is to be asked."""
        ask_at = self.challenge.ask_at if self.challenge is not None and self.result is None else None
        return min((at for at in (self.due_at, ask_at) if at is not None), default=None)


def bank_of(transaction: Transaction, settings: AcsSettings) -> AcsSettings:
    """The bank that speaks. Where it may ask for a passkey its pages are at an address that has a name."""
    bank = settings.of(transaction.card.pan)
    return (bank.at_a_name or bank) if transaction.passkeys else bank


def confirmation(transaction: Transaction, settings: AcsSettings) -> Confirmation:
    """What the cardholder is asked."""
    card, purchase, session = transaction.card, transaction.purchase, transaction.session
    return Confirmation(
        reference=transaction.acs_trans_id,
        journal_id=purchase.three_ds_server_trans_id,
        pan=card.pan,
        scheme=SCHEMES[card.scheme],
        phone=card.phone,
        language=card.language or purchase.language,
        merchant_name=redact_card_numbers(purchase.merchant_name),
        amount=purchase.amount,
        currency=purchase.currency,
        exponent=purchase.exponent,
        answer_url=bank_of(transaction, settings).answer_url,
        challenge=transaction.challenge,
        begun_at=session.begun_at if session else None,
        window_size=session.window_size if session else "",
    )
