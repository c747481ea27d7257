"""A scenario file as types. Files are read with them, and the JSON Schema for editors is written from them."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from acs_sim.client.sdk.habits import Profile
from acs_sim.desk.api.documents import PhoneNumber, RuleWish, Scheme
from threedsecure.faults import FaultDocument

Elements = dict[str, Any]
Version = Literal["1.0.2", "2.1.0", "2.2.0", "2.3.1"]
Channel = Literal["browser", "app", "3ri"]
Category = Literal["payment", "non-payment"]
CLASSIC: Final = "1.0.2"
PROTOCOL_KINDS: Final = ("AReq", "ARes", "CReq", "CRes", "RReq", "RRes", "PReq", "PRes", "OReq", "ORes", "Erro")
V1_KINDS: Final = ("CRReq", "CRRes", "VEReq", "VERes", "PAReq", "PARes", "Error")
OTHER_KINDS: Final = (
    "3DS Method",
    "challenge page",
    "passkey",
    "wallet",
    "SMS",
    "SMS failed",
    "fault",
    "connection failed",
    "no answer",
)
CHANNELS: Final = {"app": "01", "browser": "02", "3ri": "03"}
CATEGORIES: Final = {"payment": "01", "non-payment": "02"}
SIGNATURES: Final = ("valid", "invalid")


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a file: read strictly, so that a typo is an error and not a step that does nothing."""


class CardWish(Written, frozen=True, kw_only=True):
    """Who pays: a fresh card that nobody else has, or the card `pan`. `transStatus` and `reason` take the place of what its
    scenario answers. `passkey`: it has one, in software. `beside`: the other brand on a card of Cartes Bancaires."""

    scenario: str | None = None
    scheme: Scheme = "visa"
    version: Version | None = None
    phone: PhoneNumber | None = None
    tries: Annotated[int, Meta(ge=1, le=9)] | None = None
    language: Literal["de", "en", "es", "fr", "it", "nl", "pt"] | None = None
    transStatus: Literal["Y", "N", "U", "A", "R", "I"] | None = None  # noqa: N815 - the specification's name
    reason: Annotated[str, Meta(pattern="^[0-9]{2}$")] | None = None
    password: Annotated[str, Meta(min_length=1, max_length=100)] | None = None
    failures: Annotated[int, Meta(ge=0, le=99)] | None = None
    challenges: Annotated[int, Meta(ge=0, le=99)] | None = None
    unasked: Annotated[int, Meta(ge=0, le=99)] | None = None
    unaskedAmount: Annotated[int, Meta(ge=0, le=99_999_999)] | None = None  # noqa: N815 - as the desk has it
    pan: Annotated[str, Meta(pattern="^[0-9]{13,19}$")] | None = None
    passkey: Literal[True] | None = None
    beside: Literal["visa", "mastercard"] | None = None


class CardStep(CardWish, frozen=True, kw_only=True):
    """Another card from here on; or `unlock`: the bank makes the card good again that it has locked."""

    unlock: bool = False


class Authenticate(Written, frozen=True, kw_only=True):
    """Post the AReq. `version`, `channel` and `category` where they are not those of the scenario. `send`: elements of this AReq;
    `besides`: elements that no specification knows; `headers`: of the request.
    `ARes` or `Erro`: which of the two is the answer (an ARes when neither is given), and what stands in it. `fails`: no message
    comes back, and these are words of what comes instead. `any`: whatever comes back is as good as anything else. `clicks`: how
    often the buyer presses the shop's button before it has answered. `through`: the reference gateway sends its own AReq for the
    app, and takes the result. `confirmed`: this is the AReq that follows an ARes S: the card's software passkey has signed (yes),
    or signed another amount (altered), or the assertion is that of the AReq before (again); or spcIncompInd: what the browser made
    of it instead."""

    through: Literal["gateway"] | None = None
    version: Literal["2.1.0", "2.2.0", "2.3.1"] | None = None
    any: bool = False
    confirmed: Literal["yes", "altered", "again", "01", "02", "03"] | None = None
    channel: Channel | None = None
    category: Category | None = None
    send: Elements = {}
    besides: Elements = {}
    headers: dict[str, str] = {}
    ARes: Elements | None = None
    Erro: Elements | None = None
    fails: str | None = None
    clicks: Annotated[int, Meta(ge=1, le=3)] = 1


class Enrolment(Written, frozen=True, kw_only=True):
    """1.0.2: ask by VEReq whether the card takes part. `VERes` or `Error`: the answer, and what stands in it. `fails`: no message
    comes back, and these are words of what comes instead."""

    send: Elements = {}
    VERes: Elements | None = None
    Error: Elements | None = None
    fails: str | None = None


