"""What the control API takes and gives, as types: bodies are read with them, and `/api/openapi.json` is written from them."""

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from acs_sim.client.sdk.habits import Profile
from threedsecure.addresses import REACHED_AT
from threedsecure.faults import FaultDocument

PhoneNumber = Annotated[
    str, Meta(pattern=rf"^{REACHED_AT}$", description="E.164, with the leading +; or an e-mail address")
]
Scheme = Literal["visa", "mastercard", "amex", "cb", "jcb", "discover", "unionpay"]


class Request(Struct, frozen=True, forbid_unknown_fields=True):
    """A body that is read strictly."""


class PackWish(Request, frozen=True):
    """A pack of faults (docs/faults.md). `card` limits all that can be limited to it, and leaves out the rest."""

    pack: Literal[
        "issuer-quirks",
        "app-no-continue",
        "app-no-text",
        "app-empty-why",
        "app-long-labels",
        "app-lost-images",
        "hostile",
    ]
    card: Annotated[str, Meta(pattern="^[0-9]{13,19}$")] | None = None


class FaultInForce(Struct, frozen=True):
    """A fault as it was asked for, with its `id` and how often it has `fired`."""

    id: str
    at: str
    do: str
    fired: int


class FaultsInForce(Struct, frozen=True):
    """Each as it was asked for, with its `id` and how often it has `fired`. `spent`: those that were to happen once and have, until
    everything is cleared."""

    faults: list[dict[str, Any]]
    spent: list[dict[str, Any]] = []


class Cleared(Struct, frozen=True):
    """How many faults are not in force any more."""

    cleared: int


class Card(Struct, frozen=True):
    """A test card. `expiry` is YYMM; any date in the future is accepted. `versions` is empty for a card outside every range."""

    pan: str
    expiry: str
    scheme: str
    scenario: str
    versions: list[str]
    phone: str
    description: str


class Cards(Struct, frozen=True):
    cards: list[Card]


class CardWish(Request, frozen=True):
    """A fresh card. `scenario` may be an alias, such as cardinal/2.9. Without `phone` it gets a number of its own; `tries` and
    `language` are for its SecureCode page. `transStatus` and `reason` (transStatusReason: 01 to 30, or 80 to 99) take the place of
    what the scenario answers. `password`: what `challenge-password` asks for, when it is not to be the published one.
    `failures`: how many failed purchases in a row lock the card; `challenges`: how many it gets in an hour; `unasked`: how many
    payments in a row pass without a challenge, `unaskedAmount`: how much they may come to (minor units); 0 for any number.
    `faults`: what goes wrong with this card. `passkey`: it has one, in software. `beside`: the other brand on a card of Cartes
    Bancaires, Visa where nothing is said."""

    scheme: str
    scenario: str
    version: str | None = None
    phone: PhoneNumber | None = None
    tries: Annotated[int, Meta(ge=1, le=9)] | None = None
    language: Literal["de", "en", "es", "fr", "it", "nl", "pt"] | None = None
    transStatus: Literal["Y", "N", "U", "A", "R", "I"] | None = None  # noqa: N815 - its name in the messages
    reason: Annotated[str, Meta(pattern="^[0-9]{2}$")] | None = None
    password: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    failures: Annotated[int, Meta(ge=0, le=99)] | None = None
    challenges: Annotated[int, Meta(ge=0, le=99)] | None = None
    unasked: Annotated[int, Meta(ge=0, le=99)] | None = None
    unaskedAmount: Annotated[int, Meta(ge=0, le=99_999_999)] | None = None  # noqa: N815
    faults: Annotated[list[FaultDocument], Meta(max_length=50)] = []
    passkey: bool = False
    beside: Literal["visa", "mastercard"] | None = None


class Passkey(Struct, frozen=True):
    """`id`: the credential id, base64url; `counter`: of its last use."""

    id: str
    made_at: str
    counter: int


