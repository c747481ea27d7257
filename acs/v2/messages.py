"""The messages that the ACS writes: ARes, RReq, CRes."""

from collections.abc import Mapping
from typing import Any

from acs.cardholder.methods.table import METHODS
from acs.cardholder.passkeys.ceremony import Ceremony
from acs.cardholder.texts import choose_language, decoupled_text
from acs.cards.plays import rreq_order_of
from acs.settings import AcsSettings
from acs.v2.decision import versions
from acs.v2.decision.extensions import said
from acs.v2.decision.versions import LATEST
from acs.v2.records import Purchase, Result, Transaction, bank_of
from threedsecure.addresses import is_email
from threedsecure.cards.plays import Method, RReqOrder
from threedsecure.v2.codec import encode, encode_base64url
from threedsecure.v2.erro import erro
from threedsecure.v2.errors import MessageError
from threedsecure.v2.grammar.context import Context, Leg
from threedsecure.v2.validation.plans import plan_for


def ares(
    transaction: Transaction,
    settings: AcsSettings,
    signed_content: str | None = None,
    ceremony: Ceremony | None = None,
) -> dict[str, Any]:
    """The answer to the AReq: final when the transaction has a result, else transStatus C. `signed_content`: acsSignedContent, for
    an app that is challenged; `ceremony`: what the requestor's page is to ask, with transStatus S."""
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
    message |= _trust(transaction.purchase.version, transaction.purchase.trust_status) | said(transaction, None)
    message |= _binding(transaction.purchase.binding_status) | _told(transaction, "ARes")
    if transaction.purchase.decoupled:
        return message | _deferred(transaction, settings)
    if ceremony is not None:
        return message | _confirmation(ceremony)
    if transaction.result is not None:
        return (
            message
            | _outcome(transaction.result)
            | _authentication(transaction, with_method=False)
            | versions.exempted(transaction.purchase.version, transaction.result.exemption)
        )
    where = (
        {"acsURL": bank_of(transaction, settings).acs_url}
        if signed_content is None
        else {"acsSignedContent": signed_content, **_rendering(transaction), **_returns(transaction)}
    )
    return message | {"transStatus": "C", **where, **_challenged(transaction)}


def _returns(transaction: Transaction) -> dict[str, str]:
    """2.3.1: where the banking app is asked, it can come back to the requestor's app."""
    comes_back = transaction.method is Method.OUT_OF_BAND and transaction.purchase.version == LATEST
    return {"threeDSRequestorAppURLInd": "Y"} if comes_back else {}


