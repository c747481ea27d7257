"""What the directory server decides in 3-D Secure 1.0.2: who may ask, which ranges changed, what a VERes has to be. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from directory_server.ranges import Action, RangeList, list_name
from directory_server.settings import Acquirer
from threedsecure.cards.schemes import SCHEMES
from threedsecure.cards.test_cards import V1_SCHEMES
from threedsecure.v1.errors import ErrorCode, InvalidRequest, InvalidRequestCode, MessageError
from threedsecure.v1.messages import CardRangeChange
from threedsecure.v1.validation.checking import check
from threedsecure.v1.validation.rules import check_answer
from threedsecure.v1.views import CardRangeRequest, VerifyEnrolmentRequest

Message = Mapping[str, Any]


def refusal(
    request: CardRangeRequest | VerifyEnrolmentRequest, acquirers: Iterable[Acquirer], *, strangers: bool
) -> InvalidRequest | None:
    """Why this merchant may not ask: iReqCode 50 to 53 and 58. `strangers`: whether unlisted acquirers take part."""
    acquirer = next((known for known in acquirers if known.acq_bin == request.acq_bin), None)
    if acquirer is None:
        return None if strangers else _refused(InvalidRequestCode.ACQUIRER_NOT_PARTICIPATING, "Merchant.acqBIN")
    if acquirer.refusal is not None:
        return _refused(acquirer.refusal, "Merchant.acqBIN")
    if acquirer.merchants is not None and request.mer_id not in acquirer.merchants:
        return _refused(InvalidRequestCode.MERCHANT_NOT_PARTICIPATING, "Merchant.merID")
    if acquirer.password is None or request.password == acquirer.password:
        return None
    missing = request.password is None
    code = InvalidRequestCode.PASSWORD_MISSING if missing else InvalidRequestCode.PASSWORD_WRONG
    return _refused(code, "Merchant.password")


def changes(ranges: RangeList, serial_number: str | None) -> list[CardRangeChange] | None:
    """What a CRRes says: every range, or what changed since `serial_number`; None for one that is not known (iReqCode 57)."""
    if serial_number is None:
        return [CardRangeChange(found.start, found.end) for found in ranges]
    since = ranges.since(int(serial_number))
    return None if since is None else list(_edits(since))


def _edits(since: Iterable[Any]) -> Iterator[CardRangeChange]:
    for change in since:
        match change.action:
            case Action.ADD:
                yield CardRangeChange(change.card_range.start, change.card_range.end, "A")
            case Action.DELETE:
                yield CardRangeChange(change.card_range.start, change.card_range.end, "D")


def unknown_serial_number(serial_number: str | None) -> InvalidRequest:
    """iReqCode 57: the client is to drop its cache and ask for all."""
    return _refused(InvalidRequestCode.SERIAL_NUMBER_UNKNOWN, f"serialNumber {serial_number} is not known here")


def check_veres(veres: Message, vereq: Message) -> None:
    """What the directory server checks of an ACS's answer. Errors: `MessageError`."""
    check(veres)
    check_answer(veres, vereq)
    if veres["version"] != vereq["version"]:
        raise MessageError(ErrorCode.FORMAT_INVALID, "version", message=veres)


def for_the_acs(vereq: Message) -> dict[str, Any]:
    """The VEReq as it is forwarded: the password is between the merchant and the directory server."""
    merchant = {name: value for name, value in vereq["Merchant"].items() if name != "password"}
    return {**vereq, "Merchant": merchant}


def addresses() -> str:
    """Where the schemes that had a 1.0.2 programme are reached."""
    return ", ".join(f"/{list_name(scheme)}" for scheme in SCHEMES if scheme in V1_SCHEMES)


def _refused(code: InvalidRequestCode, detail: str) -> InvalidRequest:
    return InvalidRequest(code, detail)
