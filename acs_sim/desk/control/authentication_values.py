"""`/api/authentication-values/verify`: an acquirer holds the proof that a gateway hands it against the published test keys."""

from typing import Annotated, Final, Literal, TypeVar

from msgspec import Meta, Struct
from msgspec.structs import replace

from acs_sim.desk.api.calls import Desk, call
from acs_sim.desk.api.documents import Request, Scheme
from threedsecure.cards.authentication_values import (
    verify_classic_authentication_value,
    verify_emv_authentication_value,
)
from threedsecure.v2.validation.as_of import day_of
from threedsecure.v2.validation.dated import remarks
from threedsecure.v2.validation.identifiers import one_spelling
from threedsecure.web.wire import Problem

Value = TypeVar("Value")
NAMES: Final = {"visa": "CAVV", "mastercard": "AAV", "amex": "AEVV"}
"""What a scheme calls the proof; the others say CAVV."""
METHODS: Final = ("02", "99", "98", "97", "07")
"""Visa's codes of how the cardholder was authenticated, which an acquirer is not told."""


class AuthenticationValueWish(Request, frozen=True):
    """What an authorisation carries of the authentication. EMV 3DS: `version` 2.x, `dsTransID`, `purchaseAmount` in minor units,
    `purchaseCurrency` (ISO 4217, numeric), `purchaseDate` (YYYYMMDDHHMMSS); `messageVersion`: what the authorisation says that
    `version` was. 1.0.2: `version` 1.0.2 and `merchantName`."""

    scheme: Scheme
    value: Annotated[str, Meta(min_length=1, max_length=64)]
    pan: Annotated[str, Meta(pattern=r"^[0-9]{13,19}\Z")]
    version: Literal["1.0.2", "2.1.0", "2.2.0", "2.3.1"] = "2.2.0"
    transStatus: Literal["Y", "A", "I"] = "Y"  # noqa: N815 - the specification's name
    dsTransID: Annotated[str, Meta(max_length=36)] | None = None  # noqa: N815
    purchaseAmount: Annotated[int, Meta(ge=0, le=10**15)] | None = None  # noqa: N815
    purchaseCurrency: Annotated[str, Meta(pattern=r"^[0-9]{3}\Z")] | None = None  # noqa: N815
    purchaseDate: Annotated[str, Meta(pattern=r"^[0-9]{14}\Z")] | None = None  # noqa: N815
    merchantName: Annotated[str, Meta(max_length=40)] | None = None  # noqa: N815
    messageVersion: Annotated[str, Meta(pattern=r"^[0-9]\.[0-9](\.[0-9]{1,2})?\Z")] | None = None  # noqa: N815


class AuthenticationValueVerdict(Struct, frozen=True, omit_defaults=True):
    """`valid`: whether the simulator made this value for exactly this. `name`: what the scheme calls it. `reason`: why a value that
    was made for this is not valid all the same; `advice`: why it will not be, or that the version is another one."""

    valid: bool
    name: str
    reason: str | None = None
    advice: str | None = None


@call("POST", "/api/authentication-values/verify", errors=(400,))
async def verify_authentication_value(desk: Desk, wish: AuthenticationValueWish) -> AuthenticationValueVerdict:
    """Whether an authentication value (CAVV, AAV, AEVV) is the one that the simulator made for this payment."""
    name = NAMES.get(wish.scheme, "CAVV")
    if wish.version == "1.0.2":
        return AuthenticationValueVerdict(_classic(wish), name)
    verdict = AuthenticationValueVerdict(_emv(wish), name)
    return _ruled(wish, verdict, day_of(desk.rules_as_of, desk.runtime.clock.now())) if verdict.valid else verdict


def _ruled(
    wish: AuthenticationValueWish, verdict: AuthenticationValueVerdict, day: str | None
) -> AuthenticationValueVerdict:
    """The verdict on a value that was made for this, with what is said of the version that the authorisation tells."""
    told = wish.messageVersion
    if told is not None and _minor(told) == _minor(wish.version):
        return verdict
    rules = remarks({"transStatus": wish.transStatus, "messageVersion": None}, day, (wish.scheme,))
    found = (
        "messageVersion is missing"
        if told is None
        else f"messageVersion is {told}, the authentication's {wish.version}"
    )
    why = "; ".join((found, *(remark.words for remark in rules)))
    if any(remark.enforced for remark in rules):
        return replace(verdict, valid=False, reason=why)
    return replace(verdict, advice=why) if rules or told is not None else verdict


def _minor(version: str) -> list[str]:
    """major.minor."""
    return version.split(".")[:2]


def _classic(wish: AuthenticationValueWish) -> bool:
    return verify_classic_authentication_value(
        wish.scheme,
        wish.value,
        pan=wish.pan,
        status=wish.transStatus,
        merchant_name=_told(wish.merchantName, "merchantName"),
    )


def _emv(wish: AuthenticationValueWish) -> bool:
    ds_trans_id, date = one_spelling(_told(wish.dsTransID, "dsTransID")), _told(wish.purchaseDate, "purchaseDate")
    amount, currency = _told(wish.purchaseAmount, "purchaseAmount"), _told(wish.purchaseCurrency, "purchaseCurrency")
    return any(
        verify_emv_authentication_value(
            wish.scheme,
            wish.value,
            pan=wish.pan,
            trans_status=wish.transStatus,
            ds_trans_id=ds_trans_id,
            purchase_amount=amount,
            purchase_currency=currency,
            purchase_date=date,
            version=wish.version,
            method=method,
        )
        for method in METHODS
    )


def _told(value: Value | None, name: str) -> Value:
    """Errors: `Problem` 400 where it is missing."""
    if value is None:
        raise Problem(400, "Bad Request", f"{name} is missing: version says which elements the value was made of")
    return value
