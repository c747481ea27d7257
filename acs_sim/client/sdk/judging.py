"""What an SDK makes of a CRes: as strict as those that ship (SDK specification, section 5; Req 320 and others)."""

from collections.abc import Mapping
from typing import Any, Final

from acs_sim.client.sdk.habits import STRICT, Habits
from threedsecure.v2.codec import decode_object
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Context, Leg, check
from threedsecure.v2.validation.identifiers import same_id

APP: Final = "01"
FINAL_ELEMENTS: Final = frozenset(
    {
        "threeDSServerTransID",
        "acsCounterAtoS",
        "acsTransID",
        "challengeCompletionInd",
        "messageExtension",
        "messageType",
        "messageVersion",
        "sdkTransID",
        "transStatus",
    }
)
WORDS: Final = frozenset({"challengeInfoHeader", "challengeInfoLabel", "challengeInfoText"})
_OVER: Final = "Y"


class ProtocolFailure(Exception):
    """A CRes that is refused: errorCode and errorDetail of the SDK's Erro."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = str(code)
        self.detail = detail


def judged(plain: bytes, version: str, ids: Mapping[str, str], counter: str, habits: Habits = STRICT) -> dict[str, Any]:
    """The CRes in a plaintext. Errors: `ProtocolFailure` with the code that a shipping SDK sends."""
    try:
        cres = decode_object(plain)
        _is_the_next(cres, version, ids, counter, habits)
        _hold_against_the_tables(cres, version, habits)
    except MessageError as error:
        raise ProtocolFailure(error.code, error.detail) from error
    strange = sorted(cres.keys() - FINAL_ELEMENTS)
    if is_final(cres) and strange:
        raise ProtocolFailure(ErrorCode.MESSAGE_RECEIVED_INVALID, ",".join(strange))
    return cres


def is_final(cres: Mapping[str, Any]) -> bool:
    """Whether the challenge is over with it."""
    return cres.get("challengeCompletionInd") == _OVER


def _hold_against_the_tables(cres: Mapping[str, Any], version: str, habits: Habits) -> None:
    """Errors: `MessageError`."""
    try:
        check(cres, Context(version, APP, leg=Leg.FROM_ACS))
    except MessageError as error:
        missing = error.code == ErrorCode.REQUIRED_ELEMENT_MISSING and set(error.detail.split(",")) <= WORDS
        if not (habits.few_words and missing and WORDS & cres.keys()):
            raise


def _is_the_next(cres: Mapping[str, Any], version: str, ids: Mapping[str, str], counter: str, habits: Habits) -> None:
    """Type, counter, version and identifiers, where they are there and well-formed enough to be judged."""
    if cres.get("messageType") != "CRes":
        raise MessageError(ErrorCode.MESSAGE_RECEIVED_INVALID, "messageType")
    found = cres.get("acsCounterAtoS")
    if isinstance(found, str) and len(found) == len(counter) and found.isdecimal() and found != counter:
        raise MessageError(ErrorCode.DATA_DECRYPTION_FAILURE, "acsCounterAtoS")
    if cres.get("messageVersion") not in (None, "", version):
        raise MessageError(habits.wrong_version, "messageVersion")
    foreign = [
        name
        for name, value in ids.items()
        if isinstance(told := cres.get(name), str) and len(told) == len(value) and not same_id(told, value)
    ]
    if foreign:
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, ",".join(foreign))
