"""AReq and ARes at the directory server: what it adds, what it holds the answer against, what it answers in the issuer's place."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Final

from directory_server.authentication.device_information import SDK_ENCRYPTED_DATA
from directory_server.ranges import StandIn
from directory_server.transactions.states import Event
from directory_server.transactions.versions import at_least
from threedsecure.cards import cartes_bancaires, test_cards
from threedsecure.cards.authentication_values import NoAuthenticationValue, emv_authentication_value
from threedsecure.cards.card_numbers import mask
from threedsecure.cards.other_cards import OtherCards
from threedsecure.cards.schemes import eci, ecis, networks
from threedsecure.redaction import redact_card_numbers
from threedsecure.v2.errors import ErrorCode, MessageError
from threedsecure.v2.validation.checking import Context, Leg, check, context_of, defined
from threedsecure.v2.validation.identifiers import same_id
from threedsecure.v2.validation.plans import plan_for

Message = Mapping[str, Any]

IDENTIFIERS: Final = ("threeDSServerTransID", "dsTransID", "acsTransID", "sdkTransID")
PAYMENT: Final = "01"
RESULTS_FOLLOW: Final = ("C", "D")
CONFIRMING: Final = "S"
"""The requestor's page asks, and a second AReq brings what it heard."""
NO_CARD_RECORD: Final = "08"
ATTEMPTS_SERVER: Final = "98"  # Visa's authentication method code of whoever stands in for the issuer
DEVICE_INFO_VERSION: Final = "1.6"
INDICATOR: Final = "ACS-SIM-DCAP"
MAX_EXTENSIONS: Final = 10
PURCHASE_DATE_TOLERANCE: Final = timedelta(minutes=30)


class Trouble(Enum):
    """Why there is no answer of the issuer's to relay."""

    UNREACHABLE = "the ACS could not be reached"
    SILENT = "the ACS did not answer in time"
    INVALID = "the ACS answered what is not a valid ARes"
    ERRO = "the ACS answered with an Erro"


@dataclass(frozen=True, slots=True)
class OwnAnswer:
    """What the directory server decides where it answers in the issuer's place."""

    trans_status: str
    trans_status_reason: str | None = None


# Visa gives a reason of its own to each trouble (80-83); the other schemes are not known to.
_VISA_REASONS: Final = {Trouble.UNREACHABLE: "80", Trouble.SILENT: "81", Trouble.INVALID: "82", Trouble.ERRO: "83"}


def for_the_acs(areq: Message, context: Context, device: Mapping[str, str]) -> dict[str, Any]:
    """The AReq as the ACS gets it, but for the directory server's own elements: only what its version, channel and category define.
    `device`: what the directory server decrypted."""
    relayed = defined(areq, context)
    relayed.pop(SDK_ENCRYPTED_DATA, None)
    return {**relayed, **device} if device else relayed


@cache
def knows_ds_url(version: str, device_channel: str, category: str) -> bool:
    """Whether an AReq has a dsURL: 3RI of 2.1.0 has none."""
    return "dsURL" in plan_for("AReq", Context(version, device_channel, category, Leg.DS_TO_ACS)).scope.fields


def check_answer(ares: Message, sent: Message) -> None:
    """Hold an ARes against the AReq that the ACS got. Errors: `MessageError`, 203 for another version, 301 for other ids."""
    check_same_version(ares, sent["messageVersion"])
    check(ares, context_of(ares, Leg.ACS_TO_DS, sent))


def identifiers(sent: Message) -> dict[str, str]:
    """The identifiers of the transaction, by their names in the messages, as far as `sent` tells them."""
    return {name: sent[name] for name in IDENTIFIERS if name in sent}


def for_the_three_ds_server(ares: Message, sent: Message, scheme: str) -> dict[str, Any]:
    """The ARes as the 3DS Server gets it: only what is defined, with the scheme's ECI."""
    whole = {**ares, **identifiers(sent)}
    relayed = defined(whole, context_of(ares, Leg.DS_TO_THREE_DS_SERVER, sent))
    return with_scheme_eci(relayed, scheme, sent["messageCategory"])


def with_scheme_eci(message: dict[str, Any], scheme: str, category: str) -> dict[str, Any]:
    """`message` with the ECI that the scheme gives to the outcome of a payment; other categories keep what the ACS said."""
    eci = eci_of(message, scheme, category)
    return message if eci is None else message | {"eci": eci}


