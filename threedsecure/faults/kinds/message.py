"""What can be wrong with a message."""

from typing import Annotated, Any, ClassVar, Final, Literal

import msgspec
import orjson
from msgspec import Meta

from threedsecure.faults import json_messages as emv
from threedsecure.faults import xml_messages as xml
from threedsecure.faults.fault import Around, Element, Message, MessageFault, Name
from threedsecure.faults.memory import EMV_IDS
from threedsecure.faults.points import ANSWERS, ARRIVALS, IN_AN_APP, POINTS, POSTS, REQUESTS, TO_THE_PHONE, Written
from threedsecure.paths import MISSING, look_up, parent_of, renamed

MAX_VALUE_CHARACTERS: Final = 20_000
COUNTERS: Final = 256
_WRITTEN: Final = (*ANSWERS, *REQUESTS, *POSTS, *ARRIVALS)
_NAMED: Final = (*_WRITTEN, *IN_AN_APP)
_IN_JSON: Final = tuple(at for at in _WRITTEN if POINTS[at].written is Written.JSON)
_IDENTIFIED: Final = tuple(at for at in _WRITTEN if at not in ("VEReq", "CRReq", "CRRes", "Error", "OReq", "ORes"))
_EXTENDED: Final = tuple(at for at in _WRITTEN if at not in ("Erro", "Error", "Method callback", "PARes"))
_REPLACED: Final = ("PRes", "ARes", "RRes", "VERes", "CRRes", "ORes", "RReq", "CRes post", "PARes")


class Drop(MessageFault, frozen=True, kw_only=True, tag="drop"):
    """An element is missing. EMV 3DS wants Erro 201."""

    points: ClassVar = _NAMED
    mistake: ClassVar = "a null pointer"
    example: ClassVar = '{"at":"ARes","do":"drop","element":"acsURL"}'

    element: Element

    def is_in(self, message: Message) -> bool:
        return emv.has_member(message, self.element)

    def changed(self, message: Message, around: Around) -> Message:
        holder, name = emv.holder_of(message, self.element)
        del holder[name]
        return message


class Set(MessageFault, frozen=True, kw_only=True, tag="set"):
    """An element has another value, or is there although it should not be."""

    points: ClassVar = (*_NAMED, *TO_THE_PHONE)
    mistake: ClassVar = "trusting values because they come from the scheme, or refusing elements that are new"
    example: ClassVar = '{"at":"RReq","do":"set","element":"transStatus","value":"Z"}'

    element: Element
    value: Any

    def __post_init__(self) -> None:
        try:
            length = len(orjson.dumps(self.value))
        except orjson.JSONEncodeError as error:
            raise ValueError(f"value cannot stand in a message: {error}") from error
        if length > MAX_VALUE_CHARACTERS:
            raise ValueError(f"value is longer than {MAX_VALUE_CHARACTERS} characters")

    def is_in(self, message: Message) -> bool:
        return parent_of(orjson.loads(orjson.dumps(message)), self.element, makes=True) is not None

    def changed(self, message: Message, around: Around) -> Message:
        emv.put(message, self.element, self.value)
        return message


class Rename(MessageFault, frozen=True, kw_only=True, tag="rename"):
    """An element has another name, in the same place."""

    points: ClassVar = _WRITTEN
    mistake: ClassVar = "names compared without case, so that the typing error is found in production"
    example: ClassVar = '{"at":"ARes","do":"rename","element":"dsTransID","to":"dsTransId"}'

    element: Element
    to: Name

    def is_in(self, message: Message) -> bool:
        return emv.has_member(message, self.element)

    def changed(self, message: Message, around: Around) -> Message:
        renamed(*emv.holder_of(message, self.element), self.to)
        return message

    def changed_v1(self, message: Message, around: Around) -> bytes:
        return xml.renamed(message, self.element, self.to)


class Retype(MessageFault, frozen=True, kw_only=True, tag="retype"):
    """An element has a value of another JSON type."""

    points: ClassVar = _IN_JSON
    mistake: ClassVar = "a cast"
    example: ClassVar = '{"at":"RReq","do":"retype","element":"interactionCounter","to":"number"}'

    element: Element
    to: Literal["text", "number", "boolean", "list", "object", "null"]

    def is_in(self, message: Message) -> bool:
        value = look_up(message, self.element)
        return value is not MISSING and emv.type_of(value) != self.to

    def changed(self, message: Message, around: Around) -> Message:
        emv.put(message, self.element, emv.retyped(look_up(message, self.element), self.to))
        return message