class Passkeys(Struct, frozen=True):
    """The passkeys of a card. `page`: where a browser makes one, at the bank; null where the bank's address has no name that
    passkeys could belong to (docs/passkeys.md)."""

    page: str | None
    passkeys: list[Passkey]


class AuthenticatorAnswer(Struct, frozen=True):
    """`posted`: what the script of the bank's page posts where the card's software passkey answers: an assertion, or the error
    that there is none."""

    posted: dict[str, Any]


class CardRange(Struct, frozen=True):
    """A range of card numbers: both ends belong to it. `stand_in`: what the scheme answers for an ACS that does not."""

    start: str
    end: str
    versions: list[str]
    acs_url: str
    three_ds_method_url: str | None
    acs_info_ind: list[str]
    stand_in: str
    tells: dict[str, Any]


class CardRanges(Struct, frozen=True):
    """`serial` counts the edits of the scheme's list; it is the serialNum of a PRes."""

    scheme: str
    serial: str
    ranges: list[CardRange]


class RangeEdit(Request, frozen=True):
    """One edit: A adds, M modifies, D deletes. What is left out stays; in a new range it is as for a listed card, but `versions`
    has to be said. `tells`: elements of the range in the PRes, by their names there, in the place of what follows from the rest;
    null for one that is to be missing."""

    action: Literal["A", "M", "D"]
    start: str
    end: str
    versions: list[str] | UnsetType = UNSET
    acs_url: str | UnsetType = UNSET
    three_ds_method_url: str | UnsetType | None = UNSET
    acs_info_ind: list[str] | UnsetType = UNSET
    stand_in: Literal["erro", "attempt", "unavailable"] | UnsetType = UNSET
    tells: dict[str, Any] | UnsetType = UNSET


class RangeEdits(Request, frozen=True):
    """Edits that stand or fall together, under one serial number."""

    scheme: Scheme
    edits: Annotated[list[RangeEdit], Meta(min_length=1, max_length=200_000)]


class RangesEdited(Struct, frozen=True):
    serial: str


class NoticeWish(Request, frozen=True):
    """A notice of a directory server (OReq, 2.3.1). `to`: whom it is for; `url`: where that one takes it, when not where the
    settings say. `category` and `severity` are opCategory and opSeverity, `expires` opExpDate (in thirty days when left out).
    `parts`: texts, one OReq each; `left_out`: numbers of those that are not sent. `prior`: opPriorTransRef, `transIdType` and
    `transId`."""

    scheme: Scheme = "visa"
    to: Literal["3ds-server", "acs"] = "3ds-server"
    url: Annotated[str, Meta(max_length=2048)] | None = None
    category: Literal["01", "02", "03", "04", "05", "06"] = "01"
    severity: Literal["01", "02", "03", "04"] = "04"
    parts: Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=20_000)], ...], Meta(min_length=1, max_length=99)
    ] = ("A notice of the directory server.",)
    expires: Annotated[str, Meta(pattern=r"^[0-9]{8}$")] | None = None
    prior: dict[str, str] | None = None
    left_out: Annotated[list[int], Meta(max_length=99)] = []


class NoticePart(Struct, frozen=True):
    """One OReq: `answer` is the ORes or Erro that came, `error` what was wrong with it, or why nothing came."""

    seqNum: str  # noqa: N815 - the specification's name
    dsTransID: str  # noqa: N815
    answer: dict[str, Any] | None = None
    error: str | None = None


class NoticeSent(Struct, frozen=True):
    """`seqId` is the name under which the messages of the notice are found."""

    seqId: str  # noqa: N815 - the specification's name
    parts: list[NoticePart]


class RuleWish(Request, frozen=True):
    """A matching rule. `if`: `message` (AReq when left out, or VEReq), elements of it by their path, `pan`, `range` (start, end),
    `amount` (minor units), `merchant`, `headers`; each with a value, a list of which one is enough, `<present>`, `<absent>`, or
    comparisons: at_least, more_than, at_most, less_than, like, not. `then`: `scenario`, and what else a card can be minted with.
    `once`: used up by being followed, and looked at before the others."""

    then: dict[str, Any]
    name: Annotated[str, Meta(max_length=120)] = ""
    condition: dict[str, Any] = field(default_factory=dict, name="if")
    once: bool = False