def eci_of(message: Message, scheme: str, category: str) -> str | None:
    """The ECI that goes to the 3DS Server with an ARes or RReq: the scheme's in a payment, else what the ACS said."""
    status, said = message.get("transStatus"), message.get("eci")
    own = ecis(scheme, status) if category == PAYMENT and isinstance(status, str) else ()
    return said if said in own or not own else own[0]


def with_indicator(ares: dict[str, Any], lacking: tuple[str, ...] | None) -> dict[str, Any]:
    """`ares` with the indicator of a programme that looks for more data: what of it was `lacking`. The schemes' own layout is not
    public: name, id and data are the simulator's."""
    if lacking is None:
        return ares
    data = {"qualified": "N" if lacking else "Y", **({"missing": ",".join(lacking)} if lacking else {})}
    extension = {"name": INDICATOR, "id": INDICATOR, "criticalityIndicator": False, "data": data}
    return _with_extension(ares, extension)


def scored(ares: dict[str, Any], sent: Message) -> dict[str, Any]:
    """`ares` with the score of Cartes Bancaires' analysis, unless it has one. How CB reckons is not public: here it is the last two
    digits of the amount, so that whoever tests can choose it."""
    if cartes_bancaires.has_score(ares):
        return ares
    return _with_extension(ares, cartes_bancaires.score(int(sent.get("purchaseAmount", "0")[-2:])))


def _with_extension(ares: dict[str, Any], extension: dict[str, Any]) -> dict[str, Any]:
    """As long as there is room for one more."""
    told = ares.get("messageExtension", [])
    return ares if len(told) >= MAX_EXTENSIONS else ares | {"messageExtension": [*told, extension]}


def event_of(ares: Message, *, result_after_spc: bool = False) -> Event:
    """`result_after_spc`: an ARes S is followed by an RReq of its own, on which sources disagree."""
    status = ares.get("transStatus")
    follows = status in RESULTS_FOLLOW or (status == CONFIRMING and result_after_spc)
    return Event.ARES_CHALLENGE if follows else Event.ARES_FINAL


def not_enrolled() -> OwnAnswer:
    return OwnAnswer("N", NO_CARD_RECORD)


def unavailable(scheme: str, version: str, trouble: Trouble) -> OwnAnswer:
    """U with the reason nearest to `trouble`: 22 (technical issue) exists from 2.2.0, before it only 14 (timed out) comes close."""
    if scheme == "visa":
        return OwnAnswer("U", _VISA_REASONS[trouble])
    return OwnAnswer("U", "22" if at_least(version, "2.2.0") and trouble is not Trouble.SILENT else "14")


def standing_in(sent: Message, scheme: str, stand_in: StandIn, trouble: Trouble, acs_trans_id: str) -> dict[str, Any]:
    """The ARes in place of the ACS's: an attempt, or U where that is asked for or no proof can be made."""
    if stand_in == StandIn.ATTEMPT:
        with suppress(NoAuthenticationValue):
            return answered_here(sent, scheme, OwnAnswer("A"), acs_trans_id)
    return answered_here(sent, scheme, unavailable(scheme, sent["messageVersion"], trouble), acs_trans_id)


def answered_here(sent: Message, scheme: str, own: OwnAnswer, acs_trans_id: str) -> dict[str, Any]:
    """An ARes made by the directory server. `sent`: the AReq with the directory server's elements. An attempt in a payment carries
    the directory server's own proof, under the scheme's published test key. Errors: `NoAuthenticationValue`."""
    ares: dict[str, Any] = {
        "messageType": "ARes",
        "messageVersion": sent["messageVersion"],
        "threeDSServerTransID": sent["threeDSServerTransID"],
        "dsTransID": sent["dsTransID"],
        "acsTransID": acs_trans_id,
        "dsReferenceNumber": sent["dsReferenceNumber"],
        "acsReferenceNumber": sent["dsReferenceNumber"],
        "transStatus": own.trans_status,
    }
    if "sdkTransID" in sent:
        ares["sdkTransID"] = sent["sdkTransID"]
        if at_least(sent["messageVersion"], "2.3.0"):
            ares |= {"threeDSRequestorAppURLInd": "N", "deviceInfoRecognisedVersion": DEVICE_INFO_VERSION}
    if own.trans_status_reason is not None:
        ares["transStatusReason"] = own.trans_status_reason
    if own.trans_status == "A" and sent["messageCategory"] == PAYMENT:
        ares["authenticationValue"] = _own_value(sent, scheme, own.trans_status)
    if sent["messageCategory"] == PAYMENT:
        ares["eci"] = eci(scheme, sent["acctNumber"], own.trans_status)
    return with_scheme_eci(ares, scheme, sent["messageCategory"])


