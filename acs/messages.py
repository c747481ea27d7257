"""The messages that the ACS writes: ARes, RReq, CRes."""

from collections.abc import Mapping
from typing import Any

from acs import versions
from acs.records import Purchase, Result, Transaction
from acs.results import AUTHENTICATION_METHODS, AUTHENTICATION_TYPE
from acs.settings import AcsSettings
from threedsecure.v2.codec import encode, encode_base64url
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import MessageError


def ares(transaction: Transaction, settings: AcsSettings) -> dict[str, Any]:
    """The answer to the AReq: final when the transaction has a result, else transStatus C."""
    message = {
        "messageType": "ARes",
        "messageVersion": transaction.purchase.version,
        **identifiers(transaction),
        "dsReferenceNumber": transaction.purchase.ds_reference_number,
        "acsReferenceNumber": settings.acs_reference_number,
        "acsOperatorID": settings.acs_operator_id,
        **transaction.purchase.echoed,
        **versions.of_the_channel(transaction.purchase.version, transaction.purchase.device_channel),
    }
    if transaction.result is not None:
        return (
            message
            | _outcome(transaction.result)
            | versions.exempted(transaction.purchase.version, transaction.result.exemption)
        )
    return message | {
        "transStatus": "C",
        "acsURL": settings.acs_url,
        "acsChallengeMandated": "Y" if transaction.purchase.challenge_mandated else "N",
        **versions.announced(transaction.purchase.version, AUTHENTICATION_TYPE, _method(transaction)),
    }


def rreq(transaction: Transaction, result: Result, reported: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The result of a challenge, for the directory server. `reported`: the Erro that ended it, which 2.3.1 passes on."""
    message = {
        "messageType": "RReq",
        "messageVersion": transaction.purchase.version,
        **identifiers(transaction),
        "messageCategory": transaction.purchase.message_category,
        **_outcome(result),
        "interactionCounter": f"{result.interaction_counter or 0:02}",
    }
    if result.trans_status in ("Y", "N") and transaction.method is not None:
        message |= versions.performed(transaction.purchase.version, AUTHENTICATION_TYPE, _method(transaction))
    if result.challenge_cancel is not None:
        message |= versions.cancelled(transaction.purchase.version, result.challenge_cancel, reported)
    return message


def cres(transaction: Transaction) -> dict[str, Any]:
    """The final CRes for the browser. It knows only Y and N; what the RReq said counts."""
    passed = transaction.result is not None and transaction.result.trans_status == "Y"
    return {
        "messageType": "CRes",
        "messageVersion": transaction.purchase.version,
        "threeDSServerTransID": transaction.purchase.three_ds_server_trans_id,
        "acsTransID": transaction.acs_trans_id,
        "challengeCompletionInd": "Y",
        "transStatus": "Y" if passed else "N",
    }


def answered_with(transaction: Transaction, error: MessageError) -> dict[str, Any]:
    """The Erro that answers a CReq."""
    error.message = error.message or {"messageType": "CReq"}
    return erro(error, component="A", ids=identifiers(transaction), version=transaction.purchase.version)


def form_value(message: Mapping[str, Any]) -> str:
    """A message as a field of a browser's form."""
    return encode_base64url(encode(message))


def identifiers(transaction: Transaction) -> dict[str, Any]:
    """Every identifier that the transaction goes by."""
    purchase: Purchase = transaction.purchase
    identified = {
        "threeDSServerTransID": purchase.three_ds_server_trans_id,
        "dsTransID": purchase.ds_trans_id,
        "acsTransID": transaction.acs_trans_id,
    }
    if purchase.sdk_trans_id is not None:
        identified["sdkTransID"] = purchase.sdk_trans_id
    return identified


def _method(transaction: Transaction) -> str:
    """authenticationMethod: 10 (other) where nobody was asked."""
    return "10" if transaction.method is None else AUTHENTICATION_METHODS[transaction.method]


def _outcome(result: Result) -> dict[str, Any]:
    elements = {
        "transStatus": result.trans_status,
        "transStatusReason": result.trans_status_reason,
        "eci": result.eci,
        "authenticationValue": result.authentication_value,
    }
    return {name: value for name, value in elements.items() if value is not None}
