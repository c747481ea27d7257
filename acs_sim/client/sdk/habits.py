"""What SDKs that ship do otherwise than the reference, by the family that is known for it. An ACS has to live with each."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from msgspec import Struct

from threedsecure.v2.errors import ErrorCode

Profile = Literal["strict", "stripe-android", "stripe-ios"]


class Habits(Struct, frozen=True, kw_only=True):
    """`compares_key`: sdkEphemPubKey in acsSignedContent has to be its own. `no_entry_always`: the first CReq, a resend and a
    continue say challengeNoEntry Y too (since 2.2.0). `few_words`: one of header, label and text is enough on a screen.
    `wrong_version`: errorCode for a CRes of another version. `key_use`: `use` in sdkEphemPubKey. `cbc_alone`: it knows no
    A128GCM."""

    compares_key: bool = True
    no_entry_always: bool = False
    few_words: bool = False
    wrong_version: str = ErrorCode.FORMAT_INVALID
    key_use: str | None = None
    cbc_alone: bool = False


STRICT: Final = Habits()
PROFILES: Final[Mapping[Profile, Habits]] = MappingProxyType(
    {
        "strict": STRICT,
        "stripe-android": Habits(
            compares_key=False,
            no_entry_always=True,
            few_words=True,
            wrong_version=ErrorCode.VERSION_NOT_SUPPORTED,
            key_use="sig",
        ),
        "stripe-ios": Habits(compares_key=False, cbc_alone=True),
    }
)