class Payment(Written, frozen=True, kw_only=True):
    """1.0.2: the browser carries the PAReq to the bank. `says`: words of the page that it then shows; `fails`: words of what comes
    instead of a page."""

    send: Elements = {}
    says: str | None = None
    fails: str | None = None


class Cardholder(Written, frozen=True, kw_only=True):
    """What the person does with the challenge page, and what it then shows. `code` belongs to submit: digits, correct or wrong;
    `choice` to select: values with commas between, correct or wrong. `trust` ticks the box that trusts the merchant, `bind` the
    one that has the device remembered. `CReq`: elements of the CReq that opens the page. `says`: words of the page; `transStatus`:
    that of the CRes, once it is over; `refused`: words of the reason why nothing can be done. `deliver` false: the browser is
    closed before it brings the result to the shop. `clicks` 2: the button is pressed again before the bank has answered. `reload`
    loads the bank's page again, `back` the shop's page before it, and `return` brings the result to the shop once more. `any`:
    whatever comes of it is as good as anything else."""

    do: Literal["submit", "resend", "cancel", "abandon", "approve", "decline", "select", "reload", "back", "return"]
    clicks: Literal[1, 2] = 1
    any: bool = False
    code: str | None = None
    choice: str | None = None
    trust: bool = False
    bind: bool = False
    deliver: bool = True
    CReq: Elements = {}
    says: str | None = None
    tries_left: int | None = None
    transStatus: str | None = None  # noqa: N815 - the specification's name
    refused: str | None = None


class Phone(Written, frozen=True, kw_only=True):
    """What the cardholder's phone shows: how many `texts`, and words of the `latest`; how many `prompts` of the banking app that
    wait for an answer, and words of the newest `prompt`. `decide` answers that one; `clear` deletes the texts."""

    texts: Annotated[int, Meta(ge=0, le=100)] | None = None
    latest: str | None = None
    prompts: Annotated[int, Meta(ge=0, le=100)] | None = None
    prompt: str | None = None
    decide: Literal["approve", "decline"] | None = None
    clear: bool = False


class Preparation(Written, frozen=True, kw_only=True):
    """Fetch card ranges by PReq, or in 1.0.2 by CRReq. `since_last` asks for what has changed since the answer before. `PRes` or
    `Erro` (1.0.2: `CRRes` or `Error`): the answer, and what stands in it; `range`: elements of the entry of cardRangeData that
    holds the card, or `<absent>`; `ranges`: how many entries there are. `fails`: no message comes back, and these are words of what
    comes instead."""

    send: Elements = {}
    since_last: bool = False
    PRes: Elements | None = None
    range: Elements | str | None = None
    ranges: Any = None
    Erro: Elements | None = None
    CRRes: Elements | None = None
    Error: Elements | None = None
    fails: str | None = None


class Operation(Written, frozen=True, kw_only=True):
    """The scheme's directory server sends a notice (OReq, 2.3.1; docs/notices.md) `to` the 3DS Server or the ACS, in `parts`, of
    which those in `left_out` never come. `answers`: the opStatus of each answer, or `Erro` and its code. `ORes` or `Erro`: what
    stands in the last answer. `fails`: words of what is wrong with the last one."""

    to: Literal["3ds-server", "acs"] = "3ds-server"
    category: Literal["01", "02", "03", "04", "05", "06"] = "01"
    severity: Literal["01", "02", "03", "04"] = "04"
    parts: Annotated[tuple[str, ...], Meta(min_length=1, max_length=99)] = ("A notice of the directory server.",)
    left_out: list[int] = []
    prior: Elements | None = None
    answers: list[str] | None = None
    ORes: Elements | None = None
    Erro: Elements | None = None
    fails: str | None = None


class RangeEdit(Written, frozen=True, kw_only=True):
    """One edit of the scheme's card ranges: A adds, M modifies, D deletes. All is put back after the scenario. `tells`:
    elements of the range in the PRes, by their names there."""

    action: Literal["A", "M", "D"]
    start: Annotated[str, Meta(pattern="^[0-9]{13,19}$")]
    end: Annotated[str, Meta(pattern="^[0-9]{13,19}$")]
    versions: list[Literal["1.0.2", "2.1.0", "2.2.0", "2.3.1"]] | None = None
    three_ds_method_url: str | None = None
    stand_in: Literal["erro", "attempt", "unavailable"] | None = None
    tells: dict[str, Any] | None = None