class Rule(Struct, frozen=True):
    id: str
    then: dict[str, Any]
    name: str = ""
    condition: dict[str, Any] = field(default_factory=dict, name="if")
    once: bool = False


class Rules(Struct, frozen=True):
    """In the order in which they are looked at among their like: those that hold once come first."""

    rules: list[Rule]


class FollowedRule(Struct, frozen=True):
    id: str
    name: str


class MissedCondition(Struct, frozen=True):
    """A condition that was not met, in words. Card numbers are masked."""

    what: str
    wanted: str
    found: str


class RuleMiss(Struct, frozen=True):
    """A rule that was not followed: `met` conditions were met, `missed` were not."""

    id: str
    name: str
    met: int
    missed: list[MissedCondition]


class RuleOutcome(Struct, frozen=True):
    """Which rule a message followed, or which came nearest and why they were not followed."""

    transaction: str
    message: str
    rule: FollowedRule | None
    misses: list[RuleMiss]


class RulesLeft(Struct, frozen=True):
    """How many rules there still are."""

    left: int


class Scenario(Struct, frozen=True):
    """What a card can be told to do. `digits` are the eighth to eleventh of its number."""

    name: str
    description: str
    digits: str


class Scenarios(Struct, frozen=True):
    scenarios: list[Scenario]


class Refusal(Struct, frozen=True):
    """Why a message began nothing: the Erro that answered it, or the Error or VERes of 1.0.2. `refused` is its messageType, or
    `message` where that could not be read; `errorDetail` names the elements, `errorComponent` who found the fault."""

    refused: str
    errorCode: str | None = None  # noqa: N815 - the specification's name
    errorDetail: str | None = None  # noqa: N815
    errorDescription: str | None = None  # noqa: N815
    errorComponent: str | None = None  # noqa: N815


class Transaction(Struct, frozen=True):
    """One authentication. `id` is its threeDSServerTransID, in 1.0.2 the message id of its VEReq; `pan` is masked; `challenge` is
    what the ACS knows of it; `refusal` why it never began, where a message was refused."""

    id: str
    state: str | None = None
    transStatus: str | None = None  # noqa: N815 - the specification's name
    transStatusReason: str | None = None  # noqa: N815
    eci: str | None = None
    scheme: str | None = None
    version: str | None = None
    pan: str | None = None
    amount: str | None = None
    currency: str | None = None
    exponent: str | None = None
    merchant: str | None = None
    dsTransID: str | None = None  # noqa: N815
    acsTransID: str | None = None  # noqa: N815
    sdkTransID: str | None = None  # noqa: N815
    xid: str | None = None
    results_status: str | None = None
    created_at: str | None = None
    challenge: dict[str, Any] | None = None
    refusal: Refusal | None = None


class Transactions(Struct, frozen=True):
    transactions: list[Transaction]


class Hop(Struct, frozen=True, kw_only=True, rename={"sender": "from", "receiver": "to"}):
    at: str
    sender: str
    receiver: str
    kind: str
    message: dict[str, Any]
    status: int | UnsetType = UNSET
    took_ms: float | UnsetType = UNSET


class Message(Hop, frozen=True, kw_only=True):
    """One message that crossed a hop, decoded and redacted."""

    transaction_id: str


class Messages(Struct, frozen=True):
    messages: list[Message]


class TranscriptHop(Hop, frozen=True, kw_only=True):
    """One message of a transcript. `offset_ms` counts from the first on the simulator's clock; `took_ms` is real time."""

    offset_ms: int


class TranscriptCard(Struct, frozen=True):
    """What is needed to mint such a card again; the scenario is null where the ACS never heard of the transaction."""

    scheme: str | None
    pan: str | None
    scenario: str | None