def _own_value(sent: Message, scheme: str, trans_status: str) -> str:
    return emv_authentication_value(
        scheme,
        pan=sent["acctNumber"],
        trans_status=trans_status,
        ds_trans_id=sent["dsTransID"],
        purchase_amount=int(sent["purchaseAmount"]),
        purchase_currency=sent["purchaseCurrency"],
        purchase_date=sent["purchaseDate"],
        version=sent["messageVersion"],
        method=ATTEMPTS_SERVER,
    )


def is_not_enrolled(pan: str, scheme: str, others: OtherCards) -> bool:
    """Whether a card that is in no range is one of this scheme's test cards all the same, or one of another system."""
    other = others.by_number.get(pan)
    if other is not None:
        return scheme in other.schemes
    card = test_cards.read(pan)
    return card is not None and scheme in {card.scheme, *networks(pan)}


def unknown_card(areq: Message, scheme: str) -> MessageError:
    """305 for a number that no issuer here answers for, with words that help: its scheme, or the nearest test cards."""
    pan = areq["acctNumber"]
    card = test_cards.read(pan)
    if card is not None:
        detail = (
            f"acctNumber: {mask(pan)} is a test card of {card.scheme}, not of {scheme}: post it to /{card.scheme}/3ds2"
        )
    else:
        near = ", ".join(f"{mask(c.pan)} ({c.scheme} {c.scenario.name})" for c in test_cards.nearest(pan))
        detail = f"acctNumber: the simulator does not know {mask(pan)}. The nearest test cards: {near}"
    return MessageError(ErrorCode.TRANSACTION_DATA_NOT_VALID, detail, message=areq)


def check_purchase_date(areq: Message, now: datetime) -> None:
    """2.3.1: purchaseDate (UTC) is at most 30 minutes from the directory server's clock. Errors: `MessageError` 203."""
    written = areq.get("purchaseDate")
    if written is None or not at_least(areq["messageVersion"], "2.3.0"):
        return
    earliest, latest = (_written(now + far) for far in (-PURCHASE_DATE_TOLERANCE, PURCHASE_DATE_TOLERANCE))
    if not earliest <= written <= latest:
        raise MessageError(
            ErrorCode.FORMAT_INVALID,
            "purchaseDate",
            description=f"purchaseDate is more than 30 minutes from {_written(now)}, the directory server's clock (UTC)",
            message=areq,
        )


def _written(instant: datetime) -> str:
    """As purchaseDate is written; text sorts as time does."""
    return f"{instant.astimezone(UTC):%Y%m%d%H%M%S}"


def check_sender(message: Message, known: tuple[str, ...]) -> None:
    """A 3DS Server is known by its threeDSServerRefNumber; everybody is where none is listed. Errors: `MessageError` 303."""
    sender = message["threeDSServerRefNumber"]
    if known and sender not in known:
        detail = f"threeDSServerRefNumber: {redact_card_numbers(sender)} has no access to this directory server"
        raise MessageError(ErrorCode.ACCESS_DENIED, detail, message=message)


def check_range_version(areq: Message, versions: tuple[str, ...]) -> None:
    """Errors: `MessageError` 102 naming the versions that the card's issuer speaks."""
    version = areq["messageVersion"]
    if version not in versions:
        raise MessageError(
            ErrorCode.VERSION_NOT_SUPPORTED,
            ",".join(versions),
            description=f"the card range of this acctNumber does not support {version}",
            message=areq,
        )


def check_same_version(message: Message, version: str) -> None:
    """A version does not change inside a transaction. Errors: `MessageError` 203."""
    if message["messageVersion"] != version:
        raise MessageError(
            ErrorCode.FORMAT_INVALID,
            "messageVersion",
            description=f"the transaction is in version {version}",
            message=message,
        )


def check_identifiers(message: Message, expected: Mapping[str, str | None]) -> None:
    """Every identifier present is the one `expected`, whatever its case. Errors: `MessageError` 301 naming those that are not."""
    wrong = [
        name for name, value in expected.items() if value and name in message and not same_id(message[name], value)
    ]
    if wrong:
        raise MessageError(ErrorCode.TRANSACTION_ID_NOT_RECOGNISED, ",".join(wrong), message=message)
