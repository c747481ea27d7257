"""A fault as people write it down: one object in JSON or YAML, read strictly. The JSON Schema is made from these types."""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Union

import msgspec
import orjson
from msgspec import Meta, Struct

from threedsecure.faults.points import POINTS, Written
from threedsecure.faults.table import refusal

if TYPE_CHECKING:
    PointName = str
else:
    PointName = Literal[tuple(POINTS)]
Sender = Literal["Directory Server", "ACS", "3DS Server"]
Seconds = Annotated[float, Meta(ge=0, le=3600)]
Element = Annotated[str, Meta(min_length=1, max_length=200, pattern=r"^[^\[\].\s]+(\[[0-9]{1,4}\]|\.[^\[\].\s]+)*$")]
Name = Annotated[str, Meta(min_length=1, max_length=100, pattern=r"^[^\[\].\s]+$")]
Header = Annotated[str, Meta(min_length=1, max_length=400, pattern=r"^[!-~]([ -~]*[!-~])?$")]
WITHOUT_CARD: Final = frozenset({"PRes", "Method page", "Method callback"})
MAX_VALUE_CHARACTERS: Final = 20_000
_XML_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z_][A-Za-z0-9_-]*)*")


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


class Delay(Fault, frozen=True, kw_only=True, tag="delay"):
    """The message comes `seconds` late. With `up_to` it is drawn between the two, evenly or with most near `seconds`."""

    seconds: Seconds
    up_to: Seconds | None = None
    distribution: Literal["uniform", "exponential"] = "uniform"

    def __post_init__(self) -> None:
        if self.up_to is not None and self.up_to < self.seconds:
            raise ValueError("up_to is not less than seconds")


class Silence(Fault, frozen=True, kw_only=True, tag="silence"):
    """Nothing comes, and after `seconds` the connection ends."""

    seconds: Seconds = 60.0


class Refuse(Fault, frozen=True, kw_only=True, tag="refuse"):
    """No connection is made."""


class Reset(Fault, frozen=True, kw_only=True, tag="reset"):
    """The message arrives at whoever acts on it, and the connection breaks before there is an answer."""


class Truncate(Fault, frozen=True, kw_only=True, tag="truncate"):
    """Only a share of the body comes, then the connection ends."""

    keep: Annotated[float, Meta(ge=0, lt=1)] = 0.5


class Dribble(Fault, frozen=True, kw_only=True, tag="dribble"):
    """The body comes drop by drop, over `seconds`."""

    seconds: Seconds = 3.0


class Status(Fault, frozen=True, kw_only=True, tag="status"):
    """This HTTP status, with an empty page or, where the `body` is kept, with the message as it was."""

    status: Annotated[int, Meta(ge=200, le=599)] = 503
    body: Literal["empty", "kept"] = "empty"


class Redirect(Fault, frozen=True, kw_only=True, tag="redirect"):
    """A redirection instead of the answer."""

    location: Header = "/maintenance"
    status: Literal[301, 302, 303, 307, 308] = 302


class ContentType(Fault, frozen=True, kw_only=True, tag="content-type"):
    """The right body under a wrong Content-Type."""

    value: Header = "text/plain; charset=iso-8859-1"


class GzipLie(Fault, frozen=True, kw_only=True, tag="gzip-lie"):
    """Content-Encoding says gzip, and the body is not."""


class Garbage(Fault, frozen=True, kw_only=True, tag="garbage"):
    """Random bytes instead of the message."""

    bytes: Annotated[int, Meta(ge=1, le=65_536)] = 64


class Twice(Fault, frozen=True, kw_only=True, tag="twice"):
    """The same message a second time."""


class Drop(Fault, frozen=True, kw_only=True, tag="drop"):
    """An element is missing."""

    element: Element


class Set(Fault, frozen=True, kw_only=True, tag="set"):
    """An element has another value, or is there although it should not be."""

    element: Element
    value: Any

    def __post_init__(self) -> None:
        try:
            length = len(orjson.dumps(self.value))
        except orjson.JSONEncodeError as error:
            raise ValueError(f"value cannot stand in a message: {error}") from error
        if length > MAX_VALUE_CHARACTERS:
            raise ValueError(f"value is longer than {MAX_VALUE_CHARACTERS} characters")


class Rename(Fault, frozen=True, kw_only=True, tag="rename"):
    """An element has another name, in the same place."""

    element: Element
    to: Name


class Retype(Fault, frozen=True, kw_only=True, tag="retype"):
    """An element has a value of another JSON type."""

    element: Element
    to: Literal["text", "number", "boolean", "list", "object", "null"]


class SwapIds(Fault, frozen=True, kw_only=True, tag="swap-ids"):
    """The identifiers are those of another transaction that passed here, or (`with` unknown) of none at all. `element`: only this
    one."""

    of: Literal["another", "unknown"] = msgspec.field(default="another", name="with")
    element: Name | None = None