class Transcript(Struct, frozen=True):
    """One transaction as one file. `addresses`: where each party was; `volatile`: the names of what differs from run to run."""

    format: Literal["acs-sim transcript 1"]
    transaction: Transaction
    card: TranscriptCard
    addresses: dict[str, str]
    hops: list[TranscriptHop]
    volatile: list[str]


class CardholderAct(Request, frozen=True):
    """What the headless cardholder does. `code` belongs to `submit`: what is typed, `correct` or `wrong`; where a passkey is
    asked for also a browser's error, such as `NotAllowedError`. `choice` belongs to `select`: the value of an input named
    challengeValue, several with commas between, `correct` (when left out) or `wrong`. `approve` and `decline` answer the banking
    app's prompt, or for the wallet. `trust` ticks the box that trusts the merchant, `bind` the one that has the device remembered
    (2.3.1).

    `deliver` false keeps the CRes from being posted to notificationURL when the challenge is over. `creq` and
    `threeDSSessionData`, in 1.0.2 `PaReq`, `TermUrl` and `MD`, are what the gateway's page would have posted, for a challenge that
    no browser has opened."""

    do: Literal["submit", "resend", "cancel", "abandon", "approve", "decline", "select"]
    code: Annotated[str, Meta(max_length=64)] | None = None
    choice: Annotated[str, Meta(max_length=64)] | None = None
    trust: bool = False
    bind: bool = False
    deliver: bool = True
    creq: Annotated[str, Meta(max_length=4096)] | None = None
    threeDSSessionData: Annotated[str, Meta(max_length=1024)] | None = None  # noqa: N815
    PaReq: Annotated[str, Meta(max_length=8192)] | None = None
    TermUrl: Annotated[str, Meta(max_length=2048)] | None = None
    MD: Annotated[str, Meta(max_length=8192)] = ""


class Notification(Struct, frozen=True):
    """What the browser posts back to the shop. `status` is what the shop's server answered, null when it was not posted."""

    url: str
    fields: dict[str, str]
    status: int | None = None


class CardholderOutcome(Struct, frozen=True):
    """`state` as the ACS tells it; `message` is what the page says; `transStatus` and `notification` once it is over."""

    state: str
    transStatus: str | None = None  # noqa: N815
    message: str | None = None
    tries_left: int | None = None
    notification: Notification | None = None


class AppWish(Request, frozen=True):
    """An app with an SDK. `encryption`: of its challenge; `interface`: what it can draw (sdkInterface: 01 native, 02 HTML, 03
    both); `max_timeout`: minutes that the challenge may take (sdkMaxTimeout); `app_url`: where a banking app returns to.
    `split` (since 2.2.0): the variant of a split SDK (01 native, 02 browser, 03 shell), `limited` (2.3.1): its client cannot
    encrypt; such an SDK has to use A128GCM. `wrapped`: a default SDK that is wrapped. `profile`: in what it is like an SDK that
    ships (docs/app.md)."""

    version: Literal["2.1.0", "2.2.0", "2.3.1"] = "2.2.0"
    scheme: Scheme = "visa"
    encryption: Literal["A128CBC-HS256", "A128GCM"] = "A128CBC-HS256"
    interface: Literal["01", "02", "03"] = "03"
    max_timeout: Annotated[int, Meta(ge=5, le=99)] = 5
    app_url: Annotated[str, Meta(max_length=256)] | None = None
    split: Literal["01", "02", "03"] | None = None
    limited: bool = False
    wrapped: bool = False
    profile: Profile = "strict"


class AppDocument(Struct, frozen=True):
    """An app. `id`: its sdkTransID; `areq`: the elements that it puts into the AReq of its payment; `screen`: the CRes that is
    shown; `outcome`: what the SDK told the app in the end: completed, cancelled, timedout, protocolError or runtimeError, and
    `reason` why; `transStatus`: of the final CRes, for display only."""

    id: str
    areq: dict[str, Any]
    screen: dict[str, Any] | None = None
    outcome: str | None = None
    reason: str | None = None
    transStatus: str | None = None  # noqa: N815 - the specification's name


