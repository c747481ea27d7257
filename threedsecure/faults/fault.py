"""What every fault has, and what a kind of fault can say of itself."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Final, Literal

from msgspec import Meta, Struct, field

from threedsecure.faults.points import POINTS

if TYPE_CHECKING:
    PointName = str
else:
    PointName = Literal[tuple(POINTS)]
Sender = Literal["Directory Server", "ACS", "3DS Server", "SDK", "MPI", "Browser"]
Seconds = Annotated[float, Meta(ge=0, le=3600)]
Element = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\[\].\s]+(\[[0-9]{1,4}\]|\.[^\[\].\s]+)*$")]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\[\].\s]+$")]
Header = Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[!-~]([ -~]*[!-~])?$")]

Draw = Callable[[int], int]
"""A number below n, from the seeded source."""
Message = dict[str, Any]
NO_HEADERS: Final[Mapping[str, str]] = {}


class FaultRefused(ValueError):
    """A fault that cannot be had; the message says why, in words."""


class Count(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """`nth`: the n-th message that fits, counted from 1, and then never again. `probability`: each one that fits, with this
    probability."""

    nth: Annotated[int, Meta(ge=1, le=100_000)] | None = None
    probability: Annotated[float, Meta(gt=0, le=1)] | None = None

    def __post_init__(self) -> None:
        if (self.nth is None) == (self.probability is None):
            raise ValueError('when is "next", "every", {"nth": 3} or {"probability": 0.2}')


class Around(Struct, frozen=True):
    """What a change of a message depends on besides the message. `other`: the identifiers of another transaction, by their names
    in the message."""

    sender: str
    other: Mapping[str, str]
    draw: Draw


class Carriage(Struct, frozen=True):
    """What becomes of the carriage of a message: it comes `seconds` late, or over so many seconds where it is dribbled, and
    `times` times. `ends`: how it breaks off instead of coming whole; `keep`: the share of the body that comes before it is cut.
    `status`, `headers`, `content_type` and `body` take the place of those that were meant."""

    seconds: float = 0.0
    ends: Literal["dribbled", "cut", "reset", "silent", "refused"] | None = None
    keep: float = 1.0
    times: int = 1
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str | None = None
    body: bytes | None = None


class Fault(
    Struct,
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
    omit_defaults=True,
    tag_field="do",
    rename={"sender": "from"},
):
    """What every fault has. `at`: the message that suffers it; `from`: who sends that message, where two do. `card` (its number) or
    `transaction` (any id that it has) limit it."""

    points: ClassVar[tuple[str, ...]] = ()
    """Where a fault of this kind makes sense."""
    mistake: ClassVar[str] = ""
    """What gateways get wrong, which it shows."""
    example: ClassVar[str] = ""

    at: PointName
    sender: Sender | None = None
    when: Literal["next", "every"] | Count = "next"
    card: Annotated[str, Meta(pattern=r"^[0-9]{13,19}$")] | None = None
    transaction: Annotated[str, Meta(min_length=1, max_length=64)] | None = None

    @property
    def do(self) -> str:
        return str(self.__struct_config__.tag)

    @property
    def sent_by(self) -> str:
        return self.sender or POINTS[self.at].senders[0]

    @property
    def reads_others(self) -> bool:
        """Whether it depends on messages of other transactions."""
        return False

    def carriage(self, draw: Draw) -> Carriage:
        """What becomes of the carriage of the message."""
        return Carriage()


class MessageFault(Fault, frozen=True, kw_only=True):
    """A fault that changes a message and not its carriage."""

    def is_in(self, message: Message) -> bool:
        """Whether there is something in a message, of either protocol, that the fault can happen to."""
        return True

    def changed(self, message: Message, around: Around) -> Message | bytes:
        """The message after the fault."""
        return message

    def changed_v1(self, message: Message, around: Around) -> Message | bytes:
        """A message of 3-D Secure 1.0.2 after the fault."""
        return self.changed(message, around)


class SignatureFault(Fault, frozen=True, kw_only=True):
    """A PARes or an acsSignedContent that is signed badly, or (`defect` None) not at all; a message of an app that is encrypted
    badly. Whoever has the keys does it."""

    defect: ClassVar[str | None] = None