def rreq(transaction: Transaction, result: Result, reported: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The result of a challenge, for the directory server. `reported`: the Erro that ended it, which 2.3.1 passes on."""
    message = {
        "messageType": "RReq",
        "messageVersion": transaction.purchase.version,
        **identifiers(transaction),
        "messageCategory": transaction.purchase.message_category,
        **_outcome(result),
        **_trust(transaction.purchase.version, result.trust_status),
        **_binding(result.binding_status),
        **said(transaction, result),
        **_told(transaction, "RReq"),
    }
    if transaction.purchase.version == "2.1.0":
        message.pop("sdkTransID", None)  # an RReq has it since 2.2.0
    if not transaction.purchase.decoupled:
        message |= _rendering(transaction)
        message["interactionCounter"] = f"{result.interaction_counter or 0:02}"
    if result.trans_status in ("Y", "N"):
        message |= _authentication(transaction, with_method=True)
    if result.challenge_cancel is not None:
        message |= versions.cancelled(transaction.purchase.version, result.challenge_cancel, reported)
    return message


def cres(transaction: Transaction) -> dict[str, Any]:
    """The final CRes, which for the browser has no challengeCompletionInd. It knows only Y and N, and D where it goes on decoupled;
    what the RReq said counts."""
    told = transaction.result.trans_status if transaction.result is not None else "N"
    status = told if told in ("Y", "D") else "N"
    if rreq_order_of(transaction.card.scenario) is RReqOrder.CONTRADICTING:
        status = "N" if status == "Y" else "Y"
    return {
        "messageType": "CRes",
        "messageVersion": transaction.purchase.version,
        "threeDSServerTransID": transaction.purchase.three_ds_server_trans_id,
        "acsTransID": transaction.acs_trans_id,
        "transStatus": status,
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


def _rendering(transaction: Transaction) -> dict[str, Any]:
    """acsRenderingType of a challenge in an app; none in a browser."""
    app = transaction.purchase.app
    if app is None:
        return {}
    rendering = {"acsInterface": app.interface, "acsUiTemplate": app.template}
    if transaction.purchase.version == versions.LATEST:
        rendering["deviceUserInterfaceMode"] = versions.PORTRAIT
    return {"acsRenderingType": rendering}


def _confirmation(ceremony: Ceremony) -> dict[str, Any]:
    """transStatus S. Sources agree on texts: a timeout of digits, one credential id an entry."""
    asked, payment = ceremony.options, ceremony.options["payment"]
    data = {
        "challenge": asked["challenge"],
        **payment["total"],
        **payment["instrument"],
        **{name: payment[name] for name in ("payeeName", "payeeOrigin") if name in payment},
        "timeout": str(asked["timeout"]),
    }
    listed = [{"rpID": asked["rpId"], "credentialIds": name} for name in asked["credentialIds"]]
    return {"transStatus": "S", "spcTransData": data, "webAuthnCredList": listed}


def _challenged(transaction: Transaction) -> dict[str, Any]:
    mandated = "Y" if transaction.purchase.challenge_mandated else "N"
    return {"acsChallengeMandated": mandated, **_authentication(transaction, with_method=False)}


def _deferred(transaction: Transaction, settings: AcsSettings) -> dict[str, Any]:
    language = choose_language(transaction.card.language or transaction.purchase.language)
    words = decoupled_text(settings.of(transaction.card.pan).issuer_name, language)
    return {
        "transStatus": "D",
        "acsDecConInd": "Y",
        "cardholderInfo": words if transaction.purchase.version == "2.2.0" else {"text": words},
        **_challenged(transaction),
    }


def _authentication(transaction: Transaction, *, with_method: bool) -> dict[str, Any]:
    """authenticationType, and in an RReq authenticationMethod; 2.3.1 has only the latter, in both messages."""
    if transaction.method is None:
        return {}
    described, version = METHODS[transaction.method], transaction.purchase.version
    elements: dict[str, Any] = {}
    if version in ("2.1.0", "2.2.0"):
        elements["authenticationType"] = described.authentication_type
    if with_method or not elements:
        by_email = is_email(transaction.card.phone)
        elements["authenticationMethod"] = described.authentication_method(version, by_email=by_email)
    return elements


def _trust(version: str, status: str | None) -> dict[str, str]:
    """What the trust list says of the merchant, which the ACS keeps (source 03). 2.1.0 knows no such list."""
    if status is None or version == "2.1.0":
        return {}
    name = "whiteListStatus" if version == "2.2.0" else "trustListStatus"
    return {name: status, f"{name}Source": "03"}


def _binding(status: str | None) -> dict[str, str]:
    """What the ACS says of the device (source 03). Only 2.3.1 asks."""
    return {} if status is None else {"deviceBindingStatus": status, "deviceBindingStatusSource": "03"}


def _told(transaction: Transaction, message_type: str) -> dict[str, Any]:
    """What a rule adds, as far as the message has such an element."""
    tells, purchase = transaction.card.tells, transaction.purchase
    if not tells:
        return {}
    context = Context(purchase.version, purchase.device_channel, purchase.message_category, Leg.ACS_TO_DS)
    defined = plan_for(message_type, context).scope.fields
    return {name: value for name, value in tells.items() if name in defined}


def _outcome(result: Result) -> dict[str, Any]:
    elements = {
        "transStatus": result.trans_status,
        "transStatusReason": result.trans_status_reason,
        "eci": result.eci,
        "authenticationValue": result.authentication_value,
    }
    return {name: value for name, value in elements.items() if value is not None}
