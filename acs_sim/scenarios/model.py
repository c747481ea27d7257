"""A scenario file as types. Files are read with them, and the JSON Schema for editors is written from them."""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from acs_sim.desk.documents import PhoneNumber, Scheme
from threedsecure.faults import FaultDocument

Elements = dict[str, Any]
Version = Literal["2.1.0", "2.2.0", "2.3.1"]
PROTOCOL_KINDS: Final = ("AReq", "ARes", "CReq", "CRes", "RReq", "RRes", "Erro")
OTHER_KINDS: Final = ("challenge page", "SMS", "SMS failed", "fault")


class Written(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A part of a file: read strictly, so that a typo is an error and not a step that does nothing."""


class CardWish(Written, frozen=True, kw_only=True):
    """Who pays: a fresh card that nobody else has, or the card `pan`."""

    scenario: str | None = None
    scheme: Scheme = "visa"
    version: Version | None = None
    phone: PhoneNumber | None = None
    tries: Annotated[int, Meta(ge=1, le=9)] | None = None
    language: Literal["de", "en", "es", "fr", "it", "nl", "pt"] | None = None
    pan: Annotated[str, Meta(pattern="^[0-9]{13,19}$")] | None = None


class Authenticate(Written, frozen=True, kw_only=True):
    """Post the AReq. `send`: elements of this AReq; `besides`: elements that no specification knows. `ARes` or `Erro`: which of
    the two is the answer (an ARes when neither is given), and what stands in it. `fails`: no message comes back, and these are
    words of what comes instead."""

    send: Elements = {}
    besides: Elements = {}
    ARes: Elements | None = None
    Erro: Elements | None = None
    fails: str | None = None


class Cardholder(Written, frozen=True, kw_only=True):
    """What the person does with the challenge page, and what it then shows. `says`: words of the page; `transStatus`: that of the
    CRes, once it is over; `refused`: words of the reason why nothing can be done. `deliver` false: the browser is closed before
    it brings the CRes to the shop."""

    do: Literal["submit", "resend", "cancel", "abandon"]
    code: str | None = None
    deliver: bool = True
    says: str | None = None
    tries_left: int | None = None
    transStatus: str | None = None  # noqa: N815 - the specification's name
    refused: str | None = None


class Phone(Written, frozen=True, kw_only=True):
    """What the cardholder's phone shows: how many `texts`, and words of the `latest`."""

    texts: Annotated[int, Meta(ge=0, le=100)] | None = None
    latest: str | None = None


class MessageCheck(Written, frozen=True, kw_only=True, rename={"sender": "from", "receiver": "to"}):
    """Messages of one kind among all that crossed: how many there are, and what stands in the last of them. `number` takes another
    one: 1 is the first."""

    kind: str
    sender: str | None = None
    receiver: str | None = None
    count: Annotated[int, Meta(ge=0, le=1000)] | None = None
    number: Annotated[int, Meta(ge=1, le=1000)] | None = None
    has: Elements = {}


class Step(Written, frozen=True, kw_only=True):
    """Exactly one of these. `clock`: let so much time pass (90s, 10m). `result`: the RReq arrives at the 3DS Server, with these
    elements. `returned`: the browser brings the CRes to the shop. `order`: kinds of messages that crossed one after the other,
    with others between them or not. `fault`: from here on something goes wrong with this card (docs/faults.md)."""

    authenticate: Authenticate | None = None
    cardholder: Cardholder | None = None
    clock: str | None = None
    phone: Phone | None = None
    result: Elements | None = None
    returned: Elements | None = None
    message: MessageCheck | None = None
    order: list[str] | None = None
    fault: FaultDocument | None = None

    @property
    def name(self) -> str:
        return next(name for name in self.__struct_fields__ if getattr(self, name) is not None)


class Scenario(Written, frozen=True, kw_only=True):
    """One payment, or one for each row of `examples`. A `$name` anywhere stands for a variable or a column of the row. `faults`:
    what goes wrong with this card from the beginning (docs/faults.md)."""

    name: Annotated[str, Meta(min_length=1, max_length=120)]
    about: Annotated[str, Meta(min_length=1)]
    tags: list[str] = []
    variables: dict[str, Any] = {}
    examples: list[dict[str, Any]] = []
    version: Version = "2.2.0"
    card: CardWish
    purchase: Elements = {}
    faults: list[FaultDocument] = []
    steps: Annotated[list[Step], Meta(min_length=1)]


class ScenarioFile(Written, frozen=True, kw_only=True):
    """A file: `variables` and `tags` hold for all of its scenarios."""

    about: str = ""
    tags: list[str] = []
    variables: dict[str, Any] = {}
    scenarios: Annotated[list[Scenario], Meta(min_length=1)]


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a scenario file, for editors."""
    schema = msgspec.json.schema(ScenarioFile)
    schema["$defs"]["Step"] |= {"minProperties": 1, "maxProperties": 1}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "acs-sim scenario file", **schema}