class MessageCheck(Written, frozen=True, kw_only=True, rename={"sender": "from", "receiver": "to"}):
    """Messages of one kind among all that crossed: how many there are, and what stands in the last of them. `number` takes another
    one: 1 is the first. When it crossed, on the clock of the simulator, counted from the first message of the transaction or
    from the last one of the kind `since`: exactly `at` 30s, not later than `within`, not before `after`, earlier than `before`."""

    kind: str
    sender: str | None = None
    receiver: str | None = None
    count: Annotated[int, Meta(ge=0, le=1000)] | None = None
    number: Annotated[int, Meta(ge=1, le=1000)] | None = None
    has: Elements = {}
    at: str | None = None
    within: str | None = None
    after: str | None = None
    before: str | None = None
    since: str | None = None


class SdkWish(Written, frozen=True, kw_only=True):
    """How the SDK of the app is: how it encrypts its challenge, what it can draw (01 native, 02 HTML, 03 both), how many minutes
    the challenge may take, which one that ships it is like (`profile`, docs/app.md); since 2.2.0 the variant of a `split` SDK (01
    native, 02 browser, 03 shell), in 2.3.1 whether that is `limited`, and whether a default SDK is `wrapped`."""

    encryption: Literal["A128CBC-HS256", "A128GCM"] | None = None
    interface: Literal["01", "02", "03"] | None = None
    max_timeout: Annotated[int, Meta(ge=5, le=99)] | None = None
    profile: Profile | None = None
    split: Literal["01", "02", "03"] | None = None
    limited: bool | None = None
    wrapped: bool | None = None

    def told(self) -> dict[str, Any]:
        """As the control API takes it."""
        return {name: value for name in self.__struct_fields__ if (value := getattr(self, name)) is not None}


class Step(Written, frozen=True, kw_only=True):
    """Exactly one of these. `method`: the browser opens the 3DS Method's page, which calls back, or is silent, or calls back late
    (after the ARes), or with something that is bent; none: the card's range has no such page. `clock`: let so much time pass
    (90s, 10m). `card`: another card from here on. `result`: the RReq arrives at the 3DS Server, with these elements. `returned`:
    the browser brings the CRes, or in 1.0.2 the PARes, to the shop. `order`: kinds of messages that crossed one after the other,
    with others between them or not. `restart`: one of the simulator's parties stops and starts again, and has forgotten nothing.
    `fault`: from here on something goes wrong with this card (docs/faults.md). `verdict`: at the end, nothing convicts the gateway
    (docs/findings.md, docs/explore.md). `use`: the steps that go by this name in
    `steps`."""

    authenticate: Authenticate | None = None
    cardholder: Cardholder | None = None
    clock: str | None = None
    method: Literal["called", "silent", "late", "bent", "none"] | None = None
    card: CardStep | None = None
    phone: Phone | None = None
    result: Elements | None = None
    returned: Elements | None = None
    message: MessageCheck | None = None
    order: list[str] | None = None
    enrolment: Enrolment | None = None
    payment: Payment | None = None
    preparation: Preparation | None = None
    operation: Operation | None = None
    edit_ranges: Annotated[list[RangeEdit], Meta(min_length=1)] | None = None
    restart: Literal["acs", "ds", "phone"] | None = None
    fault: FaultDocument | None = None
    verdict: Literal["acquitted"] | None = None
    use: str | None = None

    @property
    def name(self) -> str:
        return next(name for name in self.__struct_fields__ if getattr(self, name) is not None)


class Scenario(Written, frozen=True, kw_only=True):
    """One payment, or one for each row of `examples`. A `$name` anywhere stands for a variable or a column of the row. `rules`:
    matching rules for this card (docs/rules.md); `app`: how the SDK is, where the channel is app; `faults`: what goes wrong with it
    from the beginning (docs/faults.md)."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    about: Annotated[str, Meta(min_length=1)]
    tags: list[str] = []
    variables: dict[str, Any] = {}
    examples: list[dict[str, Any]] = []
    version: Version = "2.2.0"
    channel: Channel = "browser"
    category: Category = "payment"
    app: SdkWish = SdkWish()
    card: CardWish
    purchase: Elements = {}
    rules: list[RuleWish] = []
    faults: list[FaultDocument] = []
    steps: Annotated[list[Step], Meta(min_length=1)]


class ScenarioFile(Written, frozen=True, kw_only=True):
    """A file: `variables`, `tags` and `rules` hold for all of its scenarios. `steps`: steps by a name, which scenarios `use`.
    `include`: files beside this one whose variables and named steps are known here too."""

    about: str = ""
    include: list[str] = []
    tags: list[str] = []
    variables: dict[str, Any] = {}
    rules: list[RuleWish] = []
    steps: dict[str, list[Step]] = {}
    scenarios: list[Scenario] = []


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, for editors."""
    schema = msgspec.json.schema(ScenarioFile)
    schema["$defs"]["Step"] |= {"minProperties": 1, "maxProperties": 1}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "acs-sim scenario file", **schema}