class OutcomeWish(Request, frozen=True):
    """What the gateway under test did with the payment, and the transStatus that it went by."""

    outcome: Literal["accepted", "refused"]
    transStatus: Literal["Y", "N", "U", "A", "R", "I"] | None = None  # noqa: N815


class EvidenceDocument(Struct, frozen=True, omit_defaults=True):
    """Where a finding shows. `number`: the place of the message among those of its transaction, from 1."""

    message: str
    at: str
    number: int
    element: str | None = None
    found: str | None = None
    expected: str | None = None


class FindingDocument(Struct, frozen=True):
    """What one rule found in one transaction. `remedy`: what to do about it."""

    rule: str
    severity: Literal["error", "warning", "advice", "good"]
    title: str
    clause: str
    remedy: str
    transaction_id: str
    evidence: list[EvidenceDocument]


class FindingDocuments(Struct, frozen=True):
    """The verdict on the gateway: convicted by an error, never by a warning."""

    verdict: Literal["acquitted", "convicted"]
    findings: list[FindingDocument]


class MutedRule(Request, frozen=True):
    """A rule whose findings are told nowhere. `reason`: why, for whoever wonders."""

    rule: str
    reason: Annotated[str, Meta(min_length=1, max_length=200)]


class MutedRules(Struct, frozen=True):
    """The rules that are muted, in the order in which they were."""

    muted: list[MutedRule]


class PartyAddresses(Struct, frozen=True):
    """The base address of every party, as the others call it, whether it runs or not."""

    desk: str
    ds: str
    acs: str
    phone: str
    shop: str


class NamespaceWish(Request, frozen=True):
    """`seed` makes it repeatable; `idle`: after so long without a request it ends (`1h30m`, at most `7d`)."""

    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None = None
    idle: str = "1h"


class NamespaceDocument(Struct, frozen=True):
    """A simulator of its own behind the same ports. `made_at` and `used_at` are of the wall clock."""

    name: str
    addresses: PartyAddresses
    made_at: str
    used_at: str
    idle_seconds: float


class NamespaceMade(NamespaceDocument, frozen=True):
    """`new`: it was not there before."""

    new: bool = True


class NamespacesThere(Struct, frozen=True):
    namespaces: list[NamespaceDocument]


class CardStanding(Struct, frozen=True):
    """How a card stands with its issuer across purchases."""

    locked: bool
    failed_purchases: int
    unasked_payments: int
    unasked_amount: int
    trusted_merchants: int
    remembered_devices: int


class ClockMove(Request, frozen=True):
    """Exactly one of the four. `advance` is a duration (`90s`, `10m`, `1h30m`, `7d`), `set` an instant (RFC 3339)."""

    advance: str | None = None
    set: Annotated[str, Meta(max_length=40)] | None = None
    freeze: Literal[True] | None = None
    resume: Literal[True] | None = None


class ClockState(Struct, frozen=True):
    """The virtual clock. `ahead_seconds`: how far it is from the wall clock."""

    now: str
    frozen: bool
    ahead_seconds: float


class Seed(Request, frozen=True):
    """null goes back to the operating system's randomness."""

    seed: Annotated[int, Meta(ge=0, le=2**63 - 1)] | None


class ResetOutcome(Struct, frozen=True):
    """Who has forgotten everything, and who is not running."""

    forgotten: list[str]
    unreachable: list[str]


class ProblemDocument(Struct, frozen=True):
    """What went wrong (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str | UnsetType = UNSET


class CheckWish(Request, frozen=True):
    """`message` is the message itself, or a text: JSON, XML (1.0.2), or the value of a form field such as `creq`. `as` is the type
    to read it as, whatever its messageType."""

    message: Raw
    message_type: str | None = field(default=None, name="as")