class CriticalExtension(Fault, frozen=True, kw_only=True, tag="critical-extension"):
    """A message extension that nobody knows and that must not be ignored."""

    id: Annotated[str, Meta(min_length=1, max_length=64)] = "A000000999-acs-sim-unknown"


class DuplicateKey(Fault, frozen=True, kw_only=True, tag="duplicate-key"):
    """A name that stands twice, with different values."""

    element: Element


class Shuffle(Fault, frozen=True, kw_only=True, tag="shuffle"):
    """The names in another order, which means the same."""


class Erro(Fault, frozen=True, kw_only=True, tag="erro"):
    """An Erro (1.0.2: an Error) in place of the message."""

    code: Annotated[str, Meta(pattern="^[0-9]{1,3}$")] | None = None
    detail: Annotated[str, Meta(min_length=1, max_length=2048)] = "a fault was asked for"


class PaddedBase64(Fault, frozen=True, kw_only=True, tag="padded-base64"):
    """base64url with its = at the end, which the specification forbids."""


class OtherSession(Fault, frozen=True, kw_only=True, tag="other-session"):
    """threeDSSessionData is another transaction's."""


class Late(Fault, frozen=True, kw_only=True, tag="late"):
    """The callback comes once the AReq has been answered."""


class WrongSignature(Fault, frozen=True, kw_only=True, tag="wrong-signature"):
    """Changed after it was signed."""


class WrongChain(Fault, frozen=True, kw_only=True, tag="wrong-chain"):
    """Signed under certificates with the right names and a root that nobody trusts."""


class ExpiredCertificate(Fault, frozen=True, kw_only=True, tag="expired-certificate"):
    """Signed with a certificate that ran out years ago."""


class NoSignature(Fault, frozen=True, kw_only=True, tag="no-signature"):
    """Not signed at all."""


KINDS: Final[Mapping[str, type[Fault]]] = {str(kind.__struct_config__.tag): kind for kind in Fault.__subclasses__()}

if TYPE_CHECKING:
    FaultDocument = Fault
else:
    FaultDocument = Union[tuple(KINDS.values())]  # noqa: UP007 - of as many as there are
"""Any fault, told by `do`."""


def read(document: Any, *, lax: bool = False) -> Fault:
    """A fault from an object that was read from JSON; `lax` takes text where a number is meant, as YAML has it.

    Errors: `FaultRefused`, also for a kind that makes no sense at its point."""
    if not isinstance(document, Mapping):
        raise FaultRefused("a fault is an object with at and do")
    try:
        fault: Fault = msgspec.convert(dict(document), FaultDocument, strict=not lax)
    except msgspec.ValidationError as error:
        raise FaultRefused(_plain(document, error)) from error
    check(fault)
    return fault


def check(fault: Fault) -> None:
    """Errors: `FaultRefused` for what reads well and makes no sense."""
    words = refusal(fault.at, fault.do)
    if words is not None:
        raise FaultRefused(words)
    senders = POINTS[fault.at].senders
    if fault.sender is not None and fault.sender not in senders:
        raise FaultRefused(f"{fault.at} is never sent by the {fault.sender}; it comes from {' or '.join(senders)}")
    if POINTS[fault.at].written is Written.XML:
        _check_xml(fault)
    if fault.card is not None and fault.at in WITHOUT_CARD:
        raise FaultRefused(f"{fault.at} comes before anybody says which card it is for: name a transaction, or nothing")
    if fault.at == "PRes" and fault.transaction is not None:
        raise FaultRefused("a PRes belongs to no transaction")
    if fault.card is not None and fault.transaction is not None:
        raise FaultRefused("a fault is limited to a card or to a transaction, not to both")


def _check_xml(fault: Fault) -> None:
    """What JSON can hold and XML cannot."""
    for name in ("element", "to"):
        written = getattr(fault, name, None)
        if isinstance(written, str) and not _XML_PATH.fullmatch(written):
            raise FaultRefused(f"{name}: {written[:40]!r} cannot be the name of an element in XML")
    value = getattr(fault, "value", "")
    if not isinstance(value, str | int | float) or not str(value).isprintable():
        raise FaultRefused("value: the elements of 3-D Secure 1.0.2 are printable text")


def as_document(fault: Fault) -> dict[str, Any]:
    """The object that `read` takes."""
    document: dict[str, Any] = msgspec.to_builtins(fault)
    return document


def _plain(document: Mapping[Any, Any], error: msgspec.ValidationError) -> str:
    do, at = document.get("do"), document.get("at")
    if do is None or at is None:
        return "a fault needs at (which message) and do (what happens to it)"
    if str(do) not in KINDS:
        return f"there is no fault {str(do)[:40]!r}; there are {', '.join(KINDS)}"
    if str(at) not in POINTS:
        return f"there is no point {str(at)[:40]!r}; there are {', '.join(POINTS)}"
    return f"{do}: {error}"
