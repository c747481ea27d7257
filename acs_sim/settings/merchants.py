"""The merchants of the payment pages: what Paybox and Monetico agree with each in writing, here a few words of a setting."""

from collections.abc import Iterable
from typing import Annotated, Any, Final

import msgspec

HIDDEN: Final = "***"
PUBLISHED_PASSWORD: Final = "1999888I"  # noqa: S105 - the vendor prints it for everybody's tests
_VERSION: Final = msgspec.Meta(pattern=r"^(2\.1\.0|2\.2\.0|2\.3\.1)$")
_ADDRESS: Final = msgspec.Meta(pattern=r"^https?://[!-~]{1,2000}$")
_NAME: Final = msgspec.Meta(min_length=1, max_length=25)
_COUNTRY: Final = msgspec.Meta(pattern=r"^[0-8][0-9]{2}$")
FRANCE: Final = "250"

Name = Annotated[str, _NAME]
Version = Annotated[str, _VERSION]
Address = Annotated[str, _ADDRESS]
Country = Annotated[str, _COUNTRY]


class ETransactionsMerchant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A shop of e-transactions. `key`: of PBX_HMAC, hexadecimal; `password`: of the back office, the CLE of a server's question;
    `answer_url`: where the IPN goes when a form names no PBX_REPONDRE_A; `version`: the EMV 3DS version that its payments
    speak, whatever the card range says; `country`: where it is (ISO 3166-1, numeric)."""

    site: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{7}$")]
    rank: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{2,3}$")]
    identifier: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,9}$")]
    key: Annotated[str, msgspec.Meta(pattern=r"^([0-9A-Fa-f]{2}){16,128}$")]
    password: Annotated[str, msgspec.Meta(min_length=1, max_length=16)] = PUBLISHED_PASSWORD
    name: Name = "Boutique de test"
    answer_url: Address | None = None
    version: Version | None = None
    country: Country = FRANCE

    @property
    def identity(self) -> tuple[str, ...]:
        return self.site, self.rank.zfill(3), self.identifier


class MoneticoMerchant(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename="kebab"):
    """A shop of Monetico. `tpe`: its terminal; `key`: 40 characters, as the back office prints it; `company`: its `societe`, any
    when it is left out; `answer_url`: where the server's answer (CGI2) goes; `version` and `country`: as with e-transactions."""

    tpe: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Za-z]{3,8}$")]
    key: Annotated[str, msgspec.Meta(pattern=r"^[0-9A-Fa-f]{38}[0-9A-Za-z]{2}$")]
    company: Annotated[str, msgspec.Meta(max_length=20)] | None = None
    name: Name = "Boutique de test"
    answer_url: Address | None = None
    version: Version | None = None
    country: Country = FRANCE

    @property
    def identity(self) -> tuple[str, ...]:
        return self.tpe, self.company or ""


Merchant = ETransactionsMerchant | MoneticoMerchant
KINDS: Final[dict[str, type[Merchant]]] = {"e-transactions": ETransactionsMerchant, "monetico": MoneticoMerchant}
"""By the name of the payment page, which is the name of the setting too."""


def read_merchants(written: str | Iterable[str]) -> list[dict[str, str]]:
    """Merchants as a flag or a variable tells them: `name=value` separated by commas, one merchant from the next by a blank.

    Errors: `ValueError`."""
    texts = written.split() if isinstance(written, str) else written
    return [_read(text) for text in texts]


def _read(text: str) -> dict[str, str]:
    pairs = [part.partition("=") for part in text.split(",")]
    if any(not equals for _, equals, _ in pairs):
        raise ValueError(f"{text[:40]!r} is no merchant: write name=value,name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


def shown(merchant: Merchant) -> dict[str, Any]:
    """A merchant for people to see: without what seals and opens."""
    told: dict[str, Any] = msgspec.to_builtins(merchant)
    return {name: HIDDEN if name in ("key", "password") else value for name, value in told.items() if value is not None}