class SwapIds(MessageFault, frozen=True, kw_only=True, tag="swap-ids"):
    """The identifiers are those of another transaction that passed here, or (`with` unknown) of none at all. A result for an
    unknown transaction is Erro 301. `element`: only this one."""

    points: ClassVar = (*_IDENTIFIED, "CReq", "CRes")
    mistake: ClassVar = "finding the payment by one id, and believing the others"
    example: ClassVar = '{"at":"RReq","do":"swap-ids","with":"unknown"}'

    of: Literal["another", "unknown"] = msgspec.field(default="another", name="with")
    element: Name | None = None

    @property
    def reads_others(self) -> bool:
        return self.of == "another"

    def is_in(self, message: Message) -> bool:
        return any(look_up(message, name) is not MISSING for name in self._names(message))

    def changed(self, message: Message, around: Around) -> Message:
        random_id = xml.random_id if _is_v1(message) else emv.random_id
        for name in self._names(message):
            if look_up(message, name) is not MISSING:
                emv.put(message, name, self._known(around, name) or random_id(around.draw))
        return message

    def _names(self, message: Message) -> tuple[str, ...]:
        known = xml.IDS if _is_v1(message) else EMV_IDS
        return known if self.element is None else (self.element,)

    def _known(self, around: Around, name: str) -> str | None:
        return around.other.get(name) if self.of == "another" else None


class CriticalExtension(MessageFault, frozen=True, kw_only=True, tag="critical-extension"):
    """A message extension that nobody knows and that must not be ignored. Its criticalityIndicator is true."""

    points: ClassVar = _EXTENDED
    mistake: ClassVar = "ignoring every extension. One that is critical and unknown is Erro 202"
    example: ClassVar = '{"at":"ARes","do":"critical-extension"}'

    id: Annotated[str, Meta(min_length=1, max_length=64)] = "A000000999-acs-sim-unknown"

    def changed(self, message: Message, around: Around) -> Message:
        emv.extend(message, self.id)
        return message

    def changed_v1(self, message: Message, around: Around) -> Message:
        xml.extend(message, self.id)
        return message


class DuplicateKey(MessageFault, frozen=True, kw_only=True, tag="duplicate-key"):
    """A name that stands twice, with different values."""

    points: ClassVar = _WRITTEN
    mistake: ClassVar = (
        "the first wins in one parser and the last in the next, which is how checks are walked around. Erro 204"
    )
    example: ClassVar = '{"at":"ARes","do":"duplicate-key","element":"transStatus"}'

    element: Element

    def is_in(self, message: Message) -> bool:
        return emv.has_member(message, self.element)

    def changed(self, message: Message, around: Around) -> bytes:
        return emv.with_second(message, self.element)

    def changed_v1(self, message: Message, around: Around) -> Message:
        found = look_up(message, self.element)
        emv.put(message, self.element, [found, f"{found}0" if isinstance(found, str) else found])
        return message


class Shuffle(MessageFault, frozen=True, kw_only=True, tag="shuffle"):
    """The names in another order, which means the same."""

    points: ClassVar = _IN_JSON
    mistake: ClassVar = "reading by position, or comparing texts"
    example: ClassVar = '{"at":"ARes","do":"shuffle","when":"every"}'

    def changed(self, message: Message, around: Around) -> Message:
        return emv.shuffled(message, around.draw)


class Erro(MessageFault, frozen=True, kw_only=True, tag="erro"):
    """An Erro (1.0.2: an Error) in place of the message."""

    points: ClassVar = (*_REPLACED, "CRes")
    mistake: ClassVar = "waiting for the message that was due"
    example: ClassVar = '{"at":"ARes","from":"ACS","do":"erro","code":"403"}'

    code: Annotated[str, Meta(pattern="^[0-9]{1,3}$")] | None = None
    detail: Annotated[str, Meta(min_length=1, max_length=2048)] = "a fault was asked for"

    def changed(self, message: Message, around: Around) -> Message:
        return emv.erro_instead(message, around.sender, self.code or emv.DEFAULT_ERROR, self.detail)

    def changed_v1(self, message: Message, around: Around) -> Message:
        return xml.error_instead(message, self.code or xml.DEFAULT_ERROR, self.detail)


class Counter(MessageFault, frozen=True, kw_only=True, tag="counter"):
    """The counter of a message in an app is another one than is due. EMV 3DS wants Erro 302."""

    points: ClassVar = ("CReq", "CRes")
    mistake: ClassVar = "a counter that is sent and never compared, so that an old message can be played again"
    example: ClassVar = '{"at":"CRes","do":"counter","by":-1}'

    by: Annotated[int, Meta(ge=-255, le=255)] = 1

    def changed(self, message: Message, around: Around) -> Message:
        name = "sdkCounterStoA" if message.get("messageType") == "CReq" else "acsCounterAtoS"
        found = str(message.get(name))
        if found.isdecimal():
            message[name] = f"{(int(found) + self.by) % COUNTERS:03}"
        return message


def _is_v1(message: Message) -> bool:
    return "messageId" in message
